//! Case, folded: Unicode's simple folding (Unicode §3.13, statuses C and S of CaseFolding.txt), which knows no
//! language.

use crate::Error;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// What parts the transcriptions of a file in their index; no folded text holds it.
pub(super) const BETWEEN: char = '\u{1}';

/// A text, folded. What an index can't hold is what it can't be asked for.
pub(super) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

fn fold(c: char) -> char {
    match c {
        '\0' | BETWEEN => char::REPLACEMENT_CHARACTER,
        c if c.is_ascii() => c.to_ascii_lowercase(),
        c => {
            let other = unicode_case_mapping::case_folded(c);
            other.and_then(|other| char::from_u32(other.get())).unwrap_or(c)
        }
    }
}

/// The statements that give PostgreSQL the same function.
pub(crate) fn folding() -> String {
    let changed = |c: &char| !c.is_ascii() && fold(*c) != *c;
    let from: String = (char::MIN..=char::MAX).filter(changed).collect();
    let to = folded(&from);
    format!(
        "CREATE FUNCTION has_folded(words TEXT, part TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT strpos(CASE WHEN octet_length(words) = char_length(words) THEN lower(words COLLATE \"C\")
                ELSE translate(lower(words COLLATE \"C\"), '{from}', '{to}') END, part) > 0 $$"
    )
}

/// Gives a connection the function `has_folded(text, part)`: whether a text has a part that is folded already.
pub(crate) fn install(db: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("has_folded", 2, flags, |call| {
        let (text, part) = (call.get_raw(0).as_str()?, call.get_raw(1).as_str()?);
        Ok(folded(text).contains(part))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_in_every_script_and_without_a_language() {
        for (text, wanted) in [
            ("ÄÖÜ", "äöü"),
            ("ПРИВЕТ", "привет"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("ς", "σ"),
            ("Ꭰ", "Ꭰ"),
            ("ꭰ", "Ꭰ"),
            ("𐐀", "𐐨"),
            // Full folding makes two letters of these.
            ("ẞ", "ß"),
            ("ﬀ", "ﬀ"),
            // A Turkish fold would differ.
            ("I", "i"),
            ("İ", "İ"),
            ("K", "k"),
        ] {
            assert_eq!(folded(text), wanted, "{text}");
        }
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for c in char::MIN..=char::MAX {
            assert_eq!(fold(fold(c)), fold(c), "{c:?}");
        }
    }
}
