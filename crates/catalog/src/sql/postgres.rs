//! Statements as PostgreSQL runs them, each prepared once for a connection: `?` and `?2` become `$1` and `$2`.

use crate::Error;
use crate::column::Row;
use crate::value::Value;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::io::{self, Write};
use std::ops::ControlFlow;

/// Statements that a connection keeps prepared. Those of lists are without end.
const STATEMENTS: usize = 256;

/// A connection to PostgreSQL.
pub(crate) struct Session {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
    undone: Cell<bool>,
}

impl Session {
    pub fn new(client: Client) -> Self {
        Self {
            client: RefCell::new(client),
            statements: RefCell::default(),
            undone: Cell::default(),
        }
    }

    /// Runs statements that give nothing.
    pub fn batch(&self, sql: &str) -> Result<(), Error> {
        Ok(self.client.borrow_mut().batch_execute(sql)?)
    }

    /// Whether the database undid something since this was asked last, because it stood in another's way: it may be
    /// done again then.
    pub fn was_undone(&self) -> bool {
        self.undone.take()
    }

    fn failed(&self, error: postgres::Error) -> Error {
        let undoing = [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED];
        if error.code().is_some_and(|code| undoing.contains(&code)) {
            self.undone.set(true);
        }
        error.into()
    }

    /// The connection itself.
    pub fn client(&mut self) -> &mut Client {
        self.client.get_mut()
    }

    /// Gives the rows of a query one by one until `of` has enough.
    pub(super) fn each(
        &self,
        sql: &str,
        values: &[Value],
        mut of: impl FnMut(&mut Row) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let statement = self.statement(sql)?;
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, values).map_err(|e| self.failed(e))?;
        while let Some(row) = rows.next().map_err(|e| self.failed(e))? {
            let held = (0..row.len()).map(|at| row.try_get(at));
            if of(&mut Row(held.collect::<Result<_, _>>()?))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.client.borrow_mut().execute(&statement, &values).map_err(|e| self.failed(e))
    }

    /// Puts rows into a table, as its text form has them.
    pub(super) fn fill(
        &self,
        table: &str,
        columns: &str,
        give: impl FnOnce(&mut dyn FnMut(&Row) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut client = self.client.borrow_mut();
        let mut out = client.copy_in(&format!("COPY {table} ({columns}) FROM STDIN"))?;
        give(&mut |row| out.write_all(copied(row).as_bytes()).map_err(broken))?;
        Ok(out.finish().map(|_| ())?)
    }

    fn statement(&self, sql: &str) -> Result<Statement, Error> {
        let mut kept = self.statements.borrow_mut();
        if let Some(statement) = kept.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.borrow_mut().prepare(&numbered(sql))?;
        if kept.len() >= STATEMENTS {
            kept.clear();
        }
        kept.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// An error of PostgreSQL's that came as one of a stream.
fn broken(error: io::Error) -> Error {
    match error.downcast::<postgres::Error>() {
        Ok(error) => error.into(),
        Err(error) => Error::Unavailable(error.to_string()),
    }
}

/// A row in the text form of COPY.
fn copied(row: &Row) -> String {
    let mut line = String::new();
    for (at, value) in row.0.iter().enumerate() {
        line.push_str(if at > 0 { "\t" } else { "" });
        match value {
            Value::Null => line.push_str("\\N"),
            Value::Integer(number) => line += &number.to_string(),
            // As many digits as it needs to be the same number again.
            Value::Real(number) => line += &format!("{number:?}"),
            Value::Text(text) => line.extend(text.chars().flat_map(escaped)),
            Value::Blob(bytes) => {
                line.push_str("\\\\x");
                bytes.iter().for_each(|byte| line += &format!("{byte:02x}"));
            }
        }
    }
    line + "\n"
}

/// A character in the text form of COPY.
fn escaped(c: char) -> impl Iterator<Item = char> {
    let (mark, c) = match c {
        '\\' => (Some('\\'), '\\'),
        '\n' => (Some('\\'), 'n'),
        '\r' => (Some('\\'), 'r'),
        '\t' => (Some('\\'), 't'),
        // The one character that PostgreSQL has no place for.
        '\0' => (None, char::REPLACEMENT_CHARACTER),
        c => (None, c),
    };
    mark.into_iter().chain([c])
}

/// The places of a statement as PostgreSQL numbers them. A place without a number is the next after the greatest so
/// far, as SQLite has it. No text in a statement of ours has a question mark.
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len() + 16);
    let (mut greatest, mut rest) = (0_usize, sql);
    while let Some((before, behind)) = rest.split_once('?') {
        let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let place = behind[..digits].parse().unwrap_or(greatest + 1);
        greatest = greatest.max(place);
        numbered += &format!("{before}${place}");
        rest = &behind[digits..];
    }
    numbered + rest
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            // A cursor tells a number that has no fraction as a whole one.
            (Self::Integer(number), &Type::FLOAT8) => (*number as f64).to_sql(ty, out),
            (Self::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Self::Integer(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Real(number), &Type::FLOAT8) => number.to_sql(ty, out),
            // The one character that PostgreSQL has no place for.
            (Self::Text(text), ty) if <&str as ToSql>::accepts(ty) => match text.contains('\0') {
                true => text.replace('\0', "\u{fffd}").to_sql(ty, out),
                false => text.to_sql(ty, out),
            },
            (Self::Blob(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (value, ty) => Err(format!("{value:?} can't stand where {ty} belongs").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Blob(Vec::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BOOL | Type::FLOAT8 | Type::BYTEA)
            || <String as FromSql>::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn places_are_numbered_as_sqlite_numbers_them() {
        for (sql, wanted) in [
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("a = ?2 AND b = ?1 AND c = ?", "a = $2 AND b = $1 AND c = $3"),
            ("SET a = ?, b = ? WHERE a = ?1", "SET a = $1, b = $2 WHERE a = $1"),
            ("TRUE", "TRUE"),
        ] {
            assert_eq!(numbered(sql), wanted);
        }
    }
}
