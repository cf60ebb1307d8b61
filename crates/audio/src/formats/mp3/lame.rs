//! LAME behind a safe handle: the only place that talks to the C library.
//!
//! Why the unsafe code here is sound:
//! - The handle owns the only pointer to an encoder, frees it once, in `Drop`, and isn't `Sync` (a
//!   raw pointer never is). LAME keeps an encoder's whole state behind that pointer, nothing in
//!   thread-local storage, so the handle may move to another thread: hence `Send`.
//! - LAME's only writable globals are tables of powers that every initialisation fills anew with the
//!   same numbers. [`TABLES`] keeps initialisations apart from each other and from encoders at work.
//!   [`DOOR`] is about speed alone: it lets an initialisation come in between two blocks of another encoder.
//! - Each encode call gets as many samples from every channel as it is told, checked here, and a
//!   buffer of the worst size that LAME's manual names (1.25 × samples + 7200), whose length goes
//!   along; LAME fails rather than pass it. What it reports to have written is checked too.
//! - Samples are made finite and limited to full scale first: LAME indexes tables by magnitudes.
#![allow(unsafe_code)]

use mp3lame_sys::{self as ffi, MPEG_mode, vbr_mode};
use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError, RwLock};

/// Written while an encoder is made, read while one encodes.
static TABLES: RwLock<()> = RwLock::new(());

/// Passed on the way to [`TABLES`]. Who waits to write stands in it, because an encoder that gives the lock back takes
/// it again for its next block before a waiting thread has woken up, and would keep that waiting for a whole segment.
static DOOR: Mutex<()> = Mutex::new(());

/// LAME's scale from the fastest (9) to the best (0); 5 halves the time of 3 and sounds alike.
pub const QUALITY: i32 = 5;

/// Most samples a channel in one call.
const MOST_FRAMES: usize = 1152;

/// The manual's worst case for [`MOST_FRAMES`].
const OUTPUT_BYTES: usize = MOST_FRAMES * 5 / 4 + 7200;

/// A LAME encoder: constant bit rate, no label of its own.
pub struct Lame {
    handle: NonNull<ffi::lame_global_flags>,
    channels: usize,
    /// What LAME multiplies samples by, at this bit rate.
    scale: f32,
    /// The samples of a call at LAME's scale, a vector a channel.
    scaled: [Vec<f32>; 2],
    output: Vec<u8>,
}

// SAFETY: see the module's head.
unsafe impl Send for Lame {}

impl Lame {
    /// An encoder for 1 or 2 channels whose rate and bit rate are legal together.
    ///
    /// # Errors
    /// What LAME refused.
    pub fn new(rate_hz: u32, channels: u16, bitrate_kbps: u32) -> Result<Self, &'static str> {
        let door = DOOR.lock().unwrap_or_else(PoisonError::into_inner);
        let _alone = TABLES.write().unwrap_or_else(PoisonError::into_inner);
        drop(door);
        // SAFETY: takes nothing; null means out of memory.
        let handle = NonNull::new(unsafe { ffi::lame_init() }).ok_or("LAME has no memory")?;
        let mut encoder = Self {
            handle,
            channels: usize::from(channels),
            scale: 1.0,
            scaled: [Vec::new(), Vec::new()],
            output: vec![0; OUTPUT_BYTES],
        };
        encoder.configure(rate_hz as c_int, bitrate_kbps as c_int)?;
        Ok(encoder)
    }

    fn configure(&mut self, rate_hz: c_int, bitrate_kbps: c_int) -> Result<(), &'static str> {
        let mode = if self.channels == 1 { MPEG_mode::MONO } else { MPEG_mode::JOINT_STEREO };
        let lame = self.handle.as_ptr();
        // SAFETY: a live encoder that isn't initialised yet; the setters only store values.
        let results = unsafe {
            ffi::lame_set_errorf(lame, None);
            ffi::lame_set_debugf(lame, None);
            ffi::lame_set_msgf(lame, None);
            ffi::lame_set_write_id3tag_automatic(lame, 0);
            [
                ffi::lame_set_in_samplerate(lame, rate_hz),
                ffi::lame_set_out_samplerate(lame, rate_hz),
                ffi::lame_set_num_channels(lame, self.channels as c_int),
                ffi::lame_set_mode(lame, mode),
                ffi::lame_set_VBR(lame, vbr_mode::vbr_off),
                ffi::lame_set_brate(lame, bitrate_kbps),
                ffi::lame_set_bWriteVbrTag(lame, 0),
                ffi::lame_set_quality(lame, QUALITY),
            ]
        };
        if results.iter().any(|&r| r < 0) {
            return Err("LAME refused a setting");
        }
        // SAFETY: a live encoder, initialised once, under the lock that `new` holds.
        let initialised = unsafe { ffi::lame_init_params(lame) };
        if initialised < 0 {
            return Err("LAME refused its settings");
        }
        // SAFETY: a live encoder; the getter only reads.
        self.scale = unsafe { ffi::lame_get_scale(lame) };
        if self.scale > 0.0 { Ok(()) } else { Err("LAME has no scale") }
    }

    /// What LAME would multiply samples by, which [`Self::encode`] makes up for: 0.95 up to 160 kbit/s, 1 from 256 on.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Packets encoded so far; the bytes of the last ones may still be held back, until a packet after them has no room
    /// for more, or [`Self::flush`].
    #[must_use]
    pub fn packets(&self) -> u64 {
        // SAFETY: a live encoder; the getter only reads.
        u64::try_from(unsafe { ffi::lame_get_frameNum(self.handle.as_ptr()) }).unwrap_or(0)
    }

    /// Encodes one block (at most 1152 frames, the same number in each channel) and appends the bytes
    /// that come out.
    ///
    /// # Errors
    /// A block of the wrong shape, or LAME's failure.
    pub fn encode(&mut self, block: &[Vec<f32>], out: &mut Vec<u8>) -> Result<(), &'static str> {
        let frames = block.first().map_or(0, Vec::len);
        let shape_fits = block.len() == self.channels && block.iter().all(|c| c.len() == frames);
        if !shape_fits || frames > MOST_FRAMES {
            return Err("a block of the wrong shape");
        }
        let unit = FULL_SCALE / self.scale;
        for (scaled, channel) in self.scaled.iter_mut().zip(block) {
            scaled.clear();
            scaled.extend(channel.iter().map(|&sample| limited(sample) * unit));
        }
        let left = self.scaled[0].as_ptr();
        let right = if self.channels == 2 { self.scaled[1].as_ptr() } else { left };
        let door = DOOR.lock().unwrap_or_else(PoisonError::into_inner);
        let _others = TABLES.read().unwrap_or_else(PoisonError::into_inner);
        drop(door);
        // SAFETY: an initialised encoder; `left` and `right` point to `frames` samples each; the
        // output's own length is given.
        let written = unsafe {
            let (output, room) = (self.output.as_mut_ptr(), self.output.len() as c_int);
            let lame = self.handle.as_ptr();
            ffi::lame_encode_buffer_float(lame, left, right, frames as c_int, output, room)
        };
        self.give(written, out)
    }

    /// Fills up the packets encoded so far and appends what was held back: they are whole, and the next packet's
    /// main data begins in itself. All else that the encoder remembers stays.
    ///
    /// # Errors
    /// LAME's failure.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        // SAFETY: an initialised encoder; the output's own length is given. No table is read: nothing is encoded.
        let written = unsafe {
            let (output, room) = (self.output.as_mut_ptr(), self.output.len() as c_int);
            ffi::lame_encode_flush_nogap(self.handle.as_ptr(), output, room)
        };
        self.give(written, out)
    }

    /// Appends what LAME says that it has written to the output.
    fn give(&self, written: c_int, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let written = usize::try_from(written).map_err(|_| "LAME failed")?;
        out.extend_from_slice(self.output.get(..written).ok_or("LAME wrote too much")?);
        Ok(())
    }
}

impl Drop for Lame {
    fn drop(&mut self) {
        // SAFETY: the only pointer to a live encoder, not used after this.
        unsafe { ffi::lame_close(self.handle.as_ptr()) };
    }
}

/// LAME takes floats at the scale of 16 bits.
const FULL_SCALE: f32 = 32768.0;

fn limited(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
}
