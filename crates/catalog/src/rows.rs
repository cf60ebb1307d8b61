//! The rows of containers and files. What each attribute says stands in `attributes/`.

use crate::{Classification, FileKind, LifecycleAction, Publish, StorageKind, ThresholdAction};
use serde_json::{Map, Value};
use uuid::Uuid;

/// When a file goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// What happens then.
    pub action: LifecycleAction,
    /// Seconds from the upload on; -1 is never.
    pub ttl: i64,
}

/// Most bytes and files; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Limits {
    pub bytes: Option<u64>,
    pub files: Option<u64>,
}

/// How many bytes and files there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Usage {
    pub bytes: u64,
    pub files: u64,
}

/// The keys that a caller gives an object: only the CarrierX API has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Whether no other unique object of the same owner may have the same keys.
    pub is_unique: bool,
    /// `integer_key_1` and `integer_key_2`.
    pub integers: [Option<i64>; 2],
    /// `string_key_1` to `string_key_4`.
    pub strings: [Option<String>; 4],
}

/// What a container does before it is full: only the CarrierX API has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Threshold {
    /// What happens once it is reached.
    pub action: Option<ThresholdAction>,
    /// Where it lies.
    pub at: Limits,
    /// What [`ThresholdAction::DeleteLru`] shrinks the container to; `None` is where the threshold lies.
    pub target: Limits,
    /// Seconds for which [`ThresholdAction::Reject`] still takes files.
    pub grace_period: i64,
    /// Since when it is reached, Unix milliseconds.
    pub hit_at: Option<i64>,
    /// What of the container counts. The database counts it.
    pub usage: Usage,
}

/// What a file takes from its container where its uploader says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // They are the file's own attributes.
pub struct FileDefaults {
    pub lifecycle: Lifecycle,
    pub publish: Publish,
    pub threshold_include: bool,
    pub is_unique: bool,
}

/// A container as kept; dates in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // `attributes/containers.rs` says it.
pub struct ContainerRow {
    pub container_sid: Uuid,
    pub partner_sid: Uuid,
    pub parent_container_sid: Option<Uuid>,
    pub name: String,
    pub kind: StorageKind,
    pub external_attributes: Map<String, Value>,
    pub durability_class: String,
    pub encrypted: bool,
    pub allow_publish: bool,
    pub publish_domain: Option<String>,
    pub allowed_classifications: Vec<Classification>,
    pub blocked_classifications: Vec<Classification>,
    pub default_file: FileDefaults,
    pub quota: Limits,
    /// The database counts it.
    pub usage: Usage,
    pub threshold: Threshold,
    pub keys: Keys,
    pub date_created: i64,
    pub date_modified: i64,
}

impl ContainerRow {
    /// A new container, all that a caller can say at its default.
    #[must_use]
    pub fn new(partner_sid: Uuid, now_ms: i64) -> Self {
        Self {
            container_sid: Uuid::new_v4(),
            partner_sid,
            name: "N/A".to_owned(),
            durability_class: "unassigned".to_owned(),
            quota: Limits { bytes: Some(1 << 30), files: Some(100) },
            date_created: now_ms,
            date_modified: now_ms,
            ..Self::blank()
        }
    }

    pub(crate) fn blank() -> Self {
        let lifecycle = Lifecycle { action: LifecycleAction::NoAction, ttl: -1 };
        Self {
            container_sid: Uuid::nil(),
            partner_sid: Uuid::nil(),
            parent_container_sid: None,
            name: String::new(),
            kind: StorageKind::Internal,
            external_attributes: Map::new(),
            durability_class: String::new(),
            encrypted: false,
            allow_publish: true,
            publish_domain: None,
            allowed_classifications: Vec::new(),
            blocked_classifications: Vec::new(),
            default_file: FileDefaults {
                lifecycle,
                publish: Publish::FileSid,
                threshold_include: true,
                is_unique: false,
            },
            quota: Limits::default(),
            usage: Usage::default(),
            threshold: Threshold::default(),
            keys: Keys::default(),
            date_created: 0,
            date_modified: 0,
        }
    }
}

/// A file as kept; dates in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // `attributes/files.rs` says it.
pub struct FileRow {
    pub file_sid: Uuid,
    pub container_sid: Uuid,
    pub partner_sid: Uuid,
    pub parent_file_sid: Option<Uuid>,
    /// The token that made it; `None` where none did.
    pub created_by: Option<Uuid>,
    pub name: String,
    pub file_access_name: String,
    pub mime_type: String,
    pub kind: FileKind,
    pub publish: Publish,
    pub lifecycle: Lifecycle,
    /// The sid of the container in whose bucket the bytes lie; empty for the server's own store.
    pub store: String,
    pub content_hash: String,
    pub content_stored_at: i64,
    pub content_classification: Classification,
    pub content_duration: Option<f64>,
    pub content_format: String,
    pub content_transcoding_progress: Option<i64>,
    pub desired_bitrate: Option<i64>,
    pub desired_format: Option<String>,
    pub file_bytes: u64,
    /// Only the CarrierX API has it.
    pub threshold_include: bool,
    pub keys: Keys,
    pub date_created: i64,
    pub date_modified: i64,
    pub date_last_accessed: Option<i64>,
}

impl FileRow {
    /// A new file without content, all that a caller can say at the container's default.
    #[must_use]
    pub fn new(container: &ContainerRow, name: &str, now_ms: i64) -> Self {
        let default = container.default_file;
        Self {
            file_sid: Uuid::new_v4(),
            container_sid: container.container_sid,
            partner_sid: container.partner_sid,
            name: name.to_owned(),
            file_access_name: "unnamed".to_owned(),
            mime_type: "application/octet-stream".to_owned(),
            publish: default.publish,
            lifecycle: default.lifecycle,
            threshold_include: default.threshold_include,
            keys: Keys { is_unique: default.is_unique, ..Keys::default() },
            date_created: now_ms,
            date_modified: now_ms,
            ..Self::blank()
        }
    }

    pub(crate) fn blank() -> Self {
        Self {
            file_sid: Uuid::nil(),
            container_sid: Uuid::nil(),
            partner_sid: Uuid::nil(),
            parent_file_sid: None,
            created_by: None,
            name: String::new(),
            file_access_name: String::new(),
            mime_type: String::new(),
            kind: FileKind::File,
            publish: Publish::None,
            lifecycle: Lifecycle { action: LifecycleAction::NoAction, ttl: -1 },
            store: String::new(),
            content_hash: String::new(),
            content_stored_at: 0,
            content_classification: Classification::Unknown,
            content_duration: None,
            content_format: String::new(),
            content_transcoding_progress: None,
            desired_bitrate: None,
            desired_format: None,
            file_bytes: 0,
            threshold_include: true,
            keys: Keys::default(),
            date_created: 0,
            date_modified: 0,
            date_last_accessed: None,
        }
    }
}
