//! What is true of the catalog as a whole: texts by their keys.

use crate::column::values;
use crate::cursor::Key;
use crate::sql::Db;
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
        change: impl FnOnce(Option<String>) -> String + Clone + Send + 'static,
    ) -> Result<String, Error> {
        self.write(move |db| {
            db.lock_names([key])?;
            let kept = db.value(SELECT, &values![key])?;
            let text = change(kept);
            keep(db, key, &text)?;
            Ok(text)
        })
        .await
    }

    /// Takes work that one node does, for so long, or takes it anew; whether nobody else has it. The one process of a
    /// file always does.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn take_work(
        &self,
        key: &'static str,
        node: String,
        life_ms: i64,
    ) -> Result<bool, Error> {
        self.write(move |db| {
            let Db::Postgres(_) = db else { return Ok(true) };
            db.lock_names([key])?;
            // By the clock that all nodes have.
            let now_ms: i64 = db.value("SELECT now_ms()", &[])?.unwrap_or_default();
            let kept: Option<String> = db.value(SELECT, &values![key])?;
            let others = kept.as_deref().and_then(|kept| kept.split_once(' '));
            let others = others.filter(|(whose, _)| *whose != node);
            if others.is_some_and(|(_, end)| end.parse().is_ok_and(|end: i64| now_ms < end)) {
                return Ok(false);
            }
            keep(db, key, &format!("{node} {}", now_ms.saturating_add(life_ms)))?;
            Ok(true)
        })
        .await
    }
}

pub(crate) fn keep(db: &Db, key: &str, text: &str) -> Result<(), Error> {
    let sql = "INSERT INTO meta (key, value) VALUES (?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.execute(sql, &values![key, text]).map(|_| ())
}
