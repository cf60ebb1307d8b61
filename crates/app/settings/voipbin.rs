//! The settings of VoIPBIN's API.

use super::values::byte_count;
use crate::failure::Failure;
use clap::Args;
use server::{Lifetimes, VoipbinConfig, VoipbinTimes};

/// How the API answers.
#[derive(Debug, Args)]
pub struct Voipbin {
    /// How VoIPBIN's API writes times: `plain` (2024-05-27 07:55:16.515315) or `rfc3339`
    #[arg(long, value_name = "FORM", env = "TONEARM_VOIPBIN_TIMES", default_value_t = VoipbinTimes::default())]
    pub voipbin_times: VoipbinTimes,
    /// How long the links live that VoIPBIN's API shows, at most `link-max-days` [default: 7, or that]
    #[arg(long, value_name = "DAYS", env = "TONEARM_VOIPBIN_LINK_DAYS",
          value_parser = clap::value_parser!(u64).range(1..=36_500))]
    pub voipbin_link_days: Option<u64>,
    /// Bytes that all files of a partner may have once one comes in through VoIPBIN's API, unless its account says
    /// another number; more are answered 429
    #[arg(long, value_name = "N", env = "TONEARM_ACCOUNT_QUOTA_BYTES", default_value = "10GiB",
          value_parser = byte_count)]
    pub account_quota_bytes: u64,
}

/// How long links live where nothing is said.
const LINK_DAYS: u64 = 7;

impl Voipbin {
    /// What the server is told; its links must be such as are signed.
    pub fn config(&self, lifetimes: Lifetimes) -> Result<VoipbinConfig, Failure> {
        let most = lifetimes.max_s / 86_400;
        let days = self.voipbin_link_days.unwrap_or(LINK_DAYS.min(most));
        if days > most {
            let told =
                format!("--voipbin-link-days: {days}; allowed: up to --link-max-days ({most})");
            return Err(Failure::Usage(told));
        }
        Ok(VoipbinConfig {
            times: self.voipbin_times,
            link_life_s: days * 86_400,
            quota_bytes: self.account_quota_bytes,
        })
    }
}
