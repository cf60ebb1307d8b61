//! HTTP semantics as pure functions: RFC 9110 preconditions and ranges, RFC 9111 directives, RFC 8187 names;
//! the grammar of published links and their signatures.
//!
//! Nothing here does I/O or knows a status code; each function returns a closed set of outcomes.
#![warn(missing_docs)]

pub mod cache;
pub mod coding;
pub mod disposition;
mod evaluate;
pub mod file_name;
pub mod link;
pub mod media_type;
pub mod multipart;
mod range;
pub mod signature;

pub use evaluate::{Method, Outcome, RequestHeaders, Validators, evaluate};
pub use range::{MOST_RANGES, Requested, resolve_ranges};
