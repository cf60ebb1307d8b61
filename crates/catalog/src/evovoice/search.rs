//! The index of transcriptions. Any part of a text is found: three characters or more by the trigrams of
//! SQLite's FTS5, fewer by a word of its own for each single character and each pair that a text has. Both
//! hold folded text and none of the original.

use crate::Error;
use crate::column::values;
use crate::fold::{BETWEEN, folded};
use crate::sql::Db;
use std::collections::BTreeSet;

/// Puts a file's transcriptions in the place of what the index has of it.
pub(super) fn replace(db: &Db, file_row: i64, texts: &[String; 2]) -> Result<(), Error> {
    if let Db::Postgres(_) = db {
        let both = texts.each_ref().map(|text| folded(text)).join(&BETWEEN.to_string());
        let sql = "UPDATE evovoice_files SET folded = ?2 WHERE row = ?1";
        return db.execute(sql, &values![file_row, both]).map(|_| ());
    }
    for table in ["evovoice_trigrams", "evovoice_short"] {
        let sql = format!("DELETE FROM {table} WHERE rowid = ?");
        db.execute(&sql, &values![file_row])?;
    }
    let texts = texts.each_ref().map(|text| folded(text));
    if texts.iter().all(String::is_empty) {
        return Ok(());
    }
    let both = texts.join(&BETWEEN.to_string());
    let sql = "INSERT INTO evovoice_trigrams (rowid, text) VALUES (?, ?)";
    db.execute(sql, &values![file_row, both])?;
    let sql = "INSERT INTO evovoice_short (rowid, parts) VALUES (?, ?)";
    let parts: Vec<String> = short_parts(&both).into_iter().collect();
    db.execute(sql, &values![file_row, parts.join(" ")])?;
    Ok(())
}

/// Indexes the transcriptions of all files, where none is.
pub(crate) fn index_anew(db: &Db) -> Result<(), Error> {
    /// Files whose texts are in memory at a time.
    const AT_ONCE: u32 = 200;
    let sql = "SELECT row, transcription, ai_transcription FROM evovoice_files
        WHERE row > ? AND (transcription IS NOT NULL OR ai_transcription IS NOT NULL) ORDER BY row LIMIT ?";
    let mut last = i64::MIN;
    loop {
        let some = db.all(sql, &values![last, AT_ONCE], |row| {
            let texts: [Option<String>; 2] = [row.take(1)?, row.take(2)?];
            Ok((row.take(0)?, texts.map(Option::unwrap_or_default)))
        })?;
        let Some((row, _)) = some.last() else { return Ok(()) };
        last = *row;
        some.iter().try_for_each(|(row, texts)| replace(db, *row, texts))?;
    }
}

/// The pattern of a text that has a part, for PostgreSQL, which searches the row beside the file: by trigrams where the
/// extension is.
pub(super) fn like(part: &str) -> String {
    let escaped = folded(part).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// That a transcription has this part, as a condition on `files` and its value. The part is not empty.
pub(crate) fn of_files(db: &Db, part: &str) -> (String, String) {
    match db {
        Db::Sqlite(_) => {
            let (table, asked) = matching(part);
            (format!("rowid IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)"), asked)
        }
        Db::Postgres(_) => {
            ("rowid IN (SELECT row FROM evovoice_files WHERE folded LIKE ?)".into(), like(part))
        }
    }
}

/// The row numbers of the files whose transcriptions have this part, ascending. The part is not empty.
pub(super) fn rows(db: &Db, part: &str) -> Result<Vec<i64>, Error> {
    let (table, asked) = matching(part);
    let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid");
    db.all(&sql, &values![asked], |row| row.take(0))
}

/// The index in which a part is found, and what it is asked for.
fn matching(part: &str) -> (&'static str, String) {
    let part = folded(part);
    let (table, asked) = match part.chars().count() {
        1 | 2 => ("evovoice_short", word(part.chars())),
        _ => ("evovoice_trigrams", part.replace('"', "\"\"")),
    };
    (table, format!("\"{asked}\""))
}

/// The words of all single characters and pairs.
fn short_parts(text: &str) -> BTreeSet<String> {
    let next = text.chars().skip(1).map(Some).chain([None]);
    text.chars()
        .zip(next)
        .flat_map(|(c, next)| {
            let pair = next.map(|next| word([c, next].into_iter()));
            [Some(word([c].into_iter())), pair]
        })
        .flatten()
        .collect()
}

/// Characters as one word that the index doesn't take apart: their numbers in hex, joined by `z`.
fn word(characters: impl Iterator<Item = char>) -> String {
    let numbers: Vec<_> = characters.map(|c| format!("{:x}", u32::from(c))).collect();
    numbers.join("z")
}
