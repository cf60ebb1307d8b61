//! Signed links (apis/publish/README.md §9), with OpenSSL and Python as independent signers.

mod api;
mod beside;
mod scripts;

use crate::client::Answer;
use crate::running::{Server, run, stderr, stdout, text, tonearm, until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const SECRETS: [&str; 2] = ["--link-secrets", SECRET];
/// 2100-01-01.
const LATE: u64 = 4_102_444_800;

/// A server with a recording that is not published.
struct Site {
    server: Server,
    sid: String,
    folder: TempDir,
}

impl Site {
    fn start(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), args);
        let sid = unpublished(&server, "call.wav", "none");
        Self { server, sid, folder }
    }

    fn link(&self) -> String {
        format!("/f/{}", self.sid)
    }

    /// What the API answers to a wish for a signature.
    fn ask(&self, wish: &Value) -> Answer {
        let path = format!("/core/v2/storage/files/{}/sign", self.sid);
        let request = self.server.request("POST", &path).token(&self.server.token());
        request.header("Content-Type", "application/json").body(wish.to_string().as_bytes()).send()
    }

    /// The path of a link that the API signs.
    fn signed(&self, wish: &Value) -> String {
        let answer = self.ask(wish);
        assert_eq!(answer.status, 200, "{wish}: {}", answer.text());
        let base = format!("http://{}", self.server.address);
        text(&answer.json()["uri"]).strip_prefix(&base).expect("our own base").to_owned()
    }

    /// A link signed on the command line, beside the server.
    fn sign(&self, link: &str, args: &[&str]) -> String {
        let data = self.server.data.to_str().unwrap();
        told(&[&["sign", link, "--data", data], args].concat())
    }
}

fn asset(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name)).unwrap()
}

/// Uploads a recording that only a signature opens; its sid.
fn unpublished(server: &Server, name: &str, publish: &str) -> String {
    let container = server.container();
    let path = format!(
        "/core/v2/storage/files?container_sid={container}&name={name}&publish={publish}&file_access_name={name}"
    );
    let upload = server.request("POST", &path).token(&server.token());
    let upload = upload.header("Content-Type", "application/octet-stream");
    let answer = upload.body(&asset("chime-8k.wav")).send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    text(&answer.json()["file_sid"])
}

/// What a command prints.
fn told(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output).trim().to_owned()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The signature by OpenSSL.
fn openssl(secret: &str, text: &str) -> String {
    let script = "printf %s \"$1\" | openssl dgst -sha256 -hmac \"$2\" -binary | basenc --base64url | tr -d '=\\n'";
    let output = Command::new("bash").args(["-c", script, "sign", text, secret]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn cache_control(answer: &Answer) -> &str {
    answer.header("cache-control").unwrap_or("")
}

/// Seconds of `private, max-age=…`.
fn seconds(answer: &Answer) -> u64 {
    let value = cache_control(answer);
    let seconds = value.strip_prefix("private, max-age=").unwrap_or_else(|| panic!("{value}"));
    seconds.parse().unwrap()
}

#[test]
fn the_command_line_signs_the_contracts_vectors() {
    for (link, signed) in [
        (
            "https://media.example.com/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2",
            "https://media.example.com/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2?exp=4102444800\
             &sig=a2Ilt_pHAvvvHuGB9MNIuFxdmSWpGzV0uOFAJXdDgCI",
        ),
        (
            "/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2/br=32/prompt.mp3",
            "/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2/br=32/exp=4102444800\
             /sig=R1xcxHYXIfSALrMOoCSIYOgxmQ6e-v_se7GlxpUMTvU/prompt.mp3",
        ),
        (
            "/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2?disposition_name=r%C3%A9sum%C3%A9+a%2Bb.wav\
             &disposition=attachment",
            "/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2?disposition_name=r%C3%A9sum%C3%A9%20a%2Bb.wav\
             &disposition=attachment&exp=4102444800&sig=HKCgWaycLjqR0buee1Yd9k27yKZCVG2GB29neFDIgk8",
        ),
        (
            "/c/a291fe99-43d6-446f-a63e-91f93030dc7e/prompts/hold%20on.wav?f=wav&rate=8000",
            "/c/a291fe99-43d6-446f-a63e-91f93030dc7e/prompts/hold%20on.wav?f=wav&rate=8000\
             &exp=4102444800&sig=_NMyepDLi44LlA0mmY5rZtOdaSkAOEk0ctttOCJRhLg",
        ),
    ] {
        let late = LATE.to_string();
        let args = ["sign", link, "--until", &late, "--link-max-days", "36500"];
        assert_eq!(told(&[&args[..], &SECRETS].concat()), signed);
    }
}

#[test]
fn a_right_signature_opens_what_is_not_published_in_every_form() {
    let site = Site::start(&SECRETS);
    let link = site.link();
    assert_eq!(site.server.get(&link).status, 404, "without a signature");
    let sign = |options: &str| openssl(SECRET, &format!("{link}\n{options}"));
    let (plain, mp3) = (sign("exp=4102444800"), sign("exp=4102444800&f=mp3"));
    let original = asset("chime-8k.wav");
    let answer = site.server.get(&format!("{link}?exp={LATE}&sig={plain}"));
    assert_eq!((answer.status, answer.body == original), (200, true));
    let expected = site.server.get(&format!("{link}?f=mp3&exp={LATE}&sig={mp3}"));
    assert_eq!(expected.header("content-type"), Some("audio/mpeg"));
    for path in [
        format!("{link}?sig={mp3}&exp={LATE}&utm=x&f=mp3"),
        format!("{link}.mp3?sig={mp3}&exp={LATE}"),
        format!("{link}/exp={LATE}/f=mp3/sig={mp3}/prompt.mp3"),
        format!("{link}/exp={LATE}/sig={mp3}/prompt.mp3"),
        format!("{link}/exp={LATE}/prompt.mp3?sig={mp3}"),
        format!("{}?f=mp3&exp={LATE}&sig={mp3}", link.to_uppercase().replace("/F/", "/f/")),
    ] {
        let answer = site.server.get(&path);
        assert_eq!((answer.status, answer.body == expected.body), (200, true), "{path}");
        let head = site.server.head(&path);
        for name in ["etag", "last-modified", "content-length", "content-type"] {
            assert_eq!(head.header(name), expected.header(name), "{path}: {name}");
        }
        let part = site.server.range(&path, "bytes=-5");
        assert_eq!((part.status, part.body.len()), (206, 5), "{path}");
    }
}

#[test]
fn a_link_by_name_is_signed_by_its_name() {
    let site = Site::start(&SECRETS);
    let name = "hold.wav";
    unpublished(&site.server, name, "none");
    let link = format!("/c/{}/{name}", site.server.container());
    assert_eq!(site.server.get(&link).status, 404);
    let signed = site.sign(&format!("{link}?f=ulaw"), &SECRETS);
    let answer = site.server.get(&signed);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/basic")));
    let peaks = signed.replace(name, &format!("{name}/peaks.json"));
    assert_eq!(site.server.get(&peaks).status, 200, "{peaks}");
    assert_eq!(site.server.get(&format!("{link}/peaks.json")).status, 404);
    let picture = site.sign(&format!("{link}/waveform.svg"), &SECRETS);
    assert_eq!(site.server.get(&picture).status, 200, "{picture}");
}

#[test]
fn whatever_is_not_signed_rightly_is_one_and_the_same_403() {
    let site = Site::start(&SECRETS);
    let public = site.server.upload("public.wav", &asset("chime-8k.wav"));
    let nothing = "/f/00000000-0000-4000-8000-000000000000";
    let mut bodies = Vec::new();
    for link in [site.link().as_str(), &public, nothing] {
        let sign = |options: &str| openssl(SECRET, &format!("{link}\n{options}"));
        let right = sign("exp=4102444800");
        let past = now_s() - 1;
        for options in [
            format!("exp={LATE}"),
            format!("sig={right}"),
            format!("exp={LATE}&sig={right}&f=mp3"),
            format!("exp={LATE}&sig={right}="),
            format!("exp={LATE}&sig={}", right.to_lowercase() + "x"),
            format!(
                "exp={LATE}&sig={}",
                openssl(&SECRET.replace('0', "1"), &format!("{link}\nexp={LATE}"))
            ),
            format!("exp={}&sig={right}", LATE + 1),
            format!("exp={LATE}&exp={LATE}&sig={right}"),
            format!("exp={LATE}&sig={right}&sig={right}"),
            format!("exp=soon&sig={}", sign("exp=soon")),
            format!("exp=-1&sig={}", sign("exp=-1")),
            format!("exp={past}&sig={}", sign(&format!("exp={past}"))),
            format!("exp=&sig={}", sign("")),
        ] {
            let answer = site.server.get(&format!("{link}?{options}"));
            assert_eq!(answer.status, 403, "{link}?{options}: {}", answer.text());
            assert_eq!(cache_control(&answer), "no-store");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            bodies.push(answer.text());
        }
        let doubled = format!("{link}/exp={LATE}/sig={right}/x?exp={LATE}");
        assert_eq!(site.server.get(&doubled).status, 403, "{doubled}");
        let picture = format!("{link}/peaks.json?exp={LATE}&sig={right}x");
        assert_eq!(site.server.get(&picture).status, 403, "{picture}");
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    let right = openssl(SECRET, &format!("{nothing}\nexp={LATE}"));
    assert_eq!(site.server.get(&format!("{nothing}?exp={LATE}&sig={right}")).status, 404);
    assert_eq!(
        site.server.get(&format!("{public}?exp=&sig=")).status,
        200,
        "empty values are none"
    );
}

#[test]
fn a_link_in_use_ends_when_it_says() {
    let site = Site::start(&SECRETS);
    let end = now_s() + 6;
    let signed = site.sign(&site.link(), &[&["--until", &end.to_string()][..], &SECRETS].concat());
    let first = site.server.get(&signed);
    assert_eq!(first.status, 200);
    assert!(seconds(&first) <= 6);
    until("the link ends", || site.server.get(&signed).status == 403);
    assert!(now_s() >= end, "it ended too soon");
}

#[test]
fn no_shared_cache_keeps_what_is_signed_and_none_for_longer_than_the_link_lives() {
    let site = Site::start(&["--link-window", "0"]);
    let ask = |options: Value| {
        site.server.get(&site.signed(&json!({"expires_in": 600, "options": options})))
    };
    let plain = ask(json!({}));
    assert!((540..=600).contains(&seconds(&plain)), "{}", cache_control(&plain));
    assert!(seconds(&ask(json!({"p": "asterisk"}))) == 300, "a preset's shorter time holds");
    assert_eq!(cache_control(&ask(json!({"cache_headers": 7}))), "public, max-age=7");
    assert_eq!(cache_control(&ask(json!({"cache_control": "no-store"}))), "no-store");
    let signed = site.signed(&json!({"expires_in": 600}));
    for _ in 0..2 {
        let etag = plain.header("etag").unwrap();
        let again = site.server.request("GET", &signed).header("If-None-Match", etag).send();
        assert_eq!(again.status, 304, "`exp` is no part of the ETag");
        assert!(seconds(&again) <= 600);
    }
    let beyond = site.server.range(&signed, "bytes=99999999-");
    assert_eq!((beyond.status, cache_control(&beyond)), (416, "no-store"));
}

#[test]
fn pictures_take_the_signature_of_their_files_link() {
    let site = Site::start(&SECRETS);
    let link = site.link();
    for picture in ["peaks.json", "waveform.svg"] {
        assert_eq!(site.server.get(&format!("{link}/{picture}")).status, 404);
        for options in ["", "&f=mp3"] {
            let sig = openssl(SECRET, &format!("{link}\nexp={LATE}{options}"));
            let query = format!("exp={LATE}{options}&sig={sig}&samples_per_pixel=512&bits=8");
            let answer = site.server.get(&format!("{link}/{picture}?{query}"));
            assert_eq!(answer.status, 200, "{picture}: {}", answer.text());
            assert!(seconds(&answer) > 0);
            let path =
                format!("{link}/exp={LATE}{}/sig={sig}/{picture}", options.replace('&', "/"));
            assert_eq!(site.server.get(&path).status, 200, "{path}");
            assert_eq!(site.server.head(&path).status, 200, "{path}");
        }
    }
}

#[test]
fn a_new_secret_signs_at_once_and_the_one_before_is_believed() {
    let site = Site::start(&[]);
    let data = site.server.data.to_str().unwrap();
    let before = site.signed(&json!({}));
    told(&["secret", "rotate", "--data", data]);
    let after = site.signed(&json!({}));
    assert!(before != after, "signed with the secret before");
    told(&["secret", "rotate", "--data", data]);
    for link in [&before, &after, &site.sign(&site.link(), &[])] {
        assert_eq!(site.server.get(link).status, 200, "{link}");
    }
}

#[test]
fn secrets_come_from_the_settings_and_the_first_signs() {
    let other = "abcdefghijklmnopqrstuvwxyzabcdef";
    let site = Site::start(&["--link-secrets", &format!("{SECRET},{other}")]);
    let (link, late) = (site.link(), LATE.to_string());
    let sign = ["sign", &link, "--until", &late, "--link-max-days", "36500"];
    let file = site.folder.path().join("secrets");
    std::fs::write(&file, format!("\n{other}\n{SECRET}\n")).unwrap();
    let toml = site.folder.path().join("tonearm.toml");
    std::fs::write(&toml, format!("link_secrets = [\"{other}\", \"{SECRET}\"]\n")).unwrap();
    let (file, toml) = (format!("@{}", file.display()), toml.display().to_string());
    let by_file = told(&[&sign[..], &["--link-secrets", &file]].concat());
    let by_toml = told(&[&sign[..], &["--config", &toml]].concat());
    let by_env =
        tonearm().args(sign).env("TONEARM_LINK_SECRETS", other).stdin(Stdio::null()).output();
    assert_eq!(by_file, by_toml);
    assert_eq!(by_file, stdout(&by_env.unwrap()).trim());
    let by_first = told(&[&sign[..], &SECRETS].concat());
    assert!(by_first != by_file);
    assert_eq!([by_first, by_file].map(|link| site.server.get(&link).status), [200, 200]);
    for (wrong, says) in [(&SECRET[1..], "32"), ("@/nowhere", "/nowhere"), (",", "none")] {
        let output = run(&[&sign[..], &["--link-secrets", wrong]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
        assert!(!stderr(&output).contains(&SECRET[1..]), "the secret is told");
    }
}

#[test]
fn links_without_a_signature_can_be_refused_altogether() {
    let site = Site::start(&["--require-signed-links"]);
    let public = site.server.upload("public.wav", &asset("chime-8k.wav"));
    assert_eq!(site.server.get(&public).status, 404);
    assert_eq!(site.server.get(&format!("{public}/peaks.json")).status, 404);
    let signed = site.sign(&format!("{public}/p=asterisk/prompt.wav"), &[]);
    assert_eq!(site.server.get(&signed).status, 200);
    assert_eq!(site.server.get(&site.signed(&json!({}))).status, 200);
}

#[test]
fn no_log_tells_a_signature() {
    let site = Site::start(&SECRETS);
    let links = ["query", "path"].map(|form| site.signed(&json!({"form": form})));
    for link in &links {
        assert_eq!(site.server.get(link).status, 200);
    }
    let data = site.server.data.clone();
    site.server.stop();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(log.contains("/sig=-/file.wav"), "{log}");
    let signature = |link: &str| link.split("sig=").nth(1).unwrap()[..43].to_owned();
    assert!(links.iter().all(|link| !log.contains(&signature(link))), "{log}");
    assert!(!log.contains(SECRET));
}

#[test]
fn secrets_and_links_outlive_a_restart() {
    let mut site = Site::start(&[]);
    let signed = site.signed(&json!({}));
    let data = site.server.data.clone();
    drop(site.server);
    site.server = Server::start(&data, &[]);
    assert_eq!(site.server.get(&signed).status, 200);
}
