//! What a client of HTTP/2 still sends of a body that nobody reads. A stream whose body is dropped is reset as soon as
//! its answer is out. RFC 9113 §8.1 lets a server do so, but clients that are busy sending take the reset for the whole
//! answer and never look at what it was. So for a while what comes is thrown away, as on a connection of HTTP/1.

use super::deadline::{LINGER, MOST_DISCARDED};
use hyper::body::{Body, Incoming};
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long it is read on in all; it may stand still for [`LINGER`].
const LONGEST: Duration = Duration::from_secs(20);

/// Reads a body on that is not wanted any more.
pub fn discard(body: Incoming) {
    // Without a runtime there is no connection any more.
    if let (false, Ok(runtime)) = (body.is_end_stream(), Handle::try_current()) {
        runtime.spawn(timeout(LONGEST, discarded(body)));
    }
}

async fn discarded(mut body: Incoming) {
    let mut bytes = 0;
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        let Ok(Some(Ok(frame))) = timeout(LINGER, frame).await else { return };
        bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        if bytes > MOST_DISCARDED {
            return;
        }
    }
}
