//! The keys of both kinds of objects, which only the CarrierX API knows.

use super::{Attribute, Field, Set};
use crate::value::Value;
use crate::{ContainerRow, FileRow, Keys};

/// A row with keys.
pub(crate) trait Keyed: 'static {
    fn keys(&self) -> &Keys;
    fn keys_mut(&mut self) -> &mut Keys;
}

impl Keyed for ContainerRow {
    fn keys(&self) -> &Keys {
        &self.keys
    }
    fn keys_mut(&mut self) -> &mut Keys {
        &mut self.keys
    }
}

impl Keyed for FileRow {
    fn keys(&self) -> &Keys {
        &self.keys
    }
    fn keys_mut(&mut self) -> &mut Keys {
        &mut self.keys
    }
}

macro_rules! key {
    ($name:literal, $($path:tt)+) => {
        Attribute::settable(
            $name,
            Set::TakesDefault,
            Field {
                get: |row: &Row| &row.keys().$($path)+,
                get_mut: |row: &mut Row| &mut row.keys_mut().$($path)+,
                copy: |from, to| to.keys_mut().$($path)+.clone_from(&from.keys().$($path)+),
            },
            "A key of yours.",
        )
    };
}

/// The attributes; `unique` says for `of_unique` what it says.
pub(super) const fn keys<Row: Keyed>(of_unique: &'static str) -> [Attribute<Row>; 7] {
    [
        Attribute { about: of_unique, ..key!("unique", is_unique) }.in_column("is_unique"),
        key!("integer_key_1", integers[0]),
        key!("integer_key_2", integers[1]),
        key!("string_key_1", strings[0]),
        key!("string_key_2", strings[1]),
        key!("string_key_3", strings[2]),
        key!("string_key_4", strings[3]),
    ]
}

/// That another row has the same keys, and the values for it; null equals null.
pub(crate) fn same<Row: Keyed>(row: &Row) -> (String, Vec<Value>) {
    let (mut sql, mut values) = (String::new(), Vec::new());
    for key in keys::<Row>("").iter().filter(|key| key.name != "unique") {
        match (key.field.get)(row).column() {
            Value::Null => sql += &format!(" AND {} IS NULL", key.column),
            value => {
                sql += &format!(" AND {} = ?", key.column);
                values.push(value);
            }
        }
    }
    (sql, values)
}
