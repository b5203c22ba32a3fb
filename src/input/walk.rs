//! Which files a run looks at: those named, and those that a folder holds, as ripgrep walks it.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// A file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path as shown: under the folder as it was named, without a leading `./`.
    pub path: PathBuf,
    /// Whether the user named the file itself.
    pub named: bool,
}

/// A path that could not be read or walked, with the system's reason.
#[derive(Debug)]
pub struct Unreadable {
    /// The path, or what the walk knows of it.
    pub path: PathBuf,
    /// The reason, in the system's words.
    pub reason: String,
}

/// File name endings that are looked at inside folders.
pub const ENDINGS: [&str; 4] = ["xml", "vmcx", "json", "clixml"];

/// All files below `paths` in the order of their paths' bytes, one at a time. A path named twice, or lying in a folder that is
/// named too, comes once.
pub fn files(paths: &[PathBuf]) -> impl Iterator<Item = Result<Found, Unreadable>> + Send {
    let mut roots: Vec<PathBuf> = paths.to_vec();
    roots.sort_by(|a, b| path_order(a, b));
    roots.dedup();
    let folders: Vec<PathBuf> = roots.iter().filter(|root| root.is_dir()).cloned().collect();
    let inside_another = |root: &Path| folders.iter().any(|folder| root != folder && clean(root).starts_with(clean(folder)));
    let roots: Vec<PathBuf> = roots.iter().filter(|root| !(root.is_dir() && inside_another(root))).cloned().collect();
    let named: Vec<PathBuf> = roots.iter().filter(|root| !root.is_dir()).cloned().collect();
    roots.into_iter().flat_map(move |root| {
        let already: Vec<PathBuf> = if root.is_dir() { named.iter().map(|n| clean(n).to_owned()).collect() } else { Vec::new() };
        walk(root).filter(move |found| !matches!(found, Ok(file) if already.contains(&file.path)))
    })
}

fn walk(root: PathBuf) -> Box<dyn Iterator<Item = Result<Found, Unreadable>> + Send> {
    match std::fs::metadata(&root) {
        Err(error) => return Box::new(std::iter::once(Err(Unreadable { path: root, reason: reason(&error) }))),
        Ok(meta) if !meta.is_dir() => {
            let found = Found { path: clean(&root).to_owned(), named: true };
            return Box::new(std::iter::once(Ok(found)));
        }
        Ok(_) => {}
    }
    let walker = WalkBuilder::new(&root).sort_by_file_path(path_order).require_git(false).build();
    Box::new(walker.filter_map(move |entry| match entry {
        Ok(entry) => {
            let wanted = entry.file_type().is_some_and(|kind| kind.is_file()) && has_ending(entry.path());
            wanted.then(|| Ok(Found { path: clean(entry.path()).to_owned(), named: false }))
        }
        Err(error) => {
            let path = root.clone();
            Some(Err(Unreadable { path, reason: error.to_string() }))
        }
    }))
}

/// A system error in a person's words.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a folder".to_owned(),
        _ => error.to_string(),
    }
}

fn has_ending(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| ENDINGS.iter().any(|ending| e.eq_ignore_ascii_case(ending)))
}

/// `./a` is shown as `a`.
fn clean(path: &Path) -> &Path {
    path.strip_prefix("./").unwrap_or(path)
}

/// The order of whole paths as bytes, with folders ending in `/`, so that a sorted walk gives sorted paths.
fn path_order(a: &Path, b: &Path) -> Ordering {
    let (left, right) = (a.as_os_str().as_encoded_bytes(), b.as_os_str().as_encoded_bytes());
    let common = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    // Only where one name goes on and the other ends does it matter whether that one is a folder.
    match (left.get(common), right.get(common)) {
        (None, None) => Ordering::Equal,
        (None, Some(next)) => end_of(a).cmp(&Some(*next)),
        (Some(next), None) => Some(*next).cmp(&end_of(b)),
        (Some(l), Some(r)) => l.cmp(r),
    }
}

fn end_of(path: &Path) -> Option<u8> {
    path.is_dir().then_some(b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_gives_paths_in_byte_order_each_once() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["vm/a.xml", "vm.xml", "vm-1/b.xml", "vm/sub/c.xml", "vm/sub.xml", "note.txt", ".hidden/d.xml", "VM2.XML"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let paths = [dir.path().to_owned(), dir.path().join("vm"), dir.path().join("vm/a.xml"), dir.path().join("note.txt")];
        let mut seen: Vec<String> = Vec::new();
        for file in files(&paths) {
            seen.push(file.unwrap().path.strip_prefix(dir.path()).unwrap().to_str().unwrap().to_owned());
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted, ["VM2.XML", "note.txt", "vm-1/b.xml", "vm.xml", "vm/a.xml", "vm/sub.xml", "vm/sub/c.xml"]);
        assert_eq!(seen.len(), sorted.len());
    }

    #[test]
    fn a_missing_path_is_told() {
        let found: Vec<_> = files(&[PathBuf::from("does/not/exist")]).collect();
        assert!(matches!(found.as_slice(), [Err(Unreadable { reason, .. })] if reason == "no such file or folder"));
    }
}
