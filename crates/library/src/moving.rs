//! A store that moves: from a data folder to a database, to a bucket or to both, and back.
//!
//! The order: the target notes whose move it is → each object is noted there, put, read through and noted as whole →
//! all tables go in one transaction, compared before it commits. What is broken off is run again and goes on; until
//! it is whole the source is what it was, and no server starts on the target.

use blob::{InvalidName, Leftover, Local, ObjectName, Seal, Store, StoreError};
use catalog::{Catalog, NewPlace, Objects, Placed, Target};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Objects between two looks at the catalogs.
const AT_ONCE: u32 = 64;

/// Objects that are under way at a time.
const UNDER_WAY: usize = 8;

/// How long the session of a process that has ended may be there still, and between two looks.
const GOING: Duration = Duration::from_secs(6);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Why a store doesn't move.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// What was asked for is not done, and why.
    #[error("{0}")]
    Refused(String),
    /// A catalog fails.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// A store of bytes does.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store that is to move.
pub struct Move {
    /// Its catalog.
    pub from: Catalog,
    /// Where the catalog goes; `None` if it stays.
    pub to: Option<Catalog>,
    /// How the objects of the server's own store go; `None` if they stay.
    pub objects: Option<Carriage>,
    /// How the catalog tells where they lie then.
    pub place: String,
    /// What the secrets of containers are sealed by, there as here.
    pub seal: Seal,
}

/// From where to where objects go.
pub struct Carriage {
    /// Where they lie.
    pub from: Store,
    /// Where they are to lie.
    pub to: Store,
    /// Where they are on their way.
    pub drafts: Local,
}

/// What has moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// Files that the catalog knows.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Whether all of it was there already.
    pub was_there: bool,
    /// Objects that are missing or damaged where they lay: they are so at the new place.
    pub lost: Vec<String>,
}

/// What is done.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// So many bytes of objects, of how many.
    Objects(u64, u64),
    /// A table, with so many rows.
    Table(&'static str, u64),
}

/// Who is told of each step.
pub type Progress = std::sync::Arc<dyn Fn(Step) + Send + Sync>;

impl Move {
    /// Moves it, or goes on with a move that was broken off.
    ///
    /// # Errors
    /// [`MoveError`]; the source is as it was then.
    pub async fn run(self, progress: Progress) -> Result<Moved, MoveError> {
        if self.from.is_half_moved().await? {
            let why = "a move into what is to be moved was broken off: run that again first";
            return Err(MoveError::Refused(why.into()));
        }
        if let Some(first) = self.from.faults().await?.first() {
            return Err(MoveError::Refused(format!("the catalog is damaged: {first}")));
        }
        self.check_seal().await?;
        let (files, bytes) = self.from.file_totals().await?;
        let moved = Moved { files, bytes, ..Moved::default() };
        if let Some(to) = &self.to
            && self.is_there(to).await?
        {
            return Ok(Moved { was_there: true, ..moved });
        }
        let lost = match &self.objects {
            Some(objects) => self.bring(objects, bytes, &progress).await?,
            None => Vec::new(),
        };
        let objects = if self.objects.is_some() { Objects::Moved } else { Objects::Stay };
        let place = NewPlace { key: crate::PLACE_KEY, place: self.place, objects };
        match &self.to {
            None => self.from.move_objects(place).await?,
            Some(to) => {
                check_unused(&self.from).await?;
                let tell = move |table, rows| progress(Step::Table(table, rows));
                self.from.move_to(to, place, tell).await?;
            }
        }
        Ok(Moved { lost, ..moved })
    }

    /// Whether the target has all of it already. What else it may hold is refused.
    async fn is_there(&self, to: &Catalog) -> Result<bool, MoveError> {
        check_unused(&self.from).await?;
        check_unused(to).await?;
        let refused = |why: &str| Err(MoveError::Refused(why.to_owned()));
        match to.begin_move(self.from.identity().await?).await? {
            Target::Open => Ok(false),
            Target::Another => refused("the target holds another store: name an empty one"),
            Target::Begun => refused(
                "a move of another store into the target was broken off: finish that, or name an empty one",
            ),
            Target::Same => match &self.from.differences(to).await?[..] {
                [] => Ok(true),
                tables => refused(&format!(
                    "the target holds this store already, but one of both was used since (they differ in {}): name an \
                     empty target to move it anew",
                    tables.join(", ")
                )),
            },
        }
    }

    /// Refuses a key by which the secrets of containers could not be read at the new place.
    async fn check_seal(&self) -> Result<(), MoveError> {
        for attributes in self.from.external_attributes().await? {
            if self.seal.unseal(&attributes).is_none() {
                return Err(MoveError::Refused(
                    "the secrets of containers' buckets were sealed by another key: give it with --secret-key".into(),
                ));
            }
        }
        Ok(())
    }

    /// Brings all objects; the names of those that are lost.
    async fn bring(
        &self,
        objects: &Carriage,
        total: u64,
        progress: &Progress,
    ) -> Result<Vec<String>, MoveError> {
        let noted = self.to.as_ref().unwrap_or(&self.from);
        let (mut lost, mut last, mut done) = (Vec::new(), String::new(), 0);
        loop {
            let some = self.from.objects_after(last.clone(), AT_ONCE).await?;
            let Some((object, _)) = some.last() else { return Ok(lost) };
            last.clone_from(object);
            let some = some.into_iter().map(|(object, length)| Ok((parsed(&object)?, length)));
            let some = some.collect::<Result<Vec<_>, MoveError>>()?;
            let new = some.iter().map(|(name, length)| fresh(name, *length));
            let placed = noted.place_objects(new.collect::<Result<_, _>>()?).await?;
            let pairs = some.iter().zip(&placed).filter(|(_, placed)| !placed.is_whole);
            let brought = stream::iter(pairs.map(|(old, new)| objects.bring(noted, old.0, new)));
            let brought: Vec<_> = brought.buffered(UNDER_WAY).try_collect().await?;
            lost.extend(brought.iter().filter_map(|brought| brought.lost.clone()));
            let whole = brought.into_iter().map(|brought| (brought.object, brought.e_tag));
            noted.settle_objects(whole.collect()).await?;
            done += some.iter().map(|(_, length)| length).sum::<u64>();
            progress(Step::Objects(done, total.max(done)));
        }
    }
}

/// Refuses a folder in which something is: what moves there would not be alone.
///
/// # Errors
/// [`MoveError::Refused`].
pub fn check_empty(folder: &Path) -> Result<(), MoveError> {
    if !folder.exists() {
        return Ok(());
    }
    let checked = crate::backup::check_empty(folder, "an empty folder or a new one");
    checked.map_err(|error| MoveError::Refused(error.to_string()))
}

/// An object that is where it is to be, or lost.
struct Brought {
    object: String,
    e_tag: Option<String>,
    lost: Option<String>,
}

impl Carriage {
    async fn bring(
        &self,
        noted: &Catalog,
        old: ObjectName,
        new: &Placed,
    ) -> Result<Brought, MoveError> {
        let brought = |e_tag, lost| Brought { object: new.object.clone(), e_tag, lost };
        let (name, length) = (parsed(&new.object)?, new.length_bytes);
        let is_lost =
            |error: &StoreError| matches!(error, StoreError::Missing | StoreError::Changed);
        if new.was_begun {
            match self.to.read_through(name, length).await {
                Ok(e_tag) => return Ok(brought(e_tag, None)),
                Err(error) if !is_lost(&error) => return Err(error.into()),
                Err(_) => self.clear(name, new.upload.clone()).await?,
            }
        }
        let draft = self.drafts.begin().map_err(StoreError::from)?;
        let draft = match self.from.fetch(old, length, draft).await {
            Err(error) if is_lost(&error) => return Ok(brought(None, Some(old.to_string()))),
            draft => draft?,
        };
        let began = async |upload| {
            let noted = noted.place_upload(new.object.clone(), upload).await;
            noted.map_err(|e| StoreError::Unavailable(e.to_string()))
        };
        self.to.put(name, draft, began).await?;
        Ok(brought(self.to.read_through(name, length).await?, None))
    }

    /// Removes what a put that was broken off left.
    async fn clear(&self, name: ObjectName, upload: Option<String>) -> Result<(), StoreError> {
        let left = self.to.remove(vec![Leftover { name, upload }]).await?;
        match left.into_iter().next() {
            None => Ok(()),
            Some((_, why)) => Err(StoreError::Unavailable(why)),
        }
    }
}

/// The place of an object's bytes at the target, unless that has one.
fn fresh(old: &ObjectName, length_bytes: u64) -> Result<Placed, MoveError> {
    let name = ObjectName::fresh(*old.hash()).map_err(StoreError::from)?;
    let (hash, object) = (old.hash().to_string(), name.to_string());
    Ok(Placed { hash, length_bytes, object, is_whole: false, was_begun: false, upload: None })
}

fn parsed(object: &str) -> Result<ObjectName, MoveError> {
    let wrong =
        |e: InvalidName| MoveError::Refused(format!("the catalog names an object {object}: {e}"));
    object.parse().map_err(wrong)
}

/// Refuses a catalog that a server, or a command, has open beside this one. One that was just ended has a moment to go.
async fn check_unused(catalog: &Catalog) -> Result<(), MoveError> {
    let until = Instant::now() + GOING;
    while catalog.others().await? > 0 {
        if Instant::now() >= until {
            let why = "a server or a command has the database open: stop it first";
            return Err(MoveError::Refused(why.into()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
