//! The name of a file as its sender gives it in the Content-Disposition of a form's part (RFC 7578 §4.2), however old
//! the sender is.

use percent_encoding::percent_decode;

/// `filename*` (RFC 8187) where it can be read, else `filename`; of that, bytes that are no UTF-8 are read as
/// Windows-1252, because senders that know no Unicode mean that or its part Latin-1. `None` where neither is said.
#[must_use]
pub fn file_name(content_disposition: &[u8]) -> Option<String> {
    let parameters = parameters(content_disposition);
    let find = |wanted: &[u8]| {
        let mut named = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.next().map(|(_, value)| value.as_slice())
    };
    find(b"filename*").and_then(extended).or_else(|| find(b"filename").map(plain))
}

/// The parameters behind the header's first word.
fn parameters(header: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = behind(header, b';');
    while let Some(text) = rest {
        let end = text.iter().position(|byte| matches!(byte, b'=' | b';'));
        rest = match end.map(|at| (&text[..at], &text[at..])) {
            Some((name, [b'=', text @ ..])) => {
                let (value, text) = value(text.trim_ascii_start());
                found.push((name.trim_ascii(), value));
                behind(text, b';')
            }
            Some((_, text)) => behind(text, b';'),
            None => None,
        };
    }
    found
}

fn behind(text: &[u8], part: u8) -> Option<&[u8]> {
    text.iter().position(|byte| *byte == part).map(|at| &text[at + 1..])
}

/// A value that stands in front, without its quotes, and what comes behind it. A backslash is one but before a quote:
/// clients of Windows send whole paths.
fn value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(mut quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        return (text[..end].trim_ascii().to_vec(), &text[end..]);
    };
    let mut value = Vec::new();
    loop {
        quoted = match quoted {
            [b'\\', b'"', rest @ ..] => {
                value.push(b'"');
                rest
            }
            [b'"', rest @ ..] => return (value, rest),
            [byte, rest @ ..] => {
                value.push(*byte);
                rest
            }
            [] => return (value, &[]),
        };
    }
}

/// `CHARSET'LANGUAGE'PERCENT-ENCODED`, of the two charsets that RFC 8187 §3.2 and its forerunner name; what holds
/// control characters is no name.
fn extended(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(encoded).collect();
    let name = match charset.to_ascii_lowercase().as_slice() {
        b"utf-8" => String::from_utf8(bytes).ok()?,
        b"iso-8859-1" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => return None,
    };
    (!name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
}

fn plain(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

/// A character of Windows-1252: Latin-1, but for what stands in the place of its control characters; those that have
/// no other in their place are unreadable.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
        '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ',
        '\u{fffd}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_name_is_read_in_every_way_of_writing_it() {
        for (header, name) in [
            (&b"form-data; name=\"data\"; filename=\"a b.wav\""[..], Some("a b.wav")),
            (b"form-data;filename=a.wav;name=data", Some("a.wav")),
            (b"form-data; FileName = \"a;b=c.wav\" ; name=x", Some("a;b=c.wav")),
            (b"form-data; filename=\"a \\\"b\\\".wav\"", Some("a \"b\".wav")),
            (b"form-data; filename=\"C:\\calls\\a.wav\"", Some("C:\\calls\\a.wav")),
            (b"form-data; name=\"filename=x\"", None),
            (b"form-data; name=\"a\"; flag; filename=\"\"", Some("")),
            ("form-data; filename=\"ü.wav\"".as_bytes(), Some("ü.wav")),
            (b"form-data; filename=\"caf\xe9 \x80.wav\"", Some("café €.wav")),
            (b"form-data; filename*=UTF-8''%C3%BC.wav", Some("ü.wav")),
            (b"form-data; filename=u.wav; filename*=utf-8'de'%C3%BC.wav", Some("ü.wav")),
            (b"form-data; filename*=ISO-8859-1''%FC.wav; filename=u.wav", Some("ü.wav")),
            (b"form-data; filename*=UTF-8''%FC.wav; filename=\"u.wav\"", Some("u.wav")),
            (b"form-data; filename*=UTF-8''a%00b; filename=u", Some("u")),
            (b"form-data; filename*=KOI8-R''%C1; filename=u", Some("u")),
            (b"form-data; filename*=UTF-8''%FC", None),
            (b"form-data", None),
            (b"", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{}", header.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(near in "(form-data)?;? ?(file)?name\\*?=?\"?[a-z'%;\\\\\"]{0,9}", any: Vec<u8>) {
            let _ = file_name(near.as_bytes());
            let _ = file_name(&[near.as_bytes(), &any].concat());
        }
    }
}
