//! What a refusal says is allowed.

use super::*;

#[test]
fn every_value_that_a_refusal_allows_is_taken() {
    let site = Site::shared();
    for (wrong, option, rest) in [
        (".wma", "f", "t=0-500"),
        ("?f=xyz", "f", "t=0-500"),
        ("?f=mp3&br=320&rate=8000", "br", "f=mp3&rate=8000"),
        ("?f=mp3&br=8&rate=44100", "br", "f=mp3&rate=44100"),
        ("?f=mp3&rate=96000", "rate", "f=mp3"),
        ("?f=mp4&rate=192000", "rate", "f=mp4"),
        ("?f=ogg&br=320", "br", "f=ogg"),
        ("?f=ogg&rate=44100", "rate", "f=ogg"),
    ] {
        let answer = site.server.get(&format!("{}{wrong}", site.chime));
        refused(&answer, option);
        let message = text(&answer.json()["errors"][0]["message"]);
        let (_, allowed) = message.rsplit_once("allowed").expect("what is allowed");
        let allowed = allowed.trim_start_matches(" are").trim_start_matches(':').trim();
        assert!(allowed.split(", ").count() > 2, "{message}");
        for value in allowed.split(", ") {
            let link = format!("{}?{rest}&{option}={value}", site.chime);
            assert_eq!(site.server.head(&link).status, 200, "{wrong}: {message}: {link}");
        }
    }
}
