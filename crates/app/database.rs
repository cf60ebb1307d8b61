//! The catalog in a database instead of the data folder, and one that comes from the other.

use crate::failure::Failure;
use crate::settings::Store;
use blob::Place;
use catalog::{Catalog, Database, Error};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a start waits for a database that can't be reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two tries to reach it.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// The database that the settings name, if they name one.
pub fn named(store: &Store) -> Result<Option<Database>, Failure> {
    let Some(url) = store.catalog.as_deref().filter(|url| *url != "file:") else { return Ok(None) };
    let database: Database = url
        .parse()
        .map_err(|e| Failure::Usage(format!("--catalog: {e}; or file:, the data folder")))?;
    Ok(Some(database.or_password(std::env::var("PGPASSWORD").ok())))
}

/// The catalog in a database, once that can be reached.
pub async fn connected(store: &Store, database: Database) -> Result<Catalog, Failure> {
    let until = Instant::now() + PATIENCE;
    let stale = Duration::from_millis(store.stale_links_ms);
    let mut told = String::new();
    loop {
        match Catalog::connect(database.clone(), stale).await {
            Ok(catalog) => return Ok(catalog),
            Err(Error::Unavailable(why)) if Instant::now() >= until => {
                return Err(Failure::Failed(format!(
                    "the catalog {database} can't be reached: {why}"
                )));
            }
            Err(Error::Unavailable(why)) if why != told => {
                tracing::warn!(why, "waiting for the catalog {database}");
                told = why;
            }
            Err(Error::Unavailable(_)) => {}
            Err(error) => return Err(Failure::failed(format!("the catalog {database}"), error)),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

/// Refuses a catalog into which a store was not moved to the end.
pub async fn check_whole(catalog: &Catalog) -> Result<(), Failure> {
    let is_half = catalog.is_half_moved().await;
    match is_half.map_err(|e| Failure::failed("the catalog", e))? {
        false => Ok(()),
        true => Err(Failure::Failed(
            "a move into this catalog was broken off: run `tonearm move` again first".into(),
        )),
    }
}

/// How a place of bytes is told in a catalog that many nodes may have: a data folder by a number of its own, because
/// those of two nodes would be two.
pub fn told(place: &Place, data: &Path) -> Result<String, Failure> {
    let Place::DataFolder = place else { return Ok(place.to_string()) };
    let path = data.join("blobs").join("id");
    let failed = |e| Failure::failed(format!("the data folder {}", data.display()), e);
    match std::fs::read_to_string(&path) {
        Ok(id) => Ok(format!("{place}{}", id.trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let id = Uuid::new_v4();
            std::fs::write(&path, format!("{id}\n")).map_err(failed)?;
            Ok(format!("{place}{id}"))
        }
        Err(error) => Err(failed(error)),
    }
}
