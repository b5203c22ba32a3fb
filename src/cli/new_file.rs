//! Files that stand under their name only when all of them is written: what was there before stays until then, and for good where
//! writing fails or is interrupted.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file on its way to its name.
#[derive(Debug)]
pub struct NewFile {
    out: BufWriter<File>,
    /// Its name for now and the one that it gets; none where it is written in place.
    names: Option<(PathBuf, PathBuf)>,
    /// The file whose place it takes.
    like: Option<Metadata>,
}

impl NewFile {
    /// A new file that is going to be at `path`. Pipes and devices are written to as they are, and so is a file whose folder takes no
    /// other.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub fn create(path: &Path) -> io::Result<NewFile> {
        let in_place = || Ok(NewFile { out: BufWriter::with_capacity(ROOM, File::create(path)?), names: None, like: None });
        // What stands for an open file is not to be replaced by another.
        if path.starts_with("/dev") || path.starts_with("/proc") {
            return in_place();
        }
        let (target, like) = match path.canonicalize() {
            Ok(target) => {
                let metadata = fs::metadata(&target)?;
                if !metadata.is_file() || metadata.permissions().readonly() {
                    return in_place();
                }
                (target, Some(metadata))
            }
            // A link that leads nowhere: the system makes what it leads to.
            Err(_) if path.is_symlink() => return in_place(),
            Err(_) => (path.to_owned(), None),
        };
        // Whoever may not write to the file does not get to replace it either, though the folder would let them.
        if like.is_some() {
            OpenOptions::new().write(true).open(&target)?;
        }
        NewFile::beside(target, like).or_else(|_| in_place())
    }

    /// A new file in the folder of `target`, whose place it is going to take; where there is something already, with the permissions and
    /// the owner of that.
    ///
    /// # Errors
    /// Where the folder takes no file.
    pub fn beside(target: PathBuf, like: Option<Metadata>) -> io::Result<NewFile> {
        let (name, file) = open_beside(&target, like.is_none())?;
        Ok(NewFile { out: BufWriter::with_capacity(ROOM, file), names: Some((name, target)), like })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// Where the last bytes cannot be written, or it cannot be renamed; then it is gone.
    pub fn finish(mut self) -> io::Result<()> {
        self.complete()?;
        self.rename()
    }

    /// Gives the file its name once all of it is on the disk, so that there is the old file or the new one even if the machine stops.
    ///
    /// # Errors
    /// As [`NewFile::finish`].
    pub fn finish_on_disk(mut self) -> io::Result<()> {
        self.complete()?;
        self.out.get_ref().sync_all()?;
        self.rename()
    }

    fn complete(&mut self) -> io::Result<()> {
        self.out.flush()?;
        match (&self.names, &self.like) {
            (Some(_), Some(like)) => take_after(self.out.get_ref(), like),
            _ => Ok(()),
        }
    }

    fn rename(&mut self) -> io::Result<()> {
        let Some((name, target)) = &self.names else { return Ok(()) };
        fs::rename(name, target)?;
        self.names = None;
        Ok(())
    }
}

const ROOM: usize = 1 << 16;

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some((name, _)) = &self.names {
            // It is of no use to anybody; if it cannot be removed either there is nothing more to say.
            let _ = fs::remove_file(name);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// Where that is not possible; what was there before stays.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(content)?;
    file.finish()
}

/// A new file in the folder of `target` that nobody else opens, under a name that no walk looks at; `public` as files usually are, or
/// for nobody else to read.
fn open_beside(target: &Path, public: bool) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if public { 0o666 } else { 0o600 });
    #[cfg(not(unix))]
    let _ = public;
    let folder = target.parent().unwrap_or(Path::new(""));
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".vmlint-{}-{number}.tmp", std::process::id()));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
}

/// Gives a file the permissions of another, and its owner where the system lets the user do so.
fn take_after(file: &File, like: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only root may give files away; the group alone may be possible.
        let _ = fchown(file, Some(like.uid()), Some(like.gid())).or_else(|_| fchown(file, None, Some(like.gid())));
    }
    file.set_permissions(like.permissions())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a folder holds, by name.
    pub fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        for content in ["first", "second"] {
            let before = fs::read(&path).ok();
            let mut file = NewFile::create(&path).unwrap();
            file.write_all(content.as_bytes()).unwrap();
            file.flush().unwrap();
            assert_eq!(fs::read(&path).ok(), before);
            file.finish().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            assert_eq!(names(folder.path()), ["report"]);
        }
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        write(&path, b"before").unwrap();
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"half of it").unwrap();
        drop(file);
        assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"before".to_vec(), vec!["report".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay_and_devices_are_written_to() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        write(&path, b"before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let (link, dangling) = (folder.path().join("link"), folder.path().join("dangling"));
        symlink("report", &link).unwrap();
        symlink("nothing yet", &dangling).unwrap();
        write(&link, b"after").unwrap();
        write(&dangling, b"made").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink() && fs::symlink_metadata(&dangling).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read(folder.path().join("nothing yet")).unwrap(), b"made");
        assert!(write(Path::new("/dev/null"), b"x").is_ok() && Path::new("/dev/null").exists());
    }
}
