//! A job as a part of the trace of who queued it: from the queue to the end of its run.

use crate::queue::Job;
use tracing::Span;

struct Spanned {
    span: Span,
    job: Box<dyn Job>,
}

/// The job, traced if what runs now is.
pub fn spanned(job: Box<dyn Job>) -> Box<dyn Job> {
    let span = tracing::info_span!(target: "stage", "job");
    if span.is_disabled() { job } else { Box::new(Spanned { span, job }) }
}

impl Job for Spanned {
    fn run(self: Box<Self>) {
        let Self { span, job } = *self;
        span.in_scope(|| job.run());
    }

    fn is_wanted(&self) -> bool {
        self.job.is_wanted()
    }
}
