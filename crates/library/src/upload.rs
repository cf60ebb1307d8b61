//! How bytes come in, for a new file or for one that is there.

use crate::classify::{extension, renamed};
use crate::examine::{Description, Examined, examine};
use crate::rules::admit;
use crate::uploads::Tally;
use crate::values::check_file;
use crate::{
    Beside, Container, Error, File, FileChanges, FileKind, Library, Principal, Role, Scope,
    blocking, now_ms, to_the_end,
};
use audio::Facts;
use audio::formats::by_name;
use blob::Draft;
use catalog::ContentRow;
use std::sync::Arc;
use uuid::Uuid;

/// After so many bytes of an upload the room on the disk is looked at again.
const LOOK_EVERY: u64 = 16 << 20;

/// Bytes coming in; dropped unfinished, nothing is kept.
pub struct Upload {
    library: Library,
    caller: Principal,
    /// The file whose content it is to be, if that is there.
    replaced: Option<File>,
    /// Its bytes, as long as more can be written.
    pub(crate) draft: Option<Draft>,
    /// The quota that bounds it, and the bytes that are left of that.
    most_bytes: Option<(&'static str, u64)>,
    transcoded_to: Option<&'static str>,
    has_bytes: bool,
    tally: Tally,
    /// What the uploader says of the file.
    pub(crate) changes: FileChanges,
    /// The name that the bytes came under; what `changes` says goes before it.
    file_name: Option<String>,
    /// The media type that the bytes came with; what `changes` says goes before it.
    content_type: Option<String>,
}

/// An upload that is ready to be kept.
pub(crate) struct Kept {
    examined: Examined,
    draft: Draft,
    mime_type: String,
    extension: Option<String>,
    transcoded: bool,
}

impl Library {
    /// Begins the upload of a new file.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent.
    pub async fn begin_upload(&self, caller: &Principal) -> Result<Upload, Error> {
        caller.needs(Scope::Create, Role::Agent)?;
        self.begin(caller, None, Tally::default()).await
    }

    /// Begins the upload of new bytes for [`Library::change_file`].
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn begin_replacement(
        &self,
        caller: &Principal,
        file_sid: Uuid,
    ) -> Result<Upload, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        let replaced = self.seen_file(caller, file_sid).await?;
        self.begin(caller, Some(replaced), Tally::default()).await
    }

    async fn begin(
        &self,
        caller: &Principal,
        replaced: Option<File>,
        mut tally: Tally,
    ) -> Result<Upload, Error> {
        let begun = async {
            self.check_room().await?;
            let stores = self.stores.clone();
            Ok(blocking(move || stores.begin()).await??)
        };
        Ok(Upload::of(self, caller, replaced, tally.noted(begun.await)?, tally))
    }
}

impl Upload {
    /// An upload whose bytes are those of a draft.
    pub(crate) fn of(
        library: &Library,
        caller: &Principal,
        replaced: Option<File>,
        draft: Draft,
        tally: Tally,
    ) -> Self {
        Self {
            library: library.clone(),
            caller: *caller,
            replaced,
            draft: Some(draft),
            tally,
            most_bytes: None,
            transcoded_to: None,
            has_bytes: false,
            changes: FileChanges::default(),
            file_name: None,
            content_type: None,
        }
    }

    /// Says what the uploader says of the file, all of it.
    pub fn say(&mut self, changes: FileChanges) {
        self.changes = changes;
    }

    /// What the uploader says of the file.
    #[must_use]
    pub fn said(&self) -> &FileChanges {
        &self.changes
    }

    /// Bytes come, under a name and with a media type if their sender gives them any. What is said of the file goes
    /// before both. None at all are a file under a name alone: a form whose file nobody chose has an empty part.
    pub fn begin_bytes(&mut self, file_name: Option<String>, content_type: Option<String>) {
        self.tally.bytes_come();
        self.has_bytes = file_name.is_some();
        (self.file_name, self.content_type) = (file_name, content_type);
    }

    /// Names bytes that came without a name.
    pub fn name_bytes(&mut self, file_name: String) {
        self.file_name.get_or_insert(file_name);
    }

    /// Gives a transcode the ending of its format, also where the uploader said the name.
    pub fn rename_transcode(&mut self) {
        let said = self.changes.get("name", |file| file.name.clone());
        if let (Some(format), Some(name)) = (self.transcoded_to, said) {
            self.changes.put("name", |file| file.name = renamed(&name, format));
        }
    }

    /// Whether a file came: bytes, or none of them under a name.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        self.has_bytes
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.draft.as_ref().map_or(0, Draft::length_bytes)
    }

    /// Whether more can be written: not after a write failed, unless it lacked room alone.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.draft.is_some()
    }

    /// Refuses a length that the container has no room for, as far as [`Self::refuse_early`] knows.
    pub(crate) fn check_length(&self, length_bytes: u64) -> Result<(), Error> {
        match self.most_bytes.filter(|(_, most)| length_bytes > *most) {
            Some((quota, limit)) => Err(Error::LimitReached { quota, limit }),
            None => Ok(()),
        }
    }

    /// Breaks off what has more bytes than are left of the account's quota.
    pub(crate) fn take_at_most(&mut self, bytes: u64) {
        self.most_bytes = Some(("quota", bytes));
    }

    /// Refuses before the bytes come what would be refused after them, as far as that is known.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::LimitReached`].
    pub async fn refuse_early(&mut self) -> Result<(), Error> {
        let refused = self.look_early().await;
        self.tally.noted(refused)
    }

    async fn look_early(&mut self) -> Result<(), Error> {
        let container = self.container().await?;
        let full = container.quota.files.filter(|limit| container.usage.files >= *limit);
        if let Some(limit) = full {
            return Err(Error::LimitReached { quota: "quota_files", limit });
        }
        let file = self.blank(&container);
        check_file(&file)?;
        self.library.check_parent_file(&self.caller, file.parent_file_sid).await?;
        let asked =
            ["desired_format", "desired_bitrate"].iter().any(|name| self.changes.says(name));
        // What counts in the end is the size of what is stored.
        let limit = container.quota.bytes.filter(|_| !asked);
        self.most_bytes = limit.map(|limit| ("quota_bytes", limit));
        Ok(())
    }

    /// Takes the next bytes; returns once they are written, so that the sender is held back by the
    /// disk and not by memory.
    ///
    /// # Errors
    /// [`Error::LimitReached`] and [`Error::Full`], after which it is as it was; [`Error::Storage`], after which it is
    /// of no use.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]> + Send + 'static) -> Result<(), Error> {
        self.tally.bytes_come();
        self.has_bytes = true;
        let written = self.write_on(bytes).await;
        self.tally.noted(written)
    }

    async fn write_on(&mut self, bytes: impl AsRef<[u8]> + Send + 'static) -> Result<(), Error> {
        let length = self.length_bytes() + bytes.as_ref().len() as u64;
        self.check_length(length)?;
        if length / LOOK_EVERY > self.length_bytes() / LOOK_EVERY {
            self.library.check_room().await?;
        }
        let mut draft = self.take()?;
        let (written, draft) = blocking(move || (draft.write(bytes.as_ref()), draft)).await?;
        let written = written.map_err(Error::from);
        // Once there is room it can go on.
        self.draft = matches!(written, Ok(()) | Err(Error::Full)).then_some(draft);
        written
    }

    /// Looks at the bytes that came.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn examine(&mut self) -> Result<Examined, Error> {
        let draft = self.take()?;
        let (extension, declared) = (self.extension(), self.declared_type());
        let max_picture = self.library.config.max_picture_bytes;
        let look = move || {
            let source = Arc::new(draft.as_file().try_clone()?);
            let hash = draft.hash().to_string();
            let (extension, declared) = (extension.as_deref(), declared.as_deref());
            let examined = examine(source, &hash, extension, declared, max_picture);
            examined.map(|found| (found, draft))
        };
        let (examined, draft) = blocking(look).await??;
        self.draft = Some(draft);
        Ok(examined)
    }

    /// An upload of the same file that is to take its transcode into a format, within the quota of its container: the
    /// transcode may be many times as long as what came. One that is not longer than what it replaces fits.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a container, [`Error::Storage`].
    pub async fn transcoded_to(mut self, format: &'static str) -> Result<Self, Error> {
        let quota_bytes = self.container().await?.quota.bytes;
        let replaced_bytes = self.replaced.as_ref().map_or(0, |file| file.file_bytes);
        let tally = self.tally.hand_on();
        let next = self.library.begin(&self.caller, self.replaced.clone(), tally).await?;
        let mut changes = self.changes.clone();
        if !changes.says("type") {
            changes.put("type", |file| file.kind = FileKind::Audio);
        }
        Ok(Self {
            most_bytes: quota_bytes.map(|quota| ("quota_bytes", quota.max(replaced_bytes))),
            transcoded_to: Some(format),
            has_bytes: self.has_bytes,
            file_name: self.file_name.as_deref().map(|name| renamed(name, format)),
            changes,
            ..next
        })
    }

    /// Keeps it as a new file, and what one API alone knows of it. What can't be played is kept too, with the reason.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::LimitReached`], [`Error::Conflict`], [`Error::Storage`].
    pub async fn finish(mut self, beside: Beside) -> Result<File, Error> {
        let mut tally = self.tally();
        let file = tally.noted(self.keep(beside).await)?;
        tally.is_kept(file.file_bytes);
        Ok(file)
    }

    async fn keep(self, beside: Beside) -> Result<File, Error> {
        let container = self.container().await?;
        let mut file = self.blank(&container);
        check_file(&file)?;
        self.library.check_parent_file(&self.caller, file.parent_file_sid).await?;
        let named = !self.changes.values().file_access_name.is_empty();
        let (library, caller) = (self.library.clone(), self.caller);
        let has_name = !file.name.is_empty();
        let kept = self.kept().await?;
        if !named {
            let ending = kept.ending();
            file.file_access_name = format!("{}.{ending}", file.file_sid);
        }
        if !has_name {
            file.name.clone_from(&file.file_access_name);
        }
        let (description, content, draft) = kept.split();
        let now = file.date_created;
        description.describe(&mut file, now);
        let home = library.home(&container)?;
        file.store.clone_from(&home.name);
        check_file(&file)?;
        library.settle_before(&container).await;
        let row = file.clone();
        let admit = move |into: &Container| admit(into, None, &row, now);
        let gone = move |error| match error {
            Error::NotFound => Error::invalid("container_sid", "container not found"),
            other => other.told_to(&caller),
        };
        library
            .catalog
            .check_insert(file.clone(), beside.clone(), admit.clone())
            .await
            .map_err(&gone)?;
        to_the_end(async move {
            let insert =
                |content| library.catalog.insert_file(file.clone(), beside, content, admit);
            let put = library.put_then_commit(&home, draft, content, insert);
            let left = put.await.map_err(gone)?;
            library.clear(left).await;
            Ok(file)
        })
        .await
    }

    /// What counts it from here on.
    pub(crate) fn tally(&mut self) -> Tally {
        self.tally.hand_on()
    }

    pub(crate) async fn kept(mut self) -> Result<Kept, Error> {
        let examined = self.examine().await?;
        if let Ok((Facts { repaired, .. }, _)) = &examined.probed
            && !repaired.is_empty()
        {
            tracing::debug!(name = self.file_name, ?repaired, "headers that are not so");
        }
        let extension = self.extension();
        // A transcode has its format's type, whatever was uploaded.
        let written = self.transcoded_to.and_then(by_name).and_then(|f| f.media_types.first());
        let declared = written.map(|t| (*t).to_owned()).or_else(|| self.declared_type());
        let mime_type = examined.mime_type(declared.as_deref(), extension.as_deref());
        let transcoded = self.transcoded_to.is_some();
        Ok(Kept { mime_type, extension, transcoded, draft: self.take()?, examined })
    }

    fn take(&mut self) -> Result<Draft, Error> {
        self.draft.take().ok_or_else(|| Error::Storage("a write of this upload failed".into()))
    }

    async fn container(&self) -> Result<Container, Error> {
        let sid = self.changes.get("container_sid", |file| file.container_sid);
        let sid = sid.or(self.replaced.as_ref().map(|file| file.container_sid));
        let sid = sid.ok_or_else(|| Error::invalid("container_sid", "required"))?;
        self.library.target(&self.caller, sid).await
    }

    /// The name that hints at what raw bytes are: after a transcode, its format.
    fn extension(&self) -> Option<String> {
        let name = self.changes.get("name", |file| file.name.as_str());
        let name = name.or(self.file_name.as_deref());
        self.transcoded_to.map(str::to_owned).or_else(|| name.and_then(extension))
    }

    fn declared_type(&self) -> Option<String> {
        let said = self.changes.get("mime_type", |file| file.mime_type.clone());
        said.or_else(|| self.content_type.clone())
    }

    /// The row but for what its content says.
    fn blank(&self, container: &Container) -> File {
        let name = self.file_name.as_deref().unwrap_or_default();
        let mut file = File::new(container, name, now_ms());
        self.changes.apply(&mut file);
        file.created_by = self.caller.maker();
        file
    }
}

impl Kept {
    /// The extension of an access name that nobody gave.
    fn ending(&self) -> String {
        let format = self.examined.probed.as_ref().ok().map(|(facts, _)| facts.format.clone());
        self.extension.clone().or(format).unwrap_or_else(|| "bin".into())
    }

    pub fn split(self) -> (Description, ContentRow, Draft) {
        let Self { examined, draft, mime_type, extension, transcoded } = self;
        let (description, row) = examined.told(mime_type, extension, transcoded);
        (description, row, draft)
    }
}
