//! `--otlp`: what a collector of OpenTelemetry gets of answers, as the OTLP specification and W3C Trace Context say it.

use crate::bad_input::{noise, wav};
use crate::command_line::fails;
use crate::running::{Server, run, stderr, stdout, until};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector that takes what comes; its base, and the spans in the order in which they came.
fn collector() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (to, spans) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            loop {
                let (mut head, mut length) = (String::new(), 0);
                while stream.read_line(&mut head).unwrap_or(0) > 2 {
                    let line = head.lines().last().unwrap().to_ascii_lowercase();
                    if let Some(told) = line.strip_prefix("content-length: ") {
                        length = told.parse().unwrap();
                    }
                }
                if head.is_empty() {
                    break;
                }
                assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
                assert!(head.to_ascii_lowercase().contains("content-type: application/json\r\n"));
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                stream.get_mut().write_all(answer).unwrap();
                let message: Value = serde_json::from_slice(&body).unwrap();
                let of = &message["resourceSpans"][0];
                assert_eq!(of["resource"]["attributes"][0]["value"]["stringValue"], "tonearm");
                for span in of["scopeSpans"][0]["spans"].as_array().unwrap() {
                    let _ = to.send(span.clone());
                }
            }
        }
    });
    (base, spans)
}

/// Spans until all of these have come.
fn until_named(spans: &Receiver<Value>, names: &[&str]) -> Vec<Value> {
    let mut got = Vec::new();
    while !names.iter().all(|name| got.iter().any(|span: &Value| span["name"] == *name)) {
        got.push(spans.recv_timeout(crate::running::PATIENCE).expect("spans of all stages"));
    }
    got
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name}: {spans:?}"))
}

#[test]
fn an_answer_that_is_made_is_a_trace_with_a_span_for_each_stage() {
    let folder = TempDir::new().unwrap();
    let (base, spans) = collector();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--otlp", &base, "--read-ahead", "0"]);
    let link = server.upload("chime.wav", include_bytes!("../assets/chime-8k.wav"));
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let request =
        server.request("GET", &format!("{link}?f=mp3")).header("traceparent", &traceparent);
    assert_eq!(request.header("X-Request-Id", "call-7").send().status, 200);

    let names =
        ["answer", "resolve", "select", "prepare", "open", "job", "encode", "decode", "resample"];
    let got = until_named(&spans, &names);
    for name in names {
        assert_eq!(named(&got, name)["traceId"], TRACE, "{name}");
        let time = |key: &str| named(&got, name)[key].as_str().unwrap().parse::<u128>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{name}");
    }
    let answer = named(&got, "answer");
    assert_eq!((&answer["parentSpanId"], &answer["kind"]), (&PARENT.into(), &2.into()));
    for name in ["resolve", "select", "prepare", "open"] {
        assert_eq!(named(&got, name)["parentSpanId"], answer["spanId"], "{name}");
    }
    assert_eq!(named(&got, "encode")["parentSpanId"], named(&got, "job")["spanId"]);
    for name in ["decode", "resample"] {
        assert_eq!(named(&got, name)["parentSpanId"], named(&got, "encode")["spanId"], "{name}");
    }
    let attribute = |span: &Value, key: &str| {
        let all = span["attributes"].as_array().unwrap();
        all.iter().find(|one| one["key"] == key).map(|one| one["value"]["stringValue"].clone())
    };
    assert_eq!(attribute(answer, "request_id"), Some("call-7".into()));
    assert_eq!(attribute(answer, "status"), Some("200".into()));
    assert_eq!(attribute(named(&got, "encode"), "format"), Some("mp3".into()));
    assert!(!server.log().contains("resolve"), "the log has spans: {}", server.log());
}

#[test]
fn what_is_made_while_a_body_goes_out_is_of_the_answers_trace() {
    let folder = TempDir::new().unwrap();
    let (base, spans) = collector();
    let server =
        Server::start(&folder.path().join("data"), &["--otlp", &base, "--read-ahead", "0"]);
    // A minute, which is several segments of any format.
    let link = server.upload("minute.wav", &wav(960_000, &noise(960_000)));
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let request =
        server.request("GET", &format!("{link}?f=ulaw")).header("traceparent", &traceparent);
    assert_eq!(request.send().body.len(), 8000 * 60);
    let got = until_named(&spans, &["answer"]);
    let encoded: Vec<_> = got.iter().filter(|span| span["name"] == "encode").collect();
    assert!(encoded.len() > 1, "{got:?}");
    assert!(encoded.iter().all(|span| span["traceId"] == TRACE), "{encoded:?}");
}

#[test]
fn a_trace_that_its_caller_does_not_record_is_not_sent() {
    let folder = TempDir::new().unwrap();
    let (base, spans) = collector();
    let server = Server::start(&folder.path().join("data"), &["--otlp", &base]);
    let link = server.upload("chime.wav", include_bytes!("../assets/chime-8k.wav"));
    for (format, flags) in [("mp3", "00"), ("ulaw", "01")] {
        let traceparent = format!("00-{TRACE}-{PARENT}-{flags}");
        let request = server
            .request("GET", &format!("{link}?f={format}"))
            .header("traceparent", &traceparent);
        assert_eq!(request.send().status, 200);
    }
    let got = until_named(&spans, &["answer", "encode"]);
    assert_eq!(got.iter().filter(|span| span["name"] == "answer").count(), 1);
    assert!(!Value::from(got).to_string().contains("mp3"), "it was not to be recorded");
}

#[test]
fn traces_tell_no_signature_and_take_up_no_traceparent_that_is_none() {
    let folder = TempDir::new().unwrap();
    let (base, spans) = collector();
    let server = Server::start(&folder.path().join("data"), &["--otlp", &base]);
    let link = server.upload("chime.wav", include_bytes!("../assets/chime-8k.wav"));
    let long = "x".repeat(10_000);
    for wrong in [
        "00-0-0-01",
        "zz",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "",
    ] {
        let request = server.request("GET", &format!("{link}?sig=secret"));
        request.header("traceparent", wrong).header("X-Request-Id", &long).send();
        let got = until_named(&spans, &["answer"]);
        let all = Value::from(got.clone()).to_string();
        assert!(!all.contains("secret") && !all.contains(&long), "{all}");
        let answer = named(&got, "answer");
        assert_eq!(answer["parentSpanId"], "", "{wrong}");
        assert_eq!(answer["traceId"].as_str().unwrap().len(), 32);
    }
}

#[test]
fn a_collector_that_is_away_costs_a_line_in_the_log_and_no_answer() {
    let folder = TempDir::new().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--otlp", &format!("http://{closed}")]);
    let link = server.upload("chime.wav", include_bytes!("../assets/chime-8k.wav"));
    let count = || server.log().matches("traces are lost").count();
    for format in ["mp3", "ulaw", "flac"] {
        assert_eq!(server.get(&format!("{link}?f={format}")).status, 200);
        until("it is not told", || count() == 1);
    }
    server.stop();
}

#[test]
fn a_collector_is_an_address_of_http_whose_password_is_shown_to_nobody() {
    for wrong in ["collector", "http://", "ftp://x", "http://x?y", "http://x#y", "http://x:99999"] {
        assert!(fails(&["serve", "--otlp", wrong], 2).contains("https://"), "{wrong}");
    }
    let shown = run(&["config", "show", "--otlp", "http://u:hush@collector:4318"]);
    let shown = stdout(&shown) + &stderr(&shown);
    assert!(shown.contains("# otlp is set") && !shown.contains("hush"), "{shown}");
}
