//! Spans as OTLP's JSON has them (opentelemetry-proto, `ExportTraceServiceRequest`): ids in hex, times in nanoseconds
//! as text.

use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// A span that is under way or has ended.
pub struct Span {
    name: &'static str,
    trace_id: u128,
    id: u64,
    /// The id of the span that it is a part of; 0 if of none.
    parent_id: u64,
    is_sampled: bool,
    began: SystemTime,
    /// When it was left last.
    ended: SystemTime,
    /// When it was entered last, and how long it was within in all: stages take turns, and wait.
    entered: Instant,
    busy: Duration,
    /// Names and values.
    pub attributes: Vec<(&'static str, String)>,
}

/// Of which trace and which span another one is a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    id: u64,
    is_sampled: bool,
}

/// The flag of a trace that its caller records (W3C Trace Context §3.2.2.5.1).
const SAMPLED: u8 = 1;

impl TraceParent {
    /// A header `traceparent` (W3C Trace Context §3.2): `00-` trace id `-` span id `-` flags.
    pub fn read(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let [version, trace_id, id, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let lengths = [version, trace_id, id, flags].map(str::len);
        if version != "00" || lengths != [2, 32, 16, 2] || parts.next().is_some() {
            return None;
        }
        if ![trace_id, id, flags].into_iter().all(is_hex) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let id = u64::from_str_radix(id, 16).ok().filter(|id| *id != 0)?;
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & SAMPLED != 0;
        Some(Self { trace_id, id, is_sampled })
    }
}

impl Span {
    /// A span that begins now, of a trace of its own if it is a part of none.
    pub fn begin(name: &'static str, parent: Option<TraceParent>) -> Self {
        let now = SystemTime::now();
        let (trace_id, id) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u64_pair().0);
        let mut span = Self {
            name,
            trace_id,
            id,
            parent_id: 0,
            is_sampled: true,
            began: now,
            ended: now,
            entered: Instant::now(),
            busy: Duration::ZERO,
            attributes: Vec::new(),
        };
        span.follow(parent);
        span
    }

    /// Makes it a part of another one, if there is one.
    pub fn follow(&mut self, parent: Option<TraceParent>) {
        if let Some(TraceParent { trace_id, id, is_sampled }) = parent {
            (self.trace_id, self.parent_id, self.is_sampled) = (trace_id, id, is_sampled);
        }
    }

    /// What its parts are told.
    pub fn as_parent(&self) -> TraceParent {
        TraceParent { trace_id: self.trace_id, id: self.id, is_sampled: self.is_sampled }
    }

    /// Whether the caller, if there is one, records the trace.
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    /// It is gone on with.
    pub fn enter(&mut self) {
        self.entered = Instant::now();
    }

    /// It is left, maybe for the last time.
    pub fn exit(&mut self) {
        self.busy += self.entered.elapsed();
        self.ended = SystemTime::now();
    }

    fn told(&self) -> Value {
        let nanoseconds = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string()
        };
        let parent =
            if self.parent_id == 0 { String::new() } else { format!("{:016x}", self.parent_id) };
        let attributes = self.attributes.iter().map(|(name, value)| attribute(name, value));
        // Integers of 64 bits are text in this JSON.
        let busy =
            json!({"key": "busy_us", "value": {"intValue": self.busy.as_micros().to_string()}});
        json!({
            "traceId": format!("{:032x}", self.trace_id),
            "spanId": format!("{:016x}", self.id),
            "parentSpanId": parent,
            "name": self.name,
            // SPAN_KIND_SERVER for what a client asked, SPAN_KIND_INTERNAL for its stages.
            "kind": if self.name == "answer" { 2 } else { 1 },
            "startTimeUnixNano": nanoseconds(self.began),
            "endTimeUnixNano": nanoseconds(self.ended),
            "attributes": attributes.chain([busy]).collect::<Vec<_>>(),
        })
    }
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}

/// What a collector is sent.
pub fn message(spans: &[Span]) -> String {
    let resource = [("service.name", "tonearm"), ("service.version", env!("CARGO_PKG_VERSION"))];
    let resource: Vec<_> = resource.iter().map(|(name, value)| attribute(name, value)).collect();
    let spans: Vec<_> = spans.iter().map(Span::told).collect();
    let scope = json!({"scope": {"name": "tonearm"}, "spans": spans});
    json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]})
        .to_string()
}
