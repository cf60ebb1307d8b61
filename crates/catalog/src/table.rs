//! What can be listed, and what its attributes are in SQL.

use crate::attributes::{Attribute, Described, Kind, Seen, Stored};
use crate::sql::Db;
use crate::value::Value;
use crate::{ContainerRow, Error, FileRow};

/// What was said in a recording, as another API keeps it: files are found by it and never shown with it.
pub(crate) const TRANSCRIPTION: &str = "transcription";

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Containers,
    Files,
}

impl Table {
    pub fn name(self) -> &'static str {
        match self {
            Self::Containers => ContainerRow::TABLE,
            Self::Files => FileRow::TABLE,
        }
    }

    /// The columns of its rows.
    pub fn selected(self) -> String {
        match self {
            Self::Containers => ContainerRow::selected(),
            Self::Files => FileRow::selected(),
        }
    }

    /// The attributes that it can be filtered and ordered by.
    fn sortable(self) -> Vec<Sortable> {
        match self {
            Self::Containers => ContainerRow::attributes().filter_map(Sortable::of).collect(),
            Self::Files => FileRow::attributes().filter_map(Sortable::of).collect(),
        }
    }

    /// An attribute by its name; a dotted one reaches into a container's `external_attributes`.
    pub fn find(self, db: &Db, name: &str, parameter: &'static str) -> Result<Expression, Error> {
        let sortable = self.sortable();
        if let Some(found) = sortable.iter().find(|attribute| attribute.name == name) {
            let (kind, is_optional) = (found.kind, found.is_optional);
            return Ok(Expression { sql: found.column.to_owned(), kind, is_optional });
        }
        let inner = name.strip_prefix("external_attributes.").filter(|_| self == Self::Containers);
        // Secrets are masked on read; a filter must not tell them either.
        if let Some(path) = inner.filter(|p| p.split('.').all(|step| !is_secret(step))) {
            let sql = within_external(db, path, parameter)?;
            return Ok(Expression { sql, kind: Kind::Text, is_optional: true });
        }
        let searched = (self == Self::Files && parameter == "filter").then_some(TRANSCRIPTION);
        let known: Vec<_> =
            sortable.iter().map(|attribute| attribute.name).chain(searched).collect();
        let message = format!("unknown attribute `{name}`; allowed: {}", known.join(", "));
        Err(Error::BadList { parameter, message })
    }
}

/// An attribute in SQL.
pub(crate) struct Expression {
    pub sql: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be missing.
    pub is_optional: bool,
}

impl Expression {
    /// The number of a row, which is the order in which rows came.
    pub fn rows() -> Self {
        Self { sql: "rowid".to_owned(), kind: Kind::Integer, is_optional: false }
    }
}

/// An attribute whose values have an order.
struct Sortable {
    name: &'static str,
    column: &'static str,
    kind: Kind,
    is_optional: bool,
}

impl Sortable {
    fn of<R: Described>(attribute: &Attribute<R>) -> Option<Self> {
        let (name, column, kind) = (attribute.name, attribute.column(), attribute.kind());
        let has_order = !matches!(kind, Kind::List | Kind::Object);
        let is_optional = attribute.is_optional();
        let is_seen = attribute.seen != Seen::Never;
        (is_seen && has_order).then_some(Self { name, column, kind, is_optional })
    }
}

/// A value within `external_attributes`. Objects and lists have none: there may be secrets in them.
fn within_external(db: &Db, path: &str, parameter: &'static str) -> Result<String, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if path.split('.').any(|step| step.is_empty() || !step.bytes().all(plain)) {
        let message = format!(
            "`external_attributes.{path}` names no value; allowed: external_attributes.KEY or \
            external_attributes.KEY.KEY, keys of ASCII letters, digits and `_`"
        );
        return Err(Error::BadList { parameter, message });
    }
    Ok(match db {
        Db::Sqlite(_) => {
            let (column, path) = ("external_attributes", format!("'$.{path}'"));
            format!(
                "iif(json_type({column}, {path}) IN ('object', 'array'), NULL, {column} ->> {path})"
            )
        }
        Db::Postgres(_) => {
            // The one character that PostgreSQL has no place for, in JSON either.
            let column =
                r"CAST(replace(external_attributes, '\u0000', '\ufffd') AS JSONB)".to_owned();
            let path = path.replace('.', ",");
            format!(
                "(CASE WHEN jsonb_typeof({column} #> '{{{path}}}') NOT IN ('object', 'array')
                THEN {column} #>> '{{{path}}}' END COLLATE \"C\")"
            )
        }
    })
}

/// Whether a key of `external_attributes` holds a secret.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "secret",
        "account_key",
        "connection_string",
        "credentials",
        "password",
        "token",
        "private_key",
    ]
    .iter()
    .any(|word| key.contains(word))
}

impl Kind {
    /// A value as it's written in a filter.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        if text == "null" {
            return Some(Value::Null);
        }
        Some(match self {
            Self::Text | Self::Word(_) | Self::Sid | Self::List | Self::Object => {
                Value::Text(text.to_owned())
            }
            Self::Integer | Self::Count => Value::Integer(text.parse().ok()?),
            Self::Number => Value::Real(text.parse().ok().filter(|n: &f64| n.is_finite())?),
            Self::Truth => Value::Integer(i64::from(text.parse::<bool>().ok()?)),
            Self::Time => Value::Integer(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
        })
    }

    /// What a value of it is, in a filter.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Text | Self::Word(_) | Self::Sid | Self::List | Self::Object => "text",
            Self::Integer | Self::Count => "a whole number",
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Time => "a time such as 2022-01-22T18:13:30.900Z",
        }
    }
}
