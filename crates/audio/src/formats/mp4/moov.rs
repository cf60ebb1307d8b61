//! The boxes in front of the packets: `ftyp`, `moov`, and the head of `mdat` (ISO/IEC 14496-12, -14).

use super::aac::{DELAY_FRAMES, PACKET_FRAMES, RATES_HZ};

/// One AAC track, all of it known.
pub struct Track<'a> {
    /// Frames per second; also the time scale.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Average bit rate.
    pub bitrate_bps: u32,
    /// Frames to be played.
    pub frame_count: u64,
    /// Packets in each chunk but the last.
    pub chunk_packets: u32,
    /// Bytes of each packet.
    pub packet_sizes: &'a [u32],
    /// Bytes of each chunk; one chunk a segment.
    pub chunk_lengths: &'a [u64],
    /// The box of tags; empty for none.
    pub udta: &'a [u8],
}

/// All bytes before the first packet.
pub fn header(track: &Track<'_>) -> Vec<u8> {
    let data: u64 = track.chunk_lengths.iter().sum();
    let ftyp = boxed(b"ftyp", |b| {
        b.extend(b"M4A ");
        b.extend(512u32.to_be_bytes());
        b.extend(b"M4A mp42isom");
    });
    let mdat_head = if data + 8 > u64::from(u32::MAX) { 16 } else { 8 };
    // The offsets' width depends on the header's length and the other way round: take the wide form
    // where the narrow one might not do. The length doesn't depend on the offsets' values.
    let wide = data + (1 << 30) > u64::from(u32::MAX);
    let length = ftyp.len() + moov(track, 0, wide).len() + mdat_head;
    let mut out = ftyp;
    out.extend(moov(track, length as u64, wide));
    if mdat_head == 16 {
        out.extend(1u32.to_be_bytes());
        out.extend(b"mdat");
        out.extend((data + 16).to_be_bytes());
    } else {
        out.extend((data as u32 + 8).to_be_bytes());
        out.extend(b"mdat");
    }
    out
}

/// A box.
pub fn boxed(kind: &[u8; 4], fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(kind);
    fill(&mut out);
    let length = out.len() as u32;
    out[..4].copy_from_slice(&length.to_be_bytes());
    out
}

/// A box with version and flags.
pub fn full(kind: &[u8; 4], flags: u32, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    boxed(kind, |b| {
        b.extend(flags.to_be_bytes());
        fill(b);
    })
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|w| out.extend(w.to_be_bytes()));
}

/// Unity transformation.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

fn moov(track: &Track<'_>, first_offset: u64, wide: bool) -> Vec<u8> {
    let frames = track.frame_count as u32;
    let mvhd = full(b"mvhd", 0, |b| {
        words(b, &[0, 0, track.rate_hz, frames, 0x1_0000, 0x0100_0000, 0, 0]);
        words(b, &MATRIX);
        words(b, &[0, 0, 0, 0, 0, 0, 2]);
    });
    let tkhd = full(b"tkhd", 3, |b| {
        words(b, &[0, 0, 1, 0, frames, 0, 0, 0, 0x0100_0000]);
        words(b, &MATRIX);
        words(b, &[0, 0]);
    });
    // Played is what lies behind the encoder's delay, to the frame.
    let elst = full(b"elst", 0, |b| words(b, &[1, frames, DELAY_FRAMES as u32, 0x1_0000]));
    boxed(b"moov", |b| {
        b.extend(mvhd);
        b.extend(boxed(b"trak", |b| {
            b.extend(tkhd);
            b.extend(boxed(b"edts", |b| b.extend(elst)));
            b.extend(mdia(track, first_offset, wide));
        }));
        b.extend(track.udta);
    })
}

fn mdia(track: &Track<'_>, first_offset: u64, wide: bool) -> Vec<u8> {
    let duration = track.packet_sizes.len() as u64 * PACKET_FRAMES;
    let mdhd = full(b"mdhd", 0, |b| {
        // 0x55c4: language undetermined.
        words(b, &[0, 0, track.rate_hz, duration as u32, 0x55c4_0000]);
    });
    let hdlr = full(b"hdlr", 0, |b| {
        words(b, &[0]);
        b.extend(b"soun");
        words(b, &[0, 0, 0]);
        b.push(0);
    });
    let dinf = boxed(b"dinf", |b| {
        b.extend(full(b"dref", 0, |b| {
            words(b, &[1]);
            b.extend(full(b"url ", 1, |_| {}));
        }));
    });
    boxed(b"mdia", |b| {
        b.extend(mdhd);
        b.extend(hdlr);
        b.extend(boxed(b"minf", |b| {
            b.extend(full(b"smhd", 0, |b| words(b, &[0])));
            b.extend(dinf);
            b.extend(stbl(track, first_offset, wide));
        }));
    })
}

fn stbl(track: &Track<'_>, first_offset: u64, wide: bool) -> Vec<u8> {
    let packets = track.packet_sizes.len() as u32;
    let chunks = track.chunk_lengths.len() as u32;
    let last = packets - (chunks.saturating_sub(1)) * track.chunk_packets;
    let stsd = full(b"stsd", 0, |b| {
        words(b, &[1]);
        b.extend(mp4a(track));
    });
    let stts = full(b"stts", 0, |b| words(b, &[1, packets, PACKET_FRAMES as u32]));
    let stsc = full(b"stsc", 0, |b| {
        if chunks > 1 && last != track.chunk_packets {
            words(b, &[2, 1, track.chunk_packets, 1, chunks, last, 1]);
        } else {
            words(b, &[1, 1, if chunks > 1 { track.chunk_packets } else { last }, 1]);
        }
    });
    let stsz = full(b"stsz", 0, |b| {
        words(b, &[0, packets]);
        words(b, track.packet_sizes);
    });
    let mut offset = first_offset;
    let offsets = track.chunk_lengths.iter().map(|length| {
        let start = offset;
        offset += length;
        start
    });
    let co = full(if wide { b"co64" } else { b"stco" }, 0, |b| {
        words(b, &[chunks]);
        for offset in offsets {
            match wide {
                true => b.extend(offset.to_be_bytes()),
                false => b.extend((offset as u32).to_be_bytes()),
            }
        }
    });
    boxed(b"stbl", |b| [stsd, stts, stsc, stsz, co].into_iter().for_each(|table| b.extend(table)))
}

fn mp4a(track: &Track<'_>) -> Vec<u8> {
    boxed(b"mp4a", |b| {
        words(b, &[0, 1, 0, 0]);
        b.extend(track.channels.to_be_bytes());
        b.extend(16u16.to_be_bytes());
        // A 16.16 fraction that holds rates below 65536 Hz; the decoder's configuration has the rate.
        words(b, &[0, if track.rate_hz < 1 << 16 { track.rate_hz << 16 } else { 0 }]);
        b.extend(esds(track));
    })
}

/// The elementary stream descriptor with the AudioSpecificConfig (ISO/IEC 14496-1 §7.2.6, 14496-3 §1.6.2.1).
fn esds(track: &Track<'_>) -> Vec<u8> {
    let rate_index = RATES_HZ.iter().position(|r| *r == track.rate_hz).unwrap_or(11) as u16;
    // Object type 2 (AAC-LC), the rate's index, the channels.
    let config = (2 << 11 | rate_index << 7 | track.channels << 3).to_be_bytes();
    let longest = track.packet_sizes.iter().copied().max().unwrap_or(0);
    full(b"esds", 0, |b| {
        b.extend([0x03, 25, 0, 0, 0]);
        b.extend([0x04, 17, 0x40, 0x15]);
        b.extend(&longest.to_be_bytes()[1..]);
        words(b, &[track.bitrate_bps, track.bitrate_bps]);
        b.extend([0x05, 2, config[0], config[1]]);
        b.extend([0x06, 1, 2]);
    })
}
