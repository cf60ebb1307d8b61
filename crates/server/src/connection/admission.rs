//! Who is let in: how many connections there may be, and the clock that wakes those of which something is due.

use super::deadline::{Clock, ConnectionLimits, Deadline, TICK};
use super::forwarded::Proxies;
use super::remote::{Remote, network};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The connections that were let in, and the clock of their deadlines.
pub struct Admissions {
    clock: Arc<Clock>,
    /// Behind an address of theirs are many clients.
    proxies: Proxies,
    connections: Mutex<Connections>,
    left: Notify,
}

#[derive(Default)]
struct Connections {
    deadlines: HashMap<u64, Arc<Deadline>>,
    /// Places that are taken: one for each connection, and one for each request that shares one with another.
    taken: usize,
    /// Those of each address.
    by_address: HashMap<IpAddr, usize>,
    last_id: u64,
}

impl Admissions {
    /// Nobody is connected yet.
    pub fn new(limits: ConnectionLimits, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::new(Clock::new(limits)),
            proxies,
            connections: Mutex::default(),
            left: Notify::new(),
        })
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in, unless there are too many.
    pub fn admit(self: &Arc<Self>, remote: Remote) -> Option<Admission> {
        let place = self.place(self.counted(remote))?;
        let deadline = Arc::new(Deadline::new(Arc::clone(&self.clock)));
        let mut connections = self.connections();
        connections.last_id += 1;
        let id = connections.last_id;
        connections.deadlines.insert(id, Arc::clone(&deadline));
        Some(Admission { place, id, remote, deadline })
    }

    /// A place for what comes from an address, unless too many are taken.
    fn place(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let limits = &self.clock.limits;
        let mut connections = self.connections();
        if connections.taken >= limits.max_connections {
            return None;
        }
        if let Some(address) = address {
            let from_there = connections.by_address.entry(address).or_default();
            if *from_there >= limits.max_connections_per_address {
                return None;
            }
            *from_there += 1;
        }
        connections.taken += 1;
        Some(Place { all: Arc::clone(self), address })
    }

    /// The address whose connections are counted with this one; none where many clients are behind it.
    fn counted(&self, remote: Remote) -> Option<IpAddr> {
        match remote {
            Remote::Unix => None,
            Remote::Host(_) if self.proxies.trust(remote) => None,
            Remote::Host(_) => Some(network(remote.ip())),
        }
    }

    /// Lets the clock go on for as long as it's polled.
    pub async fn run(&self) {
        let mut clock = tokio::time::interval(TICK);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            self.clock.tick();
            self.connections().deadlines.values().for_each(|deadline| deadline.wake_if_due());
        }
    }

    /// Connections that are open.
    pub fn count(&self) -> usize {
        self.connections().deadlines.len()
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        self.clock.is_draining()
    }

    /// Tells all connections to end after the answer under way, and waits until they have.
    pub async fn drain(&self) {
        self.clock.drain();
        self.connections().deadlines.values().for_each(|deadline| deadline.wake());
        loop {
            let left = self.left.notified();
            if self.connections().deadlines.is_empty() {
                return;
            }
            left.await;
        }
    }
}

/// A place among those that there are, given back when dropped.
pub struct Place {
    all: Arc<Admissions>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connections = self.all.connections();
        connections.taken -= 1;
        if let Some(address) = self.address
            && let Some(count) = connections.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                connections.by_address.remove(&address);
            }
        }
    }
}

/// A connection that was let in.
pub struct Admission {
    place: Place,
    id: u64,
    /// Who is connected.
    pub remote: Remote,
    /// What it waits for, and until when.
    pub deadline: Arc<Deadline>,
}

impl Admission {
    /// A place for a request that shares the connection with others: what such a request takes is no less than what a
    /// connection does, so that there are as many of both together.
    pub fn shared(&self) -> Option<Place> {
        self.place.all.place(self.place.address)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.place.all.connections().deadlines.remove(&self.id);
        self.place.all.left.notify_one();
    }
}
