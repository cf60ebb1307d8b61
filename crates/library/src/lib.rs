//! What is kept: partners, tokens, containers, files, and how a file comes in and goes.
//!
//! The order of an upload: draft → probe → classify → a look at the rules → put into the store → one transaction
//! that decides the rules, because they race, and keeps the rows. Deliberately without HTTP and without SQL.
#![warn(missing_docs)]

mod access;
mod announced;
mod backup;
mod changes;
mod check;
mod classify;
mod containers;
mod error;
mod evovoice;
mod examine;
mod files;
mod import;
mod last_access;
mod left_uploads;
mod link_base;
mod link_secrets;
mod mails;
mod moving;
mod open_uploads;
mod probe_again;
mod room;
mod rules;
mod store;
mod sweep;
mod upload;
mod uploads;
mod values;
mod voipbin;
mod voxbone;

pub use access::{Grant, NewToken, Principal, Scopes, Welcome};
pub use backup::{BackedUp, BackupError, Progress, RESTORING, Restored, restore};
pub use catalog::{Attribute, Bounds, Described, Kind, LIFECYCLE_TTL_MAX_S, Seen, Set, Shown};
pub use catalog::{Beside, Revocation};
pub use catalog::{
    Classification, FileKind, LifecycleAction, Publish, ReferenceType, Role, Scope, StorageKind,
    ThresholdAction, UnknownWord, VoipbinType, Word,
};
pub use catalog::{Condition, List, Listing, Operator, Order, Start};
pub use catalog::{ContainerRow as Container, FileRow as File, TokenRow as Token};
pub use catalog::{Due, MailRow as Mail, MailState};
pub use catalog::{
    EvoVoiceChanges, EvoVoiceFile, EvoVoiceItem, EvoVoiceList, EvoVoiceOrder, EvoVoicePage,
    EvoVoiceText, EvoVoiceType,
};
pub use catalog::{FileDefaults, Keys, Lifecycle, Limits, Threshold, Usage};
pub use catalog::{
    Part, ProfileRow as Profile, RecordPrompt, Recorded, RecordingRow as Recording, RecordingStatus,
};
pub use catalog::{Turn, Turns};
pub use catalog::{
    VoipbinAccount, VoipbinFile, VoipbinList, VoipbinPage, VoipbinRow, VoipbinSort, VoipbinStart,
};
pub use changes::{Change, Changes, ContainerChanges, FileChanges, Rest};
pub use check::{Checked, Fault, Found, Repair, Thorough};
pub use containers::masked;
pub use error::Error;
pub use examine::Examined;
pub use import::{Arrival, Import, Known};
pub use last_access::ACCESS_RESOLUTION;
pub use link_base::LinkBase;
pub use link_secrets::LinkSecret;
pub use moving::{Carriage, Move, MoveError, Moved, Progress as MoveProgress, Step, check_empty};
pub use open_uploads::{Coming, OpenUpload, Turn as UploadTurn};
pub use room::Readiness;
pub use upload::Upload;
pub use uploads::{UploadEnd, Uploads};
pub use voipbin::VoipbinSide;
pub use voxbone::{LinkOptions, Recordable};

use blob::{Reserve, Stores};
use catalog::Catalog;
use last_access::Accesses;
use open_uploads::OpenUploads;
use semantics::signature::Secret;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Notify;

/// The file of a data folder that holds the catalog.
pub const CATALOG_FILE: &str = "catalog.sqlite";

/// Under this key the catalog keeps the place where the bytes of files lie, unless that is the data folder.
pub const PLACE_KEY: &str = "blobs";

/// The library's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Base of publish links where the request that asks for them has none of its own.
    pub public_url: LinkBase,
    /// Where `admin.token` is written.
    pub data_dir: PathBuf,
    /// What links are signed with, the first one signing; none if the catalog is to keep one.
    pub link_secrets: Vec<Secret>,
    /// Bytes of the disk that uploads leave free; 0 lets them fill it.
    pub min_free_bytes: u64,
    /// Bytes of a recording's picture that goes along in its transcodes.
    pub max_picture_bytes: usize,
}

impl Config {
    /// Those of a library that takes no files.
    #[must_use]
    pub fn looking(data_dir: &Path, public_url: &str) -> Self {
        Self {
            public_url: LinkBase::new(public_url),
            data_dir: data_dir.to_owned(),
            link_secrets: Vec::new(),
            min_free_bytes: 0,
            max_picture_bytes: 0,
        }
    }
}

/// The library. Clones share it.
#[derive(Clone)]
pub struct Library {
    catalog: Catalog,
    stores: Stores,
    config: Arc<Config>,
    accesses: Arc<Accesses>,
    reserve: Reserve,
    /// A mail may have come into the queue.
    mail_news: Arc<Notify>,
    /// Partners that have transcriptions indexed.
    indexing: Arc<Turns>,
    open_uploads: Arc<OpenUploads>,
}

impl Library {
    /// A library over a catalog and stores.
    #[must_use]
    pub fn open(catalog: Catalog, stores: impl Into<Stores>, config: Config) -> Self {
        let (reserve, stores) = (Reserve::of(&config.data_dir), stores.into());
        Self {
            catalog,
            stores,
            config: Arc::new(config),
            accesses: Arc::default(),
            reserve,
            mail_news: Arc::default(),
            indexing: Arc::new(Turns::of(1)),
            open_uploads: Arc::default(),
        }
    }

    /// The base of the publish links: that of the request being answered, else the configured one.
    #[must_use]
    pub fn link_base(&self) -> LinkBase {
        LinkBase::present().unwrap_or_else(|| self.config.public_url.clone())
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Runs blocking work off the async threads. Boxed, because a runtime's task is compiled anew for each type of work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let work: Box<dyn FnOnce() -> T + Send> = Box::new(work);
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Storage(e.into()))
}

/// Runs work to its end even if nobody waits for it any more: a caller that leaves must leave nothing half
/// done.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let work: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(work);
    tokio::spawn(work).await.unwrap_or_else(|e| Err(Error::Storage(e.into())))
}
