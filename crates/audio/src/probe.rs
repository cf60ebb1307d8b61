//! Establishing the facts of a source over the table of formats.

use crate::Source;
use crate::demux::id3;
use crate::demux::part::Part;
use crate::demux::window::Window;
use crate::error::ProbeError;
use crate::facts::{Facts, Hint, LONGEST_SECONDS, Probed};
use crate::foreign::foreign;
use crate::format::{Format, SourceFormat};
use crate::formats::{FORMATS, by_hint, mp3};
use crate::tags;
use std::io;

/// Raised with every change by which a source is played that was refused before: those are probed again then.
pub const PROBE_REVISION: u32 = 3;

/// Establishes the facts of a source. Tries the formats in the order of [`FORMATS`]; those without
/// a header only by the hint.
///
/// # Errors
/// [`ProbeError`] with a text that says what was found and what is supported.
pub fn probe(source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError> {
    let head = head_of(source)?;
    if head.is_empty() {
        return Err(ProbeError::Unrecognised("the file is empty".into()));
    }
    let behind = head_of(&behind_tags(source)?)?;
    let named = by_hint(hint).map(|row| row.name);
    let demuxers = || FORMATS.iter().filter_map(|f| f.source.map(|s| (f, s)));
    // What is surely another format is none of ours, whatever it is called.
    let foreign = foreign(&behind);
    let recognises = |row: &Format, source: &dyn SourceFormat, named| {
        source.recognises(if row.name == mp3::FORMAT.name { &head } else { &behind }, named)
    };
    let is_named = |row: &Format| named == Some(row.name);
    // The bytes decide where they can, then the name.
    let by_bytes = || demuxers().find(|(f, s)| recognises(f, *s, s.headerless() && is_named(f)));
    let by_name = || demuxers().find(|(f, s)| is_named(f) && recognises(f, *s, true));
    // Behind a tag no headerless sound begins, so there a short signature is enough.
    let is_tagged = head.starts_with(b"ID3");
    let is_foreign = foreign.is_some_and(|foreign| is_tagged || foreign.is_sure());
    let recognised = if is_foreign { None } else { by_bytes().or_else(by_name) };
    let (format, demuxer) = recognised.ok_or_else(|| {
        let found = foreign.map_or("no audio format recognised".into(), |foreign| {
            format!("{} is not read; convert it to one that is", foreign.name)
        });
        let names: Vec<_> = demuxers().map(|(f, _)| f.name).collect();
        ProbeError::Unrecognised(format!("{found}; supported: {}", names.join(", ")))
    })?;
    let payload = payload(source, format.name)?;
    let mut probed = demuxer.probe(&payload, hint)?;
    check(&probed.facts).map_err(|m| ProbeError::Unsupported(format!("{}: {m}", format.name)))?;
    let mut said = demuxer.said(&payload)?;
    said.complete(tags::id3::read(source)?);
    probed.facts.tags = said.tags;
    probed.keep(said.cover.as_ref());
    Ok(probed)
}

/// The bytes that a format's row reads: all of them, but for the ID3v2 tags that writers put in front of
/// everything; MPEG audio's own reader passes them itself.
///
/// # Errors
/// What the medium reports.
pub fn payload(source: &Source, format: &str) -> io::Result<Source> {
    if format == mp3::FORMAT.name { Ok(source.clone()) } else { behind_tags(source) }
}

/// The source without the ID3v2 tags in front.
fn behind_tags(source: &Source) -> io::Result<Source> {
    let mut start = [0; 3];
    source.read_full_at(&mut start, 0)?;
    if &start != b"ID3" {
        return Ok(source.clone());
    }
    let begin = id3::after_tags(&mut Window::new(source))?;
    Ok(Part::of(source, begin..source.length_bytes()))
}

/// The first bytes, by which formats are recognised.
fn head_of(source: &Source) -> io::Result<Vec<u8>> {
    let mut head = vec![0; 4096];
    let read = source.read_full_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

/// The limits that hold for every source.
fn check(facts: &Facts) -> Result<(), String> {
    if !(1..=1_000_000).contains(&facts.rate_hz) {
        return Err(format!("a sample rate of {} Hz (allowed: 1 to 1000000)", facts.rate_hz));
    }
    if !(1..=64).contains(&facts.channels) {
        return Err(format!("{} channels (allowed: 1 to 64)", facts.channels));
    }
    if facts.frame_count == 0 {
        return Err("it holds no audio".into());
    }
    if facts.frame_count > LONGEST_SECONDS * u64::from(facts.rate_hz) {
        return Err(format!(
            "{:.0} s of audio (at most {LONGEST_SECONDS})",
            facts.duration_seconds()
        ));
    }
    Ok(())
}
