//! For which host a request is (RFC 9110 §7.2, RFC 9112 §3.2).

use http::uri::Authority;
use http::{Request, Version, header};

/// The host that a request is for: that of its target, else that of its header (RFC 9112 §3.2.2); empty if it says
/// none.
pub fn of<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let target = request.uri().authority().map(Authority::as_str);
    target.or_else(header).unwrap_or("")
}

/// Whether a request says its host as it must: once, as `host [":" port]`, or nothing there where its target has no
/// host. HTTP/1.0 may leave it out; HTTP/2 says it in `:authority`, which holds no user (RFC 9113 §8.3.1).
pub fn is_said<B>(request: &Request<B>) -> bool {
    if request.version() == Version::HTTP_2
        && let Some(authority) = request.uri().authority()
    {
        return is_host(authority.as_str());
    }
    let mut values = request.headers().get_all(header::HOST).into_iter();
    match (values.next(), values.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(value), None) => value.to_str().is_ok_and(is_host),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 3986 §3.2.2 and §3.2.3. A name of more than 255 bytes is no host's.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest))
            if address.bytes().all(|b| b.is_ascii_hexdigit() || b".:v".contains(&b)) =>
        {
            (address, rest)
        }
        Some(_) => return false,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_name = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&'..=b',' | b';' | b'=' | b':'
            )
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    host.len() <= 255
        && host.bytes().all(is_name)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_host_is_said_once_and_in_its_syntax() {
        let said = |version, hosts: &[&str]| {
            let mut request = Request::builder().version(version);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            is_said(&request.body(()).unwrap())
        };
        for good in
            ["", "x", "media.example.com:8080", "127.0.0.1", "[::1]:80", "[fe80::1]", "a_b", "x:"]
        {
            assert!(said(Version::HTTP_11, &[good]), "{good}");
            assert!(said(Version::HTTP_10, &[good]), "{good}");
        }
        for bad in
            ["a b", "a/b", "u@h", "x:80:90", "x:y", "[::1", "[::1]x", "[g]", "a?b", "http://x"]
        {
            assert!(!said(Version::HTTP_11, &[bad]), "{bad}");
        }
        assert!(!said(Version::HTTP_11, &[]));
        assert!(said(Version::HTTP_10, &[]));
        assert!(!said(Version::HTTP_11, &["x", "x"]) && !said(Version::HTTP_10, &["x", "y"]));
    }
}
