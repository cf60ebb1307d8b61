//! Where a server is to listen, as `--listen` says it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// An address of this machine; a port of 0 picks a free one.
    Address(SocketAddr),
    /// A port of all its addresses.
    Everywhere(u16),
    /// A socket file.
    Unix(PathBuf),
}

/// An example of each form.
const ALLOWED: &str = "expected 8190 (this machine alone), :8190 (all addresses), localhost:8190, 127.0.0.1:8190, \
                       [::1]:8190 or unix:/run/tonearm.sock";

/// The longest path of a socket file (unix(7): 108 bytes with the zero at the end), less what a name has that takes
/// its place.
pub const MAX_PATH_BYTES: usize = 107 - ".12345678".len();

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let loopback = |port| Self::Address((Ipv4Addr::LOCALHOST, port).into());
        let port = |text: &str| -> Option<u16> {
            text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
        };
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.len() {
                1..=MAX_PATH_BYTES if !path.ends_with('/') && !path.contains('\0') => {
                    Ok(Self::Unix(path.into()))
                }
                _ => Err(format!(
                    "a socket file has a path of 1 to {MAX_PATH_BYTES} bytes; {ALLOWED}"
                )),
            };
        }
        let known = match text.rsplit_once(':') {
            None => port(text).map(loopback),
            Some(("" | "*", after)) => port(after).map(Self::Everywhere),
            Some(("localhost", after)) => port(after).map(loopback),
            Some(_) => text.parse().ok().map(Self::Address),
        };
        known.ok_or_else(|| ALLOWED.to_owned())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Endpoint {
    /// The addresses to try in turn: a system without IPv6 has the second alone.
    pub(super) fn addresses(port: u16) -> [SocketAddr; 2] {
        [IpAddr::from(Ipv6Addr::UNSPECIFIED), Ipv4Addr::UNSPECIFIED.into()]
            .map(|ip| SocketAddr::new(ip, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_a_wrong_one_is_told_all_of_them() {
        let address = |text: &str| text.parse().map(Endpoint::Address).ok();
        for (text, expected) in [
            ("8190", address("127.0.0.1:8190")),
            ("localhost:8190", address("127.0.0.1:8190")),
            ("[::1]:8190", address("[::1]:8190")),
            ("0.0.0.0:0", address("0.0.0.0:0")),
            (":8190", Some(Endpoint::Everywhere(8190))),
            ("*:8190", Some(Endpoint::Everywhere(8190))),
            ("unix:/run/tonearm.sock", Some(Endpoint::Unix("/run/tonearm.sock".into()))),
        ] {
            assert_eq!(text.parse::<Endpoint>().ok(), expected, "{text}");
        }
        let long = format!("unix:/{}", "x".repeat(200));
        for text in [
            "",
            ":",
            "x",
            "+80",
            ":+80",
            "99999",
            "1.2.3:80",
            "::1:80",
            "http://x:80",
            "unix:",
            "unix:/a/",
            &long,
        ] {
            let told = text.parse::<Endpoint>().err().unwrap_or_default();
            for form in [" 8190", ":8190", "localhost:8190", "[::1]:8190", "unix:/run/tonearm.sock"]
            {
                assert!(told.contains(form), "{text}: {told}");
            }
        }
    }
}
