//! The settings of mails.

use super::values::byte_count;
use crate::failure::Failure;
use clap::Args;
use mail::{Mailbox, PATIENCE};

/// The largest recording that can be attached: a mail is held in memory, coded and as it is.
const MAX_ATTACH_BYTES: u64 = 64 << 20;

/// How recordings are mailed.
#[derive(Debug, Args)]
pub struct Mail {
    /// The server that takes mails of recordings, such as smtps://user:password@mail.example.com; smtp:// takes
    /// STARTTLS where it is offered [default: no mail goes]
    #[arg(
        long,
        value_name = "URL",
        env = "TONEARM_SMTP_URL",
        hide_env_values = true,
        hide_default_value = true
    )]
    smtp_url: Option<String>,
    /// Whom mails are from, such as `Recordings <rec@example.com>`
    #[arg(long, value_name = "ADDRESS", env = "TONEARM_MAIL_FROM", value_parser = mailbox)]
    mail_from: Option<Mailbox>,
    /// The largest recording that is attached to its mail, at most 64MiB; of a larger one the link goes
    /// alone
    #[arg(long, value_name = "N", env = "TONEARM_MAIL_ATTACH_BYTES", default_value = "10MiB",
          value_parser = attach_bytes)]
    mail_attach_bytes: u64,
}

impl Mail {
    /// How mails are sent. No message says what the URL is, because there may be a password in it.
    pub fn config(&self) -> Result<mail::Config, Failure> {
        let server = self.smtp_url.as_deref().map(str::parse).transpose();
        let server = server.map_err(|e| Failure::Usage(format!("--smtp-url: {e}")))?;
        if server.is_some() && self.mail_from.is_none() {
            let told = "--smtp-url needs --mail-from, which says whom the mails are from";
            return Err(Failure::Usage(told.into()));
        }
        let (from, attach_bytes) = (self.mail_from.clone(), self.mail_attach_bytes);
        Ok(mail::Config { server, from, attach_bytes, patience: PATIENCE })
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    mail::mailbox(text)
        .ok_or_else(|| "expected an address such as `Recordings <rec@example.com>`".into())
}

fn attach_bytes(text: &str) -> Result<u64, String> {
    let bytes = byte_count(text)?;
    match bytes {
        0..=MAX_ATTACH_BYTES => Ok(bytes),
        _ => Err("expected at most 64MiB".into()),
    }
}
