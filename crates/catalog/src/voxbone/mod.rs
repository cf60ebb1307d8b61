//! What the Voxbone recording API alone knows: profiles, and the recordings that their calls gave.

mod content;
mod profiles;
mod recordings;

pub use content::RecordingContent;
pub(crate) use recordings::recording;

use crate::column::{Column, Row, values};
use crate::sql::Db;
use crate::value::Value;
use crate::{Error, FileRow, RecordPrompt, RecordingStatus};
use uuid::Uuid;

/// If and how calls of a remote SIP URI are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The API's description says it.
pub struct ProfileRow {
    pub profile_id: Uuid,
    pub partner_sid: Uuid,
    pub email: Option<String>,
    pub remote_sip_uri: Option<String>,
    pub record: bool,
    pub record_format: String,
    pub record_beep_at_start: bool,
    /// Seconds; 0 is never.
    pub record_beep_interval: i64,
    pub record_prompt: RecordPrompt,
    pub record_prompt_custom_id: Option<Uuid>,
}

/// The recording of a call; times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The API's description says it.
pub struct RecordingRow {
    pub recording_id: Uuid,
    pub partner_sid: Uuid,
    pub profile_id: Option<Uuid>,
    /// Its content, as long as nobody deletes that.
    pub file_sid: Option<Uuid>,
    pub remote_sip_uri: Option<String>,
    pub call_id: Option<String>,
    pub caller: Option<String>,
    pub callee: Option<String>,
    pub format: String,
    pub status: RecordingStatus,
    /// Seconds, as a caller said.
    pub duration: Option<f64>,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A recording, and its content as far as it is there and still its partner's.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The recording.
    pub recording: RecordingRow,
    /// Its content.
    pub file: Option<FileRow>,
}

/// A part of a list in the order of making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Items to leave out.
    pub offset: u64,
    /// Most items.
    pub limit: u64,
}

/// Whose rows: those of a partner, or (`None`) of all.
type Of = Option<Uuid>;

const PROFILE: &str = "profile_id, partner_sid, email, remote_sip_uri, record, record_format, record_beep_at_start, \
                       record_beep_interval, record_prompt, record_prompt_custom_id";

const RECORDING: &str = "recording_id, recording_partner, profile_id, recording_file, remote_sip_uri, call_id, caller, \
                         callee, format, status, duration, started_at, ended_at, created_at, updated_at";

impl ProfileRow {
    fn read(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            profile_id: row.take(0)?,
            partner_sid: row.take(1)?,
            email: row.take(2)?,
            remote_sip_uri: row.take(3)?,
            record: row.take(4)?,
            record_format: row.take(5)?,
            record_beep_at_start: row.take(6)?,
            record_beep_interval: row.take(7)?,
            record_prompt: row.take(8)?,
            record_prompt_custom_id: row.take(9)?,
        })
    }

    fn values(&self) -> [Value; 10] {
        [
            self.profile_id.value(),
            self.partner_sid.value(),
            self.email.value(),
            self.remote_sip_uri.value(),
            self.record.value(),
            self.record_format.value(),
            self.record_beep_at_start.value(),
            self.record_beep_interval.value(),
            self.record_prompt.value(),
            self.record_prompt_custom_id.value(),
        ]
    }
}

impl RecordingRow {
    /// Reads a query that selects [`RECORDING`] from this place on.
    fn read(row: &mut Row, at: usize) -> Result<Self, Error> {
        Ok(Self {
            recording_id: row.take(at)?,
            partner_sid: row.take(at + 1)?,
            profile_id: row.take(at + 2)?,
            file_sid: row.take(at + 3)?,
            remote_sip_uri: row.take(at + 4)?,
            call_id: row.take(at + 5)?,
            caller: row.take(at + 6)?,
            callee: row.take(at + 7)?,
            format: row.take(at + 8)?,
            status: row.take(at + 9)?,
            duration: row.take(at + 10)?,
            started_at: row.take(at + 11)?,
            ended_at: row.take(at + 12)?,
            created_at: row.take(at + 13)?,
            updated_at: row.take(at + 14)?,
        })
    }

    fn values(&self) -> [Value; 15] {
        [
            self.recording_id.value(),
            self.partner_sid.value(),
            self.profile_id.value(),
            self.file_sid.value(),
            self.remote_sip_uri.value(),
            self.call_id.value(),
            self.caller.value(),
            self.callee.value(),
            self.format.value(),
            self.status.value(),
            self.duration.value(),
            self.started_at.value(),
            self.ended_at.value(),
            self.created_at.value(),
            self.updated_at.value(),
        ]
    }

    /// The profile must be one of its partner's.
    fn check(&self, db: &Db) -> Result<(), Error> {
        let Some(profile_id) = self.profile_id else { return Ok(()) };
        let sql = "SELECT 1 FROM voxbone_profiles WHERE profile_id = ? AND partner_sid = ?";
        let is_there = db.has(sql, &values![profile_id, self.partner_sid])?;
        if is_there { Ok(()) } else { Err(Error::NoProfile) }
    }

    fn insert(&self, db: &Db) -> Result<(), Error> {
        self.check(db)?;
        insert(db, "voxbone_recordings", RECORDING, &self.values())
    }
}

fn insert(db: &Db, table: &str, columns: &str, values: &[Value]) -> Result<(), Error> {
    let marks = vec!["?"; values.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
    db.execute(&sql, values)?;
    Ok(())
}

/// Writes all of these columns, of which the first tells the row.
fn update(db: &Db, table: &str, columns: &str, values: &[Value]) -> Result<(), Error> {
    let id = columns.split(", ").next().unwrap_or_default();
    let all = columns.replace(", ", " = ?, ");
    let sql = format!("UPDATE {table} SET {all} = ? WHERE {id} = ?1");
    db.execute(&sql, values)?;
    Ok(())
}

impl Part {
    fn values(self) -> [Value; 2] {
        [self.limit.value(), self.offset.value()]
    }
}
