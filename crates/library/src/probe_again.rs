//! What an earlier version could not play is probed again by the one that runs, once: it may have learned to.
//!
//! What is known to play stays as it is known, because every output and its ETag rest on that.

use crate::classify::extension;
use crate::examine::examine;
use crate::{Error, File, Library, blocking, now_ms};
use audio::PROBE_REVISION;
use std::time::Duration;
use uuid::Uuid;

/// Contents between two rests.
const AT_ONCE: u32 = 50;

/// How long the walk rests, so that answers don't notice it.
const REST: Duration = Duration::from_millis(100);

/// How long it is one node's after each look; no look takes as long. After that it is another's.
const TAKEN: Duration = Duration::from_secs(900);

/// How long others wait before they look whether it is done.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

impl Library {
    /// Probes the files again that an earlier revision of the probe refused; of several nodes one does. Returns how
    /// many play now.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn probe_again(&self) -> Result<u64, Error> {
        let (mut count, node) = (0, Uuid::new_v4().to_string());
        loop {
            let contents = self.catalog.refused_before(PROBE_REVISION, AT_ONCE).await?;
            if contents.is_empty() {
                return Ok(count);
            }
            let life_ms = TAKEN.as_millis() as i64;
            if !self.catalog.take_work("probing_again", node.clone(), life_ms).await? {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            for content in contents {
                let mut reason = None;
                for file in self.catalog.files_with(content.clone()).await? {
                    match self.probe_file_again(&file).await {
                        Ok(None) => count += 1,
                        Ok(Some(still)) => reason = Some(still),
                        // One that is missing is told of wherever it is asked for.
                        Err(error) => tracing::warn!(%error, "{} can't be probed again", file.name),
                    }
                }
                self.catalog.refused_again(content, PROBE_REVISION, reason).await?;
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Probes a file as if it came in now; why it is still not played, if it isn't.
    async fn probe_file_again(&self, file: &File) -> Result<Option<String>, Error> {
        let stored = self.stored(file).await?;
        let hash = catalog::blob_address(&file.content_hash).to_owned();
        let (ending, declared) = (extension(&file.name), file.mime_type.clone());
        let max_picture = self.config.max_picture_bytes;
        let look = {
            let ending = ending.clone();
            let declared = declared.clone();
            move || examine(stored, &hash, ending.as_deref(), Some(&declared), max_picture)
        };
        let examined = blocking(look).await??;
        if let Err(reason) = examined.probed {
            return Ok(Some(reason));
        }
        let mime_type = examined.mime_type(Some(&declared), ending.as_deref());
        let (description, row) = examined.told(mime_type, ending, false);
        let progress = file.content_transcoding_progress;
        let describe = move |file: &mut File| {
            description.describe(file, now_ms());
            // A transcode stays one.
            file.content_transcoding_progress = progress;
        };
        let content = file.content_hash.clone();
        self.catalog.found_again(file.file_sid, content, row, describe).await?;
        Ok(None)
    }
}
