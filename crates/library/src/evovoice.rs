//! Files as the EvoVoice API knows them: the rules of what is said of them, and their lists.

use crate::{
    Beside, Change, Error, EvoVoiceChanges, EvoVoiceItem, EvoVoiceList, EvoVoicePage, File,
    FileChanges, Library, Principal, Role, Scope, Turn, Upload, blocking, to_the_end,
};
use uuid::Uuid;

/// Longest transcription, in bytes: that of some three hours. The index of a longer one would hold up for seconds what
/// others write.
const LONGEST_TRANSCRIPTION: usize = 128 * 1024;

/// Longest of the other texts, in bytes.
const LONGEST_TEXT: usize = 255;

impl Library {
    /// A file that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn evovoice_file(
        &self,
        caller: &Principal,
        file_sid: Uuid,
    ) -> Result<EvoVoiceItem, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_evovoice_file(caller, file_sid).await
    }

    async fn seen_evovoice_file(
        &self,
        caller: &Principal,
        file_sid: Uuid,
    ) -> Result<EvoVoiceItem, Error> {
        let found = self.catalog.evovoice_file(file_sid).await?;
        found.filter(|item| caller.sees(item.file.partner_sid)).ok_or(Error::NotFound)
    }

    /// Keeps an upload as a new file, and what is said of it.
    ///
    /// # Errors
    /// Those of an upload, [`Error::Invalid`].
    pub async fn keep_evovoice_file(
        &self,
        caller: &Principal,
        upload: Upload,
        said: EvoVoiceChanges,
    ) -> Result<EvoVoiceItem, Error> {
        let turn = self.turn_to_index(caller, &said).await?;
        let beside = beside(said)?;
        let file = in_turn(turn, async move { upload.finish(beside).await }).await?;
        self.seen_evovoice_file(caller, file.file_sid).await
    }

    /// The turn of the caller's partner to have transcriptions indexed, if any are said: one change at a time, so that
    /// what others write comes in between.
    async fn turn_to_index(
        &self,
        caller: &Principal,
        said: &EvoVoiceChanges,
    ) -> Result<Option<Turn>, Error> {
        match said.texts.iter().any(|(which, _)| which.is_transcription()) {
            true => Ok(Some(self.indexing.next(caller.partner_sid).await?)),
            false => Ok(None),
        }
    }

    /// A part of a list of the files that the caller sees, as numbers for [`Self::evovoice_rows`]: the files may be too
    /// much to be held whole.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`] if it takes too long.
    pub async fn evovoice_row_numbers(
        &self,
        caller: &Principal,
        wanted: EvoVoiceList,
    ) -> Result<EvoVoicePage<i64>, Error> {
        let wanted = seen(caller, wanted)?;
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.evovoice_row_numbers(wanted).await?)
    }

    /// The first of these files, as far as they are still there and still the caller's to see, and how many numbers
    /// that are: it ends with the file whose texts fill so many bytes.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn evovoice_rows(
        &self,
        caller: &Principal,
        rows: &[i64],
        most_bytes: usize,
    ) -> Result<(Vec<EvoVoiceItem>, usize), Error> {
        let (mut items, count) = self.catalog.evovoice_rows(rows.to_vec(), most_bytes).await?;
        items.retain(|item| caller.sees(item.file.partner_sid));
        Ok((items, count))
    }

    /// Changes a file and what is said of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::Invalid`].
    pub async fn change_evovoice_file(
        &self,
        caller: &Principal,
        file_sid: Uuid,
        changes: FileChanges,
        said: EvoVoiceChanges,
    ) -> Result<EvoVoiceItem, Error> {
        let said = EvoVoiceChanges { by: caller.maker(), ..said };
        let turn = self.turn_to_index(caller, &said).await?;
        let change = Change::attributes(changes).with_beside(beside(said)?);
        let (library, by) = (self.clone(), *caller);
        in_turn(turn, async move { library.change_file(&by, file_sid, change).await }).await?;
        self.seen_evovoice_file(caller, file_sid).await
    }

    /// A file without a name on the disk of the stored bytes, for what is too long to be held in memory.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Storage`].
    pub async fn scratch_file(&self) -> Result<std::fs::File, Error> {
        let stores = self.stores.clone();
        // A draft's name goes with it; its file lives as long as it is open.
        blocking(move || Ok(stores.begin()?.as_file().try_clone()?)).await?
    }
}

/// Changes a file in its turn, if it has to have one; it is given back once that is done, also if nobody waits for it.
async fn in_turn(
    turn: Option<Turn>,
    change: impl Future<Output = Result<File, Error>> + Send + 'static,
) -> Result<File, Error> {
    match turn {
        Some(turn) => {
            to_the_end(async move {
                let _turn = turn;
                change.await
            })
            .await
        }
        None => change.await,
    }
}

/// A list of what the caller sees of it.
fn seen(caller: &Principal, wanted: EvoVoiceList) -> Result<EvoVoiceList, Error> {
    caller.needs(Scope::Read, Role::Read)?;
    let partners = match (caller.partner(), wanted.partners) {
        (None, partners) => partners,
        (Some(own), None) => Some(vec![own]),
        (Some(own), Some(asked)) => Some(asked.into_iter().filter(|sid| *sid == own).collect()),
    };
    Ok(EvoVoiceList { partners, ..wanted })
}

/// What is said of a file, to be kept beside it, if it's not too long.
fn beside(said: EvoVoiceChanges) -> Result<Beside, Error> {
    for (which, text) in &said.texts {
        let longest = if which.is_transcription() { LONGEST_TRANSCRIPTION } else { LONGEST_TEXT };
        if text.len() > longest {
            let message = format!("has {} bytes; allowed: {longest}", text.len());
            return Err(Error::invalid(which.name(), message));
        }
    }
    Ok(if said == EvoVoiceChanges::default() { Beside::Nothing } else { Beside::EvoVoice(said) })
}
