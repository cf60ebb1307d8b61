//! Where clients come in: at which addresses, by which certificate, and what is told of it.

use crate::failure::{Failure, print};
use crate::settings::Settings;
use crate::supervisor;
use server::{Bound, Listeners, Tls};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// The port of HTTPS where none is said.
const HTTPS_PORT: u16 = 443;

/// What is known of how clients come in.
pub struct Entrance {
    pub tls: Option<Arc<Tls>>,
    /// Where plain HTTP is led to.
    pub https_port: u16,
    pub links_follow_requests: bool,
}

impl Entrance {
    /// That of a server, which says what is to be said of it.
    pub fn of(settings: &Settings, tls: Option<Arc<Tls>>, bound: &[Bound]) -> Self {
        let is_everywhere = |bound: &Bound| matches!(bound, Bound::Address(address) if address.ip().is_unspecified());
        // Where the page has an origin of its own, that of the links can't be told from where a request came in.
        let links_follow_requests =
            settings.store.public_url.is_none() && settings.server.page_origin.is_none();
        if links_follow_requests && bound.iter().any(is_everywhere) {
            tracing::warn!(
                "listening on all addresses without --public-url: links begin with the host that each request names"
            );
        }
        Self { tls, https_port: https_port(settings, bound), links_follow_requests }
    }
}

/// The port that clients are led to: that of the links where they are said to be elsewhere.
fn https_port(settings: &Settings, bound: &[Bound]) -> u16 {
    let said = settings.store.public_url.as_deref().and_then(|url| url.strip_prefix("https://"));
    if let Some(authority) = said.and_then(|rest| rest.split('/').next()) {
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        return port.unwrap_or(HTTPS_PORT);
    }
    let ports = bound.iter().filter_map(|bound| match bound {
        Bound::Address(address) => Some(address.port()),
        Bound::Unix(_) => None,
    });
    ports.into_iter().next().unwrap_or(HTTPS_PORT)
}

/// The URL of the server on this machine.
pub fn own_url(bound: &[Bound], is_secure: bool) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    let addresses = bound.iter().filter_map(|bound| match bound {
        Bound::Address(address) => Some(*address),
        Bound::Unix(_) => None,
    });
    let here = |address: SocketAddr| match address.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::from(Ipv4Addr::LOCALHOST), address.port()).to_string(),
        false => address.to_string(),
    };
    let address = addresses.map(here).next();
    format!("{scheme}://{}", address.as_deref().unwrap_or("localhost"))
}

/// The socket file that is the only way in on this machine, if it is.
pub fn only_socket(bound: &[Bound]) -> Option<&Path> {
    let files = bound.iter().map(|bound| match bound {
        Bound::Address(_) => None,
        Bound::Unix(path) => Some(path.as_path()),
    });
    let files: Option<Vec<_>> = files.collect();
    files?.into_iter().find(|path| !path.as_os_str().is_empty())
}

/// Tells that the server is ready, and where; what is told of it afterwards, too.
pub fn announce(listeners: &Listeners, is_secure: bool) -> Result<String, Failure> {
    let scheme = if is_secure { "https" } else { "http" };
    let places: Vec<_> = listeners
        .bound()
        .iter()
        .map(|bound| match bound {
            Bound::Address(address) => format!("{scheme}://{address}"),
            Bound::Unix(_) => bound.to_string(),
        })
        .collect();
    let lines = places.iter().map(|place| format!("listening on {place}\n"));
    let redirects =
        listeners.redirecting().iter().map(|bound| format!("redirecting from {bound}\n"));
    print(&lines.chain(redirects).collect::<String>())?;
    let status = format!("listening on {}", places.join(", "));
    supervisor::ready(&status);
    Ok(status)
}
