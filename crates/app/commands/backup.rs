//! `tonearm backup` and `tonearm restore`: a backup beside a running server, and a data folder made from one.

use super::output::bytes_bar;
use crate::assemble::{block_on, within};
use crate::cli::{Backup, Restore};
use crate::failure::{Failure, print};
use indicatif::BinaryBytes;
use library::BackupError;
use std::io;

pub fn run(args: &Backup) -> Result<(), Failure> {
    block_on(async {
        let library = within(&args.store).await?;
        let bar = bytes_bar();
        let shown = bar.clone();
        let progress = move |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        };
        let done = library.back_up(&args.to, &progress).await;
        bar.finish_and_clear();
        let done = done.map_err(|e| failed("backup", e))?;
        let there = done.objects - done.new_objects.min(done.objects);
        print(&format!(
            "backed up {} files, {}, to {}: {} stored objects are new ({} copied, {} linked), {there} were there\n",
            done.files,
            BinaryBytes(done.bytes),
            args.to.display(),
            done.new_objects,
            done.copied,
            done.new_objects - done.copied
        ))?;
        whole(&done.lost, "the data folder has lost", "; `tonearm check` tells whose they are")
    })
}

pub fn restore(args: &Restore) -> Result<(), Failure> {
    block_on(async {
        let bar = bytes_bar();
        let shown = bar.clone();
        let progress = move |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        };
        let done = library::restore(&args.from, &args.store.data, &progress).await;
        bar.finish_and_clear();
        let done = done.map_err(|e| failed("restore", e))?;
        print(&format!(
            "restored {} files, {}, as they were at {}, to {}\n",
            done.files,
            BinaryBytes(done.bytes),
            done.made_at,
            args.store.data.display()
        ))?;
        whole(&done.lost, "the backup lacks", "; `tonearm check` tells whose they are")
    })
}

/// A success, unless something is lost.
fn whole(lost: &[String], who: &str, then: &str) -> Result<(), Failure> {
    if lost.is_empty() {
        return Ok(());
    }
    lost.iter().for_each(|object| eprintln!("lost: {object}"));
    Err(Failure::Failed(format!("{who} {} stored objects, named above{then}", lost.len())))
}

fn failed(what: &str, error: BackupError) -> Failure {
    match error {
        BackupError::Disk(path, error) if error.kind() == io::ErrorKind::StorageFull => {
            Failure::Failed(format!(
                "{what}: {}: the disk is full; make room and run it again, what is there is kept",
                path.display()
            ))
        }
        other => Failure::failed(what, other),
    }
}
