//! A source that is read no further than a test allows, so that an encoder stands still where the test wants it.

use audio::ReadAt;
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub struct Gate {
    bytes: Vec<u8>,
    state: Mutex<State>,
    news: Condvar,
}

struct State {
    /// The offset that no read may pass.
    limit: u64,
    /// The furthest end of a read, those included that wait.
    furthest: u64,
}

impl Gate {
    pub fn new(bytes: Vec<u8>, limit: u64) -> Arc<Self> {
        let state = Mutex::new(State { limit, furthest: 0 });
        Arc::new(Self { bytes, state, news: Condvar::new() })
    }

    /// Allows reads up to another offset.
    pub fn open(&self, limit: u64) {
        self.state.lock().unwrap().limit = limit;
        self.news.notify_all();
    }

    /// Somebody waits for what is behind the limit.
    pub async fn is_reached(&self) {
        let end = Instant::now() + super::PATIENCE;
        while !self.holds_somebody() {
            assert!(Instant::now() < end, "nobody reads so far");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn holds_somebody(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.furthest > state.limit
    }

    /// Whether all of it was read.
    pub fn was_read_to_its_end(&self) -> bool {
        self.state.lock().unwrap().furthest >= self.length_bytes()
    }
}

impl ReadAt for Gate {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let end = (offset + buffer.len() as u64).min(self.length_bytes());
        let mut state = self.state.lock().unwrap();
        state.furthest = state.furthest.max(end);
        drop(self.news.wait_while(state, |state| end > state.limit).unwrap());
        self.bytes.read_at(buffer, offset)
    }

    fn length_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}
