//! A socket file: made whole under another name first, so that nobody ever finds it with another mode; removed with
//! its server, unless another one has put its own in the place.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The socket file of a server that listens there; dropped, it is gone.
pub struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens at a path. What a dead server left there is replaced, and `beside` a server that leaves its file, too.
    ///
    /// # Errors
    /// If a server answers there, or what is there is no socket.
    pub fn bind(path: &Path, mode: u32, beside: bool) -> io::Result<(UnixListener, Self)> {
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}", std::process::id()));
        let part = PathBuf::from(part);
        let _left_by_a_namesake = fs::remove_file(&part);
        let listener = UnixListener::bind(&part)?;
        let placed = fs::set_permissions(&part, Permissions::from_mode(mode))
            .and_then(|()| if beside { fs::rename(&part, path) } else { place(&part, path) });
        if placed.is_err() || !beside {
            let _ = fs::remove_file(&part);
        }
        placed?;
        let identity = identity(path)?;
        Ok((listener, Self { path: path.to_owned(), identity }))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Gives the socket its name, if no server has it. A link is refused where a name is taken, which a renaming is not.
fn place(part: &Path, path: &Path) -> io::Result<()> {
    let taken = |told: &str| Err(io::Error::new(io::ErrorKind::AddrInUse, told));
    match fs::hard_link(part, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        placed => return placed,
    }
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return taken("a file that is no socket is there");
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path)?;
            fs::hard_link(part, path)
        }
        Ok(_) => taken("another server listens there"),
        Err(error) => Err(error),
    }
}
