//! `--fix` and `--diff`: what a run changes, or would change.

use std::path::{Path, PathBuf};

use super::outlets::Target;
use super::problem::Problem;
use super::replace::replace;
use super::run::complain;
use crate::check::{Checker, MALFORMED, Outcome};
use crate::finding::{Checked, Fixable, Safety, Severity, Summary};
use crate::fix::rounds::{self, Fixed, Wanted};
use crate::report::{Format, Paint, Report, diff, shown_path};

/// What a run does about findings that can be fixed.
#[derive(Debug, Clone, Copy)]
pub struct Fixing {
    /// How safe a fix has to be.
    pub safety: Safety,
    /// Findings below are left alone.
    pub min_severity: Severity,
    /// What becomes of the fixed text.
    pub goal: Goal,
    /// The outlet that is given texts instead of a report.
    pub outlet: Option<usize>,
    /// Colours for it.
    pub paint: Paint,
}

/// What becomes of a fixed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// It replaces the file.
    File,
    /// It is written to standard output.
    Standard,
    /// It is compared with the file, and the difference written to standard output.
    Diff,
}

impl Goal {
    /// What the options ask for; none where nothing is to be fixed.
    ///
    /// # Errors
    /// Where they make no sense together.
    pub fn new(fix: bool, diff: bool, unsafe_fixes: bool, paths: &[PathBuf]) -> Result<Option<Goal>, Problem> {
        let is_stdin = |path: &PathBuf| path == Path::new("-");
        match (fix, diff) {
            (false, false) if unsafe_fixes => {
                let problem = Problem::new("`--unsafe-fixes` says which fixes to make, not to make them");
                Err(problem.help("Add `--fix`, or `--diff` to see what would change.".to_owned()))
            }
            (false, false) => Ok(None),
            (_, true) => Ok(Some(Goal::Diff)),
            (true, false) if !paths.is_empty() && paths.iter().all(is_stdin) => Ok(Some(Goal::Standard)),
            (true, false) if paths.iter().any(is_stdin) => {
                let problem = Problem::new("standard input cannot be fixed together with files");
                Err(problem.help("Its fixed text goes to standard output; fix the files in a run of their own.".to_owned()))
            }
            (true, false) => Ok(Some(Goal::File)),
        }
    }

    /// Makes room for texts on standard output and says at which place; a report that was to go there goes to standard error, or, where
    /// texts stand for it, nowhere.
    pub fn outlet(self, outputs: &mut Vec<(Format, Target)>) -> Option<usize> {
        match self {
            Goal::File => return None,
            Goal::Diff => {
                if let Some(shown) = outputs.iter().position(|(_, target)| *target == Target::Standard) {
                    return Some(shown);
                }
            }
            Goal::Standard => {
                let shown = outputs.iter_mut().filter(|(_, target)| *target == Target::Standard);
                shown.for_each(|(_, target)| *target = Target::Errors);
            }
        }
        outputs.push((Format::Human, Target::Standard));
        Some(outputs.len() - 1)
    }
}

/// What came of fixing a file.
pub struct Done {
    /// What is said of it: of the fixed text where that is what there is now.
    pub outcome: Outcome,
    /// What goes to standard output.
    pub text: Vec<u8>,
    /// How many findings were fixed, or would be.
    pub fixed: usize,
    /// Why it could not be done, a sentence.
    pub trouble: Option<String>,
}

impl Fixing {
    /// Judges a file and does what is to be done about it.
    pub fn file(&self, checker: &Checker<'_>, path: &Path, bytes: Vec<u8>, named: bool) -> Done {
        let wanted = Wanted { safety: self.safety, min_severity: self.min_severity };
        let Fixed { bytes: after, mut outcome, fixed, complaints, moves } = rounds::fix(checker, path, &bytes, named, wanted);
        outcome.remarks.extend(complaints);
        let before = || Outcome { remarks: Vec::new(), ..checker.check(path, bytes.clone(), named) };
        let done = |outcome, text, fixed| Done { outcome, text, fixed, trouble: None };
        match (self.goal, after) {
            (Goal::Standard, after) => done(outcome, after.unwrap_or(bytes), fixed),
            (_, None) => {
                if self.goal == Goal::Diff
                    && let Some(fault) = outcome.checked.findings.iter().find(|finding| &*finding.rule == MALFORMED)
                {
                    outcome.remarks.push(format!("nothing can be fixed: {}", fault.message));
                }
                done(outcome, Vec::new(), 0)
            }
            (Goal::Diff, Some(_)) => {
                let old = before();
                let [from, to] = [&old, &outcome].map(|outcome| outcome.checked.source.text());
                let place = |at| moves.iter().try_fold(at, |at, moves| moves.after(at));
                let diff = diff::unified(&shown_path(path), from, to, place, self.paint);
                let remarks = std::mem::take(&mut outcome.remarks);
                done(Outcome { remarks, ..old }, diff.into_bytes(), fixed)
            }
            (Goal::File, Some(after)) => match replace(path, &bytes, &after) {
                Ok(()) => done(outcome, Vec::new(), fixed),
                Err(reason) => {
                    let trouble = Some(format!("{} {reason}", path.to_string_lossy()));
                    Done { outcome: before(), text: Vec::new(), fixed: 0, trouble }
                }
            },
        }
    }
}

/// The report of an outlet that is given texts.
#[derive(Debug)]
pub struct Nothing;

impl Report for Nothing {
    fn file(&self, _: &Checked) -> Vec<u8> {
        Vec::new()
    }

    fn tail(&self, _: &Summary) -> Vec<u8> {
        Vec::new()
    }
}

/// Says on standard error what `--diff` shows.
pub fn tell_difference(fixed: usize, changed: usize, left: Fixable, safety: Safety) {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let mut sentence = match fixed {
        0 => "nothing would be fixed".to_owned(),
        _ => format!("{} would be fixed in {}", plural(fixed, "finding"), plural(changed, "file")),
    };
    if safety == Safety::Safe && left.unsafely > 0 {
        let more = if fixed == 0 { "" } else { " more" };
        sentence.push_str(&format!("; {}{more} with --unsafe-fixes", left.unsafely));
    }
    complain(&sentence);
}
