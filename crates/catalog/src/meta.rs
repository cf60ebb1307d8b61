//! What is true of the catalog as a whole: texts by their keys.

use crate::column::values;
use crate::cursor::Key;
use crate::{Catalog, Error};

const SELECT: &str = "SELECT value FROM meta WHERE key = ?";

impl Catalog {
    /// The text kept under a key.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn meta(&self, key: &'static str) -> Result<Option<String>, Error> {
        self.read_value(SELECT, values![key]).await
    }

    /// What this catalog and its copies have in common, and no other catalog has: 64 hex digits.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn identity(&self) -> Result<String, Error> {
        self.scan(|db| Ok(Key::of(db)?.identity())).await
    }

    /// Keeps what `change` makes of the text under a key, and returns it. Others that change it wait.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn change_meta(
        &self,
        key: &'static str,
        change: impl FnOnce(Option<String>) -> String + Send + 'static,
    ) -> Result<String, Error> {
        self.write(move |db| {
            db.lock_names([key])?;
            let kept = db.value(SELECT, &values![key])?;
            let text = change(kept);
            let sql = "INSERT INTO meta (key, value) VALUES (?, ?)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            db.execute(sql, &values![key, text])?;
            Ok(text)
        })
        .await
    }
}
