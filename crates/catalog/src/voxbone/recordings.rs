//! Recordings: made, changed, looked up, listed, deleted.

use super::{Of, Part, RECORDING, Recorded, RecordingRow, update};
use crate::attributes::{Described, Stored};
use crate::column::{Column, values};
use crate::sql::Db;
use crate::value::Value;
use crate::{Catalog, Error, FileRow, Left, claims};
use uuid::Uuid;

/// Recordings with their content, by a condition on `voxbone_recordings` whose parameters are these.
fn recorded(db: &Db, which: &str, of: &[Value]) -> Result<Vec<Recorded>, Error> {
    let files = FileRow::selected();
    let at = files.split(", ").count();
    // What the page leaves out is not joined.
    let sql = format!(
        "SELECT {files}, {RECORDING} FROM (SELECT recording, {RECORDING} FROM voxbone_recordings {which}) page
        LEFT JOIN files ON file_sid = recording_file AND partner_sid = recording_partner ORDER BY recording"
    );
    let sid = files.split(", ").position(|column| column == FileRow::ID).unwrap_or_default();
    db.all(&sql, of, |row| {
        let file = (!row.is_null(sid)).then(|| FileRow::read(row)).transpose()?;
        Ok(Recorded { recording: RecordingRow::read(row, at)?, file })
    })
}

pub(crate) fn recording(db: &Db, recording_id: Uuid) -> Result<Option<Recorded>, Error> {
    Ok(recorded(db, "WHERE recording_id = ?", &[recording_id.value()])?.pop())
}

impl Catalog {
    /// Keeps a new recording without content.
    ///
    /// # Errors
    /// [`Error::NoProfile`].
    pub async fn insert_recording(&self, row: RecordingRow) -> Result<(), Error> {
        self.write(move |db| row.insert(db)).await
    }

    /// A recording.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn recording(&self, recording_id: Uuid) -> Result<Option<Recorded>, Error> {
        self.read(move |db| recording(db, recording_id)).await
    }

    /// Recordings, of one profile if it is said, in the order of making.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn recordings(
        &self,
        of: Of,
        profile_id: Option<Uuid>,
        part: Part,
    ) -> Result<Vec<Recorded>, Error> {
        self.scan_list(move |db| {
            let which = match (profile_id, of) {
                // A profile has recordings of its partner alone.
                (Some(_), _) => "WHERE profile_id = ? ORDER BY recording LIMIT ? OFFSET ?",
                (None, Some(_)) => {
                    "WHERE recording_partner = ? ORDER BY recording LIMIT ? OFFSET ?"
                }
                (None, None) => "ORDER BY recording LIMIT ? OFFSET ?",
            };
            let of = profile_id.or(of).map(|sid| sid.value());
            let of: Vec<_> = of.into_iter().chain(part.values()).collect();
            recorded(db, which, &of)
        })
        .await
    }

    /// Changes a recording; `None` if there is no such.
    ///
    /// # Errors
    /// [`Error::NoProfile`], and those of `edit`.
    pub async fn change_recording<E: From<Error> + Send + 'static>(
        &self,
        recording_id: Uuid,
        edit: impl FnOnce(&mut RecordingRow) -> Result<(), E> + Clone + Send + 'static,
    ) -> Result<Option<Recorded>, E> {
        self.write(move |db| {
            db.lock_names([&*recording_id.to_string()])?;
            let Some(mut found) = recording(db, recording_id)? else { return Ok(None) };
            edit(&mut found.recording)?;
            found.recording.check(db)?;
            update(db, "voxbone_recordings", RECORDING, &found.recording.values())?;
            Ok(Some(found))
        })
        .await
    }

    /// Deletes a recording and its file. `None` if there is no such.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_recording(&self, recording_id: Uuid) -> Result<Option<Left>, Error> {
        self.change(move |db| {
            let of = "SELECT recording_file FROM voxbone_recordings WHERE recording_id = ?";
            let file_sid: Option<Option<Uuid>> = db.value(of, &values![recording_id])?;
            if let Some(file_sid) = file_sid.flatten() {
                claims::container_of(db, file_sid)?;
            }
            db.lock_names([&*recording_id.to_string()])?;
            let Some(found) = recording(db, recording_id)? else { return Ok(None) };
            if Some(found.recording.file_sid) != file_sid {
                return Err(Error::Again);
            }
            let sql = "DELETE FROM voxbone_recordings WHERE recording_id = ?";
            db.execute(sql, &values![recording_id])?;
            let mut left = Left::default();
            if let Some(file) = found.file {
                db.lock_contents([&*file.content_hash])?;
                let sql = "DELETE FROM files WHERE file_sid = ?";
                db.execute(sql, &values![file.file_sid])?;
                left.forget(db, &file.store, &file.content_hash)?;
            }
            Ok(Some(left))
        })
        .await
    }
}
