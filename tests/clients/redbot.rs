//! REDbot over published links: whatever it holds against one is known here, and why it stays.

use crate::clients::site::{Site, State};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// Notes of level `WARN` and `BAD` that stay: id, what it says, why it stays.
const EXPLAINED: [(&str, &str, &str); 6] = [
    (
        "CC_MISCAP",
        "a Cache-Control directive has capitals",
        "without options the header is the reference service's own word `None`; presets (all but `web`) and \
         `cache_headers` send real directives",
    ),
    (
        "CONTENT_TYPE_MISMATCH",
        "the content doesn't match the type",
        "it sniffs as browsers do, by a table that has `audio/wave` for WAV and nothing for MP3 without tags, \
         FLAC, G.711; `nosniff` is sent",
    ),
    (
        "CORS_PREFLIGHT_ONLY",
        "Access-Control-Allow-Methods outside a preflight",
        "the reference service sends it with every answer, and its clients may read it",
    ),
    (
        "FRESHNESS_HEURISTIC",
        "caches may choose how long to keep it",
        "only without options, where the word `None` says nothing; `cache_headers` says it",
    ),
    (
        "STORE_PUBLIC_UNNECESSARY",
        "`public` is probably not necessary",
        "the contract's own form of `cache_headers`, as the reference service writes it",
    ),
    (
        "RANGE_INCORRECT",
        "a ranged request was answered incorrectly",
        "only for WAV, whose 44 bytes of header may come as a piece of their own: it asks for one byte more \
         than it then compares",
    ),
];

/// The notes of REDbot on a link, by id.
fn notes(url: &str) -> BTreeMap<String, String> {
    let redbot = crate::running::tools().join("redbot/bin/redbot");
    let output = Command::new(&redbot).args(["-o", "har", url]).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| panic!("{redbot:?}: {e} (scripts/setup installs it)"));
    let said = String::from_utf8_lossy(&output.stderr);
    let har: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    let mut notes = BTreeMap::new();
    for entry in har["log"]["entries"].as_array().expect("entries") {
        for note in entry["_red_messages"].as_array().into_iter().flatten() {
            let text = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
            if ["WARN", "BAD"].contains(&text("level").as_str()) {
                notes.insert(text("note_id"), text("summary"));
            }
        }
    }
    notes
}

#[test]
fn redbot_holds_nothing_against_published_links_that_is_not_explained() {
    let site = Site::shared();
    let unasked = [site.link.clone(), format!("{}?f=mp3", site.link)];
    let prompts = ["wav", "ulaw", "mp3", "ogg", "flac", "mp4"];
    let prompts = prompts.map(|format| site.link(State::Cold, format, "cache_headers=300"));
    for link in unasked.into_iter().chain(prompts) {
        for (id, summary) in notes(&format!("http://{}{link}", site.server.address)) {
            // Its own mistake, but a real one would go by the same name.
            let wav = link.ends_with(".wav") || link == site.link;
            assert!(id != "RANGE_INCORRECT" || wav, "{link}: {summary}");
            let known = EXPLAINED.iter().any(|(known, ..)| *known == id);
            assert!(known, "{link}: {id}: {summary}");
        }
    }
}

#[test]
fn the_readme_explains_what_redbot_notes() {
    let readme = include_str!("README.md");
    for (id, says, why) in EXPLAINED {
        let row = format!("| `{id}` | {says} | {why} |");
        assert!(readme.contains(&row), "tests/clients/README.md must say: {row}");
    }
}
