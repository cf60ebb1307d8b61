//! The attributes of containers and files, each told once, as data: its name, what it says, where it lies in a row and
//! in the catalog, and whether a caller sets it. Columns, filters, changes by name and the objects of the APIs follow.
//!
//! The names are CarrierX's; another API shows an attribute under a name of its own.

mod containers;
mod files;
mod held;
mod keys;
#[cfg(test)]
mod tests;

pub use held::{Kind, Shown};
pub(crate) use keys::{Keyed, same as same_keys};

use crate::column::values;
use crate::sql::Db;
use crate::{Error, column, value};
use held::Held;
use serde_json::Value;
use uuid::Uuid;

/// Longest that a lifecycle may take, in seconds: a hundred years. Later than that is never.
pub const LIFECYCLE_TTL_MAX_S: i64 = 3_155_760_000;

/// A row whose attributes are told as data.
pub trait Described: Sized + 'static {
    /// Its table.
    const TABLE: &'static str;

    /// The column that tells one row from all others.
    const ID: &'static str;

    /// The attributes; those that lists show in the order in which a refusal names them.
    fn attributes() -> impl Iterator<Item = &'static Attribute<Self>>;

    /// A row that says nothing yet.
    fn blank() -> Self;
}

/// One attribute of a row.
pub struct Attribute<Row> {
    /// Its name, as the CarrierX API has it.
    pub name: &'static str,
    /// What it says, for the description of an API.
    pub about: &'static str,
    /// Whether a caller sets it.
    pub set: Set,
    /// Where callers see it.
    pub seen: Seen,
    /// What its value keeps within.
    pub bounds: Bounds,
    column: &'static str,
    is_time: bool,
    field: Field<Row>,
}

/// Whether a caller sets an attribute, and what becomes of it where a whole object is sent without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The server's alone.
    Never,
    /// It stays as it is.
    Stays,
    /// It takes its default.
    TakesDefault,
}

/// Where callers see an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nowhere.
    Never,
    /// Where a caller names it: in filters and orders, and in objects of which it wants that field.
    WhenNamed,
    /// In every object as well.
    Always,
}

/// What a value keeps within, beyond its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// Nothing.
    None,
    /// At least that.
    From(i64),
    /// From the one to the other, both included.
    Within(i64, i64),
}

/// The place of an attribute in a row.
struct Field<Row> {
    get: fn(&Row) -> &dyn Held,
    get_mut: fn(&mut Row) -> &mut dyn Held,
    copy: fn(&Row, &mut Row),
}

/// The place `row.path` of a row.
macro_rules! field {
    ($row:ty, $($path:tt)+) => {
        crate::attributes::Field::<$row> {
            get: |row| &row.$($path)+,
            get_mut: |row| &mut row.$($path)+,
            copy: |from, to| to.$($path)+.clone_from(&from.$($path)+),
        }
    };
}
use field;

impl<Row> Attribute<Row> {
    /// One that no object shows.
    const fn hidden(name: &'static str, field: Field<Row>) -> Self {
        let (set, seen, bounds) = (Set::Never, Seen::Never, Bounds::None);
        Self { name, about: "", set, seen, bounds, column: name, is_time: false, field }
    }

    /// One that is the server's alone.
    const fn shown(name: &'static str, field: Field<Row>, about: &'static str) -> Self {
        Self { about, seen: Seen::Always, ..Self::hidden(name, field) }
    }

    const fn when_named(self) -> Self {
        Self { seen: Seen::WhenNamed, ..self }
    }

    /// One that callers set.
    const fn settable(
        name: &'static str,
        set: Set,
        field: Field<Row>,
        about: &'static str,
    ) -> Self {
        Self { set, ..Self::shown(name, field, about) }
    }

    const fn in_column(self, column: &'static str) -> Self {
        Self { column, ..self }
    }

    const fn bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Kept in milliseconds since 1970, shown as a time.
    const fn time(self) -> Self {
        Self { is_time: true, ..self }
    }

    pub(crate) fn column(&self) -> &'static str {
        self.column
    }

    /// Its value in a row.
    pub fn of<'a>(&self, row: &'a Row) -> Shown<'a> {
        match (self.field.get)(row).shown() {
            Shown::Integer(ms) if self.is_time => Shown::Time(ms),
            shown => shown,
        }
    }

    /// Takes a value as JSON or, of a query, as text.
    ///
    /// # Errors
    /// What it must be.
    pub fn set(&self, row: &mut Row, said: &Value) -> Result<(), String> {
        (self.field.get_mut)(row).set(said)
    }

    /// Takes the value of another row.
    pub fn copy(&self, from: &Row, to: &mut Row) {
        (self.field.copy)(from, to);
    }
}

impl<Row: Described> Attribute<Row> {
    /// What it holds.
    pub fn kind(&self) -> Kind {
        match (self.field.get)(&Row::blank()).kind() {
            Kind::Integer if self.is_time => Kind::Time,
            kind => kind,
        }
    }

    /// Whether it can be null.
    pub fn is_optional(&self) -> bool {
        (self.field.get)(&Row::blank()).is_optional()
    }
}

/// A row that lies in the catalog.
pub(crate) trait Stored: Described {
    /// What to select for [`Stored::read`]: the columns, and the row's number.
    fn selected() -> String {
        let columns = Self::attributes().map(|attribute| attribute.column);
        columns.chain(["rowid"]).collect::<Vec<_>>().join(", ")
    }

    /// Reads a row of a query that selects [`Stored::selected`] first. By place: looking for names would take longer
    /// than all the rest.
    fn read(row: &mut column::Row) -> Result<Self, Error> {
        let mut kept = Self::blank();
        for (place, attribute) in Self::attributes().enumerate() {
            (attribute.field.get_mut)(&mut kept).read(row, place)?;
        }
        Ok(kept)
    }

    /// The row with this id.
    fn find(db: &Db, id: Uuid) -> Result<Option<Self>, Error> {
        let (columns, table, key) = (Self::selected(), Self::TABLE, Self::ID);
        let sql = format!("SELECT {columns} FROM {table} WHERE {key} = ?");
        db.find(&sql, &values![id], Self::read)
    }

    /// The columns and their values.
    fn columns(&self) -> (Vec<&'static str>, Vec<value::Value>) {
        Self::attributes().map(|a| (a.column, (a.field.get)(self).column())).unzip()
    }

    /// Behind all rows that are there and that were.
    fn insert(&self, db: &Db) -> Result<(), Error> {
        let ((columns, values), table) = (self.columns(), Self::TABLE);
        let marks = vec!["?"; values.len()].join(",");
        let row = match db {
            Db::Sqlite(_) => format!(
                "(SELECT 1 + max(row, coalesce((SELECT max(rowid) FROM {table}), 0))
                FROM last_deleted WHERE of = '{table}')"
            ),
            Db::Postgres(_) => "DEFAULT".to_owned(),
        };
        let columns = columns.join(",");
        let sql = format!("INSERT INTO {table} (rowid, {columns}) VALUES ({row}, {marks})");
        db.execute(&sql, &values).map(|_| ())
    }

    /// Writes all columns of the row with this one's id.
    fn update(&self, db: &Db) -> Result<(), Error> {
        let ((columns, values), table, id) = (self.columns(), Self::TABLE, Self::ID);
        let place = 1 + columns.iter().position(|column| *column == id).unwrap_or_default();
        let sql =
            format!("UPDATE {table} SET {} = ? WHERE {id} = ?{place}", columns.join(" = ?, "));
        db.execute(&sql, &values).map(|_| ())
    }
}

impl<Row: Described> Stored for Row {}
