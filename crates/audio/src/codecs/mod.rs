//! Codecs that more than one format carries: samples ↔ coded bytes, no framing.

pub mod aac;
pub mod adpcm;
mod channel_order;
mod codebooks;
pub mod flac;
pub mod g711;
pub mod g722;
pub mod linear;
pub mod mpeg;
pub mod opus;
pub mod pcm;
pub mod stream;
pub mod symphonia;
pub mod vorbis;

/// The instructions by which Opus chooses its code when it runs: floating point done in another order
/// may give other bytes, so they are part of a transcode's identity.
#[must_use]
pub fn instruction_set() -> String {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("avx", std::arch::is_x86_feature_detected!("avx")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let found: [(&str, bool); 0] = [];
    let names = found.iter().filter(|(_, has)| *has).map(|(name, _)| *name);
    std::iter::once(std::env::consts::ARCH).chain(names).collect::<Vec<_>>().join(" ")
}
