//! The API's objects, Profile and Recording. Their comments are the API's own description.

use crate::apis::storage::{Refusal, Storage};
use jiff::Timestamp;
use library::{Profile, Recorded, Recording, Word};
use media::Preferences;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// If and how calls of a remote SIP URI are recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoxboneProfile)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileObject {
    #[schema(read_only)]
    id: Uuid,
    /// Each recording with content is mailed there.
    #[schema(max_length = 255)]
    email: Option<String>,
    /// The endpoint that an incoming channel is connected with.
    #[schema(max_length = 255)]
    remote_sip_uri: Option<String>,
    /// Whether calls are recorded; if not, their recordings take no content.
    record: bool,
    /// The format of recordings, as Asterisk calls it.
    #[schema(min_length = 1, max_length = 12)]
    record_format: String,
    /// Whether a beep tells that the recording starts.
    record_beep_at_start: bool,
    /// Seconds between two beeps; 0 for none.
    #[schema(minimum = 0, maximum = 99_999_999_999_u64)]
    record_beep_interval: i64,
    /// What announces that the call is recorded.
    #[schema(pattern = "^(none|default|custom)$")]
    record_prompt: &'static str,
    /// The sound of `custom`; kept, not played.
    record_prompt_custom_id: Option<Uuid>,
}

/// The recording of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoxboneRecording)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordingObject {
    #[schema(read_only)]
    id: Uuid,
    /// The profile that it was made by.
    profile_id: Option<Uuid>,
    /// The file with its content.
    #[schema(read_only)]
    recording_sid: Option<Uuid>,
    /// The endpoint that was called.
    #[schema(max_length = 255)]
    remote_sip_uri: Option<String>,
    /// The call, as the telephone system names it.
    #[schema(max_length = 255)]
    call_id: Option<String>,
    /// Who called.
    #[schema(max_length = 255)]
    from: Option<String>,
    /// Who was called.
    #[schema(max_length = 255)]
    to: Option<String>,
    /// Its format, as Asterisk calls it; where it's left out that of the profile, else wav.
    #[schema(min_length = 1, max_length = 12)]
    format: String,
    /// How far it is.
    #[schema(pattern = "^(pending|recording|completed|failed)$")]
    status: &'static str,
    /// Seconds; those of the content, once there is content that can be played.
    #[schema(minimum = 0)]
    duration: Option<f64>,
    /// Bytes of the content.
    #[schema(read_only)]
    size: Option<u64>,
    /// The link that plays it in its format, or as wav in one that isn't written here.
    #[schema(read_only)]
    url: Option<String>,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    #[schema(read_only, format = DateTime)]
    created_at: Option<String>,
    #[schema(read_only, format = DateTime)]
    updated_at: Option<String>,
}

/// What a form brings.
#[derive(ToSchema)]
#[schema(as = VoxboneRecordingForm)]
#[allow(dead_code)] // It describes what is read part by part.
pub struct RecordingForm {
    /// What is said of the recording.
    recording: Option<RecordingObject>,
    /// Its content.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    data: Vec<u8>,
}

impl From<Profile> for ProfileObject {
    fn from(row: Profile) -> Self {
        Self {
            id: row.profile_id,
            email: row.email,
            remote_sip_uri: row.remote_sip_uri,
            record: row.record,
            record_format: row.record_format,
            record_beep_at_start: row.record_beep_at_start,
            record_beep_interval: row.record_beep_interval,
            record_prompt: row.record_prompt.as_str(),
            record_prompt_custom_id: row.record_prompt_custom_id,
        }
    }
}

impl RecordingObject {
    /// A recording with its link.
    pub fn of(recorded: Recorded, url: Option<String>) -> Self {
        let Recorded { recording, file } = recorded;
        let Recording { format, status, duration, .. } = recording;
        Self {
            id: recording.recording_id,
            profile_id: recording.profile_id,
            recording_sid: file.as_ref().map(|file| file.file_sid),
            remote_sip_uri: recording.remote_sip_uri,
            call_id: recording.call_id,
            from: recording.caller,
            to: recording.callee,
            format,
            status: status.as_str(),
            duration: file.as_ref().and_then(|file| file.content_duration).or(duration),
            size: file.as_ref().map(|file| file.file_bytes),
            url,
            started_at: recording.started_at.and_then(time),
            ended_at: recording.ended_at.and_then(time),
            created_at: time(recording.created_at),
            updated_at: time(recording.updated_at),
        }
    }
}

/// A recording with its link.
pub async fn shown(storage: &Storage, recorded: Recorded) -> Result<RecordingObject, Refusal> {
    let urls = urls(storage, std::slice::from_ref(&recorded)).await?;
    Ok(RecordingObject::of(recorded, urls.into_iter().next().flatten()))
}

/// The links of recordings, such as are answered.
pub async fn urls(
    storage: &Storage,
    recorded: &[Recorded],
) -> Result<Vec<Option<String>>, Refusal> {
    let urls = storage.library.recording_urls(recorded, Preferences::of_asterisk).await?;
    let now_s = Timestamp::now().as_second();
    Ok(storage.signer.answered(urls, u64::try_from(now_s).unwrap_or(0)).await?)
}

/// Unix milliseconds as ISO 8601, UTC.
fn time(ms: i64) -> Option<String> {
    Some(format!("{:.3}", Timestamp::from_millisecond(ms).ok()?))
}
