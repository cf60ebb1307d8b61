//! What a representation is called: its key and ETag.
//!
//! A function of content, its loudspeakers, target and encoder alone, never of time, cache state or node; whatever
//! changes a byte of a representation changes its key.

use audio::format::TargetFormat;
use audio::transcode::PIPELINE_REVISION;
use audio::{ChannelMap, Speakers, Target};

/// Bytes of BLAKE3 that make a key: no two outputs of a library ever share one.
const KEY_BYTES: usize = 20;

/// The key of a transcode: 40 hexadecimal digits. The loudspeakers count where channels are mixed by them, because
/// another version may find others in the same content.
#[must_use]
pub fn key(
    content_id: &str,
    speakers: Option<&Speakers>,
    target: &Target,
    writer: &dyn TargetFormat,
) -> String {
    let speakers = match (target.map, speakers) {
        (ChannelMap::Mix | ChannelMap::Stereo, Some(speakers)) => format!(" {:?}", speakers.bits()),
        _ => String::new(),
    };
    let cover = if target.cover { " cover" } else { "" };
    let canonical = format!(
        "{PIPELINE_REVISION}\n{content_id}\n{} {} {:?} {:?} {:?} {:?} {:?}{cover}{speakers}\n{}",
        target.format,
        target.rate_hz,
        target.map,
        target.bitrate_bps,
        target.coding,
        target.tags,
        target.clip,
        writer.revision()
    );
    blake3::hash(canonical.as_bytes()).to_hex()[..2 * KEY_BYTES].to_owned()
}

/// A strong ETag of a key or content id, quoted, 42 bytes. That of a content is that of its bytes, however
/// they are read.
#[must_use]
pub fn etag(key_or_id: &str) -> String {
    format!("\"{}\"", &key_or_id[..key_or_id.len().min(2 * KEY_BYTES)])
}

/// The number that a stream carries (Ogg): the key's first four bytes.
#[must_use]
pub fn serial(key: &str) -> u32 {
    key.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}
