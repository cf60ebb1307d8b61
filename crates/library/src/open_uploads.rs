//! Uploads that come in several requests. Between them each is a draft and a line in memory; the draft outlives the
//! process (`left_uploads.rs`). One request at a time has one; the latest goes first, because an earlier one of the
//! same sender is on a connection that broke.

use crate::announced::Announced;
use crate::{Error, Library, Principal, Upload, blocking};
use blob::{LastingDraft, LeftDraft};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{OwnedMutexGuard, watch};
use uuid::Uuid;

/// How long an upload is kept that nobody goes on with.
pub(crate) const LIFE: Duration = Duration::from_secs(24 * 3600);

/// After so long one that nobody goes on with gives way to another that comes.
const REST: Duration = Duration::from_secs(600);

/// Uploads of a partner that are not whole yet.
const MOST_OF_PARTNER: usize = 32;

/// Those of all partners: each holds a file open.
const MOST_UNFINISHED: usize = 200;

/// Bytes that the uploads of a partner may announce together, in uploads of the greatest length.
const MOST_LENGTHS: u64 = 4;

/// Files that came so, whose senders may still ask; the eldest gives way at once.
const MOST_WHOLE: usize = 512;

type All = HashMap<Uuid, Arc<OpenUpload>>;

/// The uploads that are open.
#[derive(Default)]
pub(crate) struct OpenUploads(Mutex<All>);

/// An upload that comes in several requests.
pub struct OpenUpload {
    announced: Announced,
    /// Where its bytes lie though the process ends; nowhere if the disk can't say so.
    pub(crate) draft: Option<LastingDraft>,
    state: Arc<tokio::sync::Mutex<Coming>>,
    /// Counts who asked for a turn.
    turns: watch::Sender<u64>,
    touched: Mutex<Touched>,
}

struct Touched {
    at: Instant,
    is_whole: bool,
}

/// How far an upload has come.
#[allow(clippy::large_enum_variant)] // There are few.
pub enum Coming {
    /// Bytes are missing.
    Part(Upload),
    /// An earlier process took what has come.
    Left,
    /// It is this file.
    Whole(Uuid),
    /// It can't become a file any more.
    Failed,
}

impl Coming {
    /// Takes the upload out; unless it is put back, it has failed.
    pub fn take(&mut self) -> Option<Upload> {
        match std::mem::replace(self, Self::Failed) {
            Self::Part(upload) => Some(upload),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Takes the upload out if all of it has come. It ends with the process again: two would make two files of it.
    pub fn take_whole(&mut self, length_bytes: u64) -> Option<Upload> {
        let is_whole = matches!(self, Self::Part(part) if part.length_bytes() == length_bytes);
        let mut upload = is_whole.then(|| self.take()).flatten()?;
        if let Some(draft) = &mut upload.draft {
            draft.end_with_process();
        }
        Some(upload)
    }
}

/// The right to go on with an upload, until somebody else asks for it.
pub struct Turn {
    /// How far it has come.
    pub coming: OwnedMutexGuard<Coming>,
    number: u64,
    latest: watch::Receiver<u64>,
    upload: Arc<OpenUpload>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OpenUpload {
    fn new(
        announced: Announced,
        draft: Option<LastingDraft>,
        coming: Coming,
        rested: Duration,
    ) -> Self {
        let at = Instant::now().checked_sub(rested).unwrap_or_else(Instant::now);
        Self {
            announced,
            draft,
            state: Arc::new(tokio::sync::Mutex::new(coming)),
            turns: watch::Sender::new(0),
            touched: Mutex::new(Touched { at, is_whole: false }),
        }
    }

    /// One that an earlier process left.
    pub(crate) fn left(announced: Announced, left: LeftDraft) -> Self {
        Self::new(announced, Some(left.draft), Coming::Left, left.age)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.announced.id
    }

    /// How long it will be.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.announced.length_bytes
    }

    /// What its sender said of the file, in the sender's words.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.announced.said
    }

    /// The turn after whoever has it now, who stops.
    pub async fn turn(self: Arc<Self>) -> Turn {
        let mut number = 0;
        self.turns.send_modify(|turns| {
            *turns += 1;
            number = *turns;
        });
        let latest = self.turns.subscribe();
        let coming = Arc::clone(&self.state).lock_owned().await;
        Turn { coming, number, latest, upload: self }
    }

    /// When it ends unless somebody goes on with it.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        SystemTime::now() + LIFE.saturating_sub(held(&self.touched).at.elapsed())
    }

    fn is_whole(&self) -> bool {
        held(&self.touched).is_whole
    }

    /// Removes the bytes that came, unless they are a file by now.
    fn discard(&self) {
        if let Some(draft) = self.draft.as_ref().filter(|_| !self.is_whole()) {
            draft.remove();
        }
    }

    fn is_unfinished_of(&self, partner_sid: Uuid) -> bool {
        self.announced.partner_sid == partner_sid && !self.is_whole()
    }

    fn rests_for(self: &Arc<Self>) -> Duration {
        // Whoever has the turn holds the upload too.
        match Arc::strong_count(self) {
            1 => held(&self.touched).at.elapsed(),
            _ => Duration::ZERO,
        }
    }
}

/// Forgets the one among some that has rested longest, if that is so long: whether there was such a one.
fn give_way(all: &mut All, least: Duration, some: impl Fn(&OpenUpload) -> bool) -> bool {
    let resting = all.values().filter(|open| some(open) && open.rests_for() >= least);
    let longest = resting.max_by_key(|open| open.rests_for()).map(|open| open.id());
    longest.is_some_and(|id| forget(all, id))
}

/// Forgets an upload, and the bytes that came of it: whether there was one.
fn forget(all: &mut All, id: Uuid) -> bool {
    all.remove(&id).inspect(|open| open.discard()).is_some()
}

fn keep(all: &mut All, open: OpenUpload) -> Arc<OpenUpload> {
    let open = Arc::new(open);
    all.insert(open.id(), Arc::clone(&open));
    open
}

/// Makes room for one more among some.
fn make_room(
    all: &mut All,
    most: usize,
    some: impl Fn(&OpenUpload) -> bool + Copy,
) -> Result<(), Error> {
    let has_room = all.values().filter(|open| some(open)).count() < most;
    match has_room || give_way(all, REST, some) {
        true => Ok(()),
        false => Err(Error::LimitReached { quota: "uploads", limit: most as u64 }),
    }
}

/// Makes room for a further upload, of which none may be longer than `greatest_bytes`.
fn admit(all: &mut All, new: &Announced, greatest_bytes: u64) -> Result<(), Error> {
    let theirs = |open: &OpenUpload| open.is_unfinished_of(new.partner_sid);
    make_room(all, MOST_OF_PARTNER, theirs)?;
    make_room(all, MOST_UNFINISHED, |open| !open.is_whole())?;
    while all.values().filter(|open| open.is_whole()).count() >= MOST_WHOLE
        && give_way(all, Duration::ZERO, OpenUpload::is_whole)
    {}
    let limit = greatest_bytes.saturating_mul(MOST_LENGTHS);
    let announced = |all: &All| {
        let lengths = all.values().filter(|open| theirs(open)).map(|open| open.length_bytes());
        lengths.fold(new.length_bytes, u64::saturating_add)
    };
    while announced(all) > limit {
        if !give_way(all, REST, theirs) {
            return Err(Error::LimitReached { quota: "uploads", limit });
        }
    }
    Ok(())
}

impl Turn {
    /// Returns once somebody else wants the turn.
    pub async fn is_over(&mut self) {
        let number = self.number;
        if self.latest.wait_for(|latest| *latest != number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let is_whole = matches!(*self.coming, Coming::Whole(_));
        *held(&self.upload.touched) = Touched { at: Instant::now(), is_whole };
    }
}

impl Library {
    /// Keeps an upload for further requests of the same token, which said this of its file; none may be longer than
    /// `greatest_bytes`.
    ///
    /// # Errors
    /// [`Error::LimitReached`] where it is too long, or its partner, or all together, have too many.
    pub async fn open_upload(
        &self,
        caller: &Principal,
        mut upload: Upload,
        length_bytes: u64,
        greatest_bytes: u64,
        said: &str,
    ) -> Result<Arc<OpenUpload>, Error> {
        upload.check_length(length_bytes)?;
        let &Principal { partner_sid, token_id, .. } = caller;
        let (id, said) = (Uuid::new_v4(), said.to_owned());
        let announced = Announced { id, partner_sid, token_id, length_bytes, said };
        let note = announced.note();
        let outlive = move || {
            let lasting = upload.draft.as_mut().map(|draft| draft.outlive(&note));
            (upload, lasting)
        };
        let (upload, lasting) = blocking(outlive).await?;
        // Without a note it ends with the process, and that is all.
        let draft = lasting.and_then(Result::ok);
        let open = OpenUpload::new(announced, draft, Coming::Part(upload), Duration::ZERO);
        let mut all = held(&self.open_uploads.0);
        let admitted = admit(&mut all, &open.announced, greatest_bytes);
        admitted.inspect_err(|_| open.discard())?;
        Ok(keep(&mut all, open))
    }

    /// Keeps one that an earlier process left.
    pub(crate) fn keep_open(&self, open: OpenUpload) {
        keep(&mut held(&self.open_uploads.0), open);
    }

    /// An upload that this token began.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn opened(&self, caller: &Principal, id: Uuid) -> Result<Arc<OpenUpload>, Error> {
        let all = held(&self.open_uploads.0);
        let found = all.get(&id).filter(|open| open.announced.token_id == caller.token_id);
        found.cloned().ok_or(Error::NotFound)
    }

    /// Forgets an upload, and what came of it.
    pub fn forget_upload(&self, id: Uuid) {
        forget(&mut held(&self.open_uploads.0), id);
    }

    /// Forgets what nobody went on with.
    pub(crate) fn end_old_uploads(&self) {
        while give_way(&mut held(&self.open_uploads.0), LIFE, |_| true) {}
    }
}
