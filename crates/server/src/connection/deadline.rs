//! How long a client may keep a connection waiting.
//!
//! One clock ticks for all. A connection notes, at the cost of a few stores, what it waits for and when that is
//! due; what is due is woken by the clock (see `admission.rs`), and the connection's own I/O decides (see `wire.rs`).
//! So a request of HTTP/1 costs no timer.

use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Length of a tick: how exact the limits are.
pub const TICK: Duration = Duration::from_millis(200);

/// How long a client that was refused in the middle of its upload may go on sending, and one that was told that the
/// server leaves may take to end its connection.
pub const LINGER: Duration = Duration::from_secs(2);

/// How long a server that is to stop waits for the first request of a connection: who connects has one under way.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// The point in time that never comes: nothing is due from the client.
const NEVER: u32 = u32::MAX;

/// The limits of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections at a time; more are answered 503.
    pub max_connections: usize,
    /// Connections at a time from one address (IPv6: one /64 network); more are answered 503.
    pub max_connections_per_address: usize,
    /// How long a client may take for a request's head, from its first byte on.
    pub header_timeout: Duration,
    /// How long a connection may rest between requests.
    pub idle_timeout: Duration,
    /// The time in which a client that lets us wait must take `send_rate` bytes a second.
    pub send_timeout: Duration,
    /// Bytes a second that a client must take.
    pub send_rate: u64,
}

/// The clock of all connections.
pub struct Clock {
    pub limits: ConnectionLimits,
    /// Ticks since the start.
    now: AtomicU32,
    draining: AtomicBool,
}

impl Clock {
    /// A clock that stands at 0.
    pub fn new(limits: ConnectionLimits) -> Self {
        Self { limits, now: AtomicU32::new(0), draining: AtomicBool::new(false) }
    }

    /// A tick is over.
    pub fn tick(&self) {
        self.now.fetch_add(1, Relaxed);
    }

    /// The server is to stop.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}

fn ticks(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(NEVER / 2)
}

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// The client's part in setting TLS up.
    Handshake,
    /// The first byte of a request.
    Request,
    /// The rest of a request's head.
    Head,
    /// Requests are being answered, so nothing is due from the client but that it stays.
    Answer,
    /// The client's end, after ours.
    End,
}

/// With what a request shares its connection.
pub enum Company {
    /// It is the only one.
    None,
    /// With others that are being answered, too.
    Others,
}

/// What one connection waits for, and until when. Written by the connection's task alone.
pub struct Deadline {
    clock: Arc<Clock>,
    stage: AtomicU8,
    /// The tick at which the connection is to be woken.
    due: AtomicU32,
    waker: AtomicWaker,
    /// Whether the socket takes nothing more at present.
    full: AtomicBool,
    /// Bytes given to the socket.
    sent_bytes: AtomicU64,
    /// Bytes that the client had taken when the present `send_timeout` began.
    taken_bytes: AtomicU64,
    /// Requests being answered; more than one on HTTP/2 alone.
    under_way: AtomicU32,
    /// Whether no request has come yet.
    fresh: AtomicBool,
    /// Whether it is a connection of HTTP/2, where bytes that come need not belong to a request.
    multiplexed: AtomicBool,
    /// Whether a request's body is still to come.
    unread: AtomicBool,
    /// Whether the client has said that it sends nothing more.
    side_ended: AtomicBool,
    /// Bytes thrown away after our end.
    discarded_bytes: AtomicU64,
}

/// How long a client that has ended its side is waited with for what has to be made: longer than a segment takes.
const COURTESY: Duration = Duration::from_secs(2);

impl Deadline {
    /// That of a connection which has just been let in.
    pub fn new(clock: Arc<Clock>) -> Self {
        let deadline = Self {
            clock,
            stage: AtomicU8::new(Stage::Request as u8),
            due: AtomicU32::new(NEVER),
            waker: AtomicWaker::new(),
            full: AtomicBool::new(false),
            sent_bytes: AtomicU64::new(0),
            taken_bytes: AtomicU64::new(0),
            under_way: AtomicU32::new(0),
            fresh: AtomicBool::new(true),
            multiplexed: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            side_ended: AtomicBool::new(false),
            discarded_bytes: AtomicU64::new(0),
        };
        deadline.enter(Stage::Request);
        deadline
    }

    /// Has the connection look at what it waits for.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Has it look if something is due.
    pub fn wake_if_due(&self) {
        if self.is_due() {
            self.wake();
        }
    }

    /// Whom to wake.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Whether the connection is to end after the answer under way.
    pub fn is_draining(&self) -> bool {
        self.clock.is_draining()
    }

    fn is(&self, stage: Stage) -> bool {
        self.stage.load(Relaxed) == stage as u8
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Relaxed);
        let limits = &self.clock.limits;
        match stage {
            Stage::Request if self.is_draining() => {
                let is_fresh = self.fresh.load(Relaxed);
                self.due_in(if is_fresh { FIRST_REQUEST } else { Duration::ZERO });
            }
            Stage::Request => self.due_in(limits.idle_timeout),
            Stage::Head | Stage::Handshake => self.due_in(limits.header_timeout),
            Stage::Answer => self.due_in(TICK),
            Stage::End => self.due_in(LINGER),
        }
    }

    fn due_in(&self, time: Duration) {
        // The present tick has begun already: one more makes it whole.
        let due = self.clock.now.load(Relaxed).saturating_add(ticks(time) + 1);
        self.due.store(due, Relaxed);
    }

    fn due_no_later_than(&self, time: Duration) {
        let soon = self.clock.now.load(Relaxed).saturating_add(ticks(time) + 1);
        self.due.fetch_min(soon, Relaxed);
    }

    fn is_due(&self) -> bool {
        self.due.load(Relaxed) <= self.clock.now.load(Relaxed)
    }

    /// The client is to set TLS up.
    pub fn shakes_hands(&self) {
        self.enter(Stage::Handshake);
    }

    /// TLS is set up: a request is to come.
    pub fn has_shaken_hands(&self) {
        self.enter(Stage::Request);
    }

    /// Whether setting TLS up takes too long. A server that is to stop waits no longer than for the end of a client.
    pub fn is_handshake_late(&self) -> bool {
        if self.is_draining() {
            self.due_no_later_than(LINGER);
        }
        self.is_due()
    }

    /// Requests share the connection from now on. What comes while none is answered gives no more time: it may be
    /// anything.
    pub fn is_shared(&self) {
        self.multiplexed.store(true, Relaxed);
        self.enter(Stage::Request);
    }

    /// Bytes came.
    pub fn received(&self, count: usize) {
        if count > 0 && self.is_at_rest() && !self.multiplexed.load(Relaxed) {
            self.enter(Stage::Head);
        }
    }

    /// The head of a request is there; whether a body is to come.
    pub fn asked(&self, has_body: bool) -> Company {
        self.unread.store(has_body, Relaxed);
        self.fresh.store(false, Relaxed);
        let others = self.under_way.fetch_add(1, Relaxed);
        self.go_on_to(Stage::Answer);
        if others == 0 { Company::None } else { Company::Others }
    }

    /// Whether the connection is one of HTTP/2.
    pub fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Relaxed)
    }

    /// The request's body is there, too.
    pub fn has_read(&self) {
        self.unread.store(false, Relaxed);
    }

    /// The answer's last byte was handed over.
    pub fn answered(&self) {
        if self.under_way.fetch_sub(1, Relaxed) == 1 {
            self.go_on_to(Stage::Request);
        }
    }

    /// Enters a stage, unless the client has to take bytes first: what is due then stays so.
    fn go_on_to(&self, stage: Stage) {
        if self.full.load(Relaxed) {
            self.stage.store(stage as u8, Relaxed);
        } else {
            self.enter(stage);
        }
    }

    /// Whether nothing is owed, neither by the client nor by us.
    pub fn is_at_rest(&self) -> bool {
        self.is(Stage::Request) && !self.full.load(Relaxed)
    }

    /// Whether no request came for too long; a server that is to stop waits for none but the first.
    pub fn is_idle_too_long(&self) -> bool {
        if !self.is_at_rest() {
            return false;
        }
        if self.is_draining() {
            if !self.fresh.load(Relaxed) {
                return true;
            }
            self.due_no_later_than(FIRST_REQUEST);
        }
        self.is_due()
    }

    /// Whether the head of a request takes too long.
    pub fn is_head_late(&self) -> bool {
        self.is(Stage::Head) && self.is_due()
    }

    /// Whether an idle connection is to be ended by the one who polls its I/O: of HTTP/2 its client is told first.
    pub fn ends_silently(&self) -> bool {
        self.is_idle_too_long() && !self.multiplexed.load(Relaxed)
    }

    /// Whether a client that was told to leave has had its time.
    pub fn has_lingered(&self) -> bool {
        self.is(Stage::End) && self.is_due()
    }

    /// Whether a body is still being pulled.
    pub fn is_answering(&self) -> bool {
        self.is(Stage::Answer)
    }

    /// Whether it's time to see whether the client is still there: every now and then while it waits for us.
    pub fn is_to_be_looked_after(&self) -> bool {
        let is_due = self.is_answering() && !self.full.load(Relaxed) && self.is_due();
        if is_due {
            self.enter(Stage::Answer);
        }
        is_due
    }

    /// The client sends nothing more. The connection's task is to be woken, because it may wait in [`Self::gone`].
    pub fn side_ends(&self) {
        self.side_ended.store(true, Relaxed);
    }

    /// Ends once the client is taken to have left though its connection does not say so: it ended its side and had
    /// nothing of an answer for a while, so that no reset can tell.
    pub async fn gone(&self) {
        let ended = |_: &mut Context<'_>| match self.side_ended.load(Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        };
        poll_fn(ended).await;
        tokio::time::sleep(COURTESY).await;
    }

    /// What TLS held back has gone out.
    pub fn flushed(&self) {
        self.sent(0);
    }

    /// The socket took bytes.
    pub fn sent(&self, count: usize) {
        self.sent_bytes.fetch_add(count as u64, Relaxed);
        if self.full.load(Relaxed) {
            self.full.store(false, Relaxed);
            match self.is(Stage::Answer) {
                true => self.enter(Stage::Answer),
                false if self.is(Stage::End) => {}
                false => self.enter(Stage::Request),
            }
        }
    }

    /// The socket is full; an error if its client has taken too little for too long.
    pub fn full(&self, unacknowledged: impl Fn() -> io::Result<u64>) -> io::Result<()> {
        let limits = &self.clock.limits;
        let begins = !self.full.swap(true, Relaxed);
        if !begins && !self.is_due() {
            return Ok(());
        }
        let taken = self.sent_bytes.load(Relaxed).saturating_sub(unacknowledged()?);
        let before = self.taken_bytes.swap(taken, Relaxed);
        let owed = limits.send_rate.saturating_mul(limits.send_timeout.as_millis() as u64) / 1000;
        if !begins && taken.saturating_sub(before) < owed {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes too little"));
        }
        self.due_in(limits.send_timeout);
        Ok(())
    }

    /// Our side of the connection has ended.
    pub fn closing(&self) {
        self.enter(Stage::End);
    }

    /// Bytes came after our end, and were thrown away.
    pub fn discarded(&self, count: usize) {
        self.discarded_bytes.fetch_add(count as u64, Relaxed);
    }

    /// Whether to wait for the client's end: only where it's known to be still sending, as one of HTTP/2 is for as long
    /// as it takes what was sent to it.
    pub fn lingers(&self) -> bool {
        let discarded = self.discarded_bytes.load(Relaxed);
        let sends = self.unread.load(Relaxed) || self.multiplexed.load(Relaxed) || discarded > 0;
        sends && discarded < MOST_DISCARDED && !self.is_due()
    }
}

/// Most bytes that are read only to be thrown away.
pub const MOST_DISCARDED: u64 = 64 << 20;
