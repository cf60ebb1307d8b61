//! libopus 1.3.1, translated to Rust, behind safe handles: the only place that talks to it.
//!
//! The translation chooses no code by the processor and uses no approximate instruction; what it asks of
//! the C library are the functions that [`crate::elementary`] has in its place. So its output is the same
//! on every machine.
//!
//! Why the unsafe code here is sound:
//! - A handle owns the only pointer to a state, frees it once, in `Drop`, and isn't `Sync` (a raw pointer
//!   never is). A state points at nothing but itself and at constant tables, so the handle may move to
//!   another thread: hence `Send`.
//! - Every slice goes along with its length, and is checked first where the library takes it on trust:
//!   the samples of a packet and of a frame are as many as it is told, a mapping has an entry a channel.
//! - The library writes at most the bytes and frames that it is given room for. What it reports to have
//!   written is checked, too.
//! - Requests carry the one type of argument that they name.
//! - Packets may come from anybody: the C original has been fuzzed for that for years, the translation
//!   asserts what the original does, and `scripts/fuzz` runs this one.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use unsafe_libopus::{
    OPUS_APPLICATION_AUDIO, OPUS_GET_LOOKAHEAD_REQUEST, OPUS_OK, OPUS_SET_BITRATE_REQUEST,
    OPUS_SET_COMPLEXITY_REQUEST, OPUS_SET_GAIN_REQUEST, OPUS_SET_VBR_REQUEST, OpusEncoder,
    OpusMSDecoder, opus_encode, opus_encoder_create, opus_encoder_ctl, opus_encoder_destroy,
    opus_multistream_decode_float, opus_multistream_decoder_create, opus_multistream_decoder_ctl,
    opus_multistream_decoder_destroy,
};

/// What an encoder made of `Application::Audio` can be told at any time.
#[derive(Debug, Clone, Copy)]
pub enum Setting {
    /// Bits a second.
    Bitrate(i32),
    /// 0 to 10.
    Complexity(i32),
    /// Whether packets may differ in length.
    Variable(bool),
}

/// An encoder of packets of 20 ms.
pub struct Encoder {
    state: NonNull<OpusEncoder>,
    /// Samples of all channels in a packet.
    samples: usize,
    packet_frames: i32,
}

// SAFETY: see the module's head.
unsafe impl Send for Encoder {}

impl Encoder {
    /// An encoder for sound of any kind at 8, 12, 16, 24 or 48 kHz, 1 or 2 channels.
    ///
    /// # Errors
    /// The library's code where it refuses.
    pub fn new(rate_hz: u32, channels: u16) -> Result<Self, i32> {
        let packet_frames = rate_hz.cast_signed() / 50;
        let mut error = OPUS_OK;
        // SAFETY: the library checks rate and channels, and `error` outlives the call.
        let state = unsafe {
            opus_encoder_create(
                rate_hz.cast_signed(),
                i32::from(channels),
                OPUS_APPLICATION_AUDIO,
                &raw mut error,
            )
        };
        let samples = packet_frames as usize * usize::from(channels);
        NonNull::new(state).map(|state| Self { state, samples, packet_frames }).ok_or(error)
    }

    /// Changes a setting from the next packet on.
    ///
    /// # Errors
    /// The library's code where it refuses.
    pub fn set(&mut self, setting: Setting) -> Result<(), i32> {
        let (request, value) = match setting {
            Setting::Bitrate(bits) => (OPUS_SET_BITRATE_REQUEST, bits),
            Setting::Complexity(level) => (OPUS_SET_COMPLEXITY_REQUEST, level),
            Setting::Variable(on) => (OPUS_SET_VBR_REQUEST, i32::from(on)),
        };
        // SAFETY: the state lives; each of the three requests takes one i32.
        let code = unsafe { opus_encoder_ctl!(self.state.as_ptr(), request, value) };
        if code == OPUS_OK { Ok(()) } else { Err(code) }
    }

    /// Frames by which the output trails.
    #[must_use]
    pub fn delay_frames(&self) -> u64 {
        let mut frames = 0_i32;
        // SAFETY: the state lives; the request takes a place for one i32.
        let code = unsafe {
            opus_encoder_ctl!(self.state.as_ptr(), OPUS_GET_LOOKAHEAD_REQUEST, &mut frames)
        };
        if code == OPUS_OK { u64::from(frames.unsigned_abs()) } else { 0 }
    }

    /// Encodes a packet's frames, interleaved; returns the bytes written.
    ///
    /// # Errors
    /// The library's code where it refuses, and where the samples aren't a packet's.
    pub fn encode(&mut self, samples: &[i16], output: &mut [u8]) -> Result<usize, i32> {
        if samples.len() != self.samples {
            return Err(unsafe_libopus::OPUS_BAD_ARG);
        }
        let room = i32::try_from(output.len()).unwrap_or(i32::MAX);
        // SAFETY: the samples are `packet_frames` of every channel; `room` is at most what output has.
        let written = unsafe {
            opus_encode(
                self.state.as_ptr(),
                samples.as_ptr(),
                self.packet_frames,
                output.as_mut_ptr(),
                room,
            )
        };
        usize::try_from(written).ok().filter(|&n| n <= output.len()).ok_or(written)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the state was made by `opus_encoder_create` and is freed here alone.
        unsafe { opus_encoder_destroy(self.state.as_ptr()) }
    }
}

/// Which decoded channels the streams of a packet become (RFC 7845 §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streams {
    /// Streams in a packet.
    pub count: u8,
    /// How many of them, the first ones, have two channels.
    pub coupled: u8,
    /// Which of the streams' channels each of ours is.
    pub mapping: Vec<u8>,
}

/// A decoder of packets at 48 kHz.
pub struct Decoder {
    state: NonNull<OpusMSDecoder>,
    channels: usize,
}

// SAFETY: see the module's head.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder whose output is louder by `gain_q8` / 256 dB.
    ///
    /// # Errors
    /// The library's code where streams and mapping make no sense.
    pub fn new(streams: &Streams, gain_q8: i16) -> Result<Self, i32> {
        let channels = streams.mapping.len();
        let mut error = OPUS_OK;
        // SAFETY: the mapping has an entry a channel; the library checks the rest.
        let state = unsafe {
            opus_multistream_decoder_create(
                super::RATE_HZ.cast_signed(),
                i32::try_from(channels).unwrap_or(0),
                i32::from(streams.count),
                i32::from(streams.coupled),
                streams.mapping.as_ptr(),
                &raw mut error,
            )
        };
        let decoder = NonNull::new(state).map(|state| Self { state, channels }).ok_or(error)?;
        // SAFETY: the state lives; the request takes one i32.
        let code = unsafe {
            opus_multistream_decoder_ctl!(
                decoder.state.as_ptr(),
                OPUS_SET_GAIN_REQUEST,
                i32::from(gain_q8)
            )
        };
        if code == OPUS_OK { Ok(decoder) } else { Err(code) }
    }

    /// Decodes a packet into interleaved frames; returns how many, or `None` where it is malformed or has
    /// more than there is room for.
    pub fn decode(&mut self, packet: &[u8], room: &mut [f32]) -> Option<usize> {
        let bytes = i32::try_from(packet.len()).ok().filter(|&n| n > 0)?;
        let frames = room.len() / self.channels;
        // SAFETY: the packet's length goes along; `room` has `frames` of every channel.
        let decoded = unsafe {
            opus_multistream_decode_float(
                self.state.as_ptr(),
                packet.as_ptr(),
                bytes,
                room.as_mut_ptr(),
                i32::try_from(frames).ok()?,
                0,
            )
        };
        usize::try_from(decoded).ok().filter(|&n| n <= frames)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the state was made by `opus_multistream_decoder_create` and is freed here alone.
        unsafe { opus_multistream_decoder_destroy(self.state.as_ptr()) }
    }
}
