//! Containers and files: written, looked up, listed, deleted.

use crate::column::Column;
use crate::{Catalog, ContainerRow, ContentRow, Error, FileRow};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::io;
use uuid::Uuid;

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// At most so many.
    pub limit: u64,
    /// Leaving out so many.
    pub offset: u64,
    /// Newest first.
    pub descending: bool,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

impl Catalog {
    /// Keeps a new container.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn insert_container(&self, container: ContainerRow) -> Result<(), Error> {
        self.change(move |db| Ok(container.insert(db, "containers")?)).await
    }

    /// A container.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn container(&self, container_sid: Uuid) -> Result<Option<ContainerRow>, Error> {
        let sql = "SELECT * FROM containers WHERE container_sid = ?";
        self.read_one(sql, vec![container_sid.to_string()], ContainerRow::read).await
    }

    /// Containers by date, of one partner or (`None`) of all.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn containers(
        &self,
        partner_sid: Option<Uuid>,
        page: Page,
    ) -> Result<Listing<ContainerRow>, Error> {
        let conditions = vec![("partner_sid", partner_sid)];
        self.read(move |db| list(db, "containers", conditions, page, ContainerRow::read)).await
    }

    /// Bytes and files that a container holds.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn usage(&self, container_sid: Uuid) -> Result<(u64, u64), Error> {
        self.read(move |db| Ok(usage(db, container_sid)?)).await
    }

    /// Keeps a new file and its content. `keep` puts the blob in place within the transaction, once
    /// nothing else can refuse the file.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::QuotaReached`], [`Error::NameTaken`], [`Error::Blob`].
    pub async fn insert_file(
        &self,
        file: FileRow,
        content: ContentRow,
        keep: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        self.change(move |db| {
            check_quota(db, &file)?;
            check_name(db, &file)?;
            content.keep(db)?;
            file.insert(db, "files")?;
            Ok(keep()?)
        })
        .await
    }

    /// A file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file(&self, file_sid: Uuid) -> Result<Option<FileRow>, Error> {
        let sql = "SELECT * FROM files WHERE file_sid = ?";
        self.read_one(sql, vec![file_sid.to_string()], FileRow::read).await
    }

    /// The oldest file of a container with that name and content.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn same_file(
        &self,
        container_sid: Uuid,
        name: &str,
        content_hash: &str,
    ) -> Result<Option<FileRow>, Error> {
        let sql = "SELECT * FROM files WHERE container_sid = ? AND name = ? AND content_hash = ?
            ORDER BY date_created LIMIT 1";
        let parameters = vec![container_sid.to_string(), name.to_owned(), content_hash.to_owned()];
        self.read_one(sql, parameters, FileRow::read).await
    }

    /// Files by date; `None` leaves a condition out.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn files(
        &self,
        partner_sid: Option<Uuid>,
        container_sid: Option<Uuid>,
        page: Page,
    ) -> Result<Listing<FileRow>, Error> {
        let conditions = vec![("partner_sid", partner_sid), ("container_sid", container_sid)];
        self.read(move |db| list(db, "files", conditions, page, FileRow::read)).await
    }

    /// Deletes a file; whether it was there. Its content stays until
    /// [`Catalog::forget_unreferenced`].
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_file(&self, file_sid: Uuid) -> Result<bool, Error> {
        self.change(move |db| {
            let mut delete = db.prepare_cached("DELETE FROM files WHERE file_sid = ?")?;
            Ok(delete.execute([file_sid.to_string()])? > 0)
        })
        .await
    }
}

fn usage(db: &Connection, container_sid: Uuid) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT coalesce(sum(file_bytes), 0) AS bytes, count(*) AS files FROM files WHERE container_sid = ?";
    let mut query = db.prepare_cached(sql)?;
    query.query_row([container_sid.to_string()], |row| {
        Ok((Column::read(row, "bytes")?, Column::read(row, "files")?))
    })
}

fn check_quota(db: &Connection, file: &FileRow) -> Result<(), Error> {
    let sql = "SELECT quota_bytes, quota_files FROM containers WHERE container_sid = ?";
    let limits: Option<(Option<u64>, Option<u64>)> = db
        .prepare_cached(sql)?
        .query_row([file.container_sid.to_string()], |row| {
            Ok((Column::read(row, "quota_bytes")?, Column::read(row, "quota_files")?))
        })
        .optional()?;
    let (quota_bytes, quota_files) = limits.ok_or(Error::NoContainer)?;
    if quota_bytes.is_none() && quota_files.is_none() {
        return Ok(());
    }
    let (bytes, files) = usage(db, file.container_sid)?;
    for (quota, limit, wanted) in [
        ("quota_bytes", quota_bytes, bytes.saturating_add(file.file_bytes)),
        ("quota_files", quota_files, files.saturating_add(1)),
    ] {
        if let Some(limit) = limit.filter(|limit| wanted > *limit) {
            return Err(Error::QuotaReached { quota, limit });
        }
    }
    Ok(())
}

fn check_name(db: &Connection, file: &FileRow) -> Result<(), Error> {
    let sql = "SELECT * FROM files WHERE container_sid = ? AND file_access_name = ?";
    let parameters = params![file.container_sid.to_string(), file.file_access_name];
    match db.prepare_cached(sql)?.query_row(parameters, FileRow::read).optional()? {
        Some(other) => Err(Error::NameTaken { file_sid: other.file_sid }),
        None => Ok(()),
    }
}

fn list<T>(
    db: &Connection,
    table: &str,
    conditions: Vec<(&str, Option<Uuid>)>,
    page: Page,
    of: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Listing<T>, Error> {
    let mut filter = String::from("1");
    let mut values = Vec::new();
    for (column, value) in conditions {
        if let Some(value) = value {
            filter.push_str(&format!(" AND {column} = ?"));
            values.push(value.to_string());
        }
    }
    let count = format!("SELECT count(*) AS total FROM {table} WHERE {filter}");
    let total = db
        .prepare_cached(&count)?
        .query_row(rusqlite::params_from_iter(&values), |row| Column::read(row, "total"))?;
    let order = if page.descending { "DESC" } else { "ASC" };
    let limit = page.limit.min(i64::MAX as u64);
    let offset = page.offset.min(i64::MAX as u64);
    let sql = format!(
        "SELECT * FROM {table} WHERE {filter} ORDER BY date_created {order}, rowid {order} LIMIT {limit} OFFSET {offset}"
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map(rusqlite::params_from_iter(&values), of)?;
    Ok(Listing { items: rows.collect::<Result<_, _>>()?, total })
}
