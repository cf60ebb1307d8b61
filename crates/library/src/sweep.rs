//! What is done without being asked: files whose lifecycle has ended go, and uploads that nobody goes on with; what
//! can't be removed at once is tried again; stored bytes that the catalog doesn't know are set aside; those that it
//! knows are looked after; what an earlier version could not play is probed again.

use crate::{Error, Library, blocking, now_ms};
use blob::Store;
use std::time::Duration;

/// How long a file outlives its lifecycle at most; its link ends at once.
const EVERY: Duration = Duration::from_secs(10);

/// Files that one transaction deletes at most, and objects that are looked up at once, so that uploads don't wait long.
const AT_ONCE: u32 = 500;

/// The walk through all objects rests so long after so many, so that answers don't notice it.
const REST: Duration = Duration::from_millis(100);

/// An object that is younger may belong to an upload whose commit is still to come; no upload takes as long.
pub(crate) const UPLOADS_LAST: Duration = Duration::from_secs(24 * 3600);

/// How fast stored bytes are read through, so that answers don't notice it: a terabyte takes 18 hours.
const CHECKED_BYTES_PER_S: u64 = 16 << 20;

/// Between the end of one walk through them and the next.
const CHECKED_EVERY: Duration = Duration::from_secs(24 * 3600);

impl Library {
    /// Sweeps and checks for ever, and looks once for strays.
    pub async fn keep_sweeping(self) {
        let strays = async {
            match self.set_strays_aside().await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::warn!(count, "stored bytes that no file has were moved to strays/");
                }
                Err(error) => tracing::warn!(%error, "looking for stored bytes that no file has"),
            }
        };
        let expired = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "sweeping");
                }
                self.end_old_uploads();
                self.keep_reserve().await;
                tokio::time::sleep(EVERY).await;
            }
        };
        let checks = async {
            loop {
                if let Err(error) = self.check_objects(CHECKED_BYTES_PER_S).await {
                    tracing::warn!(%error, "checking stored bytes");
                }
                tokio::time::sleep(CHECKED_EVERY).await;
            }
        };
        let refused = async {
            match self.probe_again().await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(count, "files that an earlier version refused play now")
                }
                Err(error) => {
                    tracing::warn!(%error, "probing again what an earlier version refused")
                }
            }
        };
        tokio::join!(strays, expired, checks, refused);
    }

    /// Keeps room for deletions on a disk that gets full. There may be none by now.
    async fn keep_reserve(&self) {
        let reserve = self.reserve.clone();
        let _ = blocking(move || reserve.keep()).await;
    }

    /// Sets the objects of the local disk aside that the catalog doesn't know: a kill between an upload's put and its
    /// commit leaves one. But it may also be the catalog that is at fault, an older one put back: so they are for the
    /// operator to remove. Returns how many.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn set_strays_aside(&self) -> Result<u64, Error> {
        let mut count = 0;
        let Store::Local(local) = self.stores.own() else { return Ok(count) };
        if !self.catalog.has_objects().await? {
            // An empty catalog beside stored bytes is rather one that was lost, and the bytes may be all that is left:
            // nothing is set aside.
            return Ok(count);
        }
        for first in 0..=u8::MAX {
            let mut found = local.beginning_with(first).await?;
            found.retain(|object| object.age > UPLOADS_LAST);
            for some in found.chunks(AT_ONCE as usize) {
                let objects = some.iter().map(|object| object.name.to_string()).collect();
                for stray in self.catalog.unknown_objects(objects).await? {
                    let Ok(name) = stray.parse() else { continue };
                    local.set_aside(name).await?;
                    count += 1;
                }
                tokio::time::sleep(REST).await;
            }
        }
        Ok(count)
    }

    /// Deletes the tokens that have ended and the files whose lifecycle has, and removes leftovers that are due.
    /// Returns how many files.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn sweep(&self) -> Result<u64, Error> {
        self.catalog.delete_expired_tokens(now_ms()).await?;
        self.forget_departed(AT_ONCE).await?;
        let mut gone = 0;
        loop {
            let delete = || self.catalog.delete_expired(now_ms(), AT_ONCE);
            let deleted = self.make_room(delete).await?;
            self.clear_due().await?;
            if deleted == 0 {
                return Ok(gone);
            }
            gone += deleted;
        }
    }
}
