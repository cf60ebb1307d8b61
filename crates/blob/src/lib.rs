//! Stored bytes, in objects whose names are used once: on the local disk or in the bucket of a cloud.
//!
//! A [`Draft`] lies on the local disk, because what comes in is read at any place before it is kept. To put it is to
//! make it an object of a [`Store`], durably. Deliberately knows nothing of who refers to an object: that is the
//! catalog's.
#![warn(missing_docs)]

mod bucket;
mod check;
mod copies;
mod draft;
mod durations;
mod endpoints;
mod external;
mod folder;
mod hash;
mod lasting;
mod local;
mod name;
mod remote;
mod requests;
mod reserve;
mod seal;
mod settings;
mod store;
mod transfer;

pub use bucket::Bucket;
pub use draft::Draft;
pub use durations::{BOUNDS_US, Durations};
pub use endpoints::{BadEndpoints, Endpoints};
pub use external::BadSettings;
pub use folder::{DataFolder, Successor, make_private, private_folder};
pub use hash::{Hash, InvalidHash};
pub use lasting::{LastingDraft, LeftDraft};
pub use local::{Found, GetError, Local};
pub use name::{InvalidName, ObjectName};
pub use remote::Remote;
pub use requests::{Operation, Requests};
pub use reserve::{RESERVE_BYTES, Reserve, free_bytes};
pub use seal::Seal;
pub use settings::{BadUrl, Place};
pub use store::{Leftover, REMOTE_LINGER, Store, StoreError, Stores};
pub use transfer::{Came, Sure, sync_disk};
