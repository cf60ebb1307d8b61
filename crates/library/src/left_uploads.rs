//! Uploads that an earlier process on the data folder left unfinished: their drafts outlived it, each with a note of
//! whose it is.

use crate::announced::Announced;
use crate::open_uploads::{LIFE, OpenUpload};
use crate::uploads::Tally;
use crate::{Error, Library, Principal, Role, Scope, Upload, blocking};
use blob::Draft;
use std::io::ErrorKind;
use std::sync::Arc;

impl Library {
    /// Keeps the uploads for their senders that an earlier process on the data folder left, and removes those whose
    /// time is over.
    ///
    /// # Errors
    /// [`Error::Storage`] if the drafts can't be listed.
    pub async fn take_up_uploads(&self) -> Result<(), Error> {
        let stores = self.stores.clone();
        for left in blocking(move || stores.left()).await?? {
            match Announced::of(&left.note).filter(|_| left.age < LIFE) {
                Some(announced) => self.keep_open(OpenUpload::left(announced, left)),
                None => left.draft.remove(),
            }
        }
        Ok(())
    }

    /// An upload as an earlier process left it, with the bytes that came; nothing is said of its file yet.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent, [`Error::Full`], [`Error::Storage`]; [`Error::NotFound`] where its bytes were
    /// removed by somebody else, after which it is forgotten.
    pub async fn go_on_with(
        &self,
        caller: &Principal,
        open: &Arc<OpenUpload>,
    ) -> Result<Upload, Error> {
        caller.needs(Scope::Create, Role::Agent)?;
        self.check_room().await?;
        let draft = open.draft.clone().ok_or(Error::NotFound)?;
        let taken_up = blocking(move || Draft::take_up(&draft)).await?;
        let draft = taken_up.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                self.forget_upload(open.id());
                Error::NotFound
            }
            _ => error.into(),
        })?;
        Ok(Upload::of(self, caller, None, draft, Tally::default()))
    }
}
