//! Partners and tokens.

use crate::column::table_row;
use crate::{Catalog, Error};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

table_row! {
    /// A token as kept: its hash, never itself.
    #[allow(missing_docs)]
    TokenRow {
        token_id: Uuid,
        token_hash: String,
        role: String,
        scopes: Option<String>,
        partner_sid: Uuid,
        date_created: i64,
    }
}

impl Catalog {
    /// The partner of that name, made if missing.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn partner(&self, name: &str, now_ms: i64) -> Result<Uuid, Error> {
        let name = name.to_owned();
        self.write(move |db| {
            let found: Option<String> = db
                .query_row("SELECT partner_sid FROM partners WHERE name = ?", [&name], |r| r.get(0))
                .optional()?;
            if let Some(sid) = found.and_then(|text| Uuid::parse_str(&text).ok()) {
                return Ok(sid);
            }
            let sid = Uuid::new_v4();
            let sql = "INSERT INTO partners (partner_sid, name, date_created) VALUES (?, ?, ?)";
            db.execute(sql, params![sid.to_string(), name, now_ms])?;
            Ok(sid)
        })
        .await
    }

    /// Whether nobody has been given anything yet.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let sql =
            "SELECT NOT EXISTS (SELECT 1 FROM tokens) AND NOT EXISTS (SELECT 1 FROM containers)";
        Ok(self.read_one(sql, Vec::new(), |row| row.get(0)).await?.unwrap_or(true))
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn insert_token(&self, token: TokenRow) -> Result<(), Error> {
        self.write(move |db| Ok(token.insert(db, "tokens")?)).await
    }

    /// The token with that hash.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<TokenRow>, Error> {
        let sql = format!("SELECT {} FROM tokens WHERE token_hash = ?", TokenRow::SELECTED);
        self.read_one(sql, vec![hash.to_owned()], TokenRow::read).await
    }

    /// All tokens with their partners' names, oldest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn tokens(&self) -> Result<Vec<(TokenRow, String)>, Error> {
        self.scan(|db| {
            let name = "(SELECT name FROM partners p WHERE p.partner_sid = tokens.partner_sid)";
            let columns = TokenRow::SELECTED;
            let sql = format!(
                "SELECT {columns}, {name} AS name FROM tokens ORDER BY date_created, rowid"
            );
            let mut query = db.prepare_cached(&sql)?;
            let rows = query.query_map([], |row| Ok((TokenRow::read(row)?, row.get("name")?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes a token; whether it was there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_token(&self, token_id: Uuid) -> Result<bool, Error> {
        self.write(move |db| {
            Ok(db.execute("DELETE FROM tokens WHERE token_id = ?", [token_id.to_string()])? > 0)
        })
        .await
    }
}
