//! Establishing the facts of a source over the table of formats.

use crate::Source;
use crate::error::ProbeError;
use crate::facts::{Facts, Hint, LONGEST_SECONDS, Probed};
use crate::formats::{FORMATS, by_hint};

/// Establishes the facts of a source. Tries the formats in the order of [`FORMATS`]; those without
/// a header only by the hint.
///
/// # Errors
/// [`ProbeError`] with a text that says what was found and what is supported.
pub fn probe(source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError> {
    let mut head = vec![0; 4096];
    let read = source.read_full_at(&mut head, 0)?;
    head.truncate(read);
    if head.is_empty() {
        return Err(ProbeError::Unrecognised("the file is empty".into()));
    }
    let named = by_hint(hint).map(|row| row.name);
    let demuxers = || FORMATS.iter().filter_map(|f| f.source.map(|s| (f, s)));
    let Some((format, demuxer)) =
        demuxers().find(|(f, s)| s.recognises(&head, named == Some(f.name)))
    else {
        let names: Vec<_> = demuxers().map(|(f, _)| f.name).collect();
        return Err(ProbeError::Unrecognised(format!(
            "no audio format recognised; supported: {}",
            names.join(", ")
        )));
    };
    let probed = demuxer.probe(source, hint)?;
    check(&probed.facts).map_err(|m| ProbeError::Unsupported(format!("{}: {m}", format.name)))?;
    Ok(probed)
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
