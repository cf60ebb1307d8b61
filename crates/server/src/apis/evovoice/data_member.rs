//! A JSON object that holds a file: the text of its member `Data` is base64 and goes to the disk as it comes;
//! the rest is an object as any other, in which that member is null.

use crate::apis::storage::base64::Decoder;
use crate::apis::storage::{Refusal, ingest, json};
use axum::body::Body;
use futures_util::StreamExt;
use library::Upload;

/// Takes a body as a file and what is said of it; the text of the object without the file.
pub async fn take(upload: &mut Upload, body: Body) -> Result<Vec<u8>, Refusal> {
    let (mut body, mut sieve, mut held) = (body.into_data_stream(), Sieve::default(), Vec::new());
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| {
            Refusal::of_body(&e, || Refusal::malformed("body", format!("broke off: {e}")))
        })?;
        let mut bytes = Vec::new();
        sieve.sift(&piece, &mut bytes)?;
        ingest::take(upload, &mut held, bytes.into()).await?;
    }
    ingest::finish(upload, held).await?;
    Ok(sieve.rest)
}

/// Parts an object from the bytes in it. What is no JSON comes out as none.
#[derive(Default)]
struct Sieve {
    at: At,
    depth: u32,
    /// The text that was read last at the top, as it is written.
    name: Vec<u8>,
    /// Whether the value of the member comes next.
    is_due: bool,
    has_data: bool,
    digits: Decoder,
    rest: Vec<u8>,
}

/// Where the next byte stands.
#[derive(Default)]
enum At {
    #[default]
    Outside,
    Text,
    /// In a text, behind a backslash.
    Escaped,
    Data,
    /// In the data, behind a backslash and these.
    DataEscaped(Vec<u8>),
}

impl Sieve {
    fn sift(&mut self, piece: &[u8], bytes: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut rest = Vec::new();
        for byte in piece {
            self.step(*byte, &mut rest, bytes)?;
        }
        json::extend(&mut self.rest, &rest, "body")
    }

    fn step(&mut self, byte: u8, rest: &mut Vec<u8>, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
        let at = std::mem::take(&mut self.at);
        if !(matches!(at, At::Data | At::DataEscaped(_)) || self.is_due && byte == b'"') {
            rest.push(byte);
        }
        self.at = match at {
            At::Outside => self.outside(byte, rest)?,
            At::Text if byte == b'"' => At::Outside,
            At::Text | At::Escaped => {
                if self.depth == 1 {
                    self.name.push(byte);
                }
                let escapes = byte == b'\\' && matches!(at, At::Text);
                if escapes { At::Escaped } else { At::Text }
            }
            At::Data => match byte {
                b'"' => {
                    self.digits.end().map_err(|_| no_base64())?;
                    At::Outside
                }
                b'\\' => At::DataEscaped(Vec::new()),
                digit => self.digit(digit, bytes)?,
            },
            At::DataEscaped(mut escape) => {
                escape.push(byte);
                match unescaped(&escape) {
                    Some(digit) => self.digit(digit, bytes)?,
                    None if escape.len() < 5 && escape[0] == b'u' => At::DataEscaped(escape),
                    None => return Err(no_base64()),
                }
            }
        };
        Ok(())
    }

    fn outside(&mut self, byte: u8, rest: &mut Vec<u8>) -> Result<At, Refusal> {
        match byte {
            b'"' if self.is_due => {
                if self.has_data {
                    return Err(Refusal::malformed("Data", "a second file; allowed: one"));
                }
                (self.has_data, self.is_due) = (true, false);
                rest.extend(b"null");
                return Ok(At::Data);
            }
            b'"' => {
                self.name.clear();
                return Ok(At::Text);
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b':' => {
                self.is_due = self.depth == 1 && is_data(&self.name);
                return Ok(At::Outside);
            }
            byte if byte.is_ascii_whitespace() => return Ok(At::Outside),
            _ => {}
        }
        self.is_due = false;
        Ok(At::Outside)
    }

    /// Lines of base64 may end (RFC 2045 §6.8).
    fn digit(&mut self, digit: u8, bytes: &mut Vec<u8>) -> Result<At, Refusal> {
        if !digit.is_ascii_whitespace() {
            self.digits.take(&[digit], bytes).map_err(|_| no_base64())?;
        }
        Ok(At::Data)
    }
}

/// Whether a member's name, as it is written, is that of the data. Its letters may be escaped.
fn is_data(name: &[u8]) -> bool {
    let written = [b"\"", name, b"\""].concat();
    let name = serde_json::from_slice::<String>(&written);
    name.is_ok_and(|name| name.eq_ignore_ascii_case("data"))
}

/// The character that is written so behind a backslash, once it is whole.
fn unescaped(escape: &[u8]) -> Option<u8> {
    match escape {
        [b'/'] => Some(b'/'),
        [b'n' | b'r' | b't'] => Some(b' '),
        [b'u', hex @ ..] if hex.len() == 4 => {
            u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
        }
        _ => None,
    }
}

fn no_base64() -> Refusal {
    Refusal::invalid("Data", "must be base64 (RFC 4648 §4)")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The rest and the data, if they are fed in pieces of such a length.
    fn sifted(text: &str, length: usize) -> Result<(String, Option<Vec<u8>>), Refusal> {
        let (mut sieve, mut bytes) = (Sieve::default(), Vec::new());
        for piece in text.as_bytes().chunks(length) {
            sieve.sift(piece, &mut bytes)?;
        }
        let rest = String::from_utf8_lossy(&sieve.rest).into_owned();
        Ok((rest, sieve.has_data.then_some(bytes)))
    }

    #[test]
    fn the_data_is_taken_and_the_rest_is_left() {
        for (text, rest, data) in [
            (r#"{"Data":"aGk=","FileName":"a"}"#, r#"{"Data":null,"FileName":"a"}"#, Some("hi")),
            (
                r#"{"a":{"data":"aGk="}, "data" : "aGkh"}"#,
                r#"{"a":{"data":"aGk="}, "data" : null}"#,
                Some("hi!"),
            ),
            (r#"{"data":""}"#, r#"{"data":null}"#, Some("")),
            (r#"{"data":null,"x":"y"}"#, r#"{"data":null,"x":"y"}"#, None),
            (r#"{"x":"data","y":"aGk="}"#, r#"{"x":"data","y":"aGk="}"#, None),
            (r#"{"x":"\"data\":\"","y":1}"#, r#"{"x":"\"data\":\"","y":1}"#, None),
            (r#"{"data":"Pz\u002BP\/z\r\n8="}"#, r#"{"data":null}"#, Some("??\u{8f}?")),
            (r#"{"\u0044at\u0061":"aGk="}"#, r#"{"\u0044at\u0061":null}"#, Some("hi")),
            (r#"{"x\\":1,"\\data":"aGk="}"#, r#"{"x\\":1,"\\data":"aGk="}"#, None),
            (r#"["data:","aGk="]"#, r#"["data:","aGk="]"#, None),
        ] {
            for length in [1, 2, 7, 100] {
                let (left, taken) = sifted(text, length).unwrap();
                assert_eq!(left, rest, "{text}");
                let taken = taken.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                if !text.contains("u002B") {
                    assert_eq!(taken.as_deref(), data, "{text}");
                }
            }
        }
        let (_, data) = sifted(r#"{"data":"Pz\u002BP\/z\r\n8="}"#, 1).unwrap();
        assert_eq!(data.unwrap(), [0x3f, 0x3f, 0x8f, 0xff, 0x3f]);
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for data in ["!", "aG k=x", "ä", r"\q", r"\u20ac", "a=b", "====", "aGkhaGkhZ", "aGk"] {
            assert!(sifted(&format!(r#"{{"data":"{data}"}}"#), 3).is_err(), "{data}");
        }
        assert!(sifted(r#"{"data":"aGk=","Data":"aGk="}"#, 3).is_err());
    }

    proptest! {
        #[test]
        fn what_holds_no_data_is_left_as_it_is(text in "[\\[\\]{}\",:\\\\a-d ]{0,60}") {
            let (rest, data) = sifted(&text, 5).unwrap();
            prop_assert_eq!(rest, text);
            prop_assert_eq!(data, None);
        }
    }
}
