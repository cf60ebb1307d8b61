//! The picture of a recording: what it is by its own header, and the block in which FLAC holds it (RFC 9639 §8.8),
//! Vorbis comments in base64, too.

use crate::demux::bytes::{u16_be, u32_be};

/// Most bytes of a picture that are read. A limit below is a setting.
pub const MOST_BYTES: usize = 1 << 20;

/// Bytes of a picture that goes along unless a setting says otherwise: even in base64, and with all texts at their
/// longest, the sound begins within 64 KiB.
pub const USUAL_BYTES: usize = 40 << 10;

/// The kind of a picture that is the front cover, by the list of ID3v2 (§4.14) that FLAC shares.
pub const FRONT: u32 = 3;

/// The images that players of every format show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Image {
    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A picture: whole, and by its own header an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// What image it is, whatever was said of it.
    pub image: Image,
    /// Whether it was said to be the front cover.
    pub is_front: bool,
    size: Size,
    bytes: Vec<u8>,
}

/// Of an image: points across and down, and bits of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    width: u32,
    height: u32,
    bits: u32,
}

impl Cover {
    /// The picture that bytes are, if they are one and not too many.
    #[must_use]
    pub fn of(bytes: &[u8], is_front: bool) -> Option<Self> {
        let of = |image, size| Self { image, is_front, size, bytes: bytes.to_vec() };
        let jpeg = || jpeg(bytes).map(|size| of(Image::Jpeg, size));
        let cover = (bytes.len() <= MOST_BYTES).then(|| {
            let png = png(bytes).map(|size| of(Image::Png, size));
            png.or_else(jpeg)
        })?;
        cover.filter(|cover| cover.size.width > 0 && cover.size.height > 0)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The picture in the body of a block of FLAC.
    #[must_use]
    pub fn from_block(block: &[u8]) -> Option<Self> {
        let kind = u32_be(block, 0)?;
        let (_media_type, rest) = behind_length(block.get(4..)?)?;
        let (_description, rest) = behind_length(rest)?;
        let (bytes, _) = behind_length(rest.get(16..)?)?;
        Self::of(bytes, kind == FRONT)
    }

    /// The body of a block of FLAC with the picture as front cover.
    #[must_use]
    pub fn to_block(&self) -> Vec<u8> {
        let media_type = self.image.media_type();
        let Size { width, height, bits } = self.size;
        // No description, and behind the size the colours of an image that lists them: not told.
        let words = [0, width, height, bits, 0, self.bytes.len() as u32].map(u32::to_be_bytes);
        let lengths = [FRONT, media_type.len() as u32].map(u32::to_be_bytes);
        let head = [lengths.as_flattened(), media_type.as_bytes(), words.as_flattened()].concat();
        [&head[..], &self.bytes].concat()
    }
}

/// What a length in front tells of, and what is behind it.
fn behind_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.get(4..)?.split_at_checked(u32_be(bytes, 0)? as usize)
}

/// The size of a PNG (PNG specification §11.2.1).
fn png(bytes: &[u8]) -> Option<Size> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let depth = u32::from(*header.get(8)?);
    let bits = match header.get(9)? {
        0 => depth,
        2 => 3 * depth,
        // Of a list of colours, each of 24 bits.
        3 => 24,
        4 => 2 * depth,
        6 => 4 * depth,
        _ => return None,
    };
    Some(Size { width: u32_be(header, 0)?, height: u32_be(header, 4)?, bits })
}

/// The size of a JPEG, by the head of its first frame (ITU-T T.81 §B.2.2).
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, behind @ ..] = rest else { return None };
        rest = match marker {
            // Filled up, or of no length.
            0xff => &rest[1..],
            0x01 | 0xd0..=0xd7 => behind,
            // Tables among the frames' numbers.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let bits = u32::from(*behind.get(2)?) * u32::from(*behind.get(7)?);
                let (height, width) = (u16_be(behind, 3)?.into(), u16_be(behind, 5)?.into());
                return Some(Size { width, height, bits });
            }
            0xc0.. => behind.get(usize::from(u16_be(behind, 0)?.max(2))..)?,
            _ => return None,
        };
    }
}
