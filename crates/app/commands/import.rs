//! `tonearm import`, and the same at a server's start: files and folders into a container.

use crate::assemble::{Opened, alone, block_on};
use crate::cli::Import;
use crate::failure::{Failure, print};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub fn run(args: &Import) -> Result<(), Failure> {
    block_on(async {
        let opened = alone(&args.store.data, args.store.base()).await?;
        let container = match &args.container {
            Some(sid) => Some(sid.parse().map_err(|_| {
                Failure::Usage(format!("--container: `{sid}` is no container's sid"))
            })?),
            None => None,
        };
        bring_in(&opened, &args.paths, container).await
    })
}

/// Brings files in and prints a line `link  name` for each; folders are gone through in the order of
/// their names, hidden files left out.
pub async fn bring_in(
    opened: &Opened,
    paths: &[PathBuf],
    container: Option<Uuid>,
) -> Result<(), Failure> {
    let files = files(paths)?;
    let container = match container {
        Some(sid) => sid,
        None => default_container(opened).await?,
    };
    let total = files.iter().map(|(_, length)| length).sum();
    let bar = ProgressBar::new(total).with_style(style());
    for (path, length) in files {
        bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let import = opened.library.import_path(&opened.operator, &path, container).await;
        let file = import.map_err(|e| Failure::failed(path.display(), e))?.file;
        let link = opened.library.publish_uris(std::slice::from_ref(&file)).await;
        let link = link.map_err(|e| Failure::failed("the link", e))?;
        let link = link.into_iter().next().flatten().unwrap_or_else(|| "(not published)".into());
        bar.suspend(|| print(&format!("{link}  {}\n", file.name)))?;
        bar.inc(length);
    }
    bar.finish_and_clear();
    Ok(())
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

async fn default_container(opened: &Opened) -> Result<Uuid, Failure> {
    let (order, start) = (library::Order::Arrival, library::Start::Offset(0));
    let wanted = library::List { conditions: Vec::new(), order, start, limit: 1000 };
    let listed = opened.library.list_containers(&opened.operator, wanted).await;
    let listed = listed.map_err(|e| Failure::failed("listing containers", e))?.items;
    let own = listed.iter().filter(|c| c.partner_sid == opened.operator.partner_sid);
    let found = own.clone().find(|c| c.name == "default").or_else(|| own.clone().next());
    let missing = || Failure::Failed("there is no container `default`; name one's sid".into());
    found.map(|c| c.container_sid).ok_or_else(missing)
}

/// The regular files named or contained, with their lengths.
fn files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, &mut found)?;
    }
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<(PathBuf, u64)>) -> Result<(), Failure> {
    let wrong = |e: std::io::Error| Failure::failed(path.display(), e);
    let metadata = std::fs::metadata(path).map_err(wrong)?;
    if metadata.is_file() {
        found.push((path.to_owned(), metadata.len()));
    } else if metadata.is_dir() {
        let entries: Result<Vec<_>, _> = std::fs::read_dir(path).map_err(wrong)?.collect();
        let mut entries: Vec<_> = entries.map_err(wrong)?.iter().map(|e| e.path()).collect();
        entries.retain(|p| p.file_name().is_some_and(|n| !n.to_string_lossy().starts_with('.')));
        entries.sort();
        entries.iter().try_for_each(|entry| collect(entry, found))?;
    }
    Ok(())
}
