//! The publish link: `/f/…` and `/c/…`.
//!
//! The order: parse the URL → judge its signature → resolve → select → prepare → evaluate → open → respond. What
//! comes before `evaluate` depends on the URL alone and is kept for the links in use (see `link_cache.rs`).

mod access;
mod answer_headers;
mod beside;
mod beside_answers;
mod card;
mod content_type;
mod described;
mod link;
mod link_cache;
mod listen;
mod options;
mod picture_cache;
mod presets;
mod refused;
mod request_fields;
mod signer;
mod waveform;

pub use described::described;
pub use presets::Presets;
pub use signer::{Form, Lifetimes, Signer, Unsigned, Wish, can_be_signed, sign_url};

use crate::body::Body;
use crate::problem::Problem;
use crate::respond::{self, Answer, Meta};
use access::{Access, Claim};
use answer_headers::{freshness, meta};
use beside::Request;
use http::header::{self, HeaderMap};
use http::{Method, Response, Uri};
use library::Library;
use link::{Asked, GRAMMAR};
use link_cache::{Lasting, LinkCache, Published};
use media::{Media, OpenError, Prepared, Representation, Resource, select};
use picture_cache::PictureCache;
use request_fields::Fields;
use semantics::link::{Address, Ending, Link, Pair};
use semantics::multipart::Multipart;
use semantics::{Outcome, Validators, evaluate};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tracing::{Instrument, info_span};
use uuid::Uuid;

/// Whether a path is a publish link's.
pub fn is_link(path: &str) -> bool {
    path.starts_with("/f/") || path.starts_with("/c/")
}

/// Settings of published links.
#[derive(Debug, Clone)]
pub struct Config {
    /// Cache-Control of those that ask for none.
    pub cache_control: String,
    /// What `p` can name.
    pub presets: Presets,
    /// Links that are kept ready, each with its file open.
    pub open_links: NonZeroUsize,
    /// How long links live that are signed here.
    pub lifetimes: Lifetimes,
    /// Which links are answered.
    pub answered: Answered,
}

/// Which links are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Signed ones, and those of published files.
    All,
    /// Signed ones alone.
    SignedAlone,
}

/// The published links of a server.
pub struct Publish {
    library: Library,
    media: Media,
    config: Config,
    links: LinkCache,
    pictures: PictureCache,
}

impl Publish {
    /// Links to what is kept in a library.
    pub fn new(library: Library, media: Media, config: Config) -> Self {
        let links = LinkCache::new(config.open_links);
        Self { library, media, config, links, pictures: PictureCache::default() }
    }

    /// The answer, if it takes nothing that isn't in memory: a link that was asked for before.
    pub fn at_once(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        started: Instant,
    ) -> Option<Response<Body>> {
        let found = self.links.find(&self.media, uri)?;
        if !found.prepared.is_at_hand(|| found.first_range(method, headers)) {
            return None;
        }
        self.answer(&found, method, headers, started)
    }

    /// Answers a request at a publish link.
    pub async fn handle(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        started: Instant,
    ) -> Response<Body> {
        match *method {
            Method::GET | Method::HEAD => (),
            Method::OPTIONS => return respond::preflight(),
            _ => return respond::problem(&Problem::BadMethod),
        }
        let answered = match Address::parse(uri.path(), uri.query().unwrap_or(""), &GRAMMAR) {
            Some(address) => self.answer_to(&address, method, uri, headers, started).await,
            None => Err(Problem::NotFound),
        };
        answered.unwrap_or_else(|problem| refused::answer(&problem, uri, headers))
    }

    /// Answers GET and HEAD of a link.
    async fn answer_to(
        &self,
        address: &Address,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        started: Instant,
    ) -> Result<Response<Body>, Problem> {
        let access = self.access(address).await;
        if let Some((beside, file)) = beside::named(address)
            && !self.names_a_file(address, &access).await
        {
            return self
                .answer_beside(beside, &file, &Request { method, uri, headers, started })
                .await;
        }
        // Read before the look-up: a change in between makes what is kept stale, not wrong.
        let generation = self.media.generation();
        // A player takes a refusal for good and shows an error: it is let wait as long as it likes.
        let plays = *method == Method::GET && headers.contains_key(header::RANGE);
        let published = Arc::new(self.find(address, access?, plays).await?);
        self.links.keep(uri, generation, &published);
        published.ready(method, headers).await?;
        let opening = info_span!(target: "stage", "open");
        let answer = opening.in_scope(|| self.answer(&published, method, headers, started));
        answer.ok_or(Problem::BadMethod)
    }

    /// Answers GET and HEAD of a file to a caller of an API who may read it, published or not, with the options of a
    /// link in the query. The caller notes the access.
    pub async fn to_caller(
        &self,
        file_sid: Uuid,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Response<Body>, Problem> {
        let started = Instant::now();
        let link = Link::Sid(file_sid).to_string();
        let address = Address::parse(&link, uri.query().unwrap_or(""), &GRAMMAR);
        let plays = *method == Method::GET && headers.contains_key(header::RANGE);
        let found = self.find(&address.ok_or(Problem::NotFound)?, Access::Caller, plays).await?;
        let found = Published { file_sid: None, ..found };
        found.ready(method, headers).await?;
        self.answer(&found, method, headers, started).ok_or(Problem::BadMethod)
    }

    /// By what right a link may be used, whatever it names.
    async fn access(&self, address: &Address) -> Result<Access, Problem> {
        let Some(claim) = Claim::of(address)? else {
            return match self.config.answered {
                Answered::All => Ok(Access::Published),
                Answered::SignedAlone => Err(Problem::NotFound),
            };
        };
        let secrets = self.library.link_secrets().await.map_err(|error| {
            tracing::error!(%error, "the secrets of signed links can't be read");
            Problem::Failed
        })?;
        claim.judge(&address.signed_text(&GRAMMAR), &secrets, now_ms())
    }

    /// Judges options of a file's link by the file, as the answer to the link would.
    pub async fn judge(&self, file_sid: Uuid, options: Vec<Pair>) -> Result<(), Problem> {
        let (link, ending) = (Link::Sid(file_sid), Ending::Bare);
        let address = Address { link, path: Vec::new(), ending, query: options };
        self.choose(&address, Access::Caller).await.map(drop)
    }

    /// What a link asks for, of which file, and which representation that is.
    async fn choose(
        &self,
        address: &Address,
        access: Access,
    ) -> Result<(Asked, Arc<Resource>, Representation), Problem> {
        let asked = link::read(address, &self.config.presets)?;
        let resolving = self.media.resolve(&asked.link, access.right(), now_ms());
        let resource = resolving.instrument(info_span!(target: "stage", "resolve")).await;
        let resource = resource?.ok_or(Problem::NotFound)?;
        let selecting = info_span!(target: "stage", "select");
        let chosen = selecting.in_scope(|| select(&resource, &asked.preferences))?;
        if let Some(wanted) = &asked.overrides.content_type {
            content_type::check(wanted, &resource.mime_type)?;
        }
        Ok((asked, resource, chosen))
    }

    /// What a link stands for. Who `plays` waits without limit while sizes are being learned.
    async fn find(
        &self,
        address: &Address,
        access: Access,
        plays: bool,
    ) -> Result<Published, Problem> {
        let (asked, resource, chosen) = self.choose(address, access).await?;
        let prepared = loop {
            let preparing = self.media.prepare(&chosen);
            match preparing.instrument(info_span!(target: "stage", "prepare")).await {
                Err(OpenError::StillEncoding { .. }) if plays => (),
                prepared => break Arc::new(prepared?),
            }
        };
        let mut meta = meta(&self.config.cache_control, &asked, &chosen, prepared.length_bytes());
        meta.freshness = freshness(access, &asked.overrides.caching);
        meta.note_ignored(&asked.ignored);
        let signed_until_ms = match access {
            Access::Published | Access::Caller => None,
            Access::Signed { until_s } => i64::try_from(until_s.saturating_mul(1000)).ok(),
        };
        Ok(Published {
            meta,
            prepared,
            expires_at_ms: resource.expires_at_ms.into_iter().chain(signed_until_ms).min(),
            file_sid: resource.file_sid,
            lasting: Lasting::default(),
        })
    }

    /// Answers GET and HEAD. A GET that is answered with content, or with the word that the client has it,
    /// is an access to the file.
    fn answer(
        &self,
        published: &Published,
        method: &Method,
        headers: &HeaderMap,
        started: Instant,
    ) -> Option<Response<Body>> {
        let method = semantic(method)?;
        let Published { meta, prepared, .. } = published;
        let outcome = published.outcome(method, headers);
        let is_warm = published.is_warm(started);
        let is_access = method == semantics::Method::Get
            && matches!(outcome, Outcome::Whole | Outcome::Ranges(_) | Outcome::NotModified);
        let opened = open(prepared, outcome, meta, method == semantics::Method::Head, is_warm);
        Some(match opened {
            Ok((answer, cached)) => {
                if is_access && published.is_to_be_noted(started) {
                    published.file_sid.iter().for_each(|sid| self.library.note_access(*sid));
                }
                respond::answer(answer, meta, cached, started)
            }
            Err(error) => respond::problem(&error.into()),
        })
    }
}

/// GET or HEAD.
fn semantic(method: &Method) -> Option<semantics::Method> {
    match *method {
        Method::GET => Some(semantics::Method::Get),
        Method::HEAD => Some(semantics::Method::Head),
        _ => None,
    }
}

impl Published {
    fn outcome(&self, method: semantics::Method, headers: &HeaderMap) -> Outcome {
        let Self { meta, prepared, .. } = self;
        let validators = Validators { etag: &meta.etag, last_modified: meta.last_modified };
        evaluate(method, &validators, &Fields::of(headers).borrowed(), prepared.length_bytes())
    }

    /// The first range whose bytes an answer has; a HEAD has none.
    fn first_range(&self, method: &Method, headers: &HeaderMap) -> Option<Range<u64>> {
        let method = semantic(method).filter(|method| *method == semantics::Method::Get)?;
        let first = match self.outcome(method, headers) {
            Outcome::Whole => Some(0..self.prepared.length_bytes()),
            Outcome::Ranges(ranges) => ranges.first().cloned(),
            _ => None,
        };
        first.filter(|range| !range.is_empty())
    }

    /// Waits for what comes from a store, before anything is promised of it.
    async fn ready(&self, method: &Method, headers: &HeaderMap) -> Result<(), OpenError> {
        match self.first_range(method, headers) {
            Some(range) => self.prepared.ready(&range).await,
            None => Ok(()),
        }
    }
}

/// Opens what was decided; tells whether nothing has to be encoded for it.
fn open(
    prepared: &Arc<Prepared>,
    outcome: Outcome,
    meta: &Meta,
    head: bool,
    is_warm: bool,
) -> Result<(Answer, bool), OpenError> {
    let length_bytes = prepared.length_bytes();
    let whole = 0..length_bytes;
    Ok(match outcome {
        Outcome::Whole => {
            let cached = prepared.is_cached(&whole);
            let body = if head { Body::empty() } else { Body::of_range(prepared, whole, is_warm)? };
            (Answer::Whole(body), cached)
        }
        Outcome::Ranges(ranges) => match ranges.as_slice() {
            [range] => {
                let cached = prepared.is_cached(range);
                let body = Body::of_range(prepared, range.clone(), is_warm)?;
                (Answer::Part(body, range.clone()), cached)
            }
            ranges => {
                let cached = ranges.iter().all(|range| prepared.is_cached(range));
                let framed = Multipart::new(&meta.etag, &meta.content_type, ranges, length_bytes);
                let content_type = framed.content_type.clone();
                let body_bytes = framed.length_bytes();
                let body = Body::of_multipart(prepared, framed)?;
                (Answer::Parts { body, body_bytes, content_type }, cached)
            }
        },
        Outcome::NotModified => (Answer::NotModified, true),
        Outcome::PreconditionFailed => (Answer::PreconditionFailed, true),
        Outcome::Unsatisfiable => (Answer::Unsatisfiable, true),
    })
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
