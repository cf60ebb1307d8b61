//! From coded packets on a timeline to frames: decode, put silence where a packet is damaged, drop
//! the pre-roll and whatever lies outside the promised frames.

use crate::Planar;
use crate::decode::Decode;
use crate::error::DecodeError;
use std::ops::Range;

/// A coded unit and its place.
#[derive(Debug, Default)]
pub struct Packet {
    /// The coded bytes.
    pub data: Vec<u8>,
    /// Frame (of the trimmed source) at which its first decoded frame belongs; negative in the
    /// encoder's delay.
    pub start: i64,
    /// Frames that it decodes to.
    pub frames: usize,
}

/// A demuxer's packets in order, from a place far enough before the start.
pub trait Packets: Send {
    /// Replaces `packet` by the next one; false at the end.
    ///
    /// # Errors
    /// [`DecodeError`].
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError>;
}

/// A codec: one packet in, its frames out.
pub trait PacketDecoder: Send {
    /// Appends the packet's frames to `out`, or returns false if it is damaged (what was appended
    /// then is ignored).
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool;
}

/// Longest run of silence given at a time.
const SILENCE_BLOCK: u64 = 4096;

/// The running decode of a packet format.
pub struct PacketDecode<P> {
    packets: P,
    decoder: Box<dyn PacketDecoder>,
    packet: Packet,
    block: Planar,
    /// Frames of silence owed before the block's frames.
    gap: u64,
    /// The next frame to give.
    position: u64,
    end: u64,
}

impl<P: Packets> PacketDecode<P> {
    /// Gives the frames of `span`; `packets` begin at or before its start.
    pub fn new(
        packets: P,
        decoder: Box<dyn PacketDecoder>,
        channels: u16,
        span: Range<u64>,
    ) -> Self {
        let block = Planar::new(usize::from(channels));
        let packet = Packet::default();
        Self { packets, decoder, packet, block, gap: 0, position: span.start, end: span.end }
    }

    /// Decodes the packet; afterwards the block holds what of it is wanted, and `gap` the frames
    /// missing before it.
    fn decode_packet(&mut self) {
        self.block.clear();
        if !self.decoder.decode(&self.packet.data, &mut self.block) {
            self.block.clear();
        }
        let frames = self.packet.frames;
        for channel in &mut self.block.channels {
            channel.resize(frames, 0.0);
        }
        let early = self.position as i64 - self.packet.start;
        self.block.drop_front(early.clamp(0, frames as i64) as usize);
        self.gap = if self.block.frames() > 0 { (-early).max(0) as u64 } else { 0 };
    }
}

impl<P: Packets> Decode for PacketDecode<P> {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        while self.position < self.end {
            let left = self.end - self.position;
            if self.gap > 0 {
                let silence = self.gap.min(left).min(SILENCE_BLOCK);
                out.push_silence(silence as usize);
                self.gap -= silence;
                self.position += silence;
                return Ok(silence as usize);
            }
            if self.block.frames() > 0 {
                let keep = left.min(self.block.frames() as u64) as usize;
                self.block.channels.iter_mut().for_each(|c| c.truncate(keep));
                out.append(&self.block, 0);
                self.block.clear();
                self.position += keep as u64;
                return Ok(keep);
            }
            if !self.packets.next(&mut self.packet)? {
                self.position = self.end;
                break;
            }
            self.decode_packet();
        }
        Ok(0)
    }
}
