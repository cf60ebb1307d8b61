//! Files: written, changed, looked up, listed, used, deleted.

use crate::attributes::Table;
use crate::containers::container;
use crate::contents::HAS_ADDRESS;
use crate::list::{List, Listing, list};
use crate::{Catalog, ContainerRow, ContentRow, Error, FileRow, keys};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::io;
use uuid::Uuid;

/// What the rules say of a file that comes in or grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Admission {
    /// When the container's threshold was reached, this file counted.
    pub threshold_hit_at: Option<i64>,
    /// The least recently used of the counted files go until at most so many bytes and files are left.
    pub shrink_to: Option<(u64, u64)>,
}

/// New bytes of a file.
pub struct NewContent<K> {
    /// Their row.
    pub row: ContentRow,
    /// Puts the blob in place, within the transaction, once nothing else can refuse the file.
    pub keep: K,
}

impl Catalog {
    /// Keeps a new file and its content, if `admit` lets it into the container. Returns the contents
    /// that made room.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::NameTaken`], [`Error::KeysTaken`], [`Error::Blob`], and those
    /// of `admit`.
    pub async fn insert_file<E: From<Error> + Send + 'static>(
        &self,
        mut file: FileRow,
        content: NewContent<impl FnOnce() -> io::Result<()> + Send + 'static>,
        admit: impl FnOnce(&ContainerRow) -> Result<Admission, E> + Send + 'static,
    ) -> Result<Vec<String>, E> {
        let insert = move |db: &Transaction<'_>| {
            let into = container(db, file.container_sid)?.ok_or(Error::NoContainer)?;
            // It may have been given to another partner while the bytes came.
            file.partner_sid = into.partner_sid;
            let admission = admit(&into)?;
            check(db, &file)?;
            let has_new_facts = content.row.keep(db).map_err(Error::from)?;
            file.insert(db, "files").map_err(Error::from)?;
            let gone = admitted(db, &file, &admission)?;
            (content.keep)().map_err(Error::from)?;
            Ok((gone, has_new_facts))
        };
        // Nothing was found yet where a new file is; what made room for it was, and what has its content.
        let changes =
            |(gone, has_new_facts): &(Vec<String>, bool)| !gone.is_empty() || *has_new_facts;
        self.transact(insert, changes).await.map(|(gone, _)| gone)
    }

    /// Changes a file by `edit` and, if there is any, by new content, in one transaction. `admit` is
    /// given the container that it will be in, the file as it was and as it will be. Returns the file
    /// and the contents that may have lost their last file.
    ///
    /// # Errors
    /// `Ok(None)` if there is no such file. [`Error::NoContainer`], [`Error::NameTaken`],
    /// [`Error::KeysTaken`], [`Error::Blob`], and those of `edit` and `admit`.
    pub async fn change_file<E: From<Error> + Send + 'static>(
        &self,
        file_sid: Uuid,
        content: Option<NewContent<impl FnOnce() -> io::Result<()> + Send + 'static>>,
        edit: impl FnOnce(&mut FileRow) -> Result<(), E> + Send + 'static,
        admit: impl FnOnce(&ContainerRow, &FileRow, &FileRow) -> Result<Admission, E> + Send + 'static,
    ) -> Result<Option<(FileRow, Vec<String>)>, E> {
        self.change(move |db| {
            let Some(old) = file(db, file_sid)? else { return Ok(None) };
            let mut new = old.clone();
            edit(&mut new)?;
            let into = container(db, new.container_sid)?.ok_or(Error::NoContainer)?;
            new.partner_sid = into.partner_sid;
            let admission = admit(&into, &old, &new)?;
            check(db, &new)?;
            let (row, keep) = content.map(|c| (c.row, c.keep)).unzip();
            row.map_or(Ok(false), |row| row.keep(db)).map_err(Error::from)?;
            new.update(db, "files").map_err(Error::from)?;
            let mut gone = admitted(db, &new, &admission)?;
            gone.push(old.content_hash);
            keep.map_or(Ok(()), |keep| keep()).map_err(Error::from)?;
            Ok(Some((new, gone)))
        })
        .await
    }

    /// A file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file(&self, file_sid: Uuid) -> Result<Option<FileRow>, Error> {
        self.read(move |db| file(db, file_sid)).await
    }

    /// The oldest file of a container with that name and these bytes, however they are read.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn same_file(
        &self,
        container_sid: Uuid,
        name: &str,
        hash: &str,
    ) -> Result<Option<FileRow>, Error> {
        let sql = format!(
            "SELECT {} FROM files WHERE container_sid = ?2 AND name = ?3 AND {HAS_ADDRESS}
            ORDER BY rowid LIMIT 1",
            FileRow::SELECTED
        );
        let parameters = vec![hash.to_owned(), container_sid.to_string(), name.to_owned()];
        self.read_one(sql, parameters, FileRow::read).await
    }

    /// Files, of one partner or (`None`) of all.
    ///
    /// # Errors
    /// [`Error::BadList`].
    pub async fn files(
        &self,
        partner_sid: Option<Uuid>,
        wanted: List,
    ) -> Result<Listing<FileRow>, Error> {
        self.scan(move |db| list(db, Table::Files, partner_sid, &wanted, FileRow::read)).await
    }

    /// Notes when files were read, but for those of which an access less than `resolution_ms` before
    /// is noted. It changes nothing that [`Catalog::generation`] stands for.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn touch_files(
        &self,
        accesses: Vec<(Uuid, i64)>,
        resolution_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE files SET date_last_accessed = ?2
                WHERE file_sid = ?1 AND coalesce(date_last_accessed <= ?2 - ?3, 1)";
            let mut touch = db.prepare_cached(sql)?;
            for (file_sid, at_ms) in accesses {
                touch.execute(params![file_sid.to_string(), at_ms, resolution_ms])?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes a file; its content's id, if it was there. The content stays until
    /// [`Catalog::forget`].
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_file(&self, file_sid: Uuid) -> Result<Option<String>, Error> {
        self.change(move |db| {
            let sql = "DELETE FROM files WHERE file_sid = ? RETURNING content_hash";
            let mut delete = db.prepare_cached(sql)?;
            Ok(delete.query_row([file_sid.to_string()], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Deletes at most so many of the files whose lifecycle has ended; their contents' ids.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_expired(&self, now_ms: i64, most: u32) -> Result<Vec<String>, Error> {
        let sql = "SELECT file_sid FROM files WHERE lifecycle_action = 'delete'
            AND lifecycle_ttl >= 0 AND date_created + lifecycle_ttl * 1000 <= ? LIMIT ?";
        let found = self
            .scan(move |db| {
                let mut query = db.prepare_cached(sql)?;
                let sids = query.query_map(params![now_ms, most], |row| row.get(0))?;
                Ok(sids.collect::<Result<Vec<String>, _>>()?)
            })
            .await?;
        // Nothing to do must not disturb what others keep of the catalog.
        if found.is_empty() {
            return Ok(Vec::new());
        }
        self.change(move |db| {
            let sql = "DELETE FROM files WHERE file_sid = ? AND lifecycle_action = 'delete'
                AND lifecycle_ttl >= 0 AND date_created + lifecycle_ttl * 1000 <= ? RETURNING content_hash";
            let mut delete = db.prepare_cached(sql)?;
            let mut gone = Vec::new();
            for sid in &found {
                gone.extend(delete.query_row(params![sid, now_ms], |row| row.get(0)).optional()?);
            }
            Ok(gone)
        })
        .await
    }
}

fn file(db: &Connection, file_sid: Uuid) -> Result<Option<FileRow>, Error> {
    let sql = format!("SELECT {} FROM files WHERE file_sid = ?", FileRow::SELECTED);
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_row([file_sid.to_string()], FileRow::read).optional()?)
}

/// The access name and the keys must be free.
fn check(db: &Connection, file: &FileRow) -> Result<(), Error> {
    let sql = "SELECT file_sid FROM files WHERE container_sid = ? AND file_access_name = ? AND file_sid <> ?";
    let values =
        params![file.container_sid.to_string(), file.file_access_name, file.file_sid.to_string()];
    let other: Option<String> =
        db.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    match other {
        Some(sid) => Err(Error::NameTaken { file_sid: sid.parse().unwrap_or_default() }),
        None => keys::check_file(db, file),
    }
}

/// Notes what the rules said, and makes room; the contents of the files that went.
fn admitted(db: &Connection, file: &FileRow, admission: &Admission) -> Result<Vec<String>, Error> {
    let sql = "UPDATE containers SET threshold_hit_at = ?2
        WHERE container_sid = ?1 AND threshold_hit_at IS NOT ?2";
    db.prepare_cached(sql)?
        .execute(params![file.container_sid.to_string(), admission.threshold_hit_at])?;
    match admission.shrink_to {
        Some(target) => shrink(db, file, target),
        None => Ok(Vec::new()),
    }
}

/// Deletes the least recently used counted files of a container, `newest` never, down to the target.
fn shrink(
    db: &Connection,
    newest: &FileRow,
    (most_bytes, most_files): (u64, u64),
) -> Result<Vec<String>, Error> {
    let row = container(db, newest.container_sid)?.ok_or(Error::NoContainer)?;
    let (mut bytes, mut files) = (row.threshold_total_bytes, row.threshold_total_files);
    let sql = "SELECT file_sid, content_hash, file_bytes FROM files
        WHERE container_sid = ? AND threshold_include = 1 AND file_sid <> ?
        ORDER BY coalesce(date_last_accessed, date_created), rowid";
    let mut query = db.prepare_cached(sql)?;
    let sids = params![newest.container_sid.to_string(), newest.file_sid.to_string()];
    let mut rows = query.query(sids)?;
    let mut gone: Vec<(String, String)> = Vec::new();
    while bytes > most_bytes || files > most_files {
        let Some(row) = rows.next()? else { break };
        gone.push((row.get(0)?, row.get(1)?));
        bytes = bytes.saturating_sub(row.get::<_, i64>(2)?.unsigned_abs());
        files = files.saturating_sub(1);
    }
    drop(rows);
    let mut delete = db.prepare_cached("DELETE FROM files WHERE file_sid = ?")?;
    for (sid, _) in &gone {
        delete.execute([sid])?;
    }
    Ok(gone.into_iter().map(|(_, content_hash)| content_hash).collect())
}
