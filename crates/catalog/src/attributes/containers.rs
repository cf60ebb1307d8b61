//! The attributes of containers.

use super::Set::{Stays, TakesDefault};
use super::{Attribute, Bounds, Described, LIFECYCLE_TTL_MAX_S, field, keys};
use crate::ContainerRow;

impl Described for ContainerRow {
    const TABLE: &'static str = "containers";
    const ID: &'static str = "container_sid";

    fn attributes() -> impl Iterator<Item = &'static Attribute<Self>> {
        OWN.iter().chain(&KEYS).chain(&HIDDEN)
    }

    fn blank() -> Self {
        Self::blank()
    }
}

static KEYS: [Attribute<ContainerRow>; 7] = keys::keys(
    "Whether its six keys must differ from those of the owner's other unique containers.",
);

static HIDDEN: [Attribute<ContainerRow>; 3] = [
    Attribute::hidden("threshold_hit_at", field!(ContainerRow, threshold.hit_at)),
    Attribute::hidden("date_created", field!(ContainerRow, date_created)),
    Attribute::hidden("date_modified", field!(ContainerRow, date_modified)),
];

static OWN: [Attribute<ContainerRow>; 29] = [
    Attribute::settable(
        "allow_publish",
        TakesDefault,
        field!(ContainerRow, allow_publish),
        "Whether its files can be published at all.",
    ),
    Attribute::settable(
        "allowed_classifications",
        TakesDefault,
        field!(ContainerRow, allowed_classifications),
        "If not empty, only files of these classifications are accepted.",
    ),
    Attribute::settable(
        "blocked_classifications",
        TakesDefault,
        field!(ContainerRow, blocked_classifications),
        "Files of these classifications are refused.",
    ),
    Attribute::shown("container_sid", field!(ContainerRow, container_sid), "Its id."),
    Attribute::settable(
        "default_file_lifecycle_action",
        TakesDefault,
        field!(ContainerRow, default_file.lifecycle.action),
        "`lifecycle_action` of new files.",
    ),
    Attribute::settable(
        "default_file_lifecycle_ttl",
        TakesDefault,
        field!(ContainerRow, default_file.lifecycle.ttl),
        "`lifecycle_ttl` of new files.",
    )
    .bounds(Bounds::Within(-1, LIFECYCLE_TTL_MAX_S)),
    Attribute::settable(
        "default_file_publish",
        TakesDefault,
        field!(ContainerRow, default_file.publish),
        "`publish` of new files.",
    ),
    Attribute::settable(
        "default_file_threshold_include",
        TakesDefault,
        field!(ContainerRow, default_file.threshold_include),
        "`threshold_include` of new files.",
    ),
    Attribute::settable(
        "default_file_unique",
        TakesDefault,
        field!(ContainerRow, default_file.is_unique),
        "`unique` of new files.",
    ),
    Attribute::shown(
        "durability_class",
        field!(ContainerRow, durability_class),
        "Always `unassigned`.",
    ),
    Attribute::shown("encrypted", field!(ContainerRow, encrypted), "Always false."),
    Attribute::settable(
        "external_attributes",
        TakesDefault,
        field!(ContainerRow, external_attributes),
        "What its bucket is reached by, where it has one; secrets read as asterisks.",
    ),
    Attribute::settable("name", TakesDefault, field!(ContainerRow, name), "Its label."),
    Attribute::settable(
        "parent_container_sid",
        TakesDefault,
        field!(ContainerRow, parent_container_sid),
        "A container that it belongs to.",
    ),
    Attribute::settable(
        "partner_sid",
        Stays,
        field!(ContainerRow, partner_sid),
        "Its owner, and that of its files; an administrator can name another.",
    ),
    Attribute::settable(
        "publish_domain",
        TakesDefault,
        field!(ContainerRow, publish_domain),
        "The origin of its files' links.",
    ),
    Attribute::settable(
        "quota_bytes",
        TakesDefault,
        field!(ContainerRow, quota.bytes),
        "Most bytes that it may hold; null is no limit.",
    ),
    Attribute::settable(
        "quota_files",
        TakesDefault,
        field!(ContainerRow, quota.files),
        "Most files that it may hold; null is no limit.",
    ),
    Attribute::settable(
        "threshold_action",
        TakesDefault,
        field!(ContainerRow, threshold.action),
        "What happens once a threshold is reached: null, `reject` or `delete_lru`.",
    ),
    Attribute::settable(
        "threshold_bytes",
        TakesDefault,
        field!(ContainerRow, threshold.at.bytes),
        "The threshold in bytes.",
    ),
    Attribute::settable(
        "threshold_bytes_target",
        TakesDefault,
        field!(ContainerRow, threshold.target.bytes),
        "Where `delete_lru` stops, in bytes.",
    ),
    Attribute::settable(
        "threshold_files",
        TakesDefault,
        field!(ContainerRow, threshold.at.files),
        "The threshold in files.",
    ),
    Attribute::settable(
        "threshold_files_target",
        TakesDefault,
        field!(ContainerRow, threshold.target.files),
        "Where `delete_lru` stops, in files.",
    ),
    Attribute::settable(
        "threshold_grace_period",
        TakesDefault,
        field!(ContainerRow, threshold.grace_period),
        "Seconds for which `reject` still takes files once a threshold is reached.",
    )
    .bounds(Bounds::From(0)),
    Attribute::shown(
        "threshold_total_bytes",
        field!(ContainerRow, threshold.usage.bytes),
        "Bytes of the files that count for the threshold.",
    ),
    Attribute::shown(
        "threshold_total_files",
        field!(ContainerRow, threshold.usage.files),
        "Number of the files that count for the threshold.",
    ),
    Attribute::shown("total_bytes", field!(ContainerRow, usage.bytes), "Bytes that it holds."),
    Attribute::shown("total_files", field!(ContainerRow, usage.files), "Files that it holds."),
    Attribute::settable(
        "type",
        TakesDefault,
        field!(ContainerRow, kind),
        "Where its files lie: `internal` with the server, else in a bucket of its own.",
    )
    .in_column("kind"),
];
