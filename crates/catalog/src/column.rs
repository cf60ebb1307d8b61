//! How values lie in columns.

use rusqlite::types::{Type, Value};
use rusqlite::{Row, RowIndex};
use uuid::Uuid;

/// A value of one column.
pub(crate) trait Column: Sized {
    fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self>;
    fn value(&self) -> Value;
}

macro_rules! plain_column {
    ($($ty:ty => $value:expr),* $(,)?) => {$(
        impl Column for $ty {
            fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
                row.get(at)
            }
            fn value(&self) -> Value {
                let to_value: fn(&$ty) -> Value = $value;
                to_value(self)
            }
        }
    )*};
}

plain_column! {
    String => |v| Value::Text(v.clone()),
    i64 => |v| Value::Integer(*v),
    bool => |v| Value::Integer(i64::from(*v)),
    f64 => |v| Value::Real(*v),
    Option<String> => |v| v.clone().map_or(Value::Null, Value::Text),
    Option<i64> => |v| v.map_or(Value::Null, Value::Integer),
    Option<f64> => |v| v.map_or(Value::Null, Value::Real),
}

/// Lengths and counts: SQLite has no unsigned integers; what is below zero or above is clamped.
impl Column for u64 {
    fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
        row.get(at).map(unsigned)
    }
    fn value(&self) -> Value {
        Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl Column for Option<u64> {
    fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
        Ok(row.get::<_, Option<i64>>(at)?.map(unsigned))
    }
    fn value(&self) -> Value {
        self.map_or(Value::Null, |v| v.value())
    }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(crate) fn unreadable(e: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e))
}

impl Column for Uuid {
    fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
        let text: String = row.get(at)?;
        Uuid::parse_str(&text).map_err(unreadable)
    }
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl Column for Option<Uuid> {
    fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
        let text: Option<String> = row.get(at)?;
        text.map(|t| Uuid::parse_str(&t).map_err(unreadable)).transpose()
    }
    fn value(&self) -> Value {
        self.map_or(Value::Null, |sid| sid.value())
    }
}

macro_rules! json_column {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            fn read(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Self> {
                let text: String = row.get(at)?;
                serde_json::from_str(&text).map_err(unreadable)
            }
            fn value(&self) -> Value {
                Value::Text(serde_json::json!(self).to_string())
            }
        }
    )*};
}

json_column!(Vec<String>, serde_json::Map<String, serde_json::Value>);
