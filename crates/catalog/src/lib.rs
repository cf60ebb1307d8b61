//! The metadata database: the only place with SQL.
//!
//! One writing connection and a small pool of reading ones (SQLite, WAL), each used on a blocking
//! thread. An acknowledged write survives power loss (`synchronous=FULL`). Deliberately without
//! rules: what may be stored by whom is the library's. What races (quotas, thresholds) the library
//! decides by a closure that runs inside the transaction that writes; taken names, taken keys and last
//! references are found here.
#![warn(missing_docs)]

mod access;
mod attributes;
mod audit;
mod beside;
mod blobs;
mod claims;
mod column;
mod containers;
mod contents;
mod cursor;
mod error;
mod evovoice;
mod expiry;
mod files;
mod filter;
mod fold;
mod keys;
mod list;
mod mails;
mod matches;
mod meta;
mod moving;
mod outputs;
mod page;
mod pool;
mod postgres;
mod query;
mod refused;
mod resources;
mod rows;
mod schema;
mod snapshot;
mod sql;
mod sqlite;
mod table;
mod turns;
mod value;
mod voipbin;
mod voxbone;
mod words;
mod work;

pub use self::postgres::{BadDatabase, Database};
pub use access::{Revocation, TokenRow};
pub use attributes::{Attribute, Bounds, Described, Kind, LIFECYCLE_TTL_MAX_S, Seen, Set, Shown};
pub use audit::WrongTotal;
pub use beside::Beside;
pub use blobs::{Left, LeftSince, Leftover, NewContent, Object};
pub use contents::{ContentRow, blob_address, content_id};
pub use error::Error;
pub use evovoice::{
    EvoVoiceChanges, EvoVoiceFile, EvoVoiceItem, EvoVoiceList, EvoVoiceOrder, EvoVoicePage,
    EvoVoiceText,
};
pub use files::Admission;
pub use mails::{Due, MailRow};
pub use moving::{NewPlace, Objects, Placed, Target};
pub use outputs::{OUTPUTS_BYTES, StoredLayout};
pub use pool::Catalog;
pub use query::{Condition, List, Listing, Operator, Order, Start};
pub use resources::ResourceRow;
pub use rows::{ContainerRow, FileDefaults, FileRow, Keys, Lifecycle, Limits, Threshold, Usage};
pub use table::is_secret;
pub use turns::{Turn, Turns};
pub use voipbin::{
    VoipbinAccount, VoipbinFile, VoipbinList, VoipbinPage, VoipbinRow, VoipbinSort, VoipbinStart,
};
pub use voxbone::{Part, ProfileRow, Recorded, RecordingContent, RecordingRow};
pub use words::{
    Classification, EvoVoiceType, FileKind, LifecycleAction, MailState, Publish, RecordPrompt,
    RecordingStatus, ReferenceType, Role, Scope, StorageKind, ThresholdAction, UnknownWord,
    VoipbinType, Word,
};
