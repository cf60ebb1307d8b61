//! The configuration file: TOML, each key a setting's name in snake case.

use super::{RENAMED, hints, settings};
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

/// The values of a configuration file, by key.
pub type Values = BTreeMap<String, String>;

/// Settings that are lists, each with what parts its items where it is one text.
const LISTS: [(&str, &str); 6] = [
    ("apis", ","),
    ("external_endpoints", ","),
    ("link_secrets", ","),
    ("listen", ","),
    ("presets", " "),
    ("trust_proxy", ","),
];

/// Reads a file; unknown keys and values of a wrong kind are errors that name them.
pub fn read(file: &Path) -> Result<Values, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::Usage(format!("reading the configuration {name}: {e}")))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map_or(1, |s| text[..s.start].lines().count().max(1));
        let what = e.message().replace('\n', " ");
        Failure::Usage(format!(
            "{name}, line {line}: {what} (texts stand in quotes: listen = \"127.0.0.1:8080\")"
        ))
    })?;
    let known: Vec<_> = settings().iter().map(|a| a.get_id().to_string()).collect();
    let mut values = Values::new();
    for (key, value) in table {
        let setting = known_key(&name, &known, &key)?;
        let value = plain(setting, value)
            .map_err(|wrong| Failure::Usage(format!("{name}: `{key}`: {wrong}")))?;
        if values.insert(setting.to_owned(), value).is_some() {
            return Err(Failure::Usage(format!(
                "{name}: `{setting}` is set twice, once under its old name"
            )));
        }
    }
    Ok(values)
}

/// The setting that a key of the file names.
fn known_key<'a>(file: impl Display, known: &'a [String], key: &str) -> Result<&'a str, Failure> {
    let name = RENAMED.iter().find(|(_, old)| *old == key).map_or(key, |(name, _)| name);
    known.iter().find(|setting| *setting == name).map(String::as_str).ok_or_else(|| {
        let hint = hints::did_you_mean(key, known.iter().map(String::as_str));
        let known = known.join(", ");
        Failure::Usage(format!("{file}: unknown setting `{key}`{hint}; the settings are {known}"))
    })
}

/// The text that the command line would have.
fn plain(setting: &str, value: toml::Value) -> Result<String, String> {
    let parted_by = LISTS.iter().find(|(name, _)| *name == setting).map(|(_, by)| *by);
    match (value, parted_by) {
        (toml::Value::Array(items), Some(by)) => {
            let items = items.into_iter().map(|item| match item {
                toml::Value::String(text) => Ok(text),
                other => Err(format!("a list of texts is expected, not of {}", kind(&other))),
            });
            Ok(items.collect::<Result<Vec<_>, _>>()?.join(by))
        }
        (toml::Value::String(text), _) => Ok(text),
        (number @ (toml::Value::Integer(_) | toml::Value::Float(_)), _) => Ok(number.to_string()),
        (answer @ toml::Value::Boolean(_), _) => Ok(answer.to_string()),
        (other, Some(_)) => Err(format!("a text or a list is expected, not {}", kind(&other))),
        (other, None) => Err(format!("one value is expected, not {}", kind(&other))),
    }
}

fn kind(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) => "a text",
        toml::Value::Integer(_) | toml::Value::Float(_) => "a number",
        toml::Value::Boolean(_) => "true or false",
        toml::Value::Datetime(_) => "a date",
        toml::Value::Array(_) => "a list",
        toml::Value::Table(_) => "a table",
    }
}
