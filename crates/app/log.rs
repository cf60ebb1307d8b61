//! The log on stderr: what is in it, which can be changed while the server runs, and its form.

use crate::failure::Failure;
use crate::traces::{self, Collecting};
use server::{LogFormat, LogWriter};
use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// What is in the log, for as long as the process runs.
pub struct Log(reload::Handle<Targets, Registry>);

impl Log {
    /// Begins the log.
    pub fn begin(filter: &Filter, format: LogFormat, traces: Option<Collecting>) -> Self {
        let (filter, handle) = reload::Layer::new(filter.targets.clone());
        let lines = tracing_subscriber::fmt::layer().with_writer(|| LogWriter);
        let lines = match format {
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
            LogFormat::Text | LogFormat::Common => {
                lines.with_ansi(std::io::stderr().is_terminal()).boxed()
            }
        };
        let lines = tracing_subscriber::registry().with(lines.with_filter(filter));
        match traces {
            Some(traces) => lines.with(traces.with_filter(Collecting::filter())).init(),
            // A layer that is none would have each place in the code ask anew, at each request, whether it is heard.
            None => lines.init(),
        }
        Self(handle)
    }

    /// Changes what is in it.
    pub fn change(&self, filter: &Filter) -> Result<(), Failure> {
        self.0.reload(filter.targets.clone()).map_err(|e| Failure::failed("the log", e))
    }
}

/// What is to be in the log, and how it was said.
#[derive(Debug, Clone)]
pub struct Filter {
    said: String,
    targets: Targets,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl FromStr for Filter {
    type Err = String;

    fn from_str(said: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            let levels = LEVELS.join(", ");
            format!("{what}; allowed: {levels}, or a filter such as info,media=debug")
        };
        // The library takes any other word for the name of a module, and is silent then.
        for part in said.split(',') {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
            if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
                return Err(wrong(&format!("`{level}` is no level")));
            }
        }
        // The decoders warn of each damaged packet, and know no file's name: what is wrong with a file is one
        // line of ours.
        // Stages are traces' alone.
        let all = format!("symphonia=off,{}=off,{said}", traces::TARGET).replace(' ', "");
        let targets = all.parse().map_err(|e: ParseError| wrong(&e.to_string()))?;
        Ok(Self { said: said.to_owned(), targets })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}
