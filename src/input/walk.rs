//! Which files a run looks at: those named, and those that a folder holds, as ripgrep walks it.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
/// named too, comes once. `wants` says of each file in a folder whether it is looked at; [`is_ours`] is what
/// a run without a configuration wants.
pub fn files<'w>(
    paths: &[PathBuf],
    wants: impl Fn(&Path) -> bool + Send + Sync + 'w,
) -> impl Iterator<Item = Result<Found, Unreadable>> + Send + 'w {
    let mut roots: Vec<PathBuf> = paths.to_vec();
    roots.sort_by(|a, b| path_order(clean(a), clean(b)));
    roots.dedup_by(|a, b| clean(a) == clean(b));
    let (folders, named): (Vec<PathBuf>, Vec<PathBuf>) = roots.into_iter().partition(|root| root.is_dir());
    let is_inside = |root: &Path| folders.iter().any(|folder| root != folder && clean(root).starts_with(clean(folder)));
    let outermost: Vec<PathBuf> = folders.iter().filter(|root| !is_inside(root)).cloned().collect();
    let mut named = named.into_iter().map(named_file).peekable();
    let wants = Arc::new(wants);
    let mut walked = outermost.into_iter().flat_map(move |root| walk(root, wants.clone())).peekable();
    std::iter::from_fn(move || {
        let (Some(next), Some(Ok(found))) = (named.peek(), walked.peek()) else { return walked.next().or_else(|| named.next()) };
        let path = next.as_ref().map_or_else(|unreadable| clean(&unreadable.path), |file| &file.path);
        match path_order(path, &found.path) {
            Ordering::Greater => walked.next(),
            Ordering::Less => named.next(),
            Ordering::Equal => {
                walked.next();
                named.next()
            }
        }
    })
}

fn named_file(path: PathBuf) -> Result<Found, Unreadable> {
    match std::fs::metadata(&path) {
        Err(error) => Err(Unreadable { path, reason: reason(&error) }),
        Ok(_) => Ok(Found { path: clean(&path).to_owned(), named: true }),
    }
}

fn walk<'w>(
    root: PathBuf,
    wants: Arc<impl Fn(&Path) -> bool + Send + Sync + 'w>,
) -> impl Iterator<Item = Result<Found, Unreadable>> + Send + 'w {
    let walker = WalkBuilder::new(&root).sort_by_file_path(path_order).require_git(false).build();
    walker.filter_map(move |entry| match entry {
        Ok(entry) => {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let wanted = is_file && wants(clean(entry.path()));
            wanted.then(|| Ok(Found { path: clean(entry.path()).to_owned(), named: false }))
        }
        Err(error) => Some(Err(unreadable(&root, &error))),
    })
}

/// What the walk could not look at, and why.
fn unreadable(root: &Path, error: &ignore::Error) -> Unreadable {
    match error {
        ignore::Error::WithPath { path, err } => Unreadable { path: clean(path).to_owned(), ..unreadable(root, err) },
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => unreadable(root, err),
        // Its own words begin with the path once more.
        other => {
            let system = other.io_error().and_then(|error| error.raw_os_error()).map(std::io::Error::from_raw_os_error);
            let reason = system.map_or_else(|| other.to_string(), |error| reason(&error));
            Unreadable { path: clean(root).to_owned(), reason }
        }
    }
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

/// Whether a file's name ends as one of [`ENDINGS`].
pub fn is_ours(path: &Path) -> bool {
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
        (None, Some(next)) => end_of(a).cmp(&Some(*next)).then(Ordering::Less),
        (Some(next), None) => Some(*next).cmp(&end_of(b)).then(Ordering::Greater),
        (Some(l), Some(r)) => l.cmp(r),
    }
}

/// The byte that a folder's name goes on with, if it is not written already.
fn end_of(path: &Path) -> Option<u8> {
    let is_written = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    (!is_written && path.is_dir()).then_some(b'/')
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
        let named = ["", "vm", "vm/sub.xml", "note.txt", "vm/a.xml"];
        let paths: Vec<PathBuf> = named.iter().map(|name| dir.path().join(name)).collect();
        let mut seen: Vec<String> = Vec::new();
        for file in files(&paths, is_ours) {
            seen.push(file.unwrap().path.strip_prefix(dir.path()).unwrap().to_str().unwrap().to_owned());
        }
        assert_eq!(seen, ["VM2.XML", "note.txt", "vm-1/b.xml", "vm.xml", "vm/a.xml", "vm/sub.xml", "vm/sub/c.xml"]);
    }

    #[test]
    fn a_missing_path_is_told() {
        let found: Vec<_> = files(&[PathBuf::from("does/not/exist")], is_ours).collect();
        assert!(matches!(found.as_slice(), [Err(Unreadable { reason, .. })] if reason == "no such file or folder"));
    }
}
