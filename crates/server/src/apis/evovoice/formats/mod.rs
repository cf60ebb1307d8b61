//! The four formats of answers. Lists are written item by item, so that a long one is never in memory whole.

mod csv;
mod tree;
mod xml;

use super::objects::{FileInfo, Node};
use super::wants::{Format, Wants};
use std::io::{self, Write};

/// What stands around the files of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// `ListResponse`: with totals.
    Page,
    /// `GetMyFilesResponse`: the files alone.
    Files,
}

/// How much there is of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub count: u64,
    pub pages: u64,
    pub has_more: bool,
}

/// Writes a file alone.
pub fn file(to: &mut impl Write, wants: &Wants, file: &FileInfo) -> io::Result<()> {
    called(to, wants, |to| match wants.format {
        Format::Json => tree::JSON.write(to, &Node::of_file(file)),
        Format::Jsv => tree::JSV.write(to, &Node::of_file(file)),
        Format::Xml => xml::file(to, file),
        Format::Csv => csv::head(to).and_then(|()| csv::row(to, file)),
    })
}

/// Writes an object that is no file; XML calls it `class`.
pub fn object(to: &mut impl Write, wants: &Wants, class: &str, node: &Node) -> io::Result<()> {
    called(to, wants, |to| match wants.format {
        Format::Json => tree::JSON.write(to, node),
        Format::Jsv => tree::JSV.write(to, node),
        Format::Xml => xml::object(to, class, node),
        Format::Csv => csv::object(to, node),
    })
}

fn called<W: Write>(
    to: &mut W,
    wants: &Wants,
    write: impl FnOnce(&mut W) -> io::Result<()>,
) -> io::Result<()> {
    call(to, wants)?;
    write(to)?;
    end_call(to, wants)
}

/// The beginning of a call of the function that JSON is given to, if there is one.
fn call(to: &mut impl Write, wants: &Wants) -> io::Result<()> {
    wants.callback.as_ref().map_or(Ok(()), |callback| write!(to, "{callback}("))
}

fn end_call(to: &mut impl Write, wants: &Wants) -> io::Result<()> {
    wants.callback.as_ref().map_or(Ok(()), |_| to.write_all(b")"))
}

/// A list that is being written.
pub struct List<W: Write> {
    to: W,
    wants: Wants,
    envelope: Envelope,
    is_empty: bool,
}

impl<W: Write> List<W> {
    pub fn begin(mut to: W, wants: Wants, envelope: Envelope) -> io::Result<Self> {
        call(&mut to, &wants)?;
        Ok(Self { to, wants, envelope, is_empty: true })
    }

    pub fn add(&mut self, file: &FileInfo, has_more: bool) -> io::Result<()> {
        self.separate(has_more)?;
        let to = &mut self.to;
        match self.wants.format {
            Format::Json => tree::JSON.write(to, &Node::of_file(file)),
            Format::Jsv => tree::JSV.write(to, &Node::of_file(file)),
            Format::Xml => xml::item(to, self.envelope, file),
            Format::Csv => csv::row(to, file),
        }
    }

    /// What stands before an item: the head before the first one.
    fn separate(&mut self, has_more: bool) -> io::Result<()> {
        let is_first = std::mem::take(&mut self.is_empty);
        let (to, envelope) = (&mut self.to, self.envelope);
        match (self.wants.format, is_first) {
            (Format::Json | Format::Jsv, false) => to.write_all(b","),
            (Format::Json, true) => tree::JSON.begin(to, envelope),
            (Format::Jsv, true) => tree::JSV.begin(to, envelope),
            (Format::Xml, true) => xml::begin(to, envelope, has_more),
            (Format::Csv, true) => csv::head(to),
            (Format::Xml | Format::Csv, false) => Ok(()),
        }
    }

    /// Ends the list; what it was written to.
    pub fn end(mut self, totals: &Totals) -> io::Result<W> {
        if self.is_empty {
            self.separate(totals.has_more)?;
        }
        let (to, envelope) = (&mut self.to, self.envelope);
        match self.wants.format {
            Format::Json => tree::JSON.end(to, envelope, totals)?,
            Format::Jsv => tree::JSV.end(to, envelope, totals)?,
            Format::Xml => xml::end(to, envelope, totals)?,
            Format::Csv => {}
        }
        end_call(to, &self.wants)?;
        Ok(self.to)
    }
}
