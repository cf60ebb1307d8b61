//! Files that are there.

use crate::changes::{Brings, to_defaults};
use crate::examine::{Description, recognised_type};
use crate::last_access::ACCESS_RESOLUTION;
use crate::link_base::LinkBase;
use crate::rules::admit;
use crate::store::{Home, home_name};
use crate::uploads::Tally;
use crate::values::check_file;
use crate::{
    Change, Container, Error, File, Library, List, Listing, Principal, Publish, Rest, Role, Scope,
    ThresholdAction, blocking, now_ms, to_the_end,
};
use blob::Draft;
use catalog::ContentRow;
use semantics::link::Link;
use semantics::media_type::MediaType;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

impl Brings {
    /// What counts the upload, if it is one.
    fn tally(&mut self) -> Option<Tally> {
        match self {
            Self::Content(upload) => Some(upload.tally()),
            Self::Attributes(_) => None,
        }
    }

    /// What new bytes say of the file, and the bytes themselves, if it brings any.
    async fn content(self) -> Result<Option<(Description, (ContentRow, Draft))>, Error> {
        match self {
            Self::Content(upload) => {
                let (description, row, draft) = upload.kept().await?.split();
                Ok(Some((description, (row, draft))))
            }
            Self::Attributes(_) => Ok(None),
        }
    }
}

impl Library {
    /// A file that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn file(&self, caller: &Principal, file_sid: Uuid) -> Result<File, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_file(caller, file_sid).await
    }

    pub(crate) async fn seen_file(
        &self,
        caller: &Principal,
        file_sid: Uuid,
    ) -> Result<File, Error> {
        let found = self.catalog.file(file_sid).await?;
        found.filter(|f| caller.sees(f.partner_sid)).ok_or(Error::NotFound)
    }

    /// The files that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`] (what is listed).
    pub async fn list_files(
        &self,
        caller: &Principal,
        wanted: List,
    ) -> Result<Listing<File>, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        let _turn = self.catalog.turn(caller.token_id).await?;
        Ok(self.catalog.files(caller.partner(), wanted).await?)
    }

    /// Changes a file.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], and those of an upload.
    pub async fn change_file(
        &self,
        caller: &Principal,
        file_sid: Uuid,
        change: Change,
    ) -> Result<File, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        self.change(caller, file_sid, change).await
    }

    /// [`Self::change_file`] for whoever may, as another rule says.
    pub(crate) async fn change(
        &self,
        caller: &Principal,
        file_sid: Uuid,
        mut change: Change,
    ) -> Result<File, Error> {
        let tally = change.brings.tally();
        let changed = self.change_uncounted(caller, file_sid, change).await;
        let Some(mut tally) = tally else { return changed };
        let file = tally.noted(changed)?;
        tally.is_kept(file.file_bytes);
        Ok(file)
    }

    async fn change_uncounted(
        &self,
        caller: &Principal,
        file_sid: Uuid,
        Change { brings, rest, beside }: Change,
    ) -> Result<File, Error> {
        let old = self.seen_file(caller, file_sid).await?;
        // One that is sent back as it was shown may be gone by now.
        let changes = brings.said().clone();
        let parent = changes.values().parent_file_sid;
        self.check_parent_file(caller, parent.filter(|sid| old.parent_file_sid != Some(*sid)))
            .await?;
        let goes_to = changes.get("container_sid", |file| file.container_sid);
        let goes_to = goes_to.unwrap_or(old.container_sid);
        let container = self.target(caller, goes_to).await?;
        let (facts, content) = brings.content().await?.unzip();
        let (content, home) = self.brought(content, &old, &container).await?;
        let store = home.as_ref().map(|home| home.name.clone());
        self.settle_before(&container).await;
        let says_type = facts.is_some() || changes.says("mime_type");
        let defaults = match rest {
            Rest::Stays => None,
            Rest::TakesDefaults => Some(self.defaults(&old, &container, says_type).await?),
        };
        let now = now_ms();
        let edit = move |row: &mut File| {
            defaults.iter().for_each(|defaults| to_defaults(row, defaults));
            store.iter().for_each(|store| row.store.clone_from(store));
            if facts.is_some() {
                // The wished format and bit rate told how the old content was to be stored; the new one says its own.
                (row.desired_format, row.desired_bitrate) = (None, None);
            }
            mend_type(row);
            changes.apply(row);
            row.date_modified = now;
            // What is said of the type must be one, though the content has the last word.
            check_file(row)?;
            if let Some(facts) = facts {
                facts.describe(row, now);
            }
            Ok(())
        };
        let admit = move |into: &Container, old: &File, new: &File| {
            let stays = old.container_sid == into.container_sid;
            admit(into, stays.then_some(old), new, now)
        };
        let catalog = self.catalog.clone();
        if content.is_some() {
            catalog.check_change(file_sid, beside.clone(), edit.clone(), admit).await?;
        }
        let library = self.clone();
        to_the_end(async move {
            let change = |content| catalog.change_file(file_sid, beside, content, edit, admit);
            let changed = match content.zip(home) {
                Some(((row, draft), home)) => {
                    let put = |content| change(Some(content));
                    library.put_then_commit(&home, draft, row, put).await?
                }
                None => change(None).await?,
            };
            let (file, left) = changed.ok_or(Error::NotFound)?;
            library.clear(left).await;
            Ok(file)
        })
        .await
    }

    /// What a file is where nothing is said of it; its type is not looked for where the change `says_type`.
    async fn defaults(
        &self,
        file: &File,
        container: &Container,
        says_type: bool,
    ) -> Result<File, Error> {
        let mut defaults = File::new(container, "", now_ms());
        if !says_type {
            let (stored, file) = (self.stored(file).await?, file.clone());
            defaults.mime_type = blocking(move || recognised_type(&stored, &file)).await??;
        }
        Ok(defaults)
    }

    /// The bytes that a file brings into a container, if it brings any, and where they are to lie. What a container
    /// keeps elsewhere than the file does comes along.
    async fn brought(
        &self,
        content: Option<(ContentRow, Draft)>,
        file: &File,
        container: &Container,
    ) -> Result<(Option<(ContentRow, Draft)>, Option<Home>), Error> {
        let content = match content {
            None if file.store != home_name(container) => Some(self.copied(file).await?),
            content => content,
        };
        let home = content.is_some().then(|| self.home(container)).transpose()?;
        Ok((content, home))
    }

    /// A file comes from one that its uploader sees, or from none.
    pub(crate) async fn check_parent_file(
        &self,
        caller: &Principal,
        parent: Option<Uuid>,
    ) -> Result<(), Error> {
        let Some(parent) = parent else { return Ok(()) };
        match self.seen_file(caller, parent).await {
            Err(Error::NotFound) => Err(Error::invalid("parent_file_sid", "file not found")),
            found => found.map(|_| ()),
        }
    }

    /// The container that a file is to go to.
    pub(crate) async fn target(&self, caller: &Principal, sid: Uuid) -> Result<Container, Error> {
        match self.seen_container(caller, sid).await {
            Err(Error::NotFound) => Err(Error::invalid("container_sid", "container not found")),
            found => found,
        }
    }

    /// Accesses are settled before `delete_lru` chooses, because it must not delete what was played a moment ago.
    pub(crate) async fn settle_before(&self, container: &Container) {
        if container.threshold.action == Some(ThresholdAction::DeleteLru) {
            self.settle_accesses().await;
        }
    }

    /// Deletes a file, and its content with the last file of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`].
    pub async fn delete_file(&self, caller: &Principal, file_sid: Uuid) -> Result<(), Error> {
        caller.needs(Scope::Delete, Role::Manager)?;
        self.seen_file(caller, file_sid).await?;
        self.remove_file(file_sid).await
    }

    /// Deletes a file for a caller who may.
    pub(crate) async fn remove_file(&self, file_sid: Uuid) -> Result<(), Error> {
        let library = self.clone();
        to_the_end(async move {
            let left = library.make_room(|| library.catalog.delete_file(file_sid)).await?;
            library.clear(left.ok_or(Error::NotFound)?).await;
            Ok(())
        })
        .await
    }

    /// Notes that a file is read, and writes it down unless one of the last minute is noted.
    pub async fn count_access(&self, file: &File) {
        let resolution_ms = ACCESS_RESOLUTION.as_millis() as i64;
        if file.date_last_accessed.is_none_or(|last| (now_ms() - last).abs() >= resolution_ms) {
            self.note_access(file.file_sid);
            self.settle_accesses().await;
        }
    }

    /// The public links of files, in their order; `None` for one that is not published.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn publish_uris(&self, files: &[File]) -> Result<Vec<Option<String>>, Error> {
        let base = self.link_base();
        let of = |container: Option<&Container>, file: &File| publish_uri(container?, file, &base);
        self.with_containers(files, of).await
    }

    /// What the links of files begin with, in their order.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn link_bases(&self, files: &[File]) -> Result<Vec<String>, Error> {
        let base = self.link_base();
        let of = |container: Option<&Container>, _: &File| {
            container.map_or(base.as_str(), |container| base_of(container, &base)).to_owned()
        };
        self.with_containers(files, of).await
    }

    /// What follows from each file and its container, which is looked up once for all files of it.
    async fn with_containers<T>(
        &self,
        files: &[File],
        of: impl Fn(Option<&Container>, &File) -> T,
    ) -> Result<Vec<T>, Error> {
        let mut containers: HashMap<Uuid, Option<Container>> = HashMap::new();
        let mut found = Vec::with_capacity(files.len());
        for file in files {
            let sid = file.container_sid;
            let container = match containers.entry(sid) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.catalog.container(sid).await?),
            };
            found.push(of(container.as_ref(), file));
        }
        Ok(found)
    }
}

fn publish_uri(container: &Container, file: &File, base: &LinkBase) -> Option<String> {
    let link = match file.publish {
        _ if !container.allow_publish => return None,
        Publish::FileSid => Link::Sid(file.file_sid),
        Publish::FileAccessName => {
            let name = file.file_access_name.clone();
            Link::Name { container: file.container_sid, name }
        }
        Publish::None => return None,
    };
    Some(format!("{}{link}", base_of(container, base)))
}

fn base_of<'a>(container: &'a Container, base: &'a LinkBase) -> &'a str {
    container.publish_domain.as_deref().unwrap_or(base.as_str())
}

/// Makes a type that is none say nothing: versions before this one took any text.
fn mend_type(row: &mut File) {
    if MediaType::parse(&row.mime_type).is_none() {
        row.mime_type = "application/octet-stream".into();
    }
}
