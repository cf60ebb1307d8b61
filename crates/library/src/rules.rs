//! The rules of a container: pure functions of its row, run inside the transaction that decides.
//!
//! Order: classification → quota → threshold.

use crate::{Container, Error, File, ThresholdAction};
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

/// A change that makes nothing larger is never refused, because a container over its limit must be tidied somehow.
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
    match container.threshold_action {
        Some(ThresholdAction::Reject) if grows => {
            if let Some(field) = reached(container, now) {
                // The grace counts from when the threshold was reached, and that may lie after `now_ms`: an upload that
                // began before is judged after it.
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
    let shrinks = over && container.threshold_action == Some(ThresholdAction::DeleteLru);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::containers::default_row;
    use crate::{Classification, FileKind, LifecycleAction, Publish, Word};
    use proptest::option::of;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW_MS: i64 = 1_000_000;

    const ACTIONS: [Option<ThresholdAction>; 3] =
        [None, Some(ThresholdAction::Reject), Some(ThresholdAction::DeleteLru)];

    fn file(file_bytes: u64, threshold_include: bool, content_hash: &str) -> File {
        File {
            file_sid: Uuid::nil(),
            container_sid: Uuid::nil(),
            partner_sid: Uuid::nil(),
            parent_file_sid: None,
            content_hash: content_hash.into(),
            content_stored_at: 0,
            content_classification: Classification::Media,
            content_duration: None,
            content_format: String::new(),
            content_transcoding_progress: None,
            date_created: 0,
            date_modified: 0,
            date_last_accessed: None,
            desired_bitrate: None,
            desired_format: None,
            file_access_name: "a".into(),
            file_bytes,
            lifecycle_action: LifecycleAction::NoAction,
            lifecycle_ttl: -1,
            mime_type: "audio/mpeg".into(),
            name: "a".into(),
            publish: Publish::FileSid,
            threshold_include,
            kind: FileKind::File,
            is_unique: false,
            integer_key_1: None,
            integer_key_2: None,
            string_key_1: None,
            string_key_2: None,
            string_key_3: None,
            string_key_4: None,
        }
    }

    prop_compose! {
        /// A container near its limits, the files that it holds beside the one that changes counted in.
        fn container()(
            bytes in 0..20_u64, files in 0..6_u64, counted in 0..3_u64,
            quotas in (of(0..25_u64), of(0..8_u64)), thresholds in (of(0..20_u64), of(0..6_u64)),
            targets in (of(0..20_u64), of(0..6_u64)), hit_at in of(0..NOW_MS), grace in 0..900_i64,
            action in prop::sample::select(&ACTIONS[..]),
        ) -> Container {
            Container {
                total_bytes: bytes,
                total_files: files,
                threshold_total_bytes: bytes.saturating_sub(counted),
                threshold_total_files: files.saturating_sub(counted),
                quota_bytes: quotas.0,
                quota_files: quotas.1,
                threshold_bytes: thresholds.0,
                threshold_files: thresholds.1,
                threshold_bytes_target: targets.0.zip(thresholds.0).map(|(t, limit)| t.min(limit)),
                threshold_files_target: targets.1.zip(thresholds.1).map(|(t, limit)| t.min(limit)),
                threshold_hit_at: hit_at,
                threshold_grace_period: grace,
                threshold_action: action,
                ..default_row(Uuid::nil())
            }
        }
    }

    /// A container, a file of it or none, and what is to take its place.
    fn changes() -> impl Strategy<Value = (Container, Option<File>, File)> {
        let some = (0..10_u64, any::<bool>()).prop_map(|(bytes, counts)| file(bytes, counts, "aa"));
        (container(), of(some.clone()), some).prop_map(|(mut container, old, new)| {
            if let Some(old) = &old {
                container.total_bytes += old.file_bytes;
                container.total_files += 1;
                container.threshold_total_bytes +=
                    old.file_bytes * u64::from(old.threshold_include);
                container.threshold_total_files += u64::from(old.threshold_include);
            }
            (container, old, new)
        })
    }

    /// (bytes, files) in all and counted, once the file is in its place.
    fn after(container: &Container, old: Option<&File>, new: &File) -> [(u64, u64); 2] {
        let counted = |f: &File| u64::from(f.threshold_include);
        [
            (
                container.total_bytes - old.map_or(0, |f| f.file_bytes) + new.file_bytes,
                container.total_files + u64::from(old.is_none()),
            ),
            (
                container.threshold_total_bytes - old.map_or(0, |f| f.file_bytes * counted(f))
                    + new.file_bytes * counted(new),
                container.threshold_total_files - old.map_or(0, counted) + counted(new),
            ),
        ]
    }

    proptest! {
        #[test]
        fn quotas_refuse_what_grows_beyond_them_and_nothing_else((container, old, new) in changes()) {
            let [(bytes, files), _] = after(&container, old.as_ref(), &new);
            let over = |limit: Option<u64>, is: u64, was: u64| limit.is_some_and(|l| is > l && is > was);
            let expected = match container.quota_bytes {
                limit if over(limit, bytes, container.total_bytes) => Some("quota_bytes"),
                _ if over(container.quota_files, files, container.total_files) => Some("quota_files"),
                _ => None,
            };
            let refused = match admit(&container, old.as_ref(), &new, NOW_MS) {
                Err(Error::LimitReached { quota, .. }) => Some(quota),
                _ => None,
            };
            prop_assert_eq!(refused, expected);
        }

        #[test]
        fn reject_refuses_what_grows_once_the_grace_is_over((container, old, new) in changes()) {
            let container = Container { quota_bytes: None, quota_files: None, ..container };
            let now = (container.threshold_total_bytes, container.threshold_total_files);
            let [_, then] = after(&container, old.as_ref(), &new);
            let since = NOW_MS - container.threshold_hit_at.unwrap_or(NOW_MS);
            let refused = container.threshold_action == Some(ThresholdAction::Reject)
                && is_reached(&container, now)
                && (then.0 > now.0 || then.1 > now.1)
                && since >= container.threshold_grace_period * 1000;
            let admitted = admit(&container, old.as_ref(), &new, NOW_MS);
            prop_assert_eq!(matches!(admitted, Err(Error::Invalid { .. })), refused);
            prop_assert!(refused || admitted.is_ok());
        }

        #[test]
        fn a_threshold_is_noted_from_when_it_was_reached_and_shrinks_to_its_target(
            (container, old, new) in changes()
        ) {
            let container = Container { quota_bytes: None, quota_files: None, ..container };
            let now = (container.threshold_total_bytes, container.threshold_total_files);
            let [_, then] = after(&container, old.as_ref(), &new);
            let Ok(admission) = admit(&container, old.as_ref(), &new, NOW_MS) else { return Ok(()) };
            let since = container.threshold_hit_at.filter(|_| is_reached(&container, now));
            let expected = is_reached(&container, then).then(|| since.unwrap_or(NOW_MS));
            prop_assert_eq!(admission.threshold_hit_at, expected);
            let shrinks = container.threshold_action == Some(ThresholdAction::DeleteLru);
            prop_assert_eq!(admission.shrink_to.is_some(), shrinks && expected.is_some());
            if let Some((bytes, files)) = admission.shrink_to {
                let ends = |target: u64, threshold: Option<u64>, usage: u64| match threshold {
                    Some(threshold) if usage >= threshold => target <= threshold,
                    _ => target == u64::MAX,
                };
                prop_assert!(ends(bytes, container.threshold_bytes, then.0), "bytes: {bytes}");
                prop_assert!(ends(files, container.threshold_files, then.1), "files: {files}");
            }
        }

        #[test]
        fn blocked_goes_before_allowed_and_what_is_kept_stays(
            class in 0..5_usize, allowed in 0..32_u8, blocked in 0..32_u8, same in any::<bool>(),
        ) {
            const ALL: &[Classification] = Classification::ALL;
            let some = |bits: u8| -> Vec<Classification> {
                let chosen = (0..5).filter(|i| bits >> i & 1 == 1);
                chosen.map(|i| ALL[i]).collect()
            };
            let container = Container {
                allowed_classifications: some(allowed),
                blocked_classifications: some(blocked),
                ..default_row(Uuid::nil())
            };
            let new = File { content_classification: ALL[class], ..file(1, true, "aa") };
            let old = same.then(|| new.clone());
            let is_in = |bits: u8| bits >> class & 1 == 1;
            let welcome = !is_in(blocked) && (allowed == 0 || is_in(allowed));
            prop_assert_eq!(admit(&container, old.as_ref(), &new, NOW_MS).is_ok(), welcome || same);
        }
    }
}
