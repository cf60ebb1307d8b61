//! Whether all is there that the catalog tells of, and whether it counted right: beside a running server.
//!
//! The order: the catalog's own pages → the objects on the disk → strays → files without an object → totals. What is
//! found missing is looked up once more, because its file may have gone meanwhile. A bucket is not read through,
//! because that costs money.

use crate::sweep::UPLOADS_LAST;
use crate::{Error, Library, blocking};
use blob::{GetError, Local, ObjectName, Store};
use catalog::WrongTotal;
use uuid::Uuid;

/// Objects between two looks at the catalog, and files without an object that are told at most.
const AT_ONCE: u32 = 500;

/// How fast bytes are read, so that players don't notice: a terabyte takes four and a half hours.
const READ_BYTES_PER_S: u64 = 64 << 20;

/// How much is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thorough {
    /// That objects are there, by their lengths.
    Lengths,
    /// Their bytes with their hashes.
    Hashes,
}

/// Whether what is found is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It is told.
    Tell,
    /// It is put right where that is possible.
    PutRight,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The database finds its own file damaged.
    Catalog(String),
    /// An object is missing or holds other bytes than its name says: `why`. These files have it, by sid and name.
    Object {
        /// The object's name.
        object: String,
        /// What is wrong with it.
        why: String,
        /// Sid and name of each file.
        files: Vec<(Uuid, String)>,
    },
    /// The catalog knows no object for the bytes of a file.
    NoObject {
        /// Its sid.
        file_sid: Uuid,
        /// Its name.
        name: String,
    },
    /// A total is not what the files are.
    Total(WrongTotal),
}

/// Objects, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// Bytes of all.
    pub bytes: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files that the catalog knows.
    pub files: Found,
    /// Objects that hold their bytes; none are counted where they lie in a bucket.
    pub objects: Found,
    /// What is wrong still.
    pub faults: Vec<Fault>,
    /// What was wrong and is put right.
    pub repaired: Vec<Fault>,
    /// Objects in `blobs/` that the catalog doesn't know, older than any upload: the next start sets them aside.
    pub strays: Found,
    /// Those in `strays/`.
    pub set_aside: Found,
}

impl Found {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl Checked {
    fn note(&mut self, fault: Fault, is_repaired: bool) {
        match is_repaired {
            true => self.repaired.push(fault),
            false => self.faults.push(fault),
        }
    }
}

impl Library {
    /// Checks everything; `progress` is told how many objects are done, of how many bytes.
    ///
    /// # Errors
    /// [`Error::Storage`] if something can't even be looked at.
    pub async fn check(
        &self,
        thorough: Thorough,
        repair: Repair,
        progress: &(dyn Fn(Found) + Send + Sync),
    ) -> Result<Checked, Error> {
        let mut checked = Checked::default();
        let faults = self.catalog.faults().await?;
        checked.faults.extend(faults.into_iter().map(Fault::Catalog));
        let (count, bytes) = self.catalog.file_totals().await?;
        checked.files = Found { count, bytes };
        if let (Store::Local(local), true) = (self.stores.own(), self.bytes_lie_here().await?) {
            self.check_all(local, thorough, repair, &mut checked, progress).await?;
            self.count_strays(local, &mut checked).await?;
        }
        for (file_sid, name) in self.catalog.files_without_object(AT_ONCE).await? {
            checked.faults.push(Fault::NoObject { file_sid, name });
        }
        let put_right = repair == Repair::PutRight;
        for total in self.catalog.audit_totals(put_right).await? {
            checked.note(Fault::Total(total), put_right);
        }
        Ok(checked)
    }

    async fn check_all(
        &self,
        local: &Local,
        thorough: Thorough,
        repair: Repair,
        checked: &mut Checked,
        progress: &(dyn Fn(Found) + Send + Sync),
    ) -> Result<(), Error> {
        let mut last = String::new();
        loop {
            let objects = self.catalog.objects_after(last.clone(), AT_ONCE).await?;
            let Some((object, _)) = objects.last() else { return Ok(()) };
            last.clone_from(object);
            for (object, length_bytes) in objects {
                let Ok(name) = object.parse::<ObjectName>() else { continue };
                checked.objects.add(length_bytes);
                let wrong = wrong(local, name, length_bytes, thorough).await?;
                progress(checked.objects);
                let Some(why) = wrong else { continue };
                // The file may have gone since the list was read.
                if self.object_of(&name.hash().to_string()).await? != Some(name) {
                    continue;
                }
                let is_repaired = repair == Repair::PutRight && put_back(local, name).await?;
                let files = self.catalog.files_of(&name.hash().to_string()).await?;
                checked.note(Fault::Object { object, why, files }, is_repaired);
            }
        }
    }

    async fn count_strays(&self, local: &Local, checked: &mut Checked) -> Result<(), Error> {
        for first in 0..=u8::MAX {
            for stray in local.strays_beginning_with(first).await? {
                checked.set_aside.add(stray.length_bytes);
            }
            let mut found = local.beginning_with(first).await?;
            found.retain(|object| object.age > UPLOADS_LAST);
            for some in found.chunks(AT_ONCE as usize) {
                let names = some.iter().map(|object| object.name.to_string()).collect();
                let unknown = self.catalog.unknown_objects(names).await?;
                let strays =
                    some.iter().filter(|object| unknown.contains(&object.name.to_string()));
                strays.for_each(|stray| checked.strays.add(stray.length_bytes));
            }
        }
        Ok(())
    }
}

/// What is wrong with an object; `None` if nothing is.
async fn wrong(
    local: &Local,
    name: ObjectName,
    length_bytes: u64,
    thorough: Thorough,
) -> Result<Option<String>, Error> {
    match local.length(name).await? {
        None => return Ok(Some("it is missing".into())),
        Some(found) if found != length_bytes => {
            return Ok(Some(format!("it has {found} bytes instead of {length_bytes}")));
        }
        Some(_) => {}
    }
    match thorough {
        Thorough::Lengths => Ok(None),
        Thorough::Hashes => match local.check(name, READ_BYTES_PER_S).await {
            Ok(()) => Ok(None),
            Err(GetError::Missing(_)) => Ok(Some("it is missing".into())),
            Err(GetError::Damaged(_)) => Ok(Some("its bytes are damaged".into())),
            Err(error @ GetError::Failed(..)) => Err(error.into()),
        },
    }
}

/// Puts a stray with the same bytes in the place of an object that is lost.
async fn put_back(local: &Local, name: ObjectName) -> Result<bool, Error> {
    let [first, ..] = name.hash().as_bytes();
    let strays = local.strays_beginning_with(*first).await?;
    let local = local.clone();
    Ok(blocking(move || local.put_back(name, &strays)).await??)
}
