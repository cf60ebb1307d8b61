//! Who asks: the address of a client, of which each has its share of a full queue.
//!
//! It is a property of the task that a request is answered in, and of the job that was queued there, because what a
//! client asks for is shared by all who ask for the same: neither a play nor its segments belong to anybody.

use std::net::IpAddr;

/// A client by its network; the server itself where nobody is said to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Asker(Option<IpAddr>);

tokio::task_local! {
    static ASKER: Asker;
}

impl Asker {
    /// The client of a network.
    #[must_use]
    pub fn at(network: IpAddr) -> Self {
        Self(Some(network))
    }

    /// Has all that a task queues be asked for by this client.
    pub async fn asks<F: Future>(self, task: F) -> F::Output {
        ASKER.scope(self, task).await
    }

    /// The same for a step: of an answer, or a job, which may queue what follows it.
    pub fn takes<T>(self, step: impl FnOnce() -> T) -> T {
        ASKER.sync_scope(self, step)
    }

    /// Who asks here and now.
    pub(crate) fn present() -> Self {
        ASKER.try_with(|asker| *asker).unwrap_or_default()
    }
}
