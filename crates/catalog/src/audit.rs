//! Whether the catalog agrees with itself: its pages and keys, the bytes that its files have, and what it has counted.

use crate::column::{Row, values};
use crate::contents::HAS_ADDRESS;
use crate::sql::Db;
use crate::{Catalog, Error, blob_address};
use uuid::Uuid;

/// What was counted of files and is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongTotal {
    /// `container` or `account`.
    pub of: String,
    /// The sid of the container, or of the account's partner.
    pub sid: String,
    /// Bytes and files as counted.
    pub told: (i64, i64),
    /// Bytes and files as they are.
    pub found: (i64, i64),
}

/// The totals of containers, of what counts for their thresholds, and of accounts, where they are not what the files
/// are: (of, sid, bytes and files as counted, bytes and files as they are).
const WRONG_TOTALS: &str = "
    WITH kept AS (SELECT container_sid AS sid, sum(file_bytes) AS bytes, count(*) AS files,
        sum(file_bytes * threshold_include) AS counted_bytes, sum(threshold_include) AS counted_files
        FROM files GROUP BY container_sid),
    owned AS (SELECT partner_sid AS sid, sum(file_bytes) AS bytes, count(*) AS files FROM files GROUP BY partner_sid),
    totals AS (
        SELECT 'container' AS of, container_sid AS sid, total_bytes AS told_bytes, total_files AS told_files,
            coalesce(kept.bytes, 0) AS bytes, coalesce(kept.files, 0) AS files
        FROM containers LEFT JOIN kept ON kept.sid = container_sid
        UNION ALL
        SELECT 'container', container_sid, threshold_total_bytes, threshold_total_files,
            coalesce(kept.counted_bytes, 0), coalesce(kept.counted_files, 0)
        FROM containers LEFT JOIN kept ON kept.sid = container_sid
        UNION ALL
        SELECT 'account', partner_sid, total_bytes, total_files, coalesce(owned.bytes, 0), coalesce(owned.files, 0)
        FROM voipbin_accounts LEFT JOIN owned ON owned.sid = partner_sid)
    SELECT of, sid, told_bytes, told_files, CAST(bytes AS BIGINT), CAST(files AS BIGINT) FROM totals
    WHERE told_bytes <> bytes OR told_files <> files";

fn wrong_total(row: &mut Row) -> Result<WrongTotal, Error> {
    let (told, found) = ((row.take(2)?, row.take(3)?), (row.take(4)?, row.take(5)?));
    Ok(WrongTotal { of: row.take(0)?, sid: row.take(1)?, told, found })
}

fn wrong_totals(db: &Db) -> Result<Vec<WrongTotal>, Error> {
    db.all(WRONG_TOTALS, &[], wrong_total)
}

/// The totals as the files are.
const COUNTED_ANEW: [&str; 2] = [
    "UPDATE containers SET (total_bytes, total_files, threshold_total_bytes, threshold_total_files) = (
        SELECT coalesce(sum(file_bytes), 0), count(*), coalesce(sum(file_bytes * threshold_include), 0),
            coalesce(sum(threshold_include), 0)
        FROM files f WHERE f.container_sid = containers.container_sid)",
    "UPDATE voipbin_accounts SET (total_bytes, total_files) = (
        SELECT coalesce(sum(file_bytes), 0), count(*) FROM files f
        WHERE f.partner_sid = voipbin_accounts.partner_sid)",
];

impl Catalog {
    /// What the database finds wrong with its own pages, indexes and references; nothing if all is well.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn faults(&self) -> Result<Vec<String>, Error> {
        self.scan(|db| {
            // PostgreSQL lets no reference go wrong, and has tools of its own for its pages.
            let Db::Sqlite(_) = db else { return Ok(Vec::new()) };
            let told = db.all("PRAGMA integrity_check", &[], |row| row.take::<String>(0))?;
            let mut faults: Vec<_> = told.into_iter().filter(|line| line != "ok").collect();
            faults.extend(db.all("PRAGMA foreign_key_check", &[], |row| {
                let (of, to): (String, String) = (row.take(0)?, row.take(2)?);
                Ok(format!("a row of {of} refers to one of {to} that is not there"))
            })?);
            Ok(faults)
        })
        .await
    }

    /// Totals that are wrong; with `put_right`, they are counted anew in the same transaction.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn audit_totals(&self, put_right: bool) -> Result<Vec<WrongTotal>, Error> {
        if !put_right {
            return self.scan(wrong_totals).await;
        }
        self.change(|db| {
            let wrong = wrong_totals(db)?;
            if !wrong.is_empty() {
                for sql in COUNTED_ANEW {
                    db.execute(sql, &[])?;
                }
            }
            Ok(wrong)
        })
        .await
    }

    /// How many files there are, and how many bytes they have together.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file_totals(&self) -> Result<(u64, u64), Error> {
        self.scan(|db| {
            let sql = "SELECT count(*), CAST(coalesce(sum(file_bytes), 0) AS BIGINT) FROM files";
            let totals = db.find(sql, &[], |row| Ok((row.take(0)?, row.take(1)?)))?;
            Ok(totals.unwrap_or_default())
        })
        .await
    }

    /// The files whose bytes an object of the server's own store with this hash holds: sid and name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn files_of(&self, hash: &str) -> Result<Vec<(Uuid, String)>, Error> {
        let hash = blob_address(hash).to_owned();
        self.scan(move |db| {
            let sql = format!(
                "SELECT file_sid, name FROM files WHERE {HAS_ADDRESS} AND store = '' ORDER BY rowid"
            );
            db.all(&sql, &values![hash], named)
        })
        .await
    }

    /// Files for whose bytes the catalog knows no object, at most so many: sid and name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn files_without_object(&self, max: u32) -> Result<Vec<(Uuid, String)>, Error> {
        self.scan(move |db| {
            let sql = "SELECT file_sid, name FROM files f WHERE NOT EXISTS (SELECT 1 FROM blobs b
                WHERE b.store = f.store AND b.hash = substr(f.content_hash, 1, 64)) ORDER BY rowid LIMIT ?1";
            db.all(sql, &values![max], named)
        })
        .await
    }
}

fn named(row: &mut Row) -> Result<(Uuid, String), Error> {
    Ok((row.take(0)?, row.take(1)?))
}
