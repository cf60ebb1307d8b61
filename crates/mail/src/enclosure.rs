//! The recording that goes with a mail: the published representation in its format, as far as it's small enough. It is
//! made behind what plays, and held in memory once.

use crate::message::Enclosed;
use library::{File, Recording};
use media::{Media, OpenError, Preferences, Representation, Right};
use semantics::link::Link;
use std::sync::Arc;

/// The attachment of a recording; `None` if it is larger than `most_bytes`. What can't be played goes as it is stored.
///
/// # Errors
/// In plain words, why it can't be had now.
pub async fn of(
    media: &Media,
    recording: &Recording,
    file: &File,
    most_bytes: u64,
) -> Result<Option<Enclosed>, String> {
    let link = Link::Sid(file.file_sid);
    // Published or not: its owner has it sent.
    let resource = media.resolve(&link, Right::Signature, crate::now_ms()).await;
    let resource = resource.map_err(said)?.ok_or("the file is gone")?;
    let chosen = media::select(&resource, &preferences(&recording.format)?);
    let wanted = chosen.unwrap_or_else(|_| Representation::Original(Arc::clone(&resource)));
    let prepared = media.prepare_unhurried(&wanted).await.map_err(said)?;
    let length_bytes = prepared.length_bytes();
    if length_bytes > most_bytes {
        return Ok(None);
    }
    let mut body = prepared.open(0..length_bytes).map_err(said)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length_bytes).map_err(|e| e.to_string())?);
    while let Some(more) = body.bytes().await {
        bytes.extend_from_slice(&more.map_err(|e| e.to_string())?);
    }
    let (extension, media_type) = match &wanted {
        Representation::Original(_) => {
            let stored = file.file_access_name.rsplit_once('.').map(|(_, extension)| extension);
            (stored.unwrap_or("bin").to_owned(), file.mime_type.clone())
        }
        Representation::Transcode(chosen) => {
            let format = chosen.format;
            let media_type = format.media_types.first().copied().unwrap_or_default();
            (format.name.to_owned(), media_type.to_owned())
        }
    };
    let file_name = format!("{}.{}", recording.recording_id, plain(&extension));
    Ok(Some(Enclosed { file_name, media_type, bytes }))
}

fn preferences(format: &str) -> Result<Preferences, String> {
    let mut wanted = Preferences::default();
    for (option, value) in Preferences::of_asterisk(format) {
        wanted.set(option, value).map_err(|bad| bad.to_string())?;
    }
    Ok(wanted)
}

fn said(error: OpenError) -> String {
    error.to_string()
}

/// A file's extension of letters and digits alone.
fn plain(extension: &str) -> String {
    extension.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}
