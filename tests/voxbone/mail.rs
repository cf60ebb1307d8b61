//! The mail that carries a recording: what it says, and that it goes once, whatever happens.

use super::post_office::{Manner, PostOffice, head, read};
use super::*;
use crate::running::until;
use crate::spread;

fn start(office: &PostOffice, more: &[&str]) -> Api {
    let arguments = office.arguments();
    let arguments: Vec<_> =
        arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Api::start_with(&arguments)
}

impl Api {
    /// A recording of a profile that mails it.
    fn mailed(&self, format: &str) -> String {
        let profile = json!({"email": "joe@example.org", "record": true, "recordFormat": format});
        let (profile, _) = self.make(PROFILES, &profile);
        let said = json!({
            "profileId": profile["id"], "from": "+49 30 1", "to": "Jürgen Müller",
            "startedAt": "2017-01-13T10:00:00.000Z",
        });
        self.make(RECORDINGS, &said).1
    }

    /// State, tries and last error of the only mail.
    fn mail(&self) -> (String, String, String) {
        let mails = self.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        let [_, state, to, tries, _, error] = &mails[0][..] else { panic!("{mails:?}") };
        assert_eq!(to, "joe@example.org");
        (state.clone(), tries.clone(), error.clone())
    }

    fn is_sent(&self) -> bool {
        self.server.metric("tonearm_mails{state=\"sent\"}") == 1
    }

    /// The same data, served anew.
    fn restart(self, office: &PostOffice) -> Self {
        let Self { folder, server, token } = self;
        let data = server.data.clone();
        server.kill();
        // Those that wait are due at once, as they will be in a while.
        spread::change(&data, "UPDATE mails SET due_at = 0 WHERE due_at IS NOT NULL");
        let arguments = office.arguments();
        let server = Server::start(&data, &arguments.each_ref().map(String::as_str));
        Self { folder, server, token }
    }
}

#[test]
fn a_mail_says_who_called_whom_and_brings_the_recording_in_its_format() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &["--public-url", "https://media.example.com"]);
    let path = api.mailed("gsm");
    let recording = api.put_data(&path, &api.speech()).json();
    let text = office.text();
    let mail = read(&text);
    assert_eq!(mail["faults"], json!([]), "{text}");
    assert_eq!(head(&mail, "From"), "Jürgen's Recorder <rec@example.com>");
    assert_eq!(head(&mail, "To"), "joe@example.org");
    assert_eq!(head(&mail, "Subject"), "Recording: +49 30 1 called Jürgen Müller");
    assert!(head(&mail, "Message-ID").ends_with("@example.com>"));
    assert_eq!(head(&mail, "Auto-Submitted"), "auto-generated");
    let said = mail["text"].as_str().unwrap();
    let link = crate::running::text(&recording["url"]);
    assert!(link.starts_with("https://media.example.com/f/") && link.ends_with("?f=gsm"), "{link}");
    for line in
        ["+49 30 1 called Jürgen Müller", "2017-01-13 10:00:00 UTC", "0:00:", &link, "attached"]
    {
        assert!(said.contains(line), "{line} in {said}");
    }
    let enclosed = &mail["enclosed"];
    assert_eq!(enclosed.as_array().unwrap().len(), 1);
    let name = format!("{}.gsm", crate::running::text(&recording["id"]));
    assert_eq!((&enclosed[0]["name"], &enclosed[0]["type"]), (&json!(name), &json!("audio/gsm")));
    let gsm = api.server.get(&path_of(&recording["url"])).body;
    assert_eq!(enclosed[0]["bytes"], json!(gsm), "the bytes that the link plays");
    until("it is noted", || api.is_sent());
    assert_eq!(api.mail(), ("sent".into(), "1".into(), "-".into()));
    assert!(office.is_empty() && office.taken() == 1);
}

#[test]
fn where_only_signed_links_are_answered_a_mail_has_such() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &["--require-signed-links"]);
    let path = api.mailed("gsm");
    assert_eq!(api.put_data(&path, &api.speech()).status, 200);
    let mail = read(&office.text());
    let said = mail["text"].as_str().unwrap();
    let link = said.split_whitespace().find(|word| word.starts_with("http")).expect("a link");
    let answer = api.server.get(&path_of(&json!(link)));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/gsm")), "{link}");
}

#[test]
fn a_recording_that_is_not_published_is_mailed_with_a_signed_link() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &["--mail-attach-bytes", "4"]);
    let path = api.mailed("gsm");
    // The first content makes the container.
    assert_eq!(api.put_data(&path, b"four").status, 200);
    office.text();
    let containers = "/core/v2/storage/containers";
    let sid = &api.get(&format!("{containers}?filter=name+eq+voxbone")).json()["items"][0];
    let container = format!("{containers}/{}", text(&sid["container_sid"]));
    let secret = json!({"default_file_publish": "none"});
    assert_eq!(api.send("PATCH", &container, &secret).status, 200);
    let said = json!({"profileId": api.get(&path).json()["profileId"]});
    let (_, path) = api.make(RECORDINGS, &said);
    let recording = api.put_data(&path, &api.speech()).json();
    assert_eq!(recording["url"], Value::Null);
    let mail = read(&office.text());
    assert_eq!(mail["enclosed"], json!([]));
    let said = mail["text"].as_str().unwrap();
    let link = said.split_whitespace().find(|word| word.starts_with("http")).expect("a link");
    let path = path_of(&json!(link));
    assert_eq!(api.server.get(&path).status, 200, "{link}");
    assert_ne!(api.server.get(path.split('?').next().unwrap()).status, 200, "it is not published");
}

#[test]
fn other_content_is_mailed_again_and_the_same_is_not() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &[]);
    let path = api.mailed("wav");
    assert_eq!(api.put_data(&path, b"one").status, 200);
    let first = read(&office.text());
    assert_eq!(first["enclosed"][0]["bytes"], json!(b"one"), "no sound goes as it is");
    assert_eq!(api.put_data(&path, b"one").status, 200);
    assert_eq!(api.put_data(&path, b"other").status, 200);
    let second = read(&office.text());
    assert_eq!(second["enclosed"][0]["bytes"], json!(b"other"));
    assert_ne!(head(&first, "Message-ID"), head(&second, "Message-ID"));
    until("both are noted", || api.mails().iter().filter(|mail| mail[1] == "sent").count() == 2);
    assert!(office.is_empty());
    // Neither without an address nor without a profile.
    let (_, free) = api.make(RECORDINGS, &json!({}));
    assert_eq!(api.put_data(&free, b"free").status, 200);
    assert_eq!(api.mails().len(), 2);
}

#[test]
fn a_form_that_brings_the_content_is_mailed_too() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &[]);
    let (_, profile) = api.make(PROFILES, &json!({"email": "joe@example.org", "record": true}));
    let made = api.put_form(&format!("{profile}{RECORDINGS}"), &[("data", "", b"bytes")]);
    assert_eq!(made.status, 201);
    let mail = read(&office.text());
    assert_eq!(head(&mail, "Subject"), "Recording: a call");
    assert_eq!(mail["enclosed"][0]["bytes"], json!(b"bytes"));
}

#[test]
fn a_recording_that_is_too_large_goes_as_a_link_alone() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &["--mail-attach-bytes", "4"]);
    let path = api.mailed("wav");
    let recording = api.put_data(&path, b"large").json();
    let mail = read(&office.text());
    assert_eq!(mail["enclosed"], json!([]));
    assert!(mail["text"].as_str().unwrap().contains(&text(&recording["url"])), "{mail}");
    assert_eq!(api.put_data(&path, b"four").status, 200);
    assert_eq!(read(&office.text())["enclosed"][0]["bytes"], json!(b"four"));
}

#[test]
fn what_a_server_does_not_take_now_is_tried_again_later() {
    let manners = &[
        Manner::Answers("RCPT", "450 4.2.1 greylisted"),
        Manner::DiesInTheText,
        Manner::Answers(".", "451 try later"),
        Manner::Takes,
    ];
    let office = PostOffice::open(manners);
    let mut api = start(&office, &[]);
    let path = api.mailed("wav");
    assert_eq!(api.put_data(&path, &api.speech()).status, 200);
    for (tries, why) in [("1", "450"), ("2", "error"), ("3", "451")] {
        until("a try is noted", || api.mail().1 == tries);
        let (state, _, error) = api.mail();
        assert!(state == "waiting" && error.contains(why), "{tries}: {state}, {error}");
        assert_eq!(api.server.metric("tonearm_mails{state=\"waiting\"}"), 1);
        api = api.restart(&office);
    }
    until("it is noted", || api.is_sent());
    assert_eq!(api.mail(), ("sent".into(), "4".into(), "-".into()));
    let half = office.text();
    let [refused, taken] = [office.text(), office.text()].map(|text| read(&text));
    assert!(!half.contains("--\r\n.\r\n"));
    assert_eq!(head(&refused, "Message-ID"), head(&taken, "Message-ID"));
    assert!(office.taken() == 1 && office.is_empty());
}

#[test]
fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    for at in ["MAIL", "RCPT", "DATA", "."] {
        let manners: &[Manner] = match at {
            "MAIL" => &[Manner::Answers("MAIL", "550 no"), Manner::Takes],
            "RCPT" => &[Manner::Answers("RCPT", "550 no"), Manner::Takes],
            "DATA" => &[Manner::Answers("DATA", "554 no"), Manner::Takes],
            _ => &[Manner::Answers(".", "554 no"), Manner::Takes],
        };
        let office = PostOffice::open(manners);
        let api = start(&office, &[]);
        assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
        until("it is noted", || api.mail().0 == "failed");
        let (_, tries, error) = api.mail();
        assert!(tries == "1" && error.contains("55"), "{at}: {tries}, {error}");
        assert_eq!(api.server.metric("tonearm_mails{state=\"failed\"}"), 1);
        let api = api.restart(&office);
        assert_eq!(api.mail().0, "failed");
        assert_eq!(office.taken(), 0, "{at}");
    }
}

#[test]
fn a_refusal_before_the_mail_is_known_is_no_refusal_of_the_mail() {
    let office = PostOffice::open(&[Manner::Answers("EHLO", "554 not today"), Manner::Takes]);
    let api = start(&office, &[]);
    assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
    until("it is noted", || api.mail().1 == "1");
    assert_eq!(api.mail().0, "waiting");
    let api = api.restart(&office);
    until("it goes", || api.is_sent());
}

#[test]
fn a_kill_between_the_content_and_the_mail_loses_none() {
    let office = PostOffice::open(&[Manner::IsSilent, Manner::Takes]);
    let api = start(&office, &[]);
    assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
    until("it begins", || office.visits() == 1);
    let api = api.restart(&office);
    assert_eq!(read(&office.text())["enclosed"][0]["bytes"], json!(b"x"));
    until("it is noted", || api.is_sent());
    assert_eq!(office.taken(), 1);
}

#[test]
fn a_kill_between_the_mail_and_its_note_sends_it_again_under_the_same_id() {
    let office = PostOffice::open(&[Manner::WaitsAtTheEnd, Manner::Takes]);
    let api = start(&office, &[]);
    assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
    let first = read(&office.text());
    let api = api.restart(&office);
    office.go_on();
    let second = read(&office.text());
    assert_eq!(head(&first, "Message-ID"), head(&second, "Message-ID"));
    assert_eq!(head(&first, "Date"), head(&second, "Date"));
    until("it is noted", || api.is_sent());
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_whatever_the_server_does_then() {
    let office = PostOffice::open(&[Manner::HangsAtQuit, Manner::Takes]);
    let api = start(&office, &[]);
    assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
    office.text();
    until("it is noted", || api.is_sent());
    let api = api.restart(&office);
    assert_eq!(api.mail(), ("sent".into(), "1".into(), "-".into()));
    assert!(office.is_empty() && office.taken() == 1);
}

#[test]
fn a_stop_waits_for_the_mail_that_goes() {
    let office = PostOffice::open(&[Manner::WaitsAtTheEnd, Manner::Takes]);
    let mut api = start(&office, &[]);
    assert_eq!(api.put_data(&api.mailed("wav"), b"x").status, 200);
    office.text();
    api.server.signal("TERM");
    until("it takes no more", || api.server.request("GET", "/healthz").try_send().is_err());
    office.go_on();
    assert_eq!(api.server.wait(), Some(0));
    assert_eq!(api.mail(), ("sent".into(), "1".into(), "-".into()));
}

#[test]
fn a_mail_goes_with_its_recording_and_one_without_a_file_fails() {
    let office = PostOffice::open(&[Manner::Answers("RCPT", "450 later"), Manner::Takes]);
    let api = start(&office, &[]);
    let path = api.mailed("wav");
    let sid = text(&api.put_data(&path, b"x").json()["recordingSid"]);
    until("a try is noted", || api.mail().1 == "1");
    assert_eq!(api.delete(&format!("{FILES}/{sid}")).status, 204);
    let api = api.restart(&office);
    until("it is noted", || api.mail().0 == "failed");
    assert!(api.mail().2.contains("deleted"), "{:?}", api.mail());
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.mails(), Vec::<Vec<String>>::new());
    assert_eq!(office.taken(), 0);
}

#[test]
fn without_a_server_for_mails_the_log_says_so_once_and_they_wait() {
    let api = Api::start();
    let path = api.mailed("wav");
    assert_eq!(api.put_data(&path, b"one").status, 200);
    let log = api.server.data.with_extension("log");
    let told = || {
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines().filter(|line| line.contains("no mail can go")).count()
    };
    until("the log tells", || told() > 0);
    assert_eq!(api.put_data(&path, b"two").status, 200);
    assert_eq!(api.put_data(&path, b"three").status, 200);
    assert_eq!(api.server.metric("tonearm_mails{state=\"waiting\"}"), 3);
    assert_eq!(told(), 1);
    let office = PostOffice::open(&[Manner::Takes]);
    let api = api.restart(&office);
    until("they go", || api.server.metric("tonearm_mails{state=\"sent\"}") == 3);
    assert_eq!(office.taken(), 3);
}

#[test]
fn names_add_nothing_to_a_mail_and_settings_tell_no_password() {
    let office = PostOffice::open(&[Manner::Takes]);
    let api = start(&office, &[]);
    let (profile, _) = api.make(PROFILES, &json!({"email": "joe@example.org", "record": true}));
    let said = json!({
        "profileId": profile["id"], "from": "=?utf-8?q?=0d=0aBcc:_ann@example.com?=",
        "to": "\u{2028}Bcc: ann@example.com",
    });
    let (_, path) = api.make(RECORDINGS, &said);
    assert_eq!(api.put_data(&path, b"x").status, 200);
    let raw = office.text();
    let heads = raw.split("\r\n\r\n").next().unwrap();
    assert!(!heads.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{heads}");
    assert!(read(&raw)["heads"].as_array().unwrap().iter().all(|head| head[0] != "Bcc"), "{heads}");

    let data = api.folder.path().join("other");
    let serve = |more: &[&str]| run(&[&["serve", "--data", data.to_str().unwrap()], more].concat());
    for (arguments, told) in [
        (&["--smtp-url", "http://joe:secret@host"][..], "--smtp-url"),
        (&["--smtp-url", "smtp://joe:secret@host"], "--mail-from"),
        (&["--mail-from", "joe@example.com, ann@example.com"], "--mail-from"),
        (&["--mail-from", "joe@example.com\r\nBcc: x@y.z"], "--mail-from"),
        (&["--mail-attach-bytes", "65MiB"], "64MiB"),
    ] {
        let refused = serve(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&refused);
        assert!(said.contains(told) && !said.contains("secret"), "{said}");
    }
    let help = stdout(&run(&["serve", "--help"]));
    assert!(help.contains("--smtp-url") && help.contains("--mail-attach-bytes"), "{help}");
}
