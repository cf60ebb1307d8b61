//! Byte ranges: RFC 9110 §14, with the choices of the publish contract.

use std::ops::Range;

/// More ranges than this in one request are not worth serving: the whole is sent.
pub const MOST_RANGES: usize = 16;

/// What a Range header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// Nothing that can be honoured: another unit, bad syntax, too many or abusive ranges. The whole.
    Whole,
    /// These ranges, at least one, none empty, in the order asked; adjoining and overlapping ones are
    /// joined in the place of the first.
    Ranges(Vec<Range<u64>>),
    /// Well formed, but nothing of it lies within the representation.
    Unsatisfiable,
}

/// Resolves a Range header against a length in bytes.
#[must_use]
pub fn resolve_ranges(header: &str, length_bytes: u64) -> Requested {
    let Some(specs) = specs(header) else { return Requested::Whole };
    let (mut count, mut ranges) = (0, Vec::new());
    for spec in specs {
        let Some(spec) = parse_spec(spec) else { return Requested::Whole };
        count += 1;
        ranges.extend(spec.resolve(length_bytes));
    }
    if count > 0 && ranges.is_empty() {
        Requested::Unsatisfiable
    } else if count == 0 || count > MOST_RANGES || is_abusive(&ranges, length_bytes) {
        Requested::Whole
    } else {
        Requested::Ranges(join(ranges))
    }
}

enum Spec {
    From { first: u64, last: Option<u64> },
    Suffix(u64),
}

impl Spec {
    fn resolve(&self, length: u64) -> Option<Range<u64>> {
        let range = match *self {
            Self::From { first, last } => {
                first..last.map_or(length, |last| last.saturating_add(1).min(length))
            }
            Self::Suffix(count) => length.saturating_sub(count)..length,
        };
        (range.start < range.end).then_some(range)
    }
}

/// The parts of a range set (RFC 9110 §14.1.1), empty ones left out; `None` for another unit.
fn specs(header: &str) -> Option<impl Iterator<Item = &str>> {
    let (unit, set) = header.split_once('=')?;
    let set = unit.trim().eq_ignore_ascii_case("bytes").then_some(set)?;
    Some(set.split(',').map(|s| s.trim_matches([' ', '\t'])).filter(|s| !s.is_empty()))
}

/// One of them; `None` for whatever isn't one.
fn parse_spec(spec: &str) -> Option<Spec> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        return Some(Spec::Suffix(position(last)?));
    }
    let is_open = last.is_empty();
    let (from, to) = (position(first)?, if is_open { None } else { Some(position(last)?) });
    (is_open || !exceeds(first, last)).then_some(Spec::From { first: from, last: to })
}

/// Whether one number of digits alone is larger than another, however many digits they have.
fn exceeds(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|digits| digits.trim_start_matches('0'));
    (one.len(), one) > (other.len(), other)
}

/// Digits alone; a number past 64 bits is as good as the largest.
fn position(digits: &str) -> Option<u64> {
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// RFC 9110 §14.2: many small or overlapping ranges cost more than the whole. More than two ranges
/// that overlap, or that ask for more bytes than there are, count as such.
fn is_abusive(ranges: &[Range<u64>], length: u64) -> bool {
    let total: u128 = ranges.iter().map(|r| u128::from(r.end - r.start)).sum();
    let overlapping = |(i, a): (usize, &Range<u64>)| {
        ranges[i + 1..].iter().filter(|b| a.start < b.end && b.start < a.end).count()
    };
    ranges.len() > 2 && total > u128::from(length)
        || ranges.iter().enumerate().map(overlapping).sum::<usize>() > 2
}

/// Joins what touches, in the place of the first.
fn join(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    if ranges.len() == 1 {
        return ranges;
    }
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for mut range in ranges {
        // A new range may bridge several that stood apart.
        let mut place = None;
        let mut i = 0;
        while i < joined.len() {
            if joined[i].start <= range.end && range.start <= joined[i].end {
                range = range.start.min(joined[i].start)..range.end.max(joined[i].end);
                joined.remove(i);
                place.get_or_insert(i);
                i = 0;
            } else {
                i += 1;
            }
        }
        let place = place.map_or(joined.len(), |p: usize| p.min(joined.len()));
        joined.insert(place, range);
    }
    joined
}
