//! Statements as SQLite runs them, each prepared once for a connection.

use crate::Error;
use crate::column::{Row, unreadable};
use crate::value::Value;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use std::ops::ControlFlow;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(held: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match held {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => {
            let text = str::from_utf8(text);
            Value::Text(text.map_err(unreadable)?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    })
}

/// Gives the rows of a query one by one until `of` has enough.
pub(super) fn each(
    db: &Connection,
    sql: &str,
    values: &[Value],
    mut of: impl FnMut(&mut Row) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut query = db.prepare_cached(sql)?;
    let columns = query.column_count();
    let mut rows = query.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let held = (0..columns).map(|at| value(row.get_ref(at)?));
        if of(&mut Row(held.collect::<Result<_, _>>()?))?.is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn execute(db: &Connection, sql: &str, values: &[Value]) -> Result<u64, Error> {
    Ok(db.prepare_cached(sql)?.execute(params_from_iter(values))? as u64)
}
