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
    let Some((_, rest)) = behind_length(block) else { return said };
    let count = u32_le(rest, 0).unwrap_or(0).min(MOST);
    let mut rest = rest.get(4..).unwrap_or(&[]);
    for _ in 0..count {
        let Some((comment, behind)) = behind_length(rest) else { break };
        rest = behind;
        if comment.len() > LONGEST_PICTURE {
            continue;
        }
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
