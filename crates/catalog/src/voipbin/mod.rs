//! What VoIPBIN's storage API alone knows: of files, a row beside each that came in through it; of partners, their
//! accounts.

mod accounts;
mod list;

pub use accounts::VoipbinAccount;
pub use list::{VoipbinList, VoipbinPage, VoipbinSort, VoipbinStart};

use crate::attributes::Stored;
use crate::column::{Column, Row, values};
use crate::sql::Db;
use crate::value::Value;
use crate::{Catalog, Error, FileRow, ReferenceType, VoipbinType};
use uuid::Uuid;

/// What the API alone knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoipbinFile {
    /// What it is for.
    pub kind: VoipbinType,
    /// What people call it.
    pub name: String,
    /// What people say of it.
    pub detail: String,
    /// What kind of thing it belongs to.
    pub reference_type: ReferenceType,
    /// The thing that it belongs to; nil if to none.
    pub reference_id: Uuid,
}

/// A file, and what the API alone knows of it if it came in through it.
#[derive(Debug, Clone, PartialEq)]
pub struct VoipbinRow {
    /// The file.
    pub file: FileRow,
    /// What is beside it.
    pub beside: Option<VoipbinFile>,
}

impl VoipbinFile {
    const COLUMNS: &str = "type, name, detail, reference_type, reference_id";

    fn read(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            kind: row.take(0)?,
            name: row.take(1)?,
            detail: row.take(2)?,
            reference_type: row.take(3)?,
            reference_id: row.take(4)?,
        })
    }

    /// Writes it beside its file.
    pub(crate) fn keep(&self, db: &Db, file: &FileRow) -> Result<(), Error> {
        let columns = Self::COLUMNS;
        let new = columns.split(", ").map(|column| format!("excluded.{column}"));
        let new = new.collect::<Vec<_>>().join(", ");
        let sql = format!(
            "INSERT INTO voipbin_files (file_sid, partner_sid, date_created, {columns})
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (file_sid) DO UPDATE SET
            (partner_sid, date_created, {columns}) = (excluded.partner_sid, excluded.date_created, {new})"
        );
        db.execute(
            &sql,
            &values![
                file.file_sid,
                file.partner_sid,
                file.date_created,
                self.kind,
                self.name,
                self.detail,
                self.reference_type,
                self.reference_id,
            ],
        )?;
        Ok(())
    }

    fn of(db: &Db, file_sid: Uuid) -> Result<Option<Self>, Error> {
        let columns = Self::COLUMNS;
        let sql = format!("SELECT {columns} FROM voipbin_files WHERE file_sid = ?");
        db.find(&sql, &values![file_sid], Self::read)
    }
}

impl VoipbinRow {
    /// The token that it came in by, if it came in through the API.
    #[must_use]
    pub fn owner_id(&self) -> Option<Uuid> {
        self.beside.as_ref().and(self.file.created_by)
    }

    /// The file that a condition on one value finds first.
    fn find(db: &Db, condition: &str, value: Value) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {} FROM files WHERE {condition}", FileRow::selected());
        let Some(file) = db.find(&sql, &[value], FileRow::read)? else { return Ok(None) };
        let beside = VoipbinFile::of(db, file.file_sid)?;
        Ok(Some(Self { file, beside }))
    }
}

impl Catalog {
    /// A file, and what the API alone knows of it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn voipbin_file(&self, file_sid: Uuid) -> Result<Option<VoipbinRow>, Error> {
        self.read(move |db| VoipbinRow::find(db, "file_sid = ?", file_sid.value())).await
    }

    /// The newest of the files (of a partner, or of all) that belong to that recording.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn voipbin_recording(
        &self,
        partner_sid: Option<Uuid>,
        reference_id: Uuid,
    ) -> Result<Option<FileRow>, Error> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM files WHERE file_sid = (SELECT file_sid FROM voipbin_files
                WHERE reference_id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR partner_sid = ?2)
                AND reference_type = 'recording'
                ORDER BY date_created DESC, rowid DESC LIMIT 1)",
                FileRow::selected()
            );
            db.find(&sql, &values![reference_id, partner_sid], FileRow::read)
        })
        .await
    }

    /// Whose file it was, if it went a short time ago.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn voipbin_departed(&self, file_sid: Uuid) -> Result<Option<Uuid>, Error> {
        let sql = "SELECT partner_sid FROM voipbin_departed WHERE file_sid = ?";
        self.read_value(sql, values![file_sid]).await
    }

    /// Forgets at most so many of the files that went at that time (Unix milliseconds) or before; how many.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn forget_departed(&self, until_ms: i64, most: u32) -> Result<u64, Error> {
        let due = "SELECT EXISTS (SELECT 1 FROM voipbin_departed WHERE gone_at <= ?)";
        // A look first: nothing to do must not wait for the writers.
        if self.read_value(due, values![until_ms]).await? != Some(true) {
            return Ok(0);
        }
        self.write(move |db| {
            let sql = format!(
                "WITH due AS MATERIALIZED (
                    SELECT file_sid FROM voipbin_departed WHERE gone_at <= ? LIMIT ? {})
                DELETE FROM voipbin_departed WHERE file_sid IN (SELECT file_sid FROM due)",
                db.skip_locked()
            );
            db.execute(&sql, &values![until_ms, most])
        })
        .await
    }
}
