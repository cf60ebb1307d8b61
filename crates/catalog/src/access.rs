//! Partners and tokens.

use crate::column::{Row, unreadable, values};
use crate::sql::Db;
use crate::{Catalog, Error, Role, Scope, Word};
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

    fn read(row: &mut Row) -> Result<Self, Error> {
        let scopes: Option<String> = row.take(3)?;
        let scopes = scopes.iter().flat_map(|words| words.split_whitespace());
        Ok(Self {
            token_id: row.take(0)?,
            token_hash: row.take(1)?,
            role: row.take(2)?,
            scopes: scopes
                .map(|word| word.parse().map_err(unreadable))
                .collect::<Result<_, _>>()?,
            partner_sid: row.take(4)?,
            date_created: row.take(5)?,
            expires_at: row.take(6)?,
            name: row.take(7)?,
            last_used_at: row.take(8)?,
        })
    }

    fn insert(&self, db: &Db) -> Result<(), Error> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let sql = "INSERT INTO tokens
            (token_id, token_hash, role, scopes, partner_sid, date_created, expires_at, name)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        db.execute(
            sql,
            &values![
                self.token_id,
                self.token_hash,
                self.role,
                (!scopes.is_empty()).then(|| scopes.join(" ")),
                self.partner_sid,
                self.date_created,
                self.expires_at,
                self.name
            ],
        )?;
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
            db.lock_names([&*name])?;
            let sql = "SELECT partner_sid FROM partners WHERE name = ?";
            if let Some(sid) = db.value(sql, &values![name])? {
                return Ok(sid);
            }
            let sid = Uuid::new_v4();
            let sql = "INSERT INTO partners (partner_sid, name, date_created) VALUES (?, ?, ?)";
            db.execute(sql, &values![sid, name, now_ms])?;
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
        Ok(self.read_one(sql, values![partner_sid], |_| Ok(())).await?.is_some())
    }

    /// Whether nobody has been given anything yet.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let sql =
            "SELECT NOT EXISTS (SELECT 1 FROM tokens) AND NOT EXISTS (SELECT 1 FROM containers)";
        Ok(self.read_value(sql, []).await?.unwrap_or(true))
    }

    /// Keeps the first token, unless there is one; whether it is kept.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn insert_first_token(&self, token: TokenRow) -> Result<bool, Error> {
        self.write(move |db| {
            db.lock_names(["the first token"])?;
            let is_first = !db.has("SELECT 1 FROM tokens", &[])?;
            if is_first {
                token.insert(db)?;
            }
            Ok(is_first)
        })
        .await
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn insert_token(&self, token: TokenRow) -> Result<(), Error> {
        self.write(move |db| token.insert(db)).await
    }

    /// The token with that hash.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<TokenRow>, Error> {
        let sql = format!("SELECT {} FROM tokens WHERE token_hash = ?", TokenRow::COLUMNS);
        self.read_one(sql, values![hash], TokenRow::read).await
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
            db.all(&sql, &values![], |row| Ok((TokenRow::read(row)?, row.take(9)?)))
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
        if self.read_value(ended, values![now_ms]).await? != Some(true) {
            return Ok(0);
        }
        self.write(move |db| {
            db.execute("DELETE FROM tokens WHERE expires_at <= ?", &values![now_ms])
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
                WHERE token_id = ?1 AND (last_used_at IS NULL OR abs(last_used_at - ?2) >= ?3)";
            for (token_id, at_ms) in uses {
                db.execute(sql, &values![token_id, at_ms, resolution_ms])?;
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
            db.lock_names(["tokens"])?;
            let mighty =
                "role = 'admin' AND scopes IS NULL AND (expires_at IS NULL OR expires_at > ?2)";
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM tokens WHERE token_id = ?1 AND {mighty})
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE token_id <> ?1 AND {mighty})"
            );
            let is_last = db.value(&sql, &values![token_id, now_ms])?.unwrap_or(false);
            if is_last && !even_the_last {
                return Ok(Revocation::LastAdmin);
            }
            let columns = TokenRow::COLUMNS;
            let sql = format!("DELETE FROM tokens WHERE token_id = ? RETURNING {columns}");
            let deleted = db.find(&sql, &values![token_id], TokenRow::read)?;
            Ok(deleted.map_or(Revocation::Unknown, Revocation::Done))
        })
        .await
    }
}
