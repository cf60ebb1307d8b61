//! The bytes of a seek index: numbers of variable length (7 bits a byte, low bits first).

/// Writes an index.
#[derive(Default)]
pub struct IndexWriter(Vec<u8>);

impl IndexWriter {
    /// Appends one number.
    pub fn put(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Appends bytes with their length in front.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// The index.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads an index from its beginning.
pub struct IndexReader<'a>(&'a [u8]);

impl<'a> IndexReader<'a> {
    /// At the first number.
    #[must_use]
    pub fn new(index: &'a [u8]) -> Self {
        Self(index)
    }

    /// The next number, `None` at the end or where the bytes are no number.
    pub fn take(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The next bytes with a length in front.
    pub fn take_bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.take()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

/// Places that are kept: one a second for 36 hours.
const MOST_PLACES: usize = 1 << 17;

/// Places at which a decode can begin: byte offset and frame, both ascending.
#[derive(Debug, Clone, Default)]
pub struct Places {
    kept: Vec<(u64, u64)>,
    /// How often every other place was dropped because there were too many.
    thinned: u32,
}

impl Places {
    /// Adds a place if the last one is at least `apart` frames back, further once there are many.
    pub fn add(&mut self, offset: u64, frame: u64, apart: u64) {
        let apart = apart << self.thinned;
        if self.kept.last().is_some_and(|&(_, last)| frame < last.saturating_add(apart)) {
            return;
        }
        self.kept.push((offset, frame));
        if self.kept.len() == MOST_PLACES {
            let mut keep = [true, false].into_iter().cycle();
            self.kept.retain(|_| keep.next() == Some(true));
            self.thinned += 1;
        }
    }

    /// The last place at or before a frame, else the first.
    #[must_use]
    pub fn before(&self, frame: u64) -> Option<(u64, u64)> {
        let after = self.kept.partition_point(|&(_, f)| f <= frame);
        self.kept.get(after.saturating_sub(1)).copied()
    }

    /// Appends the places to an index, to its end.
    pub fn write(&self, index: &mut IndexWriter) {
        let mut last = (0, 0);
        for &(offset, frame) in &self.kept {
            index.put(offset - last.0);
            index.put(frame - last.1);
            last = (offset, frame);
        }
    }

    /// Reads the rest of an index as places.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        let mut kept = Vec::new();
        let mut last = (0_u64, 0_u64);
        while let Some(offset) = index.take() {
            last = (last.0.checked_add(offset)?, last.1.checked_add(index.take()?)?);
            kept.push(last);
        }
        Some(Self { kept, thinned: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were_put(numbers: Vec<u64>, bytes: Vec<u8>) {
            let mut writer = IndexWriter::default();
            numbers.iter().for_each(|&n| writer.put(n));
            writer.put_bytes(&bytes);
            let index = writer.finish();
            let mut reader = IndexReader::new(&index);
            for &n in &numbers {
                prop_assert_eq!(reader.take(), Some(n));
            }
            prop_assert_eq!(reader.take_bytes(), Some(&bytes[..]));
            prop_assert_eq!(reader.take(), None);
        }
    }

    #[test]
    fn a_flood_of_places_is_thinned_out_and_still_leads_near_to_every_frame() {
        let mut places = Places::default();
        let count = 5 * MOST_PLACES as u64;
        (0..count).for_each(|k| places.add(k * 10, k * 100, 100));
        assert!(places.kept.len() < MOST_PLACES);
        for frame in [0, 12_345, count * 50, count * 100 - 1] {
            let (offset, place) = places.before(frame).expect("a place");
            assert_eq!(offset * 10, place);
            assert!((place..=place + 800).contains(&frame), "{frame}: {place}");
        }
    }
}
