//! What a published link needs to know of a file, in one look-up.

use crate::column::{Row, values};
use crate::{Catalog, Error, Publish};
use uuid::Uuid;

/// A file with its content and its container's say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRow {
    /// The file.
    pub file_sid: Uuid,
    /// Its container.
    pub container_sid: Uuid,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// By which kind of link it is published.
    pub publish: Publish,
    /// Its path within the container.
    pub file_access_name: String,
    /// Whether the container lets files be published.
    pub allow_publish: bool,
    /// The sid of the container in whose bucket its bytes lie; empty for the server's own store.
    pub store: String,
    /// The id of its content ([`content_id`](crate::content_id)).
    pub content_hash: String,
    /// Its length.
    pub length_bytes: u64,
    /// When the file got its content.
    pub stored_at_ms: i64,
    /// When the link ends, if its lifecycle deletes it.
    pub expires_at_ms: Option<i64>,
    /// The content's facts, JSON.
    pub facts: Option<String>,
    /// Why it has none.
    pub probe_error: Option<String>,
}

macro_rules! resource_where {
    ($condition:literal) => {
        concat!(
            "SELECT f.file_sid, f.container_sid, f.name, f.mime_type, f.publish, f.file_access_name, c.allow_publish,",
            " f.store, f.content_hash, n.length_bytes, f.content_stored_at,",
            " CASE WHEN f.lifecycle_action = 'delete' AND f.lifecycle_ttl >= 0",
            " THEN f.date_created + f.lifecycle_ttl * 1000 END, n.facts, n.probe_error",
            " FROM files f JOIN containers c USING (container_sid) JOIN contents n USING (content_hash) WHERE ",
            $condition
        )
    };
}

fn resource(row: &mut Row) -> Result<ResourceRow, Error> {
    Ok(ResourceRow {
        file_sid: row.take(0)?,
        container_sid: row.take(1)?,
        name: row.take(2)?,
        mime_type: row.take(3)?,
        publish: row.take(4)?,
        file_access_name: row.take(5)?,
        allow_publish: row.take(6)?,
        store: row.take(7)?,
        content_hash: row.take(8)?,
        length_bytes: row.take(9)?,
        stored_at_ms: row.take(10)?,
        expires_at_ms: row.take(11)?,
        facts: row.take(12)?,
        probe_error: row.take(13)?,
    })
}

impl Catalog {
    /// The resource of a file, whatever its publish state.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn resource_by_sid(&self, file_sid: Uuid) -> Result<Option<ResourceRow>, Error> {
        self.read_one(resource_where!("f.file_sid = ?"), values![file_sid], resource).await
    }

    /// The resource with that access name in a container, whatever its publish state.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn resource_by_name(
        &self,
        container_sid: Uuid,
        file_access_name: &str,
    ) -> Result<Option<ResourceRow>, Error> {
        let sql = resource_where!("f.container_sid = ? AND f.file_access_name = ?");
        self.read_one(sql, values![container_sid, file_access_name], resource).await
    }

    /// The demuxer's own index of a content; empty if it has none.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn seek_index(&self, content_hash: &str) -> Result<Vec<u8>, Error> {
        let sql = "SELECT seek_index FROM contents WHERE content_hash = ?";
        Ok(self.read_value(sql, values![content_hash]).await?.unwrap_or_default())
    }
}
