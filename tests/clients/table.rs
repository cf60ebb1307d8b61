//! The table in this folder's README: clients, rules and results, as the tests find them.

use super::{HOLDS, all, outcome};
use std::path::Path;

const BEGIN: &str = "<!-- rules -->\n";
const END: &str = "<!-- /rules -->";

/// The table as Markdown.
fn rendered() -> String {
    let mut table = String::from(
        "| | client | rule | original | cold transcode | cached transcode |\n|---|---|---|---|---|---|\n",
    );
    for rule in all() {
        let [original, cold, cached] = outcome(rule).map(|said| match said.as_str() {
            HOLDS => HOLDS.to_owned(),
            later if later.starts_with("with ") => later.to_owned(),
            _ => "**fails**".to_owned(),
        });
        let (id, client, says) = (rule.id.to_uppercase(), rule.client, rule.says);
        table += &format!("| {id} | {client} | {says} | {original} | {cold} | {cached} |\n");
    }
    table
}

#[test]
fn this_page_tells_the_result_of_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let told = readme.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let table = rendered();
    let count = format!("\n{} rules of ", all().count());
    assert!(include_str!("../../README.md").contains(&count), "README.md must say: {count}");
    assert!(
        told.is_some_and(|(told, _)| told == table),
        "tests/clients/README.md must say, between its marks:\n{BEGIN}{table}{END}"
    );
}
