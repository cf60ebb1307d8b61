//! The one bridge between a server's async code and its CPU work: a fixed pool of threads and a bounded
//! [`Queue`].

use crate::asker::Asker;
use crate::lock::{lock, wait};
use crate::queue::{Class, Job, Label, Queue, Refused};
use crate::spanned::spanned;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use tokio::sync::Notify;

/// The pool. Dropping it ends its threads after their present jobs; queued jobs are dropped.
pub struct Scheduler {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

/// What a pool has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Jobs that wait for a thread.
    pub waiting: usize,
    /// Jobs that run.
    pub running: usize,
    /// Threads.
    pub threads: usize,
}

/// What the threads share with those who bring work.
struct Desk {
    work: Mutex<Work>,
    news: Condvar,
    /// Told when no job runs.
    rest: Notify,
}

struct Work {
    /// `None` once the scheduler is closed.
    queue: Option<Queue>,
    running: usize,
}

impl Scheduler {
    /// Starts so many threads, before which so many jobs may wait.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn start(threads: usize, queue_length: usize) -> io::Result<Self> {
        let work = Mutex::new(Work { queue: Some(Queue::new(queue_length)), running: 0 });
        let desk = Arc::new(Desk { work, news: Condvar::new(), rest: Notify::new() });
        let spawn = |number| {
            let desk = Arc::clone(&desk);
            thread::Builder::new().name(format!("encode-{number}")).spawn(move || desk.run())
        };
        let threads = (0..threads).map(spawn).collect::<io::Result<_>>()?;
        Ok(Self { desk, threads })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// What there is to do now.
    pub fn load(&self) -> Load {
        let work = lock(&self.desk.work);
        let waiting = work.queue.as_ref().map_or(0, Queue::count);
        Load { waiting, running: work.running, threads: self.threads() }
    }

    /// Puts a job into the queue, if there is or can be made room for it.
    ///
    /// # Errors
    /// [`Refused`], the job unrun.
    pub fn submit(&self, class: Class, label: Label, job: Box<dyn Job>) -> Result<(), Refused> {
        self.push(class, label, job, false)
    }

    /// Puts a job into the queue however full it is: the next piece of work that was accepted before.
    ///
    /// # Errors
    /// [`Refused`] after [`Self::close`], the job unrun.
    pub fn follow_up(&self, class: Class, label: Label, job: Box<dyn Job>) -> Result<(), Refused> {
        self.push(class, label, job, true)
    }

    fn push(
        &self,
        class: Class,
        label: Label,
        job: Box<dyn Job>,
        accepted: bool,
    ) -> Result<(), Refused> {
        // Declared before the lock is taken, so that it is dropped after: a job that is dropped ends what waits for
        // it, which may come back here.
        let mut gone = Vec::new();
        let mut work = lock(&self.desk.work);
        let queue = work.queue.as_mut().ok_or(Refused)?;
        if !accepted {
            queue.make_room(class, &label, &mut gone)?;
        }
        queue.push(class, label, spanned(job));
        self.desk.news.notify_one();
        Ok(())
    }

    /// A client that plays now waits for a job, which was less urgent or somebody else's.
    pub fn promote(&self, label: &Label) {
        if let Some(queue) = &mut lock(&self.desk.work).queue {
            queue.promote(label);
        }
    }

    /// Drops what is queued, refuses what comes, and waits for the jobs that run.
    pub async fn close(&self) {
        self.desk.close();
        loop {
            // The wait is registered before the look, because news between the two would be missed.
            let rest = self.desk.rest.notified();
            tokio::pin!(rest);
            rest.as_mut().enable();
            if lock(&self.desk.work).running == 0 {
                return;
            }
            rest.await;
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.desk.close();
        for thread in self.threads.drain(..) {
            // A thread cannot join itself, and the last owner may be a job on one of these.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Desk {
    fn close(&self) {
        let queue = lock(&self.work).queue.take();
        // Without the lock, because jobs that are dropped end what waits for them, which may look here.
        drop(queue);
        self.news.notify_all();
    }

    fn run(&self) {
        give_way();
        while let Some((asker, job)) = self.next() {
            // The job itself reports its failure; this only keeps the thread alive.
            if catch_unwind(AssertUnwindSafe(|| asker.takes(|| job.run()))).is_err() {
                tracing::error!("a job panicked");
            }
            let mut work = lock(&self.work);
            work.running -= 1;
            if work.running == 0 {
                self.rest.notify_waiters();
            }
        }
    }

    fn next(&self) -> Option<(Asker, Box<dyn Job>)> {
        let mut work = lock(&self.work);
        loop {
            if let Some(next) = work.queue.as_mut()?.pop() {
                work.running += 1;
                return Some(next);
            }
            work = wait(&self.news, work);
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
