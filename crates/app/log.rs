//! The log on stderr: what is in it, which can be changed while the server runs, and its form.

use crate::failure::Failure;
use crate::traces::{self, Collecting};
use server::{LogFormat, LogWriter};
use std::io::IsTerminal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// What is in the log, for as long as the process runs.
pub struct Log(reload::Handle<EnvFilter, Registry>);

impl Log {
    /// Begins the log.
    pub fn begin(
        filter: &str,
        format: LogFormat,
        traces: Option<Collecting>,
    ) -> Result<Self, Failure> {
        let (filter, handle) = reload::Layer::new(read(filter)?);
        let lines = fmt::layer().with_writer(|| LogWriter);
        let lines = match format {
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
            LogFormat::Text | LogFormat::Common => {
                lines.with_ansi(std::io::stderr().is_terminal()).boxed()
            }
        };
        let traces = traces.map(|traces| traces.with_filter(Collecting::filter()));
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces).init();
        Ok(Self(handle))
    }

    /// Changes what is in it.
    pub fn change(&self, filter: &str) -> Result<(), Failure> {
        self.0.reload(read(filter)?).map_err(|e| Failure::failed("the log", e))
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn read(filter: &str) -> Result<EnvFilter, Failure> {
    let wrong = |what: &str| {
        let levels = LEVELS.join(", ");
        let told =
            format!("--log: {what}; allowed: {levels}, or a filter such as info,media=debug");
        Failure::Usage(told)
    };
    // The library takes any other word for the name of a module, and is silent then.
    for part in filter.split(',') {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
        if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            return Err(wrong(&format!("`{level}` is no level")));
        }
    }
    // The decoders warn of each damaged packet, and know no file's name: what is wrong with a file is one
    // line of ours.
    // Stages are traces' alone.
    EnvFilter::try_new(format!("symphonia=off,{}=off,{filter}", traces::TARGET))
        .map_err(|e| wrong(&e.to_string()))
}
