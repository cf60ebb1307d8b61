//! Preconditions and ranges of published links.

use super::*;

#[test]
fn what_the_client_has_already_is_304_with_an_empty_body() {
    let site = Site::shared();
    for path in [site.chime.clone(), format!("{}?f=mp3", site.chime)] {
        let first = site.server.get(&path);
        let (etag, date) = (header(&first, "etag"), header(&first, "last-modified"));
        let weak = format!("W/{etag}");
        for (name, value) in [
            ("If-None-Match", etag.as_str()),
            ("If-None-Match", &weak),
            ("If-Modified-Since", &date),
        ] {
            let again = site.with(&path, &[(name, value)]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{name}: {value}");
            assert_eq!(header(&again, "etag"), etag);
        }
        assert_eq!(site.with(&path, &[("If-None-Match", "\"other\"")]).status, 200);
    }
}

#[test]
fn a_failed_precondition_is_412() {
    let site = Site::shared();
    let early = "Thu, 01 Jan 1998 00:00:00 GMT";
    assert_eq!(site.with(&site.chime, &[("If-Match", "\"other\"")]).status, 412);
    assert_eq!(site.with(&site.chime, &[("If-Unmodified-Since", early)]).status, 412);
    assert_eq!(site.with(&site.chime, &[("If-Match", "*")]).status, 200);
}

#[test]
fn no_cache_may_keep_a_refusal_in_the_place_of_the_content() {
    let site = Site::shared();
    let link = format!("{}?cache_headers=300", site.chime);
    let whole = site.server.get(&link);
    assert_eq!(header(&whole, "cache-control"), "public, max-age=300");
    for (condition, value, status) in
        [("If-Match", "\"other\"", 412), ("Range", "bytes=99999999-", 416)]
    {
        let refusal = site.with(&link, &[(condition, value)]);
        assert_eq!((refusal.status, &*header(&refusal, "cache-control")), (status, "no-store"));
        for name in ["etag", "last-modified", "access-control-allow-origin"] {
            assert_eq!(header(&refusal, name), header(&whole, name), "{status}: {name}");
        }
    }
}

#[test]
fn ranges_are_cut_to_what_is_there_and_unsatisfiable_ones_are_416() {
    let site = Site::shared();
    let bytes = asset("chime-8k.wav");
    let length = bytes.len();
    let last = length - 1;
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=100-199".into(), 100, 199),
        ("bytes=100-".into(), 100, last),
        ("bytes=-100".into(), length - 100, last),
        (format!("bytes=5-{}", length + 1000), 5, last),
        (format!("bytes=-{}", length + 1), 0, last),
    ] {
        let answer = site.server.range(&site.chime, &range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(
            header(&answer, "content-range"),
            format!("bytes {from}-{to}/{length}"),
            "{range}"
        );
        assert!(answer.body == bytes[from..=to], "{range}");
    }
    let beyond = site.server.range(&site.chime, &format!("bytes={length}-"));
    assert_eq!(beyond.status, 416);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{length}"));
    for ignored in ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes="] {
        assert_eq!(site.server.range(&site.chime, ignored).status, 200, "{ignored}");
    }
    let head = site.server.request("HEAD", &site.chime).range("bytes=0-9").send();
    assert_eq!((head.status, head.length()), (200, length as u64), "HEAD ignores Range");
}

#[test]
fn several_ranges_are_multipart_in_the_order_asked() {
    let site = Site::shared();
    let path = format!("{}?f=mp3", site.melody);
    let whole = site.server.get(&path).body;
    let answer = site.server.range(&path, "bytes=1000-1099,-50,0-9");
    assert_eq!((answer.status, answer.whole), (206, true));
    let kind = header(&answer, "content-type");
    let boundary =
        kind.strip_prefix("multipart/byteranges; boundary=").expect(&kind).trim_matches('"');
    let parts = parts(&answer.body, boundary);
    let length = whole.len();
    let expected = [(1000, 1100), (length - 50, length), (0, 10)];
    assert_eq!(parts.len(), expected.len());
    for ((head, body), (from, to)) in parts.iter().zip(expected) {
        let line = format!("content-range: bytes {from}-{}/{length}", to - 1);
        assert!(head.to_ascii_lowercase().contains(&line), "{head}");
        assert!(*body == whole[from..to], "{line}");
    }
}

/// The parts of a multipart body: head and bytes.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let mark = format!("--{boundary}").into_bytes();
    let starts: Vec<_> =
        (0..body.len()).filter(|&i| body[i..].starts_with(&mark)).map(|i| i + mark.len()).collect();
    let pairs = starts.iter().zip(starts.iter().skip(1));
    pairs
        .map(|(&from, &to)| {
            let part = &body[from + 2..to - mark.len() - 2];
            let split = part.windows(4).position(|w| w == b"\r\n\r\n").expect("a part's head");
            (String::from_utf8_lossy(&part[..split]).into_owned(), part[split + 4..].to_vec())
        })
        .collect()
}

#[test]
fn if_range_with_a_stale_etag_or_date_sends_the_whole() {
    let site = Site::shared();
    let first = site.server.get(&site.chime);
    let (etag, date) = (header(&first, "etag"), header(&first, "last-modified"));
    let ranged =
        |value: &str| site.with(&site.chime, &[("Range", "bytes=0-9"), ("If-Range", value)]).status;
    assert_eq!(ranged(&etag), 206);
    assert_eq!(ranged(&date), 206);
    assert_eq!(ranged("\"stale\""), 200);
    assert_eq!(ranged(&format!("W/{etag}")), 200);
    assert_eq!(ranged("Thu, 01 Jan 1998 00:00:00 GMT"), 200);
}
