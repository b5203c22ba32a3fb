//! Where the files of a run lie in their repository, which is how CI systems and reviews name them.

use std::path::{Component, Path, PathBuf};

/// The repository that a run is made in.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    root: PathBuf,
    folder: PathBuf,
    /// The address that shows a file of this revision, without its path.
    pages: Option<String>,
}

impl Repository {
    /// The repository around the current folder, which is given as an absolute path. CI systems name its root in the environment;
    /// elsewhere it is the nearest folder with a `.git`, or the current one where there is none.
    pub fn around(folder: &Path, env: impl Fn(&str) -> Option<String>) -> Repository {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(|name| set(name).map(PathBuf::from));
        let root = named
            .into_iter()
            .find(|root| folder.starts_with(root))
            .or_else(|| folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_owned))
            .unwrap_or_else(|| folder.to_owned());
        let github = || Some(format!("{}/{}/blob/{}/", set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?, set("GITHUB_SHA")?));
        let gitlab = || Some(format!("{}/-/blob/{}/", set("CI_PROJECT_URL")?, set("CI_COMMIT_SHA")?));
        let pages = github().or_else(gitlab).filter(|pages| is_address(pages));
        Repository { root, folder: folder.to_owned(), pages }
    }

    /// The path of a file from the root of the repository, with `/` between its parts and bytes that are no UTF-8 replaced; of a file
    /// outside of it the absolute path.
    pub fn path(&self, path: &Path) -> String {
        slashed(&self.locate(path).0.to_string_lossy())
    }

    /// The same as a URI reference, and whether it is one relative to the root of the repository.
    pub fn uri(&self, path: &Path) -> (String, bool) {
        let (located, inside) = self.locate(path);
        let encoded = percent_encoded(located.as_os_str().as_encoded_bytes());
        match inside {
            true => (encoded, true),
            false => (format!("file://{}{encoded}", if encoded.starts_with('/') { "" } else { "/" }), false),
        }
    }

    /// Where a line of a file can be looked at: on the pages of the CI system if it has any, else in the repository.
    pub fn link(&self, path: &Path, line: u32) -> Option<String> {
        let (uri, inside) = self.uri(path);
        let pages = self.pages.as_deref().unwrap_or_default();
        inside.then(|| format!("{pages}{uri}#L{line}"))
    }

    /// The same, but only on the pages of the CI system: for what is read elsewhere than in the repository.
    pub fn page(&self, path: &Path, line: u32) -> Option<String> {
        self.pages.as_ref().and_then(|_| self.link(path, line))
    }

    fn locate(&self, path: &Path) -> (PathBuf, bool) {
        let mut absolute = PathBuf::new();
        for part in self.folder.join(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(absolute.pop()),
                part => absolute.push(part),
            }
        }
        match absolute.strip_prefix(&self.root) {
            Ok(inside) if !inside.is_absolute() => (inside.to_owned(), true),
            _ => (absolute, false),
        }
    }
}

#[cfg(windows)]
fn slashed(path: &str) -> String {
    path.replace('\\', "/")
}

#[cfg(not(windows))]
fn slashed(path: &str) -> String {
    path.to_owned()
}

/// Bytes of a path as a URI holds them. A colon is encoded too, so that no name can pass for a scheme.
fn percent_encoded(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            b'\\' if cfg!(windows) => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Whether an address can be written as a link: that of a page, in the characters of a URL.
pub(super) fn is_address(url: &str) -> bool {
    let is_plain = |b: u8| {
        b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'|' | b'`' | b'\\')
    };
    (url.starts_with("https://") || url.starts_with("http://")) && url.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(env: &[(&str, &str)]) -> Repository {
        let find = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Repository::around(Path::new("/no/such/repository/vm"), find)
    }

    #[test]
    #[cfg(unix)]
    fn paths_are_those_from_the_root() {
        let github = repository(&[("GITHUB_WORKSPACE", "/no/such/repository")]);
        for (path, shown, uri) in [
            ("a.xml", "vm/a.xml", ("vm/a.xml", true)),
            ("./sub/../a b.xml", "vm/a b.xml", ("vm/a%20b.xml", true)),
            ("../net/ü:1.xml", "net/ü:1.xml", ("net/%C3%BC%3A1.xml", true)),
            ("/no/such/repository/x.xml", "x.xml", ("x.xml", true)),
            ("/etc/libvirt/a#b.xml", "/etc/libvirt/a#b.xml", ("file:///etc/libvirt/a%23b.xml", false)),
            ("../../../../../../a.xml", "/a.xml", ("file:///a.xml", false)),
        ] {
            assert_eq!(github.path(Path::new(path)), shown);
            assert_eq!(github.uri(Path::new(path)), (uri.0.to_owned(), uri.1));
        }
        assert_eq!(repository(&[]).path(Path::new("a.xml")), "a.xml");
        assert_eq!(repository(&[("CI_PROJECT_DIR", "/elsewhere")]).path(Path::new("a.xml")), "a.xml");
        assert_eq!(Repository::default().uri(Path::new("<stdin>")), ("%3Cstdin%3E".to_owned(), true));
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_no_text_stay_in_the_uri() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"a\xFF\n%.xml"));
        assert_eq!(Repository::default().uri(path).0, "a%FF%0A%25.xml");
        assert_eq!(Repository::default().path(path), "a\u{fffd}\n%.xml");
    }

    #[test]
    #[cfg(unix)]
    fn links_lead_to_the_pages_of_the_ci_system() {
        let link = |env: &[(&str, &str)]| repository(env).link(Path::new("a b.xml"), 7);
        assert_eq!(link(&[]).as_deref(), Some("a%20b.xml#L7"));
        let github = [("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", "acme/vm"), ("GITHUB_SHA", "abc")];
        assert_eq!(link(&github).as_deref(), Some("https://github.com/acme/vm/blob/abc/a%20b.xml#L7"));
        let gitlab = [("CI_PROJECT_URL", "https://gitlab.example/acme/vm"), ("CI_COMMIT_SHA", "abc")];
        assert_eq!(link(&gitlab).as_deref(), Some("https://gitlab.example/acme/vm/-/blob/abc/a%20b.xml#L7"));
        let forged = [("CI_PROJECT_URL", "javascript:alert(1)//"), ("CI_COMMIT_SHA", "abc")];
        assert_eq!(link(&forged).as_deref(), Some("a%20b.xml#L7"));
        assert_eq!(repository(&[]).link(Path::new("/etc/a.xml"), 1), None);
    }
}
