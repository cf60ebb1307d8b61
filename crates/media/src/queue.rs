//! The queue of jobs: which goes first, and which has to go when the queue is full. No threads, no clock.
//!
//! Classes go by urgency. Within a class clients take turns by address, within an address contents, and within a
//! content its representations, so that a hundred jobs of one address or one recording hold up nobody else's single
//! one by more than one job; the queue's places are shared alike.

mod turns;

use crate::asker::Asker;
use std::sync::Arc;
use turns::{ByAsker, Share, Turns};

/// How urgent a job is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A client that plays waits for it.
    Waiting,
    /// A client that plays will want it soon.
    Ahead,
    /// A client that uploads waits for it.
    Upload,
    /// Its client has left, and may come back.
    Abandoned,
}

impl Class {
    const ALL: [Self; 4] = [Self::Waiting, Self::Ahead, Self::Upload, Self::Abandoned];
}

/// What the queue knows of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Who asks for it.
    pub asker: Asker,
    /// The content that it works on.
    pub content: Arc<str>,
    /// The representation.
    pub key: Arc<str>,
    /// The segment that it makes.
    pub segment: u32,
}

/// Work for a thread. Dropped unrun, it ends what waits for it.
pub trait Job: Send {
    /// Does the work, or a turn of it.
    fn run(self: Box<Self>);

    /// Whether anybody waits for it. Called under the queue's lock: it must not look into the queue.
    fn is_wanted(&self) -> bool;
}

/// The queue takes no work: it's full, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The queue.
pub struct Queue {
    /// By class.
    turns: [ByAsker; Class::ALL.len()],
    places: usize,
}

impl Queue {
    /// A queue of so many places.
    pub fn new(places: usize) -> Self {
        Self { turns: Default::default(), places }
    }

    /// Puts a job in, however full the queue is.
    pub fn push(&mut self, class: Class, label: Label, job: Box<dyn Job>) {
        self.turns[class as usize].push(label, job);
    }

    /// Jobs that wait.
    pub fn count(&self) -> usize {
        self.turns.iter().map(Share::count).sum()
    }

    /// The next job, and who asked for it.
    pub fn pop(&mut self) -> Option<(Asker, Box<dyn Job>)> {
        self.turns.iter_mut().find_map(|turns| {
            let asker = turns.next_asker()?;
            turns.pop().map(|job| (asker, job))
        })
    }

    /// A client that plays now waits for a job, which was less urgent or has its turn later with who asked for it
    /// first.
    pub fn promote(&mut self, label: &Label) {
        let is_its_turn_sooner = |turns: &ByAsker| {
            turns.holder(label).is_some_and(|held| held > turns.share(&label.asker) + 1)
        };
        let (waiting, others) = self.turns.split_at_mut(1);
        let taken = match is_its_turn_sooner(&waiting[0]) {
            true => waiting[0].take(label),
            false => others.iter_mut().find_map(|turns| turns.take(label)),
        };
        if let Some(job) = taken {
            waiting[0].push(label.clone(), job);
        }
    }

    /// Makes room for one more job. A full queue drops first what nobody waits for, then the least urgent of what is
    /// less urgent than the newcomer, and last a job of the asker that holds the most places, or else of the content
    /// of the same asker that does, if it would still hold as many as the newcomer's. What had to go is put into
    /// `gone`, to be dropped where no lock is held.
    ///
    /// # Errors
    /// [`Refused`] if as many jobs at least as urgent are waiting already, in fair shares.
    pub fn make_room(
        &mut self,
        class: Class,
        label: &Label,
        gone: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), Refused> {
        if self.has_room() {
            return Ok(());
        }
        self.turns.iter_mut().for_each(|turns| turns.take_unwanted(gone));
        if self.has_room() {
            return Ok(());
        }
        let (urgent, less_urgent) = self.turns.split_at_mut(class as usize + 1);
        let least = less_urgent.iter_mut().rev().find_map(Turns::take_last);
        let displaced = least.or_else(|| urgent.last_mut()?.take_from_the_greediest(label));
        gone.push(displaced.ok_or(Refused)?);
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.turns.iter().map(Turns::count).sum::<usize>() < self.places
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A job that says its name when it is run.
    struct Says(&'static str, bool, Arc<Mutex<Vec<&'static str>>>);

    impl Job for Says {
        fn run(self: Box<Self>) {
            self.2.lock().unwrap().push(self.0);
        }

        fn is_wanted(&self) -> bool {
            self.1
        }
    }

    struct Bench {
        queue: Queue,
        said: Arc<Mutex<Vec<&'static str>>>,
    }

    fn label(client: u8, name: &str) -> Label {
        let words: Vec<_> = name.split(' ').collect();
        Label {
            asker: Asker::at([192, 0, 2, client].into()),
            content: words[0].into(),
            key: words[1].into(),
            segment: words[2].parse().unwrap(),
        }
    }

    impl Bench {
        fn of(places: usize) -> Self {
            Self { queue: Queue::new(places), said: Arc::default() }
        }

        /// Adds a job called `content key number` if there is room; a name in brackets is wanted by nobody.
        fn add(&mut self, class: Class, name: &'static str) -> Result<usize, Refused> {
            self.add_for(1, class, name)
        }

        /// The same for a client by the last number of its address.
        fn add_for(
            &mut self,
            client: u8,
            class: Class,
            name: &'static str,
        ) -> Result<usize, Refused> {
            let wanted = !name.starts_with('(');
            let label = label(client, name.trim_matches(['(', ')']));
            let mut gone = Vec::new();
            self.queue.make_room(class, &label, &mut gone)?;
            self.queue.push(class, label, Box::new(Says(name, wanted, Arc::clone(&self.said))));
            Ok(gone.len())
        }

        fn order(mut self) -> Vec<&'static str> {
            while let Some((_, job)) = self.queue.pop() {
                job.run();
            }
            self.said.lock().unwrap().clone()
        }
    }

    #[test]
    fn the_urgent_goes_first_and_contents_take_turns_before_their_representations_do() {
        use Class::{Abandoned, Ahead, Upload, Waiting};
        let mut bench = Bench::of(100);
        for (class, name) in [
            (Abandoned, "z z 0"),
            (Upload, "u u 0"),
            (Ahead, "b x 9"),
            (Waiting, "a x 0"),
            (Waiting, "a x 1"),
            (Waiting, "a y 0"),
            (Waiting, "a y 1"),
            (Waiting, "b x 0"),
        ] {
            bench.add(class, name).unwrap();
        }
        let order = ["a x 0", "b x 0", "a y 0", "a x 1", "a y 1", "b x 9", "u u 0", "z z 0"];
        assert_eq!(bench.order(), order);
    }

    #[test]
    fn a_full_queue_drops_the_unwanted_then_the_less_urgent_and_refuses_only_then() {
        use Class::{Abandoned, Ahead, Waiting};
        let mut bench = Bench::of(4);
        bench.add(Waiting, "(a x 0)").unwrap();
        bench.add(Waiting, "(b x 0)").unwrap();
        bench.add(Ahead, "c x 0").unwrap();
        bench.add(Abandoned, "d x 0").unwrap();
        assert_eq!(bench.add(Waiting, "e x 0"), Ok(2));
        bench.add(Waiting, "f x 0").unwrap();
        assert_eq!(bench.add(Waiting, "g x 0"), Ok(1), "not the abandoned one");
        assert_eq!(bench.add(Ahead, "h x 0"), Err(Refused));
        assert_eq!(bench.add(Waiting, "i x 0"), Ok(1), "not the one ahead");
        assert_eq!(bench.add(Waiting, "j x 0"), Err(Refused));
        assert_eq!(bench.order(), ["e x 0", "f x 0", "g x 0", "i x 0"]);
    }

    #[test]
    fn a_full_queue_is_shared_by_contents_whatever_they_are_asked_for() {
        use Class::{Ahead, Waiting};
        let mut bench = Bench::of(4);
        for name in ["a x 0", "a x 1", "a y 0", "a z 0"] {
            bench.add(Waiting, name).unwrap();
        }
        assert_eq!(bench.add(Waiting, "a z 1"), Err(Refused));
        assert_eq!(
            bench.add(Ahead, "b x 1"),
            Err(Refused),
            "it took the place of a more urgent one"
        );
        assert_eq!(bench.add(Waiting, "b x 0"), Ok(1));
        assert_eq!(bench.add(Waiting, "b y 0"), Ok(1));
        assert_eq!(bench.add(Waiting, "b z 0"), Err(Refused), "more than its share");
        assert_eq!(bench.add(Waiting, "c x 0"), Ok(1));
        assert_eq!(bench.order().len(), 4);
    }

    #[test]
    fn what_is_waited_for_now_is_promoted_from_whatever_class() {
        use Class::{Abandoned, Ahead, Waiting};
        let mut bench = Bench::of(6);
        bench.add(Abandoned, "a x 0").unwrap();
        bench.add(Ahead, "b x 0").unwrap();
        bench.add(Waiting, "c x 0").unwrap();
        bench.queue.promote(&label(1, "a x 0"));
        assert_eq!(bench.order(), ["c x 0", "a x 0", "b x 0"]);
    }

    #[test]
    fn addresses_take_turns_and_share_a_full_queue_before_their_contents_do() {
        use Class::Waiting;
        let mut bench = Bench::of(4);
        for name in ["a x 0", "b x 0", "c x 0", "d x 0"] {
            bench.add_for(1, Waiting, name).unwrap();
        }
        assert_eq!(bench.add_for(1, Waiting, "e x 0"), Err(Refused), "each content has its share");
        assert_eq!(bench.add_for(2, Waiting, "f x 0"), Ok(1));
        assert_eq!(bench.add_for(2, Waiting, "f x 1"), Ok(1));
        assert_eq!(bench.add_for(2, Waiting, "f x 2"), Err(Refused), "more than its share");
        assert_eq!(bench.add_for(2, Waiting, "g x 0"), Ok(1), "not in place of its own");
        assert_eq!(bench.add_for(3, Waiting, "h x 0"), Ok(1));
        assert_eq!(bench.order().len(), 4);
    }

    #[test]
    fn what_two_wait_for_has_its_turn_with_the_one_who_asks_for_less() {
        use Class::Waiting;
        let mut bench = Bench::of(9);
        for name in ["a x 0", "b x 0", "c x 0", "d x 0"] {
            bench.add_for(1, Waiting, name).unwrap();
        }
        bench.queue.promote(&label(2, "d x 0"));
        bench.queue.promote(&label(1, "d x 0"));
        assert_eq!(bench.order(), ["a x 0", "d x 0", "b x 0", "c x 0"]);
    }
}
