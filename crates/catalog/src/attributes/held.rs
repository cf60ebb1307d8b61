//! The values that attributes hold: how each kind reads from JSON, is shown and lies in its column.

use crate::column::{Column, Row};
use crate::{Classification, Error, UnknownWord, Word, value};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Longest text of an attribute, in bytes.
const TEXT_MAX_BYTES: usize = 1024;

/// Most items of a list.
const LIST_MAX: usize = 100;

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The id of an object.
    Sid,
    /// A whole number.
    Integer,
    /// A whole number from 0 on.
    Count,
    /// Any number.
    Number,
    /// True or false.
    Truth,
    /// Shown as ISO 8601, kept in milliseconds since 1970.
    Time,
    /// A list of words.
    List,
    /// A JSON object.
    Object,
}

/// A value as an object shows it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The kinds say it.
pub enum Shown<'a> {
    Null,
    Text(&'a str),
    Sid(Uuid),
    Integer(i64),
    Count(u64),
    Number(f64),
    Truth(bool),
    Time(i64),
    List(Vec<&'static str>),
    Object(&'a Map<String, Value>),
}

/// What an attribute holds in a row, whatever its type.
pub(super) trait Held {
    fn kind(&self) -> Kind;
    fn is_optional(&self) -> bool;
    fn shown(&self) -> Shown<'_>;
    /// Takes a value; else what it must be.
    fn set(&mut self, said: &Value) -> Result<(), String>;
    fn column(&self) -> value::Value;
    fn read(&mut self, row: &mut Row, place: usize) -> Result<(), Error>;
}

impl<T: Told + Column> Held for T {
    fn kind(&self) -> Kind {
        T::KIND
    }
    fn is_optional(&self) -> bool {
        T::OPTIONAL
    }
    fn shown(&self) -> Shown<'_> {
        Told::shown(self)
    }
    fn set(&mut self, said: &Value) -> Result<(), String> {
        *self = T::told(said)?;
        Ok(())
    }
    fn column(&self) -> value::Value {
        self.value()
    }
    fn read(&mut self, row: &mut Row, place: usize) -> Result<(), Error> {
        *self = row.take(place)?;
        Ok(())
    }
}

/// A type of values, as JSON or as text (a query argument) tells them.
trait Told: Sized {
    const KIND: Kind;
    const OPTIONAL: bool = false;
    /// The value; else what it must be.
    fn told(said: &Value) -> Result<Self, String>;
    fn shown(&self) -> Shown<'_>;
}

impl Told for String {
    const KIND: Kind = Kind::Text;
    fn told(said: &Value) -> Result<Self, String> {
        let plain = |t: &&str| t.len() <= TEXT_MAX_BYTES && !t.chars().any(char::is_control);
        let text = said.as_str().filter(plain).map(str::to_owned);
        text.ok_or_else(|| {
            format!("must be a text of at most {TEXT_MAX_BYTES} bytes without control characters")
        })
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Text(self)
    }
}

impl Told for bool {
    const KIND: Kind = Kind::Truth;
    fn told(said: &Value) -> Result<Self, String> {
        let truth = said.as_bool().or_else(|| said.as_str()?.parse().ok());
        truth.ok_or_else(|| "must be true or false".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Truth(*self)
    }
}

fn integer(said: &Value) -> Option<i64> {
    said.as_i64().or_else(|| said.as_str()?.parse().ok())
}

impl Told for i64 {
    const KIND: Kind = Kind::Integer;
    fn told(said: &Value) -> Result<Self, String> {
        integer(said).ok_or_else(|| "must be a whole number".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Integer(*self)
    }
}

impl Told for u64 {
    const KIND: Kind = Kind::Count;
    fn told(said: &Value) -> Result<Self, String> {
        let count = integer(said).and_then(|number| Self::try_from(number).ok());
        count.ok_or_else(|| "must be a whole number from 0 on".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Count(*self)
    }
}

impl Told for f64 {
    const KIND: Kind = Kind::Number;
    fn told(said: &Value) -> Result<Self, String> {
        said.as_f64().ok_or_else(|| "must be a number".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Number(*self)
    }
}

impl Told for Uuid {
    const KIND: Kind = Kind::Sid;
    fn told(said: &Value) -> Result<Self, String> {
        let sid = said.as_str().and_then(|text| Self::try_parse(text).ok());
        sid.ok_or_else(|| "must be a sid".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Sid(*self)
    }
}

impl Told for Map<String, Value> {
    const KIND: Kind = Kind::Object;
    fn told(said: &Value) -> Result<Self, String> {
        said.as_object().cloned().ok_or_else(|| "must be an object".to_owned())
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Object(self)
    }
}

impl Told for Vec<Classification> {
    const KIND: Kind = Kind::List;
    fn told(said: &Value) -> Result<Self, String> {
        let texts: Option<Vec<String>> = said
            .as_array()
            .filter(|items| items.len() <= LIST_MAX)
            .and_then(|items| items.iter().map(|item| String::told(item).ok()).collect());
        let texts = texts.ok_or_else(|| "must be a list of texts".to_owned())?;
        texts.iter().map(|text| word(text)).collect()
    }
    fn shown(&self) -> Shown<'_> {
        Shown::List(self.iter().map(|class| class.as_str()).collect())
    }
}

fn word<T: Word>(text: &str) -> Result<T, String> {
    text.parse().map_err(|unknown: UnknownWord| unknown.to_string())
}

impl<T: Word> Told for T {
    const KIND: Kind = Kind::Word(T::ALLOWED);
    fn told(said: &Value) -> Result<Self, String> {
        word(&String::told(said)?)
    }
    fn shown(&self) -> Shown<'_> {
        Shown::Text(self.as_str())
    }
}

impl<T: Told> Told for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;
    fn told(said: &Value) -> Result<Self, String> {
        if said.is_null() { Ok(None) } else { T::told(said).map(Some) }
    }
    fn shown(&self) -> Shown<'_> {
        self.as_ref().map_or(Shown::Null, Told::shown)
    }
}
