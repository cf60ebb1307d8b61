//! `tonearm import`, and the same at a server's start: files and folders into a container.

use crate::assemble::{Opened, alone, block_on};
use crate::cli::Import;
use crate::failure::{Failure, print};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::HashSet;
use std::fmt::Display;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub fn run(args: &Import) -> Result<(), Failure> {
    block_on(async {
        let opened = alone(&args.store.data, args.store.base(), Vec::new()).await?;
        let container = match &args.container {
            Some(sid) => Some(container(&opened, sid).await?),
            None => None,
        };
        match bring_in(&opened, &args.paths, container).await? {
            0 => Ok(()),
            failed => Err(Failure::Failed(format!(
                "{failed} could not be brought in; the lines above tell which, and why"
            ))),
        }
    })
}

async fn container(opened: &Opened, sid: &str) -> Result<Uuid, Failure> {
    let what = format!("--container: `{sid}`");
    let container_sid =
        sid.parse().map_err(|_| Failure::Usage(format!("{what} is no container's sid")))?;
    let found = opened.library.container(&opened.operator, container_sid).await;
    found.map(|_| container_sid).map_err(|e| Failure::failed(what, e))
}

/// Brings files in and prints a line `link  name` for each; folders are gone through in the order of
/// their names, hidden files left out. What can't be brought in is told on stderr, and the rest goes on;
/// returns how many these were.
pub async fn bring_in(
    opened: &Opened,
    paths: &[PathBuf],
    container: Option<Uuid>,
) -> Result<usize, Failure> {
    let container = match container {
        Some(sid) => sid,
        None => default_container(opened).await?,
    };
    let mut found = Found::default();
    paths.iter().for_each(|path| found.look(path));
    let total = found.files.iter().map(|(_, length)| length).sum();
    let bar = ProgressBar::new(total).with_style(style());
    for (path, length) in &found.files {
        bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        match bring_one_in(opened, path, container).await {
            Ok(line) => bar.suspend(|| print(&line))?,
            Err(error) => {
                found.failed += 1;
                bar.suspend(|| tell(path, &error));
            }
        }
        bar.inc(*length);
    }
    bar.finish_and_clear();
    Ok(found.failed)
}

/// Brings a file in; the line that is printed for it.
async fn bring_one_in(
    opened: &Opened,
    path: &Path,
    container: Uuid,
) -> Result<String, library::Error> {
    let file = opened.library.import_path(&opened.operator, path, container).await?.file;
    let link = opened.library.publish_uris(std::slice::from_ref(&file)).await?;
    let link = link.into_iter().next().flatten().unwrap_or_else(|| "(not published)".into());
    Ok(format!("{link}  {}\n", file.name))
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

/// What paths stand for.
#[derive(Default)]
struct Found {
    /// The regular files, with their lengths.
    files: Vec<(PathBuf, u64)>,
    /// The folders gone through, by device and number: links may lead to one again, or round in circles.
    folders: HashSet<(u64, u64)>,
    /// How many paths lead nowhere.
    failed: usize,
}

impl Found {
    /// Adds what a path stands for; tells where it leads nowhere.
    fn look(&mut self, path: &Path) {
        if let Err(error) = self.try_look(path) {
            self.failed += 1;
            tell(path, &error);
        }
    }

    fn try_look(&mut self, path: &Path) -> io::Result<()> {
        let metadata = fs::metadata(path)?;
        if metadata.is_file() {
            self.files.push((path.to_owned(), metadata.len()));
        } else if metadata.is_dir() && self.folders.insert((metadata.dev(), metadata.ino())) {
            let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
            let mut entries: Vec<_> = entries?.iter().map(DirEntry::path).collect();
            entries
                .retain(|p| p.file_name().is_some_and(|n| !n.as_encoded_bytes().starts_with(b".")));
            entries.sort();
            entries.iter().for_each(|entry| self.look(entry));
        }
        Ok(())
    }
}

fn tell(path: &Path, error: &dyn Display) {
    eprintln!("not brought in: {}: {error}", path.display());
}
