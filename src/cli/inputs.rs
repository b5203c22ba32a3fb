//! Which paths a run looks at: those that were typed, those of a list, and of all these the ones that git says changed.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::changed::Changed;
use super::problem::{Problem, shown};
use super::run;
use crate::input::limits;

/// Options that say which files are judged.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Judge the files and folders that this file lists, one on each line; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    files_from: Option<PathBuf>,

    /// The list of --files-from has a NUL behind each path, not a line break
    #[arg(short = '0', long, requires = "files_from", help_heading = "Input")]
    null: bool,

    /// Judge only files that git says are new or differ: from the last commit, or from where this branch left REF
    #[arg(long, value_name = "REF", num_args = 0..=1, require_equals = true, help_heading = "Input")]
    #[arg(conflicts_with = "write_baseline")]
    changed: Option<Option<String>>,

    /// Leave out what `files.exclude` of the configuration says even where it is named
    #[arg(long, help_heading = "Input")]
    pub force_exclude: bool,
}

/// What a run looks at.
#[derive(Debug)]
pub struct Inputs {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Of the files found there only these.
    pub changed: Option<Changed>,
}

impl Selection {
    /// The inputs of a run, with the paths that were typed.
    ///
    /// # Errors
    /// Where a list cannot be read, or git cannot say what changed.
    pub fn inputs(&self, typed: Vec<PathBuf>) -> Result<Inputs, Problem> {
        let reads_stdin = typed.iter().any(|path| path == Path::new("-"));
        let mut paths = typed;
        match &self.files_from {
            Some(list) if list == Path::new("-") && reads_stdin => {
                return Err(Problem::new("standard input cannot be a definition and the list of --files-from at once"));
            }
            Some(list) => paths.extend(listed(list, self.null)?),
            None if paths.is_empty() => paths.push(PathBuf::from(".")),
            None => {}
        }
        let changed = match &self.changed {
            Some(_) if reads_stdin => return Err(Problem::new("git cannot say whether standard input changed")),
            Some(reference) => Some(changed(reference.as_deref(), &paths)?),
            None => None,
        };
        Ok(Inputs { paths, changed })
    }
}

fn changed(reference: Option<&str>, paths: &[PathBuf]) -> Result<Changed, Problem> {
    // Who writes `--changed main` means the branch.
    if let (None, Some(path)) = (reference, paths.iter().find(|path| !path.exists() && !path.is_symlink())) {
        let help = format!("To compare with a branch or a commit of that name write `--changed={}`.", path.to_string_lossy());
        return Err(Problem::new(format!("there is no file or folder {}", shown(path))).help(help));
    }
    Changed::since(reference, paths)
}

/// The paths of a list. A line `-` is a file of that name.
fn listed(list: &Path, null: bool) -> Result<Vec<PathBuf>, Problem> {
    let name = if list == Path::new("-") { "standard input".to_owned() } else { shown(list) };
    let refuse = |reason: String| Problem::new(format!("{name}: {reason}"));
    let bytes = run::read(list, limits::FILE_BYTES).map_err(&refuse)?;
    if bytes.len() as u64 > limits::FILE_BYTES {
        return Err(refuse("is too large for a list of files".to_owned()));
    }
    let text = if null { bytes } else { utf8(bytes) };
    let mut paths = Vec::new();
    for (number, line) in text.split(|byte| *byte == if null { 0 } else { b'\n' }).enumerate() {
        let line = if null { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
        match path(line) {
            _ if line.is_empty() => {}
            Some(path) if path == Path::new("-") => paths.push(PathBuf::from("./-")),
            Some(path) => paths.push(path),
            None => return Err(refuse(format!("the path in line {} is not written in UTF-8", number + 1))),
        }
    }
    Ok(paths)
}

/// Windows PowerShell writes lists with a byte order mark, and in UTF-16.
fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, _)) => encoding.decode_with_bom_removal(&bytes).0.into_owned().into_bytes(),
        None => bytes,
    }
}

/// A path as the system has it; none where the system has paths of text and this is none.
#[cfg(unix)]
pub fn path(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

/// A path as the system has it; none where the system has paths of text and this is none.
#[cfg(not(unix))]
pub fn path(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}
