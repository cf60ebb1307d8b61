//! The queue of jobs: which goes first, and which has to go when the queue is full. No threads, no clock.
//!
//! Classes go by urgency. Within a class contents take turns, and within a content its representations, so that a
//! hundred jobs of one recording hold up nobody else's single one by more than one job; its places are shared alike.

use std::collections::VecDeque;
use std::sync::Arc;

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
    turns: [Turns; Class::ALL.len()],
    places: usize,
}

/// Jobs of one representation, by segment.
type Jobs = VecDeque<(u32, Box<dyn Job>)>;

/// Jobs of one content, in turns by representation.
type Plays = VecDeque<(Arc<str>, Jobs)>;

/// Jobs of one class, in turns by content, and in each content by representation. Nothing in it is empty.
#[derive(Default)]
struct Turns(VecDeque<(Arc<str>, Plays)>);

impl Queue {
    /// A queue of so many places.
    pub fn new(places: usize) -> Self {
        Self { turns: Default::default(), places }
    }

    /// Puts a job in, however full the queue is.
    pub fn push(&mut self, class: Class, label: Label, job: Box<dyn Job>) {
        self.turns[class as usize].push(label, job);
    }

    /// The next job.
    pub fn pop(&mut self) -> Option<Box<dyn Job>> {
        self.turns.iter_mut().find_map(Turns::pop)
    }

    /// A client that plays now waits for a job that was less urgent.
    pub fn promote(&mut self, label: &Label) {
        let (waiting, others) = self.turns.split_at_mut(1);
        if let Some(job) = others.iter_mut().find_map(|turns| turns.take(label)) {
            waiting[0].push(label.clone(), job);
        }
    }

    /// Makes room for one more job of a content. A full queue drops first what nobody waits for, then the least urgent
    /// of what is less urgent than the newcomer, and last a job of the content that holds the most places, if it would
    /// still hold as many as the newcomer's. What had to go is put into `gone`, to be dropped where no lock is held.
    ///
    /// # Errors
    /// [`Refused`] if as many jobs at least as urgent are waiting already, in fair shares.
    pub fn make_room(
        &mut self,
        class: Class,
        content: &str,
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
        let displaced = least.or_else(|| urgent.last_mut()?.take_from_the_greediest(content));
        gone.push(displaced.ok_or(Refused)?);
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.turns.iter().flat_map(|turns| &turns.0).map(count).sum::<usize>() < self.places
    }
}

impl Turns {
    fn push(&mut self, label: Label, job: Box<dyn Job>) {
        let of_content = entry(&mut self.0, label.content);
        entry(of_content, label.key).push_back((label.segment, job));
    }

    fn pop(&mut self) -> Option<Box<dyn Job>> {
        let (content, mut plays) = self.0.pop_front()?;
        let (key, mut jobs) = plays.pop_front()?;
        let next = jobs.pop_front();
        if !jobs.is_empty() {
            plays.push_back((key, jobs));
        }
        if !plays.is_empty() {
            self.0.push_back((content, plays));
        }
        next.map(|(_, job)| job)
    }

    fn take(&mut self, label: &Label) -> Option<Box<dyn Job>> {
        let (_, plays) = self.0.iter_mut().find(|(content, _)| *content == label.content)?;
        let (_, jobs) = plays.iter_mut().find(|(key, _)| *key == label.key)?;
        let at = jobs.iter().position(|(segment, _)| *segment == label.segment)?;
        let taken = jobs.remove(at);
        self.tidy();
        taken.map(|(_, job)| job)
    }

    /// Takes the job whose turn comes last.
    fn take_last(&mut self) -> Option<Box<dyn Job>> {
        self.take_last_of(self.0.len().checked_sub(1)?)
    }

    /// Takes a job of the content that has the most, if another one's share is smaller even with one more.
    fn take_from_the_greediest(&mut self, other: &str) -> Option<Box<dyn Job>> {
        let share = self.0.iter().find(|(content, _)| **content == *other).map_or(0, count);
        let (at, greediest) =
            self.0.iter().enumerate().max_by_key(|(_, of_content)| count(of_content))?;
        if count(greediest) <= share + 1 { None } else { self.take_last_of(at) }
    }

    /// Takes the job whose turn comes last of those of a content.
    fn take_last_of(&mut self, at: usize) -> Option<Box<dyn Job>> {
        let taken = self.0.get_mut(at)?.1.back_mut()?.1.pop_back();
        self.tidy();
        taken.map(|(_, job)| job)
    }

    fn take_unwanted(&mut self, gone: &mut Vec<Box<dyn Job>>) {
        for (_, jobs) in self.0.iter_mut().flat_map(|(_, plays)| plays) {
            let (wanted, unwanted): (Jobs, Jobs) =
                std::mem::take(jobs).into_iter().partition(|(_, job)| job.is_wanted());
            *jobs = wanted;
            gone.extend(unwanted.into_iter().map(|(_, job)| job));
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        for (_, plays) in &mut self.0 {
            plays.retain(|(_, jobs)| !jobs.is_empty());
        }
        self.0.retain(|(_, plays)| !plays.is_empty());
    }
}

/// Jobs of a content.
fn count((_, plays): &(Arc<str>, Plays)) -> usize {
    plays.iter().map(|(_, jobs)| jobs.len()).sum()
}

/// What stands under a name; where nothing does, a new one whose turn comes last.
fn entry<T: Default>(turns: &mut VecDeque<(Arc<str>, T)>, name: Arc<str>) -> &mut T {
    let at = turns.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
        turns.push_back((name, T::default()));
        turns.len() - 1
    });
    &mut turns[at].1
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

    impl Bench {
        fn of(places: usize) -> Self {
            Self { queue: Queue::new(places), said: Arc::default() }
        }

        /// Adds a job called `content key number` if there is room; a name in brackets is wanted by nobody.
        fn add(&mut self, class: Class, name: &'static str) -> Result<usize, Refused> {
            let wanted = !name.starts_with('(');
            let words: Vec<_> = name.trim_matches(['(', ')']).split(' ').collect();
            let mut gone = Vec::new();
            self.queue.make_room(class, words[0], &mut gone)?;
            let segment = words[2].parse().unwrap();
            let label = Label { content: words[0].into(), key: words[1].into(), segment };
            self.queue.push(class, label, Box::new(Says(name, wanted, Arc::clone(&self.said))));
            Ok(gone.len())
        }

        fn order(mut self) -> Vec<&'static str> {
            while let Some(job) = self.queue.pop() {
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
        bench.queue.promote(&Label { content: "a".into(), key: "x".into(), segment: 0 });
        assert_eq!(bench.order(), ["c x 0", "a x 0", "b x 0"]);
    }
}
