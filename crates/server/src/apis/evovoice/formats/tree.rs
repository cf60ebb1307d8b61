//! JSON (RFC 8259) and JSV, which is JSON with names and most texts bare and the rest quoted as in CSV.

use super::{Envelope, Totals};
use crate::apis::evovoice::objects::Node;
use std::io::{self, Write};

/// A way to write trees.
pub struct Notation {
    name: fn(&str) -> String,
    text: fn(&str) -> String,
}

pub const JSON: Notation = Notation { name: |name| format!("\"{name}\""), text: json_text };
pub const JSV: Notation = Notation { name: str::to_owned, text: jsv_text };

/// Older scripts end a line at U+2028 and U+2029, within texts too.
fn json_text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A text that could be taken for something else is quoted; nothing at all is as well.
fn jsv_text(text: &str) -> String {
    let is_special = |c| matches!(c, '"' | ',' | ':' | '{' | '}' | '[' | ']' | '\r' | '\n');
    match text.is_empty() || text.contains(is_special) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

impl Notation {
    pub fn write(&self, to: &mut impl Write, node: &Node) -> io::Result<()> {
        match node {
            Node::Text(text) => to.write_all((self.text)(text).as_bytes()),
            Node::Number(number) => write!(to, "{number}"),
            Node::List(_, nodes) => {
                to.write_all(b"[")?;
                for (at, node) in nodes.iter().enumerate() {
                    to.write_all(if at == 0 { b"" } else { b"," })?;
                    self.write(to, node)?;
                }
                to.write_all(b"]")
            }
            Node::Object(members) => {
                to.write_all(b"{")?;
                for (at, (name, node)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(to, "{comma}{}:", (self.name)(name))?;
                    self.write(to, node)?;
                }
                to.write_all(b"}")
            }
        }
    }

    pub fn begin(&self, to: &mut impl Write, envelope: Envelope) -> io::Result<()> {
        let name = match envelope {
            Envelope::Page => "items",
            Envelope::Files => "files",
        };
        write!(to, "{{{}:[", (self.name)(name))
    }

    pub fn end(&self, to: &mut impl Write, envelope: Envelope, totals: &Totals) -> io::Result<()> {
        let Totals { count, pages, has_more } = totals;
        let name = self.name;
        match envelope {
            Envelope::Page => write!(
                to,
                "],{}:{count},{}:{pages},{}:{has_more}}}",
                name("totalCount"),
                name("totalPages"),
                name("hasMorePages")
            ),
            Envelope::Files => to.write_all(b"]}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jsv_quotes_what_could_be_taken_for_something_else() {
        for (text, wanted) in [
            ("Hello World!", "Hello World!"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("2\" x 1\"", "\"2\"\" x 1\"\"\""),
            ("http://x", "\"http://x\""),
            ("[a]{b}", "\"[a]{b}\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(jsv_text(text), wanted);
        }
    }

    #[test]
    fn no_text_ends_a_line_of_a_script() {
        assert_eq!(json_text("a\u{2028}\u{2029}\n\"\u{0}"), r#""a\u2028\u2029\n\"\u0000""#);
    }
}
