//! Profiles.

use super::DEFAULT_FORMAT;
use super::limits::check_profile;
use crate::{Error, Library, Part, Principal, Profile, RecordPrompt, Role, Scope};
use uuid::Uuid;

impl Library {
    /// Makes a profile of the caller's partner; `edit` says what it is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::Invalid`], and those of `edit`.
    pub async fn create_profile(
        &self,
        caller: &Principal,
        edit: impl FnOnce(&mut Profile) -> Result<(), Error>,
    ) -> Result<Profile, Error> {
        caller.needs(Scope::Create, Role::Manager)?;
        let mut profile = Profile {
            profile_id: Uuid::new_v4(),
            partner_sid: caller.partner_sid,
            email: None,
            remote_sip_uri: None,
            record: false,
            record_format: DEFAULT_FORMAT.into(),
            record_beep_at_start: true,
            record_beep_interval: 0,
            record_prompt: RecordPrompt::None,
            record_prompt_custom_id: None,
        };
        edit(&mut profile)?;
        check_profile(&profile)?;
        self.catalog.insert_profile(profile.clone()).await?;
        Ok(profile)
    }

    /// A profile that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn profile(&self, caller: &Principal, profile_id: Uuid) -> Result<Profile, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_profile(caller, profile_id).await
    }

    pub(super) async fn seen_profile(
        &self,
        caller: &Principal,
        profile_id: Uuid,
    ) -> Result<Profile, Error> {
        let found = self.catalog.profile(profile_id).await?;
        found.filter(|profile| caller.sees(profile.partner_sid)).ok_or(Error::NotFound)
    }

    /// The profiles that the caller sees, in the order of making.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn list_profiles(
        &self,
        caller: &Principal,
        part: Part,
    ) -> Result<Vec<Profile>, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.profiles(caller.partner(), part).await?)
    }

    /// Changes a profile by `edit`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::Invalid`], and those of `edit`.
    pub async fn change_profile(
        &self,
        caller: &Principal,
        profile_id: Uuid,
        edit: impl FnOnce(&mut Profile) -> Result<(), Error> + Clone + Send + 'static,
    ) -> Result<Profile, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        self.seen_profile(caller, profile_id).await?;
        let edit = move |profile: &mut Profile| {
            edit(profile)?;
            check_profile(profile)
        };
        self.catalog.change_profile(profile_id, edit).await?.ok_or(Error::NotFound)
    }

    /// Deletes a profile; its recordings stay.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn delete_profile(&self, caller: &Principal, profile_id: Uuid) -> Result<(), Error> {
        caller.needs(Scope::Delete, Role::Manager)?;
        self.seen_profile(caller, profile_id).await?;
        match self.catalog.delete_profile(profile_id).await? {
            true => Ok(()),
            false => Err(Error::NotFound),
        }
    }
}
