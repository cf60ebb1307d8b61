//! CSV (RFC 4180): a line of names, and a line for each object. What is no single value is JSV within its cell.

use super::tree::JSV;
use crate::apis::evovoice::objects::{FileInfo, MEMBERS, Node};
use ::csv::{Terminator, WriterBuilder};
use std::io::{self, Write};

/// The names of a file's members.
pub fn head(to: &mut impl Write) -> io::Result<()> {
    line(to, MEMBERS.iter().map(|member| member.camel.to_owned()))
}

pub fn row(to: &mut impl Write, file: &FileInfo) -> io::Result<()> {
    let cells = file
        .members()
        .map(|(_, value)| Node::of_value(value).map_or(Ok(String::new()), |n| cell(&n)));
    line(to, cells.collect::<io::Result<Vec<_>>>()?)
}

/// An object that is no file: its names and one line.
pub fn object(to: &mut impl Write, node: &Node) -> io::Result<()> {
    let Node::Object(members) = node else { return line(to, [cell(node)?]) };
    line(to, members.iter().map(|(name, _)| (*name).to_owned()))?;
    let cells = members.iter().map(|(_, node)| cell(node));
    line(to, cells.collect::<io::Result<Vec<_>>>()?)
}

fn cell(node: &Node) -> io::Result<String> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        other => {
            let mut bytes = Vec::new();
            JSV.write(&mut bytes, other)?;
            String::from_utf8(bytes).map_err(io::Error::other)
        }
    }
}

fn line(to: &mut impl Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to);
    writer.write_record(cells).map_err(io::Error::from)?;
    writer.flush()
}
