//! The attributes that lists can be filtered and ordered by: their names, where they lie, what they hold.

use crate::{ContainerRow, Error, FileRow};
use rusqlite::types::Value;

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Integer,
    Number,
    Truth,
    /// Shown as ISO 8601, kept in milliseconds since 1970.
    Time,
}

/// (name, SQL expression, what it holds).
type Attribute = (&'static str, &'static str, Holds);

const KEYS: [Attribute; 6] = [
    ("integer_key_1", "integer_key_1", Holds::Integer),
    ("integer_key_2", "integer_key_2", Holds::Integer),
    ("string_key_1", "string_key_1", Holds::Text),
    ("string_key_2", "string_key_2", Holds::Text),
    ("string_key_3", "string_key_3", Holds::Text),
    ("string_key_4", "string_key_4", Holds::Text),
];

const OF_FILES: &[Attribute] = &[
    ("container_sid", "container_sid", Holds::Text),
    ("content_classification", "content_classification", Holds::Text),
    ("content_duration", "content_duration", Holds::Number),
    ("content_format", "content_format", Holds::Text),
    ("content_transcoding_progress", "content_transcoding_progress", Holds::Integer),
    ("date_last_accessed", "date_last_accessed", Holds::Time),
    ("date_modified", "date_modified", Holds::Time),
    ("desired_bitrate", "desired_bitrate", Holds::Integer),
    ("desired_format", "desired_format", Holds::Text),
    ("file_access_name", "file_access_name", Holds::Text),
    ("file_bytes", "file_bytes", Holds::Integer),
    ("file_sid", "file_sid", Holds::Text),
    ("lifecycle_action", "lifecycle_action", Holds::Text),
    ("lifecycle_ttl", "lifecycle_ttl", Holds::Integer),
    ("mime_type", "mime_type", Holds::Text),
    ("name", "name", Holds::Text),
    ("parent_file_sid", "parent_file_sid", Holds::Text),
    ("partner_sid", "partner_sid", Holds::Text),
    ("publish", "publish", Holds::Text),
    ("threshold_include", "threshold_include", Holds::Truth),
    ("type", "kind", Holds::Text),
    ("unique", "is_unique", Holds::Truth),
];

const OF_CONTAINERS: &[Attribute] = &[
    ("allow_publish", "allow_publish", Holds::Truth),
    ("container_sid", "container_sid", Holds::Text),
    ("default_file_lifecycle_action", "default_file_lifecycle_action", Holds::Text),
    ("default_file_lifecycle_ttl", "default_file_lifecycle_ttl", Holds::Integer),
    ("default_file_publish", "default_file_publish", Holds::Text),
    ("default_file_threshold_include", "default_file_threshold_include", Holds::Truth),
    ("default_file_unique", "default_file_unique", Holds::Truth),
    ("durability_class", "durability_class", Holds::Text),
    ("encrypted", "encrypted", Holds::Truth),
    ("name", "name", Holds::Text),
    ("parent_container_sid", "parent_container_sid", Holds::Text),
    ("partner_sid", "partner_sid", Holds::Text),
    ("publish_domain", "publish_domain", Holds::Text),
    ("quota_bytes", "quota_bytes", Holds::Integer),
    ("quota_files", "quota_files", Holds::Integer),
    ("threshold_action", "threshold_action", Holds::Text),
    ("threshold_bytes", "threshold_bytes", Holds::Integer),
    ("threshold_bytes_target", "threshold_bytes_target", Holds::Integer),
    ("threshold_files", "threshold_files", Holds::Integer),
    ("threshold_files_target", "threshold_files_target", Holds::Integer),
    ("threshold_grace_period", "threshold_grace_period", Holds::Integer),
    ("threshold_total_bytes", "threshold_total_bytes", Holds::Integer),
    ("threshold_total_files", "threshold_total_files", Holds::Integer),
    ("total_bytes", "total_bytes", Holds::Integer),
    ("total_files", "total_files", Holds::Integer),
    ("type", "kind", Holds::Text),
    ("unique", "is_unique", Holds::Truth),
];

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Containers,
    Files,
}

impl Table {
    pub fn name(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Files => "files",
        }
    }

    /// The columns of its rows.
    pub fn selected(self) -> &'static str {
        match self {
            Self::Containers => ContainerRow::SELECTED,
            Self::Files => FileRow::SELECTED,
        }
    }

    fn attributes(self) -> impl Iterator<Item = &'static Attribute> {
        let own = match self {
            Self::Containers => OF_CONTAINERS,
            Self::Files => OF_FILES,
        };
        own.iter().chain(&KEYS)
    }

    /// The SQL expression of an attribute and what it holds; a dotted name reaches into a container's
    /// `external_attributes`.
    pub fn find(self, name: &str, parameter: &'static str) -> Result<(String, Holds), Error> {
        if let Some((_, column, holds)) = self.attributes().find(|(known, ..)| *known == name) {
            return Ok(((*column).to_owned(), *holds));
        }
        let inner = name.strip_prefix("external_attributes.").filter(|_| self == Self::Containers);
        // Secrets are masked on read; a filter must not tell them either.
        if let Some(path) = inner.filter(|p| p.split('.').all(|step| !is_secret(step))) {
            return Ok((within_external(path, parameter)?, Holds::Text));
        }
        let known: Vec<_> = self.attributes().map(|(known, ..)| *known).collect();
        let message = format!("unknown attribute `{name}`; allowed: {}", known.join(", "));
        Err(Error::BadList { parameter, message })
    }
}

/// A value within `external_attributes`. Objects and lists have none: there may be secrets in them.
fn within_external(path: &str, parameter: &'static str) -> Result<String, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if path.split('.').any(|step| step.is_empty() || !step.bytes().all(plain)) {
        let message = format!(
            "`external_attributes.{path}` names no value; allowed: external_attributes.KEY or \
            external_attributes.KEY.KEY, keys of ASCII letters, digits and `_`"
        );
        return Err(Error::BadList { parameter, message });
    }
    let (column, path) = ("external_attributes", format!("'$.{path}'"));
    Ok(format!(
        "iif(json_type({column}, {path}) IN ('object', 'array'), NULL, {column} ->> {path})"
    ))
}

/// Whether a key of `external_attributes` holds a secret.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "secret",
        "account_key",
        "connection_string",
        "credentials",
        "password",
        "token",
        "private_key",
    ]
    .iter()
    .any(|word| key.contains(word))
}

impl Holds {
    /// A value as it's written in a filter.
    pub fn read(self, text: &str) -> Option<Value> {
        if text == "null" {
            return Some(Value::Null);
        }
        Some(match self {
            Self::Text => Value::Text(text.to_owned()),
            Self::Integer => Value::Integer(text.parse().ok()?),
            Self::Number => Value::Real(text.parse().ok().filter(|n: &f64| n.is_finite())?),
            Self::Truth => Value::Integer(i64::from(text.parse::<bool>().ok()?)),
            Self::Time => Value::Integer(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
        })
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Time => "a time such as 2022-01-22T18:13:30.900Z",
        }
    }
}
