//! Bits, the most significant first, gathered into bytes.

/// Appends to a vector, 64 bits at a time.
#[derive(Default)]
pub struct BitWriter {
    out: Vec<u8>,
    /// Bytes written; behind them there is room.
    length: usize,
    /// The bits that wait are the lowest; what stands above them is stale.
    held: u64,
    /// How many wait: fewer than 64.
    count: u32,
}

impl BitWriter {
    /// Goes on at the end of `out`, by so many bytes at most: there is no room for more.
    pub fn new(mut out: Vec<u8>, most_bytes: usize) -> Self {
        let length = out.len();
        out.resize(length + most_bytes.next_multiple_of(8) + 8, 0);
        Self { out, length, held: 0, count: 0 }
    }

    /// Appends the lowest `bits` (1 to 63) of `value`; those above are zero.
    #[inline(always)]
    pub fn put(&mut self, value: u64, bits: u32) {
        let free = 64 - self.count;
        if bits < free {
            self.held = self.held << bits | value;
            self.count += bits;
            return;
        }
        // `free` is less than 64 here, as `bits` is.
        let over = bits - free;
        let word = self.held << free | value >> over;
        self.out[self.length..self.length + 8].copy_from_slice(&word.to_be_bytes());
        self.length += 8;
        self.held = value;
        self.count = over;
    }

    /// Appends a number in two's complement, 1 to 63 bits.
    pub fn put_signed(&mut self, value: i64, bits: u32) {
        self.put(value as u64 & ((1 << bits) - 1), bits);
    }

    /// Appends so many zeros.
    pub fn zeros(&mut self, mut bits: u32) {
        while bits > 0 {
            let some = bits.min(63);
            self.put(0, some);
            bits -= some;
        }
    }

    /// All bytes; the last one is filled up with zeros.
    pub fn finish(mut self) -> Vec<u8> {
        let padding = self.count.wrapping_neg() % 8;
        self.zeros(padding);
        let end = self.length + self.count as usize / 8;
        if self.count > 0 {
            self.put(0, 64 - self.count);
        }
        self.out.truncate(end);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_come_out_in_the_order_in_which_they_went_in(puts in vec((any::<u64>(), 1u32..64), 0..200)) {
            let mut writer = BitWriter::new(Vec::new(), puts.len() * 8);
            let mut expected = String::new();
            for (value, bits) in puts {
                let value = value & ((1 << bits) - 1);
                writer.put(value, bits);
                expected += &format!("{value:0width$b}", width = bits as usize);
            }
            expected += &"0".repeat(expected.len().wrapping_neg() % 8);
            let got: String = writer.finish().iter().map(|byte| format!("{byte:08b}")).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
