//! Values of settings as they are written: each parser says what it expected.

use audio::tags::cover::MOST_BYTES;

/// `1048576`, `512MiB`, `10 GiB`.
pub fn byte_count(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 5] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("", 0)];
    let wrong = || "expected a number of bytes such as 1048576, 512MiB or 10GiB".to_owned();
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or_else(wrong)?;
    let number: u64 = text[..text.len() - unit.0.len()].trim().parse().map_err(|_| wrong())?;
    number.checked_mul(1 << unit.1).ok_or_else(wrong)
}

/// From 256 MiB on: what a few encodes read at a time must have room.
pub fn block_cache_bytes(text: &str) -> Result<u64, String> {
    let bytes = byte_count(text)?;
    if bytes < 256 << 20 { Err("expected at least 256MiB".into()) } else { Ok(bytes) }
}

/// `http://host[:port]` or https, and a path, without a slash at the end.
pub fn public_url(text: &str) -> Result<String, String> {
    let base = text.trim_end_matches('/');
    match server::is_plain_base(base) {
        true => Ok(base.to_owned()),
        false => Err("expected an address such as https://media.example.com or \
                      https://example.com/media"
            .into()),
    }
}

/// As many as a head of the longest that is taken can have.
pub fn header_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("expected 1 to 10000".into()),
    }
}

/// From 1 KiB on: less would refuse honest clients.
pub fn header_bytes(text: &str) -> Result<usize, String> {
    let bytes = byte_count(text)?;
    match usize::try_from(bytes) {
        Ok(bytes @ 1024..=1_048_576) => Ok(bytes),
        _ => Err("expected 1KiB to 1MiB".into()),
    }
}

/// Up to 1 MiB, which are the longest pictures that are read.
pub fn picture_bytes(text: &str) -> Result<usize, String> {
    let bytes = usize::try_from(byte_count(text)?).ok();
    bytes.filter(|bytes| *bytes <= MOST_BYTES).ok_or_else(|| "expected 0 to 1MiB".into())
}

/// `90s`, `30m`, `1h`, `7d`, or `0`.
pub fn seconds(text: &str) -> Result<u64, String> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let wrong = || "expected a time such as 90s, 30m, 1h or 7d".to_owned();
    if text == "0" {
        return Ok(0);
    }
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(wrong)?;
    let digits = text.strip_suffix(*unit).ok_or_else(wrong)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    number.checked_mul(*seconds).ok_or_else(wrong)
}
