//! `tonearm move`: a store that goes from a data folder to a database, a bucket or both, and back.

use super::output::bytes_bar;
use crate::assemble::{self, block_on};
use crate::cli::Move;
use crate::database;
use crate::failure::{Failure, print};
use crate::settings::Store;
use blob::{DataFolder, Local, Place, Seal};
use catalog::Catalog;
use indicatif::ProgressBar;
use library::{CATALOG_FILE, Carriage, Move as Journey, MoveError, Moved, PLACE_KEY, Step};
use std::sync::Arc;

pub fn run(args: &Move) -> Result<(), Failure> {
    block_on(async {
        let store = &args.store;
        let (journey, hold) = match args.back {
            false => away(store).await?,
            true => back(store).await?,
        };
        let bar = bytes_bar();
        let moved = journey.run(progress(bar.clone())).await;
        bar.finish_and_clear();
        let moved = moved.map_err(failed)?;
        drop(hold);
        tell(&moved)
    })
}

/// From a data folder to where the settings say.
async fn away(store: &Store) -> Result<(Journey, DataFolder), Failure> {
    let data = &store.data;
    let path = assemble::catalog_of(data)?;
    let hold = assemble::held(DataFolder::lock(data), data)?;
    let from = Catalog::join(&path).map_err(|e| assemble::wrong(data, e))?;
    let lies_in = place_of(&from).await?;
    let database = database::named(store)?;
    let place = match database {
        Some(_) => database::told(&store.blobs, data)?,
        None => store.blobs.to_string(),
    };
    let is_same = store.blobs.to_string() == lies_in;
    let drafts = Local::open(data).map_err(|e| assemble::wrong(data, e))?;
    let objects = match (is_same, lies_in == Place::DataFolder.to_string()) {
        (true, _) => None,
        (false, true) => {
            let to = bucket(store, &place).await?;
            Some(Carriage { from: blob::Store::Local(drafts.clone()), to, drafts })
        }
        (false, false) => {
            return Err(Failure::Usage(format!("--blobs: the blobs lie in {lies_in}: name that")));
        }
    };
    if database.is_none() && objects.is_none() {
        return Err(Failure::Usage(
            "nothing is to move: say where to by --catalog postgres://…, by --blobs s3://…, or by both".into(),
        ));
    }
    let to = match database {
        Some(database) => Some(database::connected(store, database.told_apart()).await?),
        None => None,
    };
    Ok((Journey { from, to, objects, place, seal: assemble::seal(store)? }, hold))
}

/// From where the settings say to a data folder.
async fn back(store: &Store) -> Result<(Journey, DataFolder), Failure> {
    let data = &store.data;
    let (path, wrong) = (data.join(CATALOG_FILE), |e| assemble::wrong(data, e));
    let database = match database::named(store)? {
        Some(database) => Some(database::connected(store, database.told_apart()).await?),
        None => None,
    };
    let is_bucket = matches!(store.blobs, Place::Bucket(_));
    if database.is_some() && is_bucket && !path.exists() {
        library::check_empty(data).map_err(failed)?;
    }
    let hold = assemble::held(DataFolder::lock(data), data)?;
    let told = match (&database, is_bucket || data.join("blobs").join("id").exists()) {
        (Some(_), true) => database::told(&store.blobs, data)?,
        _ => store.blobs.to_string(),
    };
    let (from, to) = match database {
        Some(from) => (from, Some(Catalog::open(&path).map_err(|e| assemble::wrong(data, e))?)),
        None => (Catalog::join(&path).map_err(|e| assemble::wrong(data, e))?, None),
    };
    let lies_in = place_of(&from).await?;
    if lies_in != told {
        return Err(Failure::Usage(format!("--blobs: the blobs lie in {lies_in}, not in {told}")));
    }
    let drafts = Local::open(data).map_err(wrong)?;
    if let Some(key) = &store.secret_key {
        Seal::keep(&data.join("secret.key"), key).map_err(wrong)?;
    }
    let objects = match store.blobs {
        Place::DataFolder => None,
        Place::Bucket(_) => {
            let from = bucket(store, &told).await?;
            Some(Carriage { from, to: blob::Store::Local(drafts.clone()), drafts })
        }
    };
    if to.is_none() && objects.is_none() {
        return Err(Failure::Usage(
            "nothing is to move: say where from by --catalog postgres://…, by --blobs s3://…, or by both".into(),
        ));
    }
    let place = Place::DataFolder.to_string();
    Ok((Journey { from, to, objects, place, seal: assemble::seal(store)? }, hold))
}

/// Where a catalog tells that the objects lie.
async fn place_of(catalog: &Catalog) -> Result<String, Failure> {
    let place = catalog.meta(PLACE_KEY).await;
    let place = place.map_err(|e| Failure::failed("the catalog", e))?;
    Ok(place.unwrap_or_else(|| Place::DataFolder.to_string()))
}

/// The bucket that the settings name, once it was tried.
async fn bucket(store: &Store, told: &str) -> Result<blob::Store, Failure> {
    let Place::Bucket(bucket) = &store.blobs else {
        return Err(Failure::Usage(
            "--blobs: the blobs lie in the data folder: name the bucket that they are to go to"
                .into(),
        ));
    };
    let wrong = |e: &dyn std::fmt::Display| Failure::Failed(format!("--blobs: {told}: {e}"));
    let remote = bucket.open().map_err(|e| wrong(&e))?;
    remote.check().await.map_err(|e| wrong(&e))?;
    Ok(blob::Store::Remote(remote))
}

/// Shows what is done.
fn progress(bar: ProgressBar) -> library::MoveProgress {
    Arc::new(move |step| match step {
        Step::Objects(done, total) => {
            bar.set_length(total);
            bar.set_position(done);
        }
        Step::Table(table, rows) => bar.set_message(format!("{table}: {rows} rows")),
    })
}

fn tell(moved: &Moved) -> Result<(), Failure> {
    let Moved { files, bytes, was_there, lost } = moved;
    let how = if *was_there { "all of it was there already: " } else { "" };
    print(&format!("{how}files {files}, bytes {bytes}\n"))?;
    if lost.is_empty() {
        return Ok(());
    }
    lost.iter().for_each(|object| eprintln!("lost: {object}"));
    Err(Failure::Failed(format!(
        "{} stored objects, named above, were missing or damaged where they lay, and are missing at the new place",
        lost.len()
    )))
}

fn failed(error: MoveError) -> Failure {
    match error {
        MoveError::Refused(why) => Failure::Failed(format!("move: {why}")),
        other => Failure::Failed(format!(
            "move: {other}; what has arrived stays there: run it again to go on"
        )),
    }
}
