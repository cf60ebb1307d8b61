//! The wire where the kernel will not send a file by itself.

#![allow(clippy::unwrap_used)]
use super::super::admission::Admissions;
use super::super::deadline::ConnectionLimits;
use super::super::forwarded::Proxies;
use super::super::remote::Remote;
use super::*;
use bytes::Buf;
use std::fs::File;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// Closes a wire whose client has sent megabytes that nobody wants; whether it's done at once, and how
/// many bytes are still there.
async fn closed_on_a_sender(discarded_bytes: usize) -> (bool, usize) {
    let (mut wire, client) = connected().await;
    let mut sent = 0;
    while sent < 1 << 20 {
        client.writable().await.unwrap();
        sent += client.try_write(&[0; 1 << 16]).unwrap_or(0);
    }
    std::future::poll_fn(|cx| wire.socket().poll_read_ready(cx)).await.unwrap();
    wire.deadline.discarded(discarded_bytes);
    let closed =
        std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut wire).poll_shutdown(cx).is_ready()));
    let (closed, mut left) = (closed.await, 0);
    while let Ok(count @ 1..) = wire.socket().try_read(&mut [0; 1 << 16]) {
        left += count;
    }
    (closed, left)
}

#[tokio::test]
async fn what_a_refused_client_goes_on_sending_is_discarded_by_turns_and_not_for_ever() {
    let (closed, left) = closed_on_a_sender(1).await;
    assert!(!closed && left > 0, "all of it was read in one turn");
    let (closed, left) = closed_on_a_sender(64 << 20).await;
    assert!(closed && left > 0, "it goes on after more than enough");
}

/// A wire, and its client's end.
async fn connected() -> (Wire, TcpStream) {
    let minute = Duration::from_secs(60);
    let limits = ConnectionLimits {
        max_connections: 1,
        max_connections_per_address: 1,
        header_timeout: minute,
        idle_timeout: minute,
        send_timeout: minute,
        send_rate: 1,
    };
    let admissions = Admissions::new(limits, Proxies::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, remote) = listener.accept().await.unwrap();
    let deadline = Arc::clone(&admissions.admit(Remote::Host(remote)).unwrap().deadline);
    (Wire::new(Transport::Plain(Socket::Tcp(stream)), Arc::default(), deadline), client)
}

#[tokio::test]
async fn a_file_that_sendfile_refuses_goes_out_by_reads_and_is_not_tried_again() {
    // The kernel sends nothing of this file by itself: EINVAL.
    let path = "/proc/self/auxv";
    let (file, content) = (Arc::new(File::open(path).unwrap()), std::fs::read(path).unwrap());
    let (mut wire, mut client) = connected().await;
    let slices = Arc::clone(&wire.slices);
    let refused = system::sendfile(wire.socket(), &file, 0, content.len()).unwrap_err();
    assert!(cannot(&refused), "{refused}");
    assert!(slices.usable());
    let head = b"in front of it";
    let mut slice = slices.push(file, 16, content.len() - 16);
    let mut sent = 0;
    while slice.has_remaining() {
        let front = &head[sent.min(head.len())..];
        let pieces = [IoSlice::new(front), IoSlice::new(slice.chunk())];
        let pieces = if front.is_empty() { &pieces[1..] } else { &pieces[..] };
        let count = std::future::poll_fn(|cx| Pin::new(&mut wire).poll_write_vectored(cx, pieces))
            .await
            .unwrap();
        slice.advance(count.saturating_sub(front.len()));
        sent += count;
    }
    assert!(!slices.usable());
    drop(wire);
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, [&head[..], &content[16..]].concat());
}
