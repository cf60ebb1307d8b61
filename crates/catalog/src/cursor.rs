//! Cursors: where in an order a page ends, opaque to those who carry them.

use crate::Error;
use rusqlite::types::Value;
use serde_json::json;

/// The place of one item in an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    /// What the order goes by.
    pub attribute: String,
    /// The item's value of it.
    pub value: Value,
    /// The item's row.
    pub row: i64,
}

impl Cursor {
    /// Text that passes through a URL as it is.
    pub fn text(&self) -> String {
        let value = match &self.value {
            Value::Integer(n) => json!(n),
            Value::Real(n) => json!(n),
            Value::Text(text) => json!(text),
            Value::Null | Value::Blob(_) => json!(null),
        };
        let plain = json!([self.attribute, value, self.row]).to_string();
        plain.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a cursor of an order by `attribute`.
    pub fn read(text: &str, attribute: &str, parameter: &'static str) -> Result<Self, Error> {
        let wrong = || Error::BadList {
            parameter,
            message: "must be a cursor from the `pagination` of a list in the same order".into(),
        };
        let plain = unhex(text).ok_or_else(wrong)?;
        let (of, value, row): (String, serde_json::Value, i64) =
            serde_json::from_slice(&plain).map_err(|_| wrong())?;
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(n) => Value::Integer(n),
                None => Value::Real(n.as_f64().ok_or_else(wrong)?),
            },
            _ => return Err(wrong()),
        };
        if of != attribute {
            return Err(wrong());
        }
        Ok(Self { attribute: of, value, row })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
