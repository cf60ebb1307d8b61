//! The origin of the page and the storage APIs, where it is not that of the published links.

use crate::connection::base::is_plain_host;
use std::str::FromStr;

/// An origin (RFC 6454), such as `https://console.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Host and, unless it is the scheme's own, port; in lower case.
    authority: String,
    default_port: &'static str,
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let schemes = [("https://", ":443"), ("http://", ":80")];
        let found = schemes.into_iter().find_map(|(scheme, port)| {
            Some((text.strip_prefix(scheme)?.trim_end_matches('/'), port))
        });
        match found {
            Some((host, default_port)) if is_plain_host(host) => {
                let host = host.to_ascii_lowercase();
                let authority = host.strip_suffix(default_port).unwrap_or(&host).to_owned();
                Ok(Self { authority, default_port })
            }
            _ => Err("expected an origin such as https://console.example.com".into()),
        }
    }
}

impl Origin {
    /// Whether a URL lies at its host.
    #[must_use]
    pub fn has(&self, url: &str) -> bool {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        self.is_host(rest.split('/').next().unwrap_or(""))
    }

    /// Whether a Host header names it.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        host.strip_suffix(self.default_port).unwrap_or(&host) == self.authority
    }
}
