//! The page of a link, what chats and other sites are told of it, and what a refused link says to a browser.

use crate::client::Answer;
use crate::judge::ffmpeg;
use crate::running::Server;
use crate::sources;
use tempfile::TempDir;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The server, and the links of a published recording and of one that is not.
fn served(folder: &TempDir) -> (Server, String, String) {
    let server = Server::start(&folder.path().join("data"), &[]);
    let melody = std::fs::read(sources::melody()).unwrap();
    let link = server.upload("a%22%3E%3Cscript%3Ex%3C%2Fscript%3E.flac", &melody);
    let secret = server.upload("secret.flac&publish=none", &melody);
    (server, link, secret)
}

fn signed(server: &Server, link: &str, options: &str) -> String {
    let sid = link.rsplit('/').next().expect("a sid");
    let sign = server.request("POST", &format!("/core/v2/storage/files/{sid}/sign"));
    let body = format!("{{\"options\": {options}}}");
    let sign = sign.token(&server.token()).header("Content-Type", "application/json");
    let answer = sign.body(body.as_bytes()).send().json();
    let uri = answer["uri"].as_str().expect("a link");
    uri[uri.find("/f/").expect("a link")..].to_owned()
}

fn page_of(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    format!("{path}/listen?{query}")
}

/// The value of the first attribute behind a text.
fn attribute(page: &Answer, before: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split('"').next().expect("a value").replace("&amp;", "&")
}

#[test]
fn a_link_has_a_page_with_its_name_as_text_and_a_card_for_chats() {
    let folder = TempDir::new().unwrap();
    let (server, link, _) = served(&folder);
    let page = server.get(&page_of(&link));
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>x"), "{}", page.text());
    assert!(page.text().contains("a&quot;&gt;&lt;script&gt;x"), "{}", page.text());
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"));
    let embedded = server.get(&format!("{}&embed=1", page_of(&link)));
    let policy = embedded.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors *"), "{policy}");
    let card = attribute(&page, "og:image\" content=\"");
    assert!(card.ends_with(&format!("{link}/waveform.png")), "{card}");
    let picture = server.get(&format!("{link}/waveform.png"));
    assert_eq!(picture.header("content-type"), Some("image/png"));
    let (png, raw) = (folder.path().join("card.png"), folder.path().join("card.raw"));
    std::fs::write(&png, &picture.body).unwrap();
    let text = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    ffmpeg(&["-i", &text(&png), "-f", "rawvideo", "-pix_fmt", "gray", &text(&raw)]);
    let pixels = std::fs::read(raw).unwrap();
    assert_eq!(pixels.len(), 1200 * 630);
    let bright = pixels.iter().filter(|pixel| **pixel > 100).count();
    assert!((10_000..400_000).contains(&bright), "{bright} bright pixels");
    let small = server.get(&format!("{link}/oembed.json?maxwidth=320&maxheight=900")).json();
    assert_eq!((&small["width"], &small["height"]), (&320.into(), &200.into()));
    assert!(small["html"].to_string().contains(r#"width=\"320\""#), "{}", small["html"]);
    let told = server.get(&format!("{link}/oembed.json")).json();
    assert_eq!((&told["type"], &told["version"]), (&"rich".into(), &"1.0".into()));
    let frame = told["html"].as_str().expect("a frame");
    assert!(frame.contains("/listen?embed=1\"") && !frame.contains("<script>"), "{frame}");
}

#[test]
fn a_signature_opens_the_page_its_card_and_its_numbers_and_nobody_else_has_them() {
    let folder = TempDir::new().unwrap();
    let (server, _, secret) = served(&folder);
    for name in ["listen", "waveform.png", "oembed.json", "peaks.json"] {
        assert_eq!(server.get(&format!("{secret}/{name}")).status, 404, "{name}");
    }
    for options in ["{}", "{\"t\": \"1000-3000\", \"f\": \"mp3\"}"] {
        let link = signed(&server, &secret, options);
        let (path, query) = link.split_once('?').expect("a query");
        let page = server.get(&page_of(&link));
        assert_eq!(page.status, 200, "{options}");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        let sound = attribute(&page, "<audio controls preload=\"metadata\" src=\"");
        let sid = secret.rsplit('/').next().expect("a sid");
        assert_eq!(sound, format!("../{sid}?{query}"));
        for name in ["waveform.png", "oembed.json", "peaks.json", "listen"] {
            let own = if name == "peaks.json" { "&bits=8&pixels=4000" } else { "" };
            let answer = server.get(&format!("{path}/{name}?{query}{own}"));
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            let bad = query.replace("exp=", "exp=9");
            assert_eq!(server.get(&format!("{path}/{name}?{bad}{own}")).status, 403, "{name}");
        }
    }
}

#[test]
fn a_file_that_is_published_under_the_name_of_a_page_is_that_file() {
    let folder = TempDir::new().unwrap();
    let (server, _, _) = served(&folder);
    let melody = std::fs::read(sources::melody()).unwrap();
    let first = server.upload_named("welcome.flac", &melody);
    let page = server.get(&format!("{first}/listen"));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(attribute(&page, "src=\"../welcome"), ".flac");
    server.upload_named("welcome.flac%2Flisten", b"not a page");
    assert_eq!(server.get(&format!("{first}/listen")).body, b"not a page");
}

#[test]
fn what_no_browser_plays_is_played_as_mp3_and_options_of_the_path_are_kept() {
    let folder = TempDir::new().unwrap();
    let (server, link, _) = served(&folder);
    let telephone = server.upload("prompt.ulaw", &[0x7f; 8000]);
    let page = server.get(&format!("{telephone}/listen"));
    let sound = attribute(&page, "<audio controls preload=\"metadata\" src=\"");
    assert!(sound.ends_with("?f=mp3"), "{sound}");
    let page = server.get(&format!("{link}/t=0-2000/listen"));
    let sound = attribute(&page, "<audio controls preload=\"metadata\" src=\"");
    assert_eq!(sound, "../t=0-2000");
    assert_eq!(server.get(&format!("{link}/t=0-2000")).status, 200);
    assert_eq!(server.get(&format!("{link}/listen?t=9-1")).status, 400);
}

#[test]
fn a_refused_link_is_a_page_to_a_browser_and_json_to_everybody_else() {
    let folder = TempDir::new().unwrap();
    let (server, link, _) = served(&folder);
    let bad = format!("{link}?f=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    for (path, status) in [("/f/nothing", 404), (&bad, 400), (&format!("{link}?exp=1&sig=x"), 403)]
    {
        let page = server.request("GET", path).header("Accept", BROWSER).send();
        assert_eq!(page.status, status, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(!page.text().contains("<script>"), "{}", page.text());
        for accept in ["*/*", "audio/*", "application/json"] {
            let answer = server.request("GET", path).header("Accept", accept).send();
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
        }
    }
}
