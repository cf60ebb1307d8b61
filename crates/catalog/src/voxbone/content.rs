//! The content of recordings, given to them in the transaction that keeps the file.

use super::RecordingRow;
use crate::column::values;
use crate::sql::Db;
use crate::{Error, FileRow, RecordingStatus, mails};
use uuid::Uuid;

/// What a file is the content of.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordingContent {
    /// A recording that comes with it.
    Of(RecordingRow),
    /// A recording that is there.
    For {
        /// Which.
        recording_id: Uuid,
        /// The file that it had when the new content began to come.
        had: Option<Uuid>,
        /// Unix milliseconds.
        now_ms: i64,
    },
}

impl RecordingContent {
    /// Whether the recording can have it.
    pub(crate) fn admit(&self, db: &Db) -> Result<(), Error> {
        match self {
            Self::Of(recording) => recording.check(db),
            Self::For { recording_id, had, .. } => {
                let sql = "SELECT 1 FROM voxbone_recordings
                    WHERE recording_id = ? AND recording_file IS NOT DISTINCT FROM ?";
                let is_same = db.has(sql, &values![recording_id, had])?;
                if is_same { Ok(()) } else { Err(Error::RecordingChanged { sid: *recording_id }) }
            }
        }
    }

    /// Gives the file to the recording, and has it mailed where its profile says so.
    pub(crate) fn keep(&self, db: &Db, file: &FileRow) -> Result<(), Error> {
        let (recording_id, now_ms) = match self {
            Self::Of(recording) => {
                let recording = RecordingRow { file_sid: Some(file.file_sid), ..recording.clone() };
                recording.insert(db)?;
                (recording.recording_id, recording.created_at)
            }
            Self::For { recording_id, now_ms, .. } => {
                let sql = "UPDATE voxbone_recordings SET recording_file = ?2, status = ?3, updated_at = ?4
                    WHERE recording_id = ?1";
                db.execute(
                    sql,
                    &values![
                        recording_id,
                        file.file_sid,
                        RecordingStatus::Completed.value(),
                        now_ms
                    ],
                )?;
                (*recording_id, *now_ms)
            }
        };
        mails::queue(db, recording_id, now_ms)
    }
}
