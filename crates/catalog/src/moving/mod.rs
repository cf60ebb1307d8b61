//! A catalog that goes from one database into another, whichever they are: all tables in one transaction, compared
//! before it commits. What a target holds until then says whose move was begun there.
//!
//! The objects go before (`objects.rs`), because they take long; each is known to the target before its first byte.

mod copy;
mod numbers;
mod objects;
mod tables;

pub use objects::Placed;

use crate::column::values;
use crate::cursor::Key;
use crate::meta::keep;
use crate::sql::Db;
use crate::{Catalog, Error};
use copy::{Digest, copy, digest};
use serde_json::{Map, Value};
use tables::TABLES;

/// Under this key a catalog keeps whose move was begun into it, until that is whole.
const MOVING_KEY: &str = "moving";

/// Tables that differ between a catalog and the one that it was moved to: where bytes lie, and that itself.
const OF_A_PLACE: [&str; 3] = ["blobs", "leftovers", "meta"];

/// What a catalog is to a move that is to go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It holds nothing but what this move brought.
    Open,
    /// It holds the store that is to be moved, or what became of it.
    Same,
    /// It holds another store.
    Another,
    /// A move of another store was begun into it.
    Begun,
}

/// What becomes of the objects of the server's own store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// They stay where they are.
    Stay,
    /// Those that were [placed](Catalog::place_objects) take their places.
    Moved,
}

/// Where the objects of the server's own store lie from then on: key and text of the catalog's `meta`, and how they
/// came there.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// The key.
    pub key: &'static str,
    /// The text.
    pub place: String,
    /// Whether they were brought there.
    pub objects: Objects,
}

impl Catalog {
    /// Whether a move into this catalog was begun and is not whole: it is of no use until then.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn is_half_moved(&self) -> Result<bool, Error> {
        Ok(self.meta(MOVING_KEY).await?.is_some())
    }

    /// Sessions of other servers and commands with the database; none are counted of a file, which its folder's lock
    /// is for. A role that may not see others' sessions counts its own alone.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn others(&self) -> Result<u64, Error> {
        self.read(|db| {
            let Db::Postgres(_) = db else { return Ok(0) };
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name LIKE 'tonearm%'
                AND application_name <> current_setting('application_name')";
            Ok(db.value(sql, &[])?.unwrap_or(0))
        })
        .await
    }

    /// The settings of all buckets of containers, their secrets sealed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn external_attributes(&self) -> Result<Vec<Map<String, Value>>, Error> {
        let sql = "SELECT external_attributes FROM containers WHERE kind <> 'internal'";
        self.scan(move |db| db.all(sql, &[], |row| row.take(0))).await
    }

    /// Begins to move the store of that [identity](Self::identity) into this catalog, or goes on with it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn begin_move(&self, of: String) -> Result<Target, Error> {
        self.write(move |db| {
            db.lock_names([MOVING_KEY])?;
            let sql = "SELECT value FROM meta WHERE key = ?";
            if let Some(begun) = db.value::<String>(sql, &values![MOVING_KEY])? {
                return Ok(if begun == of { Target::Open } else { Target::Begun });
            }
            if db.has("SELECT 1 FROM partners", &[])? || db.has("SELECT 1 FROM blobs", &[])? {
                return Ok(if Key::of(db)?.identity() == of {
                    Target::Same
                } else {
                    Target::Another
                });
            }
            keep(db, MOVING_KEY, &of)?;
            Ok(Target::Open)
        })
        .await
    }

    /// Copies all tables into a catalog in which this move was begun, compares them, and makes it the store's.
    /// `progress` is told each table and its rows.
    ///
    /// # Errors
    /// [`Error::Differs`]; the target is as it was then.
    pub async fn move_to(
        &self,
        to: &Self,
        place: NewPlace,
        progress: impl Fn(&'static str, u64) + Send + 'static,
    ) -> Result<(), Error> {
        let to = to.clone();
        self.scan(move |from| {
            from.unbounded()?;
            to.transact_at_once(|to| {
                to.unbounded()?;
                copy(from, to, &progress)?;
                place.settle(to)?;
                to.execute("DELETE FROM meta WHERE key = ?", &values![MOVING_KEY])?;
                Ok(())
            })
        })
        .await
    }

    /// Makes another place that of the objects, within one catalog.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn move_objects(&self, place: NewPlace) -> Result<(), Error> {
        let to = self.clone();
        // A scan may take as long as it needs, which a change may not.
        self.scan(move |_| {
            to.transact_at_once(|to| {
                to.unbounded()?;
                place.settle(to)
            })
        })
        .await
    }

    /// The tables that hold other rows here than there, but for those that tell of a place.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn differences(&self, other: &Self) -> Result<Vec<&'static str>, Error> {
        let (here, there) = (self.scan(digests).await?, other.scan(digests).await?);
        let pairs = here.into_iter().zip(there).filter(|(here, there)| here != there);
        Ok(pairs.map(|((table, _), _)| table).collect())
    }
}

/// What the tables hold that don't tell of a place.
fn digests(db: &Db) -> Result<Vec<(&'static str, Digest)>, Error> {
    db.unbounded()?;
    let tables = TABLES.iter().filter(|table| !OF_A_PLACE.contains(&table.name));
    tables.map(|table| Ok((table.name, digest(db, table)?))).collect()
}

impl NewPlace {
    fn settle(&self, db: &Db) -> Result<(), Error> {
        if self.objects == Objects::Moved {
            objects::take_their_places(db)?;
        }
        keep(db, self.key, &self.place)
    }
}
