//! Codecs that more than one format carries: samples ↔ coded bytes, no framing.

pub mod adpcm;
mod codebooks;
pub mod flac;
pub mod g711;
pub mod g722;
pub mod headerless;
pub mod linear;
pub mod opus;
pub mod pcm;
pub mod symphonia;
pub mod vorbis;
pub mod xiph;

/// The class of instruction set by which encoders choose their code at run time. Floating point done in
/// another order may give other bytes, so the class is part of a transcode's identity.
#[must_use]
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "x86-64 avx2";
    }
    std::env::consts::ARCH
}
