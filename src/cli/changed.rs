//! Which files changed, as git says.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::inputs;
use super::problem::{Problem, shown};

/// Files that changed, in one repository or several.
#[derive(Debug, Default)]
pub struct Changed {
    /// Their names, so that most others are told apart without asking the system.
    names: HashSet<OsString>,
    /// Where they are, without links and dots.
    paths: HashSet<PathBuf>,
}

impl Changed {
    /// The files below `paths` that differ from a commit or that git does not know: without `reference` from `HEAD`, with it from the
    /// commit at which the branch left it. All of them in a repository without a commit.
    ///
    /// # Errors
    /// Where there is no git, no repository around one of `paths`, or no such commit in it.
    pub fn since(reference: Option<&str>, paths: &[PathBuf]) -> Result<Changed, Problem> {
        let mut changed = Changed::default();
        let repositories: BTreeSet<PathBuf> = paths.iter().map(|path| repository(path)).collect();
        for folder in repositories {
            let root = text(asked(&folder, &["rev-parse", "--show-toplevel"])?);
            let root = root.and_then(|root| root.canonicalize().ok()).unwrap_or(folder);
            let tracked = match base(&root, reference)? {
                Some(commit) => asked(&root, &[&DIFF[..], &[commit.as_str(), "--"]].concat())?,
                None => asked(&root, &["ls-files", "-z"])?,
            };
            let unknown = asked(&root, &["ls-files", "--others", "--exclude-standard", "-z"])?;
            for name in tracked.split(|byte| *byte == 0).chain(unknown.split(|byte| *byte == 0)) {
                let Some(name) = inputs::path(name) else { continue };
                // Part by part, for git has slashes everywhere.
                let path = name.components().fold(root.clone(), |path, part| path.join(part));
                changed.names.extend(path.file_name().map(OsStr::to_owned));
                changed.paths.insert(path);
            }
        }
        Ok(changed)
    }

    /// Whether a file is one of them.
    pub fn holds(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| self.names.contains(name))
            && place(path).is_some_and(|place| self.paths.contains(&place))
    }
}

/// What differs from a commit and is still there. Names alone, so nothing that a repository configures for showing differences is run.
const DIFF: [&str; 7] = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules", "--diff-filter=d"];

/// The commit to compare with; none where the repository has none yet.
fn base(root: &Path, reference: Option<&str>) -> Result<Option<String>, Problem> {
    let commit = |name: &str| -> Result<Option<String>, Problem> {
        let output = git(root, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    };
    let Some(reference) = reference else { return commit("HEAD") };
    // What begins with a dash would be an option to git.
    let named = if reference.starts_with('-') { None } else { commit(reference)? };
    let Some(named) = named else {
        let problem = Problem::new(format!("git knows no commit `{reference}` in {}", shown(root)));
        return Err(problem.help("Name a branch, a tag or a commit, and see to it that it was fetched.".to_owned()));
    };
    let output = git(root, &["merge-base", &named, "HEAD"])?;
    let common = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // A clone without history knows of no common commit; then everything that differs from the other one counts.
    Ok(Some(if output.status.success() && !common.is_empty() { common } else { named }))
}

/// The folder of the repository around a path where one is to be seen, else the nearest folder that exists.
pub fn repository(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folders = || path.ancestors().filter(|folder| folder.is_dir());
    folders().find(|folder| folder.join(".git").exists()).or_else(|| folders().next()).unwrap_or(&path).to_owned()
}

/// Where a file is: its folder without links and dots. The file itself may be a link.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// The path on the only line of an answer.
fn text(answer: Vec<u8>) -> Option<PathBuf> {
    inputs::path(answer.strip_suffix(b"\n").unwrap_or(&answer))
}

/// What git answers; what it complains of is a problem.
fn asked(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
    let output = git(folder, arguments)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = said.lines().next().unwrap_or_default().trim().trim_start_matches("fatal: ").to_owned();
    let problem = Problem::new(format!("git cannot say what changed in {}", shown(folder)));
    Err(if said.is_empty() { problem } else { problem.help(format!("It says: {said}")) })
}

/// Runs git in a folder, without programs that the repository names and without waiting for its locks.
fn git(folder: &Path, arguments: &[&str]) -> Result<Output, Problem> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["--no-optional-locks", "-c", "core.fsmonitor=false"]).args(arguments);
    command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new("--changed asks git what changed, and there is no `git`")
            .help("Install it, or name the files yourself.".to_owned()),
        _ => Problem::new(format!("`git` cannot be run: {error}")),
    })
}
