//! The one bridge between a server's async code and its CPU work: a fixed pool of threads and a bounded queue.
//!
//! Two classes: what a client waits for goes before what is made ahead. Within a class the
//! representations take turns, so that a client who reads a hundred does not starve one who reads one.

use crate::lock::{lock, wait};
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use tokio::sync::Notify;

/// How urgent a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A client waits for it.
    Waiting,
    /// A client will want it soon.
    Ahead,
}

/// What the queue knows of a job: the representation and the segment that it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The representation.
    pub key: Arc<str>,
    /// The segment.
    pub segment: u32,
}

type Work = Box<dyn FnOnce() + Send>;

/// The queue takes no work: it's full, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The pool. Dropping it ends its threads after their present jobs; queued jobs are dropped.
pub struct Scheduler {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    queue_length: usize,
}

#[derive(Default)]
struct Shared {
    queues: Mutex<Queues>,
    news: Condvar,
    /// Told when no job runs.
    rest: Notify,
}

#[derive(Default)]
struct Queues {
    waiting: Turns,
    ahead: Turns,
    running: usize,
    closed: bool,
}

/// The jobs of one representation, by segment.
type Jobs = VecDeque<(u32, Work)>;

/// Jobs in turns by representation.
#[derive(Default)]
struct Turns {
    keys: VecDeque<(Arc<str>, Jobs)>,
    length: usize,
}

impl Turns {
    fn push(&mut self, label: Label, work: Work) {
        self.length += 1;
        match self.keys.iter_mut().find(|(key, _)| *key == label.key) {
            Some((_, jobs)) => jobs.push_back((label.segment, work)),
            None => self.keys.push_back((label.key, VecDeque::from([(label.segment, work)]))),
        }
    }

    fn pop(&mut self) -> Option<Work> {
        let (key, mut jobs) = self.keys.pop_front()?;
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.keys.push_back((key, jobs));
        }
        self.length -= usize::from(job.is_some());
        job.map(|(_, work)| work)
    }

    fn remove(&mut self, label: &Label) -> Option<Work> {
        let turn = self.keys.iter().position(|(key, _)| *key == label.key)?;
        let jobs = &mut self.keys[turn].1;
        let at = jobs.iter().position(|(segment, _)| *segment == label.segment)?;
        let (_, work) = jobs.remove(at)?;
        if jobs.is_empty() {
            self.keys.remove(turn);
        }
        self.length -= 1;
        Some(work)
    }
}

impl Scheduler {
    /// Starts so many threads.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn start(threads: usize, queue_length: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let spawn = |number| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("encode-{number}")).spawn(move || shared.run())
        };
        let threads = (0..threads).map(spawn).collect::<io::Result<_>>()?;
        Ok(Self { shared, threads, queue_length })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Puts a job into the queue. One that a client waits for is refused only if as many wait already;
    /// one made ahead, if the queue holds as many of either class.
    ///
    /// # Errors
    /// [`Refused`], the work unrun.
    pub fn submit(&self, class: Class, label: Label, work: Work) -> Result<(), Refused> {
        self.push(class, label, work, self.queue_length)
    }

    /// Puts a job into the queue whatever its length: the next piece of work that was accepted before.
    ///
    /// # Errors
    /// [`Refused`] after [`Self::close`], the work unrun.
    pub fn follow_up(&self, class: Class, label: Label, work: Work) -> Result<(), Refused> {
        self.push(class, label, work, usize::MAX)
    }

    fn push(&self, class: Class, label: Label, work: Work, most: usize) -> Result<(), Refused> {
        let mut queues = self.shared.queues();
        let length = match class {
            Class::Waiting => queues.waiting.length,
            Class::Ahead => queues.waiting.length + queues.ahead.length,
        };
        if queues.closed || length >= most {
            return Err(Refused);
        }
        queues.turns(class).push(label, work);
        drop(queues);
        self.shared.news.notify_one();
        Ok(())
    }

    /// A client now waits for a job that was queued ahead.
    pub fn promote(&self, label: &Label) {
        let mut queues = self.shared.queues();
        if let Some(work) = queues.ahead.remove(label) {
            queues.waiting.push(label.clone(), work);
        }
    }

    /// Drops what is queued, refuses what comes, and waits for the jobs that run.
    pub async fn close(&self) {
        self.shared.close();
        loop {
            // Registered before looking, so that no news is missed.
            let rest = self.shared.rest.notified();
            tokio::pin!(rest);
            rest.as_mut().enable();
            if self.shared.queues().running == 0 {
                return;
            }
            rest.await;
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // The last owner may be a job on one of these threads.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Queues {
    fn turns(&mut self, class: Class) -> &mut Turns {
        match class {
            Class::Waiting => &mut self.waiting,
            Class::Ahead => &mut self.ahead,
        }
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        lock(&self.queues)
    }

    fn close(&self) {
        let mut queues = self.queues();
        queues.closed = true;
        let queued = (std::mem::take(&mut queues.waiting), std::mem::take(&mut queues.ahead));
        // Jobs that are dropped end what waits for them, which may look here.
        drop(queues);
        drop(queued);
        self.news.notify_all();
    }

    fn run(&self) {
        give_way();
        while let Some(work) = self.next() {
            // The work itself reports its failure; this only keeps the thread alive.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!("a job panicked");
            }
            let mut queues = self.queues();
            queues.running -= 1;
            if queues.running == 0 {
                self.rest.notify_waiters();
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let mut queues = self.queues();
        loop {
            if queues.closed {
                return None;
            }
            let Queues { waiting, ahead, .. } = &mut *queues;
            if let Some(work) = waiting.pop().or_else(|| ahead.pop()) {
                queues.running += 1;
                return Some(work);
            }
            queues = wait(&self.news, queues);
        }
    }
}

/// By how much encoding gives way to what else runs: answers that are ready wait for no time slice of it.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lowers the priority of the calling thread, where that is a thread's own.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "encoding runs at the priority of answers");
    }
}
