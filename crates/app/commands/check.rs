//! `tonearm check`: what is lost or wrong, as lines or as JSON. Exit 1 if anything is, 0 if there are strays alone.

use super::output::bytes_bar;
use crate::assemble::{block_on, within};
use crate::cli::Check;
use crate::failure::{Failure, print};
use indicatif::BinaryBytes;
use library::{Checked, Fault, Found, Repair, Thorough};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

pub fn run(args: &Check) -> Result<(), Failure> {
    let thorough = if args.deep { Thorough::Hashes } else { Thorough::Lengths };
    let repair = if args.repair { Repair::PutRight } else { Repair::Tell };
    let data = &args.store.data;
    let checked = block_on(async {
        let library = within(&args.store).await?;
        let bar = bytes_bar();
        let shown = bar.clone();
        let progress = move |done: Found| {
            shown.set_length(done.bytes);
            shown.set_position(done.bytes);
        };
        let checked = library.check(thorough, repair, &progress).await;
        bar.finish_and_clear();
        checked.map_err(|e| Failure::failed("checking", e))
    })?;
    let cached = cached(data);
    match args.json {
        true => print(&format!("{:#}\n", as_json(&checked, cached)))?,
        false => print(&as_text(&checked, cached))?,
    }
    match checked.faults.len() {
        0 => Ok(()),
        count => {
            let advice = match args.repair {
                true => "bytes come back by an upload of the same, or out of a backup's `blobs/`",
                false => "--repair puts right what can be",
            };
            let things = if count == 1 { "thing is" } else { "things are" };
            Err(Failure::Failed(format!("{count} {things} lost or wrong; {advice}")))
        }
    }
}

/// What lies in the caches. Nothing there can be lost: each segment is checked as it is read, and made again.
fn cached(data: &Path) -> Found {
    let mut found = Found::default();
    for entry in
        ["cache", "cache-blobs"].iter().filter_map(|c| fs::read_dir(data.join(c)).ok()).flatten()
    {
        let length = entry.and_then(|entry| entry.metadata()).map_or(0, |data| data.len());
        found.count += 1;
        found.bytes += length;
    }
    found
}

fn told(found: Found) -> String {
    format!("{}, {}", found.count, BinaryBytes(found.bytes))
}

fn as_text(checked: &Checked, cached: Found) -> String {
    let mut text = format!(
        "files    {}\nstored   {}\ncached   {}\n",
        told(checked.files),
        told(checked.objects),
        told(cached)
    );
    if checked.strays.count > 0 {
        text += &format!(
            "strays   {}: no file has them; the next start sets them aside\n",
            told(checked.strays)
        );
    }
    if checked.set_aside.count > 0 {
        text += &format!("aside    {}: in strays/, yours to remove\n", told(checked.set_aside));
    }
    checked.repaired.iter().for_each(|fault| text += &format!("repaired {}\n", line(fault)));
    checked.faults.iter().for_each(|fault| text += &format!("wrong    {}\n", line(fault)));
    if checked.faults.is_empty() {
        text += "All is well.\n";
    }
    text
}

fn line(fault: &Fault) -> String {
    match fault {
        Fault::Catalog(told) => format!("catalog: {told}"),
        Fault::Object { object, why, files } => {
            let files = files
                .iter()
                .map(|(sid, name)| format!("\n         file {sid}  {}", name.escape_debug()));
            format!("stored object {object}: {why}{}", files.collect::<String>())
        }
        Fault::NoObject { file_sid, name } => {
            format!("file {file_sid}  {}: the catalog tells of no bytes", name.escape_debug())
        }
        Fault::Total(total) => format!(
            "total of {} {}: {} bytes in {} files are counted, there are {} in {}",
            total.of, total.sid, total.told.0, total.told.1, total.found.0, total.found.1
        ),
    }
}

fn as_json(checked: &Checked, cached: Found) -> Value {
    let found = |found: Found| json!({ "count": found.count, "bytes": found.bytes });
    let faults = |faults: &[Fault]| faults.iter().map(fault_as_json).collect::<Vec<_>>();
    json!({
        "files": found(checked.files),
        "stored": found(checked.objects),
        "cached": found(cached),
        "strays": found(checked.strays),
        "set_aside": found(checked.set_aside),
        "wrong": faults(&checked.faults),
        "repaired": faults(&checked.repaired),
    })
}

fn fault_as_json(fault: &Fault) -> Value {
    match fault {
        Fault::Catalog(told) => json!({ "kind": "catalog", "message": told }),
        Fault::Object { object, why, files } => {
            let files = files.iter().map(|(sid, name)| json!({ "file_sid": sid, "name": name }));
            json!({ "kind": "object", "object": object, "message": why, "files": files.collect::<Vec<_>>() })
        }
        Fault::NoObject { file_sid, name } => {
            json!({ "kind": "file", "file_sid": file_sid, "name": name, "message": "no bytes" })
        }
        Fault::Total(total) => json!({
            "kind": "total", "of": total.of, "sid": total.sid,
            "counted": { "bytes": total.told.0, "files": total.told.1 },
            "found": { "bytes": total.found.0, "files": total.found.1 },
        }),
    }
}
