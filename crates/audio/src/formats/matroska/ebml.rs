//! EBML elements (RFC 8794): ids and sizes of variable length, sizes that may be unknown.

use crate::demux::window::Window;
use std::io;

/// Longest value that is read.
pub const LONGEST_VALUE: u64 = 1 << 20;

/// An element's header.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    /// The id with its marker bits.
    pub id: u32,
    /// First byte of its data.
    pub start: u64,
    /// Length of its data; `None` is unknown.
    pub length: Option<u64>,
}

impl Element {
    /// Where it ends, at most at `limit`.
    #[must_use]
    pub fn end(&self, limit: u64) -> u64 {
        self.length.map_or(limit, |l| self.start.saturating_add(l).min(limit))
    }

    /// Whether it ends by `limit`, or doesn't say where.
    #[must_use]
    pub fn fits(&self, limit: u64) -> bool {
        self.length.is_none_or(|length| self.start.saturating_add(length) <= limit)
    }

    /// It, no longer than what it is in, which ends at `limit`: else small elements that claim the rest of a
    /// file would each be searched to its end.
    #[must_use]
    pub fn within(self, limit: u64) -> Self {
        Self { length: Some(self.end(limit).saturating_sub(self.start)), ..self }
    }
}

/// A number of variable length with its marker bit, and how many bytes it takes.
fn vint(bytes: &[u8], longest: usize) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > longest {
        return None;
    }
    let value = bytes.get(..length)?.iter().fold(0_u64, |sum, &b| sum << 8 | u64::from(b));
    Some((value, length))
}

/// A size without its marker; `None` inside means unknown (all ones).
#[must_use]
pub fn size(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let (value, length) = vint(bytes, 8)?;
    let mask = (1_u64 << (7 * length)) - 1;
    let value = value & mask;
    Some(((value != mask).then_some(value), length))
}

/// The element at `at`, whose data may not begin after `limit`.
///
/// # Errors
/// What the medium reports.
pub fn element(window: &mut Window, at: u64, limit: u64) -> io::Result<Option<Element>> {
    if at >= limit {
        return Ok(None);
    }
    let head = window.peek(at, 12)?;
    let Some((id, id_length)) = vint(head, 4) else { return Ok(None) };
    let Some((length, size_length)) = size(&head[id_length..]) else { return Ok(None) };
    let start = at + (id_length + size_length) as u64;
    Ok((start <= limit).then_some(Element { id: id as u32, start, length }))
}

/// The value of the first child with that id, as far as it is read.
///
/// # Errors
/// What the medium reports.
pub fn child(window: &mut Window, parent: &Element, wanted: u32) -> io::Result<Option<Vec<u8>>> {
    let Some(found) = inner(window, parent, wanted)? else { return Ok(None) };
    let end = found.end(parent.end(window.length_bytes()));
    let length = end.saturating_sub(found.start).min(LONGEST_VALUE);
    Ok(Some(window.peek(found.start, length as usize)?.to_vec()))
}

/// The first child with that id.
///
/// # Errors
/// What the medium reports.
pub fn inner(window: &mut Window, parent: &Element, wanted: u32) -> io::Result<Option<Element>> {
    let end = parent.end(window.length_bytes());
    let mut at = parent.start;
    while let Some(found) = element(window, at, end)? {
        if found.id == wanted {
            return Ok(Some(found.within(end)));
        }
        at = found.end(end);
    }
    Ok(None)
}

/// An unsigned number's value.
#[must_use]
pub fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |sum, &b| sum << 8 | u64::from(b))
}

/// A floating point number's value, of 4 or 8 bytes.
#[must_use]
pub fn float(bytes: &[u8]) -> f64 {
    match bytes.len() {
        4 => f32::from_bits(unsigned(bytes) as u32).into(),
        8 => f64::from_bits(unsigned(bytes)),
        _ => 0.0,
    }
}

/// A signed number's value.
#[must_use]
pub fn signed(bytes: &[u8]) -> i64 {
    let bits = bytes.len().min(8) * 8;
    if bits == 0 {
        return 0;
    }
    let shift = 64 - bits as u32;
    (unsigned(bytes) << shift).cast_signed() >> shift
}
