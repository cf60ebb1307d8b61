//! What a JSON object says of a container or a file.

use crate::apis::storage::{Refusal, ingest};
use library::{ContainerChanges, FileChanges};
use serde_json::{Map, Value};

/// Attributes that are the server's alone. They are passed over, since clients send back what they were
/// given.
const OURS: [&str; 22] = [
    "available_bytes_percent",
    "available_files_percent",
    "content_classification",
    "content_duration",
    "content_format",
    "content_transcoding_progress",
    "date_last_accessed",
    "date_modified",
    "durability_class",
    "encrypted",
    "file_bytes",
    "file_sid",
    "partner_sid",
    "publish_uri",
    "threshold_available_bytes_percent",
    "threshold_available_files_percent",
    "threshold_total_bytes",
    "threshold_total_files",
    "total_bytes",
    "total_files",
    "date_created",
    "container_sid",
];

/// What an object says of a container.
pub fn container(object: &Map<String, Value>) -> Result<ContainerChanges, Refusal> {
    let mut changes = ContainerChanges::default();
    for (name, value) in object {
        if name == "partner_sid" || !OURS.contains(&name.as_str()) {
            changes.set(name, value)?;
        }
    }
    Ok(changes)
}

/// What an object says of a file.
pub fn file(object: &Map<String, Value>) -> Result<FileChanges, Refusal> {
    let mut changes = FileChanges::default();
    for (name, value) in object {
        if name == "container_sid" || !OURS.contains(&name.as_str()) {
            changes.set(name, value)?;
        }
    }
    ingest::desired(&changes)?;
    Ok(changes)
}
