//! Logins: a token that comes as a password. Whoever guesses is told to wait: an address has so many failures at once,
//! and one more from time to time. A token is always let in: it is too long to be guessed, and behind the address of a
//! guesser there may be others.

use super::{Refusal, Storage};
use crate::metrics::FAILED_LOGINS;
use library::Principal;
use lru::LruCache;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures that an address may have at once.
const BURST: u32 = 10;

/// After such a time it may have one more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(6);

/// Addresses whose failures are remembered; of more, those that failed longest ago are forgotten.
const MAX_ADDRESSES: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Where a request comes from: the client's address, or of IPv6 its network.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The failed logins of late, each with the time at which its address has nothing left to be forgotten.
pub struct Attempts(Mutex<LruCache<IpAddr, Instant>>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_ADDRESSES)))
    }
}

impl Attempts {
    /// Counts a failure.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`] if there were too many; such a one is not counted.
    fn fail(&self, peer: Peer, now: Instant) -> Result<(), Refusal> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clean_at = known.get_or_insert_mut(peer.0, || now);
        let owed = clean_at.saturating_duration_since(now);
        let wait = owed.saturating_sub(FORGOTTEN_AFTER * (BURST - 1));
        if !wait.is_zero() {
            return Err(Refusal::TooManyAttempts { retry_after_s: wait.as_secs() + 1 });
        }
        *clean_at = now + owed + FORGOTTEN_AFTER;
        Ok(())
    }
}

/// The caller whose token this password is.
pub async fn by_password(
    storage: &Storage,
    peer: Peer,
    password: &str,
) -> Result<Principal, Refusal> {
    let found = storage.library.authenticate(password).await;
    if matches!(found, Err(library::Error::Unauthenticated)) {
        FAILED_LOGINS.fetch_add(1, Relaxed);
        storage.attempts.fail(peer, Instant::now())?;
    }
    Ok(found?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::Ipv4Addr;

    fn peer(number: u32) -> Peer {
        Peer(Ipv4Addr::from(number).into())
    }

    #[test]
    fn ten_failures_are_free_and_then_one_in_a_while() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..BURST {
            attempts.fail(peer(1), start).unwrap();
        }
        let refused = attempts.fail(peer(1), start).unwrap_err();
        let Refusal::TooManyAttempts { retry_after_s } = refused else { panic!("{refused:?}") };
        attempts.fail(peer(2), start).unwrap();
        let later = start + Duration::from_secs(retry_after_s);
        attempts.fail(peer(1), later).unwrap();
        assert!(attempts.fail(peer(1), later).is_err());
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for number in 0..10_000 {
            attempts.fail(peer(number), now).unwrap();
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MAX_ADDRESSES.get());
    }
}
