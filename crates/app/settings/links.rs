//! The settings of signed links.

use super::values::seconds;
use crate::failure::Failure;
use clap::Args;
use semantics::signature::{SHORTEST_SECRET_BYTES, Secret};
use server::Lifetimes;

/// How links are signed.
#[derive(Debug, Args)]
pub struct Links {
    /// Secrets of signed links, parted by commas, or @FILE with one a line: the first signs, all are
    /// believed [default: one that is made at the first start and kept with the data]
    #[arg(
        long,
        value_name = "SECRETS",
        env = "TONEARM_LINK_SECRETS",
        hide_env_values = true,
        hide_default_value = true
    )]
    link_secrets: Option<String>,
    /// The ends of signed links are rounded up to whole windows, so that a link signed twice within one is
    /// the same; 0 for none
    #[arg(long, value_name = "TIME", env = "TONEARM_LINK_WINDOW", default_value = "1h",
          value_parser = seconds)]
    link_window: u64,
    /// The longest life that a link is signed for
    #[arg(long, value_name = "DAYS", env = "TONEARM_LINK_MAX_DAYS", default_value_t = 365,
          value_parser = clap::value_parser!(u64).range(1..=36_500))]
    link_max_days: u64,
}

impl Links {
    /// The secrets of the setting; none where it isn't used. No message says what they are.
    pub fn secrets(&self) -> Result<Vec<Secret>, Failure> {
        let Some(text) = &self.link_secrets else { return Ok(Vec::new()) };
        let wrong = |what: String| Failure::Usage(format!("--link-secrets: {what}"));
        let list = match text.strip_prefix('@') {
            None => text.replace(',', "\n"),
            Some(file) => std::fs::read_to_string(file)
                .map_err(|e| wrong(format!("reading the file {file}: {e}")))?,
        };
        let lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
        let secrets: Option<Vec<_>> = lines.map(|line| Secret::new(line.as_bytes())).collect();
        match secrets {
            Some(secrets) if !secrets.is_empty() => Ok(secrets),
            Some(_) => Err(wrong("there is none".into())),
            None => Err(wrong(format!("each must have {SHORTEST_SECRET_BYTES} bytes or more"))),
        }
    }

    /// How long links live.
    pub fn lifetimes(&self) -> Lifetimes {
        Lifetimes { window_s: self.link_window, max_s: self.link_max_days * 86_400 }
    }
}
