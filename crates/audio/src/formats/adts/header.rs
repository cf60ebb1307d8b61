//! The seven or nine bytes in front of every ADTS packet (ISO 14496-3 §1.A.2.2).

use crate::codecs::aac::AacConfig;

/// A packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Object type less 1, index of the rate and channel configuration: what a stream keeps.
    kind: (u8, u8, u8),
    /// Bytes of the header.
    pub header_bytes: usize,
    /// Whole packet in bytes, header included.
    pub length_bytes: usize,
}

/// Bytes of a header without its checksum.
pub const HEADER_BYTES: usize = 7;

const LOW_COMPLEXITY: u8 = 1;

impl Header {
    /// Reads a header; `None` if the bytes are none, or of a packet with several blocks in it.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, version, a, b, c, d, e] = bytes.first_chunk::<HEADER_BYTES>()?;
        // Twelve bits of sync, layer 0, one block.
        if sync != 0xff || version & 0xf6 != 0xf0 || e & 3 != 0 {
            return None;
        }
        let header_bytes = if version & 1 == 1 { HEADER_BYTES } else { HEADER_BYTES + 2 };
        let length = usize::from(b & 3) << 11 | usize::from(c) << 3 | usize::from(d) >> 5;
        let kind = (a >> 6, a >> 2 & 15, (a & 1) << 2 | b >> 6);
        (length > header_bytes && kind.1 < 13).then_some(Self {
            kind,
            header_bytes,
            length_bytes: length,
        })
    }

    /// What a decoder must know.
    ///
    /// # Errors
    /// What it is, in plain words, where that is not AAC-LC.
    pub fn config(&self) -> Result<AacConfig, String> {
        let (profile, index, configuration) = self.kind;
        match profile {
            LOW_COMPLEXITY => AacConfig::new(index, configuration),
            other => Err(format!("AAC of object type {} (supported: AAC-LC)", other + 1)),
        }
    }

    /// Whether another packet can belong to the same stream.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}
