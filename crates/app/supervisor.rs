//! What the service manager is told of the server (sd_notify(3)); without one nobody listens, and all is done alike.

use sd_notify::NotifyState;
use std::time::Duration;

/// The server answers.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The server reads its settings again, until it is ready.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager is not told of the reload"),
    }
}

/// The server finishes what is under way.
pub fn stopping() {
    let status = NotifyState::Status("stopping; answers under way are finished");
    tell(&[NotifyState::Stopping, status]);
}

/// Tells that the process is alive, twice in the time that it may be silent for, if the service manager watches it.
pub async fn keep_alive() {
    let Some(silence) = sd_notify::watchdog_enabled() else { return };
    let mut clock = tokio::time::interval((silence / 2).max(Duration::from_millis(1)));
    loop {
        clock.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}
