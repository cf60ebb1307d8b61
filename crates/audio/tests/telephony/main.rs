//! Uncompressed and telephony formats, judged by ffmpeg: exact samples both ways, arithmetic seeks,
//! true lengths, and hostile bytes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod channels;
mod coded;
mod dither;
mod g722;
mod gsm;
#[path = "../making/transcode.rs"]
mod making;
mod rig;
mod sln;
mod sources;
mod targets;
mod wav;
