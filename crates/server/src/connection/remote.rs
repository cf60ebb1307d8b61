//! Who is at the other end of a connection, and which addresses are one client's.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// A host.
    Host(SocketAddr),
    /// A process of this machine that may open the socket file.
    Unix,
}

impl Remote {
    /// Its address; that of this machine where it needs none.
    pub fn ip(self) -> IpAddr {
        match self {
            Self::Host(address) => address.ip().to_canonical(),
            Self::Unix => Ipv4Addr::LOCALHOST.into(),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => SocketAddr::new(self.ip(), address.port()).fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// The network of an address: for IPv6 a /64, because that is what one client is given.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_64_is_one_network_and_a_mapped_address_is_what_it_maps() {
        let of = |text: &str| text.parse().map(network).ok();
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
