//! Reading MP4: the packets of its sample table and of its fragments, trimmed by the edit list.

use super::fragments::Fragments;
use super::stretches::{Media, Stretches};
use super::table::Table;
use super::track::Track;
use super::udta;
use crate::Source;
use crate::codecs::aac::{self, AacConfig};
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::bytes::u32_be;
use crate::demux::index::{IndexReader, IndexWriter};
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;
use std::iter;
use std::ops::Range;

/// MP4 as a source.
pub struct Mp4Source;

/// The first number of an index: of one stretch, which the facts tell the length of, or of several. Those of earlier
/// versions begin with 0 (AAC) or 1 (ALAC).
const REVISION: u64 = 2;
const REVISION_OF_SEVERAL: u64 = 3;

impl SourceFormat for Mp4Source {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let kind = head.get(4..8).unwrap_or(&[]);
        let kinds: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"free"];
        kinds.contains(&kind) && u32_be(head, 0).is_some_and(|s| s == 0 || s == 1 || s >= 8)
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("mp4: {m}"));
        let track = Track::find(source).map_err(ProbeError::Read)?.map_err(refuse)?;
        let stream = &track.stream;
        // Refused here rather than at every open.
        stream.decoder().map_err(|e| refuse(format!("{} ({e})", stream.codec())))?;
        let stretches = track.stretches();
        let length = |stretch: &Range<u64>| stretch.end - stretch.start;
        let frame_count = stretches.iter().map(length).fold(0, u64::saturating_add);
        let mut index = IndexWriter::default();
        if let [only] = &stretches[..] {
            index.put(REVISION);
            stream.write(&track.private, &mut index);
            index.put(only.start);
        } else {
            index.put(REVISION_OF_SEVERAL);
            stream.write(&track.private, &mut index);
            index.put(stretches.len() as u64);
            for stretch in &stretches {
                index.put(stretch.start);
                index.put(stretch.end);
            }
        }
        index.put(track.packet_frames);
        track.table.write(&mut index);
        if track.fragments.count > 0 {
            track.fragments.write(&mut index);
        }
        let facts = Facts {
            // A link ending in `.mp4` gets the original only with a codec that players of MP4 know: AAC or ALAC.
            canonical: matches!(stream, Stream::Aac(_) | Stream::Alac(_)),
            speakers: track.speakers.or_else(|| stream.speakers()),
            repaired: track.repaired,
            ..Facts::of_packets("mp4", stream, frame_count, (track.bytes, frame_count))
        };
        Ok(Probed { facts, index: index.finish() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        udta::read(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let Index { media, stretches } = Index::read(index, facts.frame_count)
            .ok_or_else(|| DecodeError::Broken("the seek index is damaged".into()))?;
        match <[Range<u64>; 1]>::try_from(stretches) {
            Ok([only]) => media.decode(source, &only, start_frame),
            Err(several) => Ok(Box::new(Stretches::open(source, media, several, start_frame)?)),
        }
    }
}

/// The seek index.
struct Index {
    media: Media,
    /// The decoded frames that are heard, in order.
    stretches: Vec<Range<u64>>,
}

impl Index {
    fn read(index: &[u8], frame_count: u64) -> Option<Self> {
        let mut reader = IndexReader::new(index);
        let revision = reader.take()?;
        let one = |start: u64| iter::once(start..start.saturating_add(frame_count)).collect();
        if let REVISION | REVISION_OF_SEVERAL = revision {
            let stream = Stream::read(&mut reader)?;
            let first = reader.take()?;
            let stretches = if revision == REVISION {
                one(first)
            } else {
                (0..first).map(|_| Some(reader.take()?..reader.take()?)).collect::<Option<_>>()?
            };
            let packet_frames = reader.take()?.max(1);
            let table = Table::read(&mut reader)?;
            let fragments = Fragments::read(&mut reader)?;
            return Some(Self {
                media: Media { stream, packet_frames, table, fragments },
                stretches,
            });
        }
        let private = reader.take_bytes()?;
        let (stream, packet_frames) = match revision {
            0 => (Stream::Aac(AacConfig::parse(private).ok()?), aac::PACKET_FRAMES),
            _ => (Stream::alac(private).ok()?, u32_be(private, 0)?.clamp(1, 65_536).into()),
        };
        let stretches = one(reader.take()?);
        let table = Table::read(&mut reader)?;
        let fragments = Fragments::default();
        Some(Self { media: Media { stream, packet_frames, table, fragments }, stretches })
    }
}
