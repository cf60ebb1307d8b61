//! Core Audio's description of channels, as QuickTime, CAF and AIFF carry it: a tag, a bitmap, and how many
//! descriptions of one channel follow, big endian (Core Audio Format Specification 1.0, "Channel Layout Chunk").

use super::bytes::u32_be;
use crate::speakers::Speakers;

/// Most bytes of one that are read: its head, and a description for each of 8 channels.
pub const LONGEST: usize = HEAD_BYTES + 8 * DESCRIPTION_BYTES;

const HEAD_BYTES: usize = 12;

/// A label, flags, and three coordinates.
const DESCRIPTION_BYTES: usize = 20;

/// The tags that leave it to the descriptions, and to the bitmap, whose bits are those of WAVEFORMATEXTENSIBLE.
const BY_DESCRIPTIONS: u32 = 0;
const BY_BITMAP: u32 = 1 << 16;

/// The loudspeakers that a layout names, if it names one for each of the channels.
#[must_use]
pub fn speakers(layout: &[u8], channels: u16) -> Option<Speakers> {
    let speakers = match u32_be(layout, 0)? {
        BY_DESCRIPTIONS => described(layout, channels)?,
        BY_BITMAP => Speakers::of_mask(u32_be(layout, 4)?),
        // The lower half is the number of channels.
        tag => {
            let (_, bits) = PREDEFINED.iter().find(|(number, _)| *number == tag >> 16)?;
            Speakers::in_order(bits)
        }
    };
    speakers.of_channels(channels)
}

/// Those of the descriptions; `None` where one has no loudspeaker.
fn described(layout: &[u8], channels: u16) -> Option<Speakers> {
    if u32_be(layout, 8)? != u32::from(channels) {
        return None;
    }
    let label = |channel| u32_be(layout, HEAD_BYTES + usize::from(channel) * DESCRIPTION_BYTES);
    let labels = (0..channels).map(label).collect::<Option<Vec<_>>>()?;
    // Where there are rear surround channels, the plain ones are beside the listener.
    let has_rear = labels.iter().any(|label| matches!(label, 33 | 34));
    let bit = |label: &u32| {
        Some(match label {
            5 if has_rear => SL,
            6 if has_rear => SR,
            // From the left one on as in the bitmap.
            1..=18 => *label as u8 - 1,
            33 => LS,
            34 => RS,
            // Wide ones; a second low-frequency channel; the total of a matrix; mono; headphones.
            35 => LC,
            36 => RC,
            37 => LFE,
            38 | 301 => L,
            39 | 302 => R,
            42 => C,
            _ => return None,
        })
    };
    let bits = labels.iter().map(bit).collect::<Option<Vec<_>>>()?;
    Some(Speakers::in_order(&bits))
}

const L: u8 = 0;
const R: u8 = 1;
const C: u8 = 2;
const LFE: u8 = 3;
/// The surround channels, which are those at the back where there are others at the sides.
const LS: u8 = 4;
const RS: u8 = 5;
const LC: u8 = 6;
const RC: u8 = 7;
const CS: u8 = 8;
const SL: u8 = 9;
const SR: u8 = 10;
/// Above: overhead, and in front high up.
const TS: u8 = 11;
const TL: u8 = 12;
const TC: u8 = 13;
const TR: u8 = 14;

/// The layouts of more than two channels that have a number (CoreAudioBaseTypes.h), in the order of their channels.
const PREDEFINED: [(u32, &[u8]); 67] = [
    (108, &[L, R, LS, RS]),                // Quadraphonic
    (109, &[L, R, LS, RS, C]),             // Pentagonal
    (110, &[L, R, LS, RS, C, CS]),         // Hexagonal
    (111, &[L, R, LS, RS, C, CS, SL, SR]), // Octagonal
    (113, &[L, R, C]),                     // MPEG 3.0 A
    (114, &[C, L, R]),
    (115, &[L, R, C, CS]), // MPEG 4.0 A
    (116, &[C, L, R, CS]),
    (117, &[L, R, C, LS, RS]), // MPEG 5.0 A
    (118, &[L, R, LS, RS, C]),
    (119, &[L, C, R, LS, RS]),
    (120, &[C, L, R, LS, RS]),
    (121, &[L, R, C, LFE, LS, RS]), // MPEG 5.1 A
    (122, &[L, R, LS, RS, C, LFE]),
    (123, &[L, C, R, LS, RS, LFE]),
    (124, &[C, L, R, LS, RS, LFE]),
    (125, &[L, R, C, LFE, LS, RS, CS]),     // MPEG 6.1 A
    (126, &[L, R, C, LFE, LS, RS, LC, RC]), // MPEG 7.1 A
    (127, &[C, LC, RC, L, R, LS, RS, LFE]),
    (128, &[L, R, C, LFE, SL, SR, LS, RS]),
    (129, &[L, R, LS, RS, C, LFE, LC, RC]), // Emagic 7.1
    (131, &[L, R, CS]),                     // ITU 2/1
    (132, &[L, R, LS, RS]),
    (133, &[L, R, LFE]), // DVD 4
    (134, &[L, R, LFE, CS]),
    (135, &[L, R, LFE, LS, RS]),
    (136, &[L, R, C, LFE]),
    (137, &[L, R, C, LFE, CS]),
    (138, &[L, R, LS, RS, LFE]),
    (139, &[L, R, LS, RS, C, CS]), // AudioUnit 6.0
    (140, &[L, R, SL, SR, C, LS, RS]),
    (141, &[C, L, R, LS, RS, CS]), // AAC 6.0
    (142, &[C, L, R, LS, RS, CS, LFE]),
    (143, &[C, L, R, SL, SR, LS, RS]),
    (144, &[C, L, R, SL, SR, LS, RS, CS]),
    (148, &[L, R, LS, RS, C, LC, RC]), // AudioUnit 7.0 front
    (150, &[L, C, R]),                 // AC-3 3/0
    (151, &[L, C, R, CS]),
    (152, &[L, C, R, LFE]),
    (153, &[L, R, CS, LFE]),
    (154, &[L, C, R, CS, LFE]),
    (155, &[L, C, R, LS, RS, CS]), // E-AC-3 6.0 A
    (156, &[L, C, R, SL, SR, LS, RS]),
    (157, &[L, C, R, LS, RS, LFE, CS]),
    (158, &[L, C, R, LS, RS, LFE, TS]),
    (159, &[L, C, R, LS, RS, LFE, TC]),
    (160, &[L, C, R, SL, SR, LFE, LS, RS]),
    (161, &[L, C, R, LS, RS, LFE, LC, RC]),
    (164, &[L, C, R, LS, RS, LFE, TL, TR]),
    (168, &[C, L, R, LFE]), // DTS 3.1
    (169, &[C, L, R, CS, LFE]),
    (170, &[LC, RC, L, R, LS, RS]),
    (171, &[C, L, R, LS, RS, TS]),
    (172, &[C, CS, L, R, LS, RS]),
    (173, &[LC, RC, L, R, LS, RS, LFE]),
    (174, &[C, L, R, LS, RS, TS, LFE]),
    (175, &[C, CS, L, R, LS, RS, LFE]),
    (176, &[LC, C, RC, L, R, LS, RS]),
    (177, &[LC, C, RC, L, R, LS, RS, LFE]),
    (182, &[C, L, R, LS, RS, LFE, CS]),
    (183, &[C, L, R, SL, SR, LS, RS, LFE]), // AAC 7.1 B
    (184, &[C, L, R, LS, RS, LFE, TL, TR]),
    (185, &[L, R, LS, RS]), // WAVE 4.0 B
    (186, &[L, R, C, LS, RS]),
    (187, &[L, R, C, LFE, LS, RS]),
    (188, &[L, R, C, LFE, CS, SL, SR]),
    (189, &[L, R, C, LFE, LS, RS, SL, SR]),
];
