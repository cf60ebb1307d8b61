//! Where objects lie, whichever it is.

use crate::{BadSettings, Bucket, Draft, Endpoints, LeftDraft, Local, ObjectName, Remote, Seal};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A place that holds objects. Clones share it.
#[derive(Debug, Clone)]
pub enum Store {
    /// The local disk.
    Local(Local),
    /// A bucket of a cloud.
    Remote(Remote),
}

/// Why a store did not do it, named by what the caller does about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such object: it is lost.
    #[error("the object is missing in the store")]
    Missing,
    /// It is not what was put there.
    #[error("the object in the store is not what was put there")]
    Changed,
    /// The store lets us not, or has no such bucket: the settings are wrong.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// It may do it later.
    #[error("the store does not answer as it should: {0}")]
    Unavailable(String),
    /// The local disk fails.
    #[error("the local disk: {0}")]
    Disk(#[from] io::Error),
}

/// An object that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The object.
    pub name: ObjectName,
    /// The multipart upload by which it came, if it came by one: its parts go, too.
    pub upload: Option<String>,
}

impl Store {
    /// Makes a draft the object of that name, durably; gives the object's ETag, where the store has such. A store that
    /// takes it in parts has `began` told the id of that upload before the first one, because its parts outlive a
    /// crash.
    ///
    /// # Errors
    /// [`StoreError`], that of `began` included; there is no object then, or a whole one.
    pub async fn put<F>(
        &self,
        name: ObjectName,
        draft: Draft,
        began: impl FnOnce(String) -> F + Send,
    ) -> Result<Option<String>, StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        match self {
            Self::Local(local) => Ok(local.put(name, draft).await.map(|()| None)?),
            Self::Remote(remote) => remote.put(name, draft, began).await,
        }
    }

    /// Removes objects, durably; one that is not there is gone already. Returns those that are still there, each with
    /// the reason.
    ///
    /// # Errors
    /// If it was not even tried.
    pub async fn remove(&self, objects: Vec<Leftover>) -> io::Result<Vec<(ObjectName, String)>> {
        match self {
            Self::Local(local) => {
                let names = objects.into_iter().map(|object| object.name).collect();
                let kept = local.remove(names).await?;
                Ok(kept.into_iter().map(|(name, error)| (name, error.to_string())).collect())
            }
            Self::Remote(remote) => Ok(remote.remove(objects).await),
        }
    }

    /// How long an object is left in the store after nothing refers to it any more: answers under way read on. Those
    /// from the local disk hold its file open.
    #[must_use]
    pub fn linger(&self) -> Duration {
        match self {
            Self::Local(_) => Duration::ZERO,
            Self::Remote(_) => REMOTE_LINGER,
        }
    }
}

/// How long answers from a bucket may read on.
pub const REMOTE_LINGER: Duration = Duration::from_secs(3600);

/// The stores of a server: its own, room for drafts on the local disk, whatever that one is, and the buckets of
/// containers.
#[derive(Debug, Clone)]
pub struct Stores {
    drafts: Local,
    own: Store,
    external: Option<Arc<External>>,
}

/// The buckets of containers.
#[derive(Debug)]
struct External {
    /// What their secrets are sealed by.
    seal: Seal,
    /// Where they may lie.
    endpoints: Endpoints,
    open: Mutex<HashMap<Bucket, Remote>>,
}

/// Buckets kept open; each has its connections.
const MAX_OPEN: usize = 1024;

impl From<Local> for Stores {
    /// The local disk for all.
    fn from(local: Local) -> Self {
        Self { drafts: local.clone(), own: Store::Local(local), external: None }
    }
}

impl Stores {
    /// A bucket for objects, the local disk for drafts.
    #[must_use]
    pub fn remote(drafts: Local, own: Remote) -> Self {
        Self { drafts, own: Store::Remote(own), external: None }
    }

    /// The server's own store.
    #[must_use]
    pub fn own(&self) -> &Store {
        &self.own
    }

    /// With buckets of containers, whose secrets are sealed and which may lie there.
    #[must_use]
    pub fn with_external(self, seal: Seal, endpoints: Endpoints) -> Self {
        let external = External { seal, endpoints, open: Mutex::default() };
        Self { external: Some(Arc::new(external)), ..self }
    }

    /// Seals what is secret of the attributes of a container.
    ///
    /// # Errors
    /// If the system has no chance to give.
    pub fn seal(
        &self,
        attributes: &mut Map<String, Value>,
        is_secret: fn(&str, &Value) -> bool,
    ) -> io::Result<()> {
        match &self.external {
            Some(external) => external.seal.seal(attributes, is_secret),
            None => Ok(()),
        }
    }

    /// The bucket of a container's own, by its type and its attributes as they are kept; `None` for a container whose
    /// bytes lie in the server's own store.
    ///
    /// # Errors
    /// [`BadSettings`].
    pub fn bucket(
        &self,
        kind: &str,
        attributes: &Map<String, Value>,
    ) -> Result<Option<Bucket>, BadSettings> {
        let Some(external) = &self.external else {
            return match kind {
                "internal" => Ok(None),
                _ => {
                    Err(BadSettings::new("type", "this server keeps files in its own store alone"))
                }
            };
        };
        let wrong = "was sealed by another key than the server has now";
        let plain = external.seal.unseal(attributes);
        let plain = plain.ok_or_else(|| BadSettings::new("external_attributes", wrong))?;
        let bucket = Bucket::external(kind, &plain)?;
        if bucket.as_ref().is_some_and(|bucket| !external.endpoints.allow(&bucket.service())) {
            let allowed = format!("must lie at one of {}", external.endpoints);
            return Err(BadSettings::new("endpoint", allowed));
        }
        Ok(bucket)
    }

    /// A bucket, opened. Nothing is asked of it.
    ///
    /// # Errors
    /// [`BadSettings`].
    pub fn open(&self, bucket: &Bucket) -> Result<Store, BadSettings> {
        let open = || bucket.open().map_err(|e| BadSettings::new("external_attributes", e));
        let Some(external) = &self.external else { return Ok(Store::Remote(open()?)) };
        let mut known = external.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(remote) = known.get(bucket) {
            return Ok(Store::Remote(remote.clone()));
        }
        let remote = open()?;
        if known.len() >= MAX_OPEN {
            known.clear();
        }
        known.insert(bucket.clone(), remote.clone());
        Ok(Store::Remote(remote))
    }

    /// Begins to take in bytes.
    ///
    /// # Errors
    /// If the temporary file can't be made.
    pub fn begin(&self) -> io::Result<Draft> {
        self.drafts.begin()
    }

    /// The drafts that earlier processes left to be gone on with.
    ///
    /// # Errors
    /// If they can't be listed.
    pub fn left(&self) -> io::Result<Vec<LeftDraft>> {
        self.drafts.left()
    }

    /// Counts that a stored object was found missing or damaged.
    pub fn count_lost(&self) {
        self.drafts.count_lost();
    }

    /// How often that was counted since the start.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.drafts.lost_count()
    }
}
