//! What one storage API alone knows of a file: rows of a table of its own, joined by the file's id and gone with the
//! file.

use crate::sql::Db;
use crate::{Error, EvoVoiceChanges, FileRow, RecordingContent, VoipbinAccount, VoipbinFile};

/// What is kept beside a file, in the transaction that keeps or changes the file. A variant for each API that has
/// such a table; its rows are written and read in a file of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Beside {
    /// Nothing, or what is there already.
    #[default]
    Nothing,
    /// Of VoIPBIN's API.
    Voipbin {
        /// What it knows of the file.
        said: VoipbinFile,
        /// Bytes that the files of an account without a quota of its own may have.
        quota: u64,
    },
    /// Of the EvoVoice API.
    EvoVoice(EvoVoiceChanges),
    /// It is the content of a recording.
    Voxbone(RecordingContent),
}

impl Beside {
    /// Takes hold of what it reads and writes beside the file.
    pub(crate) fn claim(&self, db: &Db) -> Result<(), Error> {
        match self {
            Self::Voxbone(RecordingContent::For { recording_id, .. }) => {
                db.lock_names([&*recording_id.to_string()])
            }
            Self::Nothing | Self::Voipbin { .. } | Self::EvoVoice(_) | Self::Voxbone(_) => Ok(()),
        }
    }

    /// Whether the file may be kept, by what the API alone knows. Writes nothing.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn admit(&self, db: &Db, file: &FileRow) -> Result<(), Error> {
        match self {
            Self::Voipbin { quota, .. } => {
                VoipbinAccount::admit(db, file.partner_sid, file.file_bytes, *quota)
            }
            Self::Nothing | Self::EvoVoice(_) => Ok(()),
            Self::Voxbone(content) => content.admit(db),
        }
    }

    /// Writes it, once the file's row is written.
    pub(crate) fn keep(&self, db: &Db, file: &FileRow) -> Result<(), Error> {
        match self {
            Self::Nothing => Ok(()),
            Self::Voipbin { said, .. } => said.keep(db, file),
            Self::EvoVoice(changes) => changes.keep(db, file),
            Self::Voxbone(content) => content.keep(db, file),
        }
    }
}
