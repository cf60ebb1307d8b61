//! A copy of the catalog as it is at one moment, beside those who write.

use crate::sql::Db;
use crate::sqlite::keep_private;
use crate::{Catalog, Error};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::path::PathBuf;
use std::time::Duration;

/// All pages in one step: a copy that rests in between begins anew at every write.
const PAGES_AT_A_TIME: i32 = i32::MAX;

/// Between two tries at a page that another process holds.
const PAUSE: Duration = Duration::from_millis(50);

impl Catalog {
    /// Copies the catalog into a file, over what is there. It is the catalog of one moment; nobody waits.
    ///
    /// # Errors
    /// [`Error::Full`] if the disk of the copy is; [`Error`].
    pub async fn snapshot(&self, to: PathBuf) -> Result<(), Error> {
        self.scan(move |db| {
            keep_private(&to)?;
            let mut copy = Connection::open(&to)?;
            let Db::Sqlite(db) = db else {
                return Err(Error::Location("a database is copied by pg_dump".to_owned()));
            };
            Backup::new(db, &mut copy)?.run_to_completion(PAGES_AT_A_TIME, PAUSE, None)?;
            Ok(())
        })
        .await
    }
}
