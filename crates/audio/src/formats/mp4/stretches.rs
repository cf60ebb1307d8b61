//! Decoding the stretches of the media that are heard, each from any frame of its own.

use super::fragments::{FragmentWalk, Fragments};
use super::table::{Place, Table, Walk};
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::DecodeError;
use crate::{Planar, Source};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// Packets decoded ahead at least: the overlap of one, and one to spare.
const PRE_ROLL: u64 = 2;

/// Longer packets are taken as damaged.
const LONGEST_PACKET: u64 = 1 << 20;

/// Frames of samples of a fixed size that are decoded at a time.
const PCM_BLOCK: u64 = 4096;

/// The packets of a track.
#[derive(Clone)]
pub struct Media {
    pub stream: Stream,
    /// Frames of each packet but the last.
    pub packet_frames: u64,
    pub table: Table,
    pub fragments: Fragments,
}

impl Media {
    /// A decode of a stretch, counted in decoded frames, from a frame of its own on.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(
        self,
        source: &Source,
        stretch: &Range<u64>,
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let Self { stream, packet_frames, table, fragments } = self;
        let decoder = stream.decoder()?;
        let pre_roll = match stream {
            Stream::Pcm { .. } => 0,
            _ => stream.pre_roll().max(PRE_ROLL * packet_frames),
        };
        let first = (start_frame + stretch.start).saturating_sub(pre_roll) / packet_frames;
        let in_fragments = first.saturating_sub(table.count);
        let packets = Mp4Packets {
            window: Window::new(source),
            walk: Walk::new(table, source, first)?,
            fragments: FragmentWalk::new(fragments, source, in_fragments)?,
            start: (first * packet_frames) as i64 - stretch.start as i64,
            packet_frames,
            most: if matches!(stream, Stream::Pcm { .. }) { PCM_BLOCK } else { 1 },
        };
        let span = start_frame..stretch.end - stretch.start;
        Ok(Box::new(PacketDecode::new(packets, decoder, stream.channels(), span)))
    }
}

/// A decode that goes from stretch to stretch.
pub struct Stretches {
    source: Source,
    media: Media,
    /// The stretches behind the present one.
    behind: VecDeque<Range<u64>>,
    present: Option<Box<dyn Decode>>,
}

impl Stretches {
    /// A decode from a frame of all of them on.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn open(
        source: &Source,
        media: Media,
        stretches: Vec<Range<u64>>,
        mut start: u64,
    ) -> Result<Self, DecodeError> {
        let mut behind = VecDeque::from(stretches);
        let mut present = None;
        while let Some(stretch) = behind.pop_front() {
            match start.checked_sub(stretch.end - stretch.start) {
                Some(left) => start = left,
                None => {
                    present = Some(media.clone().decode(source, &stretch, start)?);
                    break;
                }
            }
        }
        Ok(Self { source: Source::clone(source), media, behind, present })
    }
}

impl Decode for Stretches {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        while let Some(present) = &mut self.present {
            let read = present.read(out)?;
            if read > 0 {
                return Ok(read);
            }
            let next = self.behind.pop_front();
            let open = |stretch| self.media.clone().decode(&self.source, &stretch, 0);
            self.present = next.map(open).transpose()?;
        }
        Ok(0)
    }
}

/// The packets from one on.
struct Mp4Packets {
    window: Window,
    walk: Walk,
    fragments: FragmentWalk,
    start: i64,
    packet_frames: u64,
    /// Packets that are read as one.
    most: u64,
}

impl Mp4Packets {
    fn place(&mut self) -> io::Result<Option<(Place, u64)>> {
        match self.walk.next_run(self.most)? {
            Some(run) => Ok(Some(run)),
            None => Ok(self.fragments.next()?.map(|place| (place, 1))),
        }
    }
}

impl Packets for Mp4Packets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some((place, packets)) = self.place()? else { return Ok(false) };
        packet.data.clear();
        let length = u64::from(place.length) * packets;
        if length <= LONGEST_PACKET {
            packet.data.extend_from_slice(self.window.peek(place.offset, length as usize)?);
        }
        packet.start = self.start;
        packet.frames = (self.packet_frames * packets) as usize;
        self.start += packet.frames as i64;
        Ok(true)
    }
}
