//! One cached output: a sparse data file and the map of the segments that are in it.
//!
//! The map is a file of records, appended after the segment's bytes are written; a record carries its
//! own check, a segment its checksum, so that whatever a crash tore is recognised and made again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

const RECORD_BYTES: usize = 40;
const CHECKED_BYTES: usize = 32;

/// A cached output.
pub struct Output {
    data_path: PathBuf,
    map_path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    segments: HashMap<u32, Entry>,
    /// Bytes of all segments.
    bytes: u64,
    /// The data file while anybody reads it: an output that rests holds no descriptor.
    open: Weak<File>,
    touched: Option<SystemTime>,
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

/// What became of a look-up.
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
    /// A new, empty output; what an older one left under the name is overwritten.
    pub fn create(dir: &Path, key: &str) -> io::Result<Self> {
        let output = Self::at(dir, key);
        File::create(&output.data_path)?;
        File::create(&output.map_path)?;
        Ok(output)
    }

    /// An output that an earlier process left: as much of it as its map vouches for.
    pub fn load(dir: &Path, key: &str) -> io::Result<Self> {
        let output = Self::at(dir, key);
        let map = fs::read(&output.map_path)?;
        let data_length = fs::metadata(&output.data_path)?.len();
        let (records, _) = map.as_chunks::<RECORD_BYTES>();
        let mut state = State::default();
        let mut whole = 0;
        for (segment, entry) in records.iter().map_while(Entry::parse) {
            whole += 1;
            if entry.position + u64::from(entry.length) <= data_length {
                state.add(segment, entry);
            }
        }
        // A torn record would hide those appended after it.
        File::options()
            .write(true)
            .open(&output.map_path)?
            .set_len((whole * RECORD_BYTES) as u64)?;
        Ok(Self { state: Mutex::new(state), ..output })
    }

    fn at(dir: &Path, key: &str) -> Self {
        let path = |extension: &str| dir.join(format!("{key}.{extension}"));
        Self { data_path: path("data"), map_path: path("map"), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all its segments.
    pub fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// Whether a segment is there, checked or not.
    pub fn has(&self, segment: u32) -> bool {
        self.state().segments.contains_key(&segment)
    }

    /// Writes a segment and then its record; only then is it there.
    pub fn write(&self, segment: u32, position: u64, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let entry = Entry { position, length, checksum: checksum(bytes), checked: true };
        File::options().write(true).open(&self.data_path)?.write_all_at(bytes, position)?;
        let mut state = self.state();
        File::options().append(true).open(&self.map_path)?.write_all(&entry.record(segment))?;
        state.add(segment, entry);
        Ok(())
    }

    /// Looks a segment up.
    pub fn find(&self, segment: u32) -> io::Result<Found> {
        let mut state = self.state();
        let Some(entry) = state.segments.get(&segment).copied() else {
            return Ok(Found::Missing);
        };
        if !entry.checked {
            return Ok(Found::Unchecked);
        }
        let file = state.file(&self.data_path)?;
        self.touch(&mut state);
        Ok(Found::Whole(Slice { file, position: entry.position, length: u64::from(entry.length) }))
    }

    /// Reads a segment and compares its checksum; one that fails is forgotten. Blocking. Returns whether it's whole.
    pub fn check(&self, segment: u32) -> io::Result<bool> {
        let Some(entry) = self.state().segments.get(&segment).copied() else { return Ok(false) };
        let mut bytes = vec![0; entry.length as usize];
        let file = self.state().file(&self.data_path)?;
        let whole = file.read_exact_at(&mut bytes, entry.position).is_ok()
            && checksum(&bytes) == entry.checksum;
        let mut state = self.state();
        if whole {
            if let Some(entry) = state.segments.get_mut(&segment) {
                entry.checked = true;
            }
        } else if let Some(entry) = state.segments.remove(&segment) {
            state.bytes -= u64::from(entry.length);
        }
        Ok(whole)
    }

    /// Notes the use in the map's time of change, at most once a minute: the order of use survives a restart.
    fn touch(&self, state: &mut State) {
        let now = SystemTime::now();
        let recently = |at: SystemTime| now.duration_since(at).is_ok_and(|d| d.as_secs() < 60);
        if !state.touched.is_some_and(recently) {
            state.touched = Some(now);
            if let Ok(map) = File::options().append(true).open(&self.map_path) {
                // A lost time only makes the output look older.
                let _ = map.set_modified(now);
            }
        }
    }

    /// When it was used last.
    pub fn last_used(&self) -> SystemTime {
        let modified = fs::metadata(&self.map_path).and_then(|m| m.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Removes the files. Readers keep what they hold open.
    pub fn remove(&self) {
        // The map first: without it the data is nothing.
        for path in [&self.map_path, &self.data_path] {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "an evicted output stays on the disk");
            }
        }
    }
}

impl State {
    fn add(&mut self, segment: u32, entry: Entry) {
        self.bytes += u64::from(entry.length);
        if let Some(old) = self.segments.insert(segment, entry) {
            self.bytes -= u64::from(old.length);
        }
    }

    fn file(&mut self, path: &Path) -> io::Result<Arc<File>> {
        if let Some(file) = self.open.upgrade() {
            return Ok(file);
        }
        let file = Arc::new(File::open(path)?);
        self.open = Arc::downgrade(&file);
        Ok(file)
    }
}
