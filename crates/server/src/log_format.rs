//! The forms of the log.

use std::fmt;
use std::str::FromStr;

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people: a time, a level, and names with values.
    #[default]
    Text,
    /// An object of JSON a line.
    Json,
    /// Requests as web servers have long written them (the Combined Log Format), all else as text.
    Common,
}

impl LogFormat {
    const ALL: [(&str, Self); 3] =
        [("text", Self::Text), ("json", Self::Json), ("common", Self::Common)];
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, format)| *format).ok_or_else(|| "expected text, json or common".into())
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, format)| format == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}
