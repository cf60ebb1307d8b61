//! The rows of containers and files: all attributes of the storage APIs, by their names there.

use crate::column::table_row;
use crate::{Classification, FileKind, LifecycleAction, Publish, StorageKind, ThresholdAction};
use serde_json::{Map, Value};
use uuid::Uuid;

table_row! {
    /// A container as kept. The totals are counted by the database (schema/0002).
    #[allow(missing_docs)] // The attributes are described in one place: the API's own object.
    ContainerRow {
        container_sid: Uuid,
        partner_sid: Uuid,
        parent_container_sid: Option<Uuid>,
        name: String,
        kind: StorageKind,
        allow_publish: bool,
        allowed_classifications: Vec<Classification>,
        blocked_classifications: Vec<Classification>,
        default_file_lifecycle_action: LifecycleAction,
        default_file_lifecycle_ttl: i64,
        default_file_publish: Publish,
        default_file_threshold_include: bool,
        default_file_unique: bool,
        durability_class: String,
        encrypted: bool,
        external_attributes: Map<String, Value>,
        publish_domain: Option<String>,
        quota_bytes: Option<u64>,
        quota_files: Option<u64>,
        threshold_action: Option<ThresholdAction>,
        threshold_bytes: Option<u64>,
        threshold_files: Option<u64>,
        threshold_bytes_target: Option<u64>,
        threshold_files_target: Option<u64>,
        threshold_grace_period: i64,
        threshold_hit_at: Option<i64>,
        threshold_total_bytes: u64,
        threshold_total_files: u64,
        total_bytes: u64,
        total_files: u64,
        is_unique: bool,
        integer_key_1: Option<i64>,
        integer_key_2: Option<i64>,
        string_key_1: Option<String>,
        string_key_2: Option<String>,
        string_key_3: Option<String>,
        string_key_4: Option<String>,
        date_created: i64,
        date_modified: i64,
    }
}

table_row! {
    /// A file as kept; dates in milliseconds since 1970.
    #[allow(missing_docs)]
    FileRow {
        file_sid: Uuid,
        container_sid: Uuid,
        partner_sid: Uuid,
        parent_file_sid: Option<Uuid>,
        content_hash: String,
        content_stored_at: i64,
        content_classification: Classification,
        content_duration: Option<f64>,
        content_format: String,
        content_transcoding_progress: Option<i64>,
        date_created: i64,
        date_modified: i64,
        date_last_accessed: Option<i64>,
        desired_bitrate: Option<i64>,
        desired_format: Option<String>,
        file_access_name: String,
        file_bytes: u64,
        lifecycle_action: LifecycleAction,
        lifecycle_ttl: i64,
        mime_type: String,
        name: String,
        publish: Publish,
        threshold_include: bool,
        kind: FileKind,
        is_unique: bool,
        integer_key_1: Option<i64>,
        integer_key_2: Option<i64>,
        string_key_1: Option<String>,
        string_key_2: Option<String>,
        string_key_3: Option<String>,
        string_key_4: Option<String>,
    }
}
