//! The attributes of files.

use super::Set::{Stays, TakesDefault};
use super::{Attribute, Bounds, Described, LIFECYCLE_TTL_MAX_S, field, keys};
use crate::FileRow;

impl Described for FileRow {
    const TABLE: &'static str = "files";
    const ID: &'static str = "file_sid";

    fn attributes() -> impl Iterator<Item = &'static Attribute<Self>> {
        OWN.iter().chain(&KEYS).chain(&HIDDEN)
    }

    fn blank() -> Self {
        Self::blank()
    }
}

static KEYS: [Attribute<FileRow>; 7] = keys::keys(
    "Whether its six keys must differ from those of the container's other unique files.",
);

static HIDDEN: [Attribute<FileRow>; 4] = [
    Attribute::hidden("store", field!(FileRow, store)),
    Attribute::hidden("content_hash", field!(FileRow, content_hash)),
    Attribute::hidden("content_stored_at", field!(FileRow, content_stored_at)),
    Attribute::hidden("created_by", field!(FileRow, created_by)),
];

static OWN: [Attribute<FileRow>; 22] = [
    Attribute::settable(
        "container_sid",
        Stays,
        field!(FileRow, container_sid),
        "The container that holds it.",
    ),
    Attribute::shown(
        "content_classification",
        field!(FileRow, content_classification),
        "`archive`, `document`, `executable`, `media` or `unknown`, by its content.",
    ),
    Attribute::shown(
        "content_duration",
        field!(FileRow, content_duration),
        "Seconds; null if it can't be played.",
    ),
    Attribute::shown(
        "content_format",
        field!(FileRow, content_format),
        "Its format; of what can't be played, the extension.",
    ),
    Attribute::shown(
        "content_transcoding_progress",
        field!(FileRow, content_transcoding_progress),
        "Percent; null if it was stored as it came.",
    ),
    Attribute::shown(
        "date_created",
        field!(FileRow, date_created),
        "When it came; shown where `include_fields` names it.",
    )
    .time()
    .when_named(),
    Attribute::shown(
        "date_last_accessed",
        field!(FileRow, date_last_accessed),
        "When it was read last, to the minute; null if never.",
    )
    .time(),
    Attribute::shown("date_modified", field!(FileRow, date_modified), "When it was changed last.")
        .time(),
    Attribute::settable(
        "desired_bitrate",
        TakesDefault,
        field!(FileRow, desired_bitrate),
        "The bit rate in kbit/s that its content is stored with.",
    ),
    Attribute::settable(
        "desired_format",
        TakesDefault,
        field!(FileRow, desired_format),
        "The format that its content is stored in.",
    ),
    Attribute::settable(
        "file_access_name",
        Stays,
        field!(FileRow, file_access_name),
        "Its path within the container.",
    ),
    Attribute::shown("file_bytes", field!(FileRow, file_bytes), "Its size."),
    Attribute::shown("file_sid", field!(FileRow, file_sid), "Its id."),
    Attribute::settable(
        "lifecycle_action",
        TakesDefault,
        field!(FileRow, lifecycle.action),
        "`no_action`, or `delete` once `lifecycle_ttl` is over.",
    ),
    Attribute::settable(
        "lifecycle_ttl",
        TakesDefault,
        field!(FileRow, lifecycle.ttl),
        "Seconds from its upload on; -1 is never.",
    )
    .bounds(Bounds::Within(-1, LIFECYCLE_TTL_MAX_S)),
    Attribute::settable(
        "mime_type",
        TakesDefault,
        field!(FileRow, mime_type),
        "Its media type; by default that of its content.",
    ),
    Attribute::settable("name", Stays, field!(FileRow, name), "Its name."),
    Attribute::settable(
        "parent_file_sid",
        TakesDefault,
        field!(FileRow, parent_file_sid),
        "A file that it belongs to.",
    ),
    Attribute::shown("partner_sid", field!(FileRow, partner_sid), "The owner of its container."),
    Attribute::settable(
        "publish",
        TakesDefault,
        field!(FileRow, publish),
        "How it's published: `none`, `file_sid` or `file_access_name`.",
    ),
    Attribute::settable(
        "threshold_include",
        TakesDefault,
        field!(FileRow, threshold_include),
        "Whether it counts for the container's threshold.",
    ),
    Attribute::settable("type", TakesDefault, field!(FileRow, kind), "`file`, `audio` or `video`.")
        .in_column("kind"),
];
