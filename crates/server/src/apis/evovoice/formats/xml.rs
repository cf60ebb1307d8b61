//! XML as .NET's data contracts write it: names by namespace, a prefix for a namespace that is not the root's,
//! the members of the base first, each part in the order of names' characters, and `i:nil` for what isn't there.

use super::{Envelope, Totals};
use crate::apis::evovoice::objects::{FileInfo, MEMBERS, Member, Node, Value};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::LazyLock;

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const BASE: &str = "http://schemas.datacontract.org/2004/07/Voice.Api";
const FILES: &str = "http://schemas.datacontract.org/2004/07/Voice.Api.Files";
const CUSTOMERS: &str = "http://schemas.datacontract.org/2004/07/Voice.Api.Customers";
const SERVICE: &str = "http://schemas.servicestack.net/types";

/// The places of members in [`MEMBERS`], in the order in which XML has them.
static ORDER: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut places: Vec<_> = (0..MEMBERS.len()).collect();
    places.sort_unstable_by_key(|at| (!MEMBERS[*at].is_base, MEMBERS[*at].name));
    places
});

/// What belongs to a list: its root, its namespace, and what its items stand in.
fn names(envelope: Envelope) -> (&'static str, &'static str, &'static str) {
    match envelope {
        Envelope::Page => ("ListResponseOfFileInfoS8MZGchS", BASE, "Items"),
        Envelope::Files => ("GetMyFilesResponse", FILES, "Files"),
    }
}

/// Where a file stands.
#[derive(Clone, Copy)]
enum Place {
    /// In a page: the root's namespace is the base's.
    Page,
    /// In the files alone.
    Files,
    /// By itself.
    Root,
}

impl Place {
    fn prefix(self) -> &'static str {
        match self {
            Self::Page => "d2p1:",
            Self::Files | Self::Root => "",
        }
    }

    /// How deep the way to the customer stands.
    fn customers(self) -> &'static str {
        match self {
            Self::Page | Self::Files => "d4p1",
            Self::Root => "d2p1",
        }
    }
}

struct Xml<'a, W: Write>(Writer<&'a mut W>);

impl<'a, W: Write> Xml<'a, W> {
    fn to(to: &'a mut W) -> Self {
        Self(Writer::new(to))
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Start(start))
    }

    fn end(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
        self.start(name, attributes)?;
        self.0.write_event(Event::Text(BytesText::from_escaped(escaped(text))))?;
        self.end(name)
    }

    fn nil(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let attributes = attributes.iter().copied().chain([("i:nil", "true")]);
        self.0.write_event(Event::Empty(BytesStart::new(name).with_attributes(attributes)))
    }

    fn value(&mut self, name: &str, attributes: &[(&str, &str)], value: &Value) -> io::Result<()> {
        match value {
            Value::Nothing => self.nil(name, attributes),
            Value::Text(text) => self.text(name, attributes, text),
            Value::Number(number) => self.text(name, attributes, &number.to_string()),
            Value::Customers(_) => Ok(()),
        }
    }

    fn member(&mut self, member: &Member, value: &Value, place: Place) -> io::Result<()> {
        let (prefix, customers) = (place.prefix(), place.customers());
        let name = match member.is_base {
            true => member.name.to_owned(),
            false => format!("{prefix}{}", member.name),
        };
        let declared = [("xmlns", BASE)];
        let attributes = match (member.is_base, place) {
            (true, Place::Files | Place::Root) => declared.as_slice(),
            _ => &[],
        };
        let Value::Customers(all) = value else { return self.value(&name, attributes, value) };
        self.start(&name, &[(&format!("xmlns:{customers}"), CUSTOMERS)])?;
        for customer in all {
            let class = format!("{customers}:CustomerBreadcrumb");
            self.start(&class, &[])?;
            self.value(&format!("{customers}:Id"), &[], &customer.id)?;
            self.value(&format!("{customers}:Name"), &[], &customer.name)?;
            self.end(&class)?;
        }
        self.end(&name)
    }

    fn members(&mut self, file: &FileInfo, place: Place) -> io::Result<()> {
        let mut members = ORDER.iter().map(|at| (&MEMBERS[*at], &file.0[*at]));
        members.try_for_each(|(member, value)| self.member(member, value, place))
    }

    fn node(&mut self, name: &str, node: &Node) -> io::Result<()> {
        match node {
            Node::Text(text) => self.text(name, &[], text),
            Node::Number(number) => self.text(name, &[], &number.to_string()),
            Node::List(class, nodes) => {
                self.start(name, &[])?;
                nodes.iter().try_for_each(|node| self.node(class, node))?;
                self.end(name)
            }
            Node::Object(members) => {
                self.start(name, &[])?;
                members.iter().try_for_each(|(name, node)| self.node(&pascal(name), node))?;
                self.end(name)
            }
        }
    }
}

/// A file by itself.
pub fn file(to: &mut impl Write, file: &FileInfo) -> io::Result<()> {
    let mut xml = Xml::to(to);
    xml.start("FileInfo", &[("xmlns:i", INSTANCE), ("xmlns", FILES)])?;
    xml.members(file, Place::Root)?;
    xml.end("FileInfo")
}

/// An object that is no file.
pub fn object(to: &mut impl Write, class: &str, node: &Node) -> io::Result<()> {
    let mut xml = Xml::to(to);
    xml.start(class, &[("xmlns:i", INSTANCE), ("xmlns", SERVICE)])?;
    if let Node::Object(members) = node {
        members.iter().try_for_each(|(name, node)| xml.node(&pascal(name), node))?;
    }
    xml.end(class)
}

/// What stands before the items of a list.
pub fn begin(to: &mut impl Write, envelope: Envelope, has_more: bool) -> io::Result<()> {
    let (root, namespace, items) = names(envelope);
    let mut xml = Xml::to(to);
    xml.start(root, &[("xmlns:i", INSTANCE), ("xmlns", namespace)])?;
    match envelope {
        Envelope::Page => {
            xml.text("HasMorePages", &[], &has_more.to_string())?;
            xml.start(items, &[("xmlns:d2p1", FILES)])
        }
        Envelope::Files => xml.start(items, &[]),
    }
}

pub fn item(to: &mut impl Write, envelope: Envelope, file: &FileInfo) -> io::Result<()> {
    let place = match envelope {
        Envelope::Page => Place::Page,
        Envelope::Files => Place::Files,
    };
    let (mut xml, class) = (Xml::to(to), format!("{}FileInfo", place.prefix()));
    xml.start(&class, &[])?;
    xml.members(file, place)?;
    xml.end(&class)
}

pub fn end(to: &mut impl Write, envelope: Envelope, totals: &Totals) -> io::Result<()> {
    let (root, _, items) = names(envelope);
    let mut xml = Xml::to(to);
    xml.end(items)?;
    if envelope == Envelope::Page {
        xml.text("TotalCount", &[], &totals.count.to_string())?;
        xml.text("TotalPages", &[], &totals.pages.to_string())?;
    }
    xml.end(root)
}

fn pascal(camel: &str) -> String {
    let mut characters = camel.chars();
    characters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// Text as XML 1.0 carries it (§2.2, §2.11): what it can't becomes U+FFFD, and a carriage return stays one.
fn escaped(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| match c {
        '<' | '>' | '&' | '\r' | '\u{FFFE}' | '\u{FFFF}' => false,
        c => c >= ' ' || matches!(c, '\t' | '\n'),
    };
    if text.chars().all(is_plain) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '\r' => out += "&#xD;",
            c if is_plain(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_element() {
        let text = "]]></d2p1:FileName><x a=\"'\">&amp;\r\n\t\0\u{b}\u{FFFE}\u{7f}é";
        let wanted = "]]&gt;&lt;/d2p1:FileName&gt;&lt;x a=\"'\"&gt;&amp;amp;&#xD;\n\t\u{FFFD}\u{FFFD}\u{FFFD}\u{7f}é";
        assert_eq!(escaped(text), wanted);
    }
}
