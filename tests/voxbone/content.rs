//! The content of recordings: in, out, again, and as the other APIs see it.

use super::*;
use crate::client::{FILE_NAMES, form_of, read_answer};
use std::io::Write;

#[test]
fn the_content_of_a_recording_is_a_file_that_is_played_by_its_link() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({"format": "gsm", "duration": 7}));
    let wav = api.speech();
    assert_refused(&api.get(&format!("{path}/data")), 404, None);
    let answer = api.put_data(&path, &wav);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let recording = answer.json();
    assert_eq!(
        (&recording["status"], &recording["size"]),
        (&json!("completed"), &json!(wav.len()))
    );
    let sid = text(&recording["recordingSid"]);
    let file = api.get(&format!("{FILES}/{sid}")).json();
    assert_eq!(recording["duration"], file["content_duration"], "not what was said");
    assert_eq!(file["file_bytes"], recording["size"]);
    let container = text(&file["container_sid"]);
    let container = api.get(&format!("/core/v2/storage/containers/{container}")).json();
    assert_eq!((&container["name"], &container["quota_files"]), (&json!("voxbone"), &Value::Null));
    assert!(path_of(&recording["url"]) == format!("/f/{sid}?f=gsm"), "{recording}");
    let link = api.server.get(&path_of(&recording["url"]));
    assert_eq!((link.status, link.header("content-type")), (200, Some("audio/gsm")));
    let data = api.get(&format!("{path}/data"));
    assert!(data.status == 200 && data.body == wav, "the bytes as they came");
    let part = api.request("GET", &format!("{path}/data")).range("bytes=10-19").send();
    assert_eq!((part.status, part.body.as_slice()), (206, &wav[10..20]));
    let head = api.request("HEAD", &format!("{path}/data")).send();
    assert_eq!((head.status, head.length()), (200, wav.len() as u64));
    assert_eq!(api.get(&format!("{path}/data?f=mp3")).header("content-type"), Some("audio/mpeg"));
    assert_refused(&api.get(&format!("{path}/data?br=33")), 400, Some("br"));
    let listed = api.get(RECORDINGS).json();
    assert_eq!(listed, json!([recording]));
    assert_eq!(
        api.send("POST", &path, &json!({"duration": 9})).json()["duration"],
        recording["duration"]
    );
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.get(&format!("{FILES}/{sid}")).status, 404, "its file goes with it");
    assert_eq!(api.server.get(&format!("/f/{sid}")).status, 404);
}

#[test]
fn a_format_that_is_not_written_here_is_linked_as_wav_and_what_is_no_sound_as_it_is() {
    let api = Api::start();
    let wav = api.speech();
    for (format, query) in [
        ("wav", "?f=wav"),
        ("wav49", "?f=wav&codec=gsm"),
        ("wav16", "?f=wav&rate=16000&ch=1"),
        ("g729", "?f=wav"),
        ("sln16", "?f=sln&rate=16000"),
    ] {
        let (_, path) = api.make(RECORDINGS, &json!({"format": format}));
        let url = path_of(&api.put_data(&path, &wav).json()["url"]);
        assert!(url.ends_with(query), "{format}: {url}");
        assert_eq!(api.server.get(&url).status, 200, "{url}");
    }
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let letter = api.put_data(&path, b"Dear Sir or Madam").json();
    assert_eq!(path_of(&letter["url"]), format!("/f/{}", text(&letter["recordingSid"])));
    assert_eq!((&letter["duration"], &letter["size"]), (&Value::Null, &json!(17)));
}

#[test]
fn headerless_content_is_told_by_the_recordings_format() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({"format": "ulaw"}));
    let recording = api.put_data(&path, &[0xff; 16_000]).json();
    assert_eq!(recording["duration"], 2.0);
}

#[test]
fn other_bytes_take_the_place_of_the_content_and_the_same_change_nothing() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let first = api.put_data(&path, b"one").json();
    assert_eq!(api.put_data(&path, b"one").json(), first);
    let second = api.put_data(&path, b"other").json();
    assert_eq!((&second["recordingSid"], &second["size"]), (&first["recordingSid"], &json!(5)));
    assert_eq!(api.get(&format!("{path}/data")).body, b"other");
    assert_eq!(api.get(FILES).json()["total"], 1);
}

#[test]
fn no_bytes_are_no_content() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    assert_refused(&api.put_data(&path, b""), 400, Some("data"));
    assert_eq!(api.get(&path).json()["status"], "pending");
    for more in ["", "; filename=\"\"", "; filename=\"c.wav\""] {
        assert_refused(&api.put_form(RECORDINGS, &[("data", more, b"")]), 400, Some("data"));
    }
    assert_eq!(api.get(RECORDINGS).json().as_array().unwrap().len(), 1);
    assert_eq!(api.get(FILES).json()["total"], 0);
    let speech = api.speech();
    assert_eq!(api.put_data(&path, &speech).status, 200);
    assert_refused(&api.put_data(&path, b""), 400, Some("data"));
    assert_eq!(api.get(&format!("{path}/data")).body, speech);
}

#[test]
fn of_two_contents_that_come_at_once_one_is_kept_and_the_other_refused() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let (_, gone) = api.make(RECORDINGS, &json!({}));
    let begin = |path: &str| api.request("PUT", &format!("{path}/data")).body(b"ha").send_part(4);
    let mut slow = [begin(&path).unwrap(), begin(&gone).unwrap()];
    // What has come of each is looked for, so that both have begun.
    crate::running::until("both begin", || api.server.drafts() == 2);
    assert_eq!(api.put_data(&path, b"fast").status, 200);
    assert_eq!(api.delete(&gone).status, 204);
    for stream in &mut slow {
        stream.write_all(b"lf").unwrap();
        assert_refused(&read_answer(stream, false).unwrap(), 409, Some("data"));
    }
    assert_eq!(api.get(&format!("{path}/data")).body, b"fast");
    assert_eq!(api.get(FILES).json()["total"], 1);
    assert_eq!(api.server.drafts(), 0);
}

#[test]
fn a_recording_outlives_its_file_and_takes_content_again() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let sid = text(&api.put_data(&path, b"one").json()["recordingSid"]);
    assert_eq!(api.delete(&format!("{FILES}/{sid}")).status, 204);
    let left = api.get(&path).json();
    assert_eq!(
        (&left["url"], &left["size"], &left["status"]),
        (&Value::Null, &Value::Null, &json!("completed"))
    );
    assert_refused(&api.get(&format!("{path}/data")), 404, None);
    let again = api.put_data(&path, b"one").json();
    assert!(again["size"] == 3 && again["recordingSid"] != json!(sid), "{again}");
    let sid = text(&again["recordingSid"]);
    let hidden = api.send("PATCH", &format!("{FILES}/{sid}"), &json!({"publish": "none"}));
    assert_eq!(hidden.status, 200);
    assert_eq!(api.get(&path).json()["url"], Value::Null, "it is not published");
    assert_eq!(api.get(&format!("{path}/data")).body, b"one");
    let container = text(&hidden.json()["container_sid"]);
    let other = api.server.new_token(&["--partner", "acme"]);
    let acme =
        api.server.request("POST", "/core/v2/storage/containers").token(&other).body(b"{}").send();
    let partner = acme.json()["partner_sid"].clone();
    let given = api.send(
        "PATCH",
        &format!("/core/v2/storage/containers/{container}"),
        &json!({"partner_sid": partner}),
    );
    assert_eq!(given.status, 200, "{}", given.text());
    assert_eq!(api.get(&path).json()["size"], Value::Null, "another partner's file");
    assert_refused(&api.get(&format!("{path}/data")), 404, None);
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.get(&format!("{FILES}/{sid}")).status, 200, "it goes with its new owner alone");
}

#[test]
fn a_form_makes_a_recording_with_its_content_and_in_vain_neither() {
    let api = Api::start();
    let (profile, profile_path) =
        api.make(PROFILES, &json!({"record": true, "recordFormat": "mp3"}));
    let said = json!({"from": "Ann", "startedAt": "2017-01-13T10:00:00.000Z"}).to_string();
    let said = ("recording", "", said.as_bytes());
    let data = ("data", "; filename=\"call.wav\"", &b"bytes"[..]);
    for (list, parts) in [
        (RECORDINGS.to_owned(), vec![said, data]),
        (RECORDINGS.to_owned(), vec![data, said]),
        (format!("{profile_path}{RECORDINGS}"), vec![said, data]),
    ] {
        let made = api.put_form(&list, &parts);
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        assert_eq!(
            (&made["from"], &made["size"], &made["status"]),
            (&json!("Ann"), &json!(5), &json!("completed"))
        );
        if list != RECORDINGS {
            assert_eq!((&made["profileId"], &made["format"]), (&profile["id"], &json!("mp3")));
        }
    }
    let bare = api.put_form(RECORDINGS, &[data]);
    assert_eq!((bare.status, &bare.json()["format"]), (201, &json!("wav")));
    assert_eq!(
        api.get(&format!("{FILES}/{}", text(&bare.json()["recordingSid"]))).json()["name"],
        "call.wav"
    );
    let count = || {
        (
            api.get(RECORDINGS).json().as_array().unwrap().len(),
            api.get(FILES).json()["total"].clone(),
        )
    };
    let before = count();
    let unknown = ("recording", "", &b"{\"frob\":1}"[..]);
    let no_json = ("recording", "", &b"{"[..]);
    for (parts, field) in [
        (vec![said], "data"),
        (vec![unknown, data], "frob"),
        (vec![data, unknown], "frob"),
        (vec![no_json, data], "recording"),
        (vec![data, data], "data"),
        (vec![said, said, data], "recording"),
        (vec![said, data, ("more", "", &b"x"[..])], "more"),
    ] {
        assert_refused(&api.put_form(RECORDINGS, &parts), 400, Some(field));
    }
    let torn =
        api.request("PUT", RECORDINGS).header("Content-Type", "multipart/form-data; boundary=cut");
    let body = b"--cut\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nhalf";
    assert_refused(&torn.body(body).send(), 400, None);
    assert_eq!(count(), before, "a form that is refused leaves nothing behind");
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let form = api
        .request("PUT", &format!("{path}/data"))
        .header("Content-Type", "multipart/form-data; boundary=cut");
    assert_refused(&form.body(b"--cut--").send(), 415, Some("Content-Type"));
    let coded = api.request("PUT", &format!("{path}/data")).header("Content-Encoding", "gzip");
    assert_refused(&coded.body(b"x").send(), 415, Some("Content-Encoding"));
}

#[test]
fn a_recording_s_file_has_the_name_that_its_sender_gave_it_in_whatever_way() {
    let api = Api::start();
    for (more, name) in FILE_NAMES {
        let form = api.request("PUT", RECORDINGS);
        let form = form.header("Content-Type", "multipart/form-data; boundary=cut");
        let made = form.body(&form_of("data", more, b"x")).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let file = api.get(&format!("{FILES}/{}", text(&made.json()["recordingSid"])));
        assert_eq!(file.json()["name"], name);
    }
}

#[test]
fn a_profile_that_does_not_record_takes_no_content() {
    let api = Api::start();
    let (profile, profile_path) = api.make(PROFILES, &json!({}));
    let (_, path) = api.make(RECORDINGS, &json!({"profileId": profile["id"]}));
    assert_refused(&api.put_data(&path, b"x"), 409, Some("record"));
    let data = ("data", "", &b"x"[..]);
    let list = format!("{profile_path}{RECORDINGS}");
    assert_refused(&api.put_form(&list, &[data]), 409, Some("record"));
    // Known by the path, so before the form has come.
    let nowhere = format!("{PROFILES}/6e930ad8-c3d0-49db-801e-86d64fedd2c2{RECORDINGS}");
    for (list, status) in [(&list, 409), (&nowhere, 404)] {
        let form = api.request("PUT", list);
        let form = form.header("Content-Type", "multipart/form-data; boundary=cut");
        let mut sent = form.send_part(1 << 20).unwrap();
        assert_eq!(read_answer(&mut sent, false).unwrap().status, status);
    }
    assert_eq!(api.get(&list).json().as_array().unwrap().len(), 1);
    assert_eq!(api.get(FILES).json()["total"], 0);
    api.send("POST", &profile_path, &json!({"record": true}));
    assert_eq!(api.put_data(&path, b"x").status, 200);
}

#[test]
fn the_limits_of_the_container_hold_for_recordings() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let sid = text(&api.put_data(&path, b"one").json()["recordingSid"]);
    let container = text(&api.get(&format!("{FILES}/{sid}")).json()["container_sid"]);
    let container = format!("/core/v2/storage/containers/{container}");
    api.send("PATCH", &container, &json!({"quota_bytes": 10}));
    let (_, other) = api.make(RECORDINGS, &json!({}));
    assert_refused(&api.put_data(&other, b"too many bytes"), 409, Some("data"));
    assert_eq!(api.get(&other).json()["status"], "pending");
    api.send(
        "PATCH",
        &container,
        &json!({"quota_bytes": null, "blocked_classifications": ["unknown"]}),
    );
    assert_refused(&api.put_data(&other, &[0; 9]), 400, Some("content_classification"));
}
