//! The values that attributes may have, checked on the whole object as it would be kept.

use crate::{Container, Error, File, LIFECYCLE_TTL_MAX_S};
use semantics::media_type::MediaType;

/// Longest access name, in bytes: it must fit into the line of a request.
const LONGEST_ACCESS_NAME_BYTES: usize = 512;

fn check_ttl(field: &str, ttl: i64) -> Result<(), Error> {
    if (-1..=LIFECYCLE_TTL_MAX_S).contains(&ttl) {
        return Ok(());
    }
    let message = format!("must be seconds from 0 to {LIFECYCLE_TTL_MAX_S}, or -1 for never");
    Err(Error::invalid(field, message))
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
    check_ttl("default_file_lifecycle_ttl", row.default_file.lifecycle.ttl)?;
    if row.threshold.grace_period < 0 {
        return Err(Error::invalid("threshold_grace_period", "must be seconds from 0 on"));
    }
    let (at, target) = (row.threshold.at, row.threshold.target);
    for (field, target, threshold) in [
        ("threshold_bytes_target", target.bytes, at.bytes),
        ("threshold_files_target", target.files, at.files),
    ] {
        if target.zip(threshold).is_some_and(|(target, threshold)| target > threshold) {
            return Err(Error::invalid(field, "must not lie above the threshold"));
        }
    }
    Ok(())
}

pub(crate) fn check_file(row: &File) -> Result<(), Error> {
    check_ttl("lifecycle_ttl", row.lifecycle.ttl)?;
    let name = &row.file_access_name;
    let walks = name.split('/').any(|step| matches!(step, "" | "." | ".."));
    if walks || name.len() > LONGEST_ACCESS_NAME_BYTES {
        let message = "must be a path of at most 512 bytes without empty steps, `.` and `..`";
        return Err(Error::invalid("file_access_name", message));
    }
    if MediaType::parse(&row.mime_type).is_none() {
        let message = "must be one media type of at most 255 characters such as audio/mpeg";
        return Err(Error::invalid("mime_type", message));
    }
    Ok(())
}
