//! A body: the bytes of one range, in order, as file slices and memory, pulled by the one who sends them.
//!
//! Nothing is made unless it's pulled, but for a bounded read-ahead; dropping the body gives up what
//! only it waited for.

use crate::blocks::Blocks;
use crate::chunk::{BodyError, Chunk, MEMORY_BYTES};
use crate::engine::Engine;
use crate::error::{OpenError, RETRY_AFTER_S};
use crate::fetch::{self, Fetch};
use crate::flight::{End, Ticket};
use crate::play::Play;
use crate::queue::Class;
use crate::reading::Reading;
use audio::Layout;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// The bytes of one range.
pub struct Body {
    kind: Kind,
}

enum Kind {
    File { file: Arc<File>, range: Range<u64> },
    Blocks(Reading),
    Play(Box<Playing>),
}

struct Playing {
    engine: Arc<Engine>,
    play: Arc<Play>,
    layout: Arc<Layout>,
    /// What is still to be sent.
    range: Range<u64>,
    /// Segments that this body wants made: the present one and those ahead.
    tickets: BTreeMap<u32, Ticket>,
    /// The segment that is read now.
    present: Option<u32>,
    /// How urgent that one is.
    class: Class,
}

/// Most bytes read out of a file at a time.
const BLOCK_BYTES: u64 = 256 * 1024;

impl Body {
    pub(crate) fn of_file(file: Arc<File>, range: Range<u64>) -> Self {
        Self { kind: Kind::File { file, range } }
    }

    pub(crate) fn of_blocks(blocks: Arc<Blocks>, range: Range<u64>) -> Self {
        Self { kind: Kind::Blocks(Reading::new(blocks, range)) }
    }

    pub(crate) fn of_play(
        engine: Arc<Engine>,
        play: Arc<Play>,
        layout: Arc<Layout>,
        range: Range<u64>,
        class: Class,
    ) -> Self {
        let tickets = BTreeMap::new();
        let playing = Playing { engine, play, layout, range, tickets, present: None, class };
        Self { kind: Kind::Play(Box::new(playing)) }
    }

    /// Takes the first missing segment of the range into the queue, or says that it's full; has the first missing block
    /// fetched.
    pub(crate) fn admit(&mut self) -> Result<(), OpenError> {
        match &mut self.kind {
            Kind::File { .. } => Ok(()),
            Kind::Blocks(reading) => {
                reading.admit();
                Ok(())
            }
            Kind::Play(playing) => playing.admit(),
        }
    }

    /// The next piece; `None` at the end of the range.
    ///
    /// # Errors
    /// [`BodyError`]; nothing more comes after it.
    pub async fn next(&mut self) -> Option<Result<Chunk, BodyError>> {
        self.next_within(u64::MAX).await
    }

    /// The next bytes, read into memory a block at a time; `None` at the end of the range.
    ///
    /// # Errors
    /// [`BodyError`]; nothing more comes after it.
    pub async fn bytes(&mut self) -> Option<Result<Bytes, BodyError>> {
        match self.next_within(BLOCK_BYTES).await? {
            Ok(chunk) => {
                Some(chunk.bytes().await.map_err(|e| BodyError::new(format!("reading: {e}"))))
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The next piece, at most so many bytes of a file.
    async fn next_within(&mut self, most: u64) -> Option<Result<Chunk, BodyError>> {
        match &mut self.kind {
            Kind::File { range, .. } if range.is_empty() => None,
            Kind::File { file, range } => {
                let (offset, length) = (range.start, most.min(range.end - range.start));
                range.start += length;
                Some(Ok(Chunk::File { file: Arc::clone(file), offset, length }))
            }
            Kind::Blocks(reading) => reading.next(most).await.transpose(),
            Kind::Play(playing) => playing.next(most).await.transpose(),
        }
    }
}

impl Playing {
    fn admit(&mut self) -> Result<(), OpenError> {
        let missing =
            self.layout.segments_of(&self.range).find(|s| !self.play.has(&self.engine.cache, *s));
        let Some(segment) = missing else { return Ok(()) };
        let fetched = fetch::fetch(&self.engine, &self.play, segment, self.class, false);
        match fetched.map_err(|_| OpenError::Busy { retry_after_s: RETRY_AFTER_S })? {
            Fetch::Flight(ticket) => drop(self.tickets.insert(segment, ticket)),
            Fetch::Cached(_) => {}
        }
        Ok(())
    }

    async fn next(&mut self, most: u64) -> Result<Option<Chunk>, BodyError> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let header = &self.layout.header;
        if self.range.start < header.len() as u64 {
            let end = self.range.end.min(header.len() as u64);
            let bytes = &header[self.range.start as usize..end as usize];
            let chunk = Chunk::Memory(Bytes::copy_from_slice(bytes));
            self.range.start = end;
            return Ok(Some(chunk));
        }
        let segment = self.layout.segments_of(&self.range).start;
        let span = self.layout.span(segment);
        let offset = self.range.start - span.start;
        let length = most.min(span.end.min(self.range.end) - self.range.start);
        self.enter(segment);
        loop {
            if let Some(ticket) = self.tickets.get(&segment) {
                let wanted = MEMORY_BYTES.min(usize::try_from(length).unwrap_or(MEMORY_BYTES));
                match ticket.flight().read(offset as usize, wanted).await {
                    Ok(bytes) => {
                        self.range.start += bytes.len() as u64;
                        if self.range.start == span.end.min(self.range.end) {
                            self.tickets.remove(&segment).into_iter().for_each(Ticket::used);
                        }
                        return Ok(Some(Chunk::Memory(bytes)));
                    }
                    Err(End::Whole) => {
                        return Err(BodyError::new(format!("segment {segment} ended early")));
                    }
                    Err(End::Failed(message)) => return Err(BodyError::new(message)),
                    Err(End::Away) => {
                        return Err(BodyError::new("the store of the source can't be reached"));
                    }
                    // A finished segment is read from the cache from here on. One that was given up before this
                    // body held a ticket is asked for anew.
                    Err(End::Cached | End::Cancelled) => drop(self.tickets.remove(&segment)),
                }
            }
            if let Some(chunk) = self.cached_or_fetch(segment, offset, length).await? {
                self.range.start += length;
                return Ok(Some(chunk));
            }
        }
    }

    /// Comes to a segment: it's waited for now, and those behind it are wanted soon.
    fn enter(&mut self, segment: u32) {
        if self.present.replace(segment) == Some(segment) {
            return;
        }
        self.tickets.retain(|ahead, _| *ahead >= segment);
        if self.class == Class::Waiting
            && let Some(ticket) = self.tickets.get(&segment)
        {
            fetch::hurry(&self.engine, &self.play, segment, ticket);
        }
        self.read_ahead(segment);
    }

    /// The segment's slice if it's cached; else has it made and keeps the ticket.
    async fn cached_or_fetch(
        &mut self,
        segment: u32,
        offset: u64,
        length: u64,
    ) -> Result<Option<Chunk>, BodyError> {
        let fetched = fetch::fetch(&self.engine, &self.play, segment, self.class, true);
        match fetched.map_err(|_| BodyError::new("the server is stopping"))? {
            Fetch::Flight(ticket) => {
                self.tickets.insert(segment, ticket);
                Ok(None)
            }
            Fetch::Cached(output) => {
                let slice = self.play.slice(&self.engine.cache, output, segment).await;
                match slice
                    .map_err(|e| BodyError::new(format!("opening cached segment {segment}: {e}")))?
                {
                    Some(slice) if offset + length <= slice.length => {
                        let offset = slice.position + offset;
                        Ok(Some(Chunk::File { file: slice.file, offset, length }))
                    }
                    Some(_) => {
                        Err(BodyError::new(format!("cached segment {segment} is too short")))
                    }
                    None => Ok(None),
                }
            }
        }
    }

    /// Has the next few segments made while this one is being read.
    fn read_ahead(&mut self, segment: u32) {
        let end = self.layout.segments_of(&self.range).end;
        let last = segment.saturating_add(1).saturating_add(self.engine.config.read_ahead).min(end);
        let class = self.class.max(Class::Ahead);
        for ahead in segment + 1..last {
            if self.tickets.contains_key(&ahead) {
                continue;
            }
            // A full queue costs the read-ahead alone, because nobody waits for it yet.
            if let Ok(Fetch::Flight(ticket)) =
                fetch::fetch(&self.engine, &self.play, ahead, class, false)
            {
                self.tickets.insert(ahead, ticket);
            }
        }
    }
}
