//! What the catalog asks of a database: statements with values, and rows of values. One SQL for both databases; where
//! their words part, a `match` on [`Db`] says so.

mod lock;
mod postgres;
mod sqlite;

pub(crate) use self::postgres::Session;

use crate::Error;
use crate::column::{Column, Row};
use crate::value::Value;
use rusqlite::Connection;
use std::ops::ControlFlow;

/// A connection of either database.
#[derive(Clone, Copy)]
pub(crate) enum Db<'a> {
    Sqlite(&'a Connection),
    Postgres(&'a Session),
}

impl Db<'_> {
    /// Gives the rows of a query one by one until `of` has enough.
    pub fn each(
        &self,
        sql: &str,
        values: &[Value],
        mut of: impl FnMut(&mut Row) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(db) => sqlite::each(db, sql, values, &mut of),
            Self::Postgres(db) => db.each(sql, values, &mut of),
        }
    }

    /// [`Self::each`] of all rows of a table, within a transaction. PostgreSQL's client would hold all that has come
    /// and nobody has taken, so they are fetched some at a time there.
    pub fn each_of_table(
        &self,
        table: &str,
        sql: &str,
        mut of: impl FnMut(&mut Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut go_on = |row: &mut Row| of(row).map(|()| ControlFlow::Continue(()));
        let Self::Postgres(session) = self else { return self.each(sql, &[], go_on) };
        session.batch(&format!("DECLARE all_{table} NO SCROLL CURSOR FOR {sql}"))?;
        let fetch = format!("FETCH 1000 FROM all_{table}");
        let mut is_over = false;
        while !is_over {
            is_over = true;
            self.each(&fetch, &[], |row| {
                is_over = false;
                go_on(row)
            })?;
        }
        session.batch(&format!("CLOSE all_{table}"))
    }

    /// All rows of a query.
    pub fn all<T>(
        &self,
        sql: &str,
        values: &[Value],
        mut of: impl FnMut(&mut Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        self.each(sql, values, |row| {
            all.push(of(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The first row of a query.
    pub fn find<T>(
        &self,
        sql: &str,
        values: &[Value],
        mut of: impl FnMut(&mut Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.each(sql, values, |row| {
            found = Some(of(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// The value that a query gives first.
    pub fn value<T: Column>(&self, sql: &str, values: &[Value]) -> Result<Option<T>, Error> {
        self.find(sql, values, |row| row.take(0))
    }

    /// Whether a query gives a row.
    pub fn has(&self, sql: &str, values: &[Value]) -> Result<bool, Error> {
        Ok(self.find(sql, values, |_| Ok(()))?.is_some())
    }

    /// Puts the rows that `give` gives into a table.
    pub fn fill(
        &self,
        table: &str,
        columns: &str,
        count: usize,
        give: impl FnOnce(&mut dyn FnMut(&Row) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(db) => {
                let marks = vec!["?"; count].join(", ");
                let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
                give(&mut |row| sqlite::execute(db, &sql, &row.0).map(|_| ()))
            }
            Self::Postgres(db) => db.fill(table, columns, give),
        }
    }

    /// Lets the transaction under way take as long as it needs.
    pub fn unbounded(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(db) => db.batch(
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
            ),
        }
    }

    /// Rows that a statement changed.
    pub fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        match self {
            Self::Sqlite(db) => sqlite::execute(db, sql, values),
            Self::Postgres(db) => db.execute(sql, values),
        }
    }
}
