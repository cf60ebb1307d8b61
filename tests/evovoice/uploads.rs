//! Files that come in, change and go.

use super::*;
use crate::carrierx::access::base64;
use crate::client::{FILE_NAMES, form_of};
use crate::judge::{Stream, stream};
use crate::sources;

fn send_form(api: &Api, path: &str, parts: &[Part<'_>]) -> Answer {
    api.request("POST", path).form(parts).send()
}

#[test]
fn a_file_comes_as_a_body_a_form_or_base64() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let raw = api
        .request("POST", "/files?FileName=a.wav&CustomerId=c")
        .header("Content-Type", "audio/wav");
    let raw = raw.body(&wav).send();
    let named = "; filename=\"C:\\calls\\b.wav\"\r\nContent-Type: audio/wav";
    let by_form = send_form(
        &api,
        "/app/file?UserId=u",
        &[("whatever", named, &wav), ("customerid", "", b"c")],
    );
    let object = json!({"fileName": "c.wav", "Data": base64(&wav), "contentType": "audio/wav", "CustomerId": "c"});
    let by_json = api.send(&api.manager, "POST", "/app/files", &object);
    for (answer, name) in [(raw, "a.wav"), (by_form, "b.wav"), (by_json, "c.wav")] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let file = answer.json();
        assert_eq!(file["fileName"], name);
        assert_eq!(file["customerId"], "c");
        assert_eq!(file["contentType"], "audio/wav");
        assert_eq!(file["contentLength"], wav.len());
        assert_eq!(file["recordingDuration"], 13);
        assert_eq!(file["type"], "Upload");
        assert_eq!(api.server.get(&path_of(&file["uri"])).body, wav, "the link is public");
    }
}

#[test]
fn a_name_that_is_said_goes_before_that_of_the_file() {
    let api = Api::start();
    let part = ("file", "; filename=\"b.bin\"", &b"x"[..]);
    let said = send_form(&api, "/files", &[part, ("FileName", "", "ü.bin".as_bytes())]);
    assert_eq!(said.json()["fileName"], "ü.bin");
    let said = send_form(&api, "/files?FileName=q.bin", &[part]);
    assert_eq!(said.json()["fileName"], "q.bin");
}

#[test]
fn all_uploads_go_to_one_container_of_the_account() {
    let api = Api::start();
    api.file("FileName=a");
    api.send(&api.agent, "POST", "/app/files", &json!({"Data": "eA=="}));
    let containers = api.json("/core/v2/storage/containers");
    let found = containers["items"].as_array().unwrap();
    let found: Vec<_> = found.iter().filter(|c| c["name"] != "default").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["name"], "evovoice");
    assert_eq!(found[0]["quota_files"], Value::Null);
    assert_eq!(found[0]["total_files"], 2);
}

#[test]
fn convert_to_wav_stores_what_any_phone_plays() {
    let api = Api::start();
    let path = api.folder.path().join("melody.mp3");
    crate::judge::ffmpeg(&[
        "-i",
        sources::melody().to_str().unwrap(),
        "-t",
        "3",
        path.to_str().unwrap(),
    ]);
    let mp3 = std::fs::read(&path).unwrap();
    let object = json!({"Data": base64(&mp3), "FileName": "memo.mp3", "ConvertToWav": true});
    let file = api.send(&api.manager, "POST", "/app/files", &object).json();
    assert_eq!(file["recordingDuration"], 3);
    assert_eq!(
        (&file["contentType"], &file["fileName"]),
        (&json!("audio/x-wav"), &json!("memo.wav"))
    );
    let bytes = api.get(&format!("/files/{}/content", text(&file["id"]))).body;
    let stored = api.folder.path().join("stored.wav");
    std::fs::write(&stored, &bytes).unwrap();
    let phone = Stream { codec: "pcm_s16le".into(), rate_hz: 8000, channels: 1 };
    assert_eq!(stream(&stored, &[]), phone);
    assert_eq!(bytes.len(), 44 + 3 * 8000 * 2);
    // What is so already stays as it is.
    let again = json!({"Data": base64(&bytes), "ConvertToWav": "true"});
    let again = api.send(&api.manager, "POST", "/app/files", &again).json();
    assert_eq!(api.get(&format!("/files/{}/content", text(&again["id"]))).body, bytes);
    let none = json!({"Data": base64("no sound"), "ConvertToWav": true});
    assert_bad(&api.send(&api.manager, "POST", "/app/files", &none), "Data");
    assert_bad(
        &api.send(
            &api.manager,
            "POST",
            "/app/files",
            &json!({"Data": "eA==", "ConvertToWav": "yes"}),
        ),
        "ConvertToWav",
    );
    assert_eq!(api.json("/files")["totalCount"], 2);
}

#[test]
fn what_is_no_upload_leaves_nothing_behind() {
    let api = Api::start();
    for object in [json!({}), json!({"FileName": "a"}), json!({"Data": null}), json!({"Data": 7})] {
        for path in ["/files", "/app/file", "/app/files"] {
            assert_bad(&api.send(&api.manager, "POST", path, &object), "Data");
        }
    }
    assert_bad(&send_form(&api, "/files", &[("FileName", "", b"a")]), "Data");
    for broken in ["{", "[]", "x", r#"{"Data":"eA=="#, r#"{"Data":"eA==","x"}"#] {
        let request = api.request("POST", "/app/files").header("Content-Type", "application/json");
        assert_bad(&request.body(broken.as_bytes()).send(), "body");
    }
    for wrong in [json!({"Data": "%%%"}), json!({"Data": "eA==", "data": "eA=="})] {
        assert_bad(&api.send(&api.manager, "POST", "/app/files", &wrong), "Data");
    }
    let two = [("a", "; filename=\"a\"", &b"x"[..]), ("b", "; filename=\"b\"", &b"x"[..])];
    assert_bad(&send_form(&api, "/files", &two), "b");
    for (query, field) in [
        ("Type=Letter".to_owned(), "Type"),
        (format!("UserName={}", "x".repeat(256)), "UserName"),
        (format!("CustomerId={}", "%C3%A4".repeat(128)), "CustomerId"),
        ("ContentType=no%20type".to_owned(), "ContentType"),
        ("ConvertToWav=perhaps".to_owned(), "ConvertToWav"),
    ] {
        assert_bad(&api.upload(&query, b"x"), field);
    }
    let long = json!({"Data": "eA==", "Transcription": "x".repeat(128 * 1024 + 1)});
    assert_bad(&api.send(&api.manager, "POST", "/app/files", &long), "Transcription");
    let longer = json!({"Data": "eA==", "Transcription": "x".repeat(1024 * 1024)});
    let refused = api.send(&api.manager, "POST", "/app/files", &longer);
    assert_refused(&refused, 413, "PayloadTooLarge", "body");
    let coded = api.request("POST", "/files").header("Content-Encoding", "gzip").body(b"x").send();
    assert_refused(&coded, 415, "UnsupportedMediaType", "Content-Encoding");
    assert_eq!(api.json("/files")["totalCount"], 0);
    let whole = json!({"Data": "eA==", "Transcription": "x".repeat(128 * 1024)});
    assert_eq!(api.send(&api.manager, "POST", "/app/files", &whole).status, 200);
}

#[test]
fn no_bytes_are_a_file_under_a_name_alone() {
    let api = Api::start();
    let unchosen: Part<'_> = ("Data", "; filename=\"\"", b"");
    for path in ["/files", "/app/file", "/app/files"] {
        assert_bad(&api.request("POST", path).send(), "Data");
        assert_bad(&send_form(&api, path, &[unchosen, ("FileName", "", b"a")]), "Data");
        for object in [json!({"Data": ""}), json!({"Data": "", "FileName": "a"})] {
            assert_bad(&api.send(&api.manager, "POST", path, &object), "Data");
        }
    }
    assert_eq!(api.json("/files")["totalCount"], 0);
    let chosen = send_form(&api, "/files", &[("Data", "; filename=\"e.bin\"", b"")]);
    for made in [chosen, api.upload("FileName=e.bin", b"")] {
        assert_eq!(made.status, 200, "{}", made.text());
        let made = made.json();
        assert_eq!((&made["fileName"], &made["contentLength"]), (&json!("e.bin"), &json!(0)));
    }
}

#[test]
fn a_file_has_the_name_that_its_sender_gave_it_in_whatever_way() {
    let api = Api::start();
    for (more, name) in FILE_NAMES {
        let request = api.request("POST", "/files");
        let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
        let made = request.body(&form_of("whatever", more, b"x")).send();
        assert_eq!((made.status, &made.json()["fileName"]), (200, &json!(name)), "{}", made.text());
    }
    for query in ["FileName=caf%E9", "filename=%ff"] {
        assert_bad(&api.upload(query, b"x"), query.split('=').next().unwrap());
    }
    assert_bad(&api.get("/files?na%E9me=x"), "query");
    assert!(api.get("/files.xml?FileName=%E9").text().starts_with('<'), "in the format asked for");
    let pairs = api.request("PATCH", &format!("/files/{}", text(&api.file("FileName=a")["id"])));
    let pairs = pairs.header("Content-Type", "application/x-www-form-urlencoded");
    assert_bad(&pairs.body(b"FileName=caf%E9").send(), "FileName");
}

#[test]
fn what_a_file_is_may_be_said_when_it_comes_and_not_later() {
    let api = Api::start();
    let file = api.file("FileName=a&ContentType=text/plain");
    assert_eq!(file["contentType"], "text/plain");
    let path = format!("/files/{}", text(&file["id"]));
    let body = json!({"contentType": "text/html", "contentLength": 9, "fileName": "b"});
    for changed in [
        api.send(&api.manager, "PATCH", &path, &body),
        api.request("PATCH", &format!("{path}?ContentType=text/html&FileName=b")).send(),
    ] {
        assert_eq!(changed.status, 200, "{}", changed.text());
        let changed = changed.json();
        assert_eq!(
            (&changed["contentType"], &changed["fileName"]),
            (&json!("text/plain"), &json!("b"))
        );
    }
}

#[test]
fn a_patch_changes_what_is_sent_in_the_query_or_in_any_body() {
    let api = Api::start();
    let file = api.file("FileName=a&CustomerId=c&UserId=u&Transcription=t");
    let path = format!("/files/{}", text(&file["id"]));
    let by_json = api.send(
        &api.manager,
        "PATCH",
        &path,
        &json!({"fileName": "b", "Type": "fax", "userId": null}),
    );
    let by_json = by_json.json();
    assert_eq!((&by_json["fileName"], &by_json["type"]), (&json!("b"), &json!("Fax")));
    assert_eq!((&by_json["userId"], &by_json["customerId"]), (&json!("u"), &json!("c")));
    let by_query = api.request("PATCH", &format!("{path}?CustomerId=d&UserId=")).send().json();
    assert_eq!(by_query["customerId"], "d");
    assert_eq!(by_query.get("userId"), None, "an empty text says nothing any more");
    let form_type = "application/x-www-form-urlencoded";
    let by_form = api
        .request("PATCH", &path)
        .header("Content-Type", form_type)
        .body(b"CustomerName=Carol+C.")
        .send();
    assert_eq!(by_form.json()["customerName"], "Carol C.");
    let parts: [Part<'_>; 2] = [("RecordingSid", "", b"RE1"), ("Unknown", "", b"x")];
    let by_parts = api.request("PATCH", &path).form(&parts).send().json();
    assert_eq!(by_parts["recordingSid"], "RE1");
    assert_eq!(by_parts["transcription"], "t");
    // What was read may be sent back.
    let back = api.send(&api.manager, "PATCH", &path, &by_parts);
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(back.json()["fileName"], "b");
    for (object, field) in [
        (json!({"Type": "Letter"}), "Type"),
        (json!({"UserName": "x".repeat(256)}), "UserName"),
        (json!({"FileName": "x".repeat(5000)}), "FileName"),
    ] {
        assert_bad(&api.send(&api.manager, "PATCH", &path, &object), field);
    }
    assert_bad(
        &api.request("PATCH", &path).header("Content-Type", "application/json").body(b"{").send(),
        "body",
    );
}

#[test]
fn who_changed_a_file_last_is_told_as_far_as_it_is_known() {
    let api = Api::start();
    let made = api.send(&api.agent, "POST", "/app/files", &json!({"Data": "eA=="})).json();
    let path = format!("/files/{}", text(&made["id"]));
    assert_eq!(made["createdBy"], made["lastModifiedBy"]);
    let changed = api.send(&api.manager, "PATCH", &path, &json!({"UserId": "u"})).json();
    assert_eq!(changed["createdBy"], made["createdBy"]);
    assert_ne!(changed["lastModifiedBy"], made["createdBy"]);
    assert!(text(&changed["dateLastModified"]) > text(&made["dateLastModified"]));
    let other = format!("/core/v2/storage{path}");
    assert_eq!(api.send(&api.manager, "PATCH", &other, &json!({"name": "z"})).status, 200);
    let elsewhere = api.json(&path);
    assert_eq!(elsewhere.get("lastModifiedBy"), None);
    assert_eq!((&elsewhere["userId"], &elsewhere["fileName"]), (&json!("u"), &json!("z")));
}

#[test]
fn content_is_sent_in_ranges_and_in_every_format() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let id = text(&api.upload("FileName=a.wav", &wav).json()["id"]);
    let path = format!("/files/{id}/content");
    let whole = api.get(&path);
    assert_eq!((whole.status, &whole.body), (200, &wav));
    let range = api.request("GET", &path).range("bytes=100-199").send();
    assert_eq!((range.status, range.body.as_slice()), (206, &wav[100..200]));
    let tag = whole.header("etag").unwrap();
    assert_eq!(api.request("GET", &path).header("If-None-Match", tag).send().status, 304);
    let head = api.request("HEAD", &path).send();
    assert_eq!((head.status, head.length()), (200, wav.len() as u64));
    let mp3 = api.get(&format!("{path}?f=mp3&br=32"));
    assert_eq!((mp3.status, mp3.header("content-type")), (200, Some("audio/mpeg")));
    assert_bad(&api.get(&format!("{path}?f=midi")), "f");
    let none = text(&api.file("FileName=b")["id"]);
    let refused = api.get(&format!("/files/{none}/content?f=mp3"));
    assert_refused(&refused, 415, "UnsupportedMediaType", "f");
}

#[test]
fn a_deleted_file_and_what_is_no_id_are_not_there() {
    let api = Api::start();
    let id = text(&api.file("FileName=a&Type=Fax")["id"]);
    let gone = api.request("DELETE", &format!("/files/{id}")).send();
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    let nil = "00000000-0000-0000-0000-000000000000";
    for id in [id.as_str(), nil, "x", "1.json", "..%2f..", "%00"] {
        for (method, path) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/content")] {
            let answer = api.request(method, &format!("/files/{id}{path}")).send();
            assert_refused(&answer, 404, "NotFound", "");
        }
    }
    assert_refused(&api.get("/files/"), 404, "NotFound", "");
    assert_refused(&api.request("PUT", "/files").send(), 405, "MethodNotAllowed", "");
}
