//! Traces of answers for a collector: OTLP over HTTP, in JSON, a span for each stage of what wasn't there yet. Without
//! a collector no span is made.

mod message;

use crate::failure::{Failure, with_causes};
use message::{Span, TraceParent, message};
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// What the spans of stages are declared under.
pub const TARGET: &str = "stage";

/// Spans that wait to be sent; more are dropped, so that a collector that is away costs neither memory nor time.
const WAITING: usize = 4096;

/// Spans of one request, and how long the first of them waits for others.
const AT_ONCE: usize = 512;
const GATHERING: Duration = Duration::from_millis(200);

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector's base, as settings say it.
pub fn base(text: &str) -> Result<String, String> {
    const ALLOWED: &str = "allowed: http:// or https:// with host, port and path";
    let url = reqwest::Url::parse(text).map_err(|error| format!("{error}; {ALLOWED}"))?;
    match url.scheme() {
        "http" | "https" if url.query().is_none() && url.fragment().is_none() => {
            Ok(text.to_owned())
        }
        _ => Err(ALLOWED.into()),
    }
}

/// What collects spans, and what sends them to the collector at a base.
pub fn to(base: &str) -> Result<(Collecting, Exporter), Failure> {
    let (to, spans) = mpsc::channel(WAITING);
    Ok((Collecting(to), Exporter { spans, collector: Collector::at(base)? }))
}

/// The layer that collects spans once they have ended.
pub struct Collecting(Sender<Span>);

impl Collecting {
    /// What it is to see: stages alone.
    pub fn filter() -> FilterFn {
        let is_stage: fn(&Metadata<'_>) -> bool =
            |known| known.is_span() && known.target() == TARGET;
        FilterFn::new(is_stage).with_max_level_hint(LevelFilter::INFO)
    }
}

impl Visit for Span {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.attributes.push((field.name(), value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "traceparent" => self.follow(TraceParent::read(value)),
            name => self.attributes.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.attributes.push((field.name(), format!("{value:?}")));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collecting {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut begun = Span::begin(span.name(), parent(&span));
        attributes.record(&mut begun);
        span.extensions_mut().insert(begun);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(begun) = span.extensions_mut().get_mut::<Span>() {
            values.record(begun);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(begun) = span.extensions_mut().get_mut::<Span>() {
            begun.enter();
        }
    }

    /// A stage ends when it is left for the last time: what comes of it may hold on to it.
    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(begun) = span.extensions_mut().get_mut::<Span>() {
            begun.exit();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let ended = span.extensions_mut().remove::<Span>();
        if let Some(ended) = ended.filter(Span::is_sampled) {
            // Where it is full, this one is lost.
            let _ = self.0.try_send(ended);
        }
    }
}

fn parent<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Option<TraceParent> {
    let parent = span.parent()?;
    let extensions = parent.extensions();
    extensions.get::<Span>().map(Span::as_parent)
}

/// Sends what was collected.
pub struct Exporter {
    spans: Receiver<Span>,
    collector: Collector,
}

impl Exporter {
    /// Sends spans for ever; those that the collector doesn't take are lost, which is said once.
    pub async fn keep_sending(mut self) {
        let mut is_away = false;
        let mut spans = Vec::new();
        while self.spans.recv_many(&mut spans, AT_ONCE).await > 0 {
            tokio::time::sleep(GATHERING).await;
            while spans.len() < AT_ONCE
                && let Ok(span) = self.spans.try_recv()
            {
                spans.push(span);
            }
            match self.collector.take(message(&spans)).await {
                Ok(()) => is_away = false,
                Err(error) if !is_away => {
                    is_away = true;
                    let error = with_causes(&error);
                    tracing::warn!("traces are lost: the collector doesn't take them: {error}");
                }
                Err(_) => {}
            }
            spans.clear();
        }
    }
}

/// A collector of OTLP over HTTP.
struct Collector {
    client: reqwest::Client,
    url: String,
}

impl Collector {
    /// The collector at a base, such as `http://127.0.0.1:4318`.
    fn at(base: &str) -> Result<Self, Failure> {
        // The first provider stays; another one that is there is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
        let client = client.map_err(|error| Failure::failed("--otlp", error))?;
        Ok(Self { client, url: format!("{}/v1/traces", base.trim_end_matches('/')) })
    }

    async fn take(&self, message: String) -> reqwest::Result<()> {
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/json");
        request.body(message).send().await?.error_for_status().map(drop)
    }
}
