//! Paths, queries and URLs without the secrets that stand in them.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What parts the options of a path, a query and a URL.
const PARTS: [char; 6] = ['/', '?', '&', ';', '#', ','];

/// Names of secrets, in lower case.
const SECRETS: [&str; 4] = ["sig", "key", "apikey", "accesskey"];

/// What names of secrets have in them.
const MARKS: [&str; 6] = ["token", "secret", "passw", "signature", "credential", "access_key"];

/// The text with a `-` in place of each secret's value, such as that of `sig=`, whatever way its name is written.
pub fn masked(text: &str) -> Cow<'_, str> {
    let has_secret = |text: &str| text.split(PARTS).any(is_secret);
    if !text.contains('=') || !has_secret(text) {
        return text.into();
    }
    let pieces = text.split_inclusive(PARTS).map(|piece| {
        let end = piece.trim_end_matches(PARTS).len();
        let (pair, parting) = piece.split_at(end);
        match pair.split_once('=').filter(|_| is_secret(pair)) {
            Some((name, _)) => format!("{name}=-{parting}"),
            None => piece.to_owned(),
        }
    });
    pieces.collect::<String>().into()
}

fn is_secret(pair: &str) -> bool {
    let Some((name, _)) = pair.split_once('=') else { return false };
    let name = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    SECRETS.contains(&name.as_str()) || MARKS.iter().any(|mark| name.contains(mark))
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
            ("token=a.b.c&accesskey=x", "token=-&accesskey=-"),
            ("X-Amz-Signature=1&X-Amz-Credential=2", "X-Amz-Signature=-&X-Amz-Credential=-"),
            ("string_key_1=a&key=b", "string_key_1=a&key=-"),
            ("https://a/f/1?sig=abc#token=x", "https://a/f/1?sig=-#token=-"),
            ("sig=", "sig=-"),
            ("a=sig=b", "a=sig=b"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }
}
