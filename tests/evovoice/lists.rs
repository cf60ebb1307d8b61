//! Lists: filters, order, pages.

use super::*;
use std::io::Read;

#[test]
fn an_empty_list_has_no_pages() {
    let api = Api::start();
    let empty = json!({"items": [], "totalCount": 0, "totalPages": 0, "hasMorePages": false});
    for path in ["/files", "/portal/files", "/files?All=true", "/files?Page=7"] {
        assert_eq!(api.json(path), empty, "{path}");
    }
    assert_eq!(api.json("/app/files"), json!({"files": []}));
}

#[test]
fn each_filter_leaves_what_it_names() {
    let api = Api::start();
    let told = "Type=VoiceMessage&SessionId=s1&CustomerId=c1&UserId=u1&Transcription=Hello%20World";
    let one = api.file(&format!("FileName=One.WAV&{told}"));
    let two =
        api.file("FileName=two.mp3&ContentType=audio%2Fmpeg&CustomerId=c2&AITranscription=hello");
    let fax = api.file("FileName=three&Type=Fax&UserId=u2");
    let [one, two, fax] = [one, two, fax].map(|file| text(&file["id"]));
    let account = text(&api.json("/files")["items"][0]["accountId"]);
    for (query, wanted) in [
        (format!("AccountIds={account}"), vec![&one, &two, &fax]),
        (format!("AccountIds={one}"), vec![]),
        (format!("accountids={one},{account}"), vec![&one, &two, &fax]),
        ("AccountIds=nobody".into(), vec![]),
        ("CustomerIds=c1".into(), vec![&one]),
        ("CustomerIds=c1,c2".into(), vec![&one, &two]),
        ("CustomerIds=[c1,c2]".into(), vec![&one, &two]),
        ("customerIds=c1&customerIds=c2".into(), vec![&one, &two]),
        ("SessionId=s1".into(), vec![&one]),
        ("SESSIONID=s".into(), vec![]),
        ("FileName=one.wav".into(), vec![&one]),
        ("fileName=O".into(), vec![&one, &two]),
        ("ContentType=AUDIO%2FMP".into(), vec![&two]),
        ("Type=VoiceMessage".into(), vec![&one]),
        ("type=fax".into(), vec![&fax]),
        ("Type=Upload".into(), vec![&two]),
        ("Type=CallRecording".into(), vec![]),
        ("UserId=u2".into(), vec![&fax]),
        ("TranscriptionContains=hello".into(), vec![&one, &two]),
        ("TranscriptionContains=O%20w".into(), vec![&one]),
        (format!("SpecificIds={one},{fax}"), vec![&one, &fax]),
        ("SpecificIds=none".into(), vec![]),
        ("CustomerIds=c1&Type=Fax".into(), vec![]),
        ("DateCreatedStart=2020-01-01&DateCreatedEnd=2999-12-31".into(), vec![&one, &two, &fax]),
        ("DateCreatedEnd=2020-01-01".into(), vec![]),
        ("DateCreatedStart=2999-01-01".into(), vec![]),
        ("Unknown=1&SessionId=".into(), vec![&one, &two, &fax]),
    ] {
        let found = api.ids(&format!("/files?SortOrder=Ascend&{query}"));
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query}");
        let list = api.json(&format!("/files?{query}"));
        assert_eq!(list["totalCount"], wanted.len(), "{query}");
    }
    for (query, wanted) in [
        (format!("AccountId={account}&CustomerId=c1"), vec![&one]),
        ("FileNameFilter=TWO".into(), vec![&two]),
        ("Type=Fax".into(), vec![&fax]),
        ("DateCreatedEnd=2020-01-01".into(), vec![]),
        (format!("AccountId={one}"), vec![]),
        // What only the other list takes says nothing here.
        ("SessionId=s1&FileName=one".into(), vec![&one, &two, &fax]),
    ] {
        let found = api.ids(&format!("/portal/files?SortOrder=Ascend&{query}"));
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query}");
    }
    let mine =
        |query: &str| api.json(&format!("/app/files{query}"))["files"].as_array().unwrap().len();
    assert_eq!([mine(""), mine("?FileTypes=Fax,Upload"), mine("?FileTypes=Attachment")], [3, 2, 0]);
}

#[test]
fn the_bounds_of_a_range_of_dates_belong_to_it() {
    let api = Api::start();
    let file = api.file("FileName=a");
    let (id, created) = (text(&file["id"]), text(&file["dateCreated"]));
    let day = &created[..10];
    for (query, holds) in [
        (format!("DateCreatedStart={created}&DateCreatedEnd={created}"), true),
        (format!("DateCreatedStart={day}&DateCreatedEnd={day}"), true),
        (format!("DateCreatedEnd={day}T00:00:00Z"), false),
        (format!("DateCreatedStart={day}T23:59:59.999Z"), false),
    ] {
        let found = api.ids(&format!("/files?{query}"));
        assert_eq!(found.contains(&id), holds, "{query}");
    }
}

#[test]
fn every_member_is_an_order() {
    let api = Api::start();
    let a = "FileName=a&Type=Attachment&SessionId=a&CustomerId=a&CustomerName=a&UserId=a&UserName=a&RecordingSid=a\
             &RecordingFrom=a&FromAddress=a&ToAddress=a&Transcription=a&AITranscription=a&ContentType=audio%2Fa";
    let b = a.replace("=a", "=b").replace("Attachment", "VoiceMessage").replace("%2Fa", "%2Fb");
    api.upload(&b.replace("=bttachment", "=VoiceMessage").replace("=budio", "=audio"), b"longer");
    api.upload(a, b"x");
    let members = api.json("/files")["items"][0].as_object().unwrap().clone();
    assert_eq!(members.len(), 24);
    let differ = [
        "accountId",
        "accountName",
        "recordingDuration",
        "createdBy",
        "lastModifiedBy",
        "id",
        "uri",
    ];
    for member in members.keys() {
        let sorted = |order: &str| api.names(&format!("SortField={member}&SortOrder={order}"));
        let (up, down) = (sorted("Ascend"), sorted("descend"));
        assert_eq!(up, down.iter().rev().cloned().collect::<Vec<_>>(), "{member}");
        if !differ.contains(&member.as_str()) && !member.starts_with("date") {
            assert_eq!(up, ["a", "b"], "{member}");
        }
    }
    assert_eq!(api.names("SortField=DATECREATED&SortOrder=ASCEND"), ["b", "a"]);
    assert_eq!(api.names(""), ["a", "b"], "the latest first");
    assert_bad(&api.get("/files?SortField=Size"), "SortField");
    assert_bad(&api.get("/files?SortOrder=up"), "SortOrder");
}

#[test]
fn pages_are_counted_from_nought() {
    let api = Api::start();
    for number in 0..27 {
        api.file(&format!("FileName=f{number:02}"));
    }
    let page = |query: &str| {
        let list = api.json(&format!("/files?SortOrder=Ascend&{query}"));
        let first = list["items"][0].get("fileName").cloned().unwrap_or_default();
        let count = list["items"].as_array().unwrap().len();
        (
            count,
            first,
            list["totalCount"].clone(),
            list["totalPages"].clone(),
            list["hasMorePages"].clone(),
        )
    };
    let of = |count: usize, first: Value, total: u64, pages: u64, more: bool| {
        (count, first, json!(total), json!(pages), json!(more))
    };
    for (query, wanted) in [
        ("", of(25, json!("f00"), 27, 2, true)),
        ("Page=1", of(2, json!("f25"), 27, 2, false)),
        ("Page=2", of(0, Value::Null, 27, 2, false)),
        ("page=2&countPerPage=9", of(9, json!("f18"), 27, 3, false)),
        ("Page=1&CountPerPage=9", of(9, json!("f09"), 27, 3, true)),
        ("CountPerPage=1000", of(27, json!("f00"), 27, 1, false)),
        ("All=true&CountPerPage=2&Page=3", of(27, json!("f00"), 27, 1, false)),
        ("SimplifiedPaging=true", of(25, json!("f00"), 0, 0, true)),
        ("SimplifiedPaging=true&Page=1", of(2, json!("f25"), 0, 0, false)),
        ("SimplifiedPaging=1&Page=9", of(0, Value::Null, 0, 0, false)),
        ("SimplifiedPaging=true&All=true", of(27, json!("f00"), 0, 0, false)),
        ("Page=2147483647", of(0, Value::Null, 27, 2, false)),
    ] {
        assert_eq!(page(query), wanted, "{query}");
    }
    for (query, field) in [
        ("Page=-1", "Page"),
        ("Page=2147483648", "Page"),
        ("Page=x", "Page"),
        ("CountPerPage=0", "CountPerPage"),
        ("CountPerPage=1001", "CountPerPage"),
        ("All=perhaps", "All"),
        ("SimplifiedPaging=2", "SimplifiedPaging"),
        ("Type=Letter", "Type"),
        ("DateCreatedStart=today", "DateCreatedStart"),
        ("DateCreatedEnd=2026-13-01", "DateCreatedEnd"),
    ] {
        assert_bad(&api.get(&format!("/files?{query}")), field);
        assert_bad(&api.get(&format!("/portal/files?{query}")), field);
    }
    assert_bad(&api.get("/app/files?FileTypes=Fax,Letter"), "FileTypes");
    let many = "x,".repeat(1001);
    assert_bad(&api.get(&format!("/files?CustomerIds={many}")), "CustomerIds");
}

#[test]
fn only_so_many_long_lists_are_read_at_a_time() {
    let api = Api::start();
    // Each sign is six bytes of the answer, which is so far longer than what a connection holds.
    let said = "\u{1}".repeat(128 * 1024);
    for _ in 0..9 {
        let path = format!("/files/{}", text(&api.file("FileName=a")["id"]));
        for field in ["Transcription", "AITranscription"] {
            assert_eq!(api.send(&api.manager, "PATCH", &path, &json!({ field: said })).status, 200);
        }
    }
    let most = api.server.most_memory_bytes();
    let paths = ["/files", "/files?All=true", "/app/files", "/files?CountPerPage=1000"];
    let unread: Vec<_> = paths
        .iter()
        .cycle()
        .take(8)
        .map(|path| {
            let mut unread = api.request("GET", path).send_part(0).unwrap();
            let mut begin = [0; 15];
            unread.read_exact(&mut begin).unwrap();
            assert_eq!(&begin, b"HTTP/1.1 200 OK", "{path}");
            unread
        })
        .collect();
    assert_refused(&api.get("/files"), 503, "ServiceUnavailable", "");
    assert_eq!(api.get("/files?CountPerPage=1").status, 200, "a short one");
    assert!(api.server.most_memory_bytes() - most < 32 << 20);
    drop(unread);
    crate::running::until("a list can be read again", || api.get("/files").status == 200);
    let list = api.json("/files");
    assert_eq!(list["items"].as_array().unwrap().len(), 9);
    assert_eq!(
        (&list["totalCount"], &list["items"][8]["transcription"]),
        (&json!(9), &json!(said))
    );
}

#[test]
fn all_is_sent_with_its_length_and_from_the_disk() {
    let api = Api::start();
    for number in 0..30 {
        api.file(&format!("FileName=f{number}&Transcription={}", "x".repeat(100)));
    }
    for format in ["json", "xml", "csv", "jsv"] {
        let (all, page) = (
            api.get(&format!("/files.{format}?All=true")),
            api.get(&format!("/files.{format}?CountPerPage=1000")),
        );
        assert!(all.whole && all.length() > 3000);
        // Signed links end a second later, perhaps; these are public.
        assert_eq!(all.text(), page.text(), "{format}");
    }
}
