//! Content-Disposition: RFC 6266 with names as RFC 8187 writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The attr-char of RFC 8187 §3.2.1 stand as they are.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Longest header line in bytes, name included (apis/publish/README.md §4).
pub const LONGEST_LINE_BYTES: usize = 1000;

/// Whether the file is to be shown or saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disposition {
    /// `inline`.
    #[default]
    Inline,
    /// `attachment`.
    Attachment,
}

/// The value of Content-Disposition for a file name, or `None` if its line would be too long.
#[must_use]
pub fn content_disposition(kind: Disposition, name: &str) -> Option<String> {
    let kind = match kind {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let encoded = utf8_percent_encode(name, NAME);
    let printable = |c: char| c == ' ' || c.is_ascii_graphic();
    // `%` in a plain name is decoded by some clients, so such a name goes encoded alone.
    let plain = if !name.is_empty() && name.chars().all(|c| printable(c) && c != '%') {
        format!(" filename=\"{}\";", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        String::new()
    };
    let value = format!("{kind};{plain} filename*=UTF-8''{encoded}");
    ("Content-Disposition: ".len() + value.len() <= LONGEST_LINE_BYTES).then_some(value)
}

/// The same for a name that must be sent whatever its length: shortened before its extension.
#[must_use]
pub fn content_disposition_shortened(kind: Disposition, name: &str) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut stem: Vec<char> = stem.chars().filter(|c| !c.is_control()).collect();
    loop {
        let shorter: String = stem.iter().collect();
        if let Some(value) = content_disposition(kind, &(shorter + &extension)) {
            return value;
        }
        // Ends at the latest with an empty stem: an extension alone always fits.
        stem.truncate(stem.len().saturating_sub(8));
    }
}
