//! Puts another content in the place of a file, all of it or nothing: written beside the file, then renamed over it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::input::walk;

/// Replaces a file that held `before` when it was read. A symbolic link stays and what it leads to is replaced. Permissions stay, and the
/// owner where the system lets the user keep it.
///
/// # Errors
/// Why the file stays as it is, as the end of a sentence that begins with its path.
pub fn replace(path: &Path, before: &[u8], after: &[u8]) -> Result<(), String> {
    let refuse = |error: io::Error| format!("cannot be fixed: {}", walk::reason(&error));
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return Err("cannot be fixed: it has no name of its own".to_owned());
    }
    let target = path.canonicalize().map_err(refuse)?;
    let metadata = fs::metadata(&target).map_err(refuse)?;
    if !metadata.is_file() {
        return Err("cannot be fixed: it is no regular file".to_owned());
    }
    if metadata.permissions().readonly() {
        return Err("cannot be fixed: it is read-only".to_owned());
    }
    // Whoever may not write to the file does not get to replace it either, though the folder would let them.
    let mut file = OpenOptions::new().read(true).write(true).open(&target).map_err(refuse)?;
    let mut now = Vec::with_capacity(before.len() + 1);
    file.read_to_end(&mut now).map_err(refuse)?;
    drop(file);
    if now == after {
        return Ok(());
    }
    if now != before {
        return Err("was changed by somebody else while it was judged, so it was not fixed".to_owned());
    }
    let folder = target.parent().unwrap_or(Path::new(""));
    let new = beside(folder).map_err(|error| format!("cannot be fixed: its folder takes no file: {}", walk::reason(&error)))?;
    let written = write(new.1, &metadata, after).and_then(|()| fs::rename(&new.0, &target));
    if let Err(error) = written {
        // It is of no use to anybody; if it cannot be removed either there is nothing more to say.
        let _ = fs::remove_file(&new.0);
        return Err(refuse(error));
    }
    keep_name(folder);
    Ok(())
}

/// A new file in the folder that nobody else opens, under a name that no walk looks at.
fn beside(folder: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".vmlint-{}-{number}.tmp", std::process::id()));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
}

fn write(mut file: File, like: &Metadata, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only root may give files away; the group alone may be possible.
        let _ = fchown(&file, Some(like.uid()), Some(like.gid())).or_else(|_| fchown(&file, None, Some(like.gid())));
    }
    file.set_permissions(like.permissions())?;
    file.sync_all()
}

/// Sees to it that the new file has its name even if the machine stops now, where folders can be told so.
fn keep_name(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}
