//! Finds a segment or a layout, or has it made.

use crate::cache::output::Output;
use crate::engine::Engine;
use crate::error::{OpenError, RETRY_AFTER_ENCODE_S, RETRY_AFTER_S};
use crate::flight::{End, Flight, Ticket};
use crate::make::alone::Maker;
use crate::make::chain::Runner;
use crate::make::learn;
use crate::play::Play;
use crate::play::chain::Way;
use crate::queue::{Class, Job, Refused};
use audio::Layout;
use catalog::StoredLayout;
use std::sync::Arc;
use std::time::Duration;

/// What a look for a segment gave.
pub enum Fetch {
    /// It's in the cache.
    Cached(Arc<Output>),
    /// It's being made.
    Flight(Ticket),
}

/// Finds a segment in the cache or in flight, or has it made. `accepted` work is queued whatever the
/// queue's length.
pub fn fetch(
    engine: &Arc<Engine>,
    play: &Arc<Play>,
    segment: u32,
    class: Class,
    accepted: bool,
) -> Result<Fetch, Refused> {
    let mut flights = play.flights();
    // Looked up under the lock: a maker stores its segment before it takes the flight off.
    if let Some(output) = engine.cache.get(&play.key).filter(|output| output.has(segment)) {
        return Ok(Fetch::Cached(output));
    }
    if let Some(flight) = flights.get(&segment).filter(|flight| !flight.has_ended()) {
        let ticket = Ticket::new(flight);
        drop(flights);
        if class == Class::Waiting {
            hurry(engine, play, segment, &ticket);
        }
        return Ok(Fetch::Flight(ticket));
    }
    let flight = Arc::new(Flight::default());
    let ticket = Ticket::new(&flight);
    flights.insert(segment, Arc::clone(&flight));
    drop(flights);
    if class == Class::Waiting {
        flight.hurry();
    }
    let chained = play.transcode.encoding().chained();
    let way = if chained { play.chain().extend(segment, class) } else { Way::Alone(None) };
    let (label, job): (_, Box<dyn Job>) = match way {
        Way::Alone(checkpoint) => {
            let maker = Maker::new(engine, play, segment, checkpoint, flight, class);
            (play.label(segment), Box::new(maker))
        }
        Way::Chained { start: true } => (Runner::label(play), Box::new(Runner::new(engine, play))),
        Way::Chained { start: false } => {
            if class == Class::Waiting {
                engine.scheduler.promote(&Runner::label(play));
            }
            return Ok(Fetch::Flight(ticket));
        }
    };
    engine.queue(class, label, job, accepted, &|| ticket.flight().is_urgent())?;
    Ok(Fetch::Flight(ticket))
}

/// Waits until the first byte of a segment is here, at most as long as a store may take.
pub async fn begins(
    engine: &Arc<Engine>,
    play: &Arc<Play>,
    segment: u32,
    class: Class,
) -> Result<(), OpenError> {
    let busy = |Refused| OpenError::Busy { retry_after_s: RETRY_AFTER_S };
    let Fetch::Flight(ticket) = fetch(engine, play, segment, class, false).map_err(busy)? else {
        return Ok(());
    };
    let first = tokio::time::timeout(engine.config.store_timeout, ticket.flight().read(0, 1)).await;
    match first {
        Ok(Ok(_) | Err(End::Cached | End::Whole)) => {}
        Ok(Err(End::Cancelled)) => return Err(busy(Refused)),
        Ok(Err(end)) => return Err(end.into()),
        Err(_) => return Err(OpenError::StoreAway),
    }
    // The answer that comes now asks for it again.
    ticket.used();
    Ok(())
}

/// A client that holds a ticket waits for the segment now.
pub fn hurry(engine: &Engine, play: &Play, segment: u32, ticket: &Ticket) {
    ticket.flight().hurry();
    engine.scheduler.promote(&play.label(segment));
    if play.transcode.encoding().chained() {
        play.chain().hurry(segment);
        engine.scheduler.promote(&Runner::label(play));
    }
}

/// The layout of a play: known, kept, or learned now while the caller waits. A client that plays is told to come back
/// after a while; one that uploads waits to the end, because it has sent everything and would have to again.
pub async fn layout_of(
    engine: &Arc<Engine>,
    play: &Arc<Play>,
    class: Class,
) -> Result<Arc<Layout>, OpenError> {
    if let Some(layout) = play.layout() {
        return Ok(Arc::clone(layout));
    }
    let kept = engine.catalog.layout(&play.key).await?;
    if let Some(StoredLayout { header, offsets }) = kept
        && offsets.len() == play.transcode.encoding().segment_count() as usize + 1
    {
        return Ok(play.learned(Layout { header, offsets }));
    }
    let retry_after_s = RETRY_AFTER_ENCODE_S;
    let ticket =
        learn::join(engine, play, class).map_err(|Refused| OpenError::Busy { retry_after_s })?;
    let patience = if class == Class::Upload { Duration::MAX } else { engine.config.learn_timeout };
    match tokio::time::timeout(patience, ticket.flight().ended()).await {
        Err(_) => Err(OpenError::StillEncoding { retry_after_s }),
        Ok(End::Failed(message)) => Err(OpenError::Failed(message)),
        Ok(End::Away) => Err(OpenError::StoreAway),
        Ok(End::Cancelled) => Err(OpenError::Busy { retry_after_s }),
        Ok(End::Whole | End::Cached) => {
            play.layout().cloned().ok_or_else(|| OpenError::Failed("no layout was learned".into()))
        }
    }
}
