//! Objects that are brought to another place. Until all are there they stand beside those that the catalog tells of,
//! under stores that no file names: `moving` from before an object's first byte, `moved` once it is known to be whole.

use crate::column::values;
use crate::sql::Db;
use crate::{Catalog, Error};

/// The object that is to hold some bytes at the new place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// BLAKE3 of the bytes, hex.
    pub hash: String,
    /// Their length.
    pub length_bytes: u64,
    /// The object's name.
    pub object: String,
    /// Whether it is there and whole.
    pub is_whole: bool,
    /// Whether it was noted before: it may be there then, or a part of it.
    pub was_begun: bool,
    /// The multipart upload by which it comes, if it was noted with one.
    pub upload: Option<String>,
}

impl Catalog {
    /// Notes the objects that are to hold these bytes, or gives those that were noted before.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn place_objects(&self, objects: Vec<Placed>) -> Result<Vec<Placed>, Error> {
        let note = |db: &Db, new: Placed| {
            let sql = "SELECT object, store = 'moved', e_tag FROM blobs
                WHERE hash = ? AND store IN ('moving', 'moved')";
            let noted = db.find(sql, &values![new.hash], |row| {
                Ok((row.take(0)?, row.take(1)?, row.take(2)?))
            })?;
            if let Some((object, is_whole, upload)) = noted {
                return Ok(Placed { object, is_whole, was_begun: true, upload, ..new });
            }
            let sql = "INSERT INTO blobs (object, store, hash, length_bytes)
                VALUES (?, 'moving', ?, ?)";
            db.execute(sql, &values![new.object, new.hash, new.length_bytes])?;
            Ok(new)
        };
        self.write(move |db| objects.into_iter().map(|new| note(db, new)).collect()).await
    }

    /// Notes the multipart upload by which an object comes, where its ETag will be.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn place_upload(&self, object: String, upload: String) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE blobs SET e_tag = ? WHERE object = ? AND store = 'moving'";
            db.execute(sql, &values![upload, object]).map(|_| ())
        })
        .await
    }

    /// Notes that these are whole, each with the ETag that its store gave.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn settle_objects(&self, whole: Vec<(String, Option<String>)>) -> Result<(), Error> {
        self.write(move |db| {
            for (object, e_tag) in whole {
                let sql = "UPDATE blobs SET store = 'moved', e_tag = ? WHERE object = ?";
                db.execute(sql, &values![e_tag, object])?;
            }
            Ok(())
        })
        .await
    }
}

/// Makes the new objects those that hold the bytes. What was left to be removed at the old place stays there, and what
/// was brought for files that went meanwhile is left at the new one.
pub(super) fn take_their_places(db: &Db) -> Result<(), Error> {
    let sql = "SELECT 1 FROM blobs old WHERE store = ''
        AND NOT EXISTS (SELECT 1 FROM blobs WHERE store = 'moved' AND hash = old.hash)";
    if db.has(sql, &[])? {
        return Err(Error::Differs("blobs"));
    }
    let statements = [
        "DELETE FROM leftovers WHERE store = ''",
        "INSERT INTO leftovers (object, store, due_at) SELECT object, '', 0 FROM blobs new
            WHERE store IN ('moving', 'moved')
            AND NOT EXISTS (SELECT 1 FROM blobs WHERE store = '' AND hash = new.hash)",
        "DELETE FROM blobs WHERE store = ''",
        "DELETE FROM blobs WHERE object IN (SELECT object FROM leftovers)",
        "UPDATE blobs SET store = '' WHERE store = 'moved'",
    ];
    statements.iter().try_for_each(|sql| db.execute(sql, &[]).map(|_| ()))
}
