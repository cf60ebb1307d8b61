//! Resolving a link: from the catalog's row to a resource that may be published now (publish.md §6).

use audio::Facts;
use catalog::{Catalog, Error, ResourceRow};
use uuid::Uuid;

/// How a link names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// `/f/…`.
    Sid(Uuid),
    /// `/c/…`.
    Name {
        /// The container.
        container: Uuid,
        /// The file's access name in it.
        name: String,
    },
}

/// A published file.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What the catalog knows.
    pub row: ResourceRow,
    /// The parsed facts; `None` if the content can't be played.
    pub facts: Option<Facts>,
}

/// The resource behind a link, `None` if it is unknown, unpublished or expired.
///
/// # Errors
/// [`Error`] of the catalog.
pub async fn resolve(
    catalog: &Catalog,
    link: &Link,
    now_ms: i64,
) -> Result<Option<Resource>, Error> {
    let (row, publish) = match link {
        Link::Sid(sid) => (catalog.resource_by_sid(*sid).await?, "file_sid"),
        Link::Name { container, name } => {
            (catalog.resource_by_name(*container, name).await?, "file_access_name")
        }
    };
    let published = row.filter(|r| {
        r.allow_publish && r.publish == publish && r.expires_at_ms.is_none_or(|end| now_ms < end)
    });
    Ok(published.map(|row| {
        // Facts written by another version that no longer parse leave the original servable.
        let facts = row.facts.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Resource { row, facts }
    }))
}
