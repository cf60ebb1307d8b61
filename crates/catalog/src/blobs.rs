//! Where bytes lie: the object that holds them, as long as a file has them, and the leftovers that are to go.
//!
//! Bytes are put into the store before the transaction that refers to them, and removed after the one that ends that.
//! Here is only told which object that is. A reference and the leftover of its object change in one transaction, so no
//! object is both.

use crate::column::{Row, values};
use crate::contents::HAS_ADDRESS;
use crate::sql::Db;
use crate::{Catalog, ContentRow, Error, blob_address};
use uuid::Uuid;

/// Bytes of a file that are in the store already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContent {
    /// Their row.
    pub row: ContentRow,
    /// The object that holds them; no content had it before.
    pub object: Object,
    /// Whether it was [announced](Catalog::announce): the leftover goes with the reference that comes.
    pub is_announced: bool,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The sid of the container in whose bucket it lies; empty for the server's own store.
    pub store: String,
    /// Its name.
    pub name: String,
    /// The ETag that the store gave it, if it gives such.
    pub e_tag: Option<String>,
}

/// An object that nothing refers to any more. Once somebody has taken it to remove it, no content can be kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The sid of the container in whose bucket it lies; empty for the server's own store.
    pub store: String,
    /// The object's name.
    pub object: String,
    /// The multipart upload by which it came, if it came by one.
    pub upload: Option<String>,
}

/// Since when nothing refers to what is to go, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftSince {
    /// In the server's own store.
    pub own_ms: i64,
    /// In the buckets of containers; no later than in the server's own store.
    pub external_ms: i64,
}

fn leftover(row: &mut Row) -> Result<Leftover, Error> {
    Ok(Leftover { store: row.take(0)?, object: row.take(1)?, upload: row.take(2)? })
}

impl NewContent {
    /// From now on the object holds the content's bytes. One that held the same bytes so far is `left`: so whatever
    /// became of it, the bytes are whole again. Returns whether more is known of the content now.
    pub(crate) fn keep(&self, db: &Db, left: &mut Left) -> Result<bool, Error> {
        let hash = blob_address(&self.row.content_hash);
        let Object { store, name, e_tag } = &self.object;
        let sql = "DELETE FROM blobs WHERE store = ? AND hash = ? RETURNING object";
        let replaced = db.value(sql, &values![store, hash])?;
        replaced.map_or(Ok(()), |object| left.add(db, store, object))?;
        let sql =
            "INSERT INTO blobs (object, store, hash, length_bytes, e_tag) VALUES (?, ?, ?, ?, ?)";
        db.execute(sql, &values![name, store, hash, self.row.length_bytes, e_tag])?;
        if self.is_announced {
            let sql = "DELETE FROM leftovers WHERE object = ? AND taken = 0";
            if db.execute(sql, &values![name])? == 0 {
                return Err(Error::ObjectTaken);
            }
        }
        self.row.keep(db)
    }
}

/// The objects that a transaction makes leftovers. Whoever runs it removes them; what comes in between, a sweep.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left(pub Vec<Leftover>);

/// A file that is to be deleted.
pub(crate) struct Going {
    file_sid: Uuid,
    store: String,
    pub content_hash: String,
}

impl Going {
    /// Reads a query that selects `file_sid, store, content_hash` first.
    pub fn read(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { file_sid: row.take(0)?, store: row.take(1)?, content_hash: row.take(2)? })
    }
}

impl Left {
    /// Deletes files, and their contents with the last file of each.
    pub(crate) fn delete(&mut self, db: &Db, files: Vec<Going>) -> Result<(), Error> {
        for file in files {
            db.execute("DELETE FROM files WHERE file_sid = ?", &values![file.file_sid])?;
            self.forget(db, &file.store, &file.content_hash)?;
        }
        Ok(())
    }

    fn add(&mut self, db: &Db, store: &str, object: String) -> Result<(), Error> {
        let sql = "INSERT INTO leftovers (object, store, due_at) VALUES (?, ?, ?)
             ON CONFLICT (object) DO UPDATE SET due_at = excluded.due_at";
        // Since now nothing refers to it.
        let now_ms = jiff::Timestamp::now().as_millisecond();
        db.execute(sql, &values![object, store, now_ms])?;
        self.0.push(Leftover { store: store.to_owned(), object, upload: None });
        Ok(())
    }

    /// Forgets a content that no file has, and what was learned of its outputs; with the last file of a store that has
    /// its bytes their object there is left.
    pub(crate) fn forget(&mut self, db: &Db, store: &str, content_id: &str) -> Result<(), Error> {
        let sql = "DELETE FROM contents WHERE content_hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE content_hash = ?1)";
        db.execute(sql, &values![content_id])?;
        let sql = format!(
            "DELETE FROM blobs WHERE store = ?2 AND hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE store = ?2 AND {HAS_ADDRESS}) RETURNING object"
        );
        let object = db.value(&sql, &values![blob_address(content_id), store])?;
        object.map_or(Ok(()), |object| self.add(db, store, object))
    }
}

impl Catalog {
    /// The object that holds a content's bytes in a store, if the content is there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn object_of(&self, store: &str, content_id: &str) -> Result<Option<Object>, Error> {
        let sql = "SELECT store, object, e_tag FROM blobs WHERE store = ? AND hash = ?";
        let object = |row: &mut Row| {
            Ok(Object { store: row.take(0)?, name: row.take(1)?, e_tag: row.take(2)? })
        };
        self.read_one(sql, values![store, blob_address(content_id)], object).await
    }

    /// An object has another ETag than its put gave, since its bucket was copied or restored; its bytes are the same.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn change_e_tag(&self, object: String, e_tag: Option<String>) -> Result<(), Error> {
        self.change(move |db| {
            let sql = "UPDATE blobs SET e_tag = ? WHERE object = ?";
            db.execute(sql, &values![e_tag, object])?;
            Ok(())
        })
        .await
    }

    /// Notes an object before it is put: a leftover from then on, Unix milliseconds, unless a content is kept in it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn announce(
        &self,
        store: String,
        object: String,
        due_at_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "INSERT INTO leftovers (object, store, due_at) VALUES (?, ?, ?)";
            db.execute(sql, &values![object, store, due_at_ms])?;
            Ok(())
        })
        .await
    }

    /// Notes the multipart upload by which an announced object comes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn announce_upload(&self, object: String, upload: String) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE leftovers SET upload = ? WHERE object = ?";
            db.execute(sql, &values![upload, object])?;
            Ok(())
        })
        .await
    }

    /// At most so many of the objects of the server's own store that hold contents, in the order of their names,
    /// behind this one; each with its length in bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn objects_after(
        &self,
        object: String,
        max: u32,
    ) -> Result<Vec<(String, u64)>, Error> {
        self.scan(move |db| {
            let sql = "SELECT object, length_bytes FROM blobs WHERE object > ? AND store = ''
                ORDER BY object LIMIT ?";
            db.all(sql, &values![object, max], |row| Ok((row.take(0)?, row.take(1)?)))
        })
        .await
    }

    /// Whether anything is stored in the server's own store.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_objects(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blobs WHERE store = '')";
        Ok(self.read_value(sql, []).await?.unwrap_or(false))
    }

    /// Those of these objects of which the catalog knows nothing: they hold no content and are no leftovers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn unknown_objects(&self, objects: Vec<String>) -> Result<Vec<String>, Error> {
        self.scan(move |db| {
            let sql = "SELECT 1 FROM blobs WHERE object = ?1
                UNION ALL SELECT 1 FROM leftovers WHERE object = ?1";
            let mut unknown = Vec::new();
            for object in objects {
                if !db.has(sql, &values![object])? {
                    unknown.push(object);
                }
            }
            Ok(unknown)
        })
        .await
    }

    /// Makes an object a leftover unless it holds a content: the transaction that was to refer to it may have failed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn leave(&self, store: String, object: String) -> Result<Left, Error> {
        self.write(move |db| {
            let mut left = Left::default();
            // The transaction may still be under way somewhere.
            db.lock_contents([&*object])?;
            if !db.has("SELECT 1 FROM blobs WHERE object = ?", &values![object])? {
                left.add(db, &store, object)?;
            }
            Ok(left)
        })
        .await
    }

    /// Takes at most so many of the leftovers that nothing has referred to for long enough, the longest left first.
    /// They are due again at `again_ms`, in case whoever took them fails.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn take_leftovers(
        &self,
        left: LeftSince,
        again_ms: i64,
        max: u32,
    ) -> Result<Vec<Leftover>, Error> {
        self.write(move |db| {
            let sql = format!(
                "WITH due AS MATERIALIZED (
                    SELECT object FROM leftovers WHERE due_at <= ?1 AND (store = '' OR due_at <= ?2)
                    ORDER BY due_at LIMIT ?4 {})
                UPDATE leftovers SET taken = 1, due_at = ?3 WHERE object IN (SELECT object FROM due)
                RETURNING store, object, upload",
                db.skip_locked()
            );
            let LeftSince { own_ms, external_ms } = left;
            db.all(&sql, &values![own_ms, external_ms, again_ms, max], leftover)
        })
        .await
    }

    /// Takes all leftovers of a store, due or not.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn take_all_leftovers(&self, store: String) -> Result<Vec<Leftover>, Error> {
        self.write(move |db| {
            let sql =
                "UPDATE leftovers SET taken = 1 WHERE store = ? RETURNING store, object, upload";
            db.all(sql, &values![store], leftover)
        })
        .await
    }

    /// Leftovers that are gone are forgotten; others are due again later.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn settle_leftovers(
        &self,
        gone: Vec<String>,
        others: Vec<String>,
        due_at_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            for object in gone {
                db.execute("DELETE FROM leftovers WHERE object = ?", &values![object])?;
            }
            for object in others {
                let sql = "UPDATE leftovers SET due_at = ?2 WHERE object = ?1";
                db.execute(sql, &values![object, due_at_ms])?;
            }
            Ok(())
        })
        .await
    }
}
