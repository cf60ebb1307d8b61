//! What a published link needs to know of a file, in one look-up.

use crate::column::Column;
use crate::{Catalog, Error, Publish};
use rusqlite::Row;
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
            "SELECT f.*, c.allow_publish, n.length_bytes, n.facts, n.probe_error,",
            " CASE WHEN f.lifecycle_action = 'delete' AND f.lifecycle_ttl >= 0",
            " THEN f.date_created + f.lifecycle_ttl * 1000 END AS expires_at",
            " FROM files f JOIN containers c USING (container_sid) JOIN contents n USING (content_hash) WHERE ",
            $condition
        )
    };
}

fn resource(row: &Row<'_>) -> rusqlite::Result<ResourceRow> {
    Ok(ResourceRow {
        file_sid: Column::read(row, "file_sid")?,
        container_sid: Column::read(row, "container_sid")?,
        name: row.get("name")?,
        mime_type: row.get("mime_type")?,
        publish: Column::read(row, "publish")?,
        file_access_name: row.get("file_access_name")?,
        allow_publish: row.get("allow_publish")?,
        store: row.get("store")?,
        content_hash: row.get("content_hash")?,
        length_bytes: Column::read(row, "length_bytes")?,
        stored_at_ms: row.get("content_stored_at")?,
        expires_at_ms: row.get("expires_at")?,
        facts: row.get("facts")?,
        probe_error: row.get("probe_error")?,
    })
}

impl Catalog {
    /// The resource of a file, whatever its publish state.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn resource_by_sid(&self, file_sid: Uuid) -> Result<Option<ResourceRow>, Error> {
        self.read_one(resource_where!("f.file_sid = ?"), vec![file_sid.to_string()], resource).await
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
        let parameters = vec![container_sid.to_string(), file_access_name.to_owned()];
        self.read_one(sql, parameters, resource).await
    }

    /// The demuxer's own index of a content; empty if it has none.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn seek_index(&self, content_hash: &str) -> Result<Vec<u8>, Error> {
        let sql = "SELECT seek_index FROM contents WHERE content_hash = ?";
        let found = self.read_one(sql, vec![content_hash.to_owned()], |row| row.get(0)).await?;
        Ok(found.unwrap_or_default())
    }
}
