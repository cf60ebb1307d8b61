//! Entity tags and serial numbers: functions of content, target and encoder revision only.

use audio::Target;
use audio::transcode::PIPELINE_REVISION;

/// Digest of a transcode, 128 bits: as an entity tag it is 34 bytes long.
pub(crate) fn key(content_hash: &str, target: &Target, revision: &str) -> [u8; 16] {
    let bitrate = target.bitrate_bps.unwrap_or(0).to_string();
    let fields = [
        content_hash,
        target.format,
        &target.rate_hz.to_string(),
        &format!("{:?}", target.map),
        &bitrate,
        &format!("{}-{}", target.clip.start, target.clip.end),
        revision,
        PIPELINE_REVISION,
    ];
    digest(&fields)
}

/// Digest of an original.
pub(crate) fn original_key(content_hash: &str) -> [u8; 16] {
    digest(&[content_hash])
}

/// Fields are separated by NUL, which none of them holds, so that no two lists read the same.
fn digest(fields: &[&str]) -> [u8; 16] {
    let hash = blake3::hash(fields.join("\0").as_bytes());
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

/// The quoted strong entity tag (RFC 9110 §8.8.3).
pub(crate) fn etag(key: &[u8; 16]) -> String {
    format!("\"{:032x}\"", u128::from_be_bytes(*key))
}
