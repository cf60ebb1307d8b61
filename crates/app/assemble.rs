//! The only place that wires the crates together.

use crate::database;
use crate::entrance::Entrance;
use crate::failure::Failure;
use crate::settings::{self, Settings};
use blob::{
    DataFolder, Local, Place, RESERVE_BYTES, Reserve, Seal, StoreError, Stores, Successor,
    private_folder,
};
use catalog::Catalog;
use library::{CATALOG_FILE, Library, PLACE_KEY, Principal, RESTORING, Welcome};
use media::Media;
use semantics::signature::Secret;
use server::{Answered, Services};
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A data folder, opened.
pub struct Opened {
    pub library: Library,
    /// What local commands act as.
    pub operator: Principal,
    /// What the first opening made.
    pub welcome: Option<Welcome>,
    catalog: Catalog,
    data: PathBuf,
    stores: Stores,
    /// Held for as long as this process may write blobs; `None` beside a running server.
    hold: Option<DataFolder>,
}

impl Opened {
    /// Whether another server waits for the data folder.
    pub fn has_successor(&self) -> bool {
        self.hold.as_ref().is_some_and(DataFolder::has_successor)
    }
}

/// Between two looks at what another process is to do.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What becomes of a data folder that holds stored bytes and no catalog.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LostCatalog {
    /// It is not opened: its operator has lost something.
    Refused,
    /// It gets a new one.
    Replaced,
}

/// Opens a data folder for this process alone.
pub async fn alone(
    store: &settings::Store,
    public_url: &str,
    secrets: Vec<Secret>,
    lost: LostCatalog,
) -> Result<Opened, Failure> {
    let hold = held(DataFolder::lock(&store.data), &store.data)?;
    held_open(store, public_url, secrets, hold, lost).await
}

/// As [`alone`], but waits until the process that has the folder lets go.
pub async fn successor(
    store: &settings::Store,
    public_url: &str,
    secrets: Vec<Secret>,
    lost: LostCatalog,
) -> Result<Opened, Failure> {
    let data = &store.data;
    let announced = Successor::announce(data);
    let _successor = announced.map_err(|e| Failure::Failed(e.to_string()))?;
    tracing::info!("waiting for the server that has the data folder to stop");
    loop {
        match DataFolder::lock(data) {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            hold => {
                let hold = held(hold, data)?;
                return held_open(store, public_url, secrets, hold, lost).await;
            }
        }
    }
}

async fn held_open(
    store: &settings::Store,
    public_url: &str,
    secrets: Vec<Secret>,
    hold: DataFolder,
    lost: LostCatalog,
) -> Result<Opened, Failure> {
    let data = &store.data;
    let local = Local::open(data).map_err(|e| wrong(data, e))?;
    let database = database::named(store)?;
    let told = match database {
        Some(_) => database::told(&store.blobs, data)?,
        None => store.blobs.to_string(),
    };
    let catalog = match database {
        Some(database) => database::connected(store, database).await?,
        None => {
            if lost == LostCatalog::Refused {
                has_catalog_or_nothing(data, &local).await?;
            }
            let catalog = on_a_full_disk(data, || Catalog::open(data.join(CATALOG_FILE)));
            // From the first command on, because the disk may be full before a server has run; a start goes on without.
            let _ = Reserve::of(data).keep();
            catalog.map_err(|e| wrong(data, e))?
        }
    };
    database::check_whole(&catalog).await?;
    let stores = stores(&store.blobs, &told, local, &catalog).await?;
    let stores = stores.with_external(seal(store)?, store.external_endpoints.clone());
    let config = library::Config {
        link_secrets: secrets,
        min_free_bytes: store.min_free_bytes,
        max_picture_bytes: store.max_picture_bytes,
        ..library::Config::looking(data, public_url)
    };
    open(config, stores, catalog, Some(hold)).await
}

/// Refuses a data folder with stored bytes and without the catalog that knows them: a new one would pass for a first
/// start, and the bytes for strays.
async fn has_catalog_or_nothing(data: &Path, local: &Local) -> Result<(), Failure> {
    let path = data.join(CATALOG_FILE);
    if std::fs::metadata(&path).is_ok_and(|catalog| catalog.len() > 0) {
        return Ok(());
    }
    if data.join(RESTORING).exists() {
        return Err(Failure::Failed(format!(
            "a restore into {} was broken off: run it again first",
            data.display()
        )));
    }
    let (mut blobs, mut strays) = (0, 0);
    for first in 0..=u8::MAX {
        blobs += local.beginning_with(first).await.map_err(|e| wrong(data, e))?.len();
        strays += local.strays_beginning_with(first).await.map_err(|e| wrong(data, e))?.len();
    }
    if blobs + strays == 0 && !data.join("admin.token").exists() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "there is no catalog {}, though the folder was in use: it holds {blobs} stored files and {strays} strays. Put \
         the catalog back, from a backup; or begin a new one, which knows none of them: `tonearm serve --new-catalog`",
        path.display()
    )))
}

/// The stores of a server whose blobs lie in a place. Another place than that of the blobs that there are is refused,
/// because all of them would be missing.
async fn stores(
    place: &Place,
    told: &str,
    local: Local,
    catalog: &Catalog,
) -> Result<Stores, Failure> {
    let failed = |e: catalog::Error| Failure::failed("the catalog", e);
    let kept = catalog.meta(PLACE_KEY).await.map_err(failed)?;
    let kept = kept.unwrap_or_else(|| Place::DataFolder.to_string());
    if kept != told && catalog.has_objects().await.map_err(failed)? {
        return Err(Failure::Usage(format!("--blobs: the blobs lie in {kept}, not in {told}")));
    }
    let stores = match place {
        Place::DataFolder => local.into(),
        Place::Bucket(bucket) => {
            let wrong = |e: &dyn Display| Failure::Failed(format!("--blobs: {told}: {e}"));
            let remote = bucket.open().map_err(|e| wrong(&e))?;
            match remote.check().await {
                Ok(()) => {}
                // What is cached is served meanwhile.
                Err(error @ StoreError::Unavailable(_)) => tracing::error!(%error, "{told}"),
                Err(error) => return Err(wrong(&error)),
            }
            Stores::remote(local, remote)
        }
    };
    if kept != told {
        let told = told.to_owned();
        catalog.change_meta(PLACE_KEY, |_| told).await.map_err(failed)?;
    }
    Ok(stores)
}

/// What the secrets of containers are sealed by.
pub fn seal(store: &settings::Store) -> Result<Seal, Failure> {
    match &store.secret_key {
        Some(key) => Seal::of_hex(key).map_err(|e| Failure::Usage(format!("--secret-key: {e}"))),
        None => Seal::of_file(&store.data.join("secret.key")).map_err(|e| wrong(&store.data, e)),
    }
}

/// A failure of a data folder.
pub fn wrong(data: &Path, error: impl Display) -> Failure {
    Failure::failed(format!("the data folder {}", data.display()), error)
}

/// Opens a catalog though the disk is full: for that cached outputs are given up, and then the reserve.
fn on_a_full_disk(
    data: &Path,
    open: impl Fn() -> Result<Catalog, catalog::Error>,
) -> Result<Catalog, catalog::Error> {
    let full = |opened: &Result<_, _>| matches!(opened, Err(catalog::Error::Full));
    let mut opened = open();
    if full(&opened) && media::give_up_outputs(&data.join("cache"), RESERVE_BYTES) > 0 {
        tracing::warn!("the disk is full: cached outputs are given up");
        opened = open();
    }
    if full(&opened) && Reserve::of(data).give_up() {
        tracing::warn!(
            "the disk is full: files are served, but none are taken until there is room"
        );
        opened = open();
    }
    opened
}

/// The hold on a data folder.
pub fn held(hold: std::io::Result<DataFolder>, data: &Path) -> Result<DataFolder, Failure> {
    // The text of a refusal says which folder it is, and what to do.
    hold.map_err(|e| match e.kind() {
        std::io::ErrorKind::WouldBlock => Failure::Failed(e.to_string()),
        _ => Failure::failed(format!("the data folder {}", data.display()), e),
    })
}

/// The catalog's file in a data folder that must be there.
pub fn catalog_of(data: &Path) -> Result<PathBuf, Failure> {
    let path = data.join(CATALOG_FILE);
    match path.is_file() {
        true => Ok(path),
        false => Err(Failure::Failed(format!(
            "there is no data folder {} (no {}): name it with --data",
            data.display(),
            path.display()
        ))),
    }
}

/// The library of a data folder or a database that is there, whether or not a server is running on it: nothing is made
/// but the folder, where a database has the catalog.
pub async fn within(store: &settings::Store) -> Result<Library, Failure> {
    let (data, base) = (&store.data, store.base());
    if let Some(database) = database::named(store)? {
        let made = private_folder(data);
        let local = made.and_then(|()| Local::attach(data)).map_err(|e| wrong(data, e))?;
        let catalog = database::connected(store, database).await?;
        database::check_whole(&catalog).await?;
        return Ok(Library::open(catalog, local, library::Config::looking(data, base)));
    }
    catalog_of(data)?;
    let local = Local::attach(data).map_err(|e| wrong(data, e))?;
    let catalog = joined(data).await.map_err(|e| wrong(data, e))?;
    database::check_whole(&catalog).await?;
    Ok(Library::open(catalog, local, library::Config::looking(data, base)))
}

/// Opens a data folder that a server may be running on, and makes it if it isn't there; good for everything but the
/// bytes of files.
pub async fn beside(store: &settings::Store) -> Result<Opened, Failure> {
    let data = &store.data;
    let made = private_folder(data);
    let local = made.and_then(|()| Local::attach(data)).map_err(|e| wrong(data, e))?;
    let catalog = match database::named(store)? {
        Some(database) => database::connected(store, database).await?,
        None => {
            has_catalog_or_nothing(data, &local).await?;
            joined(data).await.map_err(|e| wrong(data, e))?
        }
    };
    database::check_whole(&catalog).await?;
    open(library::Config::looking(data, store.base()), local.into(), catalog, None).await
}

/// The catalog as it is; brought up to date only if no server has it, which wouldn't know it any more.
async fn joined(data: &Path) -> Result<Catalog, catalog::Error> {
    /// For a server that has just been started to bring it up to date.
    const PATIENCE: Duration = Duration::from_secs(5);
    let path = data.join(CATALOG_FILE);
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let older = match Catalog::join(&path) {
            Err(older @ catalog::Error::Older { .. }) => older,
            joined => return joined,
        };
        if let Ok(_hold) = DataFolder::lock(data) {
            return Catalog::open(&path);
        }
        if tokio::time::Instant::now() >= until {
            return Err(older);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn open(
    config: library::Config,
    stores: Stores,
    catalog: Catalog,
    hold: Option<DataFolder>,
) -> Result<Opened, Failure> {
    let data = config.data_dir.clone();
    let library = Library::open(catalog.clone(), stores.clone(), config);
    let welcome = library.bootstrap().await.map_err(|e| wrong(&data, e))?;
    let operator = library.operator().await.map_err(|e| wrong(&data, e))?;
    Ok(Opened { library, operator, welcome, catalog, data, stores, hold })
}

/// What the server serves.
pub async fn services(
    opened: &Opened,
    settings: &Settings,
    entrance: Entrance,
) -> Result<Services, Failure> {
    let Settings { server: settings, links, .. } = settings;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let config = media::Config {
        cache_dir: opened.data.join("cache"),
        cache_bytes: settings.cache_bytes,
        block_cache_dir: opened.data.join("cache-blobs"),
        block_cache_bytes: settings.blob_cache_bytes,
        store_timeout: Duration::from_millis(settings.store_timeout_ms),
        threads: settings.transcode_threads.map_or(cores, NonZeroUsize::get),
        queue_length: settings.queue_length,
        read_ahead: settings.read_ahead,
        learn_timeout: Duration::from_millis(settings.learn_timeout_ms),
        max_audio: Duration::from_secs(settings.max_audio_hours * 3600),
    };
    let media = Media::open(opened.catalog.clone(), opened.stores.clone(), config)
        .map_err(|e| Failure::failed("the output cache", e))?;
    let config = server::Config {
        tls: entrance.tls,
        https_port: entrance.https_port,
        proxies: settings.network.proxies(),
        links_follow_requests: entrance.links_follow_requests,
        log_format: settings.log_format,
        version: env!("TONEARM_VERSION").into(),
        page_origin: settings.page_origin.clone(),
        apis: settings.apis.clone(),
        publish: server::PublishConfig {
            cache_control: settings.cache_control.clone(),
            presets: settings.presets.clone(),
            open_links: settings.limits.open_links,
            lifetimes: links.lifetimes(),
            answered: match settings.require_signed_links {
                true => Answered::SignedAlone,
                false => Answered::All,
            },
        },
        voipbin: settings.voipbin.config(links.lifetimes())?,
        drain_timeout: Duration::from_millis(settings.drain_timeout_ms),
        connections: settings.limits.connections(),
        max_header_bytes: settings.limits.max_header_bytes,
        max_headers: settings.limits.max_headers,
        bodies: settings.limits.bodies(),
    };
    Ok(Services { library: opened.library.clone(), media, config })
}

/// Has the output cache make room for files, as long as it lies on their disk.
pub async fn keep_room(media: Media, data: PathBuf, min_free_bytes: u64) {
    /// Enough for the catalog to go on, and for the reserve to be kept.
    const LEAST_BYTES: u64 = 4 * RESERVE_BYTES;
    let disk = |path: PathBuf| std::fs::metadata(path).map(|folder| folder.dev()).ok();
    if disk(data.join("cache")) == disk(data) {
        media.keep_room(min_free_bytes.max(LEAST_BYTES)).await;
    }
}

/// Runs a command's asynchronous part.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    /// For what a command that was stopped had under way; a large file takes longer to read, for nobody.
    const TIDYING: Duration = Duration::from_secs(2);
    let runtime = tokio::runtime::Runtime::new().map_err(|e| Failure::failed("the runtime", e))?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(TIDYING);
    done
}
