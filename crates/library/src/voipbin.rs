//! What VoIPBIN's storage API does: whose files and accounts a caller sees there, and who may change them.

use crate::{Beside, Error, Library, Principal, Publish, Role, Scope, Upload, now_ms};
use catalog::{VoipbinAccount, VoipbinFile, VoipbinList, VoipbinPage, VoipbinRow, VoipbinStart};
use std::time::Duration;
use uuid::Uuid;

/// The container that its uploads go to.
const CONTAINER: &str = "voipbin";

/// How long a file that is gone is told from one that never was.
const DEPARTED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Longest name, in characters.
const LONGEST_NAME: usize = 255;

/// Longest detail, in characters.
const LONGEST_DETAIL: usize = 4096;

/// The routes by which a caller asks for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoipbinSide {
    /// `/storage_files`: all of the customer's, for those who manage them.
    Customer,
    /// `/service_agents/files`: what the caller's own token brought in.
    Agent,
}

impl VoipbinSide {
    /// Who may bring files in, play them and delete them.
    fn worker(self) -> Role {
        match self {
            Self::Customer => Role::Manager,
            Self::Agent => Role::Agent,
        }
    }
}

impl Library {
    /// Begins an upload; `quota` is that of an account without one of its own, in bytes.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn begin_voipbin_upload(
        &self,
        caller: &Principal,
        side: VoipbinSide,
        quota: u64,
    ) -> Result<Upload, Error> {
        caller.needs(Scope::Create, side.worker())?;
        let mut upload = self.begin_upload(caller).await?;
        // What is too large for sure is broken off; the transaction decides.
        let account = self.catalog.voipbin_account(caller.partner_sid).await?;
        let quota = account.as_ref().and_then(|account| account.quota).unwrap_or(quota);
        upload.take_at_most(quota.saturating_sub(account.map_or(0, |it| it.usage.bytes)));
        Ok(upload)
    }

    /// Keeps an upload as a new file of the caller's partner; `quota` as above.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::LimitReached`] (the account's quota), [`Error::Storage`].
    pub async fn keep_voipbin_upload(
        &self,
        caller: &Principal,
        mut upload: Upload,
        said: VoipbinFile,
        quota: u64,
    ) -> Result<VoipbinRow, Error> {
        check_text("name", &said.name, LONGEST_NAME)?;
        check_text("detail", &said.detail, LONGEST_DETAIL)?;
        let partner_sid = caller.partner_sid;
        let container =
            self.container_of_api(caller, partner_sid, CONTAINER, Publish::None).await?;
        upload.changes.put("container_sid", |file| file.container_sid = container.container_sid);
        let beside = Beside::Voipbin { said: said.clone(), quota };
        let file = upload.finish(beside).await?;
        Ok(VoipbinRow { file, beside: Some(said) })
    }

    /// A file that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn voipbin_file(&self, caller: &Principal, id: Uuid) -> Result<VoipbinRow, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_voipbin_file(caller, id).await
    }

    /// Whether the caller may have the bytes of the files that it sees.
    #[must_use]
    pub fn may_play_voipbin_files(caller: &Principal) -> bool {
        caller.needs(Scope::Read, Role::Agent).is_ok()
    }

    /// A file that the caller is to play.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn voipbin_file_to_play(
        &self,
        caller: &Principal,
        id: Uuid,
        side: VoipbinSide,
    ) -> Result<VoipbinRow, Error> {
        caller.needs(Scope::Read, side.worker())?;
        self.seen_voipbin_file(caller, id).await
    }

    /// The newest file of a recording, or else the file that has this id itself, to play.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent, [`Error::NotFound`].
    pub async fn voipbin_recording(
        &self,
        caller: &Principal,
        id: Uuid,
    ) -> Result<crate::File, Error> {
        caller.needs(Scope::Read, Role::Agent)?;
        match self.catalog.voipbin_recording(caller.partner(), id).await? {
            Some(file) => Ok(file),
            None => Ok(self.seen_voipbin_file(caller, id).await?.file),
        }
    }

    async fn seen_voipbin_file(&self, caller: &Principal, id: Uuid) -> Result<VoipbinRow, Error> {
        let found = self.catalog.voipbin_file(id).await?;
        found.filter(|row| caller.sees(row.file.partner_sid)).ok_or(Error::NotFound)
    }

    /// Whether a file that isn't there was one that the caller saw.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn has_voipbin_file_departed(
        &self,
        caller: &Principal,
        id: Uuid,
    ) -> Result<bool, Error> {
        let whose = self.catalog.voipbin_departed(id).await?;
        Ok(whose.is_some_and(|partner_sid| caller.sees(partner_sid)))
    }

    /// Deletes a file; it as it was.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn delete_voipbin_file(
        &self,
        caller: &Principal,
        id: Uuid,
        side: VoipbinSide,
    ) -> Result<VoipbinRow, Error> {
        caller.needs(Scope::Delete, side.worker())?;
        let row = self.seen_voipbin_file(caller, id).await?;
        if side == VoipbinSide::Agent && row.owner_id() != Some(caller.token_id) {
            return Err(Error::Forbidden);
        }
        self.remove_file(id).await?;
        Ok(row)
    }

    /// Files of the caller's own customer, or of one that an administrator names.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`] (the customer), [`Error::Invalid`] (what is listed).
    pub async fn list_voipbin_files(
        &self,
        caller: &Principal,
        side: VoipbinSide,
        customer_id: Option<Uuid>,
        list: VoipbinList,
    ) -> Result<VoipbinPage<VoipbinRow>, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        let partner_sid = customer_id.unwrap_or(caller.partner_sid);
        if !caller.sees(partner_sid) || !self.catalog.has_partner(partner_sid).await? {
            return Err(Error::NotFound);
        }
        let owner_id = (side == VoipbinSide::Agent).then_some(caller.token_id);
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.voipbin_files(partner_sid, owner_id, list).await?)
    }

    /// The account of a customer, or of the caller's own.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn voipbin_account(
        &self,
        caller: &Principal,
        customer_id: Option<Uuid>,
    ) -> Result<VoipbinAccount, Error> {
        caller.needs(Scope::Read, Role::Manager)?;
        let partner_sid = customer_id.unwrap_or(caller.partner_sid);
        if !caller.sees(partner_sid) {
            return Err(Error::NotFound);
        }
        self.catalog.voipbin_account(partner_sid).await?.ok_or(Error::NotFound)
    }

    /// All accounts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below admin, [`Error::Invalid`] (what is listed).
    pub async fn list_voipbin_accounts(
        &self,
        caller: &Principal,
        start: VoipbinStart,
        limit: usize,
    ) -> Result<VoipbinPage<VoipbinAccount>, Error> {
        caller.needs(Scope::Read, Role::Admin)?;
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.voipbin_accounts(start, limit).await?)
    }

    /// Makes the account of a customer, with a quota in bytes if it is to have one of its own.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below admin, [`Error::NotFound`] (the customer), [`Error::Conflict`] (it has one).
    pub async fn make_voipbin_account(
        &self,
        caller: &Principal,
        customer_id: Uuid,
        quota: Option<u64>,
    ) -> Result<VoipbinAccount, Error> {
        caller.needs(Scope::Create, Role::Admin)?;
        let made = self.catalog.make_voipbin_account(customer_id, quota, now_ms()).await;
        made.map_err(|error| match error {
            catalog::Error::NoPartner => Error::NotFound,
            other => other.into(),
        })
    }

    /// Deletes the account of a customer that has no files; it as it was.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below admin, [`Error::NotFound`], [`Error::NotEmpty`].
    pub async fn delete_voipbin_account(
        &self,
        caller: &Principal,
        customer_id: Uuid,
    ) -> Result<VoipbinAccount, Error> {
        caller.needs(Scope::Delete, Role::Admin)?;
        let deleted = self.catalog.delete_voipbin_account(customer_id, now_ms()).await?;
        deleted.ok_or(Error::NotFound)
    }

    /// Forgets what went so long ago that nobody asks any more.
    pub(crate) async fn forget_departed(&self, most: u32) -> Result<(), Error> {
        let until_ms = now_ms() - DEPARTED_FOR.as_millis() as i64;
        while self.catalog.forget_departed(until_ms, most).await? > 0 {}
        Ok(())
    }
}

fn check_text(field: &str, text: &str, longest: usize) -> Result<(), Error> {
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() <= longest && text.chars().all(is_text) {
        return Ok(());
    }
    let message = format!(
        "must be a text of at most {longest} characters, without control characters but tabs and line breaks"
    );
    Err(Error::invalid(field, message))
}
