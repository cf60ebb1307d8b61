//! What proxies in front of the server tell of a request: who asked, and under which URL. Only proxies that are trusted
//! are listened to, because anybody else may send the same headers.

use super::remote::Remote;
use http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// Hops that are followed back to the client: more proxies than anybody has.
const MAX_HOPS: usize = 32;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// A proxy, or a network of them, as `--trust-proxy` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// The addresses that begin with so many bits of one.
    Network(IpAddr, u8),
    /// Whoever comes by a socket file.
    Unix,
}

impl FromStr for Trusted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "expected an address, a network such as 10.0.0.0/8 or fd00::/8, or unix".to_owned();
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let ip: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self::Network(ip, bits)) }
    }
}

impl Trusted {
    fn has(self, ip: IpAddr) -> bool {
        let shifted =
            |bits: u128, width: u32, by: u8| bits.checked_shr(width - u32::from(by)).unwrap_or(0);
        match (self, ip) {
            (Self::Network(IpAddr::V4(own), bits), IpAddr::V4(ip)) => {
                let of = |ip| shifted(u128::from(u32::from(ip)), 32, bits);
                of(own) == of(ip)
            }
            (Self::Network(IpAddr::V6(own), bits), IpAddr::V6(ip)) => {
                let of = |ip| shifted(u128::from(ip), 128, bits);
                of(own) == of(ip)
            }
            _ => false,
        }
    }
}

/// The proxies that are trusted.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<[Trusted]>);

impl FromIterator<Trusted> for Proxies {
    fn from_iter<I: IntoIterator<Item = Trusted>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Proxies {
    /// Whether the other end of a connection is one of them.
    pub fn trust(&self, remote: Remote) -> bool {
        match remote {
            Remote::Unix => self.0.contains(&Trusted::Unix),
            Remote::Host(_) => self.trust_ip(remote.ip()),
        }
    }

    fn trust_ip(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|trusted| trusted.has(ip))
    }
}

/// What is told of a request; nothing of it is checked but the address.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Forwarded<'a> {
    /// Who asked.
    pub client: Option<IpAddr>,
    /// Who may have asked, where headers disagree: one of them the client may have made up.
    pub disputed: Option<[IpAddr; 2]>,
    /// By which scheme.
    pub scheme: Option<&'a str>,
    /// At which host.
    pub host: Option<&'a str>,
    /// What the path began with that was cut off.
    pub prefix: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    /// Reads the headers of a request that came from a trusted proxy: `Forwarded` (RFC 7239), or those that begin with
    /// `X-Forwarded-`. Each proxy adds at the end what it saw itself: from there back the first hop whose client
    /// is no trusted proxy tells; what stands before it anybody may have made up.
    ///
    /// A proxy writes the one or the other, and lets through what its client made up of the kind that it doesn't
    /// know. So where both are there only what they agree about is believed; of two clients the log has both, and
    /// what is counted by address counts as the proxy's.
    pub fn of(headers: &'a HeaderMap, proxies: &Proxies) -> Self {
        let prefix = last(headers, &X_FORWARDED_PREFIX);
        let standard = headers.contains_key(header::FORWARDED).then(|| {
            let hops = backwards(headers, &header::FORWARDED).map(hop);
            outermost(hops, proxies)
        });
        let usual = [&X_FORWARDED_FOR, &X_FORWARDED_PROTO, &X_FORWARDED_HOST];
        let usual = usual.iter().any(|name| headers.contains_key(*name)).then(|| {
            let hops = backwards(headers, &X_FORWARDED_FOR);
            let hops = hops.map(|client| Self { client: address(client), ..Self::default() });
            Self {
                client: outermost(hops, proxies).client,
                scheme: last(headers, &X_FORWARDED_PROTO),
                host: last(headers, &X_FORWARDED_HOST),
                ..Self::default()
            }
        });
        let told = match (standard, usual) {
            (Some(standard), Some(usual)) => standard.agreed(&usual),
            (standard, usual) => standard.or(usual).unwrap_or_default(),
        };
        Self { prefix, ..told }
    }

    /// What two say alike.
    fn agreed(&self, other: &Self) -> Self {
        let alike = |own: Option<&'a str>, other: Option<&'a str>| own.filter(|_| own == other);
        let (client, disputed) = match (self.client, other.client) {
            (Some(one), Some(another)) if one != another => (None, Some([one, another])),
            (one, another) => (one.filter(|_| one == another), None),
        };
        Self {
            client,
            disputed,
            scheme: alike(self.scheme, other.scheme),
            host: alike(self.host, other.host),
            prefix: None,
        }
    }
}

/// The first hop, from our side, whose client is no trusted proxy; where it hides its client, its own address.
fn outermost<'a>(hops: impl Iterator<Item = Forwarded<'a>>, proxies: &Proxies) -> Forwarded<'a> {
    let mut found = Forwarded::default();
    for hop in hops.take(MAX_HOPS) {
        let is_trusted = hop.client.is_some_and(|ip| proxies.trust_ip(ip));
        found = Forwarded { client: hop.client.or(found.client), ..hop };
        if !is_trusted {
            break;
        }
    }
    found
}

/// The elements of a header that is a list, the last one first.
fn backwards<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    let texts = values.into_iter().rev().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.rsplit(',')).map(str::trim).filter(|text| !text.is_empty())
}

fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    backwards(headers, name).next()
}

/// An element of `Forwarded`. No value that is listened to holds a comma or a semicolon, so one that does in quotes is
/// torn, and no address or host.
fn hop(element: &str) -> Forwarded<'_> {
    let mut told = Forwarded::default();
    for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => told.client = address(value),
            "proto" => told.scheme = Some(value),
            "host" => told.host = Some(value),
            _ => {}
        }
    }
    told
}

/// An address, with or without a port; `unknown` and made-up names are none.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::HeaderValue;

    fn proxies(texts: &[&str]) -> Proxies {
        texts.iter().map(|text| text.parse::<Trusted>().unwrap()).collect()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
    }

    fn client(pairs: &[(&'static str, &str)]) -> Option<String> {
        let trusted = proxies(&["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
        Forwarded::of(&headers(pairs), &trusted).client.map(|ip| ip.to_string())
    }

    #[test]
    fn networks_are_compared_by_their_bits() {
        for (trusted, ip, expected) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("::/0", "203.0.113.9", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.7", "192.0.2.6", false),
        ] {
            assert_eq!(
                proxies(&[trusted]).trust_ip(ip.parse().unwrap()),
                expected,
                "{trusted} {ip}"
            );
        }
        for wrong in ["", "x", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8"] {
            assert!(wrong.parse::<Trusted>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_client_is_the_first_hop_from_our_side_that_is_no_trusted_proxy() {
        for (value, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ] {
            assert_eq!(client(&[("x-forwarded-for", value)]).as_deref(), Some(expected), "{value}");
        }
        let long = vec!["10.0.0.1"; 10_000].join(",");
        assert_eq!(client(&[("x-forwarded-for", &long)]).as_deref(), Some("10.0.0.1"));
        assert_eq!(client(&[("x-forwarded-for", "nobody")]), None);
    }

    #[test]
    fn forwarded_is_read_by_its_rule() {
        let trusted = proxies(&["10.0.0.0/8"]);
        let told = headers(&[
            (
                "forwarded",
                "for=6.6.6.6;host=evil, for=\"[2001:db8::1]:99\";Proto=https;host=media.example.com",
            ),
            ("forwarded", "for=10.0.0.3;proto=http;host=inner"),
            ("x-forwarded-prefix", "/audio"),
        ]);
        let expected = Forwarded {
            client: Some("2001:db8::1".parse().unwrap()),
            disputed: None,
            scheme: Some("https"),
            host: Some("media.example.com"),
            prefix: Some("/audio"),
        };
        assert_eq!(Forwarded::of(&told, &trusted), expected);
    }

    #[test]
    fn what_a_client_makes_up_in_headers_that_its_proxy_does_not_write_is_not_believed() {
        let trusted = proxies(&["10.0.0.0/8"]);
        let of = |pairs: &[(&'static str, &str)]| {
            let headers = headers(pairs);
            let Forwarded { client, scheme, host, .. } = Forwarded::of(&headers, &trusted);
            let words = [scheme, host].map(|word| word.unwrap_or("-").to_owned());
            (client.map(|ip| ip.to_string()).unwrap_or_default(), words)
        };
        let nothing = ["-", "-"].map(String::from);
        // The proxy writes X-Forwarded-For, and the client Forwarded: with another's address, or with its own.
        let proxy = ("x-forwarded-for", "203.0.113.9");
        let other = of(&[proxy, ("forwarded", "for=6.6.6.6;host=evil;proto=https")]);
        assert_eq!(other, (String::new(), nothing.clone()));
        let own = of(&[proxy, ("forwarded", "for=203.0.113.9;host=evil;proto=https")]);
        assert_eq!(own, ("203.0.113.9".into(), nothing));
        // The other way round, and both by one proxy.
        let standard = ("forwarded", "for=203.0.113.9;host=media.example.com");
        let made_up = of(&[standard, ("x-forwarded-host", "evil"), ("x-forwarded-for", "6.6.6.6")]);
        assert_eq!(made_up, (String::new(), ["-", "-"].map(String::from)));
        let told = headers(&[proxy, ("forwarded", "for=6.6.6.6")]);
        let disputed = ["6.6.6.6", "203.0.113.9"].map(|ip| ip.parse().unwrap());
        assert_eq!(Forwarded::of(&told, &trusted).disputed, Some(disputed));
        let both = of(&[standard, proxy, ("x-forwarded-host", "media.example.com")]);
        assert_eq!(both, ("203.0.113.9".into(), ["-", "media.example.com"].map(String::from)));
    }
}
