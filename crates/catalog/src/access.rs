//! Partners and tokens.

use crate::column::{Column, unreadable};
use crate::{Catalog, Error, Role, Scope, Word};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

/// A token as kept: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id, by which it is revoked.
    pub token_id: Uuid,
    /// BLAKE3 of the token, hex.
    pub token_hash: String,
    /// What it allows.
    pub role: Role,
    /// What it is narrowed to; to nothing if empty.
    pub scopes: Vec<Scope>,
    /// Whom it acts for.
    pub partner_sid: Uuid,
    /// Unix milliseconds.
    pub date_created: i64,
    /// When it ends, Unix milliseconds; `None` is never.
    pub expires_at: Option<i64>,
}

impl TokenRow {
    const COLUMNS: &str =
        "token_id, token_hash, role, scopes, partner_sid, date_created, expires_at";

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let scopes: Option<String> = row.get(3)?;
        let scopes = scopes.iter().flat_map(|words| words.split_whitespace());
        Ok(Self {
            token_id: Column::read(row, 0)?,
            token_hash: row.get(1)?,
            role: Column::read(row, 2)?,
            scopes: scopes
                .map(|word| word.parse().map_err(unreadable))
                .collect::<Result<_, _>>()?,
            partner_sid: Column::read(row, 4)?,
            date_created: row.get(5)?,
            expires_at: row.get(6)?,
        })
    }

    fn insert(&self, db: &Connection) -> rusqlite::Result<()> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let sql = format!("INSERT INTO tokens ({}) VALUES (?, ?, ?, ?, ?, ?, ?)", Self::COLUMNS);
        db.prepare_cached(&sql)?.execute(params![
            self.token_id.to_string(),
            self.token_hash,
            self.role.as_str(),
            (!scopes.is_empty()).then(|| scopes.join(" ")),
            self.partner_sid.to_string(),
            self.date_created,
            self.expires_at
        ])?;
        Ok(())
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

    /// Whether there is such a partner.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_partner(&self, partner_sid: Uuid) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM partners WHERE partner_sid = ?";
        Ok(self.read_one(sql, vec![partner_sid.to_string()], |_| Ok(())).await?.is_some())
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
        self.write(move |db| Ok(token.insert(db)?)).await
    }

    /// The token with that hash.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<TokenRow>, Error> {
        let sql = format!("SELECT {} FROM tokens WHERE token_hash = ?", TokenRow::COLUMNS);
        self.read_one(sql, vec![hash.to_owned()], TokenRow::read).await
    }

    /// All tokens with their partners' names, oldest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn tokens(&self) -> Result<Vec<(TokenRow, String)>, Error> {
        self.scan(|db| {
            let name = "(SELECT name FROM partners p WHERE p.partner_sid = tokens.partner_sid)";
            let columns = TokenRow::COLUMNS;
            let sql = format!(
                "SELECT {columns}, {name} AS name FROM tokens ORDER BY date_created, rowid"
            );
            let mut query = db.prepare_cached(&sql)?;
            let rows = query.query_map([], |row| Ok((TokenRow::read(row)?, row.get("name")?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes the tokens that have ended; how many.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_expired_tokens(&self, now_ms: i64) -> Result<u64, Error> {
        let ended = "SELECT EXISTS (SELECT 1 FROM tokens WHERE expires_at <= ?)";
        // A look first: nothing to do must not wait for the writers.
        if !self.read(move |db| Ok(db.query_row(ended, [now_ms], |row| row.get(0))?)).await? {
            return Ok(0);
        }
        self.write(move |db| {
            Ok(db.execute("DELETE FROM tokens WHERE expires_at <= ?", [now_ms])? as u64)
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
