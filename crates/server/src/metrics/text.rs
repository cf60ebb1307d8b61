//! Figures as text: Prometheus' exposition format 0.0.4.

use media::{BOUNDS_US, Durations};
use std::fmt::{Display, Write};

/// Media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

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
    pub fn histogram(&mut self, name: &str, labels: &str, parts: &[Durations]) {
        let seconds = |us: u64| us as f64 / 1e6;
        let comma = if labels.is_empty() { "" } else { "," };
        let bounds = BOUNDS_US.iter().map(|us| seconds(*us).to_string());
        let mut total = 0;
        for (n, bound) in bounds.chain(["+Inf".into()]).enumerate() {
            total += parts.iter().map(|part| part.within(n)).sum::<u64>();
            let labels = format!("{labels}{comma}le=\"{bound}\"");
            self.sample(&format!("{name}_bucket"), &labels, total);
        }
        let sum = parts.iter().map(|part| part.sum_us()).sum();
        self.sample(&format!("{name}_sum"), labels, seconds(sum));
        self.sample(&format!("{name}_count"), labels, total);
    }
}
