//! Uploads that come in several requests. Between them each is a draft and a line in memory: a restart forgets them,
//! and their senders begin anew. One request at a time has one; the latest goes first, because an earlier one of the
//! same sender is on a connection that broke.

use crate::{Error, Library, Principal, Upload};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{OwnedMutexGuard, watch};
use uuid::Uuid;

/// How long an upload is kept that nobody goes on with.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// After so long one that nobody goes on with gives way to another that comes.
const REST: Duration = Duration::from_secs(600);

/// Uploads of a partner that are not whole yet.
const MOST_OF_PARTNER: usize = 32;

/// Those of all partners: each holds a file open.
const MOST_UNFINISHED: usize = 200;

/// Bytes that the uploads of a partner may announce together, in uploads of the greatest length.
const MOST_LENGTHS: u64 = 4;

/// All of them, and files that came so, whose senders may still ask.
const MOST: usize = 2048;

type All = HashMap<Uuid, Arc<OpenUpload>>;

/// The uploads that are open.
#[derive(Default)]
pub(crate) struct OpenUploads(Mutex<All>);

/// An upload that comes in several requests.
pub struct OpenUpload {
    /// Its name.
    pub id: Uuid,
    /// How long it will be.
    pub length_bytes: u64,
    owner: Principal,
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

    fn is_unfinished_of(&self, partner_sid: Uuid) -> bool {
        self.owner.partner_sid == partner_sid && !self.is_whole()
    }

    fn rests_for(self: &Arc<Self>) -> Duration {
        // Whoever has the turn holds the upload too.
        match Arc::strong_count(self) {
            1 => held(&self.touched).at.elapsed(),
            _ => Duration::ZERO,
        }
    }
}

/// Forgets the one among some that has rested longest, if that is long or it is a file already: whether there was such
/// a one.
fn give_way(all: &mut All, some: impl Fn(&OpenUpload) -> bool) -> bool {
    let rests = |open: &Arc<OpenUpload>| open.is_whole() || open.rests_for() >= REST;
    let resting = all.values().filter(|open| some(open) && rests(open));
    let longest = resting.max_by_key(|open| open.rests_for()).map(|open| open.id);
    longest.is_some_and(|id| all.remove(&id).is_some())
}

/// Has room for one more among some.
fn has_room(all: &mut All, most: usize, some: impl Fn(&OpenUpload) -> bool + Copy) -> bool {
    all.values().filter(|open| some(open)).count() < most || give_way(all, some)
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
    /// Keeps an upload for further requests of the same token; none may be longer than `greatest_bytes`.
    ///
    /// # Errors
    /// [`Error::LimitReached`] where it is too long, or its partner, or all together, have too many.
    pub fn open_upload(
        &self,
        caller: &Principal,
        upload: Upload,
        length_bytes: u64,
        greatest_bytes: u64,
    ) -> Result<Arc<OpenUpload>, Error> {
        upload.check_length(length_bytes)?;
        let mut all = held(&self.open_uploads.0);
        let theirs = |open: &OpenUpload| open.is_unfinished_of(caller.partner_sid);
        let has_room = has_room(&mut all, MOST_OF_PARTNER, theirs)
            && has_room(&mut all, MOST_UNFINISHED, |open| !open.is_whole())
            && has_room(&mut all, MOST, |_| true);
        if !has_room {
            return Err(Error::LimitReached { quota: "uploads", limit: MOST_OF_PARTNER as u64 });
        }
        let limit = greatest_bytes.saturating_mul(MOST_LENGTHS);
        let announced = |all: &All| {
            let lengths = all.values().filter(|open| theirs(open)).map(|open| open.length_bytes);
            lengths.fold(length_bytes, u64::saturating_add)
        };
        while announced(&all) > limit {
            if !give_way(&mut all, theirs) {
                return Err(Error::LimitReached { quota: "uploads", limit });
            }
        }
        let open = Arc::new(OpenUpload {
            id: Uuid::new_v4(),
            length_bytes,
            owner: *caller,
            state: Arc::new(tokio::sync::Mutex::new(Coming::Part(upload))),
            turns: watch::Sender::new(0),
            touched: Mutex::new(Touched { at: Instant::now(), is_whole: false }),
        });
        all.insert(open.id, Arc::clone(&open));
        Ok(open)
    }

    /// An upload that this token began.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn opened(&self, caller: &Principal, id: Uuid) -> Result<Arc<OpenUpload>, Error> {
        let all = held(&self.open_uploads.0);
        let found = all.get(&id).filter(|open| open.owner.token_id == caller.token_id);
        found.cloned().ok_or(Error::NotFound)
    }

    /// Forgets an upload. What came of it goes once nobody writes it any more.
    pub fn forget_upload(&self, id: Uuid) {
        held(&self.open_uploads.0).remove(&id);
    }

    /// Forgets what nobody went on with.
    pub(crate) fn end_old_uploads(&self) {
        held(&self.open_uploads.0).retain(|_, open| open.rests_for() < LIFE);
    }
}
