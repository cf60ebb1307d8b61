//! Texts that would break out of what they stand in.

use super::*;

/// What each format must carry whole, but for what XML can't.
const TEXTS: [&str; 9] = [
    "]]><!--<x/>&amp;",
    "a\u{2028}b\u{2029}c",
    "\u{0}\u{1}\u{b}\u{1f}",
    "tab\tline\ncarriage\r\nend",
    "{a:[b,\"c\"]}",
    "\",=cmd|' /C calc'!A0",
    "\u{FFFE}\u{FFFF}\u{10FFFF}",
    "\u{202e}gpj.exe",
    "'); DROP TABLE files; --",
];

#[test]
fn every_text_comes_out_of_every_format_as_it_went_in() {
    let api = Api::start();
    for text in TEXTS {
        let file = json!({"Data": "eA==", "FileName": "a", "Transcription": text,
            "UserId": text, "CustomerId": text, "CustomerName": text});
        let made = api.send(&api.manager, "POST", "/app/files", &file);
        assert_eq!(made.status, 200, "{text:?}: {}", made.text());
        let id = running_id(&made);
        let told = made.json();
        for member in ["transcription", "userId", "customerId", "customerName"] {
            assert_eq!(told[member], text, "{member}");
        }
        assert_eq!(told["customerBreadcrumb"][0]["name"], text);
        let xml = api.get(&format!("/files/{id}.xml")).body;
        let in_xml = text.replace(
            |c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}'),
            "\u{FFFD}",
        );
        let lines = formats::judged("outline.py", &["--text"], &xml);
        let told =
            lines.lines().filter(|line| **line == format!("1 {}", python_json(&in_xml))).count();
        assert_eq!(told, 4, "{text:?}: {lines}");
        let rows = formats::judged("csv_rows.py", &[], &api.get(&format!("/files/{id}.csv")).body);
        let rows: Value = serde_json::from_str(&rows).unwrap();
        assert_eq!(rows[1][15], text);
        let list = api.json(&format!("/files?UserId={}", encoded(text)));
        assert_eq!(list["totalCount"], 1, "{text:?}");
    }
}

fn running_id(made: &Answer) -> String {
    text(&made.json()["id"])
}

/// As Python writes it: in ASCII.
fn python_json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    out + "\""
}
