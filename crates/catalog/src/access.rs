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
    /// What an operator calls it.
    pub name: Option<String>,
    /// When it was used last, Unix milliseconds, give or take a minute.
    pub last_used_at: Option<i64>,
}

/// What became of a token that was to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// It ended.
    Done(TokenRow),
    /// It stays, because no other may do everything now.
    LastAdmin,
    /// There was none.
    Unknown,
}

impl TokenRow {
    const COLUMNS: &str =
        "token_id, token_hash, role, scopes, partner_sid, date_created, expires_at, tokens.name,
        last_used_at";

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
            name: row.get(7)?,
            last_used_at: row.get(8)?,
        })
    }

    fn insert(&self, db: &Connection) -> rusqlite::Result<()> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let sql = "INSERT INTO tokens
            (token_id, token_hash, role, scopes, partner_sid, date_created, expires_at, name)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        db.prepare_cached(sql)?.execute(params![
            self.token_id.to_string(),
            self.token_hash,
            self.role.as_str(),
            (!scopes.is_empty()).then(|| scopes.join(" ")),
            self.partner_sid.to_string(),
            self.date_created,
            self.expires_at,
            self.name
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
                "SELECT {columns}, {name} AS partner FROM tokens ORDER BY date_created, rowid"
            );
            let mut query = db.prepare_cached(&sql)?;
            let rows =
                query.query_map([], |row| Ok((TokenRow::read(row)?, row.get("partner")?)))?;
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

    /// Notes when tokens were used, but for those of which a use within `resolution_ms` is noted.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn touch_tokens(
        &self,
        uses: Vec<(Uuid, i64)>,
        resolution_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE tokens SET last_used_at = ?2
                WHERE token_id = ?1 AND coalesce(abs(last_used_at - ?2) >= ?3, 1)";
            let mut touch = db.prepare_cached(sql)?;
            for (token_id, at_ms) in uses {
                touch.execute(params![token_id.to_string(), at_ms, resolution_ms])?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes a token, but for the last that may do everything now, unless `even_the_last`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_token(
        &self,
        token_id: Uuid,
        now_ms: i64,
        even_the_last: bool,
    ) -> Result<Revocation, Error> {
        self.write(move |db| {
            let mighty = "role = 'admin' AND scopes IS NULL AND coalesce(expires_at > ?2, 1)";
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM tokens WHERE token_id = ?1 AND {mighty})
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE token_id <> ?1 AND {mighty})"
            );
            let token_id = token_id.to_string();
            let is_last: bool = db.query_row(&sql, params![token_id, now_ms], |row| row.get(0))?;
            if is_last && !even_the_last {
                return Ok(Revocation::LastAdmin);
            }
            let columns = TokenRow::COLUMNS;
            let sql = format!("DELETE FROM tokens WHERE token_id = ? RETURNING {columns}");
            let deleted = db.query_row(&sql, [token_id], TokenRow::read).optional()?;
            Ok(deleted.map_or(Revocation::Unknown, Revocation::Done))
        })
        .await
    }
}
