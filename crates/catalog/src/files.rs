//! Files: written, changed, looked up, listed, used, deleted.

use crate::attributes::Stored;
use crate::blobs::Going;
use crate::column::{Row, values};
use crate::contents::HAS_ADDRESS;
use crate::list::list;
use crate::query::{List, Listing};
use crate::sql::Db;
use crate::table::Table;
use crate::{Beside, Catalog, ContainerRow, Error, FileRow, Left, NewContent, Usage, claims, keys};
use uuid::Uuid;

/// The verdict of the rules on a file that comes in or grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Admission {
    /// When the container's threshold was reached, this file counted.
    pub threshold_hit_at: Option<i64>,
    /// The least recently used of the counted files go until at most so many bytes and files are left.
    pub shrink_to: Option<(u64, u64)>,
}

impl Catalog {
    /// Whether a new file would be kept now. Only a look: it spares a store the bytes of a file that is refused.
    ///
    /// # Errors
    /// Those of [`Self::insert_file`].
    pub async fn check_insert<E: From<Error> + Send + 'static>(
        &self,
        mut file: FileRow,
        beside: Beside,
        admit: impl FnOnce(&ContainerRow) -> Result<Admission, E> + Send + 'static,
    ) -> Result<(), E> {
        let look = move |db: &Db| Ok(decide(db, &mut file, &beside, |into, _| admit(into)));
        self.read(look).await?.map(|_| ())
    }

    /// Keeps a new file, its content and what is beside it, if `admit` lets it into the container. Returns what made
    /// room.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::NameTaken`], [`Error::KeysTaken`], and those of `admit`.
    pub async fn insert_file<E: From<Error> + Send + 'static>(
        &self,
        mut file: FileRow,
        beside: Beside,
        content: NewContent,
        admit: impl FnOnce(&ContainerRow) -> Result<Admission, E> + Clone + Send + 'static,
    ) -> Result<Left, E> {
        let insert = move |db: &Db| {
            claims::container(db, file.container_sid)?;
            beside.claim(db)?;
            let admission = decide(db, &mut file, &beside, |into, _| admit(into))?;
            let going = going(db, None, &file, &admission)?;
            db.lock_contents(touched(&file, None, &going))?;
            let mut left = Left::default();
            let has_new_facts = content.keep(db, &mut left)?;
            file.insert(db)?;
            beside.keep(db, &file)?;
            admitted(db, &file, &admission)?;
            let made_room = !going.is_empty();
            left.delete(db, going)?;
            // A link to the new file cannot have been looked up yet. What was found of files that made room for it, or
            // that have its content, counts no longer, because those have changed.
            Ok((left, made_room || has_new_facts))
        };
        self.transact(insert, |(_, changes)| *changes).await.map(|(left, _)| left)
    }

    /// Whether a file could be changed so now. Only a look, as [`Self::check_insert`] is.
    ///
    /// # Errors
    /// Those of [`Self::change_file`].
    pub async fn check_change<E: From<Error> + Send + 'static>(
        &self,
        file_sid: Uuid,
        beside: Beside,
        edit: impl FnOnce(&mut FileRow) -> Result<(), E> + Send + 'static,
        admit: impl FnOnce(&ContainerRow, &FileRow, &FileRow) -> Result<Admission, E> + Send + 'static,
    ) -> Result<(), E> {
        let look = move |db: &Db| Ok(edited(db, file_sid, &beside, |_, new| edit(new), admit));
        self.read(look).await?.map(|_| ())
    }

    /// Changes a file by `edit` and, if there is any, by new content, and what is beside it, in one transaction.
    /// `admit` is given the container that it will be in, the file as it was and as it will be. Returns the file and
    /// what it had no more use for.
    ///
    /// # Errors
    /// `Ok(None)` if there is no such file. [`Error::NoContainer`], [`Error::NameTaken`],
    /// [`Error::KeysTaken`], and those of `edit` and `admit`.
    pub async fn change_file<E: From<Error> + Send + 'static>(
        &self,
        file_sid: Uuid,
        beside: Beside,
        content: Option<NewContent>,
        edit: impl FnOnce(&mut FileRow) -> Result<(), E> + Clone + Send + 'static,
        admit: impl FnOnce(&ContainerRow, &FileRow, &FileRow) -> Result<Admission, E>
        + Clone
        + Send
        + 'static,
    ) -> Result<Option<(FileRow, Left)>, E> {
        self.change(move |db| {
            claims::container_of(db, file_sid)?;
            let edit = |old: &FileRow, new: &mut FileRow| {
                edit(new)?;
                claims::both(db, old, new)?;
                Ok(beside.claim(db)?)
            };
            let found = edited(db, file_sid, &beside, edit, admit)?;
            let Some((old, new, admission)) = found else { return Ok(None) };
            let going = going(db, Some(&old), &new, &admission)?;
            db.lock_contents(touched(&new, Some(&old), &going))?;
            let mut left = Left::default();
            if let Some(content) = content {
                content.keep(db, &mut left)?;
            }
            new.update(db)?;
            beside.keep(db, &new)?;
            admitted(db, &new, &admission)?;
            left.delete(db, going)?;
            left.forget(db, &old.store, &old.content_hash)?;
            Ok(Some((new, left)))
        })
        .await
    }

    /// A file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file(&self, file_sid: Uuid) -> Result<Option<FileRow>, Error> {
        self.read(move |db| FileRow::find(db, file_sid)).await
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
            FileRow::selected()
        );
        self.read_one(sql, values![hash, container_sid, name], FileRow::read).await
    }

    /// The file of a container that has this access name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file_at(
        &self,
        container_sid: Uuid,
        access_name: &str,
    ) -> Result<Option<FileRow>, Error> {
        let sql = format!(
            "SELECT {} FROM files WHERE container_sid = ?1 AND file_access_name = ?2",
            FileRow::selected()
        );
        self.read_one(sql, values![container_sid, access_name], FileRow::read).await
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
        self.scan_list(move |db| list(db, Table::Files, partner_sid, &wanted, FileRow::read)).await
    }

    /// Notes when files were read, but for those of which an access within `resolution_ms` is noted. One that is noted
    /// later than that is of a clock that was put back since, and counts no more. It changes nothing that
    /// [`Catalog::generation`] stands for.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn touch_files(
        &self,
        accesses: Vec<(Uuid, i64)>,
        resolution_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| match db {
            Db::Sqlite(_) => touch_each(db, accesses, resolution_ms),
            Db::Postgres(_) => touch_unlocked(db, &accesses, resolution_ms),
        })
        .await
    }

    /// Deletes a file, and its content with the last file of it. `None` if there is no such file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_file(&self, file_sid: Uuid) -> Result<Option<Left>, Error> {
        self.change(move |db| {
            let sql = "DELETE FROM files WHERE file_sid = ? RETURNING store, content_hash";
            claims::container_of(db, file_sid)?;
            let bytes = db.find(sql, &values![file_sid], stored)?;
            let Some((store, content)) = bytes else { return Ok(None) };
            db.lock_contents([&*content])?;
            let mut left = Left::default();
            left.forget(db, &store, &content)?;
            Ok(Some(left))
        })
        .await
    }
}

/// The store and the content of a file.
fn stored(row: &mut Row) -> Result<(String, String), Error> {
    Ok((row.take(0)?, row.take(1)?))
}

/// Decides whether a file may be as it is to be, and what follows from it.
fn decide<E: From<Error>>(
    db: &Db,
    file: &mut FileRow,
    beside: &Beside,
    admit: impl FnOnce(&ContainerRow, &FileRow) -> Result<Admission, E>,
) -> Result<Admission, E> {
    let into = ContainerRow::find(db, file.container_sid)?.ok_or(Error::NoContainer)?;
    // The container decides, because an administrator may have given it to another partner while the bytes came.
    file.partner_sid = into.partner_sid;
    let admission = admit(&into, file)?;
    check(db, file)?;
    beside.admit(db, file)?;
    Ok(admission)
}

/// A file as it is and as it is to be, and what follows from it.
fn edited<E: From<Error>>(
    db: &Db,
    file_sid: Uuid,
    beside: &Beside,
    edit: impl FnOnce(&FileRow, &mut FileRow) -> Result<(), E>,
    admit: impl FnOnce(&ContainerRow, &FileRow, &FileRow) -> Result<Admission, E>,
) -> Result<Option<(FileRow, FileRow, Admission)>, E> {
    let Some(old) = FileRow::find(db, file_sid)? else { return Ok(None) };
    let mut new = old.clone();
    edit(&old, &mut new)?;
    let admission = decide(db, &mut new, beside, |into, new| admit(into, &old, new))?;
    Ok(Some((old, new, admission)))
}

/// The access name and the keys must be free.
fn check(db: &Db, file: &FileRow) -> Result<(), Error> {
    let sql = "SELECT file_sid FROM files WHERE container_sid = ? AND file_access_name = ? AND file_sid <> ?";
    let values = values![file.container_sid, file.file_access_name, file.file_sid];
    match db.value(sql, &values)? {
        Some(file_sid) => Err(Error::NameTaken { file_sid }),
        None => keys::check_file(db, file),
    }
}

/// Notes what the rules said.
fn admitted(db: &Db, file: &FileRow, admission: &Admission) -> Result<(), Error> {
    let sql = "UPDATE containers SET threshold_hit_at = ?2
        WHERE container_sid = ?1 AND threshold_hit_at IS DISTINCT FROM ?2";
    db.execute(sql, &values![file.container_sid, admission.threshold_hit_at]).map(|_| ())
}

/// The contents that a change keeps or may have no more use for.
fn touched<'a>(
    new: &'a FileRow,
    old: Option<&'a FileRow>,
    going: &'a [Going],
) -> impl Iterator<Item = &'a str> {
    let files = [Some(new), old].into_iter().flatten();
    files.map(|file| &*file.content_hash).chain(going.iter().map(|file| &*file.content_hash))
}

/// The files that make room for a new or changed one: the least recently used that count in its container, itself
/// never, until the rest is within the target.
fn going(
    db: &Db,
    old: Option<&FileRow>,
    new: &FileRow,
    admission: &Admission,
) -> Result<Vec<Going>, Error> {
    /// Files that are looked at in one go.
    const SOME: u64 = 100;
    let Some((most_bytes, most_files)) = admission.shrink_to else { return Ok(Vec::new()) };
    let Usage { mut bytes, mut files } =
        ContainerRow::find(db, new.container_sid)?.ok_or(Error::NoContainer)?.threshold.usage;
    let counted = |old: &&FileRow| old.container_sid == new.container_sid && old.threshold_include;
    if let Some(old) = old.filter(counted) {
        (bytes, files) = (bytes.saturating_sub(old.file_bytes), files.saturating_sub(1));
    }
    if new.threshold_include {
        (bytes, files) = (bytes.saturating_add(new.file_bytes), files.saturating_add(1));
    }
    let sql = "SELECT file_sid, store, content_hash, file_bytes FROM files
        WHERE container_sid = ? AND threshold_include = 1 AND file_sid <> ?
        ORDER BY coalesce(date_last_accessed, date_created), rowid LIMIT ? OFFSET ?";
    let mut going = Vec::new();
    while bytes > most_bytes || files > most_files {
        let values = values![new.container_sid, new.file_sid, SOME, going.len() as u64];
        let found = db.all(sql, &values, |row| Ok((Going::read(row)?, row.take::<u64>(3)?)))?;
        if found.is_empty() {
            break;
        }
        for (file, length) in found {
            if bytes > most_bytes || files > most_files {
                going.push(file);
                (bytes, files) = (bytes.saturating_sub(length), files.saturating_sub(1));
            }
        }
    }
    Ok(going)
}

fn touch_each(db: &Db, accesses: Vec<(Uuid, i64)>, resolution_ms: i64) -> Result<(), Error> {
    let sql = "UPDATE files SET date_last_accessed = ?2
        WHERE file_sid = ?1 AND (date_last_accessed IS NULL OR abs(date_last_accessed - ?2) >= ?3)";
    for (file_sid, at_ms) in accesses {
        db.execute(sql, &values![file_sid, at_ms, resolution_ms])?;
    }
    Ok(())
}

/// In one statement that waits for nobody: a file that is being changed is passed by.
fn touch_unlocked(db: &Db, accesses: &[(Uuid, i64)], resolution_ms: i64) -> Result<(), Error> {
    let sql = "WITH accesses AS MATERIALIZED (
            SELECT f.file_sid, a.at
            FROM jsonb_to_recordset(CAST(CAST(?1 AS TEXT) AS JSONB)) AS a (sid TEXT, at BIGINT)
            JOIN files f ON f.file_sid = a.sid
            WHERE f.date_last_accessed IS NULL OR abs(f.date_last_accessed - a.at) >= ?2
            FOR UPDATE OF f SKIP LOCKED)
        UPDATE files SET date_last_accessed = a.at FROM accesses a WHERE files.file_sid = a.file_sid";
    let told =
        accesses.iter().map(|(sid, at)| serde_json::json!({"sid": sid.to_string(), "at": at}));
    let told = serde_json::Value::from_iter(told).to_string();
    db.execute(sql, &values![told, resolution_ms]).map(|_| ())
}
