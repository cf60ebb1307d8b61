//! What the demuxers share: reading through a window, numbers in bytes, the seek index, and the loop
//! that turns coded packets on a timeline into frames.

pub mod bytes;
pub mod channel_layout;
pub mod id3;
pub mod index;
pub mod joined;
pub mod packets;
pub mod part;
pub mod window;
