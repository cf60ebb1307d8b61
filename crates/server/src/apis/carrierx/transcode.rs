//! Transcoding on upload: what is stored is the published representation with the same options.

use super::Api;
use super::body::{desired, field_of};
use super::errors::ApiError;
use audio::Source;
use library::Upload;
use media::{Chunk, OpenError, Prepared, Refusal, Representation, Resource, Transcoded};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

/// Bytes copied at a time.
const BLOCK_BYTES: u64 = 256 * 1024;

/// The upload with the bytes that are to be stored: those that came, or their transcode.
pub async fn as_desired(api: &Api, mut upload: Upload) -> Result<Upload, ApiError> {
    let Some(wanted) = desired(&upload.changes)? else { return Ok(upload) };
    let examined = upload.examine().await?;
    let undecodable = |reason| ApiError::invalid("data", format!("can't be decoded: {reason}"));
    let (facts, index) = examined.probed.map_err(undecodable)?;
    let facts = api.media.playable(facts).map_err(undecodable)?;
    let resource = Arc::new(Resource {
        file_sid: None,
        content_hash: examined.content_hash,
        length_bytes: examined.source.length_bytes(),
        stored_at_ms: 0,
        expires_at_ms: None,
        name: String::new(),
        mime_type: String::new(),
        facts: Some(Arc::new(facts)),
        probe_error: None,
    });
    match media::select(&resource, &wanted).map_err(refused)? {
        Representation::Original(_) => Ok(upload),
        Representation::Transcode(chosen) => {
            let prepared = prepared(api, &chosen, &examined.source, &index).await?;
            copy(upload, &chosen, &prepared).await
        }
    }
}

/// Between two looks, beside the time that a look itself waits.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits for the sizes of a flac or mp4 for as long as that takes: the client has sent everything, and would
/// have to send it again.
async fn prepared(
    api: &Api,
    chosen: &Transcoded,
    source: &Source,
    index: &[u8],
) -> Result<Prepared, ApiError> {
    loop {
        match api.media.prepare_source(chosen, Arc::clone(source), index.to_vec()).await {
            Err(OpenError::StillEncoding { .. }) => tokio::time::sleep(LOOK_AGAIN).await,
            prepared => return prepared.map_err(unopened),
        }
    }
}

async fn copy(
    upload: Upload,
    chosen: &Transcoded,
    prepared: &Prepared,
) -> Result<Upload, ApiError> {
    let mut out = upload.transcoded_to(chosen.format.name).await?;
    let mut body = prepared.open(0..prepared.length_bytes()).map_err(unopened)?;
    while let Some(chunk) = body.next().await {
        match chunk.map_err(|e| ApiError::failed(&e))? {
            Chunk::Memory(bytes) => out.write(bytes).await?,
            Chunk::File { file, offset, length } => {
                let end = offset + length;
                for start in (offset..end).step_by(BLOCK_BYTES as usize) {
                    let block = read(&file, start, BLOCK_BYTES.min(end - start)).await?;
                    out.write(block).await?;
                }
            }
        }
    }
    out.has_bytes = true;
    Ok(out)
}

async fn read(file: &Arc<File>, offset: u64, length: u64) -> Result<Vec<u8>, ApiError> {
    let file = Arc::clone(file);
    let read = move || {
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, offset).map(|()| bytes)
    };
    let read = tokio::task::spawn_blocking(read).await.map_err(|e| ApiError::failed(&e))?;
    read.map_err(|e| ApiError::failed(&e))
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::BadOption { option, message } => ApiError::invalid(field_of(option), message),
        Refusal::Unplayable { message } => ApiError::invalid("data", message),
    }
}

fn unopened(error: OpenError) -> ApiError {
    match error {
        OpenError::Busy { .. } | OpenError::StillEncoding { .. } => {
            ApiError::busy(&error.to_string())
        }
        OpenError::Gone | OpenError::Failed(_) => ApiError::failed(&error),
    }
}
