//! What links begin with: the server's own setting, or where it has none, the URL by which the request that asks for
//! links came in.
//!
//! It is a property of the task that a request is answered in, because links are made below many calls, none of which
//! has to do with it.

use std::sync::Arc;

/// What links begin with, such as `https://media.example.com`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBase(Arc<str>);

tokio::task_local! {
    static PRESENT: LinkBase;
}

impl LinkBase {
    /// A base; a slash at its end is left out.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').into())
    }

    /// Its URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Has the links that a task makes begin so.
    pub async fn begins_links_of<F: Future>(self, task: F) -> F::Output {
        PRESENT.scope(self, task).await
    }

    /// What links begin with here and now.
    pub(crate) fn present() -> Option<Self> {
        PRESENT.try_with(Self::clone).ok()
    }
}
