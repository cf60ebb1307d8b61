//! What a JSON object says of a container or a file.

use super::objects::is_read_only;
use crate::apis::storage::{Refusal, ingest};
use library::{ContainerChanges, FileChanges};
use serde_json::{Map, Value};

/// What an object says of a container.
pub fn container(object: &Map<String, Value>) -> Result<ContainerChanges, Refusal> {
    let mut changes = ContainerChanges::default();
    for (name, value) in object {
        if name == "partner_sid" || !is_read_only(name) {
            changes.set(name, value)?;
        }
    }
    Ok(changes)
}

/// What an object says of a file.
pub fn file(object: &Map<String, Value>) -> Result<FileChanges, Refusal> {
    let mut changes = FileChanges::default();
    for (name, value) in object {
        if name == "container_sid" || !is_read_only(name) {
            changes.set(name, value)?;
        }
    }
    ingest::desired(&changes)?;
    Ok(changes)
}
