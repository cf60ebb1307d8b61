//! The values that attributes may have, checked on the whole object as it would be kept.

use crate::{Container, Error, File};

const CLASSIFICATIONS: [&str; 5] = ["archive", "document", "executable", "media", "unknown"];
const LIFECYCLE_ACTIONS: [&str; 2] = ["no_action", "delete"];
const PUBLISH: [&str; 3] = ["none", "file_sid", "file_access_name"];

/// Longest access name, in bytes: it must fit into the line of a request.
const LONGEST_ACCESS_NAME_BYTES: usize = 512;

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), Error> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{value:?} (allowed: {})", allowed.join(", "))))
}

fn lifecycle(prefix: &str, action: &str, ttl: i64) -> Result<(), Error> {
    one_of(&format!("{prefix}lifecycle_action"), action, &LIFECYCLE_ACTIONS)?;
    // A hundred years: later than that is never.
    if (-1..=3_155_760_000).contains(&ttl) {
        return Ok(());
    }
    let message = "must be seconds from 0 to 3155760000, or -1 for never";
    Err(Error::invalid(&format!("{prefix}lifecycle_ttl"), message))
}

pub(crate) fn check_origin(domain: &str) -> Result<(), Error> {
    let host = domain.strip_prefix("https://").or_else(|| domain.strip_prefix("http://"));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    if host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain)) {
        return Ok(());
    }
    Err(Error::invalid("publish_domain", "must be an origin such as https://media.example.com"))
}

pub(crate) fn check_container(row: &Container) -> Result<(), Error> {
    match row.kind.as_str() {
        "internal" => {}
        "aws" | "azure" | "gcp" => {
            let message = format!(
                "{:?} (external storage is not supported yet; allowed: internal)",
                row.kind
            );
            return Err(Error::invalid("type", message));
        }
        other => one_of("type", other, &["internal"])?,
    }
    for class in &row.allowed_classifications {
        one_of("allowed_classifications", class, &CLASSIFICATIONS)?;
    }
    for class in &row.blocked_classifications {
        one_of("blocked_classifications", class, &CLASSIFICATIONS)?;
    }
    one_of("default_file_publish", &row.default_file_publish, &PUBLISH)?;
    let (action, ttl) = (&row.default_file_lifecycle_action, row.default_file_lifecycle_ttl);
    lifecycle("default_file_", action, ttl)?;
    if let Some(action) = &row.threshold_action {
        one_of("threshold_action", action, &["reject", "delete_lru"])?;
    }
    if row.threshold_grace_period < 0 {
        return Err(Error::invalid("threshold_grace_period", "must be seconds from 0 on"));
    }
    for (field, target, threshold) in [
        ("threshold_bytes_target", row.threshold_bytes_target, row.threshold_bytes),
        ("threshold_files_target", row.threshold_files_target, row.threshold_files),
    ] {
        if target.zip(threshold).is_some_and(|(target, threshold)| target > threshold) {
            return Err(Error::invalid(field, "must not lie above the threshold"));
        }
    }
    Ok(())
}

pub(crate) fn check_file(row: &File) -> Result<(), Error> {
    one_of("publish", &row.publish, &PUBLISH)?;
    one_of("type", &row.kind, &["file", "audio", "video"])?;
    lifecycle("", &row.lifecycle_action, row.lifecycle_ttl)?;
    let name = &row.file_access_name;
    let walks = name.split('/').any(|step| matches!(step, "" | "." | ".."));
    if walks || name.len() > LONGEST_ACCESS_NAME_BYTES {
        let message = "must be a path of at most 512 bytes without empty steps, `.` and `..`";
        return Err(Error::invalid("file_access_name", message));
    }
    let type_is_plain = row.mime_type.len() <= 255
        && row.mime_type.contains('/')
        && row.mime_type.bytes().all(|b| (0x20..0x7f).contains(&b));
    if !type_is_plain {
        let message = "must be a media type of at most 255 ASCII characters such as audio/mpeg";
        return Err(Error::invalid("mime_type", message));
    }
    Ok(())
}
