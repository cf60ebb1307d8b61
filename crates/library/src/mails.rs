//! The queue of mails that carry recordings: what its sender needs of it. A mail comes into it with its recording's
//! content (see `voxbone/content.rs`).

use crate::{Error, Library};
use catalog::{Due, MailRow, MailState};
use tokio::sync::futures::Notified;
use uuid::Uuid;

/// A mail that a node has taken and neither sent nor put off after so long is taken by the next.
const GOES_FOR_MS: i64 = 15 * 60 * 1000;

impl Library {
    /// Resolves once a mail may have come into the queue, since this was called.
    pub fn mail_news(&self) -> Notified<'_> {
        self.mail_news.notified()
    }

    pub(crate) fn tell_of_mail(&self) {
        self.mail_news.notify_one();
    }

    /// The mail that is due first at a time (Unix milliseconds), with what it carries.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn due_mail(&self, now_ms: i64) -> Result<Option<Due>, Error> {
        Ok(self.catalog.due_mail(now_ms, now_ms + GOES_FOR_MS).await?)
    }

    /// When the next mail is due, in Unix milliseconds, if any waits.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn next_mail_due(&self) -> Result<Option<i64>, Error> {
        Ok(self.catalog.next_mail_due().await?)
    }

    /// A mail was taken by a server.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mail_sent(&self, mail_id: Uuid, now_ms: i64) -> Result<(), Error> {
        Ok(self.catalog.end_mail(mail_id, now_ms, None).await?)
    }

    /// A mail will not go.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mail_failed(&self, mail_id: Uuid, now_ms: i64, why: String) -> Result<(), Error> {
        Ok(self.catalog.end_mail(mail_id, now_ms, Some(on_one_line(&why))).await?)
    }

    /// A mail was not taken, and is due again at a time (Unix milliseconds).
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mail_delayed(
        &self,
        mail_id: Uuid,
        due_at_ms: i64,
        why: String,
    ) -> Result<(), Error> {
        Ok(self.catalog.delay_mail(mail_id, due_at_ms, on_one_line(&why)).await?)
    }

    /// Ends the mails that wait since before a time (Unix milliseconds).
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn give_mails_up(&self, before_ms: i64, why: &'static str) -> Result<(), Error> {
        Ok(self.catalog.give_mails_up(before_ms, why).await?)
    }

    /// Forgets the mails that went or failed before a time (Unix milliseconds).
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn forget_mails(&self, before_ms: i64) -> Result<(), Error> {
        Ok(self.catalog.forget_mails(before_ms).await?)
    }

    /// All mails that are known, oldest first.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mails(&self) -> Result<Vec<MailRow>, Error> {
        Ok(self.catalog.mails().await?)
    }

    /// How many of the mails that are known are how far.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn mail_counts(&self) -> Result<Vec<(MailState, u64)>, Error> {
        Ok(self.catalog.mail_counts().await?)
    }
}

/// What a server says may have any number of lines; a list has one for each mail.
fn on_one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}
