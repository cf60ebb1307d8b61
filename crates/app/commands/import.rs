//! `tonearm import`, and the same at a server's start: files and folders into a container.

use super::output::bytes_bar;
use crate::assemble::{LostCatalog, Opened, alone, block_on};
use crate::cli::Import;
use crate::failure::{Failure, print};
use library::{Arrival, Known};
use std::collections::HashSet;
use std::fmt::Display;
use std::fs::{self, DirEntry, File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub fn run(args: &Import) -> Result<(), Failure> {
    block_on(async {
        let opened =
            alone(&args.store, args.store.base(), Vec::new(), LostCatalog::Refused).await?;
        let container = match &args.container {
            Some(sid) => Some(container(&opened, sid).await?),
            None => None,
        };
        let how = How { keep_paths: args.keep_paths, dry_run: args.dry_run };
        match bring_in(&opened, &args.paths, container, how).await? {
            0 => Ok(()),
            failed => Err(Failure::Failed(format!(
                "{failed} could not be brought in; the lines above tell which, and why"
            ))),
        }
    })
}

/// How files are brought in.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// At the paths that they have.
    keep_paths: bool,
    /// Not at all: it is only told.
    dry_run: bool,
}

async fn container(opened: &Opened, sid: &str) -> Result<Uuid, Failure> {
    let what = format!("--container: `{sid}`");
    let container_sid =
        sid.parse().map_err(|_| Failure::Usage(format!("{what} is no container's sid")))?;
    let found = opened.library.container(&opened.operator, container_sid).await;
    found.map(|_| container_sid).map_err(|e| Failure::failed(what, e))
}

/// Brings files in and prints a line `link  name` for each; folders are gone through in the order of
/// their names, hidden files left out. Links in them are not followed, because whoever may write there could publish
/// by one what only this process may read. What can't be brought in is told on stderr, and the rest goes on;
/// returns how many these were.
pub async fn bring_in(
    opened: &Opened,
    paths: &[PathBuf],
    container: Option<Uuid>,
    how: How,
) -> Result<usize, Failure> {
    let container = match container {
        Some(sid) => sid,
        None => default_container(opened).await?,
    };
    let mut found = Found::default();
    paths.iter().for_each(|path| found.look(path));
    let total = found.files.iter().map(|file| file.length).sum();
    let bar = bytes_bar();
    bar.set_length(total);
    for file in &found.files {
        bar.set_message(on_a_line(&file.name()));
        match bring_one_in(opened, file, container, how).await {
            Ok(line) => bar.suspend(|| print(&line))?,
            Err(error) => {
                found.failed += 1;
                bar.suspend(|| tell(&file.path, &error));
            }
        }
        bar.inc(file.length);
    }
    bar.finish_and_clear();
    Ok(found.failed)
}

/// Brings a file in; the line that is printed for it.
async fn bring_one_in(
    opened: &Opened,
    file: &FoundFile,
    container: Uuid,
    how: How,
) -> Result<String, library::Error> {
    let (source, name) = (file.open()?, file.name());
    let known = match how.keep_paths {
        false => Known::ByName(name),
        true => Known::ByPath { path: file.access_name()?, name },
    };
    let library = &opened.library;
    let told = match &known {
        Known::ByName(name) | Known::ByPath { path: name, .. } => on_a_line(name),
    };
    let import = library.begin_import(&opened.operator, known, source, container).await?;
    if how.dry_run {
        let becomes = match import.arrival {
            Arrival::New => "new",
            Arrival::Changed => "changed",
            Arrival::Same => "same",
        };
        return Ok(format!("{becomes:7}  {told}\n"));
    }
    let file = import.finish().await?;
    let link = library.publish_uris(std::slice::from_ref(&file)).await?;
    let link = link.into_iter().next().flatten().unwrap_or_else(|| "(not published)".into());
    Ok(format!("{link}  {told}\n"))
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
    files: Vec<FoundFile>,
    /// The folders gone through, by device and number: paths that are given may lie within each other.
    folders: HashSet<(u64, u64)>,
    /// How many paths can't be brought in.
    failed: usize,
}

/// A path that was given, and the same without links.
type Root<'a> = (&'a Path, &'a Path);

/// A regular file.
struct FoundFile {
    path: PathBuf,
    length: u64,
    /// The path that was given and led here.
    given: PathBuf,
    /// The same without links.
    root: PathBuf,
}

impl Found {
    /// Adds what a given path stands for, whatever links lead to it.
    fn look(&mut self, path: &Path) {
        let found = fs::canonicalize(path).and_then(|root| {
            fs::metadata(&root).and_then(|metadata| self.add(path, metadata, (path, &root)))
        });
        self.note(path, found);
    }

    /// Adds what lies in a folder under `root`.
    fn look_within(&mut self, path: &Path, root: Root<'_>) {
        let metadata = fs::symlink_metadata(path);
        let found = metadata.and_then(|metadata| match metadata.is_symlink() {
            true => Err(io::Error::other("a symbolic link; name its target to bring that in")),
            false => self.add(path, metadata, root),
        });
        self.note(path, found);
    }

    /// Tells what can't be brought in.
    fn note(&mut self, path: &Path, found: io::Result<()>) {
        if let Err(error) = found {
            self.failed += 1;
            tell(path, &error);
        }
    }

    fn add(&mut self, path: &Path, metadata: Metadata, root: Root<'_>) -> io::Result<()> {
        if metadata.is_file() {
            let (given, root) = (root.0.to_owned(), root.1.to_owned());
            self.files.push(FoundFile { path: path.into(), length: metadata.len(), given, root });
        } else if metadata.is_dir() && self.folders.insert((metadata.dev(), metadata.ino())) {
            let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
            let mut entries: Vec<_> = entries?.iter().map(DirEntry::path).collect();
            entries
                .retain(|p| p.file_name().is_some_and(|n| !n.as_encoded_bytes().starts_with(b".")));
            entries.sort();
            entries.iter().for_each(|entry| self.look_within(entry, root));
        }
        Ok(())
    }
}

impl FoundFile {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its path below the folder that was named; its name if that was the file itself.
    fn access_name(&self) -> io::Result<String> {
        let path = self.path.strip_prefix(&self.given).ok().filter(|path| *path != Path::new(""));
        let path = path.map_or_else(|| self.path.file_name().map(Path::new), Some);
        let text = path.and_then(Path::to_str);
        text.map(str::to_owned)
            .ok_or_else(|| io::Error::other("its path is no UTF-8, as links are"))
    }

    /// Opens it, if it still is where it was found: a link may have taken the place of a folder on the way.
    fn open(&self) -> io::Result<File> {
        let file = File::open(&self.path)?;
        let place = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
            .or_else(|_| fs::canonicalize(&self.path))?;
        match file.metadata()?.is_file() && place.starts_with(&self.root) {
            true => Ok(file),
            false => Err(io::Error::other("a link took its place while files were brought in")),
        }
    }
}

fn tell(path: &Path, error: &dyn Display) {
    eprintln!("not brought in: {}: {error}", on_a_line(&path.display().to_string()));
}

/// A name as it stands on a line: what would end that, or move a terminal's cursor, is escaped. Others may have named
/// what lies in a folder.
fn on_a_line(name: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    name.chars().map(shown).collect()
}
