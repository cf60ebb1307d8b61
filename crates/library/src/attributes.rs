//! What may be set of containers and files, each attribute declared once: its name in the APIs, its
//! place in the row, its type. The rest follows: a struct of changes, setting one by name from JSON,
//! applying them to a row.

use crate::{
    Classification, Error, FileKind, LifecycleAction, Publish, StorageKind, ThresholdAction,
    UnknownWord,
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A value as JSON or as text (a query argument) gives it.
pub(crate) trait Attribute: Sized {
    /// What it must be, for the message of a refusal.
    const KIND: &'static str;

    fn read(value: &Value) -> Option<Self>;

    /// The value, or why it is refused.
    fn checked(value: &Value) -> Result<Self, String> {
        Self::read(value).ok_or_else(|| format!("must be {}", Self::KIND))
    }
}

/// Longest text of an attribute, in bytes.
pub(crate) const LONGEST_TEXT_BYTES: usize = 1024;

impl Attribute for String {
    const KIND: &'static str = "a text of at most 1024 bytes without control characters";
    fn read(value: &Value) -> Option<Self> {
        let text = value.as_str()?;
        let plain = text.len() <= LONGEST_TEXT_BYTES && !text.chars().any(char::is_control);
        plain.then(|| text.to_owned())
    }
}

impl Attribute for bool {
    const KIND: &'static str = "true or false";
    fn read(value: &Value) -> Option<Self> {
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }
}

impl Attribute for i64 {
    const KIND: &'static str = "a whole number";
    fn read(value: &Value) -> Option<Self> {
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }
}

impl Attribute for u64 {
    const KIND: &'static str = "a whole number from 0 on";
    fn read(value: &Value) -> Option<Self> {
        i64::read(value).and_then(|number| Self::try_from(number).ok())
    }
}

impl Attribute for Uuid {
    const KIND: &'static str = "a sid";
    fn read(value: &Value) -> Option<Self> {
        Self::try_parse(value.as_str()?).ok()
    }
}

impl Attribute for Vec<Classification> {
    const KIND: &'static str = "a list of texts";
    fn read(value: &Value) -> Option<Self> {
        Self::checked(value).ok()
    }
    fn checked(value: &Value) -> Result<Self, String> {
        let items = value.as_array().filter(|items| items.len() <= 100);
        let items = items.filter(|items| items.iter().all(|item| String::read(item).is_some()));
        let items = items.ok_or_else(|| format!("must be {}", Self::KIND))?;
        items.iter().map(Classification::checked).collect()
    }
}

impl Attribute for Map<String, Value> {
    const KIND: &'static str = "an object";
    fn read(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

impl<T: Attribute> Attribute for Option<T> {
    const KIND: &'static str = T::KIND;
    fn read(value: &Value) -> Option<Self> {
        Self::checked(value).ok()
    }
    fn checked(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::checked(value).map(Some),
        }
    }
}

macro_rules! words {
    ($($ty:ty),*) => {$(
        impl Attribute for $ty {
            const KIND: &'static str = String::KIND;
            fn read(value: &Value) -> Option<Self> {
                value.as_str()?.parse().ok()
            }
            fn checked(value: &Value) -> Result<Self, String> {
                String::checked(value)?.parse().map_err(|unknown: UnknownWord| unknown.to_string())
            }
        }
    )*};
}

words!(Publish, LifecycleAction, ThresholdAction, Classification, FileKind, StorageKind);

macro_rules! settable {
    ($(#[$meta:meta])* $name:ident for $row:ident { $($public:literal => $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[allow(missing_docs)] // The attributes are described in one place: the API's own object.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name { $(pub $field: Option<$ty>,)* }

        impl $name {
            /// The attributes' names in the APIs.
            pub const NAMES: &[&'static str] = &[$($public),*];

            /// Sets an attribute by its name in the APIs.
            ///
            /// # Errors
            /// [`Error::Invalid`] if there is no such attribute or it can't have that value.
            pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Error> {
                match name {
                    $($public => {
                        let read = <$ty as Attribute>::checked(value);
                        self.$field = Some(read.map_err(|why| Error::invalid($public, why))?);
                    })*
                    _ => {
                        let message = format!("unknown attribute; allowed: {}", Self::NAMES.join(", "));
                        return Err(Error::invalid(name, message));
                    }
                }
                Ok(())
            }

            pub(crate) fn apply(self, row: &mut $row) {
                $(if let Some(value) = self.$field { row.$field = value; })*
            }
        }
    };
}

use crate::{Container, File};

settable! {
    /// What a caller says of a container; what is left out stays or takes its default.
    ContainerChanges for Container {
        "allow_publish" => allow_publish: bool,
        "allowed_classifications" => allowed_classifications: Vec<Classification>,
        "blocked_classifications" => blocked_classifications: Vec<Classification>,
        "default_file_lifecycle_action" => default_file_lifecycle_action: LifecycleAction,
        "default_file_lifecycle_ttl" => default_file_lifecycle_ttl: i64,
        "default_file_publish" => default_file_publish: Publish,
        "default_file_threshold_include" => default_file_threshold_include: bool,
        "default_file_unique" => default_file_unique: bool,
        "external_attributes" => external_attributes: Map<String, Value>,
        "integer_key_1" => integer_key_1: Option<i64>,
        "integer_key_2" => integer_key_2: Option<i64>,
        "name" => name: String,
        "parent_container_sid" => parent_container_sid: Option<Uuid>,
        "partner_sid" => partner_sid: Uuid,
        "publish_domain" => publish_domain: Option<String>,
        "quota_bytes" => quota_bytes: Option<u64>,
        "quota_files" => quota_files: Option<u64>,
        "string_key_1" => string_key_1: Option<String>,
        "string_key_2" => string_key_2: Option<String>,
        "string_key_3" => string_key_3: Option<String>,
        "string_key_4" => string_key_4: Option<String>,
        "threshold_action" => threshold_action: Option<ThresholdAction>,
        "threshold_bytes" => threshold_bytes: Option<u64>,
        "threshold_bytes_target" => threshold_bytes_target: Option<u64>,
        "threshold_files" => threshold_files: Option<u64>,
        "threshold_files_target" => threshold_files_target: Option<u64>,
        "threshold_grace_period" => threshold_grace_period: i64,
        "type" => kind: StorageKind,
        "unique" => is_unique: bool,
    }
}

settable! {
    /// What a caller says of a file; what is left out stays or takes the container's default.
    FileChanges for File {
        "container_sid" => container_sid: Uuid,
        "desired_bitrate" => desired_bitrate: Option<i64>,
        "desired_format" => desired_format: Option<String>,
        "file_access_name" => file_access_name: String,
        "integer_key_1" => integer_key_1: Option<i64>,
        "integer_key_2" => integer_key_2: Option<i64>,
        "lifecycle_action" => lifecycle_action: LifecycleAction,
        "lifecycle_ttl" => lifecycle_ttl: i64,
        "mime_type" => mime_type: String,
        "name" => name: String,
        "parent_file_sid" => parent_file_sid: Option<Uuid>,
        "publish" => publish: Publish,
        "string_key_1" => string_key_1: Option<String>,
        "string_key_2" => string_key_2: Option<String>,
        "string_key_3" => string_key_3: Option<String>,
        "string_key_4" => string_key_4: Option<String>,
        "threshold_include" => threshold_include: bool,
        "type" => kind: FileKind,
        "unique" => is_unique: bool,
    }
}
