//! The tables hold together: with the schema, and each row in itself.
#![allow(clippy::unwrap_used)]

use super::{Described, Kind, Seen, Set, Shown};
use crate::{ContainerRow, FileRow, schema};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The columns of a table that are no attribute.
fn other_columns<R: Described>() -> Vec<String> {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    let mut query = db.prepare("SELECT name FROM pragma_table_info(?)").unwrap();
    let columns = query.query_map([R::TABLE], |row| row.get(0)).unwrap();
    let mut columns: Vec<String> = columns.map(Result::unwrap).collect();
    for attribute in R::attributes() {
        let place = columns.iter().position(|column| column == attribute.column);
        columns.remove(place.unwrap_or_else(|| panic!("{} has no column", attribute.name)));
    }
    columns
}

#[test]
fn each_attribute_has_a_column_of_its_own_and_no_column_is_forgotten() {
    assert_eq!(other_columns::<ContainerRow>(), [""; 0]);
    assert_eq!(other_columns::<FileRow>(), [""; 0]);
}

/// A value of a kind that no blank row has, and how it is shown.
fn sample(kind: Kind) -> (Value, Shown<'static>) {
    const SID: &str = "6e930ad8-c3d0-49db-801e-86d64fedd2c2";
    match kind {
        Kind::Text => (json!("a text"), Shown::Text("a text")),
        Kind::Word(words) => (json!(words[words.len() - 1]), Shown::Text(words[words.len() - 1])),
        Kind::Sid => (json!(SID), Shown::Sid(SID.parse().unwrap())),
        Kind::Integer => (json!(-7), Shown::Integer(-7)),
        Kind::Count => (json!("7"), Shown::Count(7)),
        Kind::Number => (json!(1.5), Shown::Number(1.5)),
        Kind::Truth => (json!("true"), Shown::Truth(true)),
        Kind::Time => (json!(8), Shown::Time(8)),
        Kind::List => (json!(["media", "archive"]), Shown::List(vec!["media", "archive"])),
        Kind::Object => (json!({}), Shown::Null),
    }
}

fn each_shows_what_it_was_set_to<R: Described>() {
    let mut names = BTreeSet::new();
    for attribute in R::attributes() {
        let (name, kind) = (attribute.name, attribute.kind());
        assert!(names.insert(name), "{name} twice");
        assert!(
            attribute.seen != Seen::Never || attribute.set == Set::Never,
            "{name} is set unseen"
        );
        let mut row = R::blank();
        let (said, shown) = sample(kind);
        attribute.set(&mut row, &said).unwrap();
        if kind != Kind::Object {
            assert_eq!(attribute.of(&row), shown, "{name}");
        }
        let mut copy = R::blank();
        attribute.copy(&row, &mut copy);
        assert_eq!(attribute.of(&copy), attribute.of(&row), "{name}");
        for other in R::attributes().filter(|other| other.name != name) {
            assert_eq!(other.of(&copy), other.of(&R::blank()), "{name} and {}", other.name);
        }
        assert_eq!(
            attribute.set(&mut row, &Value::Null).is_ok(),
            attribute.is_optional(),
            "{name}"
        );
        assert!(attribute.set(&mut row, &json!([1])).is_err(), "{name}");
    }
}

#[test]
fn an_attribute_shows_what_it_was_set_to_and_touches_no_other() {
    each_shows_what_it_was_set_to::<ContainerRow>();
    each_shows_what_it_was_set_to::<FileRow>();
}
