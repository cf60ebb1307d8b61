//! Recordings: what is said of them.

use super::DEFAULT_FORMAT;
use super::limits::check_recording;
use crate::{
    Error, Library, Part, Principal, Recorded, Recording, RecordingStatus, Role, Scope, now_ms,
    to_the_end,
};
use uuid::Uuid;

impl Library {
    /// A recording that is to be made, of a profile if it is said; `edit` says what it is. Nothing is kept yet.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent, [`Error::NotFound`] (the profile), [`Error::Invalid`], and those of `edit`.
    pub async fn new_recording(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        edit: impl FnOnce(&mut Recording) -> Result<(), Error>,
    ) -> Result<Recording, Error> {
        caller.needs(Scope::Create, Role::Agent)?;
        if let Some(profile_id) = profile_id {
            self.seen_profile(caller, profile_id).await?;
        }
        let now = now_ms();
        let mut recording = Recording {
            recording_id: Uuid::new_v4(),
            partner_sid: caller.partner_sid,
            profile_id,
            file_sid: None,
            remote_sip_uri: None,
            call_id: None,
            caller: None,
            callee: None,
            format: String::new(),
            status: RecordingStatus::Pending,
            duration: None,
            started_at: None,
            ended_at: None,
            created_at: now,
            updated_at: now,
        };
        edit(&mut recording)?;
        if profile_id.is_some() && recording.profile_id != profile_id {
            return Err(Error::invalid("profileId", "must be that of the path"));
        }
        let mut format = DEFAULT_FORMAT.to_owned();
        if let Some(profile_id) = recording.profile_id {
            let profile = self.seen_profile(caller, profile_id).await.map_err(no_profile)?;
            // An administrator's recording is that of whom the profile is.
            recording.partner_sid = profile.partner_sid;
            format = profile.record_format;
        }
        if recording.format.is_empty() {
            recording.format = format;
        }
        check_recording(&recording)?;
        Ok(recording)
    }

    /// Keeps a recording that has no content yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] if its profile is gone by now.
    pub async fn keep_recording(&self, recording: Recording) -> Result<Recorded, Error> {
        self.catalog.insert_recording(recording.clone()).await?;
        Ok(Recorded { recording, file: None })
    }

    /// A recording that the caller sees; of a profile, if it is said.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn recording(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        recording_id: Uuid,
    ) -> Result<Recorded, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_recording(caller, profile_id, recording_id).await
    }

    pub(super) async fn seen_recording(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        recording_id: Uuid,
    ) -> Result<Recorded, Error> {
        let found = self.catalog.recording(recording_id).await?;
        let is_seen = |found: &Recorded| {
            caller.sees(found.recording.partner_sid)
                && profile_id.is_none_or(|of| found.recording.profile_id == Some(of))
        };
        found.filter(is_seen).ok_or(Error::NotFound)
    }

    /// The recordings that the caller sees, of a profile if it is said, in the order of making.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`] (the profile).
    pub async fn list_recordings(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        part: Part,
    ) -> Result<Vec<Recorded>, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        if let Some(profile_id) = profile_id {
            self.seen_profile(caller, profile_id).await?;
        }
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.recordings(caller.partner(), profile_id, part).await?)
    }

    /// Changes what is said of a recording by `edit`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::Invalid`], and those of `edit`.
    pub async fn change_recording(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        recording_id: Uuid,
        edit: impl FnOnce(&mut Recording) -> Result<(), Error> + Clone + Send + 'static,
    ) -> Result<Recorded, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        self.seen_recording(caller, profile_id, recording_id).await?;
        let now = now_ms();
        let edit = move |recording: &mut Recording| {
            edit(recording)?;
            recording.updated_at = now.max(recording.updated_at);
            check_recording(recording)
        };
        self.catalog.change_recording(recording_id, edit).await?.ok_or(Error::NotFound)
    }

    /// Deletes a recording and its file; a mail of it that has not gone goes no more.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn delete_recording(
        &self,
        caller: &Principal,
        profile_id: Option<Uuid>,
        recording_id: Uuid,
    ) -> Result<(), Error> {
        caller.needs(Scope::Delete, Role::Manager)?;
        self.seen_recording(caller, profile_id, recording_id).await?;
        let library = self.clone();
        to_the_end(async move {
            let delete = || library.catalog.delete_recording(recording_id);
            let left = library.make_room(delete).await?;
            library.clear(left.ok_or(Error::NotFound)?).await;
            Ok(())
        })
        .await
    }
}

fn no_profile(error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("profileId", "profile not found"),
        other => other,
    }
}
