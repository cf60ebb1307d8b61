//! The rules of a container: pure functions of its row, run inside the transaction that decides.
//!
//! Order: classification → quota → threshold.

use crate::{Container, Error, File};
use catalog::Admission;

/// Whether a file may come in or grow, and what follows from it. `old` is the file as it was in this
/// same container, if it was.
pub(crate) fn admit(
    container: &Container,
    old: Option<&File>,
    new: &File,
    now_ms: i64,
) -> Result<Admission, Error> {
    classification(container, old, new)?;
    let was = |counts: fn(&File) -> bool| {
        old.filter(|f| counts(f)).map_or((0, 0), |f| (f.file_bytes, 1_u64))
    };
    let grown = |total: (u64, u64), was: (u64, u64), is: (u64, u64)| {
        (total.0.saturating_sub(was.0) + is.0, total.1.saturating_sub(was.1) + is.1)
    };
    let total = (container.total_bytes, container.total_files);
    quota(container, total, grown(total, was(|_| true), (new.file_bytes, 1)))?;
    let counted = (container.threshold_total_bytes, container.threshold_total_files);
    let is = if new.threshold_include { (new.file_bytes, 1) } else { (0, 0) };
    threshold(container, counted, grown(counted, was(|f| f.threshold_include), is), now_ms)
}

/// Refused are blocked ones and, where some are allowed, all others. A file that is kept stays.
fn classification(container: &Container, old: Option<&File>, new: &File) -> Result<(), Error> {
    let class = &new.content_classification;
    let (allowed, blocked) =
        (&container.allowed_classifications, &container.blocked_classifications);
    let refused = blocked.contains(class) || !allowed.is_empty() && !allowed.contains(class);
    if refused && old.is_none_or(|old| old.content_hash != new.content_hash) {
        let message = format!("classification is not allowed: {class}");
        return Err(Error::invalid("content_classification", message));
    }
    Ok(())
}

/// What is not more than before is never refused, so that a container over its limit can be tidied.
fn quota(container: &Container, now: (u64, u64), then: (u64, u64)) -> Result<(), Error> {
    for (quota, limit, now, then) in [
        ("quota_bytes", container.quota_bytes, now.0, then.0),
        ("quota_files", container.quota_files, now.1, then.1),
    ] {
        if let Some(limit) = limit.filter(|limit| then > *limit && then > now) {
            return Err(Error::LimitReached { quota, limit });
        }
    }
    Ok(())
}

/// Whether the counted usage is at or over a threshold.
pub(crate) fn is_reached(container: &Container, (bytes, files): (u64, u64)) -> bool {
    reached(container, (bytes, files)).is_some()
}

fn reached(container: &Container, (bytes, files): (u64, u64)) -> Option<&'static str> {
    let files_reached = container.threshold_files.is_some_and(|threshold| files >= threshold);
    let bytes_reached = container.threshold_bytes.is_some_and(|threshold| bytes >= threshold);
    match (files_reached, bytes_reached) {
        (true, _) => Some("threshold_files"),
        (false, true) => Some("threshold_bytes"),
        (false, false) => None,
    }
}

fn threshold(
    container: &Container,
    now: (u64, u64),
    then: (u64, u64),
    now_ms: i64,
) -> Result<Admission, Error> {
    let hit_at = container.threshold_hit_at.filter(|_| is_reached(container, now));
    let grows = then.0 > now.0 || then.1 > now.1;
    match container.threshold_action.as_deref() {
        Some("reject") if grows => {
            if let Some(field) = reached(container, now) {
                // Who began before it was reached may be decided after it.
                let since = (now_ms - hit_at.unwrap_or(now_ms)).max(0);
                if since >= container.threshold_grace_period.saturating_mul(1000) {
                    let message = "threshold exceeded: the container takes no more files";
                    return Err(Error::invalid(field, message));
                }
            }
        }
        _ => {}
    }
    let over = is_reached(container, then);
    let shrinks = over && container.threshold_action.as_deref() == Some("delete_lru");
    Ok(Admission {
        threshold_hit_at: over.then(|| hit_at.unwrap_or(now_ms)),
        shrink_to: shrinks.then(|| targets(container, then)),
    })
}

/// Down to the target of each threshold that is reached; a target left out is the threshold itself.
fn targets(container: &Container, (bytes, files): (u64, u64)) -> (u64, u64) {
    let target = |usage: u64, threshold: Option<u64>, target: Option<u64>| match threshold {
        Some(threshold) if usage >= threshold => target.unwrap_or(threshold),
        _ => u64::MAX,
    };
    (
        target(bytes, container.threshold_bytes, container.threshold_bytes_target),
        target(files, container.threshold_files, container.threshold_files_target),
    )
}
