//! Figures as text: Prometheus' exposition format 0.0.4.

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of histograms, in microseconds.
const BOUNDS_US: [u64; 10] =
    [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// How often something took how long.
pub struct Histogram {
    /// Times up to each bound and above the one before; the last ones are above all.
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// Nothing yet.
    pub const fn new() -> Self {
        let counts = [const { AtomicU64::new(0) }; BOUNDS_US.len() + 1];
        Self { counts, sum_us: AtomicU64::new(0) }
    }

    /// Counts one time.
    pub fn count(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.counts[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
    }
}

/// The text in the making.
pub struct Text(String);

// Writing to a string can't fail.
impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(String::with_capacity(16 << 10))
    }

    /// All of it.
    pub fn end(self) -> String {
        self.0
    }

    /// Begins a family, whose samples follow.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A sample with labels, or with none.
    pub fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// A family of one counter.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    /// A family of one gauge.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    /// The samples of histograms that are told as one.
    pub fn histogram(&mut self, name: &str, labels: &str, parts: &[Histogram]) {
        let seconds = |us: u64| us as f64 / 1e6;
        let comma = if labels.is_empty() { "" } else { "," };
        let bounds = BOUNDS_US.iter().map(|us| seconds(*us).to_string());
        let mut total = 0;
        for (n, bound) in bounds.chain(["+Inf".into()]).enumerate() {
            total += parts.iter().map(|part| part.counts[n].load(Relaxed)).sum::<u64>();
            let labels = format!("{labels}{comma}le=\"{bound}\"");
            self.sample(&format!("{name}_bucket"), &labels, total);
        }
        let sum = parts.iter().map(|part| part.sum_us.load(Relaxed)).sum();
        self.sample(&format!("{name}_sum"), labels, seconds(sum));
        self.sample(&format!("{name}_count"), labels, total);
    }
}
