//! What the EvoVoice API alone knows of files: a row beside each file of which something is said, the index that its
//! transcriptions are found by (`search.rs`), and its lists (`list.rs`).

mod list;
pub(crate) mod search;

pub use list::{EvoVoiceList, EvoVoiceOrder, EvoVoicePage};
pub(crate) use search::index_anew;

use crate::attributes::Stored;
use crate::column::{Column, Row, unreadable, values};
use crate::sql::Db;
use crate::{Catalog, Error, EvoVoiceType, FileRow};
use uuid::Uuid;

/// A text that is said of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // They are the API's own members.
pub enum EvoVoiceText {
    SessionId,
    CustomerId,
    CustomerName,
    UserId,
    UserName,
    RecordingSid,
    RecordingFrom,
    FromAddress,
    ToAddress,
    Transcription,
    AiTranscription,
}

impl EvoVoiceText {
    /// All of them, in their order.
    pub const ALL: [Self; 11] = [
        Self::SessionId,
        Self::CustomerId,
        Self::CustomerName,
        Self::UserId,
        Self::UserName,
        Self::RecordingSid,
        Self::RecordingFrom,
        Self::FromAddress,
        Self::ToAddress,
        Self::Transcription,
        Self::AiTranscription,
    ];

    /// What the API calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionId => "SessionId",
            Self::CustomerId => "CustomerId",
            Self::CustomerName => "CustomerName",
            Self::UserId => "UserId",
            Self::UserName => "UserName",
            Self::RecordingSid => "RecordingSid",
            Self::RecordingFrom => "RecordingFrom",
            Self::FromAddress => "FromAddress",
            Self::ToAddress => "ToAddress",
            Self::Transcription => "Transcription",
            Self::AiTranscription => "AITranscription",
        }
    }

    /// Whether it says what was said, and is found by any part of it.
    #[must_use]
    pub fn is_transcription(self) -> bool {
        matches!(self, Self::Transcription | Self::AiTranscription)
    }

    fn column(self) -> &'static str {
        match self {
            Self::SessionId => "session_id",
            Self::CustomerId => "customer_id",
            Self::CustomerName => "customer_name",
            Self::UserId => "user_id",
            Self::UserName => "user_name",
            Self::RecordingSid => "recording_sid",
            Self::RecordingFrom => "recording_from",
            Self::FromAddress => "from_address",
            Self::ToAddress => "to_address",
            Self::Transcription => "transcription",
            Self::AiTranscription => "ai_transcription",
        }
    }
}

/// What is said of a file: without a row all at its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvoVoiceFile {
    /// What kind of file it is.
    pub file_type: EvoVoiceType,
    texts: [Option<String>; EvoVoiceText::ALL.len()],
    /// Who changed it last through this API, and when (Unix milliseconds).
    pub modified: Option<(Uuid, i64)>,
}

impl Default for EvoVoiceFile {
    fn default() -> Self {
        Self {
            file_type: EvoVoiceType::Upload,
            texts: [const { None }; EvoVoiceText::ALL.len()],
            modified: None,
        }
    }
}

/// Its columns beside those of texts.
const OWN: [&str; 3] = ["file_type", "modified_by", "modified_at"];

fn columns() -> Vec<&'static str> {
    OWN.into_iter().chain(EvoVoiceText::ALL.map(EvoVoiceText::column)).collect()
}

impl EvoVoiceFile {
    /// A text that is said.
    #[must_use]
    pub fn text(&self, which: EvoVoiceText) -> Option<&str> {
        self.texts[which as usize].as_deref()
    }

    fn read(row: &mut Row) -> Result<Self, Error> {
        let mut texts = Self::default().texts;
        for which in EvoVoiceText::ALL {
            texts[which as usize] = row.take(OWN.len() + which as usize)?;
        }
        let (by, at): (Option<Uuid>, Option<i64>) = (row.take(1)?, row.take(2)?);
        Ok(Self { file_type: row.take(0)?, texts, modified: by.zip(at) })
    }

    fn of(db: &Db, file_row: i64) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {} FROM evovoice_files WHERE row = ?", columns().join(", "));
        db.find(&sql, &values![file_row], Self::read)
    }
}

/// What is to be said of a file; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvoVoiceChanges {
    /// What kind of file it is.
    pub file_type: Option<EvoVoiceType>,
    /// Texts; an empty one says nothing any more.
    pub texts: Vec<(EvoVoiceText, String)>,
    /// Who changes the file.
    pub by: Option<Uuid>,
}

impl EvoVoiceChanges {
    /// Writes them beside the file, and its transcriptions into their index.
    pub(crate) fn keep(&self, db: &Db, file: &FileRow) -> Result<(), Error> {
        let sid = file.file_sid;
        let row = db.value("SELECT rowid FROM files WHERE file_sid = ?", &values![sid])?;
        let file_row: i64 = row.ok_or_else(|| unreadable("a file without a row"))?;
        let kept = EvoVoiceFile::of(db, file_row)?.unwrap_or_default();
        let mut new = kept.clone();
        new.file_type = self.file_type.unwrap_or(kept.file_type);
        for (which, text) in &self.texts {
            new.texts[*which as usize] = Some(text.clone()).filter(|text| !text.is_empty());
        }
        new.modified = self.by.map(|by| (by, file.date_modified)).or(kept.modified);
        let columns = columns();
        let set: Vec<_> =
            columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let sql = format!(
            "INSERT INTO evovoice_files (row, file_sid, {}) VALUES (?, ?{})
            ON CONFLICT (row) DO UPDATE SET {}",
            columns.join(", "),
            ", ?".repeat(columns.len()),
            set.join(", ")
        );
        let (by, at) = new.modified.unzip();
        let mut values = vec![file_row.value(), sid.value(), new.file_type.value()];
        values.extend([by.value(), at.value()]);
        values.extend(new.texts.iter().map(Column::value));
        db.execute(&sql, &values)?;
        let transcriptions = |of: &EvoVoiceFile| {
            [EvoVoiceText::Transcription, EvoVoiceText::AiTranscription]
                .map(|which| of.text(which).unwrap_or_default().to_owned())
        };
        let (old, new) = (transcriptions(&kept), transcriptions(&new));
        if old != new { search::replace(db, file_row, &new) } else { Ok(()) }
    }
}

/// A file with all that the API shows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EvoVoiceItem {
    /// The file.
    pub file: FileRow,
    /// What is said of it.
    pub said: EvoVoiceFile,
    /// The name of its partner.
    pub account_name: String,
}

impl EvoVoiceItem {
    fn of(db: &Db, file_row: i64) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {} FROM files WHERE rowid = ?", FileRow::selected());
        let Some(file) = db.find(&sql, &values![file_row], FileRow::read)? else { return Ok(None) };
        let said = EvoVoiceFile::of(db, file_row)?.unwrap_or_default();
        let sql = "SELECT name FROM partners WHERE partner_sid = ?";
        let account_name = db.value(sql, &values![file.partner_sid])?.unwrap_or_default();
        Ok(Some(Self { file, said, account_name }))
    }
}

impl Catalog {
    /// A file with what is said of it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn evovoice_file(&self, file_sid: Uuid) -> Result<Option<EvoVoiceItem>, Error> {
        self.read(move |db| {
            let sql = "SELECT rowid FROM files WHERE file_sid = ?";
            let row = db.value(sql, &values![file_sid])?;
            row.map_or(Ok(None), |row| EvoVoiceItem::of(db, row))
        })
        .await
    }

    /// The files of the first of these rows, as far as they are still there, in their order, and how many rows that
    /// are: it ends with the file whose texts fill so many bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn evovoice_rows(
        &self,
        rows: Vec<i64>,
        most_bytes: usize,
    ) -> Result<(Vec<EvoVoiceItem>, usize), Error> {
        self.scan(move |db| {
            let (mut items, mut bytes, mut count) = (Vec::new(), 0, 0);
            for row in rows {
                if bytes >= most_bytes {
                    break;
                }
                count += 1;
                if let Some(item) = EvoVoiceItem::of(db, row)? {
                    bytes += item.said.texts.iter().flatten().map(String::len).sum::<usize>();
                    items.push(item);
                }
            }
            Ok((items, count))
        })
        .await
    }
}
