//! Where links begin that an answer shows: at the URL by which the request reached the server. What a client or a
//! proxy says is taken only where it can be nothing else than a part of that URL.

use super::forwarded::Forwarded;

/// The longest prefix of a path that is taken.
const MAX_PREFIX_BYTES: usize = 200;

/// What links begin with, such as `https://media.example.com/audio`; `None` where the request doesn't tell a host.
pub fn of(host: &str, is_secure: bool, told: &Forwarded<'_>) -> Option<String> {
    let host = [told.host, Some(host)].into_iter().flatten().find(|host| is_plain_host(host))?;
    let own = if is_secure { "https" } else { "http" };
    let scheme = match told.scheme {
        Some(told) if told.eq_ignore_ascii_case("https") => "https",
        Some(told) if told.eq_ignore_ascii_case("http") => "http",
        _ => own,
    };
    let prefix = told.prefix.map(|prefix| prefix.trim_end_matches('/'));
    let prefix = prefix.filter(|prefix| is_plain_path(prefix)).unwrap_or("");
    Some(format!("{scheme}://{host}{prefix}"))
}

/// Whether links may begin with a text: a scheme of the web, a plain host and, if there is one, a plain path.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        is_plain_host(host) && (path.is_empty() || is_plain_path(path))
    })
}

/// A host of letters, digits, `-`, `_` and dots, or an IPv6 address in brackets, with or without a port.
pub fn is_plain_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|_| !port.starts_with('+'));
    let is_address = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_address(address),
        None => matches!(host.len(), 1..=255) && host.bytes().all(is_name),
    };
    is_host && port.is_none_or(is_port)
}

/// Segments of letters, digits, `-`, `.`, `_` and `~`, none of them empty or made of dots.
fn is_plain_path(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_segment =
        |segment: &str| segment.bytes().all(is_plain) && segment.bytes().any(|b| b != b'.');
    let path = text.strip_prefix('/');
    path.is_some_and(|path| text.len() <= MAX_PREFIX_BYTES && path.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<'a>(scheme: &'a str, host: &'a str, prefix: &'a str) -> Forwarded<'a> {
        let said = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        let (scheme, host, prefix) = (said(scheme), said(host), said(prefix));
        Forwarded { scheme, host, prefix, ..Forwarded::default() }
    }

    #[test]
    fn links_begin_where_the_request_came() {
        let none = Forwarded::default();
        assert_eq!(of("a.example:8080", false, &none).as_deref(), Some("http://a.example:8080"));
        assert_eq!(of("[::1]:80", true, &none).as_deref(), Some("https://[::1]:80"));
        let proxied = told("HTTPS", "media.example.com", "/audio/v1/");
        assert_eq!(of("x", false, &proxied).as_deref(), Some("https://media.example.com/audio/v1"));
    }

    #[test]
    fn what_is_no_part_of_a_url_gets_into_no_link() {
        let long = "x".repeat(300);
        for host in [
            "", " ", "a b", "u@h", "//evil", "a/b", "a?b", "a#b", "a:b", "a:1:2", "[x]", "a%2f",
            "a\"b", "a:99999", &long,
        ] {
            assert_eq!(of(host, false, &Forwarded::default()), None, "{host}");
            let of_proxy = of("own", false, &told("", host, ""));
            assert_eq!(of_proxy.as_deref(), Some("http://own"), "{host}");
        }
        let long = format!("/{long}");
        for prefix in [
            "//evil", "evil", "/a//b", "/..", "/a/../b", "/.", "/a b", "/a?b", "/a#b", "/%2e",
            "/<", &long,
        ] {
            let base = of("own", false, &told("", "", prefix));
            assert_eq!(base.as_deref(), Some("http://own"), "{prefix}");
        }
        assert_eq!(of("own", true, &told("javascript", "", "")).as_deref(), Some("https://own"));
    }
}
