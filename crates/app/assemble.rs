//! The only place that wires the crates together.

use crate::failure::Failure;
use blob::{Blobs, DataFolder};
use catalog::Catalog;
use library::{Library, Principal};
use std::path::Path;

/// A data folder, opened.
pub struct Opened {
    pub library: Library,
    /// What local commands act as.
    pub operator: Principal,
    /// Held for as long as this process may write blobs; `None` beside a running server.
    _hold: Option<DataFolder>,
}

/// Opens a data folder for this process alone.
pub async fn alone(data: &Path, public_url: &str) -> Result<Opened, Failure> {
    // The text of a refusal says which folder it is, and what to do.
    let hold = DataFolder::lock(data).map_err(|e| match e.kind() {
        std::io::ErrorKind::WouldBlock => Failure::Failed(e.to_string()),
        _ => Failure::failed(format!("the data folder {}", data.display()), e),
    })?;
    let blobs = Blobs::open(data);
    open(data, public_url, blobs, Some(hold)).await
}

/// Opens a data folder that a server may be running on; good for everything but uploads.
pub async fn beside(data: &Path, public_url: &str) -> Result<Opened, Failure> {
    let made = std::fs::create_dir_all(data);
    let blobs = made.and_then(|()| Blobs::attach(data));
    open(data, public_url, blobs, None).await
}

async fn open(
    data: &Path,
    public_url: &str,
    blobs: std::io::Result<Blobs>,
    hold: Option<DataFolder>,
) -> Result<Opened, Failure> {
    let wrong = |e: &dyn std::fmt::Display| {
        Failure::failed(format!("the data folder {}", data.display()), e)
    };
    let blobs = blobs.map_err(|e| wrong(&e))?;
    let catalog = Catalog::open(data.join("catalog.sqlite")).map_err(|e| wrong(&e))?;
    let config = library::Config { public_url: public_url.to_owned(), data_dir: data.to_owned() };
    let library = Library::open(catalog, blobs, config);
    library.bootstrap().await.map_err(|e| wrong(&e))?;
    let operator = library.operator().await.map_err(|e| wrong(&e))?;
    Ok(Opened { library, operator, _hold: hold })
}

/// Runs a command's asynchronous part.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| Failure::failed("the runtime", e))?;
    runtime.block_on(work)
}
