//! What a command can end with, other than success.

use std::error::Error;
use std::fmt::{self, Display};
use std::process::ExitCode;

/// Why a command ended; its text is one line that says what to do.
#[derive(Debug)]
pub enum Failure {
    /// The command line, the environment or the configuration file is wrong: exit 2.
    Usage(String),
    /// The command was understood and failed: exit 1.
    Failed(String),
    /// Help or the version was asked for: printed on stdout, exit 0.
    Asked(String),
    /// A command is missing: the help is printed on stderr, exit 2.
    Missing(String),
    /// Whoever read our output went away; there is nobody to tell.
    OutputClosed,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) | Self::Asked(text) | Self::Missing(text) => {
                f.write_str(text)
            }
            Self::OutputClosed => f.write_str("the output is closed"),
        }
    }
}

impl Failure {
    /// A failure while doing `what`.
    pub fn failed(what: impl Display, error: impl Display) -> Self {
        Self::Failed(format!("{what}: {error}"))
    }

    /// Says it in the right place; the exit code follows from it.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                eprintln!("error: {message}");
                ExitCode::from(2)
            }
            Self::Failed(message) => {
                eprintln!("error: {message}");
                ExitCode::from(1)
            }
            Self::Missing(help) => {
                eprint!("{help}");
                ExitCode::from(2)
            }
            Self::Asked(text) => match print(&text) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(1),
            },
            Self::OutputClosed => ExitCode::from(1),
        }
    }
}

/// Writes a result to stdout at once, so that whoever waits on a pipe gets it.
pub fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::failed("writing to stdout", e),
    })
}

/// An error with all that it came of: clients of HTTP say only at the end of the chain what the network did.
pub fn with_causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_told = next.to_string();
        if !told.ends_with(&next_told) {
            told = format!("{told}: {next_told}");
        }
        cause = next.source();
    }
    told
}
