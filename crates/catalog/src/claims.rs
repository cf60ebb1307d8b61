//! What a change takes hold of before it looks, so that what it sees stays so until it is done: the partner, the
//! container, and the name of what else it reads and writes (`sql/lock.rs`). Where one writer is alone, nothing.

use crate::attributes::Stored;
use crate::column::values;
use crate::sql::Db;
use crate::{ContainerRow, Error, FileRow};
use uuid::Uuid;

/// How often a thing may go to another partner or container while it is taken hold of.
const TRIES: usize = 5;

/// A container and its partner, if it is there.
pub(crate) fn container(db: &Db, sid: Uuid) -> Result<(), Error> {
    let of = "SELECT partner_sid FROM containers WHERE container_sid = ?";
    steady(db, || {
        let Some(partner) = db.value::<Uuid>(of, &values![sid])? else { return Ok(true) };
        db.lock_partners(&[partner])?;
        db.lock_containers(&[sid])?;
        Ok(db.value(of, &values![sid])?.is_none_or(|now: Uuid| now == partner))
    })
}

/// A container and its partner, unless somebody else has hold of the container: whether that was so.
pub(crate) fn free_container(db: &Db, sid: Uuid) -> Result<bool, Error> {
    let of = "SELECT partner_sid FROM containers WHERE container_sid = ?";
    if let Some(partner) = db.value(of, &values![sid])? {
        db.lock_partners(&[partner])?;
    }
    db.try_lock_container(sid)
}

/// The container of a file and its partner, if it is there.
pub(crate) fn container_of(db: &Db, file_sid: Uuid) -> Result<(), Error> {
    let of = "SELECT container_sid, partner_sid FROM files WHERE file_sid = ?";
    let look = || db.find(of, &values![file_sid], |row| Ok((row.take(0)?, row.take(1)?)));
    steady(db, || {
        let Some((container, partner)): Option<(Uuid, Uuid)> = look()? else { return Ok(true) };
        db.lock_partners(&[partner])?;
        db.lock_containers(&[container])?;
        Ok(look()?.is_none_or(|now| now == (container, partner)))
    })
}

/// Both containers of a file that goes to another, and their partners. The file must not have changed meanwhile.
pub(crate) fn both(db: &Db, old: &FileRow, new: &FileRow) -> Result<(), Error> {
    if matches!(db, Db::Sqlite(_)) || old.container_sid == new.container_sid {
        return Ok(());
    }
    db.unlock()?;
    let of = "SELECT partner_sid FROM containers WHERE container_sid = ?";
    let into = db.value(of, &values![new.container_sid])?.ok_or(Error::NoContainer)?;
    db.lock_partners(&[old.partner_sid, into])?;
    db.lock_containers(&[old.container_sid, new.container_sid])?;
    let now = FileRow::find(db, old.file_sid)?;
    let now = now.map(|now| FileRow { date_last_accessed: old.date_last_accessed, ..now });
    let is_there = db.value(of, &values![new.container_sid])? == Some(into);
    if is_there && now.as_ref() == Some(old) { Ok(()) } else { Err(Error::Again) }
}

/// Both partners of a container that is given away, and the container, which must not have changed meanwhile.
pub(crate) fn given(db: &Db, old: &ContainerRow, to: Uuid) -> Result<(), Error> {
    if matches!(db, Db::Sqlite(_)) || old.partner_sid == to {
        return Ok(());
    }
    db.unlock()?;
    db.lock_partners(&[old.partner_sid, to])?;
    db.lock_containers(&[old.container_sid])?;
    let is_same = ContainerRow::find(db, old.container_sid)?.as_ref() == Some(old);
    if is_same { Ok(()) } else { Err(Error::Again) }
}

fn steady(db: &Db, mut hold: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    if matches!(db, Db::Sqlite(_)) {
        return Ok(());
    }
    for _ in 0..TRIES {
        if hold()? {
            return Ok(());
        }
        db.unlock()?;
    }
    Err(Error::Again)
}
