//! The media types of published links.

use super::*;

#[test]
fn wav16_is_16_khz_with_the_type_asterisk_expects() {
    let site = Site::shared();
    let answer = site.server.get(&format!("{}/ch=mix/prompt.wav16", site.melody));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(header(&answer, "content-type"), "audio/x-wav;codec=pcm;bit=16;rate=16000");
    assert_eq!(answer.body[24..28], 16_000_u32.to_le_bytes());
    // Where the options ask for something else, the type doesn't say 16 kHz of it.
    for options in ["rate=8000", "codec=ulaw", "bits=24"] {
        let other = site.server.get(&format!("{}.wav16?{options}", site.chime));
        assert_eq!(
            (other.status, header(&other, "content-type")),
            (200, "audio/x-wav".to_owned()),
            "{options}"
        );
    }
    for alaw in [".alaw", ".pcma", "?f=alaw", "/p=alaw/x.pcma"] {
        let alaw = site.server.get(&format!("{}{alaw}", site.chime));
        assert_eq!(header(&alaw, "content-type"), "audio/pcma");
    }
    let ulaw = site.server.get(&format!("{}.ulaw", site.chime));
    assert_eq!(header(&ulaw, "content-type"), "audio/basic");
}

#[test]
fn alaw_is_never_typed_as_mulaw() {
    let site = Site::shared();
    let bytes = site.server.get(&format!("{}?f=alaw", site.chime)).body;
    let stored = site.server.upload("chime.alaw", &bytes);
    let declared = site.server.upload_declared("chime.al", &bytes, "audio/basic");
    for path in [
        format!("{}?f=alaw", site.chime),
        format!("{}?p=alaw", site.chime),
        format!("{}/p=alaw/x.pcma", site.chime),
        format!("{}.pcma", site.chime),
        stored.clone(),
        declared.clone(),
        format!("{declared}.al"),
        format!("{declared}?rate=8000"),
    ] {
        let answer = site.server.get(&path);
        assert_eq!(
            (answer.status, header(&answer, "content-type")),
            (200, "audio/pcma".into()),
            "{path}"
        );
    }
    let asked = site.server.get(&format!("{stored}?f=alaw&content_type=audio/basic"));
    assert_eq!(header(&asked, "content-type"), "audio/basic");
}

#[test]
fn an_original_has_its_formats_type_under_the_uploaders_name_for_it() {
    let site = Site::shared();
    let m4a = site.server.get(&format!("{}?f=mp4", site.chime)).body;
    let wav = asset("chime-8k.wav");
    let text = b"no recording at all".to_vec();
    for (name, bytes, declared, sent) in [
        ("a.wav", &wav, "audio/wav", "audio/wav"),
        ("a.wav", &wav, "AUDIO/Vnd.Wave; codec=1", "audio/vnd.wave"),
        ("a.wav", &wav, "audio/basic", "audio/x-wav"),
        ("a.wav", &wav, "text/html", "audio/x-wav"),
        ("a.mp3", &wav, "audio/mpeg", "audio/x-wav"),
        ("a.m4a", &m4a, "audio/x-m4a", "audio/x-m4a"),
        ("a.m4a", &m4a, "text/plain", "audio/mp4"),
        ("a.mp4", &m4a, "text/plain", "video/mp4"),
        ("a.txt", &text, "text/plain", "text/plain"),
        ("a.wav", &text, "audio/wav", "audio/wav"),
    ] {
        let link = site.server.upload_declared(name, bytes, declared);
        let answer = site.server.get(&link);
        assert_eq!(header(&answer, "content-type"), sent, "{name} declared {declared}");
    }
    let plain = site.server.upload("plain.m4a", &m4a);
    assert_eq!(header(&site.server.get(&plain), "content-type"), "audio/mp4");
}

#[test]
fn a_change_of_the_declared_type_does_not_change_what_a_link_says() {
    let site = Site::shared();
    let link = site.server.upload("typed.wav", &asset("chime-8k.wav"));
    let forms =
        ["?f=wav", "?p=asterisk", ".wav", "/f=wav/x.wav", ""].map(|form| format!("{link}{form}"));
    let kinds = || forms.each_ref().map(|form| header(&site.server.get(form), "content-type"));
    let before = kinds();
    let path = link.replace("/f/", "/core/v2/storage/files/");
    let patch = site.server.request("PATCH", &path).token(&site.server.token());
    let patch = patch.header("Content-Type", "application/json");
    assert_eq!(patch.body(br#"{"mime_type": "audio/basic"}"#).send().status, 200);
    assert_eq!(kinds(), before);
}

#[test]
fn the_type_may_be_chosen_from_a_closed_list() {
    let site = Site::shared();
    let html = site.server.upload_declared("page.html", b"<script>alert(1)</script>", "text/html");
    for (link, kind, status) in [
        (&site.chime, "audio/flac", 200),
        (&site.chime, "audio/pcma", 200),
        (&site.chime, "audio/G722", 200),
        (&site.chime, "application/octet-stream", 200),
        (&site.chime, "text/html", 400),
        (&site.chime, "image/svg%2Bxml", 400),
        (&site.chime, "audio/x-wav,text/html", 400),
        (&html, "text/html", 200),
    ] {
        let answer = site.server.get(&format!("{link}?content_type={kind}"));
        assert_eq!(answer.status, status, "{kind}");
    }
}

#[test]
fn an_extension_that_is_read_alone_is_refused_and_told_what_to_ask_for_instead() {
    let site = Site::shared();
    let refused = site.server.get(&format!("{}.aac", site.chime));
    assert_eq!(refused.status, 400, "{}", refused.text());
    for told in ["`f=aac` is mp4", ".m4a", "allowed: wav"] {
        assert!(refused.text().contains(told), "{}", refused.text());
    }
    for instead in ["?f=aac", ".m4a"] {
        assert_eq!(site.server.get(&format!("{}{instead}", site.chime)).status, 200, "{instead}");
    }
}
