//! Files whose lifecycle has ended.

use crate::blobs::Going;
use crate::column::values;
use crate::sql::Db;
use crate::{Catalog, Error, Left, claims};
use uuid::Uuid;

const ENDED: &str = "lifecycle_action = 'delete' AND lifecycle_ttl >= 0 AND date_created + lifecycle_ttl * 1000 <= ?";

impl Catalog {
    /// Deletes at most so many of the files whose lifecycle has ended; how many. Those of a container go together, but
    /// for one that somebody else is changing, or sweeping.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_expired(&self, now_ms: i64, most: u32) -> Result<u64, Error> {
        let sql = format!("SELECT container_sid FROM files WHERE {ENDED} LIMIT ?");
        let found = self.scan(move |db| db.all(&sql, &values![now_ms, most], |row| row.take(0)));
        let mut containers: Vec<Uuid> = found.await?;
        containers.sort_unstable();
        containers.dedup();
        let mut gone = 0;
        for container in containers {
            let left = u64::from(most).saturating_sub(gone);
            let sweep = move |db: &Db| sweep(db, container, now_ms, left);
            // Nothing to do must not disturb what others keep of the catalog.
            gone += self.transact(sweep, |gone| *gone > 0).await?;
        }
        Ok(gone)
    }
}

fn sweep(db: &Db, container: Uuid, now_ms: i64, most: u64) -> Result<u64, Error> {
    if !claims::free_container(db, container)? {
        return Ok(0);
    }
    let sql = format!(
        "SELECT file_sid, store, content_hash FROM files WHERE container_sid = ? AND {ENDED} LIMIT ?"
    );
    let going = db.all(&sql, &values![container, now_ms, most], Going::read)?;
    db.lock_contents(going.iter().map(|file| &*file.content_hash))?;
    let gone = going.len() as u64;
    Left::default().delete(db, going)?;
    Ok(gone)
}
