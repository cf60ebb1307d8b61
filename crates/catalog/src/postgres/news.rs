//! What other nodes change: heard by LISTEN on a connection of its own, with a heartbeat that proves that it still
//! hears.

use super::{CHANNEL, Connector};
use postgres::fallible_iterator::FallibleIterator;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Between two proofs that news are heard, and between two tries to hear them again.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// A count that goes up with every change of the catalog, by whatever node, and until when it could be told.
pub(crate) struct News {
    /// This node, as its own notifications are told from others'.
    pub node: String,
    generation: AtomicU64,
    began: Instant,
    /// Milliseconds since it began up to which all news are heard, and one; 0 is never.
    heard_ms: AtomicU64,
    stale: Duration,
}

impl News {
    pub fn new(node: String, stale: Duration) -> Self {
        let (generation, heard_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { node, generation, began: Instant::now(), heard_ms, stale }
    }

    /// Something has changed.
    pub fn count(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The count; `None` while changes may have gone unheard for too long.
    pub fn generation(&self) -> Option<u64> {
        let heard = Duration::from_millis(self.heard_ms.load(Ordering::Acquire).checked_sub(1)?);
        let is_fresh = self.began.elapsed().saturating_sub(heard) < self.stale;
        is_fresh.then(|| self.generation.load(Ordering::Acquire))
    }

    fn heard(&self, at: Instant) {
        let ms = at.duration_since(self.began).as_millis();
        self.heard_ms.store(u64::try_from(ms).unwrap_or(u64::MAX - 1) + 1, Ordering::Release);
    }
}

/// Hears news for as long as somebody else holds them.
pub(super) fn hear(connector: Connector, news: &Arc<News>) -> std::io::Result<()> {
    let news = Arc::downgrade(news);
    let listen = move || {
        while news.strong_count() > 0 {
            if let Err(error) = listen(&connector, &news) {
                tracing::warn!(%error, "what other nodes change is not heard: links are looked up anew");
            }
            std::thread::sleep(HEARTBEAT);
        }
    };
    std::thread::Builder::new().name("catalog-news".to_owned()).spawn(listen).map(|_| ())
}

/// Listens until the connection breaks, or nobody wants to know.
fn listen(connector: &Connector, news: &Weak<News>) -> Result<(), crate::Error> {
    let mut session = connector.connect()?;
    let client = session.client();
    client.batch_execute(&format!("LISTEN {CHANNEL}"))?;
    // What came while nobody listened is not known.
    news.upgrade().inspect(|news| news.count());
    loop {
        let sent = Instant::now();
        // Notifications of all that was committed before come with the answer, or before it.
        client.batch_execute("SELECT 1")?;
        let Some(news) = news.upgrade() else { return Ok(()) };
        let mut notifications = client.notifications();
        let mut pending = notifications.iter();
        while let Some(notification) = pending.next()? {
            if notification.payload() != news.node {
                news.count();
            }
        }
        drop(pending);
        news.heard(sent);
        let first = notifications.timeout_iter(HEARTBEAT).next()?;
        if first.is_some_and(|notification| notification.payload() != news.node) {
            news.count();
        }
    }
}
