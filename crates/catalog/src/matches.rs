//! Which rows a list shows: found condition by condition, each by its index alone, then brought together.
//!
//! No guess of a query planner is needed, so no query is much slower than a look at each index entry: a
//! condition that many rows meet costs one pass over its index, one that few meet spares the others theirs.

use crate::Error;
use crate::filter::{Clause, Clauses, Scope};
use crate::sql::Db;
use crate::table::Table;
use crate::value::Value;

/// Up to so many rows are looked at one by one, because a pass over an index costs more than that.
pub(crate) const FEW: usize = 2000;

/// The rows that a list shows.
pub(crate) enum Matches {
    /// All of the scope but these, and how many that are.
    AllBut(Vec<i64>, u64),
    /// These, in ascending order.
    Rows(Vec<i64>),
}

impl Matches {
    pub fn find(db: &Db, table: Table, scope: &Scope, clauses: Clauses) -> Result<Self, Error> {
        let within = |clause: Clause| select(db, table, scope.clause.clone().and(clause));
        let mut hold = clauses.hold.into_iter().map(|(_, clause)| clause);
        let mut rows = match (hold.next(), scope.files_of_container) {
            (_, Some(0)) => return Ok(Self::Rows(Vec::new())),
            (Some(first), _) => within(first)?,
            (None, None) => within(Clause::default())?,
            (None, Some(files)) => {
                let mut but = Vec::new();
                for clause in clauses.fail {
                    but.extend(within(clause)?);
                }
                but.sort_unstable();
                but.dedup();
                let left = files.saturating_sub(but.len() as u64);
                return Ok(Self::AllBut(but, left));
            }
        };
        let mut fail = clauses.fail.into_iter();
        while rows.len() > FEW {
            let (clause, shared) = match hold.next() {
                Some(clause) => (clause, true),
                None => match fail.next() {
                    Some(clause) => (clause, false),
                    None => return Ok(Self::Rows(rows)),
                },
            };
            rows = sift(rows, &within(clause)?, shared);
        }
        let rest = hold.chain(fail.map(Clause::not)).reduce(Clause::and);
        match rest {
            Some(rest) => Ok(Self::Rows(select(db, table, among(&rows).and(rest))?)),
            None => Ok(Self::Rows(rows)),
        }
    }

    pub fn total(&self) -> u64 {
        match self {
            Self::AllBut(_, left) => *left,
            Self::Rows(rows) => rows.len() as u64,
        }
    }

    /// The rows one by one.
    pub fn into_rows(self, db: &Db, table: Table, scope: &Scope) -> Result<Vec<i64>, Error> {
        match self {
            Self::AllBut(but, _) => Ok(sift(select(db, table, scope.clause.clone())?, &but, false)),
            Self::Rows(rows) => Ok(rows),
        }
    }
}

/// The condition that a row's number is one of these.
pub(crate) fn among(rows: &[i64]) -> Clause {
    let numbers = Value::Text(serde_json::json!(rows).to_string());
    Clause::of("rowid IN (SELECT value FROM json_each(?))", [numbers])
}

fn select(db: &Db, table: Table, clause: Clause) -> Result<Vec<i64>, Error> {
    let sql = format!("SELECT rowid FROM {} WHERE {}", table.name(), clause.sql);
    let mut rows: Vec<i64> = db.all(&sql, &clause.values, |row| row.take(0))?;
    rows.sort_unstable();
    Ok(rows)
}

/// Those rows that are among the others, or those that are not; both lists ascend.
fn sift(mut rows: Vec<i64>, others: &[i64], shared: bool) -> Vec<i64> {
    let mut others = others.iter().peekable();
    rows.retain(|row| {
        while others.next_if(|other| *other < row).is_some() {}
        (others.peek() == Some(&row)) == shared
    });
    rows
}
