//! The sockets that listen. An address of TCP has one for each serving thread: the kernel spreads connections over
//! them, so no thread ever wakes another one for a connection (SO_REUSEPORT). A socket file, and what the service
//! manager passes on, is one socket that all threads accept from.

use super::Purpose;
use super::accepting::Listener;
use super::endpoint::Endpoint;
use super::socket_file::SocketFile;
use super::system;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted, for each socket; the system may allow fewer.
const BACKLOG: u32 = 4096;

/// Where a server listens, with what was left open replaced by what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// An address.
    Address(SocketAddr),
    /// A socket file; one without a name has an empty path.
    Unix(PathBuf),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How to listen.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    /// Serving threads.
    pub threads: usize,
    /// Beside another server that has the address and leaves.
    pub beside: bool,
    /// The mode of socket files.
    pub socket_mode: u32,
}

/// All sockets of a server.
pub struct Listeners {
    how: Listening,
    bound: Vec<Bound>,
    redirecting: Vec<Bound>,
    pub(crate) threads: Vec<Vec<Inlet>>,
    pub(crate) places: Places,
}

impl Listeners {
    /// None yet.
    #[must_use]
    pub fn new(how: Listening) -> Self {
        let threads = (0..how.threads.max(1)).map(|_| Vec::new()).collect();
        let (bound, redirecting) = (Vec::new(), Vec::new());
        Self { how, bound, redirecting, threads, places: Places::default() }
    }

    /// Where they listen, in the order in which it was said.
    #[must_use]
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Where they listen to lead clients to HTTPS.
    #[must_use]
    pub fn redirecting(&self) -> &[Bound] {
        &self.redirecting
    }

    /// Listens at a place as well, within a tokio runtime.
    ///
    /// # Errors
    /// If the address isn't ours or is taken.
    pub fn listen(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let bound = self.listen_for(endpoint, Purpose::Service)?;
        self.bound.push(bound);
        Ok(())
    }

    /// Listens at a place whose clients are led to HTTPS, within a tokio runtime.
    ///
    /// # Errors
    /// As `listen`.
    pub fn redirect_from(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let bound = self.listen_for(endpoint, Purpose::Redirects)?;
        self.redirecting.push(bound);
        Ok(())
    }

    fn listen_for(&mut self, endpoint: &Endpoint, purpose: Purpose) -> io::Result<Bound> {
        match endpoint {
            Endpoint::Address(address) => self.listen_at(*address, purpose),
            Endpoint::Everywhere(port) => {
                let [all, of_v4] = Endpoint::addresses(*port);
                self.listen_at(all, purpose).or_else(|error| match error.raw_os_error() {
                    Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL) => {
                        self.listen_at(of_v4, purpose)
                    }
                    _ => Err(error),
                })
            }
            Endpoint::Unix(path) => {
                let Listening { socket_mode, beside, .. } = self.how;
                let (socket, file) = SocketFile::bind(path, socket_mode, beside)?;
                socket.set_nonblocking(true)?;
                self.places.files.push(file);
                self.share(&Listener::Unix(socket), purpose, false)?;
                Ok(Bound::Unix(path.clone()))
            }
        }
    }

    /// Takes the sockets that the service manager holds for this process (sd_listen_fds(3)); whether there are any.
    ///
    /// # Errors
    /// If one of them is no listening socket.
    pub fn take_passed(&mut self) -> io::Result<bool> {
        let passed = Listener::passed()?;
        for listener in &passed {
            self.bound.push(match listener {
                Listener::Tcp(socket) => Bound::Address(socket.local_addr()?),
                Listener::Unix(socket) => Bound::Unix(Listener::path(socket)),
            });
            self.share(listener, Purpose::Service, true)?;
        }
        Ok(!passed.is_empty())
    }

    fn listen_at(&mut self, address: SocketAddr, purpose: Purpose) -> io::Result<Bound> {
        let beside = self.how.beside;
        if beside && address.port() == 0 {
            let needed = "the port of the other server must be given";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, needed));
        }
        // Sockets that share a port would take half of another server's connections unasked. This one,
        // which shares nothing, is refused then; it also finds a free port.
        let address = if beside { address } else { bound(address, false)?.local_addr()? };
        let count = self.threads.len();
        for (number, thread) in self.threads.iter_mut().enumerate() {
            let socket = bound(address, true)?.listen(BACKLOG).and_then(TcpListener::into_std)?;
            if number == 0 {
                self.places.groups.push(Group { socket: socket.try_clone()?, count });
            }
            thread.push(Inlet { socket: Listener::Tcp(socket), purpose, is_passed: false });
        }
        Ok(Bound::Address(address))
    }

    /// Has all threads accept from one socket.
    fn share(&mut self, socket: &Listener, purpose: Purpose, is_passed: bool) -> io::Result<()> {
        for thread in &mut self.threads {
            thread.push(Inlet { socket: socket.again()?, purpose, is_passed });
        }
        Ok(())
    }
}

/// A listening socket of one serving thread.
pub(crate) struct Inlet {
    pub socket: Listener,
    /// What its connections are for.
    pub purpose: Purpose,
    /// Whether the service manager holds it: what waits in it when this process stops is its successor's. Another one
    /// ends with this process.
    pub is_passed: bool,
}

/// What a server has of the places where it listens, beside the sockets of its threads.
#[derive(Default)]
pub(crate) struct Places {
    groups: Vec<Group>,
    files: Vec<SocketFile>,
}

impl Places {
    /// Sends new connections to a successor that listens at the same addresses.
    pub fn hand_over(&self) -> io::Result<()> {
        self.groups.iter().try_for_each(Group::hand_over)
    }

    /// Takes back what a predecessor set: all sockets are ours now.
    pub fn take_over(&self) {
        self.groups.iter().for_each(Group::take_over);
    }
}

/// The sockets of one address as the kernel sees them: those of one server first, then those of its
/// successor, in the order in which they began to listen. Keeps the first one open.
struct Group {
    socket: std::net::TcpListener,
    count: usize,
}

impl Group {
    /// Sends new connections to the successor's first socket. Its place is the one behind ours, and stays so
    /// while ours close: the kernel fills a gap with the last socket. Once all have closed, the place is
    /// empty, and connections are spread over the successor's sockets. (It has as many as we have.)
    fn hand_over(&self) -> io::Result<()> {
        system::steer(&self.socket, u32::try_from(self.count).map_err(io::Error::other)?)
    }

    fn take_over(&self) {
        if let Err(error) = system::steer_no_more(&self.socket) {
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
