//! The API's objects: Container, File, lists, errors. Their comments are the API's own description.

use library::{Classification, Container, File, Listing};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A container: holds files, and says what they may be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Container)]
pub struct ContainerObject {
    /// Whether its files can be published at all.
    allow_publish: bool,
    /// If not empty, only files of these classifications are accepted.
    allowed_classifications: Vec<String>,
    /// Free bytes, percent of `quota_bytes`; 100 without a quota.
    #[schema(read_only)]
    available_bytes_percent: u64,
    /// Free files, percent of `quota_files`; 100 without a quota.
    #[schema(read_only)]
    available_files_percent: u64,
    /// Files of these classifications are refused.
    blocked_classifications: Vec<String>,
    /// Its id.
    #[schema(read_only)]
    container_sid: Uuid,
    /// `lifecycle_action` of new files.
    #[schema(pattern = "^(no_action|delete)$")]
    default_file_lifecycle_action: String,
    /// `lifecycle_ttl` of new files.
    #[schema(minimum = -1, maximum = 3_155_760_000_i64)]
    default_file_lifecycle_ttl: i64,
    /// `publish` of new files.
    #[schema(pattern = "^(none|file_sid|file_access_name)$")]
    default_file_publish: String,
    /// `threshold_include` of new files.
    default_file_threshold_include: bool,
    /// `unique` of new files.
    default_file_unique: bool,
    /// Always `unassigned`.
    #[schema(read_only)]
    durability_class: String,
    /// Always false.
    #[schema(read_only)]
    encrypted: bool,
    /// Settings of external storage; secrets read as asterisks.
    external_attributes: Map<String, Value>,
    /// A key of yours.
    integer_key_1: Option<i64>,
    /// A key of yours.
    integer_key_2: Option<i64>,
    /// Its label.
    #[schema(max_length = 255)]
    name: String,
    /// A container that it belongs to.
    parent_container_sid: Option<Uuid>,
    /// Its owner, and that of its files; an administrator can name another.
    partner_sid: Uuid,
    /// The origin of its files' links.
    publish_domain: String,
    /// Most bytes that it may hold; null is no limit.
    #[schema(minimum = 0)]
    quota_bytes: Option<i64>,
    /// Most files that it may hold; null is no limit.
    #[schema(minimum = 0)]
    quota_files: Option<i64>,
    /// A key of yours.
    string_key_1: Option<String>,
    /// A key of yours.
    string_key_2: Option<String>,
    /// A key of yours.
    string_key_3: Option<String>,
    /// A key of yours.
    string_key_4: Option<String>,
    /// What happens once a threshold is reached: null, `reject` or `delete_lru`.
    #[schema(pattern = "^(reject|delete_lru)$")]
    threshold_action: Option<String>,
    /// Percent left before `threshold_bytes`; null without one.
    #[schema(read_only)]
    threshold_available_bytes_percent: Option<u64>,
    /// Percent left before `threshold_files`; null without one.
    #[schema(read_only)]
    threshold_available_files_percent: Option<u64>,
    /// The threshold in bytes.
    #[schema(minimum = 0)]
    threshold_bytes: Option<i64>,
    /// Where `delete_lru` stops, in bytes.
    #[schema(minimum = 0)]
    threshold_bytes_target: Option<i64>,
    /// The threshold in files.
    #[schema(minimum = 0)]
    threshold_files: Option<i64>,
    /// Where `delete_lru` stops, in files.
    #[schema(minimum = 0)]
    threshold_files_target: Option<i64>,
    /// Seconds for which `reject` still takes files once a threshold is reached.
    #[schema(minimum = 0)]
    threshold_grace_period: i64,
    /// Bytes of the files that count for the threshold.
    #[schema(read_only)]
    threshold_total_bytes: u64,
    /// Number of the files that count for the threshold.
    #[schema(read_only)]
    threshold_total_files: u64,
    /// Bytes that it holds.
    #[schema(read_only)]
    total_bytes: u64,
    /// Files that it holds.
    #[schema(read_only)]
    total_files: u64,
    /// `internal`; external storage is not supported yet.
    #[schema(pattern = "^internal$")]
    r#type: String,
    /// Whether its six keys must differ from those of the owner's other unique containers.
    unique: bool,
}

impl ContainerObject {
    /// `public_url` is the origin of links where the container names none.
    pub fn of(row: Container, public_url: &str) -> Self {
        let signed = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let (counted_bytes, counted_files) = (row.threshold_total_bytes, row.threshold_total_files);
        Self {
            available_bytes_percent: available_percent(row.total_bytes, row.quota_bytes),
            available_files_percent: available_percent(row.total_files, row.quota_files),
            external_attributes: library::masked(&row.external_attributes),
            publish_domain: row.publish_domain.unwrap_or_else(|| public_url.to_owned()),
            threshold_available_bytes_percent: row
                .threshold_bytes
                .map(|limit| available_percent(counted_bytes, Some(limit))),
            threshold_available_files_percent: row
                .threshold_files
                .map(|limit| available_percent(counted_files, Some(limit))),
            allow_publish: row.allow_publish,
            allowed_classifications: words(&row.allowed_classifications),
            blocked_classifications: words(&row.blocked_classifications),
            container_sid: row.container_sid,
            default_file_lifecycle_action: row.default_file_lifecycle_action.to_string(),
            default_file_lifecycle_ttl: row.default_file_lifecycle_ttl,
            default_file_publish: row.default_file_publish.to_string(),
            default_file_threshold_include: row.default_file_threshold_include,
            default_file_unique: row.default_file_unique,
            durability_class: row.durability_class,
            encrypted: row.encrypted,
            integer_key_1: row.integer_key_1,
            integer_key_2: row.integer_key_2,
            name: row.name,
            parent_container_sid: row.parent_container_sid,
            partner_sid: row.partner_sid,
            quota_bytes: signed(row.quota_bytes),
            quota_files: signed(row.quota_files),
            string_key_1: row.string_key_1,
            string_key_2: row.string_key_2,
            string_key_3: row.string_key_3,
            string_key_4: row.string_key_4,
            threshold_action: row.threshold_action.map(|action| action.to_string()),
            threshold_bytes: signed(row.threshold_bytes),
            threshold_bytes_target: signed(row.threshold_bytes_target),
            threshold_files: signed(row.threshold_files),
            threshold_files_target: signed(row.threshold_files_target),
            threshold_grace_period: row.threshold_grace_period,
            threshold_total_bytes: counted_bytes,
            threshold_total_files: counted_files,
            total_bytes: row.total_bytes,
            total_files: row.total_files,
            r#type: row.kind.to_string(),
            unique: row.is_unique,
        }
    }
}

fn words(classes: &[Classification]) -> Vec<String> {
    classes.iter().map(ToString::to_string).collect()
}

fn available_percent(used: u64, quota: Option<u64>) -> u64 {
    let Some(quota) = quota else { return 100 };
    let left = u128::from(quota.saturating_sub(used));
    (left * 100 / u128::from(quota.max(1))) as u64
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileObject {
    /// The container that holds it.
    container_sid: Uuid,
    /// `archive`, `document`, `executable`, `media` or `unknown`, by its content.
    #[schema(read_only)]
    content_classification: String,
    /// Seconds; null if it can't be played.
    #[schema(read_only)]
    content_duration: Option<f64>,
    /// Its format; of what can't be played, the extension.
    #[schema(read_only)]
    content_format: String,
    /// Percent; null if it was stored as it came.
    #[schema(read_only)]
    content_transcoding_progress: Option<i64>,
    /// When it was read last, to the minute; null if never.
    #[schema(read_only)]
    date_last_accessed: Option<String>,
    /// When it was changed last.
    #[schema(read_only)]
    date_modified: String,
    /// The bit rate in kbit/s that its content is stored with.
    desired_bitrate: Option<i64>,
    /// The format that its content is stored in.
    desired_format: Option<String>,
    /// Its path within the container.
    file_access_name: String,
    /// Its size.
    #[schema(read_only)]
    file_bytes: u64,
    /// Its id.
    #[schema(read_only)]
    file_sid: Uuid,
    /// A key of yours.
    integer_key_1: Option<i64>,
    /// A key of yours.
    integer_key_2: Option<i64>,
    /// `no_action`, or `delete` once `lifecycle_ttl` is over.
    #[schema(pattern = "^(no_action|delete)$")]
    lifecycle_action: String,
    /// Seconds from its upload on; -1 is never.
    #[schema(minimum = -1, maximum = 3_155_760_000_i64)]
    lifecycle_ttl: i64,
    /// Its media type.
    mime_type: String,
    /// Its name.
    name: String,
    /// A file that it belongs to.
    parent_file_sid: Option<Uuid>,
    /// The owner of its container.
    #[schema(read_only)]
    partner_sid: Uuid,
    /// How it's published: `none`, `file_sid` or `file_access_name`.
    #[schema(pattern = "^(none|file_sid|file_access_name)$")]
    publish: String,
    /// Its public link; null if it isn't published.
    #[schema(read_only)]
    publish_uri: Option<String>,
    /// A key of yours.
    string_key_1: Option<String>,
    /// A key of yours.
    string_key_2: Option<String>,
    /// A key of yours.
    string_key_3: Option<String>,
    /// A key of yours.
    string_key_4: Option<String>,
    /// Whether it counts for the container's threshold.
    threshold_include: bool,
    /// `file`, `audio` or `video`.
    #[schema(pattern = "^(file|audio|video)$")]
    r#type: String,
    /// Whether its six keys must differ from those of the container's other unique files.
    unique: bool,
}

impl FileObject {
    /// A file with its public link.
    pub fn of(row: File, publish_uri: Option<String>) -> Self {
        Self {
            container_sid: row.container_sid,
            content_classification: row.content_classification.to_string(),
            content_duration: row.content_duration,
            content_format: row.content_format,
            content_transcoding_progress: row.content_transcoding_progress,
            date_last_accessed: row.date_last_accessed.map(time),
            date_modified: time(row.date_modified),
            desired_bitrate: row.desired_bitrate,
            desired_format: row.desired_format,
            file_access_name: row.file_access_name,
            file_bytes: row.file_bytes,
            file_sid: row.file_sid,
            integer_key_1: row.integer_key_1,
            integer_key_2: row.integer_key_2,
            lifecycle_action: row.lifecycle_action.to_string(),
            lifecycle_ttl: row.lifecycle_ttl,
            mime_type: row.mime_type,
            name: row.name,
            parent_file_sid: row.parent_file_sid,
            partner_sid: row.partner_sid,
            publish: row.publish.to_string(),
            publish_uri,
            string_key_1: row.string_key_1,
            string_key_2: row.string_key_2,
            string_key_3: row.string_key_3,
            string_key_4: row.string_key_4,
            threshold_include: row.threshold_include,
            r#type: row.kind.to_string(),
            unique: row.is_unique,
        }
    }
}

/// ISO 8601 in UTC with milliseconds.
fn time(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => String::new(),
    }
}

/// Where to go on in a list.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Pagination {
    /// Value of `after` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Value of `before` for the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Items in this part.
    count: u64,
    /// Whether there are more in the direction that was asked for.
    has_more: bool,
    /// The items.
    items: Vec<T>,
    /// Most items that were wanted.
    limit: u64,
    /// Items that were left out.
    offset: u64,
    /// Where to go on.
    pagination: Pagination,
    /// Items that match in all.
    total: u64,
}

impl<T> Page<T> {
    /// A part of a list, its rows shown as `items`.
    pub fn of<R>(listing: Listing<R>, items: Vec<T>, limit: u64, offset: u64) -> Self {
        let (before, after) = listing.ends.unzip();
        Self {
            count: items.len() as u64,
            has_more: listing.has_more,
            items,
            limit,
            offset,
            pagination: Pagination { after, before },
            total: listing.total,
        }
    }
}

/// An error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// What kind it is.
    pub message: String,
    /// What is wrong, attribute by attribute.
    pub errors: Vec<FieldError>,
}

/// What is wrong with one attribute.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The attribute, parameter or part.
    pub field: String,
    /// What is wrong and what is allowed.
    pub message: String,
    /// The other object that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_sid: Option<Uuid>,
}
