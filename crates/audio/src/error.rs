//! Errors, named by what the caller will do about them.

use std::io;

/// Why a source cannot be played: it is kept and served as it is, and asked for another format
/// it is refused with this text.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No format recognises the bytes. The text says what was found.
    #[error("{0}")]
    Unrecognised(String),
    /// A known format whose codec or shape is not supported, or whose headers contradict the bytes.
    #[error("{0}")]
    Unsupported(String),
    /// The bytes could not be read.
    #[error("reading the source: {0}")]
    Read(#[from] io::Error),
}

/// Why decoding stopped. A damaged packet is not an error: it is replaced by silence of its
/// length and counted.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes could not be read: break off, try again later.
    #[error("reading the source: {0}")]
    Read(#[from] io::Error),
    /// The source contradicts its facts: it can't be decoded from here.
    #[error("decoding the source: {0}")]
    Broken(String),
}

/// Why a target can't be laid out for this source: refuse, naming the option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PlanError {
    /// The option at fault as the publish link names it: `br`, `rate`, `ch`, `f`.
    pub option: &'static str,
    /// What was wrong and what is allowed.
    pub message: String,
}

/// Why a segment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The source failed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The encoder failed or broke its promise (a packet of another size): a bug; break off.
    #[error("encoding: {0}")]
    Encoder(String),
    /// The sink asked to stop.
    #[error("cancelled")]
    Cancelled,
}
