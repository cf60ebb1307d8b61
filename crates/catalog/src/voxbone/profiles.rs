//! Profiles: made, changed, looked up, listed, deleted.

use super::{Of, PROFILE, Part, ProfileRow, insert, update};
use crate::column::{Column, values};
use crate::sql::Db;
use crate::{Catalog, Error};
use uuid::Uuid;

fn profile(db: &Db, profile_id: Uuid) -> Result<Option<ProfileRow>, Error> {
    let sql = format!("SELECT {PROFILE} FROM voxbone_profiles WHERE profile_id = ?");
    db.find(&sql, &values![profile_id], ProfileRow::read)
}

impl Catalog {
    /// Keeps a new profile.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn insert_profile(&self, row: ProfileRow) -> Result<(), Error> {
        self.write(move |db| insert(db, "voxbone_profiles", PROFILE, &row.values())).await
    }

    /// A profile.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn profile(&self, profile_id: Uuid) -> Result<Option<ProfileRow>, Error> {
        self.read(move |db| profile(db, profile_id)).await
    }

    /// Profiles in the order of making.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn profiles(&self, of: Of, part: Part) -> Result<Vec<ProfileRow>, Error> {
        self.scan_list(move |db| {
            let which = if of.is_some() { "WHERE partner_sid = ?" } else { "" };
            let sql = format!(
                "SELECT {PROFILE} FROM voxbone_profiles {which} ORDER BY profile LIMIT ? OFFSET ?"
            );
            let of: Vec<_> = of.iter().map(Column::value).chain(part.values()).collect();
            db.all(&sql, &of, ProfileRow::read)
        })
        .await
    }

    /// Changes a profile; `None` if there is no such.
    ///
    /// # Errors
    /// Those of `edit`.
    pub async fn change_profile<E: From<Error> + Send + 'static>(
        &self,
        profile_id: Uuid,
        edit: impl FnOnce(&mut ProfileRow) -> Result<(), E> + Clone + Send + 'static,
    ) -> Result<Option<ProfileRow>, E> {
        self.write(move |db| {
            db.lock_names([&*profile_id.to_string()])?;
            let Some(mut row) = profile(db, profile_id)? else { return Ok(None) };
            edit(&mut row)?;
            update(db, "voxbone_profiles", PROFILE, &row.values())?;
            Ok(Some(row))
        })
        .await
    }

    /// Deletes a profile, whose recordings stay; whether it was there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_profile(&self, profile_id: Uuid) -> Result<bool, Error> {
        self.write(move |db| {
            let sql = "DELETE FROM voxbone_profiles WHERE profile_id = ?";
            Ok(db.execute(sql, &values![profile_id])? > 0)
        })
        .await
    }
}
