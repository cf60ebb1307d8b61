//! Mails that carry recordings: the queue of the library, sent one by one.
//!
//! A mail is queued in the transaction that keeps its recording's content, and stays until a server has taken it, or
//! says that it never will, or three days are over: so it goes at least once, whatever ends this process. One that went
//! twice has one Message-ID. Deliberately without HTTP and without SQL.
#![warn(missing_docs)]

mod enclosure;
mod line;
mod message;
mod smtp;

pub use lettre::message::Mailbox;
pub use message::mailbox;
pub use smtp::Server;

use futures_util::future::BoxFuture;
use library::{Due, File, Library, LinkOptions, Recorded};
use media::{Media, Preferences};
use message::Letter;
use smtp::Undelivered;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// A server that takes longer is tried again later; RFC 5321 §4.5.3.2.6 has ten minutes for the end of a mail alone.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// After the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// The longest time between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// For how long a mail is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long it is told what became of a mail.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Between two looks at the queue where nothing happens.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// Between two tries to write down that a mail was taken.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

/// How mails are sent.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server that takes them; `None` if no mail can go.
    pub server: Option<Server>,
    /// Whom they are from.
    pub from: Option<Mailbox>,
    /// The largest recording that is attached, in bytes.
    pub attach_bytes: u64,
    /// How long a server may take for one mail.
    pub patience: Duration,
}

/// What makes a recording's link one that is answered.
pub trait Links: Send + Sync {
    /// The public link as it is, or signed where no other is answered.
    fn answered(&self, link: String) -> BoxFuture<'_, Result<String, library::Error>>;

    /// A signed link to a file that is not published.
    fn signed<'a>(
        &'a self,
        file: &'a File,
        options: LinkOptions,
    ) -> BoxFuture<'a, Result<String, library::Error>>;
}

/// What sends the mails. Clones share it.
#[derive(Clone)]
pub struct Post {
    library: Library,
    media: Media,
    links: Arc<dyn Links>,
    config: Arc<Config>,
    /// Held while a mail goes.
    going: Arc<Mutex<()>>,
}

/// What became of a try.
enum Tried {
    /// The mail was taken.
    Sent,
    /// It never will be.
    Never(String),
    /// It may be later.
    Later(String),
}

impl Post {
    /// What sends the mails of a library.
    #[must_use]
    pub fn new(library: Library, media: Media, links: Arc<dyn Links>, config: Config) -> Self {
        Self { library, media, links, config: Arc::new(config), going: Arc::default() }
    }

    /// Sends for ever what comes into the queue.
    pub async fn keep_sending(self) {
        let mut has_told = false;
        loop {
            let news = self.library.mail_news();
            let wait = match self.send_due().await {
                Ok(Some(_)) if self.config.server.is_none() => {
                    if !has_told {
                        has_told = true;
                        tracing::warn!(
                            "a recording is to be mailed and no mail can go: --smtp-url and --mail-from are not set"
                        );
                    }
                    LOOK_AGAIN
                }
                Ok(Some(due_at_ms)) => {
                    let wait_ms = due_at_ms.saturating_sub(now_ms()).max(0).unsigned_abs();
                    Duration::from_millis(wait_ms).min(LOOK_AGAIN)
                }
                Ok(None) => LOOK_AGAIN,
                Err(error) => {
                    tracing::warn!(%error, "the queue of mails can't be worked on");
                    FIRST_PAUSE
                }
            };
            tokio::select! { () = news => (), () = tokio::time::sleep(wait) => () }
        }
    }

    /// Waits for the mail that goes, but no longer than that. No further one goes as long as what this returns is held.
    pub async fn close(self, patience: Duration) -> Option<OwnedMutexGuard<()>> {
        tokio::time::timeout(patience, self.going.lock_owned()).await.ok()
    }

    /// Sends what is due; when the next mail is due (Unix milliseconds), if any waits.
    async fn send_due(&self) -> Result<Option<i64>, library::Error> {
        self.library.forget_mails(now_ms() - millis(REMEMBERED)).await?;
        let (Some(server), Some(from)) = (&self.config.server, &self.config.from) else {
            let why = "given up after 3 days: no server for mails is set";
            self.library.give_mails_up(now_ms() - millis(GIVE_UP_AFTER), why).await?;
            return self.library.next_mail_due().await;
        };
        loop {
            let _going = self.going.lock().await;
            let Some(due) = self.library.due_mail(now_ms()).await? else { break };
            let (mail_id, tries) = (due.mail.mail_id, due.mail.tries + 1);
            let written_at_ms = due.mail.created_at;
            let tried = self.try_once(server, from, due).await;
            let now_ms = now_ms();
            match tried {
                Tried::Sent => {}
                Tried::Never(why) => {
                    tracing::warn!(%mail_id, why, "a mail is not sent");
                    self.library.mail_failed(mail_id, now_ms, why).await?;
                }
                Tried::Later(why) => match next_try(written_at_ms, tries, now_ms) {
                    Some(due_at_ms) => {
                        tracing::info!(%mail_id, why, "a mail is tried again later");
                        self.library.mail_delayed(mail_id, due_at_ms, why).await?;
                    }
                    None => {
                        let why = format!("given up after 3 days: {why}");
                        tracing::warn!(%mail_id, why, "a mail is not sent");
                        self.library.mail_failed(mail_id, now_ms, why).await?;
                    }
                },
            }
        }
        self.library.next_mail_due().await
    }

    async fn try_once(&self, server: &Server, from: &Mailbox, due: Due) -> Tried {
        let Due { mail, recorded } = due;
        let Some(file) = &recorded.file else {
            return Tried::Never("the recording's file was deleted before the mail went".into());
        };
        let recording = &recorded.recording;
        let enclosed = enclosure::of(&self.media, recording, file, self.config.attach_bytes).await;
        let enclosed = match enclosed {
            Ok(enclosed) => enclosed,
            Err(error) => return Tried::Later(format!("reading the recording: {error}")),
        };
        let link = match self.link(&recorded, file).await {
            Ok(link) => link,
            Err(error) => return Tried::Later(format!("looking for the link: {error}")),
        };
        let letter = Letter {
            mail_id: mail.mail_id,
            written_at_ms: mail.created_at,
            caller: recording.caller.clone(),
            callee: recording.callee.clone(),
            called_at_ms: recording.started_at.unwrap_or(recording.created_at),
            duration_s: file.content_duration.or(recording.duration),
            link,
            recording: enclosed,
        };
        let (envelope, text) = match letter.write(from, &mail.recipient) {
            Ok(written) => written,
            Err(error) => return Tried::Never(error.to_string()),
        };
        match server.deliver(&envelope, &text, self.config.patience).await {
            Ok(accepted) => {
                drop(text);
                self.note_sent(mail.mail_id).await;
                accepted.quit().await;
                Tried::Sent
            }
            Err(Undelivered::Refused(why)) => Tried::Never(why),
            Err(Undelivered::Later(why)) => Tried::Later(why),
        }
    }

    /// The link that plays a recording.
    async fn link(&self, recorded: &Recorded, file: &File) -> Result<String, library::Error> {
        let one = std::slice::from_ref(recorded);
        let urls = self.library.recording_urls(one, Preferences::of_asterisk).await?;
        match urls.into_iter().next().flatten() {
            Some(public) => self.links.answered(public).await,
            None => {
                let format = &recorded.recording.format;
                let options = file.content_duration.map(|_| Preferences::of_asterisk(format));
                self.links.signed(file, options.unwrap_or_default()).await
            }
        }
    }

    /// Writes down that a mail was taken, however long that needs: until then it would be sent again.
    async fn note_sent(&self, mail_id: Uuid) {
        while let Err(error) = self.library.mail_sent(mail_id, now_ms()).await {
            tracing::warn!(%error, "a mail was sent, and that can't be written down yet");
            tokio::time::sleep(NOTE_AGAIN).await;
        }
    }
}

/// When a mail is tried again after so many tries; `None` if it was for long enough. The last try comes at the end
/// of that time.
fn next_try(written_at_ms: i64, tries: u32, now_ms: i64) -> Option<i64> {
    let end_ms = written_at_ms.saturating_add(millis(GIVE_UP_AFTER));
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(16));
    let next_ms = now_ms.saturating_add(millis(doubled.min(MAX_PAUSE)));
    (now_ms < end_ms).then(|| next_ms.min(end_ms))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::next_try;

    #[test]
    fn tries_lie_a_minute_to_six_hours_apart_and_end_after_three_days() {
        const MINUTE: i64 = 60_000;
        let (mut now, mut pauses) = (0, Vec::new());
        for tries in 1.. {
            let Some(next) = next_try(0, tries, now) else { break };
            pauses.push((next - now) / MINUTE);
            now = next;
        }
        assert_eq!(pauses[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
        assert!(pauses[10..].iter().all(|pause| *pause <= 360));
        assert_eq!(now, 3 * 24 * 60 * MINUTE);
    }
}
