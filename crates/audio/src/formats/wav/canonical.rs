//! Whether a WAV is to the last byte of its header what would be written.

use super::chunks::Chunks;
use super::encode::{Blocks, LONGEST_HEADER_BYTES, header};
use crate::Source;
use crate::demux::bytes::u32_le;
use crate::format::Coding;
use std::io;

/// Codings that are written, by the names of facts.
const WRITTEN: [(&str, Coding); 5] = [
    ("pcm_s16le", Coding::Pcm16),
    ("pcm_s24le", Coding::Pcm24),
    ("ulaw", Coding::Ulaw),
    ("alaw", Coding::Alaw),
    ("gsm", Coding::Gsm),
];

/// Where GSM's header tells the number of frames: they may end within the last block.
const FACT: usize = 48;

/// Whether the header is the one that we write before data of that codec, and nothing comes behind them but
/// the byte that makes an odd length even. Asterisk and sox count that byte among GSM's data.
///
/// # Errors
/// What the medium reports.
pub fn is_canonical(source: &Source, chunks: &Chunks, codec: &str) -> io::Result<bool> {
    let Some((_, coding)) = WRITTEN.iter().find(|(name, _)| *name == codec) else {
        return Ok(false);
    };
    let (fmt, start) = (chunks.fmt, chunks.data.start);
    if !(1..=2).contains(&fmt.channels) {
        return Ok(false);
    }
    let blocks = Blocks::of(*coding, fmt.channels);
    let mut head = vec![0; LONGEST_HEADER_BYTES.min(usize::try_from(start).unwrap_or(usize::MAX))];
    let read = source.read_full_at(&mut head, 0)?;
    let Ok(data_bytes) = u32::try_from(chunks.data.end - start) else { return Ok(false) };
    let frame_count = match coding {
        Coding::Gsm => u32_le(&head, FACT).unwrap_or(0),
        Coding::Pcm16 | Coding::Pcm24 | Coding::Ulaw | Coding::Alaw => {
            data_bytes / blocks.bytes_of(1) as u32
        }
    };
    let wanted = blocks.bytes_of(frame_count.into());
    let is_whole = [wanted, wanted.next_multiple_of(2)].contains(&data_bytes.into());
    let is_all = source.length_bytes() == chunks.data.end + u64::from(data_bytes % 2);
    Ok(is_whole
        && is_all
        && read as u64 == start
        && head == header(*coding, fmt.rate_hz, fmt.channels, frame_count, data_bytes))
}
