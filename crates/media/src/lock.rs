//! Locks whose holder may have panicked. What a mutex of this crate guards is whole between any two
//! statements, so that a panic elsewhere is no reason to refuse it to others.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Takes a lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a lock back until there is news, and takes it again.
pub fn wait<'a, T>(news: &Condvar, held: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    news.wait(held).unwrap_or_else(PoisonError::into_inner)
}
