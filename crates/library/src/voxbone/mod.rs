//! Profiles and recordings, as the Voxbone recording API has them: who may do what, what their fields may be, and how a
//! recording gets its content.
//!
//! The content of a recording is a file like any other; it is mailed once it is there (see `mails.rs`).

mod content;
mod limits;
mod profiles;
mod recordings;

pub use content::{LinkOptions, Recordable};

/// What a recording is written in where neither it nor its profile says so.
const DEFAULT_FORMAT: &str = "wav";
