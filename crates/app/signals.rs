//! The signals of a server: SIGTERM, SIGINT and SIGQUIT stop it, SIGHUP has it read again what may change.

use crate::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Those that stop it.
pub struct Stops([Signal; 3]);

/// That which has it read again.
pub struct Reloads(Signal);

fn on(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|e| Failure::failed("waiting for signals", e))
}

impl Stops {
    /// From now on none of them ends the process by itself.
    pub fn new() -> Result<Self, Failure> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()];
        let [term, interrupt, quit] = kinds.map(on);
        Ok(Self([term?, interrupt?, quit?]))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let [term, interrupt, quit] = &mut self.0;
        tokio::select! { _ = term.recv() => (), _ = interrupt.recv() => (), _ = quit.recv() => () }
    }
}

impl Reloads {
    /// From now on it doesn't end the process.
    pub fn new() -> Result<Self, Failure> {
        on(SignalKind::hangup()).map(Self)
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}
