//! The sockets that listen, one for each serving thread: the kernel spreads connections over them, so
//! no thread ever wakes another one for a connection (SO_REUSEPORT).

use super::system;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted, for each socket; the system may allow fewer.
const BACKLOG: u32 = 4096;

/// The sockets of one address.
pub struct Listeners {
    /// The address; a port of 0 was replaced by the one found.
    pub address: SocketAddr,
    pub(crate) sockets: Vec<std::net::TcpListener>,
}

/// Listens at an address with so many sockets, within a tokio runtime; `beside` another server that has it,
/// if that's wanted.
///
/// # Errors
/// If the address isn't ours or is taken.
pub fn listen(address: SocketAddr, count: usize, beside: bool) -> io::Result<Listeners> {
    if beside && address.port() == 0 {
        let needed = "the port of the other server must be given";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, needed));
    }
    // Sockets that share a port would take half of another server's connections unasked. This one,
    // which shares nothing, is refused then; it also finds a free port.
    let address = if beside { address } else { bound(address, false)?.local_addr()? };
    let open = |_| bound(address, true)?.listen(BACKLOG).and_then(TcpListener::into_std);
    let sockets = (0..count.max(1)).map(open).collect::<io::Result<_>>()?;
    Ok(Listeners { address, sockets })
}

impl Listeners {
    /// A handle on all of them together.
    pub(crate) fn group(&self) -> io::Result<Group> {
        let socket = self.sockets.first().map(std::net::TcpListener::try_clone).transpose()?;
        Ok(Group { socket, count: self.sockets.len() })
    }
}

/// The sockets of one address as the kernel sees them: those of one server first, then those of its
/// successor, in the order in which they began to listen. Keeps the first one open.
pub(crate) struct Group {
    socket: Option<std::net::TcpListener>,
    count: usize,
}

impl Group {
    /// Sends new connections to the successor's first socket. Its place is the one behind ours, and stays so
    /// while ours close: the kernel fills a gap with the last socket. Once all have closed, the place is
    /// empty, and connections are spread over the successor's sockets. (It has as many as we have.)
    pub(crate) fn hand_over(&self) -> io::Result<()> {
        let index = u32::try_from(self.count).map_err(io::Error::other)?;
        self.socket.as_ref().map_or(Ok(()), |socket| system::steer(socket, index))
    }

    /// Takes back what a predecessor set: all sockets are ours now.
    pub(crate) fn take_over(&self) {
        if let Some(Err(error)) = self.socket.as_ref().map(system::steer_no_more) {
            tracing::debug!(%error, "there was nothing to take back");
        }
    }
}

fn bound(address: SocketAddr, shared: bool) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(shared)?;
    socket.bind(address)?;
    Ok(socket)
}
