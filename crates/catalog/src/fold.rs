//! Case, folded: Unicode's simple folding (Unicode §3.13, statuses C and S of CaseFolding.txt), which knows no
//! language.

use crate::Error;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// What parts the transcriptions of a file in their index; no folded text holds it.
pub(crate) const BETWEEN: char = '\u{1}';

/// A text, folded. What an index can't hold is what it can't be asked for.
pub(crate) fn folded(text: &str) -> String {
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

/// The letters beyond ASCII that are folded, and what they become, in their order.
pub(crate) fn changed() -> (String, String) {
    let changed = |c: &char| !c.is_ascii() && fold(*c) != *c;
    let from: String = (char::MIN..=char::MAX).filter(changed).collect();
    let to = folded(&from);
    (from, to)
}

/// The statements that give PostgreSQL the same function.
pub(crate) fn folding() -> String {
    let (from, to) = changed();
    format!(
        "CREATE FUNCTION has_folded(words TEXT, part TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT strpos(CASE WHEN octet_length(words) = char_length(words) THEN lower(words COLLATE \"C\")
                ELSE translate(lower(words COLLATE \"C\"), '{from}', '{to}') END, part) > 0 $$"
    )
}

/// Whether a text is like a folded pattern of `LIKE`, whatever the case.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<_>, Vec<_>) =
        (text.chars().map(fold).collect(), pattern.chars().collect());
    let (mut at, mut next) = (0, 0);
    // Where the last `%` stood, and what it has taken up to.
    let mut any: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pattern.get(next), any) {
            (Some('%'), _) => {
                any = Some((next, at));
                next += 1;
            }
            (Some(c), _) if *c == '_' || *c == text[at] => {
                at += 1;
                next += 1;
            }
            (_, Some((percent, taken))) => {
                any = Some((percent, taken + 1));
                at = taken + 1;
                next = percent + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[next..].iter().all(|c| *c == '%')
}

/// Gives a connection the functions `has_folded(text, part)`, whether a text has a part that is folded already, and
/// `is_like_folded(text, pattern)`, whether it is like a pattern that is; nothing is like a missing text.
pub(crate) fn install(db: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("has_folded", 2, flags, |call| {
        let (text, part) = (call.get_raw(0).as_str()?, call.get_raw(1).as_str()?);
        Ok(folded(text).contains(part))
    })?;
    db.create_scalar_function("is_like_folded", 2, flags, |call| {
        let (text, pattern) = (call.get_raw(0).as_str_or_null()?, call.get_raw(1).as_str()?);
        Ok(text.map(|text| is_like(text, pattern)))
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
    fn a_pattern_stands_for_any_text_and_any_character() {
        for (text, pattern, wanted) in [
            ("MÜLLER.wav", "%müller%", true),
            ("MÜLLER.wav", "müller%", true),
            ("MÜLLER.wav", "%.WAV", false),
            ("MÜLLER.wav", "m_ll%.w_v", true),
            ("müller", "müller", true),
            ("müllerin", "müller", false),
            ("müüüx", "%üx", true),
            ("müüüx", "%ü%ü%ü%", true),
            ("müü", "%ü%ü%ü%", false),
            ("", "%", true),
            ("", "ü", false),
        ] {
            assert_eq!(is_like(text, pattern), wanted, "{text} {pattern}");
        }
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for c in char::MIN..=char::MAX {
            assert_eq!(fold(fold(c)), fold(c), "{c:?}");
        }
    }
}
