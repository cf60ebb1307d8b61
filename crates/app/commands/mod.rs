//! One module a command, and what becomes of a result.

pub mod backup;
pub mod check;
pub mod config;
pub mod import;
pub mod mail;
pub mod manual;
pub mod moving;
mod output;
pub mod probe;
pub mod secret;
pub mod serve;
pub mod sign;
pub mod token;
pub mod transcode;
