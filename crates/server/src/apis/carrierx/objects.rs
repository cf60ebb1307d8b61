//! The API's objects: Container, File, lists, errors. Their comments are the API's own description.

use crate::apis::storage::members::{self, Made, Member, Object};
use library::{Container, File, Kind, Limits, LinkBase, Listing, Usage};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::ToSchema;
use uuid::Uuid;

/// A container as the API shows it.
pub struct ContainerObject {
    row: Container,
    /// The origin of links where the container names none.
    link_base: LinkBase,
}

/// A file as the API shows it.
pub struct FileObject {
    row: File,
    /// Its public link.
    publish_uri: Option<String>,
}

impl ContainerObject {
    /// `link_base` is what links begin with where the container names no origin.
    pub fn of(row: Container, link_base: LinkBase) -> Self {
        Self { row, link_base }
    }
}

impl FileObject {
    /// A file with its public link.
    pub fn of(row: File, publish_uri: Option<String>) -> Self {
        Self { row, publish_uri }
    }
}

impl Object for ContainerObject {
    type Row = Container;
    const ABOUT: &'static str = "A container: holds files, and says what they may be.";

    fn row(&self) -> &Container {
        &self.row
    }

    fn members() -> &'static [Member<Self>] {
        static MEMBERS: LazyLock<Vec<Member<ContainerObject>>> =
            LazyLock::new(|| members::by_name(&OF_CONTAINERS));
        &MEMBERS
    }
}

impl Object for FileObject {
    type Row = File;
    const ABOUT: &'static str = "A file.";

    fn row(&self) -> &File {
        &self.row
    }

    fn members() -> &'static [Member<Self>] {
        static MEMBERS: LazyLock<Vec<Member<FileObject>>> =
            LazyLock::new(|| members::by_name(&OF_FILES));
        &MEMBERS
    }
}

static OF_FILES: [Made<FileObject>; 1] = [Made {
    name: "publish_uri",
    about: "Its public link; null if it isn't published.",
    holds: (Kind::Text, true),
    is_settable: false,
    value: |file| json!(file.publish_uri),
}];

static OF_CONTAINERS: [Made<ContainerObject>; 6] = [
    Made {
        name: "available_bytes_percent",
        about: "Free bytes, percent of `quota_bytes`; 100 without a quota.",
        holds: (Kind::Count, false),
        is_settable: false,
        value: |c| json!(available(c.row.usage, c.row.quota).bytes.unwrap_or(100)),
    },
    Made {
        name: "available_files_percent",
        about: "Free files, percent of `quota_files`; 100 without a quota.",
        holds: (Kind::Count, false),
        is_settable: false,
        value: |c| json!(available(c.row.usage, c.row.quota).files.unwrap_or(100)),
    },
    Made {
        name: "external_attributes",
        about: "Settings of external storage; secrets read as asterisks.",
        holds: (Kind::Object, false),
        is_settable: true,
        value: |c| Value::Object(library::masked(&c.row.external_attributes)),
    },
    Made {
        name: "publish_domain",
        about: "The origin of its files' links.",
        holds: (Kind::Text, false),
        is_settable: true,
        value: |c| json!(c.row.publish_domain.as_deref().unwrap_or(c.link_base.as_str())),
    },
    Made {
        name: "threshold_available_bytes_percent",
        about: "Percent left before `threshold_bytes`; null without one.",
        holds: (Kind::Count, true),
        is_settable: false,
        value: |c| json!(available(c.row.threshold.usage, c.row.threshold.at).bytes),
    },
    Made {
        name: "threshold_available_files_percent",
        about: "Percent left before `threshold_files`; null without one.",
        holds: (Kind::Count, true),
        is_settable: false,
        value: |c| json!(available(c.row.threshold.usage, c.row.threshold.at).files),
    },
];

/// What is left, in percent of each limit that there is.
fn available(used: Usage, limits: Limits) -> Limits {
    let percent = |used: u64, limit: u64| {
        let left = u128::from(limit.saturating_sub(used));
        (left * 100 / u128::from(limit.max(1))) as u64
    };
    Limits {
        bytes: limits.bytes.map(|limit| percent(used.bytes, limit)),
        files: limits.files.map(|limit| percent(used.files, limit)),
    }
}

macro_rules! shown {
    ($($object:ty as $name:literal),*) => {$(
        impl Serialize for $object {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                members::serialize(self, to)
            }
        }

        impl utoipa::PartialSchema for $object {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                members::described::<Self>()
            }
        }

        impl ToSchema for $object {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

// A plain `File` would take the name that generated clients in Python have for what is uploaded.
shown!(ContainerObject as "ContainerObject", FileObject as "FileObject");

/// Whether an attribute is the server's alone, of the one object or of the other. Such are passed over, since clients
/// send back what they were given, also what another version showed.
pub fn is_read_only(name: &str) -> bool {
    name == "date_created"
        || members::is_read_only::<ContainerObject>(name)
        || members::is_read_only::<FileObject>(name)
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
