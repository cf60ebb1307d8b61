//! A library on a folder of its own, and looks at what lies there.

use blob::{Hash, Local, ObjectName, Stores};
use catalog::Catalog;
use library::{Beside, Change, Changes, Config, Described, Error, File, Library, Principal};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

pub struct Fixture {
    pub dir: tempfile::TempDir,
    pub library: Library,
    pub catalog: Catalog,
    pub blobs: Local,
    pub admin: Principal,
    pub container: Uuid,
}

pub async fn fixture() -> Fixture {
    fixture_at("http://x").await
}

pub async fn fixture_at(public_url: &str) -> Fixture {
    fixture_over(public_url, |local| local.clone().into()).await
}

pub async fn fixture_over(public_url: &str, stores: impl FnOnce(&Local) -> Stores) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(dir.path().join("catalog.sqlite")).unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let config = Config::looking(dir.path(), public_url);
    let library = Library::open(catalog.clone(), stores(&blobs), config);
    let welcome = library.bootstrap().await.unwrap().unwrap();
    let admin = library.authenticate(&welcome.token).await.unwrap();
    Fixture { dir, library, catalog, blobs, admin, container: welcome.container_sid }
}

/// What a caller says, attribute by attribute.
pub fn said<Row: Described>(attributes: &[(&str, Value)]) -> Changes<Row> {
    let mut changes = Changes::default();
    for (name, value) in attributes {
        changes.set(name, value).unwrap();
    }
    changes
}

pub async fn put(f: &Fixture, name: &str, bytes: &'static [u8]) -> Result<File, Error> {
    let mut upload = f.library.begin_upload(&f.admin).await?;
    upload.say(said(&[("container_sid", json!(f.container)), ("name", json!(name))]));
    upload.write(bytes).await?;
    upload.finish(Beside::Nothing).await
}

/// Gives a file other bytes.
pub async fn replace(f: &Fixture, sid: Uuid, bytes: &'static [u8]) -> Result<File, Error> {
    let mut upload = f.library.begin_replacement(&f.admin, sid).await?;
    upload.write(bytes).await?;
    f.library.change_file(&f.admin, sid, Change::content(upload)).await
}

/// What lies in a folder and below it.
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

/// Where the stored objects lie.
pub fn objects(f: &Fixture) -> Vec<PathBuf> {
    files_under(&f.dir.path().join("blobs"))
}

/// Where the object with these bytes lies, if there is one.
pub fn object_with(f: &Fixture, bytes: &[u8]) -> Option<PathBuf> {
    let hash = Hash::of(bytes).to_string();
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&hash);
    let mut found: Vec<_> = objects(f).into_iter().filter(is_it).collect();
    assert!(found.len() <= 1, "one object for the same bytes: {found:?}");
    found.pop()
}

pub fn is_stored(f: &Fixture, bytes: &[u8]) -> bool {
    object_with(f, bytes).is_some()
}

pub fn temporary_files(f: &Fixture) -> Vec<PathBuf> {
    files_under(&f.dir.path().join("tmp"))
}

/// The stored bytes of a file.
pub async fn stored(f: &Fixture, file: &File) -> Vec<u8> {
    let object = f.catalog.object_of("", &file.content_hash).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    f.blobs.get(object.name.parse().unwrap()).await.unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Bytes in the store of which the catalog knows nothing, so old.
pub async fn stray(f: &Fixture, bytes: &[u8], age: Duration) -> PathBuf {
    let mut draft = f.blobs.begin().unwrap();
    draft.write(bytes).unwrap();
    let name = ObjectName::fresh(draft.hash()).unwrap();
    f.blobs.put(name, draft).await.unwrap();
    let path = object_with(f, bytes).unwrap();
    fs::File::open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    path
}

/// Whatever is left is due by then.
pub const LEFT_BY_NOW: catalog::LeftSince =
    catalog::LeftSince { own_ms: i64::MAX, external_ms: i64::MAX };

pub const TWO_DAYS: Duration = Duration::from_secs(2 * 24 * 3600);

pub fn sql(f: &Fixture, sql: &str) {
    let path = f.dir.path().join("catalog.sqlite");
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}
