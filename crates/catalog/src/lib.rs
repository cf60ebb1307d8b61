//! The metadata database: the only place with SQL.
//!
//! One writing connection and a small pool of reading ones (SQLite, WAL), each used on a blocking
//! thread. An acknowledged write survives power loss (`synchronous=FULL`). Deliberately without
//! rules: what may be stored by whom is the library's; only what races (quotas, taken names, last
//! references) is decided here, in the transaction that writes.

mod access;
mod column;
mod contents;
mod error;
mod files;
mod outputs;
mod pool;
mod resources;
mod rows;
mod schema;

pub use access::TokenRow;
pub use contents::ContentRow;
pub use error::Error;
pub use files::{Listing, Page};
pub use outputs::StoredLayout;
pub use pool::Catalog;
pub use resources::ResourceRow;
pub use rows::{ContainerRow, FileRow};
