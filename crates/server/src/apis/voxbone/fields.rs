//! What a JSON object says of a profile or a recording, field by field. What is read-only is ignored, because clients
//! send back what they were given; an unknown field is refused by name. What values keep within is the library's rule.

use jiff::Timestamp;
use library::{Error, Profile, Recording, Word};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Fields that the server sets alone.
const PROFILES_OWN: [&str; 1] = ["id"];
const RECORDINGS_OWN: [&str; 6] = ["id", "recordingSid", "size", "url", "createdAt", "updatedAt"];

const OF_PROFILES: &str = "email, remoteSipUri, record, recordFormat, recordBeepAtStart, recordBeepInterval, \
                           recordPrompt, recordPromptCustomId";
const OF_RECORDINGS: &str =
    "profileId, remoteSipUri, callId, from, to, format, status, duration, startedAt, endedAt";

/// Takes what is said of a profile.
pub fn profile(said: &Map<String, Value>, row: &mut Profile) -> Result<(), Error> {
    for (name, value) in said {
        let name = name.as_str();
        match name {
            "email" => row.email = text(name, value)?,
            "remoteSipUri" => row.remote_sip_uri = text(name, value)?,
            "record" => row.record = truth(name, value)?,
            "recordFormat" => row.record_format = required_text(name, value)?,
            "recordBeepAtStart" => row.record_beep_at_start = truth(name, value)?,
            "recordBeepInterval" => {
                let whole = value.as_i64();
                let wrong =
                    || Error::invalid(name, "must be a whole number of seconds, 0 for none");
                row.record_beep_interval = whole.ok_or_else(wrong)?;
            }
            "recordPrompt" => row.record_prompt = word(name, value)?,
            "recordPromptCustomId" => row.record_prompt_custom_id = id(name, value)?,
            _ if PROFILES_OWN.contains(&name) => {}
            _ => return Err(unknown(name, OF_PROFILES)),
        }
    }
    Ok(())
}

/// Takes what is said of a recording.
pub fn recording(said: &Map<String, Value>, row: &mut Recording) -> Result<(), Error> {
    for (name, value) in said {
        let name = name.as_str();
        match name {
            "profileId" => row.profile_id = id(name, value)?,
            "remoteSipUri" => row.remote_sip_uri = text(name, value)?,
            "callId" => row.call_id = text(name, value)?,
            "from" => row.caller = text(name, value)?,
            "to" => row.callee = text(name, value)?,
            "format" => row.format = required_text(name, value)?,
            "status" => row.status = word(name, value)?,
            "duration" => row.duration = seconds(name, value)?,
            "startedAt" => row.started_at = time(name, value)?,
            "endedAt" => row.ended_at = time(name, value)?,
            _ if RECORDINGS_OWN.contains(&name) => {}
            _ => return Err(unknown(name, OF_RECORDINGS)),
        }
    }
    Ok(())
}

fn unknown(name: &str, allowed: &str) -> Error {
    Error::invalid(name, format!("unknown field; allowed: {allowed}"))
}

fn text(name: &str, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(Error::invalid(name, "must be a text or null")),
    }
}

/// An empty one would count as none.
fn required_text(name: &str, value: &Value) -> Result<String, Error> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Error::invalid(name, "must be a text, not empty"))
}

fn truth(name: &str, value: &Value) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| Error::invalid(name, "must be true or false"))
}

fn word<W: Word>(name: &str, value: &Value) -> Result<W, Error> {
    let word = value.as_str().and_then(|word| word.parse().ok());
    word.ok_or_else(|| Error::invalid(name, format!("allowed: {}", W::ALLOWED.join(", "))))
}

fn id(name: &str, value: &Value) -> Result<Option<Uuid>, Error> {
    match value {
        Value::Null => Ok(None),
        _ => {
            let id = value.as_str().filter(|text| text.len() == 36);
            let id = id.and_then(|text| Uuid::try_parse(text).ok());
            id.map(Some).ok_or_else(|| Error::invalid(name, "must be a UUID or null"))
        }
    }
}

fn seconds(name: &str, value: &Value) -> Result<Option<f64>, Error> {
    match value {
        Value::Null => Ok(None),
        _ => {
            let wrong = || Error::invalid(name, "must be seconds, 0 or more, or null");
            value.as_f64().map(Some).ok_or_else(wrong)
        }
    }
}

/// Milliseconds; finer ones are cut off.
fn time(name: &str, value: &Value) -> Result<Option<i64>, Error> {
    match value {
        Value::Null => Ok(None),
        _ => {
            let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            let wrong =
                || Error::invalid(name, "must be a time such as 2017-01-13T10:00:00.000Z, or null");
            time.map(|time| Some(time.as_millisecond())).ok_or_else(wrong)
        }
    }
}
