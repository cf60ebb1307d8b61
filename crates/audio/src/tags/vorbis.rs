//! Vorbis comments (xiph.org, "Ogg Vorbis I format specification: comment field"), as FLAC and Opus have them, too;
//! pictures among them are FLAC's blocks in base64.

use super::cover::{Cover, MOST_BYTES};
use super::{FIELDS, Said};
use crate::demux::bytes::u32_le;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// More comments than this are garbage.
const MOST: u32 = 1 << 12;

/// The name of a picture.
const PICTURE: &str = "METADATA_BLOCK_PICTURE";

/// The name of a channel mask.
const MASK: &str = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK";

/// Most characters of a picture that are read; its head may take some.
const LONGEST_PICTURE: usize = (MOST_BYTES + 1024).div_ceil(3) * 4;

/// Base64, with or without the padding at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Those in a block: a vendor, a count, and `NAME=text` each behind its length.
#[must_use]
pub fn read(block: &[u8]) -> Said {
    let mut said = Said::default();
    for comment in comments(block).filter(|comment| comment.len() <= LONGEST_PICTURE) {
        let comment = String::from_utf8_lossy(comment);
        let Some((name, text)) = comment.split_once('=') else { continue };
        if name.eq_ignore_ascii_case(PICTURE) {
            if !said.has_front() {
                let block = BASE64.decode(text.trim()).unwrap_or_default();
                said.show(Cover::from_block(&block));
            }
            continue;
        }
        // The specification knows descriptions alone, and writers know either.
        let is_description = name.eq_ignore_ascii_case("DESCRIPTION");
        let name = if is_description { "COMMENT" } else { name };
        let field = FIELDS.iter().find(|field| field.vorbis.eq_ignore_ascii_case(name));
        if let Some(field) = field {
            said.tags.add(field, text);
        }
    }
    said
}

/// The channel mask that comments of FLAC name: a number of base 16 behind `0x`, or of base 10 (RFC 9639 §8.6.2).
#[must_use]
pub fn channel_mask(block: &[u8]) -> Option<u32> {
    comments(block).find_map(|comment| {
        let (name, text) = str::from_utf8(comment).ok()?.split_once('=')?;
        if !name.eq_ignore_ascii_case(MASK) {
            return None;
        }
        let text = text.trim();
        match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    })
}

/// The comments of a block, bounded.
fn comments(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let rest = behind_length(block).map_or(&[][..], |(_, rest)| rest);
    let count = u32_le(rest, 0).unwrap_or(0).min(MOST);
    let mut rest = rest.get(4..).unwrap_or(&[]);
    (0..count).map_while(move |_| {
        let (comment, behind) = behind_length(rest)?;
        rest = behind;
        Some(comment)
    })
}

/// What a length in front tells of, and what is behind it.
fn behind_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.get(4..)?.split_at_checked(u32_le(bytes, 0)? as usize)
}

/// A block of them.
#[must_use]
pub fn write(vendor: &str, said: &Said) -> Vec<u8> {
    let with_length = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let texts = said.tags.iter().map(|(field, text)| format!("{}={text}", field.vorbis));
    let picture = said.cover.iter().map(|cover| {
        let block = BASE64.encode(cover.to_block());
        format!("{PICTURE}={block}")
    });
    let comments: Vec<_> = texts.chain(picture).map(|comment| with_length(&comment)).collect();
    let count = (comments.len() as u32).to_le_bytes();
    [with_length(vendor), count.to_vec(), comments.concat()].concat()
}
