//! Base64 (RFC 4648 §4), decoded as it comes.

/// Digits that came and are not whole bytes yet.
#[derive(Default)]
pub struct Decoder {
    bits: u32,
    held: u32,
    /// Digits and signs of padding of the last four, as far as they came.
    digits: u8,
    padding: u8,
}

/// A digit is none of base64, or is left alone.
#[derive(Debug)]
pub struct NoBase64;

impl Decoder {
    /// Takes the next digits and adds the bytes that they make; after padding there are none.
    pub fn take(&mut self, digits: &[u8], bytes: &mut Vec<u8>) -> Result<(), NoBase64> {
        for digit in digits {
            let value = match digit {
                // Four digits in all, of which two at least are none of padding.
                b'=' if self.digits >= 2 && self.digits + self.padding < 4 => {
                    self.padding += 1;
                    continue;
                }
                _ if self.padding > 0 => return Err(NoBase64),
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Err(NoBase64),
            };
            self.digits = self.digits % 4 + 1;
            self.bits = self.bits << 6 | u32::from(value);
            self.held += 6;
            if self.held >= 8 {
                self.held -= 8;
                bytes.push((self.bits >> self.held & 0xff) as u8);
            }
        }
        Ok(())
    }

    /// Ends the text.
    pub fn end(&self) -> Result<(), NoBase64> {
        let is_whole = (self.digits + self.padding).is_multiple_of(4);
        if is_whole { Ok(()) } else { Err(NoBase64) }
    }
}

/// The bytes of a whole text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut decoder, mut bytes) = (Decoder::default(), Vec::new());
    decoder.take(text.as_bytes(), &mut bytes).and_then(|()| decoder.end()).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn what_is_not_whole_is_none() {
        for (text, bytes) in [("", ""), ("aA==", "h"), ("aGk=", "hi"), ("aGkh", "hi!")] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        let broken = [
            "=",
            "==",
            "====",
            "a",
            "a=",
            "a==",
            "a===",
            "aA",
            "aA=",
            "aA===",
            "aGk",
            "aGk==",
            "aGkh=",
            "aGkhaGkhZ",
            "aGk=aGk=",
            "aA=A",
            "aGk=\n",
            "a-_=",
        ];
        for text in broken {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
