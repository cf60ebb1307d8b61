//! A representation whose length is known, ready to be opened.

use crate::blocks::Blocks;
use crate::body::Body;
use crate::engine::Engine;
use crate::error::OpenError;
use crate::fetch;
use crate::play::Play;
use crate::queue::Class;
use audio::Layout;
use bytes::Bytes;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

/// Originals up to this length are held in memory.
const SMALL_BYTES: u64 = 2048;

/// A representation whose length is known.
pub struct Prepared {
    kind: Kind,
}

enum Kind {
    Original { file: Arc<File>, length_bytes: u64, bytes: Option<Bytes> },
    Remote { blocks: Arc<Blocks>, patience: Duration },
    Transcode { engine: Arc<Engine>, play: Arc<Play>, layout: Arc<Layout>, class: Class },
}

impl Prepared {
    /// An original, which is read at once if it's small. Blocking.
    pub(crate) fn original(file: File, length_bytes: u64) -> std::io::Result<Self> {
        let mut bytes = None;
        if length_bytes <= SMALL_BYTES {
            let mut all = vec![0; length_bytes as usize];
            file.read_exact_at(&mut all, 0)?;
            bytes = Some(all.into());
        }
        Ok(Self { kind: Kind::Original { file: Arc::new(file), length_bytes, bytes } })
    }

    /// An original in a bucket.
    pub(crate) fn remote(blocks: Arc<Blocks>, patience: Duration) -> Self {
        Self { kind: Kind::Remote { blocks, patience } }
    }

    /// A transcode, whose segments are made as urgently as `class` says.
    pub(crate) fn transcode(
        engine: Arc<Engine>,
        play: Arc<Play>,
        layout: Arc<Layout>,
        class: Class,
    ) -> Self {
        Self { kind: Kind::Transcode { engine, play, layout, class } }
    }

    /// Where a range lies as it is in one file, if it does: in an original, or within one cached segment.
    #[must_use]
    pub fn slice(&self, range: &Range<u64>) -> Option<(Arc<File>, Range<u64>)> {
        match &self.kind {
            Kind::Original { file, .. } => Some((Arc::clone(file), range.clone())),
            Kind::Remote { blocks, .. } => blocks.slice_of(range),
            Kind::Transcode { engine, play, layout, .. } => {
                play.cached_slice(&engine.cache, layout, range)
            }
        }
    }

    /// All bytes of an original, if they are few.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Original { bytes, .. } => bytes.as_ref(),
            Kind::Remote { .. } | Kind::Transcode { .. } => None,
        }
    }

    /// Total length in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        match &self.kind {
            Kind::Original { length_bytes, .. } => *length_bytes,
            Kind::Remote { blocks, .. } => blocks.length_bytes(),
            Kind::Transcode { layout, .. } => layout.length_bytes(),
        }
    }

    /// Whether an answer can begin without a look at a store; `first` tells the first range that it has, if it has one.
    #[must_use]
    pub fn is_at_hand(&self, first: impl FnOnce() -> Option<Range<u64>>) -> bool {
        match &self.kind {
            Kind::Original { .. } => true,
            // Who has lost its object is looked up again: the same bytes may have come in.
            Kind::Remote { blocks, .. } if blocks.is_lost() => false,
            Kind::Transcode { play, .. } if play.is_lost() => false,
            Kind::Remote { blocks, .. } => {
                let first = first().map(|range| Blocks::of(&range).start);
                first.is_none_or(|block| blocks.has(block))
            }
            Kind::Transcode { play, .. } if play.remote.is_none() => true,
            Kind::Transcode { .. } => {
                first().is_none_or(|range| self.first_missing(&range).is_none())
            }
        }
    }

    /// Waits until the first byte of a range is here, where that comes from a store: who is told that it's missing must
    /// not have been promised it. A store that takes longer than it may is away.
    ///
    /// # Errors
    /// [`OpenError::StoreAway`], [`OpenError::Failed`] if the object is lost, [`OpenError::Busy`].
    pub async fn ready(&self, range: &Range<u64>) -> Result<(), OpenError> {
        match &self.kind {
            Kind::Remote { blocks, patience } if !range.is_empty() => {
                blocks.begins(Blocks::of(range).start, *patience).await
            }
            Kind::Transcode { engine, play, class, .. } if play.remote.is_some() => {
                let Some(segment) = self.first_missing(range) else { return Ok(()) };
                fetch::begins(engine, play, segment, *class).await
            }
            _ => Ok(()),
        }
    }

    /// The segment of a transcode that a range begins with, unless it is cached.
    fn first_missing(&self, range: &Range<u64>) -> Option<u32> {
        let Kind::Transcode { engine, play, layout, .. } = &self.kind else { return None };
        let segment = layout.segments_of(range).next()?;
        (!play.has(&engine.cache, segment)).then_some(segment)
    }

    /// Whether a range can be sent without encoding anything.
    #[must_use]
    pub fn is_cached(&self, range: &Range<u64>) -> bool {
        match &self.kind {
            Kind::Original { .. } => true,
            Kind::Remote { blocks, .. } => Blocks::of(range).all(|block| blocks.has(block)),
            Kind::Transcode { engine, play, layout, .. } => {
                layout.segments_of(range).all(|segment| play.has(&engine.cache, segment))
            }
        }
    }

    /// The bytes of a range. A transcode's first missing segment is put into the queue before this
    /// returns; the rest follow as the body is read. Dropping the body cancels what only it waited for.
    ///
    /// # Errors
    /// [`OpenError::Busy`] if the queue is full.
    pub fn open(&self, range: Range<u64>) -> Result<Body, OpenError> {
        let mut body = self.further(range);
        body.admit()?;
        Ok(body)
    }

    /// The bytes of a further range of an answer that is under way: it's queued however full the queue is.
    #[must_use]
    pub fn further(&self, range: Range<u64>) -> Body {
        match &self.kind {
            Kind::Original { file, .. } => Body::of_file(Arc::clone(file), range),
            Kind::Remote { blocks, .. } => Body::of_blocks(Arc::clone(blocks), range),
            Kind::Transcode { engine, play, layout, class } => {
                let (engine, play) = (Arc::clone(engine), Arc::clone(play));
                Body::of_play(engine, play, Arc::clone(layout), range, *class)
            }
        }
    }
}
