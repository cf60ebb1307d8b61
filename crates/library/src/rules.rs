//! The rules of a container: pure functions of its row, run inside the transaction that decides.
//!
//! Order: classification → quota → threshold.

use crate::{Container, Error, File, Threshold, ThresholdAction, Usage};
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
    let of = |file: &File| Usage { bytes: file.file_bytes, files: 1 };
    let counted = |file: &File| if file.threshold_include { of(file) } else { Usage::default() };
    let grown = |total: Usage, was: Usage, is: Usage| Usage {
        bytes: total.bytes.saturating_sub(was.bytes) + is.bytes,
        files: total.files.saturating_sub(was.files) + is.files,
    };
    let then = grown(container.usage, old.map(of).unwrap_or_default(), of(new));
    quota(container, then)?;
    let was = old.map(counted).unwrap_or_default();
    let then = grown(container.threshold.usage, was, counted(new));
    threshold(&container.threshold, then, now_ms)
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
fn quota(container: &Container, then: Usage) -> Result<(), Error> {
    let (now, limits) = (container.usage, container.quota);
    for (quota, limit, now, then) in [
        ("quota_bytes", limits.bytes, now.bytes, then.bytes),
        ("quota_files", limits.files, now.files, then.files),
    ] {
        if let Some(limit) = limit.filter(|limit| then > *limit && then > now) {
            return Err(Error::LimitReached { quota, limit });
        }
    }
    Ok(())
}

/// Whether the counted usage is at or over a threshold.
pub(crate) fn is_reached(threshold: &Threshold, usage: Usage) -> bool {
    reached(threshold, usage).is_some()
}

fn reached(threshold: &Threshold, usage: Usage) -> Option<&'static str> {
    let files_reached = threshold.at.files.is_some_and(|limit| usage.files >= limit);
    let bytes_reached = threshold.at.bytes.is_some_and(|limit| usage.bytes >= limit);
    match (files_reached, bytes_reached) {
        (true, _) => Some("threshold_files"),
        (false, true) => Some("threshold_bytes"),
        (false, false) => None,
    }
}

fn threshold(threshold: &Threshold, then: Usage, now_ms: i64) -> Result<Admission, Error> {
    let now = threshold.usage;
    let hit_at = threshold.hit_at.filter(|_| is_reached(threshold, now));
    let grows = then.bytes > now.bytes || then.files > now.files;
    if grows
        && threshold.action == Some(ThresholdAction::Reject)
        && let Some(field) = reached(threshold, now)
    {
        // The grace counts from when the threshold was reached, and that may lie after `now_ms`: an upload that began
        // before is judged after it.
        let since = (now_ms - hit_at.unwrap_or(now_ms)).max(0);
        if since >= threshold.grace_period.saturating_mul(1000) {
            let message = "threshold exceeded: the container takes no more files";
            return Err(Error::invalid(field, message));
        }
    }
    let over = is_reached(threshold, then);
    let shrinks = over && threshold.action == Some(ThresholdAction::DeleteLru);
    Ok(Admission {
        threshold_hit_at: over.then(|| hit_at.unwrap_or(now_ms)),
        shrink_to: shrinks.then(|| targets(threshold, then)),
    })
}

/// Down to the target of each threshold that is reached; a target left out is the threshold itself.
fn targets(threshold: &Threshold, usage: Usage) -> (u64, u64) {
    let target = |usage: u64, limit: Option<u64>, target: Option<u64>| match limit {
        Some(limit) if usage >= limit => target.unwrap_or(limit),
        _ => u64::MAX,
    };
    let (at, target_of) = (threshold.at, threshold.target);
    (target(usage.bytes, at.bytes, target_of.bytes), target(usage.files, at.files, target_of.files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classification, Limits, Word};
    use proptest::option::of;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW_MS: i64 = 1_000_000;

    const ACTIONS: [Option<ThresholdAction>; 3] =
        [None, Some(ThresholdAction::Reject), Some(ThresholdAction::DeleteLru)];

    fn container_by_default() -> Container {
        Container::new(Uuid::nil(), 0)
    }

    fn file(file_bytes: u64, threshold_include: bool, content_hash: &str) -> File {
        File {
            content_hash: content_hash.into(),
            content_classification: Classification::Media,
            file_bytes,
            threshold_include,
            ..File::new(&container_by_default(), "a", 0)
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
            let threshold = Threshold {
                action,
                at: Limits { bytes: thresholds.0, files: thresholds.1 },
                target: Limits {
                    bytes: targets.0.zip(thresholds.0).map(|(t, limit)| t.min(limit)),
                    files: targets.1.zip(thresholds.1).map(|(t, limit)| t.min(limit)),
                },
                grace_period: grace,
                hit_at,
                usage: Usage { bytes: bytes.saturating_sub(counted), files: files.saturating_sub(counted) },
            };
            let quota = Limits { bytes: quotas.0, files: quotas.1 };
            Container { usage: Usage { bytes, files }, quota, threshold, ..container_by_default() }
        }
    }

    /// A container, a file of it or none, and what is to take its place.
    fn changes() -> impl Strategy<Value = (Container, Option<File>, File)> {
        let some = (0..10_u64, any::<bool>()).prop_map(|(bytes, counts)| file(bytes, counts, "aa"));
        (container(), of(some.clone()), some).prop_map(|(mut container, old, new)| {
            if let Some(old) = &old {
                container.usage.bytes += old.file_bytes;
                container.usage.files += 1;
                let counted = &mut container.threshold.usage;
                counted.bytes += old.file_bytes * u64::from(old.threshold_include);
                counted.files += u64::from(old.threshold_include);
            }
            (container, old, new)
        })
    }

    /// What there is in all and what counts, once the file is in its place.
    fn after(container: &Container, old: Option<&File>, new: &File) -> [Usage; 2] {
        let counted = |f: &File| u64::from(f.threshold_include);
        let (all, count) = (container.usage, container.threshold.usage);
        [
            Usage {
                bytes: all.bytes - old.map_or(0, |f| f.file_bytes) + new.file_bytes,
                files: all.files + u64::from(old.is_none()),
            },
            Usage {
                bytes: count.bytes - old.map_or(0, |f| f.file_bytes * counted(f))
                    + new.file_bytes * counted(new),
                files: count.files - old.map_or(0, counted) + counted(new),
            },
        ]
    }

    proptest! {
        #[test]
        fn quotas_refuse_what_grows_beyond_them_and_nothing_else((container, old, new) in changes()) {
            let [then, _] = after(&container, old.as_ref(), &new);
            let over = |limit: Option<u64>, is: u64, was: u64| limit.is_some_and(|l| is > l && is > was);
            let (quota, now) = (container.quota, container.usage);
            let expected = match quota.bytes {
                limit if over(limit, then.bytes, now.bytes) => Some("quota_bytes"),
                _ if over(quota.files, then.files, now.files) => Some("quota_files"),
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
            let container = Container { quota: Limits::default(), ..container };
            let threshold = &container.threshold;
            let now = threshold.usage;
            let [_, then] = after(&container, old.as_ref(), &new);
            let since = NOW_MS - threshold.hit_at.unwrap_or(NOW_MS);
            let refused = threshold.action == Some(ThresholdAction::Reject)
                && is_reached(threshold, now)
                && (then.bytes > now.bytes || then.files > now.files)
                && since >= threshold.grace_period * 1000;
            let admitted = admit(&container, old.as_ref(), &new, NOW_MS);
            prop_assert_eq!(matches!(admitted, Err(Error::Invalid { .. })), refused);
            prop_assert!(refused || admitted.is_ok());
        }

        #[test]
        fn a_threshold_is_noted_from_when_it_was_reached_and_shrinks_to_its_target(
            (container, old, new) in changes()
        ) {
            let container = Container { quota: Limits::default(), ..container };
            let threshold = &container.threshold;
            let now = threshold.usage;
            let [_, then] = after(&container, old.as_ref(), &new);
            let Ok(admission) = admit(&container, old.as_ref(), &new, NOW_MS) else { return Ok(()) };
            let since = threshold.hit_at.filter(|_| is_reached(threshold, now));
            let expected = is_reached(threshold, then).then(|| since.unwrap_or(NOW_MS));
            prop_assert_eq!(admission.threshold_hit_at, expected);
            let shrinks = threshold.action == Some(ThresholdAction::DeleteLru);
            prop_assert_eq!(admission.shrink_to.is_some(), shrinks && expected.is_some());
            if let Some((bytes, files)) = admission.shrink_to {
                let ends = |target: u64, limit: Option<u64>, usage: u64| match limit {
                    Some(limit) if usage >= limit => target <= limit,
                    _ => target == u64::MAX,
                };
                prop_assert!(ends(bytes, threshold.at.bytes, then.bytes), "bytes: {bytes}");
                prop_assert!(ends(files, threshold.at.files, then.files), "files: {files}");
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
                ..container_by_default()
            };
            let new = File { content_classification: ALL[class], ..file(1, true, "aa") };
            let old = same.then(|| new.clone());
            let is_in = |bits: u8| bits >> class & 1 == 1;
            let welcome = !is_in(blocked) && (allowed == 0 || is_in(allowed));
            prop_assert_eq!(admit(&container, old.as_ref(), &new, NOW_MS).is_ok(), welcome || same);
        }
    }
}
