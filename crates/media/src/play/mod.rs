//! The state of one transcode being played: its pipeline, its layout, its segments in flight, and where those
//! that are made lie in the cache.

pub mod chain;
pub mod learning;

use crate::asker::Asker;
use crate::cache::Cache;
use crate::cache::output::{Found, Output, Slice};
use crate::error::OpenError;
use crate::flight::{End, Flight};
use crate::identity;
use crate::lock::lock;
use crate::queue::Label;
use crate::remote_source::RemoteSource;
use crate::select::Transcoded;
use audio::transcode::Input;
use audio::{EncodeError, Layout, Report, Transcode};
use chain::Chain;
use learning::Learning;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::runtime::Handle;

/// A transcode being played.
pub struct Play {
    pub key: Arc<str>,
    /// The id of the content that it is made of.
    pub content: Arc<str>,
    pub transcode: Transcode,
    /// Its source, where that comes by blocks.
    pub remote: Option<Arc<RemoteSource>>,
    /// The layout, where it's known before encoding.
    known_layout: Option<Arc<Layout>>,
    /// The layout, where it's learned, once it is.
    learned_layout: OnceLock<Arc<Layout>>,
    learning: Mutex<Option<Arc<Learning>>>,
    flights: Mutex<HashMap<u32, Arc<Flight>>>,
    chain: Mutex<Chain>,
    /// To write down checkpoints and layouts from the encoding threads.
    pub runtime: Handle,
}

impl Play {
    /// Lays the transcode out. Within a tokio runtime.
    pub fn new(
        transcoded: &Transcoded,
        input: Input,
        remote: Option<Arc<RemoteSource>>,
        checkpoints: Vec<(u32, Vec<u8>)>,
    ) -> Result<Self, OpenError> {
        let serial = identity::serial(&transcoded.key);
        let transcode = Transcode::new(input, transcoded.format, transcoded.target.clone(), serial)
            .map_err(OpenError::failed)?;
        let known_layout = transcode.layout().map(Arc::new);
        Ok(Self {
            key: transcoded.key.as_str().into(),
            content: transcoded.resource.content_hash.as_str().into(),
            transcode,
            remote,
            known_layout,
            learned_layout: OnceLock::new(),
            learning: Mutex::default(),
            flights: Mutex::default(),
            chain: Mutex::new(Chain::from_iter(checkpoints)),
            runtime: Handle::current(),
        })
    }

    /// Whether its source was found missing, changed or out of reach: another play finds another object of the same
    /// bytes, if there is one by then.
    pub fn is_lost(&self) -> bool {
        self.remote.as_ref().is_some_and(|source| source.blocks.is_lost())
    }

    /// The layout, if it's known by now.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.known_layout.as_ref().or_else(|| self.learned_layout.get())
    }

    /// Takes a learned layout and returns it; the first one counts.
    pub fn learned(&self, layout: Layout) -> Arc<Layout> {
        Arc::clone(self.learned_layout.get_or_init(|| Arc::new(layout)))
    }

    /// The whole encode, if one was begun.
    pub fn learning(&self) -> MutexGuard<'_, Option<Arc<Learning>>> {
        lock(&self.learning)
    }

    /// The segments in the making.
    pub fn flights(&self) -> MutexGuard<'_, HashMap<u32, Arc<Flight>>> {
        lock(&self.flights)
    }

    pub fn chain(&self) -> MutexGuard<'_, Chain> {
        lock(&self.chain)
    }

    /// Where a segment lies in the output's data file.
    pub fn position(&self, segment: u32) -> u64 {
        match &self.known_layout {
            Some(layout) => layout.span(segment).start,
            None => u64::from(segment) * self.transcode.encoding().longest_segment_bytes(),
        }
    }

    /// What a job for a segment is queued under by who asks here and now.
    pub fn label(&self, segment: u32) -> Label {
        let (content, key) = (Arc::clone(&self.content), Arc::clone(&self.key));
        Label { asker: Asker::present(), content, key, segment }
    }

    /// Encodes a segment into a sink.
    pub fn encode(
        &self,
        segment: u32,
        checkpoint: Option<&[u8]>,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Report, EncodeError> {
        let format = self.transcode.format();
        let stage = tracing::info_span!(target: "stage", "encode", format, segment);
        let report = stage.in_scope(|| self.transcode.encode(segment, checkpoint, sink))?;
        tracing::debug!(key = %self.key, segment, "a segment was encoded");
        let promised = self.layout().map(|l| l.span(segment).end - l.span(segment).start);
        match promised {
            Some(promised) if promised != report.segment.length_bytes => {
                Err(EncodeError::Encoder(format!(
                    "segment {segment} has {} bytes where {promised} were promised",
                    report.segment.length_bytes
                )))
            }
            _ => Ok(report),
        }
    }

    /// Takes a flight off the list and ends it.
    pub fn land(&self, segment: u32, flight: &Arc<Flight>, end: End) {
        let mut flights = self.flights();
        if flights.get(&segment).is_some_and(|f| Arc::ptr_eq(f, flight)) {
            flights.remove(&segment);
        }
        drop(flights);
        flight.finish(end);
    }

    /// Whether a segment is in the cache.
    pub fn has(&self, cache: &Cache, segment: u32) -> bool {
        cache.get(&self.key).is_some_and(|output| output.has(segment))
    }

    /// Where a range lies in the cached output, if one segment known to be whole holds it.
    pub fn cached_slice(
        &self,
        cache: &Cache,
        layout: &Layout,
        range: &Range<u64>,
    ) -> Option<(Arc<File>, Range<u64>)> {
        let segments = layout.segments_of(range);
        if segments.len() != 1 || range.start < layout.header.len() as u64 {
            return None;
        }
        let Found::Whole(slice) = cache.get(&self.key)?.find(segments.start).ok()? else {
            return None;
        };
        cache.hold(&self.key, &slice.file);
        let start = slice.position + (range.start - layout.span(segments.start).start);
        let end = start + (range.end - range.start);
        (end <= slice.position + slice.length).then_some((slice.file, start..end))
    }

    /// A cached segment's slice, if it's whole; checked first, on a thread that may block, if an earlier
    /// process wrote it.
    pub async fn slice(
        &self,
        cache: &Arc<Cache>,
        output: Arc<Output>,
        segment: u32,
    ) -> io::Result<Option<Slice>> {
        match self.checked_slice(cache, &output, segment).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                cache.forget(&self.key, &output);
                Ok(None)
            }
            found => found,
        }
    }

    async fn checked_slice(
        &self,
        cache: &Arc<Cache>,
        output: &Arc<Output>,
        segment: u32,
    ) -> io::Result<Option<Slice>> {
        loop {
            match output.find(segment)? {
                Found::Whole(slice) => {
                    cache.hold(&self.key, &slice.file);
                    return Ok(Some(slice));
                }
                Found::Missing => return Ok(None),
                Found::Unchecked => {
                    let (checker, key) = (Arc::clone(cache), Arc::clone(&self.key));
                    let unchecked = Arc::clone(output);
                    let check = move || checker.check(&key, &unchecked, segment);
                    tokio::task::spawn_blocking(check).await.map_err(io::Error::other)??;
                }
            }
        }
    }
}
