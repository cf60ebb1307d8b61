//! The options of a representation as the command line spells them: those of a publish link.

use crate::cli::Transcode;
use crate::failure::Failure;
use media::Preferences;
use std::path::Path;

/// Reads the options; without `--f` the target's extension names the format, if it is one.
pub fn preferences(args: &Transcode) -> Result<Preferences, Failure> {
    let mut preferences = Preferences::default();
    if args.f.is_none() {
        preferences = by_extension(&args.target)?;
    }
    let given = [
        ("f", &args.f),
        ("br", &args.br),
        ("rate", &args.rate),
        ("ch", &args.ch),
        ("t", &args.t),
        ("codec", &args.codec),
        ("bits", &args.bits),
        ("tags", &args.tags),
        ("tag-title", &args.tag_title),
        ("tag-artist", &args.tag_artist),
        ("tag-album", &args.tag_album),
        ("tag-date", &args.tag_date),
        ("tag-comment", &args.tag_comment),
    ];
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

fn by_extension(target: &Path) -> Result<Preferences, Failure> {
    let extension = target.extension().and_then(|e| e.to_str()).unwrap_or("");
    let mut read = Preferences::default();
    let options = Preferences::of_extension(&extension.to_ascii_lowercase());
    if options.is_empty() && !extension.is_empty() {
        let written = Preferences::written_extensions().collect::<Vec<_>>().join(", .");
        return Err(Failure::Usage(format!(
            "{}: nothing is written as .{extension}; allowed: .{written}, or say --f",
            target.display()
        )));
    }
    for (option, value) in options {
        read.set(option, value).map_err(|e| {
            Failure::Usage(format!(
                "{}: `{}` can't be written; allowed: {}",
                target.display(),
                e.value,
                e.allowed
            ))
        })?;
    }
    Ok(read)
}
