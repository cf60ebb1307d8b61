//! Lists: pages, orders, filters, and whose files they show.

use super::*;
use std::collections::BTreeSet;

/// Files a to f: their names, kinds and sizes are in different orders.
fn filled() -> Api {
    let api = Api::start();
    let one = "11111111-1111-4111-8111-111111111111";
    for (filename, bytes, fields) in [
        ("c.bin", 3, &[("name", "zeta"), ("type", "talk")][..]),
        ("a.bin", 1, &[("name", ""), ("type", "recording"), ("reference_type", "recording")]),
        ("f.bin", 6, &[("name", "alpha"), ("reference_id", one)]),
        ("e.bin", 5, &[("name", "beta"), ("type", "talk"), ("reference_type", "normal")]),
        ("d.bin", 4, &[("reference_id", one), ("reference_type", "recording")]),
        ("b.bin", 2, &[("name", "alpha"), ("type", "rag")]),
    ] {
        api.file(filename, &vec![b'x'; bytes], fields);
    }
    api
}

fn letters(names: &[String]) -> String {
    names.iter().map(|name| &name[..1]).collect()
}

/// The letters of all pages of a list.
fn paged(api: &Api, query: &str, size: usize) -> String {
    let (mut found, mut token, mut pages) = (String::new(), String::new(), 0);
    loop {
        let page = api.get(&format!("{FILES}?{query}&page_size={size}&page_token={token}"));
        assert_eq!(page.status, 200, "{query}: {}", page.text());
        let page = page.json();
        let names = names_of(&page);
        assert!(names.len() <= size);
        found += &letters(&names);
        token = text(&page["next_page_token"]);
        pages += 1;
        if token.is_empty() {
            return found;
        }
        assert_eq!(names.len(), size, "a page that is not the last one is full");
        assert!(pages < 20, "{query}");
    }
}

#[test]
fn every_order_and_filter_holds_on_pages_of_every_size() {
    let api = filled();
    let one = "11111111-1111-4111-8111-111111111111";
    for (query, expected) in [
        ("", "bdefac"),
        ("sort=tm_create", "bdefac"),
        ("sort=tm_create&order=desc", "bdefac"),
        ("order=asc", "cafedb"),
        ("sort=size", "fedcba"),
        ("sort=filesize&order=asc", "abcdef"),
        ("sort=size&order=desc", "fedcba"),
        ("sort=filename", "fedcba"),
        ("sort=filename&order=asc", "abcdef"),
        // Those without a name are the least, in the order of time.
        ("sort=name&order=asc", "adfbec"),
        ("sort=name", "cebfda"),
        ("type=talk", "ec"),
        ("type=recording", "a"),
        ("type=rag", "b"),
        ("type=", "df"),
        ("type=talk&sort=size&order=asc", "ce"),
        ("type=talk&sort=name&order=asc", "ec"),
        ("type=talk&sort=filename", "ec"),
        ("reference_type=recording", "da"),
        ("reference_type=normal", "e"),
        ("reference_type=none", "bfc"),
        ("reference_type=", "bfc"),
        ("reference_type=recording&sort=name", "da"),
        (&format!("reference_id={one}"), "df"),
        (&format!("reference_id={one}&sort=size"), "fd"),
        (&format!("reference_id={one}&reference_type=recording"), "d"),
        (&format!("reference_id={NIL}&order=asc"), "caeb"),
        ("type=talk&reference_type=normal", "e"),
        ("unknown=1&page=7", "bdefac"),
        ("sort=&order=&customer_id=", "bdefac"),
    ] {
        for size in [1, 2, 3, 6, 100] {
            assert_eq!(paged(&api, query, size), expected, "{query} by {size}");
        }
        assert_eq!(letters(&api.names(&format!("{FILES}?{query}"))), expected, "{query}");
        let alias = api.names(&format!("/v1.0/files?{query}"));
        assert_eq!(letters(&alias), expected, "{query}");
    }
}

#[test]
fn a_page_has_a_hundred_files_unless_fewer_are_asked_for() {
    let api = Api::start();
    for n in 0..101 {
        api.file(&format!("{n:03}"), b"x", &[]);
    }
    for size in ["", "page_size=100", "page_size=0", "page_size=-1", "page_size=101", "page_size=x"]
    {
        let page = api.get(&format!("{FILES}?{size}")).json();
        assert_eq!(page["result"].as_array().unwrap().len(), 100, "{size}");
        let token = text(&page["next_page_token"]);
        let rest = api.get(&format!("{FILES}?{size}&page_token={token}")).json();
        assert_eq!(names_of(&rest), ["000"], "{size}");
        assert_eq!(text(&rest["next_page_token"]), "");
    }
    let all: BTreeSet<String> = api.names(FILES).into_iter().collect();
    assert_eq!(all.len(), 100);
}

#[test]
fn a_time_in_either_form_begins_a_page_too() {
    let api = filled();
    let files = api.get(FILES).json()["result"].as_array().unwrap().clone();
    let time = text(&files[2]["tm_create"]);
    let older = letters(&files[3..].iter().map(|f| text(&f["filename"])).collect::<Vec<_>>());
    let newer: String = "bd".chars().rev().collect();
    let iso = format!("{}Z", time.replace(' ', "T"));
    for token in
        [time.replace(' ', "+"), time.replace(' ', "%20"), iso.clone(), iso.replace(":", "%3A")]
    {
        let query = format!("{FILES}?page_token={token}");
        assert_eq!(letters(&api.names(&query)), older, "{token}");
        assert_eq!(letters(&api.names(&format!("{query}&order=asc"))), newer, "{token}");
        let sized = api.get(&format!("{query}&sort=size"));
        assert_invalid(&sized, "INVALID_REQUEST_PARAMETER", "page_token");
    }
    // A microsecond more or less decides.
    let just = |end: &str| format!("{FILES}?page_token={}{end}", &time.replace(' ', "+")[..23]);
    assert_eq!(letters(&api.names(&just("001"))), format!("e{older}"));
    assert_eq!(letters(&api.names(&just("000"))), older);
    assert_eq!(api.names(&format!("{FILES}?page_token=2000-01-01+00:00:00")), Vec::<String>::new());
    assert_eq!(
        letters(&api.names(&format!("{FILES}?page_token={}", NEVER.replace(' ', "+")))),
        "bdefac"
    );
}

#[test]
fn parameters_that_cannot_be_are_refused_by_name() {
    let api = filled();
    let token = text(&api.get(&format!("{FILES}?page_size=2")).json()["next_page_token"]);
    let of_accounts = api.ask(&api.admin, "GET", &format!("{ACCOUNTS}?page_size=1")).send();
    let foreign = text(&of_accounts.json()["next_page_token"]);
    let damaged = format!("{}0", &token[..token.len() - 1]);
    for (query, reason, field) in [
        ("sort=date".to_owned(), "INVALID_REQUEST_PARAMETER", "sort"),
        ("sort=TM_CREATE".into(), "INVALID_REQUEST_PARAMETER", "sort"),
        ("order=up".into(), "INVALID_REQUEST_PARAMETER", "order"),
        ("type=music".into(), "INVALID_FILE_TYPE", "type"),
        ("reference_type=call".into(), "INVALID_REQUEST_PARAMETER", "reference_type"),
        ("reference_id=1".into(), "INVALID_REQUEST_PARAMETER", "reference_id"),
        ("customer_id=1".into(), "INVALID_ID", "customer_id"),
        ("page_token=yesterday".into(), "INVALID_REQUEST_PARAMETER", "page_token"),
        ("page_token=2024-13-01".into(), "INVALID_REQUEST_PARAMETER", "page_token"),
        (format!("page_token={damaged}x"), "INVALID_REQUEST_PARAMETER", "page_token"),
        (format!("page_token={foreign}"), "INVALID_REQUEST_PARAMETER", "page_token"),
        (format!("page_token={token}&sort=size"), "INVALID_REQUEST_PARAMETER", "page_token"),
        (format!("page_token={token}&order=asc"), "INVALID_REQUEST_PARAMETER", "page_token"),
        (format!("page_token={token}&type=rag"), "INVALID_REQUEST_PARAMETER", "page_token"),
    ] {
        assert_invalid(&api.get(&format!("{FILES}?{query}")), reason, field);
    }
    let others = api.ask(&api.agent, "GET", &format!("{AGENTS}?page_token={token}")).send();
    assert_invalid(&others, "INVALID_REQUEST_PARAMETER", "page_token");
    assert_eq!(letters(&api.names(&format!("{FILES}?page_token={token}&page_size=9"))), "efac");
}

#[test]
fn a_list_is_of_the_callers_customer_and_an_administrator_may_name_another() {
    let api = filled();
    let own = text(&api.get(ACCOUNT).json()["id"]);
    let list = |token: &str, query: &str| api.ask(token, "GET", &format!("{FILES}?{query}")).send();
    assert_eq!(names_of(&list(&api.admin, "").json()), Vec::<String>::new());
    assert_eq!(names_of(&list(&api.admin, &format!("customer_id={own}")).json()).len(), 6);
    assert_eq!(names_of(&list(&api.read, &format!("customer_id={own}")).json()).len(), 6);
    assert_eq!(names_of(&list(&api.stranger, "").json()), Vec::<String>::new());
    let unknown = format!("customer_id={NIL}");
    for answer in [
        list(&api.stranger, &format!("customer_id={own}")),
        list(&api.admin, &unknown),
        list(&api.manager, &unknown),
    ] {
        assert_missing(&answer, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn agents_list_what_their_token_brought_in_and_nothing_else() {
    let api = Api::start();
    api.file("customers.bin", b"1", &[]);
    api.file_by(&api.agent, AGENTS, "small.bin", b"2", &[]);
    api.file_by(&api.agent, AGENTS, "large.bin", b"333", &[("type", "rag")]);
    api.file_by(&api.manager, AGENTS, "managers.bin", b"4", &[]);
    let list = |token: &str, query: &str| {
        names_of(&api.ask(token, "GET", &format!("{AGENTS}?{query}")).send().json())
    };
    assert_eq!(list(&api.agent, ""), ["large.bin", "small.bin"]);
    assert_eq!(list(&api.agent, "sort=size&order=asc"), ["small.bin", "large.bin"]);
    assert_eq!(list(&api.agent, "sort=name"), ["small.bin", "large.bin"]);
    assert_eq!(list(&api.agent, "sort=filename"), ["small.bin", "large.bin"]);
    assert_eq!(list(&api.agent, "type=rag"), ["large.bin"]);
    assert_eq!(list(&api.manager, ""), ["managers.bin", "customers.bin"]);
    assert_eq!(list(&api.read, ""), Vec::<String>::new());
    assert_eq!(list(&api.stranger, ""), Vec::<String>::new());
    assert_eq!(api.names(FILES).len(), 4);
}

#[test]
fn files_of_other_apis_are_listed_with_defaults_and_without_an_owner() {
    let api = Api::start();
    let put = api.ask(&api.manager, "PUT", "/core/v2/storage/upload/song.wav").body(&chime());
    assert_eq!(put.send().status, 201);
    api.file("named.bin", b"x", &[("name", "a name"), ("type", "talk")]);
    for query in ["", "sort=name&order=desc", "sort=size&order=asc"] {
        assert_eq!(api.names(&format!("{FILES}?{query}")), ["named.bin", "song.wav"], "{query}");
    }
    assert_eq!(api.names(&format!("{FILES}?type=")), ["song.wav"]);
    assert_eq!(
        api.names(&format!("{FILES}?reference_id={NIL}&sort=name&order=asc")),
        ["song.wav", "named.bin"]
    );
    assert_eq!(api.names(AGENTS), ["named.bin"]);
    let song = api.get(FILES).json()["result"][1].clone();
    for (member, value) in [
        ("owner_type", ""),
        ("owner_id", NIL),
        ("type", ""),
        ("name", ""),
        ("reference_type", ""),
        ("reference_id", NIL),
        ("filename", "song.wav"),
        ("mime_type", "audio/x-wav"),
    ] {
        assert_eq!(text(&song[member]), value, "{member}");
    }
    let renamed = format!("/core/v2/storage/files/{}", text(&song["id"]));
    assert_eq!(api.json(&api.manager, "PATCH", &renamed, "{\"name\":\"new.wav\"}").status, 200);
    let changed = api.get(&path_of_file(&song)).json();
    assert_eq!(text(&changed["filename"]), "new.wav");
    assert_ne!(text(&changed["tm_update"]), NEVER);
}

#[test]
fn times_are_written_in_the_newer_form_where_that_is_set() {
    let api = Api::start_with(&["--voipbin-times", "rfc3339"]);
    let made = api.file("a.bin", b"x", &[]);
    let time = text(&made["tm_create"]);
    assert_eq!((time.len(), &time[10..11], &time[26..]), (27, "T", "Z"), "{time}");
    assert_eq!((&made["tm_update"], &made["tm_delete"]), (&Value::Null, &Value::Null));
    assert_eq!(api.get(ACCOUNT).json()["tm_delete"], Value::Null);
    let page = format!("{FILES}?order=asc&page_token=2024-05-27+07:55:16.515315");
    assert_eq!(api.names(&page), ["a.bin"]);
    let gone = api.delete(&api.manager, &path_of_file(&made)).json();
    assert_eq!(gone["tm_delete"], gone["tm_update"]);
    assert_eq!(text(&gone["tm_delete"]).len(), 27);
}
