//! The settings of certificates that a certificate authority gives by itself.

use clap::Args;
use instant_acme::LetsEncrypt;
use std::path::PathBuf;

/// Which certificate is ordered, and where (ACME, RFC 8555).
#[derive(Debug, Clone, Args)]
pub struct Acme {
    /// Names that this server has in the DNS, several times if need be: a certificate for them is ordered and renewed
    /// (ACME), and the authority's terms are agreed to
    #[arg(long, value_name = "NAME", env = "TONEARM_ACME_DOMAIN", value_delimiter = ',',
          conflicts_with = "tls_cert", value_parser = name)]
    pub acme_domain: Vec<String>,
    /// Whom the authority may write to
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "TONEARM_ACME_EMAIL",
        requires = "acme_domain",
        value_parser = address
    )]
    pub acme_email: Option<String>,
    /// The authority's directory
    #[arg(long, value_name = "URL", env = "TONEARM_ACME_DIRECTORY",
          default_value = LetsEncrypt::Production.url(), value_parser = directory)]
    pub acme_directory: String,
    /// What vouches for the authority's own certificate, in PEM, where the system doesn't trust it
    #[arg(long, value_name = "FILE", env = "TONEARM_ACME_CA", requires = "acme_domain")]
    pub acme_ca: Option<PathBuf>,
}

/// RFC 1035 §2.3.1, RFC 1123 §2.1: at least two labels, the last of which is no number.
fn name(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    match text.rsplit_once('.') {
        Some((_, last))
            if text.len() <= 253 && text.split('.').all(is_label) && !is_number(last) =>
        {
            Ok(text.to_ascii_lowercase())
        }
        _ => Err("expected a name such as media.example.com, no address and no *".into()),
    }
}

fn address(text: &str) -> Result<String, String> {
    let address = mail::mailbox(text).map(|mailbox| mailbox.email.to_string());
    address.ok_or_else(|| "expected an address such as admin@example.com".into())
}

fn directory(text: &str) -> Result<String, String> {
    match text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err("expected a URL that begins with https://".into()),
    }
}
