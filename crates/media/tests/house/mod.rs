//! A service over recordings of noise, and how to read what it sends.
#![allow(dead_code, unused_imports, clippy::unwrap_used)]

mod gate;

pub use gate::Gate;

use blob::Local;
use catalog::Catalog;
use media::{Body, Config, Media, Preferences, Representation, Resource, select};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// 25.3 s at 8 kHz: three segments.
pub const SHORT: u32 = 202_400;

/// 205 s at 8 kHz: twenty-one segments.
pub const LONG: u32 = 1_640_000;

/// 20 min at 8 kHz: work for a while, as mp4 for half a second of a whole core.
pub const VERY_LONG: u32 = 9_600_000;

/// How long a test waits for what comes at once: only what never comes is to fail.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// So many frames of 8 kHz mono noise that swells, as WAV.
pub fn recording(frames: u32) -> Vec<u8> {
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + frames * 2).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8000u32.to_le_bytes());
    wav.extend(16000u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((frames * 2).to_le_bytes());
    let mut x = 1u32;
    for n in 0..frames {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let swell = (n % 8000) as i32;
        wav.extend((((x >> 16) as i32 - 32768) * swell / 8000).to_le_bytes()[..2].iter());
    }
    wav
}

pub struct House {
    pub media: Media,
    pub resource: Arc<Resource>,
    pub blobs: Local,
    pub dir: PathBuf,
    pub catalog: Catalog,
}

impl House {
    pub fn config(dir: &Path) -> Config {
        Config {
            cache_dir: dir.join("cache"),
            cache_bytes: 1 << 30,
            block_cache_dir: dir.join("cache-blobs"),
            block_cache_bytes: 1 << 30,
            store_timeout: Duration::from_secs(20),
            threads: 2,
            queue_length: 64,
            read_ahead: 2,
            learn_timeout: PATIENCE,
            max_audio: Duration::from_secs(24 * 3600),
        }
    }

    pub fn open(dir: &Path, config: Config) -> Self {
        Self::with(dir, config, SHORT)
    }

    pub fn with(dir: &Path, config: Config, frames: u32) -> Self {
        let blobs = Local::open(dir).unwrap();
        let catalog = Catalog::open(dir.join("catalog.sqlite")).unwrap();
        let resource = store(dir, &recording(frames));
        let dir = dir.to_owned();
        let media = Media::open(catalog.clone(), blobs.clone(), config).unwrap();
        Self { media, resource, blobs, dir, catalog }
    }

    /// The engine closed and opened again, over the same catalog and blobs.
    pub async fn restarted(self, config: Config) -> Self {
        let Self { media, resource, blobs, dir, catalog } = self;
        media.close().await;
        drop(media);
        let media = Media::open(catalog.clone(), blobs.clone(), config).unwrap();
        Self { media, resource, blobs, dir, catalog }
    }

    pub fn wanted(&self, format: &'static str) -> Representation {
        wanted(&self.resource, format, "")
    }

    /// Where the recording lies.
    pub fn path(&self) -> PathBuf {
        path_of(&self.dir, &self.resource.content_hash)
    }

    /// Another recording, of so many frames, beside the first.
    pub fn other(&self, frames: u32) -> Arc<Resource> {
        store(&self.dir, &recording(frames))
    }

    pub async fn range(&self, format: &'static str, range: Range<u64>) -> Vec<u8> {
        let prepared = self.media.prepare(&self.wanted(format)).await.unwrap();
        collect(prepared.open(range).unwrap()).await
    }

    pub async fn whole(&self, format: &'static str) -> Vec<u8> {
        let length = self.media.prepare(&self.wanted(format)).await.unwrap().length_bytes();
        self.range(format, 0..length).await
    }

    /// Segments encoded so far.
    pub fn encoded(&self) -> u64 {
        self.media.counters().segments_encoded.load(Ordering::Relaxed)
    }

    /// A segment is encoded.
    pub async fn has_begun(&self) {
        let end = Instant::now() + PATIENCE;
        while self.encoded() == 0 {
            assert!(Instant::now() < end, "nothing is encoded");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// So many segments are encoded, once those are counted whose last bytes a client has already.
    pub async fn has_encoded(&self, segments: u64) {
        let end = Instant::now() + PATIENCE;
        while self.encoded() < segments && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.encoded(), segments);
    }
}

/// Keeps a recording, which the catalog knows.
fn store(dir: &Path, bytes: &[u8]) -> Arc<Resource> {
    let hash = blob::Hash::of(bytes).to_string();
    let path = path_of(dir, &hash);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    refer_to(&hash, &dir.join("catalog.sqlite"));
    let source: audio::Source = Arc::new(File::open(&path).unwrap());
    let facts = Arc::new(audio::probe(&source, audio::Hint::default()).unwrap().facts);
    Arc::new(Resource::of_content(hash, bytes.len() as u64, Some(facts)))
}

/// A catalog knows the object of that name.
pub fn refer_to(hash: &str, catalog: &Path) {
    let sql = "INSERT INTO blobs (object, store, hash, length_bytes) VALUES (?1, '', ?1, 0)";
    rusqlite::Connection::open(catalog).unwrap().execute(sql, [hash]).unwrap();
}

fn path_of(dir: &Path, hash: &str) -> PathBuf {
    dir.join("blobs").join(&hash[..2]).join(&hash[2..4]).join(hash)
}

/// A recording in a format, or a clip of it.
pub fn wanted(resource: &Arc<Resource>, format: &'static str, clip: &str) -> Representation {
    // The recordings are wav: a transcode to one needs another rate.
    let rate_hz = (format == "wav").then_some(48_000);
    let mut wish = Preferences { format: Some(format), rate_hz, ..Preferences::default() };
    wish.set("t", clip).unwrap();
    select(resource, &wish).unwrap()
}

/// Reads a body to its end, or to what broke it off.
pub async fn drain(mut body: Body) -> Result<(), media::BodyError> {
    while let Some(chunk) = body.next().await {
        chunk?;
    }
    Ok(())
}

pub async fn collect(mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.bytes().await {
        bytes.extend(piece.unwrap());
    }
    bytes
}
