//! What a caller says of a file.

use super::errors::ApiError;
use super::parameters::Parameters;
use crate::apis::storage::Refusal;
use library::{EvoVoiceChanges, EvoVoiceText, FileChanges, Principal, Role};
use serde_json::Value;

/// What goes to the file, and what goes beside it.
pub struct Said {
    pub file: FileChanges,
    pub beside: EvoVoiceChanges,
}

impl Said {
    /// All that is said. Whatever else there is of a file is the server's, and passed over: clients send back
    /// what they were given.
    ///
    /// # Errors
    /// [`ApiError::FieldForbidden`] for what only a manager says.
    pub fn by(caller: &Principal, said: &Parameters) -> Result<Self, ApiError> {
        let mut beside = EvoVoiceChanges::default();
        for which in EvoVoiceText::ALL {
            if let Some(text) = said.said(which.name()) {
                beside.texts.push((which, text.to_owned()));
            }
        }
        beside.file_type = said.word("Type")?;
        // A client may name all that there is, and say nothing of it.
        let own = beside.texts.iter().find(|(_, text)| !text.is_empty());
        let own = own.map(|(which, _)| which.name());
        if let Some(field) = beside.file_type.map(|_| "Type").or(own)
            && caller.role < Role::Manager
        {
            return Err(ApiError::FieldForbidden(field));
        }
        let mut file = FileChanges::default();
        if let Some(name) = said.text("FileName") {
            file.set("name", &Value::from(name)).map_err(Refusal::from)?;
        }
        Ok(Self { file, beside })
    }
}
