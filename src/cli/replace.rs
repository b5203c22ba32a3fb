//! Puts another content in the place of a file, all of it or nothing: written beside the file, then renamed over it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::new_file::NewFile;
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
    let folder = target.parent().unwrap_or(Path::new("")).to_owned();
    let mut new = NewFile::beside(target, Some(metadata))
        .map_err(|error| format!("cannot be fixed: its folder takes no file: {}", walk::reason(&error)))?;
    new.write_all(after).and_then(|()| new.finish_on_disk()).map_err(refuse)?;
    keep_name(&folder);
    Ok(())
}

/// Sees to it that the new file has its name even if the machine stops now, where folders can be told so.
fn keep_name(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::new_file::tests::names;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("web01.xml");
        fs::write(&file, "before").unwrap();
        (folder, file)
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let (folder, file) = folder();
        assert_eq!(replace(&file, b"before", b"after"), Ok(()));
        assert_eq!((fs::read(&file).unwrap(), names(folder.path())), (b"after".to_vec(), vec!["web01.xml".to_owned()]));
        // The same file under another name in the same run is done already.
        assert_eq!(replace(&file, b"before", b"after"), Ok(()));
    }

    #[test]
    fn a_file_that_is_another_one_by_now_stays() {
        let (folder, file) = folder();
        let told = replace(&file, b"something else", b"after").unwrap_err();
        assert_eq!(told, "was changed by somebody else while it was judged, so it was not fixed");
        fs::remove_file(&file).unwrap();
        assert_eq!(replace(&file, b"before", b"after").unwrap_err(), "cannot be fixed: no such file or folder");
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn a_read_only_file_stays() {
        let (_folder, file) = folder();
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        assert_eq!(replace(&file, b"before", b"after").unwrap_err(), "cannot be fixed: it is read-only");
        assert_eq!(fs::read(&file).unwrap(), b"before");
    }

    #[cfg(unix)]
    #[test]
    fn links_permissions_and_owners_stay() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
        let (folder, file) = folder();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.xml");
        symlink("web01.xml", &link).unwrap();
        let before = fs::metadata(&file).unwrap();
        assert_eq!(replace(&link, b"before", b"after"), Ok(()));
        let after = fs::metadata(&file).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert_eq!(fs::read(&file).unwrap(), b"after");
        assert!(replace(Path::new("/dev/stdin"), b"", b"x").is_err());
    }
}
