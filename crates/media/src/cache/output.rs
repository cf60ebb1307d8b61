//! One cached output: a sparse data file and the map of the segments that are in it.
//!
//! The map is a file of records, each written after the segment's bytes; a record carries its own check,
//! a segment its checksum, so that whatever a crash tore is recognised and made again.
//!
//! The files of an output are its own: `{key}-{number}` with a number that no other one of the key has,
//! so that what is left of an evicted output and its successor never meet.

use crate::lock::lock;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::SystemTime;

const RECORD_BYTES: usize = 40;
const CHECKED_BYTES: usize = 32;

/// A cached output.
pub struct Output {
    data_path: PathBuf,
    map_path: PathBuf,
    /// Records that are in the map: where the next one goes.
    records: Mutex<u64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    segments: HashMap<u32, Entry>,
    /// The data file while anybody reads it: an output that rests holds no descriptor.
    open: Weak<File>,
    touched: Option<SystemTime>,
    /// Whether it's evicted: nothing more is found in it.
    retired: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    position: u64,
    length: u32,
    checksum: [u8; 16],
    /// Whether the bytes are known to be whole: written by this process, or checked since its start.
    checked: bool,
}

/// Where a cached segment lies.
pub struct Slice {
    /// The data file; readable to the end even if the output is evicted meanwhile.
    pub file: Arc<File>,
    /// Offset of the segment in it.
    pub position: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// The outcome of a look-up.
pub enum Found {
    /// The segment is whole.
    Whole(Slice),
    /// There, but not checked since the start: call [`Output::check`] where blocking is allowed.
    Unchecked,
    /// Not there.
    Missing,
}

fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    sum
}

impl Entry {
    fn record(&self, segment: u32) -> [u8; RECORD_BYTES] {
        let mut record = [0; RECORD_BYTES];
        record[..4].copy_from_slice(&segment.to_le_bytes());
        record[4..8].copy_from_slice(&self.length.to_le_bytes());
        record[8..16].copy_from_slice(&self.position.to_le_bytes());
        record[16..CHECKED_BYTES].copy_from_slice(&self.checksum);
        let check = checksum(&record[..CHECKED_BYTES]);
        record[CHECKED_BYTES..].copy_from_slice(&check[..RECORD_BYTES - CHECKED_BYTES]);
        record
    }

    fn parse(record: &[u8; RECORD_BYTES]) -> Option<(u32, Self)> {
        let check = checksum(&record[..CHECKED_BYTES]);
        if record[CHECKED_BYTES..] != check[..RECORD_BYTES - CHECKED_BYTES] {
            return None;
        }
        let segment = u32::from_le_bytes(record[..4].try_into().ok()?);
        let length = u32::from_le_bytes(record[4..8].try_into().ok()?);
        let position = u64::from_le_bytes(record[8..16].try_into().ok()?);
        let checksum = record[16..CHECKED_BYTES].try_into().ok()?;
        Some((segment, Self { position, length, checksum, checked: false }))
    }
}

impl Output {
    /// A new, empty output.
    pub fn create(dir: &Path, key: &str) -> io::Result<Self> {
        for number in 0u32.. {
            let output = Self::at(dir, &format!("{key}-{number}"));
            let create = |path| File::options().write(true).create_new(true).mode(0o600).open(path);
            match create(&output.data_path).and_then(|_| create(&output.map_path)) {
                Ok(_) => return Ok(output),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// An output that an earlier process left: as much of it as its map vouches for.
    pub fn load(dir: &Path, stem: &str) -> io::Result<Self> {
        let output = Self::at(dir, stem);
        let map = fs::read(&output.map_path)?;
        let data_length = fs::metadata(&output.data_path)?.len();
        let (records, _) = map.as_chunks::<RECORD_BYTES>();
        let mut segments = HashMap::new();
        let mut whole = 0;
        for (segment, entry) in records.iter().map_while(Entry::parse) {
            whole += 1;
            if entry.position + u64::from(entry.length) <= data_length {
                segments.insert(segment, entry);
            }
        }
        let state = Mutex::new(State { segments, ..State::default() });
        // A torn record is written over by the next one.
        Ok(Self { state, records: Mutex::new(whole), ..output })
    }

    /// The key in the name of an output's files.
    pub fn key_of(stem: &str) -> &str {
        stem.split_once('-').map_or(stem, |(key, _)| key)
    }

    fn at(dir: &Path, stem: &str) -> Self {
        let path = |extension: &str| dir.join(format!("{stem}.{extension}"));
        Self {
            data_path: path("data"),
            map_path: path("map"),
            records: Mutex::default(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Bytes of all its segments.
    pub fn bytes(&self) -> u64 {
        self.state().segments.values().map(|entry| u64::from(entry.length)).sum()
    }

    /// Whether a segment is there, checked or not.
    pub fn has(&self, segment: u32) -> bool {
        let state = self.state();
        !state.retired && state.segments.contains_key(&segment)
    }

    /// Writes a segment and then its record; only then is it there. Blocking. Returns how many bytes of
    /// the segment were there already.
    pub fn write(&self, segment: u32, position: u64, bytes: &[u8]) -> io::Result<u64> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let entry = Entry { position, length, checksum: checksum(bytes), checked: true };
        let open = |path| File::options().write(true).open(path);
        open(&self.data_path)?.write_all_at(bytes, position)?;
        let mut records = lock(&self.records);
        // At its place: what a full disk left of a record is written over.
        open(&self.map_path)?
            .write_all_at(&entry.record(segment), *records * RECORD_BYTES as u64)?;
        *records += 1;
        drop(records);
        let replaced = self.state().segments.insert(segment, entry);
        Ok(replaced.map_or(0, |entry| u64::from(entry.length)))
    }

    /// Looks a segment up.
    pub fn find(&self, segment: u32) -> io::Result<Found> {
        let mut state = self.state();
        let entry = state.segments.get(&segment).copied();
        let Some(entry) = entry.filter(|_| !state.retired) else { return Ok(Found::Missing) };
        if !entry.checked {
            return Ok(Found::Unchecked);
        }
        let file = state.file(&self.data_path)?;
        let touched = state.touch();
        drop(state);
        if let Some(now) = touched {
            self.note_use(now);
        }
        Ok(Found::Whole(Slice { file, position: entry.position, length: u64::from(entry.length) }))
    }

    /// Reads a segment and compares its checksum. Blocking. One that isn't whole is forgotten; then it
    /// returns how many bytes went with it.
    pub fn check(&self, segment: u32) -> io::Result<Option<u64>> {
        let mut state = self.state();
        let Some(entry) = state.segments.get(&segment).copied() else { return Ok(Some(0)) };
        let file = state.file(&self.data_path)?;
        drop(state);
        let mut bytes = vec![0; entry.length as usize];
        let whole = file.read_exact_at(&mut bytes, entry.position).is_ok()
            && checksum(&bytes) == entry.checksum;
        let mut state = self.state();
        // The lock was not held for the sum, so another reader may have checked the segment meanwhile, or a maker
        // replaced it.
        let same = state.segments.get_mut(&segment).filter(|entry| !entry.checked);
        match same {
            Some(entry) if whole => entry.checked = true,
            Some(_) => {
                state.segments.remove(&segment);
                return Ok(Some(entry.length.into()));
            }
            None => {}
        }
        Ok(if whole { None } else { Some(0) })
    }

    /// Notes a use in the map's time of change: the order of use survives a restart.
    fn note_use(&self, now: SystemTime) {
        if let Ok(map) = File::options().append(true).open(&self.map_path) {
            // A lost time only makes the output look older.
            let _ = map.set_modified(now);
        }
    }

    /// When it was used last.
    pub fn last_used(&self) -> SystemTime {
        let modified = fs::metadata(&self.map_path).and_then(|m| m.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Makes every later look-up miss, for readers too that hold the output already.
    pub fn retire(&self) {
        self.state().retired = true;
    }

    /// Whether it's retired.
    pub fn is_retired(&self) -> bool {
        self.state().retired
    }

    /// Removes the files. Readers keep what they hold open.
    pub fn remove(&self) {
        // The map first: without it the data is nothing.
        for path in [&self.map_path, &self.data_path] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "an evicted output stays on the disk");
                }
                _ => {}
            }
        }
    }
}

impl State {
    fn file(&mut self, path: &Path) -> io::Result<Arc<File>> {
        if let Some(file) = self.open.upgrade() {
            return Ok(file);
        }
        let file = Arc::new(File::open(path)?);
        self.open = Arc::downgrade(&file);
        Ok(file)
    }

    /// The time, if the use is to be noted: at most once a minute.
    fn touch(&mut self) -> Option<SystemTime> {
        let now = SystemTime::now();
        let recently = |at: SystemTime| now.duration_since(at).is_ok_and(|d| d.as_secs() < 60);
        if self.touched.is_some_and(recently) {
            return None;
        }
        self.touched = Some(now);
        Some(now)
    }
}
