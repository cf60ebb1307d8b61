//! When files were read and tokens used last: noted in memory at once, written down together soon after, and before a
//! rule asks.

use crate::{Library, now_ms};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Accesses to a file, and uses of a token, that lie closer together are noted as one.
pub const ACCESS_RESOLUTION: Duration = Duration::from_secs(60);

/// How long an access waits in memory at most.
const EVERY: Duration = Duration::from_secs(1);

/// The accesses that aren't written down yet.
#[derive(Default)]
pub(crate) struct Accesses {
    /// When each file was read last, Unix milliseconds.
    noted: Mutex<HashMap<Uuid, i64>>,
    /// When each token was used last, Unix milliseconds.
    used: Mutex<HashMap<Uuid, i64>>,
    /// Held while they are written, so that whoever finds none knows that all are there.
    writing: tokio::sync::Mutex<()>,
}

impl Library {
    /// Notes that a file is read now. Waits for nothing.
    pub fn note_access(&self, file_sid: Uuid) {
        note(&self.accesses.noted, file_sid);
    }

    /// Notes that a token is used now. Waits for nothing.
    pub(crate) fn note_use(&self, token_id: Uuid) {
        note(&self.accesses.used, token_id);
    }

    /// Writes down what was noted. A failure is logged and costs no more than these accesses.
    pub async fn settle_accesses(&self) {
        let _writing = self.accesses.writing.lock().await;
        let resolution_ms = ACCESS_RESOLUTION.as_millis() as i64;
        let accesses = take(&self.accesses.noted);
        if !accesses.is_empty()
            && let Err(error) = self.catalog.touch_files(accesses, resolution_ms).await
        {
            tell(&error, "noting when files were read");
        }
        let uses = take(&self.accesses.used);
        if !uses.is_empty()
            && let Err(error) = self.catalog.touch_tokens(uses, resolution_ms).await
        {
            tell(&error, "noting when tokens were used");
        }
    }

    /// Settles accesses for ever.
    pub async fn keep_settling(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.settle_accesses().await;
        }
    }
}

fn note(noted: &Mutex<HashMap<Uuid, i64>>, sid: Uuid) {
    noted.lock().unwrap_or_else(PoisonError::into_inner).insert(sid, now_ms());
}

fn take(noted: &Mutex<HashMap<Uuid, i64>>) -> Vec<(Uuid, i64)> {
    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *noted).into_iter().collect()
}

/// A full disk is told of by those whom it matters to; here it would be a line a second.
fn tell(error: &catalog::Error, what: &str) {
    match error {
        catalog::Error::Full => tracing::debug!(%error, "{what}"),
        error => tracing::warn!(%error, "{what}"),
    }
}
