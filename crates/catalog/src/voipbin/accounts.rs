//! The accounts of partners: how much their files have and may have. The database counts.

use super::list::{Place, VoipbinPage, VoipbinStart};
use crate::column::{Row, values};
use crate::cursor::Key;
use crate::sql::Db;
use crate::value::Value;
use crate::{Catalog, Error, Usage};
use uuid::Uuid;

/// A partner's account; times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoipbinAccount {
    /// The partner.
    pub partner_sid: Uuid,
    /// Bytes that its files may have in all; `None` where nobody said.
    pub quota: Option<u64>,
    /// What its files have.
    pub usage: Usage,
    /// When it was made; when its partner was, where nobody made it.
    pub created_at: i64,
    /// When its usage changed last, since it was made.
    pub changed_at: Option<i64>,
}

const CREATED: &str = "coalesce(a.made_at, p.date_created)";

const SOURCE: &str = "partners p LEFT JOIN voipbin_accounts a ON a.partner_sid = p.partner_sid
    WHERE a.deleted_at IS NULL";

/// What the cursors of their list are told by.
const LIST: &str = "voipbin accounts";

impl VoipbinAccount {
    fn selected() -> String {
        format!(
            "p.partner_sid, a.quota, coalesce(a.total_bytes, 0), coalesce(a.total_files, 0), {CREATED}, a.changed_at,
            p.rowid"
        )
    }

    fn read(row: &mut Row) -> Result<Self, Error> {
        let (created_at, changed_at) = (row.take(4)?, row.take::<Option<i64>>(5)?);
        Ok(Self {
            partner_sid: row.take(0)?,
            quota: row.take(1)?,
            usage: Usage { bytes: row.take(2)?, files: row.take(3)? },
            created_at,
            // One that was deleted and is made anew has another's times in its row.
            changed_at: changed_at.filter(|at| *at >= created_at),
        })
    }

    fn of(db: &Db, partner_sid: Uuid) -> Result<Option<Self>, Error> {
        let sql = format!("SELECT {} FROM {SOURCE} AND p.partner_sid = ?", Self::selected());
        db.find(&sql, &values![partner_sid], Self::read)
    }

    /// Refuses a file that, beside what is there, has more bytes than the account's own quota or else this one.
    pub(crate) fn admit(db: &Db, partner_sid: Uuid, bytes: u64, quota: u64) -> Result<(), Error> {
        // A deleted one holds nothing, and is made anew by the file.
        let account = Self::of(db, partner_sid)?;
        let limit = account.as_ref().and_then(|account| account.quota).unwrap_or(quota);
        let used = account.map_or(0, |account| account.usage.bytes);
        match used.saturating_add(bytes) > limit {
            true => Err(Error::QuotaReached { limit }),
            false => Ok(()),
        }
    }
}

impl Catalog {
    /// The account of a partner; `None` if there is no such partner, or if it is deleted.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn voipbin_account(
        &self,
        partner_sid: Uuid,
    ) -> Result<Option<VoipbinAccount>, Error> {
        self.read(move |db| VoipbinAccount::of(db, partner_sid)).await
    }

    /// Accounts, the newest first, at most so many.
    ///
    /// # Errors
    /// [`Error::BadList`].
    pub async fn voipbin_accounts(
        &self,
        start: VoipbinStart,
        limit: usize,
    ) -> Result<VoipbinPage<VoipbinAccount>, Error> {
        self.scan_list(move |db| {
            let key = Key::of(db)?;
            let (value, row) = match start.place(&key, LIST, true)? {
                Some(Place { value, row }) => (value, row),
                None => (Value::Null, 0),
            };
            let sql = format!(
                "SELECT {} FROM {SOURCE} AND
                (CAST(?1 AS BIGINT) IS NULL OR {CREATED} < ?1 OR {CREATED} = ?1 AND p.rowid < ?2)
                ORDER BY {CREATED} DESC, p.rowid DESC LIMIT ?3",
                VoipbinAccount::selected()
            );
            let most = limit.saturating_add(1) as u64;
            let accounts = db.all(&sql, &values![value, row, most], |row| {
                let account = VoipbinAccount::read(row)?;
                let place = Place { value: Value::Integer(account.created_at), row: row.take(6)? };
                Ok((account, place))
            })?;
            Ok(VoipbinPage::of(accounts, limit, &key, LIST))
        })
        .await
    }

    /// Makes a partner's account, with a quota of its own if there is one.
    ///
    /// # Errors
    /// [`Error::NoPartner`], [`Error::AccountTaken`].
    pub async fn make_voipbin_account(
        &self,
        partner_sid: Uuid,
        quota: Option<u64>,
        now_ms: i64,
    ) -> Result<VoipbinAccount, Error> {
        self.write(move |db| {
            db.lock_partners(&[partner_sid])?;
            let taken = "SELECT 1 FROM voipbin_accounts
                WHERE partner_sid = ? AND made_at IS NOT NULL AND deleted_at IS NULL";
            if db.has(taken, &values![partner_sid])? {
                return Err(Error::AccountTaken { partner_sid });
            }
            if !db.has("SELECT 1 FROM partners WHERE partner_sid = ?", &values![partner_sid])?
            {
                return Err(Error::NoPartner);
            }
            let sql = "INSERT INTO voipbin_accounts (partner_sid, total_bytes, total_files, quota, made_at)
                VALUES (?, 0, 0, ?, ?)
                ON CONFLICT (partner_sid) DO UPDATE SET quota = excluded.quota, made_at = excluded.made_at,
                deleted_at = NULL";
            db.execute(sql, &values![partner_sid, quota, now_ms])?;
            VoipbinAccount::of(db, partner_sid)?.ok_or(Error::NoPartner)
        })
        .await
    }

    /// Deletes a partner's account; it as it was, if it was there.
    ///
    /// # Errors
    /// [`Error::NotEmpty`].
    pub async fn delete_voipbin_account(
        &self,
        partner_sid: Uuid,
        now_ms: i64,
    ) -> Result<Option<VoipbinAccount>, Error> {
        self.write(move |db| {
            db.lock_partners(&[partner_sid])?;
            let Some(account) = VoipbinAccount::of(db, partner_sid)? else { return Ok(None) };
            if account.usage.files > 0 {
                return Err(Error::NotEmpty { files: account.usage.files });
            }
            let sql =
                "INSERT INTO voipbin_accounts (partner_sid, total_bytes, total_files, deleted_at)
                VALUES (?, 0, 0, ?)
                ON CONFLICT (partner_sid) DO UPDATE SET deleted_at = excluded.deleted_at";
            db.execute(sql, &values![partner_sid, now_ms])?;
            Ok(Some(account))
        })
        .await
    }
}
