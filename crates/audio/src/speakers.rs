//! Loudspeakers that the channels of a source are for.

use serde::{Deserialize, Serialize};

/// How many kinds there are: the bits of a WAVEFORMATEXTENSIBLE channel mask.
pub const KINDS: u8 = 18;

/// A loudspeaker for each channel, in the channels' order: bits of such a mask, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Speakers(Vec<u8>);

impl Speakers {
    /// Those of a mask, from its lowest bit on; bits that stand for none are left out.
    #[must_use]
    pub fn of_mask(mask: u32) -> Self {
        Self((0..KINDS).filter(|bit| mask >> bit & 1 == 1).collect())
    }

    /// Those of these bits, in an order of their own.
    #[must_use]
    pub fn in_order(bits: &[u8]) -> Self {
        Self(bits.to_vec())
    }

    /// The usual ones of three to eight channels: FL FR FC; FL FR BL BR; FL FR FC BL BR; 5.1 with the surround
    /// channels behind; 6.1; 7.1.
    #[must_use]
    pub fn usual(channels: usize) -> Option<Self> {
        const MASKS: [u32; 6] = [0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];
        MASKS.get(channels.checked_sub(3)?).copied().map(Self::of_mask)
    }

    /// These, if there is one for each of more than two channels: what names another number says nothing of any,
    /// and one or two channels need no saying.
    #[must_use]
    pub fn of_channels(self, channels: u16) -> Option<Self> {
        (channels > 2 && self.0.len() == usize::from(channels)).then_some(self)
    }

    /// Their bits.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.0
    }
}

/// What is kept of them: the mask, where they are in its order.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Mask(u32),
    InOrder(Vec<u8>),
}

impl From<Speakers> for Kept {
    fn from(Speakers(bits): Speakers) -> Self {
        if bits.is_sorted_by(|one, next| one < next) {
            Self::Mask(bits.iter().fold(0, |mask, bit| mask | 1 << (bit % 32)))
        } else {
            Self::InOrder(bits)
        }
    }
}

impl From<Kept> for Speakers {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Mask(mask) => Self::of_mask(mask),
            Kept::InOrder(bits) => Self(bits),
        }
    }
}
