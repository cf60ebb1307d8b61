//! The page, as a visitor uses it in Debian's Chromium; what it is made of; and the pages of links.

#[path = "page/described.rs"]
mod described;
#[path = "page/generated.rs"]
mod generated;
#[path = "page/listen.rs"]
mod listen;
#[path = "page/made.rs"]
mod made;
#[path = "page/shown.rs"]
mod shown;

use crate::clients::chromium::chromium;
use crate::judge::ffmpeg;
use crate::running::{Server, tools};
use crate::sources;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A recording, a picture, a document and bytes of each kind that people upload, under names of their own.
fn uploads(folder: &Path, way: &str) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let wav = folder.join(format!("{way} call.wav"));
    std::fs::copy(sources::speech(folder), &wav).unwrap();
    let path = |name: &str| folder.join(format!("{way} {name}"));
    let text = |p: &Path| p.to_str().expect("a path").to_owned();
    for name in ["call.flac", "call.mp3"] {
        ffmpeg(&["-i", &text(&wav), &text(&path(name))]);
    }
    std::fs::write(path("photo.jpg"), b"\xff\xd8\xff\xe0 no more than a beginning").unwrap();
    std::fs::write(path("letter.pdf"), b"%PDF-1.4 no more than a beginning").unwrap();
    std::fs::write(path("notes.json"), b"[1, 2]").unwrap();
    std::fs::write(path("+ new.bin"), vec![7; 300_000]).unwrap();
    ["call.wav", "call.flac", "call.mp3", "photo.jpg", "letter.pdf", "notes.json", "+ new.bin"]
        .map(path)
        .into()
}

/// Checks that the page told of an upload, and that the server has its bytes.
fn is_uploaded(server: &Server, seen: &Value, path: &Path) {
    let progress = seen["progress"].to_string();
    let request = server.request("GET", "/core/v2/storage/files").token(&server.token());
    let kept = request.send().json();
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(progress.contains(&format!("Upload of {name}")), "{progress}");
    let file = kept["items"].as_array().expect("items").iter().find(|file| file["name"] == name);
    let sid =
        file.and_then(|file| file["file_sid"].as_str()).unwrap_or_else(|| panic!("{name}: {kept}"));
    let stored = server.get(&format!("/f/{sid}"));
    assert!(stored.body == std::fs::read(path).unwrap(), "{name}: other bytes");
}

/// A two-channel melody as FLAC.
fn stereo(folder: &Path) -> Vec<u8> {
    let path = folder.join("stereo.flac");
    let (source, target) = (sources::melody(), path.to_str().expect("a path").to_owned());
    ffmpeg(&["-i", source.to_str().expect("a path"), "-ac", "2", &target]);
    std::fs::read(path).unwrap()
}

/// What is seen of a session with the page; checks what has to do with the token by itself.
struct Visit {
    server: Server,
    seen: Value,
    link: String,
    secret: String,
    files: Vec<PathBuf>,
}

fn visit(folder: &Path) -> Visit {
    let data = folder.join("data");
    let server = Server::start(&data, &["--log", "trace"]);
    let melody = stereo(folder);
    let link = server.upload("melody.flac", &melody);
    server.upload("%3Cb%3Eletter.txt", b"no audio");
    let secret = server.upload("secret.flac&publish=none", &melody);
    server.upload("prompt.ulaw", &[0x7f; 80_000]);
    let origin = format!("http://{}/", server.address);
    let token = server.token();
    let [dropped, chosen] = ["dropped", "chosen"].map(|way| uploads(&folder.join(way), way));
    let paths = |files: &[PathBuf]| {
        json!(files.iter().map(|p| p.display().to_string()).collect::<Vec<_>>())
    };
    let task = json!({"origin": origin, "token": token,
        "dropped": paths(&dropped), "chosen": paths(&chosen)});
    let seen = chromium("page.cjs", task);
    let (urls, kept) = (seen["requests"].to_string(), seen["kept"].to_string());
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(!urls.contains(&token) && !log.contains(&token), "the token was told");
    assert!(!kept.contains(&token), "{kept}");
    assert_eq!((&seen["address"], &seen["left_"]), (&json!(origin), &json!(0)));
    assert!(urls.matches("http://").count() == urls.matches(&origin).count(), "{urls}");
    Visit { server, seen, link, secret, files: [dropped, chosen].concat() }
}

#[test]
fn a_visitor_finds_plays_clips_shares_renames_deletes_and_uploads_by_keyboard_and_the_token_is_not_told()
 {
    let folder = TempDir::new().unwrap();
    let Visit { server, seen, link, secret, files } = visit(folder.path());
    let text = |name: &str| seen[name].as_str().unwrap_or_else(|| panic!("{name}: {seen}"));
    assert_eq!(seen["asksForToken"], true);
    let newest_first = json!(["prompt.ulaw", "secret.flac", "<b>letter.txt", "melody.flac"]);
    assert_eq!(seen["files"], newest_first);
    for state in ["stored", "secret", "telephone", "left"] {
        assert_eq!(seen[state]["error"], Value::Null, "{state}: {}", seen[state]);
    }
    assert_eq!(seen["pauses"], true);
    assert!(text("asked").contains("token") && number(&seen["stays"]) > 0.0);
    assert!((5.0..6.5).contains(&number(&seen["skipped"])), "{}", seen["skipped"]);
    assert!(text("title").contains("melody.flac") && text("session") == "melody.flac");
    assert!(number(&seen["drawn"]) > 100.0 && text("mask").contains("/waveform.svg"));
    let clip = text("clip").split("?t=").nth(1).expect("a clip").split('-');
    let ms: Vec<u64> = clip.map(|ms| ms.parse().expect("milliseconds")).collect();
    assert_eq!(ms[1] - ms[0], 5000, "{}", text("clip"));
    assert!(text("copied").ends_with(&link), "{}", text("copied"));
    assert!(
        text("twiml").contains(&format!("{link}/f=mp3/melody.mp3</Play>")),
        "{}",
        text("twiml")
    );
    assert!(text("listen").ends_with(&format!("{link}/listen")), "{}", text("listen"));
    let signed = text("signed");
    assert!(signed.contains(&format!("{secret}?exp=")), "{signed}");
    assert_eq!(server.get(&signed[signed.find("/f/").unwrap()..]).status, 200, "{signed}");
    assert_eq!(server.get(&secret).status, 404, "it is not published");
    let listed = server.request("GET", "/core/v2/storage/files").token(&server.token()).send();
    let listed = listed.text();
    assert!(listed.contains("renamed.flac") && !listed.contains("letter.txt"), "{listed}");
    let types: Vec<_> =
        seen["types"].as_array().expect("types").iter().filter_map(Value::as_str).collect();
    assert!(
        types.iter().filter(|kind| !kind.is_empty()).count() >= 5,
        "typed by the browser: {types:?}"
    );
    for path in &files {
        is_uploaded(&server, &seen, path);
    }
    assert_eq!(seen["onTop"], "chosen call.wav");
    let offsets: Vec<_> = seen["offsets"].as_array().expect("offsets").iter().map(number).collect();
    assert!(offsets[0] == 0.0 && offsets[1] > 0.0, "{offsets:?}");
    let listed = server.request("GET", "/core/v2/storage/files?filter=name+eq+long.bin");
    let long = listed.token(&server.token()).send().json()["items"].clone();
    assert_eq!(
        (&long[0]["file_bytes"], long.as_array().map(Vec::len)),
        (&json!(3_000_000), Some(1))
    );
    let complaints: Vec<_> = seen["complaints"].as_array().expect("complaints").iter().collect();
    // Chromium notes the uploads that were refused, the file that changed, and the token.
    let known = ["401", "404", "422", "ERR_UPLOAD_FILE_CHANGED"];
    let expected =
        |c: &&Value| c.as_str().is_some_and(|c| known.iter().any(|known| c.contains(known)));
    assert!(complaints.iter().all(expected), "{complaints:?}");
}

#[test]
fn a_long_list_shows_every_file_once_while_files_come_and_go() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let links: Vec<_> =
        (0..330).map(|n| server.upload(&format!("note-{n:03}.txt"), b"a note")).collect();
    let gone = links[20].rsplit('/').next().expect("a sid");
    let task = json!({"origin": format!("http://{}/", server.address), "token": server.token(),
        "last": "note-000.txt", "gone": gone});
    let seen = chromium("many.cjs", task);
    for way in ["names", "back"] {
        let names = seen[way].to_string();
        for n in (0..330).filter(|n| *n != 20) {
            assert!(names.contains(&format!("note-{n:03}.txt")), "{way}: note {n} was never shown");
        }
    }
    assert_eq!((&seen["doubled"], &seen["disorder"]), (&json!(0), &json!(0)));
    // A leap to the end asks for the end, not for all that lies before it.
    assert!(seen["ends"] == true && number(&seen["leaps"]) <= 6.0, "{seen}");
    assert!(number(&seen["most"]) < 60.0, "{} rows are in the document", seen["most"]);
}

#[test]
fn the_parts_of_a_list_lose_and_double_nothing_whatever_is_asked_for_comes_and_goes() {
    let folder = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["crates/server/src/page/web/parts.js", "tests/page/parts.mjs"].map(Path::new) {
        let name = file.file_name().expect("a name");
        std::fs::copy(root.join(file), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("package.json"), r#"{"type": "module"}"#).unwrap();
    let played = std::process::Command::new("node").arg(folder.path().join("parts.mjs")).output();
    let played = played.expect("node must be installed (scripts/setup does it)");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
}

#[test]
fn every_state_of_the_pages_keeps_the_rules_of_accessibility_at_any_width_and_in_any_colours() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let call = std::fs::read(sources::melody()).unwrap();
    let long = format!("{}%20{}.flac", "x".repeat(150), "w".repeat(140));
    let links = [
        server.upload("melody.flac", &call),
        server.upload(&long, &call),
        server.upload("%D9%85%D9%83%D8%A7%D9%84%D9%85%D8%A9%20%D9%85%D8%B9.wav", &call),
        server.upload("%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%E2%80%AEgpj.exe", b"x"),
    ];
    let pages: Vec<_> = links
        .iter()
        .map(|link| format!("{link}/listen"))
        .chain([
            "/docs#listFiles".to_owned(),
            "/f/nothing".to_owned(),
            format!("{}/listen?embed=1", links[1]),
        ])
        .collect();
    let task = json!({"origin": format!("http://{}/", server.address), "token": server.token(),
        "file": "xxxxx", "pages": pages,
        "axe": tools().join("axe-core/node_modules/axe-core/axe.min.js")});
    let faults = chromium("axe.cjs", task);
    let faults = faults.as_array().expect("faults");
    assert!(faults.is_empty(), "{faults:#?}");
}
