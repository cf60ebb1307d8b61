//! The queue of mails that carry recordings.

use crate::column::{Row, values};
use crate::sql::Db;
use crate::voxbone::{Recorded, recording};
use crate::{Catalog, Error, MailState, Word};
use uuid::Uuid;

/// A mail; times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MailRow {
    pub mail_id: Uuid,
    pub recording_id: Uuid,
    /// The address that it goes to.
    pub recipient: String,
    pub state: MailState,
    /// How often it was tried without success, or with it.
    pub tries: u32,
    pub created_at: i64,
    /// When it is tried next; `None` once it is sent or failed.
    pub due_at: Option<i64>,
    /// What the last try ended with.
    pub last_error: Option<String>,
}

/// A mail that is to be sent, and what it carries.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Due {
    pub mail: MailRow,
    pub recorded: Recorded,
}

const MAIL: &str = "mail_id, recording_id, recipient, state, tries, created_at, due_at, last_error";

impl MailRow {
    fn read(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            mail_id: row.take(0)?,
            recording_id: row.take(1)?,
            recipient: row.take(2)?,
            state: row.take(3)?,
            tries: row.take(4)?,
            created_at: row.take(5)?,
            due_at: row.take(6)?,
            last_error: row.take(7)?,
        })
    }
}

/// Queues a mail of a recording whose profile has an address.
pub(crate) fn queue(db: &Db, recording_id: Uuid, now_ms: i64) -> Result<(), Error> {
    let sql = "INSERT INTO mails (mail_id, recording_id, recipient, state, tries, created_at, due_at)
        SELECT ?1, recording_id, email, ?2, 0, ?3, ?3 FROM voxbone_recordings JOIN voxbone_profiles USING (profile_id)
        WHERE recording_id = ?4 AND email IS NOT NULL";
    db.execute(sql, &values![Uuid::new_v4(), MailState::Waiting, now_ms, recording_id])?;
    Ok(())
}

impl Catalog {
    /// The mail that is due first, if it is due. Where there may be other nodes, it is none of theirs until
    /// `again_ms`, in case this one fails.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn due_mail(&self, now_ms: i64, again_ms: i64) -> Result<Option<Due>, Error> {
        if self.next_mail_due().await?.is_none_or(|due_ms| due_ms > now_ms) {
            return Ok(None);
        }
        self.write(move |db| {
            let mail = match db {
                Db::Sqlite(_) => {
                    let sql = format!(
                        "SELECT {MAIL} FROM mails WHERE due_at <= ? ORDER BY due_at, mail LIMIT 1"
                    );
                    db.find(&sql, &values![now_ms], MailRow::read)?
                }
                Db::Postgres(_) => {
                    let sql = format!(
                        "UPDATE mails SET due_at = ?2 WHERE mail = (SELECT mail FROM mails WHERE due_at <= ?1
                        ORDER BY due_at, mail LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {MAIL}"
                    );
                    db.find(&sql, &values![now_ms, again_ms], MailRow::read)?
                }
            };
            let Some(mail) = mail else { return Ok(None) };
            // A mail goes with its recording, so there is one.
            let recorded = recording(db, mail.recording_id)?;
            Ok(recorded.map(|recorded| Due { mail, recorded }))
        })
        .await
    }

    /// When the next mail is due, if any waits.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn next_mail_due(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT due_at FROM mails WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
        self.read_value(sql, []).await
    }

    /// A mail was tried in vain, and is due again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delay_mail(&self, mail_id: Uuid, due_at: i64, why: String) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE mails SET tries = tries + 1, due_at = ?2, last_error = ?3 WHERE mail_id = ?1";
            db.execute(sql, &values![mail_id, due_at, why])?;
            Ok(())
        })
        .await
    }

    /// A mail was tried for the last time: it went, or why not.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn end_mail(
        &self,
        mail_id: Uuid,
        now_ms: i64,
        failed: Option<String>,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let state = if failed.is_some() { MailState::Failed } else { MailState::Sent };
            let sql = "UPDATE mails SET tries = tries + 1, due_at = NULL, ended_at = ?2, state = ?3, last_error = ?4
                WHERE mail_id = ?1";
            let values = values![mail_id, now_ms, state, failed];
            db.execute(sql, &values)?;
            Ok(())
        })
        .await
    }

    /// Ends the mails that wait since before a time.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn give_mails_up(&self, before_ms: i64, why: &'static str) -> Result<(), Error> {
        self.write_mails(
            "SELECT EXISTS (SELECT 1 FROM mails WHERE due_at IS NOT NULL AND created_at < ?)",
            before_ms,
            move |db| {
                let sql = "UPDATE mails SET due_at = NULL, ended_at = created_at, state = ?2, last_error = ?3
                    WHERE due_at IS NOT NULL AND created_at < ?1";
                db.execute(sql, &values![before_ms, MailState::Failed, why])
            },
        )
        .await
    }

    /// Forgets the mails that ended before a time.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn forget_mails(&self, before_ms: i64) -> Result<(), Error> {
        self.write_mails(
            "SELECT EXISTS (SELECT 1 FROM mails WHERE ended_at < ?)",
            before_ms,
            move |db| db.execute("DELETE FROM mails WHERE ended_at < ?", &values![before_ms]),
        )
        .await
    }

    /// A look first: nothing to do must not wait for the writers.
    async fn write_mails(
        &self,
        look: &'static str,
        before_ms: i64,
        write: impl FnOnce(&Db) -> Result<u64, Error> + Clone + Send + 'static,
    ) -> Result<(), Error> {
        if self.read_value(look, values![before_ms]).await? == Some(true) {
            self.write(write).await?;
        }
        Ok(())
    }

    /// All mails, oldest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn mails(&self) -> Result<Vec<MailRow>, Error> {
        self.scan(|db| {
            db.all(&format!("SELECT {MAIL} FROM mails ORDER BY mail"), &[], MailRow::read)
        })
        .await
    }

    /// How many mails there are of each state.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn mail_counts(&self) -> Result<Vec<(MailState, u64)>, Error> {
        self.read(|db| {
            let counts = MailState::ALL.iter().map(|state| {
                let sql = "SELECT count(*) FROM mails WHERE state = ?";
                Ok((*state, db.value(sql, &values![*state])?.unwrap_or(0)))
            });
            counts.collect()
        })
        .await
    }
}
