//! How values lie in columns, and rows that read and write themselves.

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

/// A struct whose fields are the columns of a table.
macro_rules! table_row {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)* }

        impl $name {
            const COLUMNS: &[&str] = &[$(stringify!($field)),*];

            /// What to select for [`Self::read`]: the columns, and the row's number.
            pub(crate) const SELECTED: &str = concat!($(stringify!($field), ", ",)* "rowid");

            /// Reads a row of a query that selects [`Self::SELECTED`] first. By place: looking for names
            /// would take longer than all the rest.
            pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                let mut places = 0..Self::COLUMNS.len();
                let mut next = || places.next().unwrap_or_default();
                Ok(Self { $($field: <$ty as crate::column::Column>::read(row, next())?,)* })
            }

            /// Behind all rows that are there and that were.
            pub(crate) fn insert(&self, db: &rusqlite::Connection, table: &str) -> rusqlite::Result<()> {
                let values = [$(crate::column::Column::value(&self.$field)),*];
                let marks = vec!["?"; values.len()].join(",");
                let row = format!("(SELECT 1 + max(row, coalesce((SELECT max(rowid) FROM {table}), 0))
                    FROM last_deleted WHERE of = '{table}')");
                let columns = Self::COLUMNS.join(",");
                let sql = format!("INSERT INTO {table} (rowid, {columns}) VALUES ({row}, {marks})");
                db.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values)).map(|_| ())
            }

            /// Writes all columns of the row whose first column has this one's value.
            pub(crate) fn update(&self, db: &rusqlite::Connection, table: &str) -> rusqlite::Result<()> {
                let values = [$(crate::column::Column::value(&self.$field)),*];
                let columns = Self::COLUMNS.join(" = ?, ");
                let sql = format!("UPDATE {table} SET {columns} = ? WHERE {} = ?1", Self::COLUMNS[0]);
                db.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values)).map(|_| ())
            }
        }
    };
}
pub(crate) use table_row;
