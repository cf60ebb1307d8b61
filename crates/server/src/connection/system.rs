//! The system calls that neither the standard library nor tokio offers, each behind a safe function.
//! Deliberately no policy: what is sent when is decided by `wire.rs` and `body.rs`.
//!
//! This module alone in the crate may use `unsafe`. What makes it sound, for every function alike:
//!
//! - descriptors come as `AsFd`, so they are open for the length of the call and no other file's;
//! - pointers come from Rust slices that live across the call, with the slices' own lengths;
//!   `IoSlice` is guaranteed to have the layout of `iovec`;
//! - the kernel writes only to what was passed as `&mut` or to a fresh local, and only the bytes that
//!   it says it wrote are counted as initialised;
//! - no file is ever mapped: a file that is cut short is an early end, never a SIGBUS.
#![allow(unsafe_code)]

use hyper::rt::ReadBufCursor;
use std::fs::File;
use std::io::{self, IoSlice};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// The result of a call that gives a count or -1, repeated if a signal came between.
fn counted(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        if let Ok(count) = usize::try_from(call()) {
            return Ok(count);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Sends up to `length` bytes of a file from `offset` on; returns how many went out, 0 at its end.
pub fn sendfile(socket: impl AsFd, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    let (socket, file) = (socket.as_fd().as_raw_fd(), file.as_raw_fd());
    let start = libc::off_t::try_from(offset).map_err(io::Error::other)?;
    counted(|| {
        let mut position = start;
        // SAFETY: both descriptors are open, `position` is a local that outlives the call.
        unsafe { libc::sendfile(socket, file, &raw mut position, length) }
    })
}

/// Sends memory of which more is to follow at once, so that no packet goes out half full.
pub fn send_more(socket: impl AsFd, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: a msghdr of zeros is one without address, control data and flags.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = pieces.as_ptr().cast::<libc::iovec>().cast_mut();
    message.msg_iovlen = pieces.len() as _;
    // SAFETY: the kernel reads `pieces.len()` iovecs and what they point to, all borrowed here.
    counted(|| unsafe {
        libc::sendmsg(socket, &raw const message, libc::MSG_MORE | libc::MSG_NOSIGNAL)
    })
}

/// Reads into hyper's buffer; returns how many bytes came, 0 at the end.
pub fn read(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    mut buffer: ReadBufCursor<'_>,
) -> Poll<io::Result<usize>> {
    // SAFETY: tokio's `ReadBuf` never makes initialised bytes uninitialised.
    let mut unfilled = ReadBuf::uninit(unsafe { buffer.as_mut() });
    ready!(Pin::new(stream).poll_read(cx, &mut unfilled))?;
    let count = unfilled.filled().len();
    // SAFETY: so many bytes from the start on were filled just now.
    unsafe { buffer.advance(count) };
    Poll::Ready(Ok(count))
}

/// Reads what of the file is in memory already: an error of kind `WouldBlock` if that would take the
/// disk, `Unsupported` if this file system can't tell.
pub fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let descriptor = file.as_raw_fd();
    let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
    let vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: the one iovec is a live, exclusively borrowed slice.
    let read = counted(|| unsafe {
        libc::preadv2(descriptor, &raw const vector, 1, offset, libc::RWF_NOWAIT)
    });
    read.map_err(|error| match error.raw_os_error() {
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL) => io::ErrorKind::Unsupported.into(),
        _ => error,
    })
}

/// Whether all pages of a stretch of a file are in memory (cachestat(2), Linux 6.5); `None` if the system
/// can't tell.
pub fn is_cached(file: &File, offset: u64, length: u64) -> Option<bool> {
    #[repr(C)]
    struct Stretch {
        offset: u64,
        length: u64,
    }
    /// Pages in memory; dirty ones, those being written, evicted ones, and evicted ones that were in use.
    type Counts = [u64; 5];
    let stretch = Stretch { offset, length };
    let mut counts: Counts = [0; 5];
    // SAFETY: the kernel reads one range of two numbers and writes one struct of five, both locals.
    let result = unsafe {
        libc::syscall(CACHESTAT, file.as_raw_fd(), &raw const stretch, &raw mut counts, 0u32)
    };
    let page = *PAGE_BYTES;
    let pages = (offset + length).div_ceil(page) - offset / page;
    (result == 0).then(|| counts[0] >= pages)
}

/// The call's number, the same on every architecture that Rust knows.
const CACHESTAT: libc::c_long = 451;

static PAGE_BYTES: LazyLock<u64> = LazyLock::new(|| {
    // SAFETY: takes and gives a number.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes).unwrap_or(0).max(1)
});

/// A listening socket that the service manager passes on, from now on ours; none if the number is anything else's,
/// which stays as it is, because it may be a descriptor that this process has opened itself.
pub fn passed(number: RawFd) -> Option<OwnedFd> {
    let mut listens: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    let (level, name) = (libc::SOL_SOCKET, libc::SO_ACCEPTCONN);
    let value = (&raw mut listens).cast();
    // SAFETY: the call fails for a number that is no open socket; the kernel writes at most one int, which is a local.
    let told = unsafe { libc::getsockopt(number, level, name, value, &raw mut length) };
    // SAFETY: it is open and listens, which nothing of this process does yet, and the protocol (sd_listen_fds(3)) makes
    // this process its only owner: whoever started the process has put it there, before any of our own code ran.
    (told == 0 && listens != 0).then(|| unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whether the peer has ended its side and everything that it sent was read.
pub fn has_ended(socket: impl AsFd) -> bool {
    let descriptor = socket.as_fd().as_raw_fd();
    let mut byte = [0_u8];
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the kernel writes at most one byte, into a local.
    let peeked = counted(|| unsafe { libc::recv(descriptor, byte.as_mut_ptr().cast(), 1, flags) });
    matches!(peeked, Ok(0))
}

/// Bytes written to the socket that the peer hasn't acknowledged.
pub fn unacknowledged_bytes(socket: impl AsFd) -> io::Result<u64> {
    // SAFETY: SIOCOUTQ (the same number as TIOCOUTQ) writes one int.
    unsafe { queued_bytes(socket, libc::TIOCOUTQ) }
}

/// Bytes that came to the socket and weren't read.
pub fn unread_bytes(socket: impl AsFd) -> io::Result<u64> {
    // SAFETY: SIOCINQ (the same number as FIONREAD) writes one int.
    unsafe { queued_bytes(socket, libc::FIONREAD) }
}

/// Bytes in one of a socket's queues.
///
/// # Safety
/// `request` must be one that writes an int.
unsafe fn queued_bytes(socket: impl AsFd, request: libc::Ioctl) -> io::Result<u64> {
    let descriptor = socket.as_fd().as_raw_fd();
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int, which is a local.
    if unsafe { libc::ioctl(descriptor, request, &raw mut bytes) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// Sends new connections to one socket of a listening socket's group (SO_REUSEPORT), counted from 0 in
/// the order in which they began to listen; while there are fewer, the kernel spreads them over all.
pub fn steer(socket: impl AsFd, index: u32) -> io::Result<()> {
    let code = (libc::BPF_RET | libc::BPF_K) as u16;
    let mut step = libc::sock_filter { code, jt: 0, jf: 0, k: index };
    let program = libc::sock_fprog { len: 1, filter: &raw mut step };
    // SAFETY: the option takes a sock_fprog, whose one step the kernel copies within the call.
    unsafe { set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, &program) }
}

/// Undoes [`steer`] for the whole group.
pub fn steer_no_more(socket: impl AsFd) -> io::Result<()> {
    let unused: libc::c_int = 0;
    // SAFETY: the option takes an int.
    unsafe { set_option(socket, libc::SOL_SOCKET, libc::SO_DETACH_REUSEPORT_BPF, &unused) }
}

/// Has half full packets held back, or sends them (TCP_CORK).
pub fn set_cork(socket: impl AsFd, corked: bool) -> io::Result<()> {
    // SAFETY: the option takes an int.
    unsafe { set_option(socket, libc::IPPROTO_TCP, libc::TCP_CORK, &libc::c_int::from(corked)) }
}

/// Sets a socket's option.
///
/// # Safety
/// `T` must be what the option takes, and what it points to must be alive.
unsafe fn set_option<T>(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let descriptor = socket.as_fd().as_raw_fd();
    let (value, length) = ((&raw const *value).cast(), size_of::<T>() as libc::socklen_t);
    // SAFETY: the kernel reads `length` bytes of a live value.
    match unsafe { libc::setsockopt(descriptor, level, name, value, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Raises this process's limit of open descriptors as far as it may; returns the limit.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit, which is a local.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the kernel reads one rlimit.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// Has all threads that are started from now on allocate from so many heaps at most. The C library otherwise gives each
/// a heap of its own, up to eight a core, and keeps in each what was freed there.
pub fn share_heaps(heaps: usize) {
    #[cfg(target_env = "gnu")]
    if let Ok(heaps) = libc::c_int::try_from(heaps) {
        // SAFETY: it takes two numbers, and sets one under the C library's own lock.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
    }
    #[cfg(not(target_env = "gnu"))]
    let _ = heaps;
}
