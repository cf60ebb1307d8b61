//! Resolve: from a link to the published resource behind it.

use crate::error::OpenError;
use crate::lock::lock;
use audio::Facts;
use catalog::{Catalog, Publish, ResourceRow};
use semantics::link::Link;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// The right by which a link is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The file is published in the link's form (apis/publish/README.md §6).
    Publication,
    /// The link is signed: whether the file is published does not count (apis/publish/README.md §9).
    Signature,
}

/// A stored file as the publish link sees it.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The file; `None` for bytes that are no stored file (yet).
    pub file_sid: Option<Uuid>,
    /// The sid of the container in whose bucket its bytes lie; empty for the server's own store.
    pub store: String,
    /// The id of its content ([`catalog::content_id`]).
    pub content_hash: String,
    /// Length of its content in bytes.
    pub length_bytes: u64,
    /// When the file got its content, Unix milliseconds.
    pub stored_at_ms: i64,
    /// From when on it's gone, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its media type as stored.
    pub mime_type: String,
    /// What is known of its audio; `None` if it isn't played: it can't be decoded or is too long.
    pub facts: Option<Arc<Facts>>,
    /// Why it isn't played.
    pub probe_error: Option<String>,
}

impl Resource {
    /// Bytes that no link leads to: an upload, a local file, or a stored file that its owner asks for by another
    /// way.
    #[must_use]
    pub fn of_content(content_hash: String, length_bytes: u64, facts: Option<Arc<Facts>>) -> Self {
        Self {
            file_sid: None,
            store: String::new(),
            content_hash,
            length_bytes,
            stored_at_ms: 0,
            expires_at_ms: None,
            name: String::new(),
            mime_type: String::new(),
            facts,
            probe_error: None,
        }
    }

    fn of(row: ResourceRow, longest: Duration) -> Self {
        let facts = row.facts.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let (facts, refusal) = match facts.map(|facts| playable(facts, longest)) {
            Some(Err(refusal)) => (None, Some(refusal)),
            facts => (facts.and_then(Result::ok), row.probe_error),
        };
        Self {
            file_sid: Some(row.file_sid),
            store: row.store,
            content_hash: row.content_hash,
            length_bytes: row.length_bytes,
            stored_at_ms: row.stored_at_ms,
            expires_at_ms: row.expires_at_ms,
            name: row.name,
            mime_type: row.mime_type,
            facts: facts.map(Arc::new),
            probe_error: refusal,
        }
    }
}

/// The rate and channels at which the longest audio that is played counts in samples: what decoding costs goes by
/// samples, and a FLAC file may have 655 350 × 8 of them a second.
const COUNTED_RATE_HZ: u64 = 48_000;
const COUNTED_CHANNELS: u64 = 2;

/// The facts of a source that is no longer, and has no more samples, than is allowed; else a refusal.
pub fn playable(facts: Facts, max_audio: Duration) -> Result<Facts, String> {
    let max_seconds = max_audio.as_secs();
    if facts.frame_count > max_seconds.saturating_mul(facts.rate_hz.into()) {
        let seconds = facts.duration_seconds().ceil();
        return Err(format!("{seconds} s of audio (allowed: up to {max_seconds} s)"));
    }
    let samples = facts.frame_count.saturating_mul(facts.channels.into());
    let max_samples = max_seconds.saturating_mul(COUNTED_RATE_HZ * COUNTED_CHANNELS);
    if samples > max_samples {
        return Err(format!(
            "{samples} samples of audio, in {} channels at {} Hz (allowed: up to {max_samples}, which are \
             {max_seconds} s of stereo at {COUNTED_RATE_HZ} Hz)",
            facts.channels, facts.rate_hz
        ));
    }
    Ok(facts)
}

/// Resources kept in memory; forgotten whole once they are so many.
const MOST_KEPT: usize = 16_384;

/// A memo of resolved links, published or not, valid for one generation of the catalog: a deletion or a change of
/// `publish` counts from the next request on.
pub struct ResourceCache {
    max_audio: Duration,
    memo: Mutex<Memo>,
}

#[derive(Default)]
struct Memo {
    generation: u64,
    resources: HashMap<Link, Known>,
}

#[derive(Clone)]
struct Known {
    resource: Arc<Resource>,
    /// In the form of the link.
    published: bool,
}

impl ResourceCache {
    /// An empty memo; longer audio than that isn't played.
    pub fn new(max_audio: Duration) -> Self {
        Self { max_audio, memo: Mutex::default() }
    }

    /// The resource behind a link, if the right opens it and it's not expired.
    pub async fn resolve(
        &self,
        catalog: &Catalog,
        link: &Link,
        right: Right,
        now_ms: i64,
    ) -> Result<Option<Arc<Resource>>, OpenError> {
        // Read before the look-up: a change in between makes the entry stale, not wrong for good.
        let generation = catalog.generation();
        let found = match self.known(generation, link) {
            Some(known) => Some(known),
            None => self.look_up(catalog, generation, link).await?,
        };
        let found = found.filter(|known| known.published || right == Right::Signature);
        let resource = found.map(|known| known.resource);
        Ok(resource.filter(|r| r.expires_at_ms.is_none_or(|at| now_ms < at)))
    }

    fn known(&self, generation: Option<u64>, link: &Link) -> Option<Known> {
        let memo = lock(&self.memo);
        let is_now = generation.is_some_and(|generation| memo.generation == generation);
        is_now.then(|| memo.resources.get(link).cloned()).flatten()
    }

    async fn look_up(
        &self,
        catalog: &Catalog,
        generation: Option<u64>,
        link: &Link,
    ) -> Result<Option<Known>, OpenError> {
        let row = match link {
            Link::Sid(sid) => catalog.resource_by_sid(*sid).await,
            Link::Name { container, name } => catalog.resource_by_name(*container, name).await,
        };
        let Some(row) = row? else { return Ok(None) };
        let published = is_published(&row, link);
        let resource = Arc::new(Resource::of(row, self.max_audio));
        let known = Known { resource, published };
        let Some(generation) = generation else { return Ok(Some(known)) };
        let mut memo = lock(&self.memo);
        if memo.generation != generation || memo.resources.len() >= MOST_KEPT {
            memo.resources.clear();
            memo.generation = generation;
        }
        memo.resources.insert(link.clone(), known.clone());
        Ok(Some(known))
    }
}

/// apis/publish/README.md §6: each form of link answers only for files published in that form.
fn is_published(row: &ResourceRow, link: &Link) -> bool {
    let form = match link {
        Link::Sid(_) => Publish::FileSid,
        Link::Name { .. } => Publish::FileAccessName,
    };
    row.allow_publish && row.publish == form
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_audio_counts_in_samples_too() {
        let an_hour = Duration::from_secs(3600);
        let of = |seconds: u64, rate_hz: u32, channels: u16| {
            let wav = wav_of_one_frame();
            let source: audio::Source = Arc::new(wav);
            let mut facts = audio::probe(&source, audio::Hint::default()).unwrap().facts;
            facts.frame_count = seconds * u64::from(rate_hz);
            (facts.rate_hz, facts.channels) = (rate_hz, channels);
            playable(facts, an_hour).map(drop)
        };
        assert_eq!(of(3600, 48_000, 2), Ok(()));
        assert_eq!(of(3600, 8000, 8), Ok(()));
        assert_eq!(of(1800, 96_000, 2), Ok(()));
        assert_eq!(of(3601, 8000, 1), Err("3601 s of audio (allowed: up to 3600 s)".into()));
        let told = of(720, 655_350, 8).unwrap_err();
        assert_eq!(
            told,
            "3774816000 samples of audio, in 8 channels at 655350 Hz (allowed: up to 345600000, which are \
             3600 s of stereo at 48000 Hz)"
        );
    }

    fn wav_of_one_frame() -> Vec<u8> {
        let mut wav = b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(8000u32.to_le_bytes());
        wav.extend(16000u32.to_le_bytes());
        wav.extend(b"\x02\0\x10\0data\x02\0\0\0\0\0");
        wav
    }
}
