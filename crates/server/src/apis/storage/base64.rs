//! Base64 (RFC 4648 §4), decoded as it comes.

/// Digits that came and are not whole bytes yet.
#[derive(Default)]
pub struct Decoder {
    bits: u32,
    held: u32,
    is_padded: bool,
}

/// What is no digit of base64.
#[derive(Debug)]
pub struct NoDigit;

impl Decoder {
    /// Takes the next digits and adds the bytes that they make; after padding there are none.
    pub fn take(&mut self, digits: &[u8], bytes: &mut Vec<u8>) -> Result<(), NoDigit> {
        for digit in digits {
            let value = match digit {
                b'=' => {
                    self.is_padded = true;
                    continue;
                }
                _ if self.is_padded => return Err(NoDigit),
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Err(NoDigit),
            };
            self.bits = self.bits << 6 | u32::from(value);
            self.held += 6;
            if self.held >= 8 {
                self.held -= 8;
                bytes.push((self.bits >> self.held & 0xff) as u8);
            }
        }
        Ok(())
    }
}

/// The bytes of a whole text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    Decoder::default().take(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}
