//! Numbers as text without the formatting machinery: every answer and every line of the access log has some.

/// The decimal digits of a number.
pub struct Digits {
    text: [u8; MOST],
    first: usize,
}

/// Digits of the largest number.
const MOST: usize = 20;

impl Digits {
    /// Those that it has, at least one.
    pub fn of(number: u64) -> Self {
        Self::at_least(1, number)
    }

    /// At least so many, with zeros in front.
    pub fn at_least(least: usize, mut number: u64) -> Self {
        let mut text = [b'0'; MOST];
        let mut first = MOST;
        while number > 0 || MOST - first < least {
            first -= 1;
            text[first] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        Self { text, first }
    }

    /// As ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[self.first..]
    }
}
