//! How values lie in columns, and columns in rows.

use crate::Error;
use crate::value::Value;
use std::fmt::Display;
use uuid::Uuid;

/// A value of one column.
pub(crate) trait Column: Sized {
    fn read(value: Value) -> Result<Self, Error>;
    fn value(&self) -> Value;
}

pub(crate) fn unreadable(why: impl Display) -> Error {
    Error::Unreadable(why.to_string())
}

fn other(value: &Value, wanted: &str) -> Error {
    let what = match value {
        Value::Null => "nothing",
        Value::Integer(_) => "a whole number",
        Value::Real(_) => "a number",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
    };
    unreadable(format!("a column holds {what} where {wanted} belongs"))
}

macro_rules! plain_column {
    ($($ty:ty, $variant:ident, $wanted:literal;)*) => {$(
        impl Column for $ty {
            fn read(value: Value) -> Result<Self, Error> {
                match value {
                    Value::$variant(held) => Ok(held),
                    value => Err(other(&value, $wanted)),
                }
            }
            fn value(&self) -> Value {
                Value::$variant(self.clone())
            }
        }
    )*};
}

plain_column! {
    String, Text, "a text";
    i64, Integer, "a whole number";
    Vec<u8>, Blob, "bytes";
}

impl Column for f64 {
    fn read(value: Value) -> Result<Self, Error> {
        match value {
            Value::Real(number) => Ok(number),
            // A sum, or a number that was written without a point.
            Value::Integer(number) => Ok(number as Self),
            value => Err(other(&value, "a number")),
        }
    }
    fn value(&self) -> Value {
        Value::Real(*self)
    }
}

impl Column for bool {
    fn read(value: Value) -> Result<Self, Error> {
        i64::read(value).map(|number| number != 0)
    }
    fn value(&self) -> Value {
        Value::Integer(i64::from(*self))
    }
}

/// Lengths and counts: neither database has unsigned integers; what is below zero or above is clamped.
impl Column for u64 {
    fn read(value: Value) -> Result<Self, Error> {
        i64::read(value).map(|number| Self::try_from(number).unwrap_or(0))
    }
    fn value(&self) -> Value {
        Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl Column for u32 {
    fn read(value: Value) -> Result<Self, Error> {
        Self::try_from(i64::read(value)?).map_err(unreadable)
    }
    fn value(&self) -> Value {
        Value::Integer(i64::from(*self))
    }
}

impl Column for Uuid {
    fn read(value: Value) -> Result<Self, Error> {
        Self::parse_str(&String::read(value)?).map_err(unreadable)
    }
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// Whatever it is, as it lies there.
impl Column for Value {
    fn read(value: Value) -> Result<Self, Error> {
        Ok(value)
    }
    fn value(&self) -> Value {
        self.clone()
    }
}

/// A value that may be missing.
impl<T: Column> Column for Option<T> {
    fn read(value: Value) -> Result<Self, Error> {
        match value {
            Value::Null => Ok(None),
            value => T::read(value).map(Some),
        }
    }
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::value)
    }
}

impl Column for serde_json::Map<String, serde_json::Value> {
    fn read(value: Value) -> Result<Self, Error> {
        serde_json::from_str(&String::read(value)?).map_err(unreadable)
    }
    fn value(&self) -> Value {
        Value::Text(serde_json::json!(self).to_string())
    }
}

/// A row that a statement gave.
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// Takes the value at a place out of the row: a text is moved, not copied.
    pub fn take<T: Column>(&mut self, at: usize) -> Result<T, Error> {
        let value = self.0.get_mut(at).map(std::mem::take);
        T::read(value.ok_or_else(|| unreadable(format!("a row without a column {at}")))?)
    }

    /// Whether there is no value at a place.
    pub fn is_null(&self, at: usize) -> bool {
        self.0.get(at).is_none_or(|value| *value == Value::Null)
    }
}

/// The values of a statement, in its places' order.
macro_rules! values {
    ($($value:expr),* $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::column::{Column as _, Words as _};
        [$($value.value()),*]
    }};
}
pub(crate) use values;

/// A text that is not owned.
pub(crate) trait Words {
    fn value(&self) -> Value;
}

impl Words for str {
    fn value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}
