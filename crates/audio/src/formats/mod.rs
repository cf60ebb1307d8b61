//! The one table of formats. A new format is one folder and one line here.

pub mod adts;
pub mod aiff;
pub mod alaw;
pub mod amr;
pub mod au;
pub mod caf;
pub mod flac;
pub mod g722;
pub mod gsm;
mod headerless;
pub mod loas;
pub mod matroska;
pub mod mp3;
pub mod mp4;
pub mod ogg;
pub mod sln;
pub mod ulaw;
pub mod wav;

use crate::facts::{Facts, Hint};
use crate::format::Format;

/// All formats, in the order in which a source is tried against them: strong signatures first, those
/// that go by the hint alone last.
pub static FORMATS: &[Format] = &[
    wav::FORMAT,
    aiff::FORMAT,
    au::FORMAT,
    caf::FORMAT,
    amr::FORMAT,
    amr::WIDE,
    flac::FORMAT,
    ogg::FORMAT,
    mp4::FORMAT,
    matroska::WEBM,
    matroska::FORMAT,
    adts::FORMAT,
    loas::FORMAT,
    ulaw::FORMAT,
    alaw::FORMAT,
    g722::FORMAT,
    gsm::FORMAT,
    sln::FORMAT,
    mp3::FORMAT,
];

/// The row with that name, else the one with that alias, in any case.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Format> {
    let named = FORMATS.iter().find(|f| f.name.eq_ignore_ascii_case(name));
    let has_alias = |f: &&Format| f.aliases.iter().any(|a| a.eq_ignore_ascii_case(name));
    named.or_else(|| FORMATS.iter().find(has_alias))
}

/// The row that an extension (without the dot, any case) belongs to.
#[must_use]
pub fn by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|f| f.extensions.iter().any(|e| e.eq_ignore_ascii_case(extension)))
}

/// The row that the uploader's word names: an extension of any known format decides, else the media
/// type does.
#[must_use]
pub fn by_hint(hint: Hint<'_>) -> Option<&'static Format> {
    let by_media_type = || {
        let essence = hint.mime_type?.split(';').next()?.trim();
        let says = |t: &str| t.eq_ignore_ascii_case(essence);
        FORMATS.iter().find(|f| f.media_types.iter().any(|t| says(t)))
    };
    hint.extension.and_then(by_extension).or_else(by_media_type)
}

/// What the bytes are read as on the hint's word alone: the codec (`ulaw`, `alaw`, `g722`, `gsm`), and
/// rate and channels where the hint chooses them. Under another name they are another recording. `None`
/// if they say themselves what they are.
#[must_use]
pub fn read_as(facts: &Facts) -> Option<String> {
    let source = by_name(&facts.format).and_then(|format| format.source);
    source.filter(|source| source.headerless())?;
    let Facts { codec, rate_hz, channels, .. } = facts;
    let is_chosen = facts.format == sln::FORMAT.name;
    Some(if is_chosen { format!("{codec}-{rate_hz}-{channels}") } else { codec.clone() })
}
