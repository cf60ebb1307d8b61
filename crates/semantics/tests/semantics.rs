//! The semantics by behaviour.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use semantics::disposition::{Disposition, content_disposition, content_disposition_shortened};
use semantics::multipart::Multipart;
use semantics::{
    Method, Outcome, RequestHeaders, Requested, Validators, cache, evaluate, resolve_ranges,
};
use std::ops::Range;
use std::time::{Duration, SystemTime};

const ETAG: &str = "\"abc\"";
const STORED: &str = "Tue, 25 May 2021 13:12:44 GMT";
const LATER: &str = "Tue, 25 May 2021 13:12:45 GMT";
const EARLIER: &str = "Tue, 25 May 2021 13:12:43 GMT";

fn ask(headers: RequestHeaders<'_>) -> Outcome {
    let last_modified = httpdate::parse_http_date(STORED).unwrap() + Duration::from_millis(700);
    evaluate(Method::Get, &Validators { etag: ETAG, last_modified }, &headers, 1000)
}

fn ranges(header: &str) -> Requested {
    resolve_ranges(header, 1000)
}

fn one(range: Range<u64>) -> Requested {
    Requested::Ranges(vec![range])
}

#[test]
fn each_form_of_a_single_range_is_resolved() {
    assert_eq!(ranges("bytes=0-1"), one(0..2));
    assert_eq!(ranges("bytes=990-"), one(990..1000));
    assert_eq!(ranges("bytes=-5"), one(995..1000));
    assert_eq!(ranges("bytes=-5000"), one(0..1000));
    assert_eq!(ranges("bytes=5-99999999999999999999999"), one(5..1000));
    assert_eq!(ranges("Bytes= 00-01 "), one(0..2));
    let beyond = |n: u8| format!("{n}00000000000000000000000");
    assert_eq!(ranges(&format!("bytes={}-{}", beyond(2), beyond(1))), Requested::Whole);
    assert_eq!(ranges(&format!("bytes={}-{}", beyond(1), beyond(2))), Requested::Unsatisfiable);
    assert_eq!(ranges(&format!("bytes=0{}-{}", beyond(1), beyond(1))), Requested::Unsatisfiable);
}

#[test]
fn what_lies_outside_is_unsatisfiable() {
    for header in ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=1000-1001,2000-"] {
        assert_eq!(ranges(header), Requested::Unsatisfiable, "{header}");
    }
    assert_eq!(resolve_ranges("bytes=0-", 0), Requested::Unsatisfiable);
}

#[test]
fn what_is_no_byte_range_is_ignored() {
    for header in [
        "items=0-1",
        "bytes=5-2",
        "bytes=a-b",
        "bytes",
        "bytes=",
        "bytes=1",
        "bytes=--1",
        "bytes=0-1;2-3",
    ] {
        assert_eq!(ranges(header), Requested::Whole, "{header}");
    }
}

#[test]
fn several_ranges_keep_their_order_and_touching_ones_are_joined_in_the_place_of_the_first() {
    let several = |header| match ranges(header) {
        Requested::Ranges(ranges) => ranges,
        other => panic!("{other:?}"),
    };
    assert_eq!(several("bytes=500-599,0-9"), [500..600, 0..10]);
    assert_eq!(several("bytes=0-9,500-599,10-19"), [0..20, 500..600]);
    assert_eq!(several("bytes=0-1,2000-3000"), one_range(0..2));
    assert_eq!(several("bytes=0-9,20-29,10-19"), one_range(0..30));
}

fn one_range(range: Range<u64>) -> Vec<Range<u64>> {
    vec![range]
}

#[test]
fn too_many_or_abusive_ranges_give_the_whole() {
    let many: Vec<String> = (0..17).map(|n| format!("{}-{}", n * 20, n * 20)).collect();
    assert_eq!(ranges(&format!("bytes={}", many.join(","))), Requested::Whole);
    assert_eq!(ranges("bytes=0-,0-,0-,0-"), Requested::Whole);
}

#[test]
fn preconditions_come_in_the_order_of_the_rfc() {
    let none = RequestHeaders::default();
    assert_eq!(ask(none), Outcome::Whole);
    assert_eq!(
        ask(RequestHeaders { if_match: Some("\"x\""), ..none }),
        Outcome::PreconditionFailed
    );
    assert_eq!(
        ask(RequestHeaders { if_match: Some("W/\"abc\""), ..none }),
        Outcome::PreconditionFailed
    );
    assert_eq!(ask(RequestHeaders { if_match: Some("\"x,y\", \"abc\""), ..none }), Outcome::Whole);
    assert_eq!(
        ask(RequestHeaders { if_none_match: Some("W/\"abc\""), ..none }),
        Outcome::NotModified
    );
    assert_eq!(ask(RequestHeaders { if_none_match: Some("*"), ..none }), Outcome::NotModified);
    let since = |date| RequestHeaders { if_modified_since: Some(date), ..none };
    assert_eq!(ask(since(STORED)), Outcome::NotModified);
    assert_eq!(ask(since(LATER)), Outcome::NotModified);
    assert_eq!(ask(since(EARLIER)), Outcome::Whole);
    assert_eq!(ask(since("yesterday")), Outcome::Whole);
    let unmodified = |date| RequestHeaders { if_unmodified_since: Some(date), ..none };
    assert_eq!(ask(unmodified(STORED)), Outcome::Whole);
    assert_eq!(ask(unmodified(EARLIER)), Outcome::PreconditionFailed);
    // If-None-Match silences If-Modified-Since, If-Match silences If-Unmodified-Since.
    let both = RequestHeaders { if_none_match: Some("\"x\""), ..since(STORED) };
    assert_eq!(ask(both), Outcome::Whole);
    let both = RequestHeaders { if_match: Some("*"), ..unmodified(EARLIER) };
    assert_eq!(ask(both), Outcome::Whole);
}

#[test]
fn if_range_takes_a_strong_etag_or_the_very_date() {
    let with = |value| {
        ask(RequestHeaders {
            range: Some("bytes=0-9"),
            if_range: Some(value),
            ..RequestHeaders::default()
        })
    };
    let part = Outcome::Ranges(one_range(0..10));
    assert_eq!(with(ETAG), part);
    assert_eq!(with(STORED), part);
    for stale in ["\"old\"", "W/\"abc\"", LATER, EARLIER, "nonsense"] {
        assert_eq!(with(stale), Outcome::Whole, "{stale}");
    }
}

#[test]
fn head_ignores_range() {
    let validators = Validators { etag: ETAG, last_modified: SystemTime::now() };
    let headers = RequestHeaders { range: Some("bytes=5000-"), ..RequestHeaders::default() };
    assert_eq!(evaluate(Method::Head, &validators, &headers, 1000), Outcome::Whole);
}

#[test]
fn directives_are_checked_one_by_one() {
    for good in ["max-age=60", "public, \tmax-age=3600,immutable ", "min-fresh=3600", "max-stale"] {
        assert_eq!(cache::check_directives(good), Ok(()), "{good}");
    }
    for bad in ["", "max-age", "max-age=x", "public=1", "no-cache\r\nX: y", "max-age=60,,", "frob"]
    {
        assert!(cache::check_directives(bad).is_err(), "{bad}");
    }
    for no_header in ["no-store\n", "\rno-store", "public,\u{b}no-store", "no-store\u{a0}"] {
        assert!(cache::check_directives(no_header).is_err(), "{no_header:?}");
    }
}

#[test]
fn names_survive_in_a_disposition() {
    let inline = |name| content_disposition(Disposition::Inline, name).unwrap();
    assert_eq!(inline("a.wav"), "inline; filename=\"a.wav\"; filename*=UTF-8''a.wav");
    assert_eq!(inline("ü+.wav"), "inline; filename*=UTF-8''%C3%BC+.wav");
    assert_eq!(inline("a\"b.wav"), "inline; filename=\"a\\\"b.wav\"; filename*=UTF-8''a%22b.wav");
    assert_eq!(content_disposition(Disposition::Attachment, &"x".repeat(999)), None);
    let short =
        content_disposition_shortened(Disposition::Inline, &format!("{}.mp3", "ü".repeat(900)));
    assert!(short.len() <= 980 && short.ends_with(".mp3"), "{short}");
}

proptest! {
    #[test]
    fn resolved_ranges_lie_within_and_never_touch(
        specs in prop::collection::vec((0u64..1200, prop::option::of(0u64..1200)), 1..20),
        length in 0u64..1100,
    ) {
        let set: Vec<String> = specs.iter().map(|(first, last)| match last {
            Some(last) => format!("{first}-{last}"),
            None => format!("{first}-"),
        }).collect();
        let asked = |byte: u64| specs.iter().any(|(first, last)| *first <= byte && last.is_none_or(|l| byte <= l));
        if let Requested::Ranges(ranges) = resolve_ranges(&format!("bytes={}", set.join(",")), length) {
            prop_assert!(!ranges.is_empty());
            for byte in 0..length {
                let times = ranges.iter().filter(|r| r.contains(&byte)).count();
                prop_assert_eq!(times, usize::from(asked(byte)));
            }
            for (i, a) in ranges.iter().enumerate() {
                prop_assert!(a.start < a.end && a.end <= length);
                prop_assert!(ranges[i + 1..].iter().all(|b| a.end < b.start || b.end < a.start));
            }
        }
    }

    #[test]
    fn any_header_is_answered(header in ".{0,60}") {
        let _ = resolve_ranges(&header, 1000);
        let (if_match, if_range, range) = (Some(header.as_str()), Some(header.as_str()), Some(header.as_str()));
        let _ = ask(RequestHeaders { if_match, if_range, range, ..RequestHeaders::default() });
    }

    #[test]
    fn a_multipart_body_has_the_length_that_it_says(starts in prop::collection::vec(0u64..900, 1..10)) {
        let ranges: Vec<_> = starts.iter().map(|s| *s..*s + 7).collect();
        let multipart = Multipart::new(ETAG, "audio/mpeg", &ranges, 1000);
        let mut body = Vec::new();
        for (head, range) in &multipart.parts {
            body.extend(head);
            body.extend(vec![0; (range.end - range.start) as usize]);
        }
        body.extend(&multipart.epilogue);
        prop_assert_eq!(body.len() as u64, multipart.length_bytes());
    }

    #[test]
    fn any_name_makes_a_header_line_within_the_limit(name in "\\PC{0,300}") {
        let value = content_disposition_shortened(Disposition::Inline, &name);
        prop_assert!(value.len() <= 979 && value.bytes().all(|b| (32..127).contains(&b)));
    }
}
