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

/// Uploads of a partner that are not whole yet.
const MOST_OF_PARTNER: u64 = 32;

/// Bytes that the uploads of a partner may announce together, in uploads of the greatest length.
const MOST_LENGTHS: u64 = 4;

/// Uploads of all partners, and files that came so, whose senders may still ask.
const MOST: usize = 2048;

/// The uploads that are open.
#[derive(Default)]
pub(crate) struct OpenUploads(Mutex<HashMap<Uuid, Arc<OpenUpload>>>);

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
        if all.len() >= MOST {
            all.retain(|_, open| !open.is_whole());
        }
        let is_theirs = |open: &&Arc<OpenUpload>| {
            open.owner.partner_sid == caller.partner_sid && !open.is_whole()
        };
        let lengths = all.values().filter(is_theirs).map(|open| open.length_bytes);
        let (count, bytes) = lengths.fold((0, length_bytes), |(count, bytes), length| {
            (count + 1, u64::saturating_add(bytes, length))
        });
        let most_bytes = greatest_bytes.saturating_mul(MOST_LENGTHS);
        if count >= MOST_OF_PARTNER || all.len() >= MOST {
            return Err(Error::LimitReached { quota: "uploads", limit: MOST_OF_PARTNER });
        }
        if bytes > most_bytes {
            return Err(Error::LimitReached { quota: "uploads", limit: most_bytes });
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
        held(&self.open_uploads.0).retain(|_, open| {
            // Whoever has the turn holds the upload too.
            Arc::strong_count(open) > 1 || held(&open.touched).at.elapsed() < LIFE
        });
    }
}
