//! What bytes are: their kind, their media type, whether and how they play.

use crate::classify::{classification, is_mp4, mime_type, type_told};
use crate::{Classification, Error, File, now_ms};
use audio::formats::mp4::{Tracks, tracks};
use audio::{Facts, Hint, PROBE_REVISION, Probed, Source};
use catalog::ContentRow;

/// What was found out about the bytes of an upload.
pub struct Examined {
    /// The content's id ([`catalog::content_id`]).
    pub content_hash: String,
    /// The bytes, readable for as long as this is held.
    pub source: Source,
    /// Facts of the recording, and what is kept beside them; or why it can't be played.
    pub probed: Result<(Facts, Vec<u8>), String>,
    classification: Classification,
    /// The media type that the bytes tell.
    media_type: Option<&'static str>,
}

/// What the content says of its file.
#[derive(Clone)]
pub(crate) struct Description {
    content_hash: String,
    length_bytes: u64,
    classification: Classification,
    duration: Option<f64>,
    format: String,
    mime_type: String,
    transcoded: bool,
}

impl Examined {
    /// The media type of these bytes: the declared one, unless that says nothing.
    pub fn mime_type(&self, declared: Option<&str>, extension: Option<&str>) -> String {
        mime_type(declared, self.media_type, extension)
    }

    /// What the bytes say of their file, and what is kept of them.
    pub(crate) fn told(
        self,
        mime_type: String,
        extension: Option<String>,
        transcoded: bool,
    ) -> (Description, ContentRow) {
        let length_bytes = self.source.length_bytes();
        let (facts, index, probe_error) = match self.probed {
            Ok((facts, index)) => (Some(facts), index, None),
            Err(reason) => (None, Vec::new(), Some(reason)),
        };
        let description = Description {
            content_hash: self.content_hash.clone(),
            length_bytes,
            classification: self.classification,
            duration: facts.as_ref().map(Facts::duration_seconds),
            format: facts.as_ref().map(|f| f.format.clone()).or(extension).unwrap_or_default(),
            mime_type,
            transcoded,
        };
        let row = ContentRow {
            content_hash: self.content_hash,
            length_bytes,
            facts: facts.and_then(|facts| serde_json::to_string(&facts).ok()),
            probe_error,
            seek_index: index,
            probe_revision: PROBE_REVISION,
            stored_at_ms: now_ms(),
        };
        (description, row)
    }
}

impl Description {
    /// The file's content is this from `now` on, Unix milliseconds.
    pub fn describe(self, row: &mut File, now: i64) {
        if row.content_hash != self.content_hash {
            // The time moves by a second at least, because dates in HTTP have no fractions and a client must see
            // that the content is another.
            row.content_stored_at = now.max(row.content_stored_at.saturating_add(1000));
        }
        row.content_hash = self.content_hash;
        row.file_bytes = self.length_bytes;
        row.content_classification = self.classification;
        row.content_duration = self.duration;
        row.content_format = self.format;
        row.mime_type = self.mime_type;
        row.content_transcoding_progress = self.transcoded.then_some(100);
    }
}

/// The media type of a file's stored bytes where nobody declares one: by what they were recognised as when they came.
pub(crate) fn recognised_type(source: &Source, file: &File) -> Result<String, Error> {
    let head = head(source)?;
    let known = Some(file.content_format.as_str()).filter(|known| !known.is_empty());
    // Of what can't be played it is the extension.
    let format = known.filter(|_| file.content_duration.is_some());
    let told = type_told(&head, format, tracks_of(source, &head)?, known);
    Ok(mime_type(None, told, known))
}

/// The first bytes, which tell what it is.
fn head(source: &Source) -> Result<Vec<u8>, Error> {
    let mut head = vec![0; 8192];
    let read = source.read_full_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

fn tracks_of(source: &Source, head: &[u8]) -> Result<Tracks, Error> {
    Ok(if is_mp4(head) { tracks(source)? } else { Tracks::Others })
}

/// Probes and classifies bytes of that hash; a picture of more bytes than that stays behind.
pub(crate) fn examine(
    source: Source,
    hash: &str,
    extension: Option<&str>,
    mime_type: Option<&str>,
    max_picture_bytes: usize,
) -> Result<Examined, Error> {
    let head = head(&source)?;
    let probed = match audio::probe(&source, Hint { extension, mime_type }) {
        Ok(probed) => {
            let Probed { facts, index } = probed.with_picture_up_to(max_picture_bytes);
            Ok((facts, index))
        }
        Err(audio::ProbeError::Read(e)) => return Err(e.into()),
        Err(e) => Err(e.to_string()),
    };
    let classification = classification(&head, probed.is_ok());
    let format = probed.as_ref().ok().map(|(facts, _)| facts.format.as_str());
    let media_type = type_told(&head, format, tracks_of(&source, &head)?, extension);
    let read_as = probed.as_ref().ok().and_then(|(facts, _)| audio::formats::read_as(facts));
    let content_hash = catalog::content_id(hash, read_as.as_deref());
    Ok(Examined { content_hash, source, probed, classification, media_type })
}
