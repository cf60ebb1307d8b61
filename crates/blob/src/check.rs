//! Whether objects hold what their names say.
//!
//! A disk may lose bytes or give back others. So an object is read through and compared with the hash in its name when
//! it is opened first; what this process wrote itself, it trusts. Who opens an object that is being compared waits for
//! the one comparison.

use crate::{Hash, ObjectName};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes read at a time.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// The objects that were compared, and those that are being.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// By [`key`]; what is sound has no comparison any more.
    by_object: Mutex<HashMap<u64, Option<Comparison>>>,
}

/// Whether they are the same, once it is known.
type Comparison = Arc<OnceLock<bool>>;

/// Tells objects apart in eight bytes, because an archive has millions of them. That two of a million share a key has a
/// chance of 1 in 37 million; the second of them would not be compared.
fn key(name: &ObjectName) -> u64 {
    let [first, ..] = name.hash().as_bytes().as_chunks::<8>().0 else { return 0 };
    u64::from_le_bytes(*first) ^ name.nonce().unwrap_or(0)
}

impl Checked {
    fn by_object(&self) -> MutexGuard<'_, HashMap<u64, Option<Comparison>>> {
        self.by_object.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object is taken for sound from now on.
    pub fn trust(&self, name: &ObjectName) {
        self.by_object().insert(key(name), None);
    }

    /// The object is compared again when it is opened next.
    pub fn forget(&self, name: &ObjectName) {
        self.by_object().remove(&key(name));
    }

    /// Whether an object's file holds what its name says; compares them unless that is known. Blocking.
    pub fn is_sound(&self, name: &ObjectName, file: &File) -> bool {
        let comparison =
            self.by_object().entry(key(name)).or_insert_with(|| Some(Arc::default())).clone();
        let Some(comparison) = comparison else { return true };
        let is_sound =
            *comparison.get_or_init(|| hash_of(file).is_ok_and(|hash| hash == *name.hash()));
        match is_sound {
            true => self.trust(name),
            // A damaged object is compared again the next time, because an operator may have put it right by hand.
            false => self.forget(name),
        }
        is_sound
    }
}

/// The hash of a file's bytes. Blocking.
pub(crate) fn hash_of(file: &File) -> io::Result<Hash> {
    let (mut hasher, mut offset) = (blake3::Hasher::new(), 0);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match file.read_at(&mut block, offset)? {
            0 => return Ok(Hash::from(*hasher.finalize().as_bytes())),
            read => {
                hasher.update(&block[..read]);
                offset += read as u64;
            }
        }
    }
}
