//! The codebooks of a Vorbis setup header (Vorbis I §3.2.1), passed over to learn how much memory they
//! take: twenty bytes may describe a book of sixteen megabytes, and there may be 256 of them.

/// What the books may hold together: 16 MiB, some thirty times what encoders write.
const MOST_VALUES: u64 = 1 << 22;

/// Refuses books that are malformed or take too much memory.
///
/// # Errors
/// What is wrong with them, in plain words.
pub fn check(setup: &[u8]) -> Result<(), String> {
    match values(setup) {
        None => Err("vorbis: the codebooks make no sense".into()),
        Some(values) if values > MOST_VALUES => {
            Err(format!("vorbis: codebooks of {values} values (at most {MOST_VALUES})"))
        }
        Some(_) => Ok(()),
    }
}

/// Numbers that a decoder keeps for all books.
fn values(setup: &[u8]) -> Option<u64> {
    // The packet's type and `vorbis` come first.
    let mut bits = Bits { bytes: setup, at: 7 * 8 };
    let count = bits.take(8)? + 1;
    (0..count).try_fold(0, |sum, _| Some(sum + book(&mut bits)?))
}

fn book(bits: &mut Bits<'_>) -> Option<u64> {
    if bits.take(24)? != 0x0056_4342 {
        return None;
    }
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    skip_lengths(bits, entries)?;
    let lookups = match bits.take(4)? {
        0 => 0,
        1 => root(entries, dimensions)?,
        2 => entries * dimensions,
        _ => return None,
    };
    if lookups > 0 {
        bits.skip(32 + 32)?;
        let width = bits.take(4)? + 1;
        bits.skip(1 + lookups * width)?;
    }
    // A codeword with its length and value, and a vector.
    Some(entries * (4 + dimensions))
}

fn skip_lengths(bits: &mut Bits<'_>, entries: u64) -> Option<()> {
    let ordered = bits.take(1)? == 1;
    if ordered {
        bits.skip(5)?;
        let mut left = entries;
        while left > 0 {
            left = left.checked_sub(bits.take(left.ilog2() + 1)?)?;
        }
        return Some(());
    }
    let sparse = bits.take(1)? == 1;
    if !sparse {
        return bits.skip(entries * 5);
    }
    (0..entries).try_for_each(|_| if bits.take(1)? == 1 { bits.skip(5) } else { Some(()) })
}

/// The greatest number whose power is at most `entries`.
fn root(entries: u64, dimensions: u64) -> Option<u64> {
    let power = |number: u64| number.checked_pow(dimensions as u32).is_some_and(|p| p <= entries);
    (dimensions > 0).then_some(())?;
    let near = (entries as f64).powf(1.0 / dimensions as f64) as u64 + 1;
    (0..=near).rev().find(|&number| power(number))
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u64> {
        let bit = |at: u64| {
            let byte = self.bytes.get(usize::try_from(at / 8).ok()?)?;
            Some(u64::from(byte >> (at % 8) & 1))
        };
        let value = (0..count).try_fold(0, |sum, k| Some(sum | bit(self.at + u64::from(k))? << k));
        self.at += u64::from(count);
        value
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.at = self.at.checked_add(count)?;
        (self.at <= self.bytes.len() as u64 * 8).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codecs::vorbis::VorbisHead;

    /// A setup header of so many books in as few bits as there can be: ordered, lookup values of one bit.
    fn setup(books: u8, dimensions: u16, entries: u32) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let lookups = root(entries.into(), dimensions.into()).expect("a root");
        let mut put = |value: u64, count: u32| bits.extend((0..count).map(|k| value >> k & 1 == 1));
        put(u64::from(books) - 1, 8);
        for _ in 0..books {
            put(0x0056_4342, 24);
            put(dimensions.into(), 16);
            put(entries.into(), 24);
            put(1, 1);
            put(16, 5);
            put(entries.into(), entries.ilog2() + 1);
            put(1, 4);
            put(0, 32 + 4);
            put(0, 32 + 1);
            put(0, lookups as u32);
        }
        let bytes = bits.chunks(8).map(|b| b.iter().rev().fold(0, |n, &b| n << 1 | u8::from(b)));
        [&b"\x05vorbis"[..], &bytes.collect::<Vec<_>>()].concat()
    }

    #[test]
    fn books_that_expand_beyond_all_measure_are_refused_and_usual_ones_are_not() {
        assert_eq!(check(&setup(40, 8, 6561)), Ok(()));
        let flood = setup(200, 32, 131_072);
        assert!(flood.len() < 5000, "{}", flood.len());
        let refusal = "vorbis: codebooks of 943718400 values (at most 4194304)";
        let mut identification =
            *b"\x01vorbis\0\0\0\0\x01\x40\x1f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xb8\x01";
        let refused = |identification: &[u8]| VorbisHead::parse(identification, &flood).err();
        assert_eq!(refused(&identification), Some(refusal.to_owned()));
        identification[28] = 0;
        assert_ne!(refused(&identification), Some(refusal.to_owned()));
    }

    #[test]
    fn books_cut_short_are_refused() {
        let whole = setup(2, 8, 6561);
        for length in 7..whole.len() {
            assert_eq!(values(&whole[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn the_number_of_lookup_values_is_the_whole_root() {
        for (entries, dimensions, values) in
            [(81, 4, 3), (80, 4, 2), (625, 4, 5), (7, 1, 7), (0, 3, 0)]
        {
            assert_eq!(root(entries, dimensions), Some(values), "{entries}, {dimensions}");
        }
        assert_eq!(root(5, 0), None);
    }
}
