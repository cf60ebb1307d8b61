//! One module a command, and what becomes of a result.

pub mod config;
pub mod import;
mod output;
pub mod probe;
pub mod serve;
pub mod token;
pub mod transcode;
