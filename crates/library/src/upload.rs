//! How a file comes in.

use crate::classify::{classification, extension, mime_type};
use crate::containers::check_publish;
use crate::{Container, Error, File, Library, Principal, Role, blocking, now_ms};
use audio::{Hint, Source};
use blob::Draft;
use catalog::ContentRow;
use std::sync::Arc;
use uuid::Uuid;

/// What an uploader says of a file; the rest takes the container's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadAttributes {
    /// Where it goes.
    pub container_sid: Uuid,
    /// Name.
    pub name: Option<String>,
    /// Declared media type.
    pub mime_type: Option<String>,
    /// Path within the container.
    pub file_access_name: Option<String>,
    /// `none`, `file_sid`, `file_access_name`.
    pub publish: Option<String>,
}

/// A file coming in; dropped unfinished, nothing is kept.
pub struct Upload {
    library: Library,
    container: Container,
    attributes: UploadAttributes,
    draft: Option<Draft>,
}

/// What was found out about the bytes.
struct Found {
    draft: Draft,
    content: ContentRow,
    format: Option<String>,
    duration: Option<f64>,
    classification: &'static str,
}

impl Library {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`] (the container), [`Error::Invalid`].
    pub async fn begin_upload(
        &self,
        caller: &Principal,
        attributes: UploadAttributes,
    ) -> Result<Upload, Error> {
        caller.needs(Role::Agent)?;
        let container = self.container(caller, attributes.container_sid).await?;
        check_publish("publish", attributes.publish.as_deref().unwrap_or("none"))?;
        let blobs = self.blobs.clone();
        let draft = Some(blocking(move || blobs.begin()).await??);
        Ok(Upload { library: self.clone(), container, attributes, draft })
    }
}

impl Upload {
    /// Takes the next bytes; returns once they are written, so that the sender is held back by the
    /// disk and not by memory.
    ///
    /// # Errors
    /// [`Error::Storage`]; the upload is then of no use.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]> + Send + 'static) -> Result<(), Error> {
        let mut draft = self.take()?;
        self.draft = Some(blocking(move || draft.write(bytes.as_ref()).map(|()| draft)).await??);
        Ok(())
    }

    /// Says more of the file than was known when it began (multipart parts come in any order).
    pub fn attributes_mut(&mut self) -> &mut UploadAttributes {
        &mut self.attributes
    }

    /// Keeps the file. What can't be played is kept too, with the reason.
    ///
    /// # Errors
    /// [`Error::LimitReached`], [`Error::Conflict`] (the access name), [`Error::NotFound`] (the
    /// container went meanwhile), [`Error::Storage`].
    pub async fn finish(mut self) -> Result<File, Error> {
        let publish =
            self.attributes.publish.as_ref().unwrap_or(&self.container.default_file_publish);
        check_publish("publish", publish)?;
        let draft = self.take()?;
        let attributes = self.attributes.clone();
        let found = blocking(move || examine(draft, &attributes)).await??;
        let file = self.row(&found);
        let Found { draft, content, .. } = found;
        self.library
            .catalog
            .insert_file(file.clone(), content, move || draft.commit().map(|_| ()))
            .await?;
        Ok(file)
    }

    fn take(&mut self) -> Result<Draft, Error> {
        self.draft.take().ok_or_else(|| Error::Storage("a write of this upload failed".into()))
    }

    fn row(&self, found: &Found) -> File {
        let (container, said, now) = (&self.container, &self.attributes, now_ms());
        let file_sid = Uuid::new_v4();
        let extension = said.name.as_deref().and_then(extension);
        let format = found.format.clone();
        let ending = extension.clone().or_else(|| format.clone()).unwrap_or_else(|| "bin".into());
        let access_name = said.file_access_name.clone().filter(|n| !n.is_empty());
        let access_name = access_name.unwrap_or_else(|| format!("{file_sid}.{ending}"));
        File {
            file_sid,
            container_sid: container.container_sid,
            partner_sid: container.partner_sid,
            parent_file_sid: None,
            content_hash: found.content.content_hash.clone(),
            content_classification: found.classification.into(),
            content_duration: found.duration,
            content_format: format.clone().or_else(|| extension.clone()).unwrap_or_default(),
            content_transcoding_progress: None,
            date_created: now,
            date_modified: now,
            date_last_accessed: None,
            desired_bitrate: None,
            desired_format: None,
            name: said.name.clone().unwrap_or_else(|| access_name.clone()),
            file_access_name: access_name,
            file_bytes: found.content.length_bytes,
            lifecycle_action: container.default_file_lifecycle_action.clone(),
            lifecycle_ttl: container.default_file_lifecycle_ttl,
            mime_type: mime_type(
                said.mime_type.as_deref(),
                format.as_deref(),
                extension.as_deref(),
            ),
            publish: said.publish.clone().unwrap_or_else(|| container.default_file_publish.clone()),
            threshold_include: container.default_file_threshold_include,
            kind: "file".into(),
            is_unique: container.default_file_unique,
            integer_key_1: None,
            integer_key_2: None,
            string_key_1: None,
            string_key_2: None,
            string_key_3: None,
            string_key_4: None,
        }
    }
}

/// Syncs (so that the transaction has little left to wait for), probes and classifies.
fn examine(draft: Draft, said: &UploadAttributes) -> Result<Found, Error> {
    draft.as_file().sync_all()?;
    let source: Source = Arc::new(draft.as_file().try_clone()?);
    let mut head = [0; 64];
    let read = source.read_full_at(&mut head, 0)?;
    let extension = said.name.as_deref().and_then(extension);
    let hint = Hint { extension: extension.as_deref(), mime_type: said.mime_type.as_deref() };
    let (probed, probe_error) = match audio::probe(&source, hint) {
        Ok(probed) => (Some(probed), None),
        Err(audio::ProbeError::Read(e)) => return Err(e.into()),
        Err(e) => (None, Some(e.to_string())),
    };
    let facts = probed.as_ref().map(|p| serde_json::to_string(&p.facts)).transpose();
    let content = ContentRow {
        content_hash: draft.hash().to_string(),
        length_bytes: draft.length_bytes(),
        facts: facts.map_err(|e| Error::Storage(e.to_string()))?,
        probe_error,
        seek_index: probed.as_ref().map(|p| p.index.clone()).unwrap_or_default(),
        stored_at_ms: now_ms(),
    };
    Ok(Found {
        classification: classification(head.get(..read).unwrap_or(&head), probed.is_some()),
        duration: probed.as_ref().map(|p| p.facts.duration_seconds()),
        format: probed.map(|p| p.facts.format),
        content,
        draft,
    })
}
