//! The settings of VoIPBIN's API.

use super::times::Times;

/// How the API answers.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The form in which times are written.
    pub times: Times,
    /// How long links of downloads live, in seconds.
    pub link_life_s: u64,
    /// Bytes that the files of an account may have that has no quota of its own.
    pub quota_bytes: u64,
}
