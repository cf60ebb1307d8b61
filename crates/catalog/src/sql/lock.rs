//! Who changes what at a time. SQLite has one writer, so nothing is to be locked there. In PostgreSQL every transaction
//! takes its locks in one order (partners, containers, names; each kind by its ids), so no two wait for each other.

use super::Db;
use crate::column::values;
use crate::{Error, blob_address};
use uuid::Uuid;

impl Db<'_> {
    /// Nobody else changes what partners have together: their accounts and the keys of their containers.
    pub fn lock_partners(&self, sids: &[Uuid]) -> Result<(), Error> {
        self.lock_rows("SELECT 1 FROM partners WHERE partner_sid = ? FOR NO KEY UPDATE", sids)
    }

    /// Nobody else changes containers, or what is in them.
    pub fn lock_containers(&self, sids: &[Uuid]) -> Result<(), Error> {
        self.lock_rows("SELECT 1 FROM containers WHERE container_sid = ? FOR NO KEY UPDATE", sids)
    }

    fn lock_rows(&self, sql: &str, sids: &[Uuid]) -> Result<(), Error> {
        let Self::Postgres(_) = self else { return Ok(()) };
        let mut sids: Vec<_> = sids.iter().map(Uuid::to_string).collect();
        sids.sort_unstable();
        sids.dedup();
        sids.iter().try_for_each(|sid| self.has(sql, &values![sid]).map(|_| ()))
    }

    /// [`Self::lock_containers`] of one that nobody has locked: whether that was so.
    pub fn try_lock_container(&self, sid: Uuid) -> Result<bool, Error> {
        let Self::Postgres(_) = self else { return Ok(true) };
        let sql = "SELECT 1 FROM containers WHERE container_sid = ? FOR NO KEY UPDATE SKIP LOCKED";
        self.has(sql, &values![sid])
    }

    /// Nobody else changes what contents, their objects and their outputs are.
    pub fn lock_contents<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        self.lock_names(ids.into_iter().map(blob_address))
    }

    /// Nobody else who locks one of these names goes on.
    pub fn lock_names<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        let Self::Postgres(_) = self else { return Ok(()) };
        let number = |name: &str| {
            let mut number = [0; 8];
            blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut number);
            i64::from_le_bytes(number)
        };
        let mut numbers: Vec<i64> = names.into_iter().map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let lock = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(?)) locked";
        numbers.iter().try_for_each(|number| self.has(lock, &values![*number]).map(|_| ()))
    }

    /// Gives up all locks of a transaction that has changed nothing yet, because others are to be taken before them.
    pub fn unlock(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.batch("ROLLBACK TO SAVEPOINT unlocked"),
        }
    }

    /// What makes a query that is to be worked off pass by the rows that another node has.
    pub fn skip_locked(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }
}
