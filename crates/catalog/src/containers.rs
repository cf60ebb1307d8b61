//! Containers: written, changed, looked up, listed, deleted.

use crate::attributes::Stored;
use crate::column::values;
use crate::list::list;
use crate::query::{List, Listing};
use crate::sql::Db;
use crate::table::Table;
use crate::{Catalog, ContainerRow, Error, Usage, claims, keys};
use uuid::Uuid;

impl Catalog {
    /// Keeps a new container.
    ///
    /// # Errors
    /// [`Error::NoPartner`], [`Error::KeysTaken`].
    pub async fn insert_container(&self, container: ContainerRow) -> Result<(), Error> {
        self.change(move |db| {
            db.lock_partners(&[container.partner_sid])?;
            check_partner(db, container.partner_sid)?;
            keys::check_container(db, &container)?;
            container.insert(db)
        })
        .await
    }

    /// The oldest container of its partner that has its name; itself, once kept, where there is none.
    ///
    /// # Errors
    /// [`Error::NoPartner`].
    pub async fn first_container_named(&self, made: ContainerRow) -> Result<ContainerRow, Error> {
        let (partner, name) = (made.partner_sid, made.name.clone());
        if let Some(found) = self.read(move |db| named(db, partner, &name)).await? {
            return Ok(found);
        }
        self.change(move |db| {
            db.lock_partners(&[made.partner_sid])?;
            // Another upload may have been first.
            if let Some(found) = named(db, made.partner_sid, &made.name)? {
                return Ok(found);
            }
            check_partner(db, made.partner_sid)?;
            made.insert(db)?;
            Ok(made)
        })
        .await
    }

    /// A container.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn container(&self, container_sid: Uuid) -> Result<Option<ContainerRow>, Error> {
        self.read(move |db| ContainerRow::find(db, container_sid)).await
    }

    /// Changes a container by `edit`, in one transaction; its files go with it to another partner. Returns
    /// it.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::NoPartner`], [`Error::KeysTaken`], and those of `edit`.
    pub async fn change_container<E: From<Error> + Send + 'static>(
        &self,
        container_sid: Uuid,
        edit: impl FnOnce(&mut ContainerRow) -> Result<(), E> + Clone + Send + 'static,
    ) -> Result<ContainerRow, E> {
        self.change(move |db| {
            claims::container(db, container_sid)?;
            let old = ContainerRow::find(db, container_sid)?.ok_or(Error::NoContainer)?;
            let mut row = old.clone();
            edit(&mut row)?;
            claims::given(db, &old, row.partner_sid)?;
            check_partner(db, row.partner_sid)?;
            keys::check_container(db, &row)?;
            row.update(db)?;
            if row.partner_sid != old.partner_sid {
                give_files(db, &row)?;
            }
            Ok(row)
        })
        .await
    }

    /// Containers, of one partner or (`None`) of all.
    ///
    /// # Errors
    /// [`Error::BadList`].
    pub async fn containers(
        &self,
        partner_sid: Option<Uuid>,
        wanted: List,
    ) -> Result<Listing<ContainerRow>, Error> {
        self.scan_list(move |db| {
            list(db, Table::Containers, partner_sid, &wanted, ContainerRow::read)
        })
        .await
    }

    /// What all of them hold together.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn usage(&self) -> Result<Usage, Error> {
        self.read(|db| {
            let sum = |column: &str| {
                let sql =
                    format!("SELECT CAST(coalesce(sum({column}), 0) AS BIGINT) FROM containers");
                Ok::<_, Error>(db.value(&sql, &[])?.unwrap_or(0))
            };
            Ok(Usage { bytes: sum("total_bytes")?, files: sum("total_files")? })
        })
        .await
    }

    /// What those partners hold that hold most, as many as are asked for.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn largest_partners(&self, count: u32) -> Result<Vec<(Uuid, Usage)>, Error> {
        const SQL: &str = "
            SELECT partner_sid, CAST(sum(total_bytes) AS BIGINT) AS bytes, CAST(sum(total_files) AS BIGINT)
            FROM containers GROUP BY partner_sid ORDER BY bytes DESC, partner_sid LIMIT ?";
        self.read(move |db| {
            db.all(SQL, &values![count], |row| {
                Ok((row.take(0)?, Usage { bytes: row.take(1)?, files: row.take(2)? }))
            })
        })
        .await
    }

    /// Deletes a container that holds no files.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::NotEmpty`].
    pub async fn delete_container(&self, container_sid: Uuid) -> Result<(), Error> {
        self.change(move |db| {
            claims::container(db, container_sid)?;
            let row = ContainerRow::find(db, container_sid)?.ok_or(Error::NoContainer)?;
            if row.usage.files > 0 {
                return Err(Error::NotEmpty { files: row.usage.files });
            }
            let sql = "DELETE FROM containers WHERE container_sid = ?";
            db.execute(sql, &values![container_sid]).map(|_| ())
        })
        .await
    }
}

fn check_partner(db: &Db, sid: Uuid) -> Result<(), Error> {
    let is_there = db.has("SELECT 1 FROM partners WHERE partner_sid = ?", &values![sid])?;
    if is_there { Ok(()) } else { Err(Error::NoPartner) }
}

fn give_files(db: &Db, to: &ContainerRow) -> Result<(), Error> {
    let sql = "UPDATE files SET partner_sid = ?2 WHERE container_sid = ?1";
    db.execute(sql, &values![to.container_sid, to.partner_sid])?;
    Ok(())
}

fn named(db: &Db, partner: Uuid, name: &str) -> Result<Option<ContainerRow>, Error> {
    let sql = format!(
        "SELECT {} FROM containers WHERE partner_sid = ? AND name = ? ORDER BY rowid LIMIT 1",
        ContainerRow::selected()
    );
    db.find(&sql, &values![&partner, name], ContainerRow::read)
}
