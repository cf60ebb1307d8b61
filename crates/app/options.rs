//! The options of a representation as the command line spells them: those of a publish link.

use crate::cli::Transcode;
use crate::failure::Failure;
use media::Preferences;
use std::path::Path;

/// Reads the options; without `--f` the target's extension names the format, if it is one.
pub fn preferences(args: &Transcode) -> Result<Preferences, Failure> {
    let mut preferences =
        Preferences { format: by_extension(&args.target)?, ..Preferences::default() };
    let given =
        [("f", &args.f), ("br", &args.br), ("rate", &args.rate), ("ch", &args.ch), ("t", &args.t)];
    for (option, value) in given {
        preferences.set(option, value.as_deref().unwrap_or("")).map_err(|e| {
            Failure::Usage(format!(
                "--{option}: `{}` is not allowed; allowed: {}",
                e.value, e.allowed
            ))
        })?;
    }
    Ok(preferences)
}

fn by_extension(target: &Path) -> Result<Option<&'static str>, Failure> {
    let extension = target.extension().and_then(|e| e.to_str());
    let Some(row) = extension.and_then(audio::formats::by_extension) else { return Ok(None) };
    let mut read = Preferences::default();
    read.set("f", row.name).map_err(|e| {
        Failure::Usage(format!(
            "{}: `{}` can't be written; allowed: {}",
            target.display(),
            e.value,
            e.allowed
        ))
    })?;
    Ok(read.format)
}
