//! The baseline of a run: read, written anew, or rid of what is no longer needed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::new_file;
use super::problem::{Problem, shown};
use super::run::{Result as Judged, read};
use crate::baseline::{self, Baseline, LookedAt, Record, Use};
use crate::config::Config;
use crate::finding::{Format, Known};
use crate::input::{limits, text, walk};
use crate::policy::compile::Faulty;
use crate::policy::schema::Fault;
use crate::verdict::TOO_MANY;

/// Where known findings come from, or go to.
#[derive(Debug)]
pub struct Baselines {
    mode: Mode,
    /// Those that were read. Each is kept to the end of the process.
    read: Mutex<Vec<(PathBuf, &'static Baseline)>>,
}

#[derive(Debug)]
enum Mode {
    /// What the configuration of each file says.
    Configured,
    /// `--baseline FILE`
    Named(&'static Baseline),
    /// `--write-baseline FILE`
    Written(PathBuf, &'static Record),
}

impl Baselines {
    /// What `--baseline` and `--write-baseline` ask for.
    ///
    /// # Errors
    /// Where the one cannot be read, or the other would overwrite something else.
    pub fn new(named: Option<PathBuf>, written: Option<PathBuf>) -> Result<Baselines, Problem> {
        let (mode, read) = match (written, named) {
            (Some(path), _) => {
                // A definition or a configuration named by mistake would be gone.
                if path.exists() && load(&path).is_err_and(|_| !is_older_baseline(&path)) {
                    let problem = Problem::new(format!("{} is there already and is no baseline", shown(&path)));
                    return Err(problem.help("Name another file, or remove that one first.".to_owned()));
                }
                let record = Box::leak(Box::new(Record::new(&path)));
                (Mode::Written(path, record), Vec::new())
            }
            (None, Some(path)) => {
                let baseline = load(&path)?;
                (Mode::Named(baseline), vec![(path, baseline)])
            }
            (None, None) => (Mode::Configured, Vec::new()),
        };
        Ok(Baselines { mode, read: Mutex::new(read) })
    }

    /// Whether any was read so far, so that it matters which files are judged.
    pub fn are_read(&self) -> bool {
        !self.read.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What holds of the files of a configuration.
    ///
    /// # Errors
    /// Where the baseline that it names cannot be used.
    pub fn of(&self, config: Option<&Config>) -> Result<Option<Use<'static>>, Problem> {
        match self.mode {
            Mode::Written(_, record) => return Ok(Some(Use::Recorded(record))),
            Mode::Named(baseline) => return Ok(Some(Use::Known(baseline))),
            Mode::Configured => {}
        }
        let Some((config, name)) = config.and_then(|config| Some((config, config.baseline.as_ref()?))) else { return Ok(None) };
        let path = config.folder.join(&*name.text);
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, baseline)) = known.iter().find(|(read, _)| *read == path) {
            return Ok(Some(Use::Known(baseline)));
        }
        if !path.exists() {
            let fault = Fault::error(name.span.clone(), format!("there is no file `{}`", name.text));
            let help = format!("Write it with `--write-baseline {}`, or leave `baseline` out.", name.text);
            let file = Faulty { source: config.source.clone(), faults: vec![fault.help(Some(help))] };
            return Err(Problem::faulty(format!("the configuration {} cannot be used", shown(config.source.path())), vec![file]));
        }
        let baseline = load(&path)?;
        known.push((path, baseline));
        Ok(Some(Use::Known(baseline)))
    }

    /// The files, so that they are not judged.
    pub fn files(&self) -> Vec<PathBuf> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let written = if let Mode::Written(path, _) = &self.mode { Some(path.clone()) } else { None };
        read.iter().map(|(path, _)| path.clone()).chain(written).collect()
    }

    /// Says in the summary what became of the baselines, after writing a new one, or with `prune` the old ones without what is no longer
    /// needed. `named` are the paths that the user named.
    ///
    /// # Errors
    /// Where one cannot be written, or there is nothing to prune.
    pub fn finish(&self, judged: &mut Judged, named: &[PathBuf], prune: bool) -> Result<(), Problem> {
        if let Mode::Written(path, record) = &self.mode {
            let entries = record.entries();
            judged.summary.baseline = Some(Known { covered: judged.known, is_new: true, ..Known::default() });
            return write(path, entries);
        }
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.is_empty() {
            let none = || Problem::new("there is no baseline to prune").help("Name one with --baseline.".to_owned());
            return if prune { Err(none()) } else { Ok(()) };
        }
        let mut known = Known { covered: judged.known, ..Known::default() };
        // A file that cannot be read hides what it had.
        let files = judged.summary.entries.iter().filter(|file| file.format != Format::Other);
        let looked_at = LookedAt::new(files.map(|file| Path::new(&file.path)), named);
        let runs = |rule: &str| judged.used.iter().any(|used| used.profile.checker.runs(rule));
        let unjudged = judged.trouble || judged.summary.rules.contains_key(TOO_MANY);
        for (path, baseline) in read.iter() {
            let (needed, unneeded) = baseline.needed(|file, rule| looked_at.has(file) && runs(rule));
            known.unneeded += unneeded;
            // What could not be judged may be needed still.
            if prune && unneeded > 0 && !unjudged {
                write(path, needed)?;
                known.is_pruned = true;
            }
        }
        judged.summary.baseline = Some(known);
        match prune && unjudged {
            true => Err(Problem::new("the baseline was not pruned, because not everything could be judged")),
            false => Ok(()),
        }
    }
}

/// Reads a baseline; it is kept to the end of the process.
fn load(path: &Path) -> Result<&'static Baseline, Problem> {
    let cannot = |reason: String| Problem::new(format!("the baseline {} cannot be read: {reason}", shown(path)));
    let bytes = read(path, limits::FILE_BYTES)
        .map_err(|reason| cannot(reason).help("Write one with `--write-baseline FILE`.".to_owned()))?;
    if bytes.len() as u64 > limits::FILE_BYTES {
        return Err(cannot(format!("it is larger than {} MiB", limits::FILE_BYTES >> 20)));
    }
    let source = text::decode(path, bytes).map_err(|fault| cannot(fault.reason))?;
    let faulty = |file| Problem::faulty(format!("the baseline {} cannot be used", shown(path)), vec![file]);
    Ok(Box::leak(Box::new(Baseline::read(path, source.text()).map_err(faulty)?)))
}

/// Whether a file begins like a baseline, whatever its version and its faults.
fn is_older_baseline(path: &Path) -> bool {
    read(path, limits::FILE_BYTES)
        .is_ok_and(|bytes| bytes.is_empty() || memchr::memmem::find(&bytes, b"\"vmlint-baseline/").is_some_and(|at| at < 200))
}

fn write(path: &Path, entries: Vec<baseline::Entry>) -> Result<(), Problem> {
    new_file::write(path, baseline::text(entries).as_bytes())
        .map_err(|error| Problem::new(format!("cannot write the baseline {}: {}", shown(path), walk::reason(&error))))
}
