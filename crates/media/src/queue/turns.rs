//! Turns: whose job comes next, and whose goes first where there are too many.

use super::{Job, Label};
use crate::asker::Asker;
use std::collections::VecDeque;
use std::sync::Arc;

/// Jobs that take turns with others.
pub trait Share: Default {
    fn count(&self) -> usize;

    /// Takes the job whose turn comes first.
    fn pop(&mut self) -> Option<Box<dyn Job>>;

    /// Takes the job whose turn comes last.
    fn take_last(&mut self) -> Option<Box<dyn Job>>;

    fn take_unwanted(&mut self, gone: &mut Vec<Box<dyn Job>>);
}

/// Jobs of one representation, by segment.
#[derive(Default)]
pub struct Jobs(VecDeque<(u32, Box<dyn Job>)>);

/// Shares by name, which take turns. None of them is empty.
pub struct Turns<N, S>(VecDeque<(N, S)>);

/// Jobs of one content, in turns by representation.
pub type ByKey = Turns<Arc<str>, Jobs>;

/// Jobs of one asker, in turns by content.
pub type ByContent = Turns<Arc<str>, ByKey>;

/// Jobs of one class, in turns by asker.
pub type ByAsker = Turns<Asker, ByContent>;

impl ByAsker {
    /// Who has the next turn.
    pub fn next_asker(&self) -> Option<Asker> {
        self.0.front().map(|(asker, _)| *asker)
    }

    pub fn push(&mut self, label: Label, job: Box<dyn Job>) {
        let of_content = self.entry(label.asker).entry(label.content);
        of_content.entry(label.key).0.push_back((label.segment, job));
    }

    /// How many jobs the asker has who asked for a job first, if it's here and not the label's own.
    pub fn holder(&self, label: &Label) -> Option<usize> {
        let holds = |of_asker: &ByContent| {
            let jobs = of_asker.get(&label.content).and_then(|plays| plays.get(&label.key));
            jobs.is_some_and(|jobs| jobs.0.iter().any(|(segment, _)| *segment == label.segment))
        };
        let (asker, of_asker) = self.0.iter().find(|(_, of_asker)| holds(of_asker))?;
        (*asker != label.asker).then(|| of_asker.count())
    }

    /// Takes a job, whoever asked for it first.
    pub fn take(&mut self, label: &Label) -> Option<Box<dyn Job>> {
        let taken = self.0.iter_mut().find_map(|(_, of_asker)| {
            let jobs = &mut of_asker.get_mut(&label.content)?.get_mut(&label.key)?.0;
            let at = jobs.iter().position(|(segment, _)| *segment == label.segment)?;
            jobs.remove(at)
        });
        self.tidy();
        taken.map(|(_, job)| job)
    }

    /// Takes a job of the asker, or of the asker's content, that has the most, if the newcomer's share is smaller even
    /// with one more.
    pub fn take_from_the_greediest(&mut self, newcomer: &Label) -> Option<Box<dyn Job>> {
        let taken = match self.greedier(&newcomer.asker) {
            Some(of_asker) => of_asker.greediest()?.take_last(),
            None => self.get_mut(&newcomer.asker)?.greedier(&newcomer.content)?.take_last(),
        };
        self.tidy();
        taken
    }

    fn tidy(&mut self) {
        for (_, of_asker) in &mut self.0 {
            for (_, plays) in &mut of_asker.0 {
                plays.0.retain(|(_, jobs)| jobs.count() > 0);
            }
            of_asker.0.retain(|(_, plays)| plays.count() > 0);
        }
        self.0.retain(|(_, of_asker)| of_asker.count() > 0);
    }
}

impl<N: PartialEq, S: Share> Turns<N, S> {
    fn get(&self, name: &N) -> Option<&S> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, share)| share)
    }

    fn get_mut(&mut self, name: &N) -> Option<&mut S> {
        self.0.iter_mut().find(|(other, _)| other == name).map(|(_, share)| share)
    }

    /// How many jobs a name has.
    pub fn share(&self, name: &N) -> usize {
        self.get(name).map_or(0, S::count)
    }

    /// What stands under a name; where nothing does, a new share whose turn comes last.
    fn entry(&mut self, name: N) -> &mut S {
        let at = self.0.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
            self.0.push_back((name, S::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn greediest(&mut self) -> Option<&mut S> {
        self.0.iter_mut().map(|(_, share)| share).max_by_key(|share| share.count())
    }

    /// The greediest, if this one's share is smaller even with one more.
    fn greedier(&mut self, name: &N) -> Option<&mut S> {
        let share = self.share(name);
        self.greediest().filter(|greediest| greediest.count() > share + 1)
    }
}

impl<N, S> Default for Turns<N, S> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<N: PartialEq, S: Share> Share for Turns<N, S> {
    fn count(&self) -> usize {
        self.0.iter().map(|(_, share)| share.count()).sum()
    }

    fn pop(&mut self) -> Option<Box<dyn Job>> {
        let (name, mut share) = self.0.pop_front()?;
        let next = share.pop();
        if share.count() > 0 {
            self.0.push_back((name, share));
        }
        next
    }

    fn take_last(&mut self) -> Option<Box<dyn Job>> {
        let (name, mut share) = self.0.pop_back()?;
        let last = share.take_last();
        if share.count() > 0 {
            self.0.push_back((name, share));
        }
        last
    }

    fn take_unwanted(&mut self, gone: &mut Vec<Box<dyn Job>>) {
        self.0.iter_mut().for_each(|(_, share)| share.take_unwanted(gone));
        self.0.retain(|(_, share)| share.count() > 0);
    }
}

impl Share for Jobs {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn pop(&mut self) -> Option<Box<dyn Job>> {
        self.0.pop_front().map(|(_, job)| job)
    }

    fn take_last(&mut self) -> Option<Box<dyn Job>> {
        self.0.pop_back().map(|(_, job)| job)
    }

    fn take_unwanted(&mut self, gone: &mut Vec<Box<dyn Job>>) {
        let (wanted, unwanted): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|(_, job)| job.is_wanted());
        self.0 = wanted;
        gone.extend(unwanted.into_iter().map(|(_, job)| job));
    }
}
