//! Peaks of a resource: made once by the scheduler, kept in the output cache, read as numbers.

use crate::error::OpenError;
use crate::identity;
use crate::preferences::Preferences;
use crate::resource::Resource;
use crate::select::{Refusal, Representation, Transcoded, channel_map, clip, undecodable};
use crate::service::Media;
use audio::peaks;
use std::sync::Arc;

/// The lowest and highest samples of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peaks {
    channels: usize,
    /// Peaks of the grid that make one of these.
    factor: usize,
    values: Vec<[i16; 2]>,
    /// Values taken so far.
    taken: usize,
    /// Bytes of a value that is not whole yet.
    rest: Vec<u8>,
}

impl Peaks {
    fn new(channels: u16, factor: u64) -> Self {
        let (channels, factor) = (usize::from(channels.max(1)), factor.max(1) as usize);
        Self { channels, factor, values: Vec::new(), taken: 0, rest: Vec::new() }
    }

    /// For each peak, for each channel: lowest and highest sample as 16 bits.
    #[must_use]
    pub fn values(&self) -> &[[i16; 2]] {
        &self.values
    }

    /// Takes more bytes as `audio::peaks` writes them.
    fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let (whole, rest) = self.rest.as_chunks::<4>();
        for b in whole {
            let [low, high] = [[b[0], b[1]], [b[2], b[3]]].map(i16::from_le_bytes);
            let (peak, channel) = (self.taken / self.channels, self.taken % self.channels);
            match self.values.get_mut(peak / self.factor * self.channels + channel) {
                Some(value) => *value = [value[0].min(low), value[1].max(high)],
                None => self.values.push([low, high]),
            }
            self.taken += 1;
        }
        self.rest = rest.to_vec();
    }
}

/// What peaks are of: the clip and the channels of a resource that a link stands for, at the resource's own rate.
pub struct Outline {
    /// The peaks as what they are made like: a transcode.
    pub recording: Representation,
    /// Frames per second.
    pub rate_hz: u32,
    /// Frames of the clip.
    pub frame_count: u64,
    /// Channels of each peak.
    pub channels: u16,
}

/// Chooses the peaks of what is wished for of a resource; who may hear a part of it alone sees no more of it.
///
/// # Errors
/// [`Refusal`].
pub fn peaks_of(resource: &Arc<Resource>, wish: &Preferences) -> Result<Outline, Refusal> {
    let facts = resource.facts.as_ref().ok_or_else(|| undecodable(resource))?;
    let writer = peaks::FORMAT.target.ok_or_else(|| undecodable(resource))?;
    let mut target = peaks::target(facts);
    target.clip = clip(facts, wish.clip)?;
    if wish.channels.is_some() {
        target.map = channel_map(facts.channels, wish.channels)?;
    }
    let frame_count = target.clip.end - target.clip.start;
    let (rate_hz, channels) = (facts.rate_hz, target.map.output_channels(facts.channels));
    let key = identity::key(&resource.content_hash, facts.speakers.as_ref(), &target, writer);
    let resource = Arc::clone(resource);
    let recording = Transcoded { resource, format: &peaks::FORMAT, target, key };
    Ok(Outline { recording: Representation::Transcode(recording), rate_hz, frame_count, channels })
}

impl Media {
    /// Reads what [`peaks_of`] chose, made now if it never was, `factor` peaks of the grid in one.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn peaks(&self, wanted: &Outline, factor: u64) -> Result<Peaks, OpenError> {
        let prepared = self.prepare(&wanted.recording).await?;
        let mut peaks = Peaks::new(wanted.channels, factor);
        let mut body = prepared.open(0..prepared.length_bytes())?;
        while let Some(bytes) = body.bytes().await {
            peaks.push(&bytes.map_err(OpenError::failed)?);
        }
        Ok(peaks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarser_peaks_take_the_extremes_of_each_channel_however_the_bytes_come() {
        let values = [[-1, 1], [-10, 10], [-3, 2], [-5, 30], [-2, 9], [-7, 7_i16]];
        let bytes: Vec<u8> = values.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        for step in 1..=bytes.len() {
            let mut peaks = Peaks::new(2, 2);
            bytes.chunks(step).for_each(|piece| peaks.push(piece));
            assert_eq!(
                peaks.values(),
                [[-3, 2], [-10, 30], [-2, 9], [-7, 7]],
                "in steps of {step}"
            );
        }
    }
}
