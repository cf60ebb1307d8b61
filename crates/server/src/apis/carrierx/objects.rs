//! The API's objects: Container, File, lists.

use library::{Container, File, Library, Listing};
use serde_json::{Value, json};

/// Container (apis.md §1.4). `usage` is (bytes, files).
pub fn container(row: &Container, usage: (u64, u64), public_url: &str) -> Value {
    let (bytes, files) = usage;
    let domain = row.publish_domain.as_deref().unwrap_or(public_url);
    json!({
        "allow_publish": row.allow_publish,
        "allowed_classifications": row.allowed_classifications,
        "available_bytes_percent": available_percent(bytes, row.quota_bytes),
        "available_files_percent": available_percent(files, row.quota_files),
        "blocked_classifications": row.blocked_classifications,
        "container_sid": row.container_sid,
        "default_file_lifecycle_action": row.default_file_lifecycle_action,
        "default_file_lifecycle_ttl": row.default_file_lifecycle_ttl,
        "default_file_publish": row.default_file_publish,
        "default_file_threshold_include": row.default_file_threshold_include,
        "default_file_unique": row.default_file_unique,
        "durability_class": row.durability_class,
        "encrypted": row.encrypted,
        "external_attributes": row.external_attributes,
        "integer_key_1": row.integer_key_1,
        "integer_key_2": row.integer_key_2,
        "name": row.name,
        "parent_container_sid": row.parent_container_sid,
        "partner_sid": row.partner_sid,
        "publish_domain": domain,
        "quota_bytes": row.quota_bytes,
        "quota_files": row.quota_files,
        "string_key_1": row.string_key_1,
        "string_key_2": row.string_key_2,
        "string_key_3": row.string_key_3,
        "string_key_4": row.string_key_4,
        "threshold_action": row.threshold_action,
        "threshold_available_bytes_percent":
            row.threshold_bytes.map(|limit| available_percent(bytes, Some(limit))),
        "threshold_available_files_percent":
            row.threshold_files.map(|limit| available_percent(files, Some(limit))),
        "threshold_bytes": row.threshold_bytes,
        "threshold_bytes_target": row.threshold_bytes_target,
        "threshold_files": row.threshold_files,
        "threshold_files_target": row.threshold_files_target,
        "threshold_grace_period": row.threshold_grace_period,
        "threshold_total_bytes": bytes,
        "threshold_total_files": files,
        "total_bytes": bytes,
        "total_files": files,
        "type": row.kind,
        "unique": row.is_unique,
    })
}

fn available_percent(used: u64, quota: Option<u64>) -> u64 {
    let Some(quota) = quota else { return 100 };
    let left = u128::from(quota.saturating_sub(used));
    (left * 100 / u128::from(quota.max(1))) as u64
}

/// File (apis.md §1.5).
pub fn file(row: &File, library: &Library) -> Value {
    json!({
        "container_sid": row.container_sid,
        "content_classification": row.content_classification,
        "content_duration": row.content_duration,
        "content_format": row.content_format,
        "content_transcoding_progress": row.content_transcoding_progress,
        "date_last_accessed": row.date_last_accessed.map(time),
        "date_modified": time(row.date_modified),
        "desired_bitrate": row.desired_bitrate,
        "desired_format": row.desired_format,
        "file_access_name": row.file_access_name,
        "file_bytes": row.file_bytes,
        "file_sid": row.file_sid,
        "integer_key_1": row.integer_key_1,
        "integer_key_2": row.integer_key_2,
        "lifecycle_action": row.lifecycle_action,
        "lifecycle_ttl": row.lifecycle_ttl,
        "mime_type": row.mime_type,
        "name": row.name,
        "parent_file_sid": row.parent_file_sid,
        "partner_sid": row.partner_sid,
        "publish": row.publish,
        "publish_uri": library.publish_uri(row),
        "string_key_1": row.string_key_1,
        "string_key_2": row.string_key_2,
        "string_key_3": row.string_key_3,
        "string_key_4": row.string_key_4,
        "threshold_include": row.threshold_include,
        "type": row.kind,
        "unique": row.is_unique,
    })
}

/// ISO 8601 in UTC with milliseconds.
fn time(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => String::new(),
    }
}

/// A list with its envelope (apis.md §1.3).
pub fn list<T>(listing: &Listing<T>, limit: u64, offset: u64, items: Vec<Value>) -> Value {
    let count = items.len() as u64;
    json!({
        "count": count,
        "has_more": offset + count < listing.total,
        "items": items,
        "limit": limit,
        "offset": offset,
        "pagination": {},
        "total": listing.total,
    })
}
