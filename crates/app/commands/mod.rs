//! One module a command.

pub mod config;
pub mod import;
pub mod probe;
pub mod serve;
pub mod token;
pub mod transcode;
