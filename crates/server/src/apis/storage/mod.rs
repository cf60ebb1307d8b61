//! What storage APIs are made of: who asks, what a request says, how bytes come in and go out, and what can be
//! refused. An API adds its own routes, objects and words.

pub mod auth;
pub mod base64;
mod compressed;
pub mod cors;
pub mod download;
pub mod form;
pub mod ingest;
pub mod json;
pub mod login;
pub mod members;
pub mod openapi;
pub mod query;
mod refusal;

pub use compressed::compressed;
pub use refusal::{FOREIGN_PAGE, Refusal};

use crate::apis::publish::{Publish, Signer};
use crate::apis::voipbin::settings as voipbin;
use axum::extract::FromRef;
use library::{Library, Turns};
use login::Attempts;
use media::Media;
use std::sync::Arc;

/// What the calls of storage APIs work on; the state of their routers.
#[derive(Clone)]
pub struct Storage {
    pub library: Library,
    pub media: Media,
    pub signer: Signer,
    pub publish: Arc<Publish>,
    pub attempts: Arc<Attempts>,
    /// Partners that read lists which are too long for memory.
    pub long_lists: Arc<Turns>,
    pub voipbin: voipbin::Config,
    /// Bytes that a file may have that comes in.
    pub max_upload_bytes: u64,
}

impl FromRef<Storage> for Library {
    fn from_ref(storage: &Storage) -> Self {
        storage.library.clone()
    }
}
