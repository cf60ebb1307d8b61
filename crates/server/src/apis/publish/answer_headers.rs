//! What the headers of an answer say of a representation.

use super::access::Access;
use super::content_type;
use super::link::Asked;
use super::options::Caching;
use crate::respond::{Freshness, Meta};
use audio::formats;
use media::Representation;
use semantics::disposition::{content_disposition, content_disposition_shortened};
use std::time::{Duration, SystemTime};

/// The headers of a representation's answers; `default` is the Cache-Control where nobody says anything.
pub fn meta(default: &str, asked: &Asked, chosen: &Representation, length_bytes: u64) -> Meta {
    let resource = chosen.resource();
    let overrides = &asked.overrides;
    let content_type =
        overrides.content_type.clone().unwrap_or_else(|| content_type::of(asked, chosen));
    let disposition = match &overrides.disposition_name {
        Some(name) => content_disposition(overrides.disposition, name),
        None => None,
    };
    let disposition = disposition.unwrap_or_else(|| {
        content_disposition_shortened(overrides.disposition, &file_name(asked, chosen))
    });
    let stored = Duration::from_millis(u64::try_from(resource.stored_at_ms).unwrap_or(0));
    let cache_control = match &overrides.caching {
        Caching::Unsaid => default,
        Caching::OfPreset(said) | Caching::OfLink(said) => said,
    };
    let last_modified = SystemTime::UNIX_EPOCH + stored;
    let etag = chosen.etag();
    Meta::new(etag, last_modified, content_type, length_bytes, &disposition, cache_control)
}

/// How long the answer to a signed link stays fresh, where the link itself doesn't say (apis/publish/README.md §9): for
/// its life, or for less if its preset has it so. A preset that lets nothing be kept has its way.
pub fn freshness(access: Access, caching: &Caching) -> Option<Freshness> {
    let Access::Signed { until_s } = access else { return None };
    match caching {
        Caching::Unsaid => Some(Freshness { until_s, max_s: u64::MAX }),
        Caching::OfPreset(said) if semantics::cache::forbids_reuse(said) => None,
        Caching::OfPreset(said) => {
            let max_s = semantics::cache::max_age(said).unwrap_or(u64::MAX);
            Some(Freshness { until_s, max_s })
        }
        Caching::OfLink(_) => None,
    }
}

/// The stored name, its extension following the representation: whether it was encoded, or the stored bytes are in
/// the format that is asked for.
fn file_name(asked: &Asked, chosen: &Representation) -> String {
    let name = &chosen.resource().name;
    let wanted = || asked.preferences.format.and_then(formats::by_name);
    let Some(format) = chosen.format().or_else(wanted) else { return name.clone() };
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 5 => (stem, extension),
        _ => (name.as_str(), ""),
    };
    match formats::by_extension(extension) {
        Some(own) if own.name == format.name => name.clone(),
        _ => format!("{stem}.{}", format.extensions[0]),
    }
}
