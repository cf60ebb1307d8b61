//! What stands beside a signed link, and beside the server that believes it: pictures, and commands.

use super::{SECRET, SECRETS, Site};
use crate::command_line::fails;
use serde_json::json;

#[test]
fn pictures_of_a_link_that_is_signed_for_a_clip_show_the_clip_alone() {
    let site = Site::start(&SECRETS);
    let picture = |options: &str, name: &str| {
        let signed = site.sign(&format!("{}?{options}", site.link()), &SECRETS);
        let path = signed.replace('?', &format!("/{name}?")) + "&samples_per_pixel=256";
        let answer = site.server.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    };
    // Of 8000 Hz: 32 peaks of 256 samples, from the 32nd on.
    let clip = picture("t=1024-2048", "peaks.json").json();
    let whole = picture("f=mp3", "peaks.json").json();
    assert_eq!((&clip["length"], &whole["length"]), (&json!(32), &json!(200)));
    assert_eq!(clip["data"].as_array().unwrap()[..], whole["data"].as_array().unwrap()[64..128]);
    let drawn = picture("t=1024-2048", "waveform.svg").text();
    assert!(drawn.contains("viewBox=\"0 0 32 256\""), "{drawn}");
    let cards = ["t=1024-2048", "f=mp3"].map(|options| picture(options, "waveform.png").body);
    assert!(cards[0] != cards[1], "the card shows all of it");
}

#[test]
fn commands_beside_a_server_whose_secrets_are_set_make_nothing_that_it_would_not_believe() {
    let site = Site::start(&SECRETS);
    let data = site.server.data.to_str().unwrap();
    for args in [&["secret", "rotate"][..], &["secret", "rotate", "--link-secrets", SECRET]] {
        let said = fails(&[args, &["--data", data]].concat(), 1);
        assert!(said.contains("TONEARM_LINK_SECRETS") && !said.contains(SECRET), "{said}");
    }
    let said = fails(&["sign", &site.link(), "--data", data], 1);
    assert!(said.contains("TONEARM_LINK_SECRETS"), "{said}");
    assert_eq!(site.server.get(&site.sign(&site.link(), &SECRETS)).status, 200);
}
