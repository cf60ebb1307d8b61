//! When files were read last: noted in memory at once, written down together soon after, and before a
//! rule asks.

use crate::{Library, now_ms};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Accesses to a file that lie closer together are noted as one.
pub const ACCESS_RESOLUTION: Duration = Duration::from_secs(60);

/// How long an access waits in memory at most.
const EVERY: Duration = Duration::from_secs(1);

/// The accesses that aren't written down yet.
#[derive(Default)]
pub(crate) struct Accesses {
    /// When each file was read last, Unix milliseconds.
    noted: Mutex<HashMap<Uuid, i64>>,
    /// Held while they are written, so that whoever finds none knows that all are there.
    writing: tokio::sync::Mutex<()>,
}

impl Library {
    /// Notes that a file is read now. Waits for nothing.
    pub fn note_access(&self, file_sid: Uuid) {
        let mut noted = self.accesses.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(file_sid, now_ms());
    }

    /// Writes down what was noted. A failure is logged and costs no more than these accesses.
    pub async fn settle_accesses(&self) {
        let _writing = self.accesses.writing.lock().await;
        let noted = {
            let mut noted = self.accesses.noted.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *noted)
        };
        if noted.is_empty() {
            return;
        }
        let resolution_ms = ACCESS_RESOLUTION.as_millis() as i64;
        let accesses = noted.into_iter().collect();
        if let Err(error) = self.catalog.touch_files(accesses, resolution_ms).await {
            tracing::warn!(%error, "noting when files were read");
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
