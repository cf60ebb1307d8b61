//! Paths, queries and URLs without the secrets that stand in them.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What parts the options of a path, a query and a URL.
const PARTS: [char; 6] = ['/', '?', '&', ';', '#', ','];

/// Names of secrets, in lower case.
const SECRETS: [&str; 4] = ["sig", "key", "apikey", "accesskey"];

/// What names of secrets have in them.
const MARKS: [&str; 6] = ["token", "secret", "passw", "signature", "credential", "access_key"];

/// How often a URL may be encoded to stand in another one; what is encoded more often nobody reads back.
const MAX_CODINGS: usize = 3;

/// The text with a `-` in place of each secret's value, such as that of `sig=`, whatever way its name is written.
pub fn masked(text: &str) -> Cow<'_, str> {
    // Most texts hold no name and value, and are looked through without a way out in between, many bytes at a time.
    let may_hold_one = text.bytes().fold(false, |any, byte| any | (byte == b'=') | (byte == b'%'));
    if !may_hold_one || !text.split(PARTS).any(|pair| secret(pair).is_some()) {
        return text.into();
    }
    let pieces = text.split_inclusive(PARTS).map(|piece| {
        let end = piece.trim_end_matches(PARTS).len();
        let (pair, parting) = piece.split_at(end);
        match secret(pair) {
            Some(name) => format!("{name}=-{parting}"),
            None => piece.to_owned(),
        }
    });
    pieces.collect::<String>().into()
}

/// The name of a secret that has its value behind it, or of what a URL with a secret in it stands behind. Links are
/// read with a `=` that is encoded, too.
fn secret(pair: &str) -> Option<&str> {
    let plain = pair.find('=');
    if !pair.contains('%') {
        return plain.map(|end| &pair[..end]).filter(|name| is_name_of_secret(name));
    }
    let coded = ["%3D", "%3d"].into_iter().filter_map(|equals| pair.find(equals));
    let end = coded.chain(plain).min();
    let written = &pair[..end.unwrap_or(0)];
    let is_secret = end.is_some() && is_name_of_secret(written);
    (is_secret || hides_secret(pair, MAX_CODINGS)).then_some(written)
}

fn is_name_of_secret(written: &str) -> bool {
    let name = percent_decode_str(written).decode_utf8_lossy();
    let has = |mark: &str| {
        let mark = mark.as_bytes();
        name.as_bytes().windows(mark.len()).any(|part| part.eq_ignore_ascii_case(mark))
    };
    SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) || MARKS.into_iter().any(has)
}

/// Whether what parts the options is encoded, as in a URL within another one's query, and one of them is a secret.
fn hides_secret(pair: &str, codings: usize) -> bool {
    if codings == 0 || !pair.contains('%') {
        return false;
    }
    let plain = percent_decode_str(pair).decode_utf8_lossy();
    let mut inner = plain.split(PARTS);
    // What stands before the first of them is no option of an inner URL.
    let has_parts = inner.clone().nth(1).is_some();
    inner.any(|inner| {
        let named = inner.split_once('=').is_some_and(|(name, _)| is_name_of_secret(name));
        (has_parts && named) || hides_secret(inner, codings - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left_and_all_else_is() {
        for (text, expected) in [
            ("/f/1", "/f/1"),
            ("/f/1/exp=9/sig=abc/x.wav", "/f/1/exp=9/sig=-/x.wav"),
            ("f=mp3&exp=9&sig=abc", "f=mp3&exp=9&sig=-"),
            ("%73ig=abc&f=mp3", "%73ig=-&f=mp3"),
            ("SIG=abc", "SIG=-"),
            ("/f/1/exp%3D9/%73ig%3dabc/x.wav", "/f/1/exp%3D9/%73ig=-/x.wav"),
            ("sig%3Dabc=d", "sig=-"),
            ("token=a.b.c&accesskey=x", "token=-&accesskey=-"),
            ("X-Amz-Signature=1&X-Amz-Credential=2", "X-Amz-Signature=-&X-Amz-Credential=-"),
            ("string_key_1=a&key=b", "string_key_1=a&key=-"),
            ("https://a/f/1?sig=abc#token=x", "https://a/f/1?sig=-#token=-"),
            ("sig=", "sig=-"),
            ("a=sig=b", "a=sig=b"),
            ("next=https%3A%2F%2Fa%2Ff%2F1%3Fexp%3D9%26sig%3Dabc&x=1", "next=-&x=1"),
            ("u=%252Ff%252F1%253Fsig%253Dabc", "u=-"),
            ("/1%2Fexp=9%2Fsig=abc/x.wav", "/1%2Fexp=-/x.wav"),
            ("/f%252F1%253Fsig%253Dabc", "/=-"),
            ("f=mp3%26sig=abc", "f=-"),
            ("name=50%25%2F2%26more", "name=50%25%2F2%26more"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }
}
