//! What a list is narrowed to, as SQL: its scope (whose, and of which container) and its conditions, those on one
//! attribute together.

use crate::Error;
use crate::evovoice::search;
use crate::fold::{changed, folded};
use crate::query::{Condition, Operator};
use crate::sql::Db;
use crate::table::{Expression, TRANSCRIPTION, Table};
use crate::value::Value;
use uuid::Uuid;

/// SQL with its values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clause {
    pub sql: String,
    pub values: Vec<Value>,
}

impl Clause {
    pub fn of(sql: &str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.to_owned(), values: values.into_iter().collect() }
    }

    /// Holds wherever this doesn't; this is true or false, never unknown.
    pub fn not(self) -> Self {
        Self { sql: format!("NOT ({})", self.sql), values: self.values }
    }

    pub fn and(mut self, other: Self) -> Self {
        let joint = if self.sql.is_empty() || other.sql.is_empty() { "" } else { " AND " };
        self.sql = format!("{}{joint}{}", self.sql, other.sql);
        self.values.extend(other.values);
        self
    }
}

/// All that a list may show, before its conditions.
pub(crate) struct Scope {
    pub clause: Clause,
    /// How many files the container holds that the list is of: then there is an index for every order.
    pub files_of_container: Option<u64>,
    /// The scope in words of files alone; and the index of files by when they came in them, which has their names, too.
    of_files: (&'static str, Clause),
}

impl Scope {
    /// The scope, and the conditions that it doesn't cover.
    pub fn of<'a>(
        db: &Db,
        table: Table,
        partner_sid: Option<Uuid>,
        conditions: &'a [Condition],
    ) -> Result<(Self, Vec<&'a Condition>), Error> {
        let partner = partner_sid.map(|sid| Value::Text(sid.to_string()));
        let pins = |c: &Condition| c.attribute == "container_sid" && c.operator == Operator::Equal;
        let pin = conditions.iter().position(pins).filter(|_| table == Table::Files);
        let others = conditions.iter().enumerate().filter(|(i, _)| Some(*i) != pin);
        let others = others.map(|(_, condition)| condition).collect();
        let scope = match pin.and_then(|at| conditions[at].values.first()) {
            Some(sid) => Self::of_container(db, sid.clone().into(), partner)?,
            None => {
                let of_files = match &partner {
                    None => ("files_by_date", Clause::of("TRUE", [])),
                    Some(partner) => {
                        ("files_by_partner", Clause::of("partner_sid = ?", [partner.clone()]))
                    }
                };
                let clause = of_partner(table, partner);
                Self { clause, files_of_container: None, of_files }
            }
        };
        Ok((scope, others))
    }

    /// The scope for one statement, and where its rows are read from; SQLite takes it by when files came.
    pub fn of_files(self, db: &Db, table: Table) -> (Self, String) {
        let (index, clause) = self.of_files.clone();
        let from = match (db, table) {
            // It would take another index for a condition on names, and sort what it finds.
            (Db::Sqlite(_), Table::Files) => format!("{} INDEXED BY {index}", table.name()),
            _ => table.name().to_owned(),
        };
        (Self { clause, ..self }, from)
    }

    /// A container's files are its partner's: asked once, not of each file.
    fn of_container(db: &Db, sid: Value, partner: Option<Value>) -> Result<Self, Error> {
        let clause = match partner {
            Some(partner) => {
                Clause::of("container_sid = ? AND partner_sid = ?", [sid.clone(), partner])
            }
            None => Clause::of("container_sid = ?", [sid.clone()]),
        };
        let sql = format!("SELECT total_files FROM containers WHERE {}", clause.sql);
        let files = db.value(&sql, &clause.values)?.unwrap_or(0);
        let clause = Clause::of("container_sid = ?", [sid]);
        let of_files = ("files_by_creation", clause.clone());
        Ok(Self { clause, files_of_container: Some(files), of_files })
    }
}

/// The indexes of files begin with their containers.
fn of_partner(table: Table, partner: Option<Value>) -> Clause {
    let sids = "container_sid IN (SELECT container_sid FROM containers";
    match (table, partner) {
        (Table::Containers, None) => Clause::of("TRUE", []),
        (Table::Containers, Some(partner)) => Clause::of("partner_sid = ?", [partner]),
        (Table::Files, None) => Clause::of(&format!("{sids})"), []),
        (Table::Files, Some(partner)) => {
            Clause::of(&format!("{sids} WHERE partner_sid = ?)"), [partner])
        }
    }
}

/// Conditions as SQL.
#[derive(Default)]
pub(crate) struct Clauses {
    /// All of these hold; those on one attribute are together under its name, those that tend to leave few
    /// come first.
    pub hold: Vec<(String, Clause)>,
    /// None of these holds.
    pub fail: Vec<Clause>,
}

impl Clauses {
    /// Whether none is on another attribute than these.
    pub fn are_on(&self, attributes: &[&str]) -> bool {
        let known = |(name, _): &(String, Clause)| attributes.contains(&name.as_str());
        self.fail.is_empty() && self.hold.iter().all(known)
    }

    /// What holds of an attribute.
    pub fn on(&self, attribute: &str) -> Clause {
        let found = self.hold.iter().find(|(name, _)| name == attribute);
        found.map(|(_, clause)| clause.clone()).unwrap_or_default()
    }
}

/// The conditions. "Differs from a value" is looked up as the rows that have the value, because those are few.
pub(crate) fn clauses(db: &Db, table: Table, conditions: &[&Condition]) -> Result<Clauses, Error> {
    let mut hold: Vec<(&str, bool, Clause)> = Vec::new();
    let mut fail = Vec::new();
    for condition in conditions {
        let clause = clause(db, table, condition)?;
        if condition.operator == Operator::NotEqual {
            fail.push(clause);
            continue;
        }
        let picks = matches!(condition.operator, Operator::Equal | Operator::In);
        match hold.iter_mut().find(|(name, ..)| *name == condition.attribute) {
            Some((_, already, all)) => {
                *already |= picks;
                *all = std::mem::take(all).and(clause);
            }
            None => hold.push((&condition.attribute, picks, clause)),
        }
    }
    hold.sort_by_key(|(_, picks, _)| !picks);
    let named = |(name, _, clause): (&str, bool, Clause)| (name.to_owned(), clause);
    Ok(Clauses { hold: hold.into_iter().map(named).collect(), fail })
}

/// A condition; of [`Operator::NotEqual`] what must not hold.
fn clause(db: &Db, table: Table, condition: &Condition) -> Result<Clause, Error> {
    if table == Table::Files && condition.attribute == TRANSCRIPTION {
        return spoken(db, condition);
    }
    let Expression { sql: column, kind: holds, .. } =
        table.find(db, &condition.attribute, "filter")?;
    let pattern = || condition.values.first().cloned().unwrap_or_default();
    let is_like = matches!(condition.operator, Operator::Like | Operator::LikeAnyCase);
    if is_like {
        return Ok(like(db, &column, &pattern(), condition.operator == Operator::LikeAnyCase));
    }
    let read = |text: &String| {
        holds.read(text).ok_or_else(|| Error::BadList {
            parameter: "filter",
            message: format!("`{text}` is no value of {}: {}", condition.attribute, holds.words()),
        })
    };
    let values: Vec<Value> = condition.values.iter().map(read).collect::<Result<_, _>>()?;
    let comparison = match condition.operator {
        Operator::Equal if !values.contains(&Value::Null) => "= ?".to_owned(),
        // The missing value, too.
        Operator::Equal | Operator::NotEqual => "IS NOT DISTINCT FROM ?".to_owned(),
        Operator::Greater => "> ?".to_owned(),
        Operator::GreaterOrEqual => ">= ?".to_owned(),
        Operator::Less => "< ?".to_owned(),
        Operator::LessOrEqual => "<= ?".to_owned(),
        _ => {
            let list = format!("IN ({})", vec!["?"; values.len()].join(", "));
            let or_missing = values.contains(&Value::Null);
            let sql = match or_missing {
                true => format!("({column} {list} OR {column} IS NULL)"),
                false => format!("{column} {list}"),
            };
            return Ok(Clause::of(&sql, values));
        }
    };
    Ok(Clause::of(&format!("{column} {comparison}"), values))
}

/// That a transcription has a part: its index finds that, whatever the case, and nothing else.
fn spoken(db: &Db, condition: &Condition) -> Result<Clause, Error> {
    let pattern = condition.values.first().map_or("", String::as_str);
    let part = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    match (condition.operator, part) {
        (Operator::LikeAnyCase, Some(part)) if !part.is_empty() => {
            let (sql, asked) = search::of_files(db, part);
            Ok(Clause::of(&sql, [asked.into()]))
        }
        _ => {
            let message =
                format!("`{TRANSCRIPTION}` is searched alone: {TRANSCRIPTION} ilike \"%words%\"");
            Err(Error::BadList { parameter: "filter", message })
        }
    }
}

/// That a column is like a pattern. No character of one takes its meaning from another.
fn like(db: &Db, column: &str, pattern: &str, any_case: bool) -> Clause {
    if any_case && !pattern.is_ascii() {
        return like_folded(db, column, folded(pattern));
    }
    let (sql, pattern) = match (db, any_case) {
        (Db::Sqlite(_), false) => (format!("{column} GLOB ?"), glob(pattern)),
        (Db::Sqlite(_), true) => (format!("{column} LIKE ?"), pattern.to_owned()),
        // Without letters there is no case, and digits are what most are searched by.
        (Db::Postgres(_), any_case)
            if !any_case || !pattern.contains(|c: char| c.is_ascii_alphabetic()) =>
        {
            (format!("CAST({column} AS TEXT) LIKE ? ESCAPE ''"), pattern.to_owned())
        }
        // Of ASCII alone, as SQLite has it.
        (Db::Postgres(_), _) => {
            let lower = format!("lower(CAST({column} AS TEXT) COLLATE \"C\")");
            (format!("{lower} LIKE ? ESCAPE ''"), pattern.to_ascii_lowercase())
        }
    };
    Clause::of(&sql, [pattern.into()])
}

/// That a column is like a folded pattern, whatever the case of whichever script.
fn like_folded(db: &Db, column: &str, pattern: String) -> Clause {
    let text = format!("CAST({column} AS TEXT)");
    match db {
        Db::Sqlite(_) => Clause::of(&format!("is_like_folded({text}, ?)"), [pattern.into()]),
        Db::Postgres(_) => {
            let (from, to) = changed();
            let folded = format!("translate(lower({text} COLLATE \"C\"), ?, ?)");
            Clause::of(
                &format!("{folded} LIKE ? ESCAPE ''"),
                [from.into(), to.into(), pattern.into()],
            )
        }
    }
}

/// A pattern with `%` and `_` as SQLite's case-sensitive matching has it.
fn glob(pattern: &str) -> String {
    pattern
        .chars()
        .map(|c| match c {
            '%' => "*".to_owned(),
            '_' => "?".to_owned(),
            '*' | '?' | '[' => format!("[{c}]"),
            other => other.to_string(),
        })
        .collect()
}
