//! Files that are there.

use crate::{Error, File, Library, Listing, Page, Principal, Role, blocking};
use blob::Hash;
use std::io;
use uuid::Uuid;

impl Library {
    /// A file that the caller sees.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn file(&self, caller: &Principal, file_sid: Uuid) -> Result<File, Error> {
        let found = self.catalog.file(file_sid).await?;
        found.filter(|f| caller.sees(f.partner_sid)).ok_or(Error::NotFound)
    }

    /// The files that the caller sees, of one container or of all.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn list_files(
        &self,
        caller: &Principal,
        container_sid: Option<Uuid>,
        page: Page,
    ) -> Result<Listing<File>, Error> {
        Ok(self.catalog.files(caller.scope(), container_sid, page).await?)
    }

    /// Deletes a file, and its content with the last file of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn delete_file(&self, caller: &Principal, file_sid: Uuid) -> Result<(), Error> {
        caller.needs(Role::Manager)?;
        self.file(caller, file_sid).await?;
        if !self.catalog.delete_file(file_sid).await? {
            return Err(Error::NotFound);
        }
        // The file is gone whatever comes of this; what stays behind goes with the next deletion.
        if let Err(e) = self.forget_unreferenced().await {
            tracing::warn!("removing the content of a deleted file: {e}");
        }
        Ok(())
    }

    /// Removes content that no file refers to (any more); also for the start after a crash.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn forget_unreferenced(&self) -> Result<u64, Error> {
        let blobs = self.blobs.clone();
        let remove = move |hash: &str| {
            let hash: Hash = hash.parse().map_err(io::Error::other)?;
            blobs.remove(&hash)
        };
        Ok(self.catalog.forget_unreferenced(remove).await?)
    }

    /// The stored bytes of a file, and how many.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was deleted meanwhile.
    pub async fn open_content(&self, file: &File) -> Result<(std::fs::File, u64), Error> {
        let hash: Hash = file.content_hash.parse().map_err(|_| Error::NotFound)?;
        let blobs = self.blobs.clone();
        let open = blocking(move || blobs.get(&hash)).await??;
        Ok((open.ok_or(Error::NotFound)?, file.file_bytes))
    }

    /// The public link of a file; `None` if it is not published.
    #[must_use]
    pub fn publish_uri(&self, file: &File) -> Option<String> {
        let base = self.config.public_url.trim_end_matches('/');
        match file.publish.as_str() {
            "file_sid" => Some(format!("{base}/f/{}", file.file_sid)),
            "file_access_name" => {
                let name = percent_encode(&file.file_access_name);
                Some(format!("{base}/c/{}/{name}", file.container_sid))
            }
            _ => None,
        }
    }
}

/// RFC 3986 §2.3: all but unreserved characters; `/` stays, since it parts a path.
fn percent_encode(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    name.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
