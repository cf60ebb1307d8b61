//! Headerless 16-bit PCM: Asterisk's signed linear, whose extension names the rate, and what is declared
//! to be `audio/L16`.

mod demux;
mod encode;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "sln",
    aliases: &["slin"],
    extensions: &[
        "sln", "slin", "raw", "sln12", "sln16", "sln24", "sln32", "sln44", "sln48", "sln96",
        "sln192", "slin12", "slin16", "slin24", "slin32", "slin44", "slin48", "slin96", "slin192",
    ],
    media_types: &["audio/x-sln", "audio/l16"],
    source: Some(&demux::SlnSource),
    target: Some(&encode::SlnTarget),
};

/// Rates that Asterisk has names for: the number behind `sln`, and the rate.
const RATES: [(&str, u32); 9] = [
    ("", 8000),
    ("12", 12000),
    ("16", 16000),
    ("24", 24000),
    ("32", 32000),
    ("44", 44100),
    ("48", 48000),
    ("96", 96000),
    ("192", 192_000),
];

/// The rate that an extension names, in any case; `None` if it names none.
#[must_use]
pub fn rate_of_extension(extension: &str) -> Option<u32> {
    let lower = extension.to_ascii_lowercase();
    let number = lower.strip_prefix("slin").or_else(|| lower.strip_prefix("sln"))?;
    RATES.iter().find(|(name, _)| *name == number).map(|(_, rate_hz)| *rate_hz)
}
