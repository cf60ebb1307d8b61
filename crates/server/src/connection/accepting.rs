//! A listening socket in a serving thread.

use super::remote::Remote;
use super::socket::Socket;
use super::system;
use std::io;
use std::net::TcpListener as StdTcp;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener as StdUnix;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A socket that listens, before a runtime has it.
pub enum Listener {
    /// Of TCP.
    Tcp(StdTcp),
    /// Of the same machine.
    Unix(StdUnix),
}

impl Listener {
    /// The listening sockets that the service manager holds for this process (sd_listen_fds(3)), each with its path if
    /// it is a socket file.
    ///
    /// # Errors
    /// If one of them is no listening socket.
    pub fn passed() -> io::Result<Vec<Self>> {
        let wrong = |told: String| io::Error::new(io::ErrorKind::InvalidInput, told);
        let numbers = sd_notify::listen_fds().map_err(|error| {
            wrong(format!(
                "LISTEN_FDS tells of more than were passed, or LISTEN_PID is wrong: {error}"
            ))
        })?;
        let count = numbers.len();
        let passed = numbers.map(|number| {
            let descriptor = system::passed(number).ok_or_else(|| {
                wrong(format!(
                    "LISTEN_FDS tells of {count}, and descriptor {number} is no listening socket; allowed: listening \
                     sockets (Accept=no), from descriptor 3 on"
                ))
            })?;
            Self::of(descriptor)
        });
        passed.collect()
    }

    fn of(descriptor: OwnedFd) -> io::Result<Self> {
        let of_tcp = StdTcp::from(descriptor);
        if of_tcp.local_addr().is_ok() {
            of_tcp.set_nonblocking(true)?;
            return Ok(Self::Tcp(of_tcp));
        }
        let of_unix = StdUnix::from(OwnedFd::from(of_tcp));
        of_unix.local_addr()?;
        of_unix.set_nonblocking(true)?;
        Ok(Self::Unix(of_unix))
    }

    /// The path of a socket file; empty if it has no name.
    pub fn path(socket: &StdUnix) -> PathBuf {
        let address = socket.local_addr().ok();
        address.and_then(|a| a.as_pathname().map(PathBuf::from)).unwrap_or_default()
    }

    /// The same socket for another thread.
    pub fn again(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            Self::Unix(socket) => Self::Unix(socket.try_clone()?),
        })
    }

    /// Has the present runtime watch it.
    pub fn watched(self) -> io::Result<Accepting> {
        Ok(match self {
            Self::Tcp(socket) => Accepting::Tcp(TcpListener::from_std(socket)?),
            Self::Unix(socket) => Accepting::Unix(UnixListener::from_std(socket)?),
        })
    }
}

/// A socket that connections are accepted from.
pub enum Accepting {
    /// Of TCP.
    Tcp(TcpListener),
    /// Of the same machine.
    Unix(UnixListener),
}

impl Accepting {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<(Socket, Remote)> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                (Socket::Tcp(stream), Remote::Host(address))
            }
            Self::Unix(listener) => (Socket::Unix(listener.accept().await?.0), Remote::Unix),
        })
    }

    /// Stops, and gives the connections that the kernel has already accepted. The system is asked for them, because
    /// the runtime hears of a part of them only, and late.
    pub fn accept_waiting(self, mut take_in: impl FnMut(Socket, Remote)) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => {
                let listener = listener.into_std()?;
                while let Some((stream, address)) = waiting(listener.accept())? {
                    stream.set_nonblocking(true)?;
                    take_in(Socket::Tcp(TcpStream::from_std(stream)?), Remote::Host(address));
                }
            }
            Self::Unix(listener) => {
                let listener = listener.into_std()?;
                while let Some((stream, _)) = waiting(listener.accept())? {
                    stream.set_nonblocking(true)?;
                    take_in(Socket::Unix(UnixStream::from_std(stream)?), Remote::Unix);
                }
            }
        }
        Ok(())
    }
}

fn waiting<T>(accepted: io::Result<T>) -> io::Result<Option<T>> {
    match accepted {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        accepted => accepted.map(Some),
    }
}
