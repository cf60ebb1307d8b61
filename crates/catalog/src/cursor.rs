//! Cursors: where in an order a page ends. They are sealed under a key of the catalog, because the place of an item
//! tells how many others there are, those of other partners too.

use crate::Error;
use crate::sql::Db;
use crate::value::Value;
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
    pub fn text(&self, key: &Key) -> String {
        let value = match &self.value {
            // By arrival the row is the value, too.
            _ if self.attribute.is_empty() => json!(null),
            Value::Integer(n) => json!(n),
            Value::Real(n) => json!(n),
            Value::Text(text) => json!(text),
            Value::Null | Value::Blob(_) => json!(null),
        };
        // All numbers of rows are equally long, because a seal doesn't hide a length.
        let plain = json!([self.attribute, value, format!("{:016x}", self.row)]).to_string();
        key.seal(plain.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a cursor of an order by `attribute`.
    pub fn read(
        text: &str,
        key: &Key,
        attribute: &str,
        parameter: &'static str,
    ) -> Result<Self, Error> {
        let wrong = || Error::BadList {
            parameter,
            message: "must be a cursor from the `pagination` of a list in the same order".into(),
        };
        let plain = unhex(text).and_then(|sealed| key.open(&sealed)).ok_or_else(wrong)?;
        let (of, value, row): (String, serde_json::Value, String) =
            serde_json::from_slice(&plain).map_err(|_| wrong())?;
        let row = i64::from_str_radix(&row, 16).map_err(|_| wrong())?;
        let value = match value {
            _ if of.is_empty() => Value::Integer(row),
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

/// What cursors are sealed under: made once for each catalog.
pub(crate) struct Key([u8; 32]);

/// Bytes of the tag before what is sealed.
const TAG_BYTES: usize = 16;

impl Key {
    /// The catalog's own.
    pub fn of(db: &Db) -> Result<Self, Error> {
        let sql = "SELECT value FROM meta WHERE key = 'cursor_key'";
        let text: String = db.value(sql, &[])?.unwrap_or_default();
        // Whatever its form is, it is a secret of this catalog.
        Ok(Self(*blake3::hash(text.as_bytes()).as_bytes()))
    }

    /// What tells the catalog and its copies from all others, hex; it tells nothing of the key.
    pub fn identity(&self) -> String {
        self.hasher(b"identity").finalize().to_hex().to_string()
    }

    /// Bytes behind a tag that is made of them, hidden under a stream that is made of the tag: the same bytes look the
    /// same, and nobody makes any without the key.
    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let tag = self.tag(plain);
        let mut sealed = tag.to_vec();
        sealed.extend(self.masked(&tag, plain));
        sealed
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (tag, hidden) = sealed.split_first_chunk()?;
        let plain = self.masked(tag, hidden);
        (self.tag(&plain) == *tag).then_some(plain)
    }

    fn tag(&self, plain: &[u8]) -> [u8; TAG_BYTES] {
        let mut tag = [0; TAG_BYTES];
        self.hasher(b"tag").update(plain).finalize_xof().fill(&mut tag);
        tag
    }

    fn masked(&self, tag: &[u8; TAG_BYTES], bytes: &[u8]) -> Vec<u8> {
        let mut stream = vec![0; bytes.len()];
        self.hasher(b"stream").update(tag).finalize_xof().fill(&mut stream);
        stream.iter().zip(bytes).map(|(mask, byte)| mask ^ byte).collect()
    }

    fn hasher(&self, purpose: &[u8]) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(purpose);
        hasher
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
