//! What to send: resolve → select → prepare → open.
//!
//! A link becomes a [`Resource`], a resource and the client's [`Preferences`] become a
//! [`Representation`] (the original or a transcode), and a representation's byte ranges become a
//! [`Body`]: file slices and memory in order. Missing segments are made by the scheduler, the one
//! bridge between async code and the CPU work of `audio`, and kept in the output cache.
//!
//! Floors, each knowing only those below it: `service` → `prepared` → `body` → `fetch` → `make` (jobs) →
//! `play` (the state of one transcode) → `engine` (what jobs work with) → `remote_source` → `blocks` → `cache`,
//! `scheduler` → `queue`.
#![warn(missing_docs)]

mod asker;
mod blocks;
mod body;
mod cache;
mod chunk;
mod convert;
mod counters;
mod engine;
mod error;
mod fetch;
mod flight;
mod identity;
mod lock;
mod make;
mod peaks;
mod play;
mod play_cache;
mod preferences;
mod prepared;
mod queue;
mod reading;
mod remote_source;
mod resource;
mod scheduler;
mod select;
mod service;
mod source;
mod spanned;

pub use asker::Asker;
pub use blob::{BOUNDS_US, Durations, Operation as StoreOperation, Requests as StoreRequests};
pub use body::Body;
pub use cache::give_up_outputs;
pub use chunk::{BodyError, Chunk};
pub use convert::{ConvertError, convert};
pub use counters::{Counters, Encoded};
pub use engine::Config;
pub use error::{OpenError, RETRY_AFTER_ENCODE_S, RETRY_AFTER_S};
pub use identity::serial;
pub use peaks::{Outline, Peaks, peaks_of};
pub use preferences::{
    BITRATES_KBPS, BadValue, ChannelWish, ClipWish, Preferences, RATES_HZ, TagWish,
};
pub use prepared::Prepared;
pub use resource::{Resource, Right};
pub use scheduler::Load;
pub use select::{Refusal, Representation, Transcoded, select};
pub use service::Media;
