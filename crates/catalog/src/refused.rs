//! Contents that could not be played by what the probe knew when it looked at them last.

use crate::attributes::Stored;
use crate::column::values;
use crate::{Catalog, ContentRow, Error, FileRow, Left, claims};
use uuid::Uuid;

impl Catalog {
    /// At most so many of the contents that a revision of the probe before this one refused last.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn refused_before(&self, revision: u32, max: u32) -> Result<Vec<String>, Error> {
        self.scan(move |db| {
            let sql = "SELECT content_hash FROM contents
                WHERE facts IS NULL AND probe_revision < ? LIMIT ?";
            db.all(sql, &values![revision, max], |row| row.take(0))
        })
        .await
    }

    /// The files that have a content.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn files_with(&self, content_hash: String) -> Result<Vec<FileRow>, Error> {
        self.scan(move |db| {
            let sql = format!("SELECT {} FROM files WHERE content_hash = ?", FileRow::selected());
            db.all(&sql, &values![content_hash], FileRow::read)
        })
        .await
    }

    /// Notes what was found of a content now, and what it says of one of its files; the bytes stay where they lie.
    /// Nothing is noted if the file has other content by now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn found_again(
        &self,
        file_sid: Uuid,
        content_hash: String,
        row: ContentRow,
        describe: impl FnOnce(&mut FileRow) + Clone + Send + 'static,
    ) -> Result<(), Error> {
        self.change(move |db| {
            claims::container_of(db, file_sid)?;
            db.lock_contents([&*content_hash, &*row.content_hash])?;
            let found =
                FileRow::find(db, file_sid)?.filter(|file| file.content_hash == content_hash);
            let Some(mut file) = found else { return Ok(()) };
            describe(&mut file);
            row.keep(db)?;
            file.update(db)?;
            // The object is the new content's as well, so that nothing is left of it.
            Left::default().forget(db, &file.store, &content_hash)?;
            Ok(())
        })
        .await
    }

    /// A content is still refused by a revision of the probe, with that reason.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn refused_again(
        &self,
        content_hash: String,
        revision: u32,
        reason: Option<String>,
    ) -> Result<(), Error> {
        self.write(move |db| {
            db.lock_contents([&*content_hash])?;
            let sql =
                "UPDATE contents SET probe_revision = ?2, probe_error = coalesce(?3, probe_error)
                WHERE content_hash = ?1 AND facts IS NULL";
            db.execute(sql, &values![content_hash, revision, reason])?;
            Ok(())
        })
        .await
    }
}
