//! What goes out: links that are signed, redirects to them, and what is left of a deleted file.

use super::*;
use std::time::{SystemTime, UNIX_EPOCH};

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Where a redirect leads to, without the origin.
#[track_caller]
fn target(api: &Api, answer: &Answer) -> String {
    assert_eq!(answer.status, 307, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    path_of(api, answer.header("location").expect("Location"))
}

/// Seconds of `exp` in a link.
fn ends_at(link: &str) -> u64 {
    let exp = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("exp="));
    exp.expect("exp").parse().unwrap()
}

#[test]
fn the_link_in_an_object_plays_for_as_long_as_it_says() {
    let api = Api::start_with(&["--link-window", "0", "--voipbin-link-days", "2"]);
    let begun = now_s();
    let made = api.file("chime.wav", &chime(), &[]);
    let link = path_of(&api, &text(&made["uri_download"]));
    let life = ends_at(&link) - begun;
    assert!((172_800..172_810).contains(&life), "{life}");
    let end = text(&made["tm_download_expire"]);
    let listed = api.get(FILES).json()["result"][0].clone();
    assert_eq!((end.len(), &end[19..]), (26, ".000000"), "{end}");
    assert!(text(&listed["uri_download"]).contains("sig="));
    let answer = api.server.get(&link);
    assert_eq!((answer.status, answer.body), (200, chime()));
    let disposition = api.server.get(&link);
    let disposition = disposition.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment") && disposition.contains("chime.wav"));
    assert_eq!(api.server.get(&format!("/f/{}", text(&made["id"]))).status, 404);
    assert_eq!(api.server.get(&link.replace("attachment", "inline")).status, 403);
}

#[test]
fn who_may_not_have_the_bytes_gets_no_link_to_them() {
    let api = Api::start();
    let made = api.file("chime.wav", &chime(), &[]);
    let path = path_of_file(&made);
    let id = text(&made["id"]);
    for path in [&path, &format!("{AGENTS}/{id}")] {
        let seen = api.ask(&api.read, "GET", path).send().json();
        for field in ["uri_download", "download_url"] {
            assert_eq!(seen[field], "", "{path}");
            assert_ne!(api.ask(&api.agent, "GET", path).send().json()[field], "", "{path}");
        }
        assert_eq!((&seen["id"], &seen["tm_download_expire"]), (&made["id"], &json!(NEVER)));
    }
    let listed = api.ask(&api.read, "GET", FILES).send().json();
    assert_eq!(listed["result"][0]["uri_download"], "");
}

#[test]
fn seven_days_are_the_default_rounded_up_to_the_window() {
    let api = Api::start();
    let begun = now_s();
    let made = api.file("chime.wav", &chime(), &[]);
    let end = ends_at(&text(&made["uri_download"]));
    assert!((7 * 86_400..=7 * 86_400 + 3700).contains(&(end - begun)), "{}", end - begun);
    assert_eq!(end % 3600, 0);
}

#[test]
fn a_download_leads_to_a_link_that_plays_seeks_and_has_the_options_asked_for() {
    let api = Api::start();
    let made = api.file("chime.wav", &chime(), &[("type", "recording")]);
    let file = format!("{}/file", path_of_file(&made));
    let link = target(&api, &api.get(&file));
    assert_eq!(api.server.get(&link).body, chime());
    let part = api.server.range(&link, "bytes=100-199");
    assert_eq!((part.status, part.body), (206, chime()[100..200].to_vec()));

    let mp3 = target(&api, &api.get(&format!("{file}?f=mp3&br=32&unknown=1")));
    let whole = api.server.get(&mp3);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("audio/mpeg")));
    let part = api.server.range(&mp3, "bytes=1000-1999");
    assert_eq!((part.status, &part.body), (206, &whole.body[1000..2000].to_vec()));
    let as_published = api.server.get(&mp3.replace("br=32", "br=64"));
    assert_eq!(as_published.status, 403, "the options are signed");
    assert!(!mp3.contains("unknown"));

    for (options, header, value) in [
        ("disposition=inline", "content-disposition", "inline"),
        ("disposition=", "content-disposition", "attachment"),
        ("disposition_name=a%20b.wav", "content-disposition", "a%20b.wav"),
        ("p=ulaw", "content-type", "audio/basic"),
        ("cache_headers=60", "cache-control", "public, max-age=60"),
    ] {
        let link = target(&api, &api.get(&format!("{file}?{options}")));
        let found = api.server.get(&link);
        let found = found.header(header).unwrap_or("none").to_owned();
        assert!(found.contains(value), "{options}: {found}");
    }
    let head = api.ask(&api.manager, "HEAD", &file).send();
    assert_eq!((head.status, head.body.len()), (307, 0));
}

#[test]
fn an_option_that_cannot_be_is_refused_before_the_redirect() {
    let api = Api::start();
    let made = api.file("chime.wav", &chime(), &[]);
    let file = format!("{}/file", path_of_file(&made));
    for (options, field) in [
        ("f=xyz", "f"),
        ("f=mp3&br=7", "br"),
        ("t=9-1", "t"),
        ("p=none-such", "p"),
        ("disposition=x", "disposition"),
    ] {
        let answer = api.get(&format!("{file}?{options}"));
        assert_invalid(&answer, "INVALID_REQUEST_PARAMETER", field);
        assert!(answer.header("location").is_none());
    }
    let note = api.file("note.txt", b"no sound", &[]);
    for (file, options) in [
        (&made, "br=64"),
        (&made, "t=9999999-"),
        (&made, "content_type=text/html"),
        (&note, "f=mp3"),
        (&note, "t=0-1"),
    ] {
        let answer = api.get(&format!("{}/file?{options}", path_of_file(file)));
        assert_eq!(answer.status, 400, "{options}: {}", answer.text());
        assert!(answer.header("location").is_none());
    }
    let long = "f=mp3&".repeat(200);
    let answer = api.get(&format!("{file}?{long}"));
    assert_invalid(&answer, "INVALID_REQUEST_PARAMETER", "query");
}

#[test]
fn a_recording_is_found_by_its_reference_or_by_the_files_own_id() {
    let api = Api::start();
    let reference = "22222222-2222-4222-8222-222222222222";
    let of = |kind: &str, bytes: &[u8]| {
        api.file("r.wav", bytes, &[("reference_type", kind), ("reference_id", reference)])
    };
    of("recording", b"older");
    let newer = of("recording", b"newer");
    let other = of("normal", b"other");
    let ask =
        |token: &str, id: &str| api.ask(token, "GET", &format!("/v1.0/recordingfiles/{id}")).send();
    for (id, bytes) in
        [(reference, "newer"), (&text(&newer["id"]), "newer"), (&text(&other["id"]), "other")]
    {
        for token in [&api.agent, &api.manager, &api.admin] {
            let link = target(&api, &ask(token, id));
            assert_eq!(api.server.get(&link).text(), bytes);
        }
        assert_missing(&ask(&api.stranger, id), "FILE_NOT_FOUND");
        assert_forbidden(&ask(&api.read, id));
    }
    assert_missing(&ask(&api.manager, NIL), "FILE_NOT_FOUND");
    assert_invalid(&ask(&api.manager, "1"), "INVALID_ID", "id");
    let bad = ask(&api.manager, &format!("{reference}?f=xyz"));
    assert_invalid(&bad, "INVALID_REQUEST_PARAMETER", "f");
}

#[test]
fn a_deleted_file_is_answered_once_more_and_then_told_from_one_that_never_was() {
    let api = Api::start();
    let made = api.file("chime.wav", &chime(), &[("name", "n")]);
    let (path, link) = (path_of_file(&made), path_of(&api, &text(&made["uri_download"])));
    let gone = api.delete(&api.manager, &path);
    assert_eq!(gone.status, 200);
    let gone = gone.json();
    assert_ne!(text(&gone["tm_delete"]), NEVER);
    assert_eq!(gone["tm_update"], gone["tm_delete"]);
    assert_eq!(
        (text(&gone["uri_download"]), text(&gone["tm_download_expire"])),
        (String::new(), NEVER.into())
    );
    for member in ["id", "customer_id", "name", "filename", "filesize", "owner_id", "tm_create"] {
        assert_eq!(gone[member], made[member], "{member}");
    }
    assert_eq!(api.names(FILES), Vec::<String>::new());
    assert_eq!(api.server.get(&link).status, 404);
    for path in [
        path.clone(),
        format!("{path}/file"),
        path.replace("storage_files", "service_agents/files"),
    ] {
        assert_missing(&api.get(&path), "RESOURCE_NOT_FOUND");
        assert_missing(&api.ask(&api.stranger, "GET", &path).send(), "FILE_NOT_FOUND");
    }
    assert_missing(&api.delete(&api.manager, &path), "RESOURCE_NOT_FOUND");
    assert_missing(&api.get(&format!("{FILES}/{NIL}")), "FILE_NOT_FOUND");

    let other = api.file("b.bin", b"b", &[]);
    let elsewhere = format!("/core/v2/storage/files/{}", text(&other["id"]));
    assert_eq!(api.delete(&api.manager, &elsewhere).status, 204);
    assert_missing(&api.get(&path_of_file(&other)), "RESOURCE_NOT_FOUND");
}

#[test]
fn a_deletion_here_is_one_for_the_other_api_too() {
    let api = Api::start();
    let made = api.file("b.bin", b"b", &[]);
    let elsewhere = format!("/core/v2/storage/files/{}", text(&made["id"]));
    assert_eq!(text(&api.get(&elsewhere).json()["name"]), "b.bin");
    assert_eq!(api.get(&format!("{elsewhere}/data")).text(), "b");
    assert_eq!(api.delete(&api.manager, &path_of_file(&made)).status, 200);
    assert_eq!(api.get(&elsewhere).status, 404);
}

#[test]
fn links_live_no_longer_than_links_may() {
    let data = TempDir::new().unwrap();
    let data = data.path().to_str().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", data];
    let more = ["--voipbin-link-days", "8", "--link-max-days", "7"];
    let refused = run(&[&args[..], &more].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--link-max-days"), "{}", stderr(&refused));
    let unknown = run(&[&args[..], &["--voipbin-times", "iso"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("rfc3339"), "{}", stderr(&unknown));
}
