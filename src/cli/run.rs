//! Many files, judged in parallel and reported in order. Memory is bounded by the files in flight, not by how many there are.

use std::fs::FileType;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::baseline::Baselines;
use super::changed::Changed;
use super::fixing::{Done, Fixing};
use super::outlets::Outlet;
use super::profiles::{Profile, Profiles};
use crate::check::Outcome;
use crate::finding::{FileEntry, Finding, Fixable, Severity, Summary};
use crate::input::limits;
use crate::input::walk::{self, Found, Unreadable};
use crate::policy::schema::Platform;
use crate::report::{Report, escape, shown_path};
use crate::verdict::GivenUp;

/// Files judged before what they gave is written.
const BATCH: usize = 256;
/// Files of a batch that a thread takes at once: the others wait for the last share of each batch.
const SHARE: usize = 4;
/// A run shorter than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a run is asked to do with each file.
pub struct Job<'j> {
    /// What holds for which file.
    pub profiles: &'j Profiles,
    /// Show.
    pub reports: &'j [Box<dyn Report + 'j>],
    /// Files that reports are written to, which are not judged though they may lie in a folder that is.
    pub written: &'j [PathBuf],
    /// Of all files only these.
    pub changed: Option<&'j Changed>,
    /// Whether the configuration can leave out files that are named.
    pub force_exclude: bool,
    /// Findings below are counted and not shown.
    pub min_severity: Severity,
    /// Whether a report lists the files.
    pub lists_files: bool,
    /// Whether files skipped in folders are named on standard error.
    pub verbose: bool,
    /// What findings call standard input.
    pub stdin_filename: PathBuf,
    /// What is done about findings that can be fixed.
    pub fixing: Option<Fixing>,
}

/// How a run went.
#[derive(Default)]
pub struct Result {
    /// In numbers.
    pub summary: Summary,
    /// Whether a finding, shown or not, is bad enough to fail.
    pub failed: bool,
    /// The profiles that judged files, by platform.
    pub used: Vec<Used>,
    /// Whether a path could not be read or a rule not be finished; each was told on standard error.
    pub trouble: bool,
    /// Findings that a baseline covers.
    pub known: usize,
    /// How many files were fixed, or would be.
    pub changed: usize,
}

/// A profile that judged files of a platform.
pub struct Used {
    /// The profile.
    pub profile: &'static Profile,
    /// The platform.
    pub platform: Platform,
    /// How many.
    pub files: usize,
}

impl Result {
    fn trouble(&mut self, sentence: String) {
        complain(&sentence);
        self.trouble = true;
        self.summary.troubles.push(sentence);
    }
}

/// What one path gave.
enum Piece {
    /// A file that the configuration leaves out, or whose configuration cannot be used.
    Nothing,
    Judged(Box<Judged>),
    /// A sentence for standard error.
    Trouble(String),
}

struct Judged {
    profile: &'static Profile,
    /// What each report shows of it.
    shown: Vec<Vec<u8>>,
    entry: Option<FileEntry>,
    counts: [usize; 3],
    suppressed: usize,
    suppressed_rules: Vec<Arc<str>>,
    /// Of those suppressed, the ones that a baseline covers.
    known: usize,
    /// The findings shown, by rule and severity.
    rules: Vec<(Arc<str>, [usize; 3])>,
    skipped: Option<String>,
    exhausted: Vec<String>,
    guests_unknown: usize,
    remarks: Vec<String>,
    fixable: Fixable,
    fixed: usize,
    trouble: Option<String>,
}

impl Job<'_> {
    /// Judges all files below `paths` and writes the reports but for their tails, each to its outlet. Ends early where no outlet
    /// is open any more.
    pub fn run(&self, paths: &[PathBuf], outlets: &mut [Outlet<'_>]) -> Result {
        let mut result = Result::default();
        let mut writer =
            PieceWriter { outlets, lists_files: self.lists_files, baselines: self.profiles.baselines(), verbose: self.verbose };
        writer.outlets.iter_mut().for_each(Outlet::begin);
        let progress = Progress::start();
        let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|path| path == Path::new("-"));
        if !stdin.is_empty() {
            let piece = self.stdin();
            writer.piece(piece, &mut result);
        }
        let wanted = |path: &Path| self.is_changed(path) && !self.is_written(path) && self.profiles.wants(path);
        let mut walk = walk::files(&paths, wanted).filter(|found| !self.is_left_out(found));
        let mut batch: Vec<_> = walk.by_ref().take(BATCH).collect();
        if batch.len() > 1 {
            keep_memory();
        }
        let mut ready: Vec<Piece> = Vec::new();
        while (!batch.is_empty() || !ready.is_empty()) && writer.is_open() {
            let judge = |found: std::result::Result<Found, Unreadable>| {
                let piece = self.path(found);
                progress.step();
                piece
            };
            let mut next = Vec::new();
            let mut write = |ready: Vec<Piece>, walk: &mut (dyn Iterator<Item = _> + Send)| {
                next = walk.take(BATCH).collect();
                ready.into_iter().for_each(|piece| writer.piece(piece, &mut result));
            };
            if batch.len() <= 1 {
                // One file is not worth starting threads for.
                write(std::mem::take(&mut ready), &mut walk);
                ready = batch.into_iter().map(judge).collect();
            } else {
                let done = std::mem::take(&mut ready);
                let judged = || batch.into_par_iter().with_max_len(SHARE).map(judge).collect::<Vec<_>>();
                (ready, ()) = rayon::join(judged, || write(done, &mut walk));
            }
            batch = next;
        }
        progress.finish();
        result
    }

    /// Whether a file in a folder is one that a report is just written to.
    fn is_written(&self, path: &Path) -> bool {
        let mut alike = self.written.iter().filter(|written| written.file_name() == path.file_name()).peekable();
        alike.peek().is_some() && path.canonicalize().is_ok_and(|path| alike.any(|written| *written == path))
    }

    fn is_changed(&self, path: &Path) -> bool {
        self.changed.is_none_or(|changed| changed.holds(path))
    }

    /// Whether a file that was named is none of those that are asked for.
    fn is_left_out(&self, found: &std::result::Result<Found, Unreadable>) -> bool {
        let Ok(Found { path, named: true }) = found else { return false };
        !self.is_changed(path) || (self.force_exclude && self.profiles.excludes(path))
    }

    fn stdin(&self) -> Piece {
        let Some(profile) = self.profiles.of(&self.stdin_filename) else { return Piece::Nothing };
        let most = profile.setup.limits.file_size;
        match read(Path::new("-"), most) {
            // What is passed on is passed on whole.
            Ok(bytes) if self.fixing.is_some() && bytes.len() as u64 > most => {
                Piece::Trouble(format!("standard input: is larger than {}", limits::size(most)))
            }
            Ok(bytes) => self.judge(profile, &self.stdin_filename, bytes, true),
            Err(reason) => Piece::Trouble(format!("standard input: {reason}")),
        }
    }

    fn path(&self, found: std::result::Result<Found, Unreadable>) -> Piece {
        match found {
            Ok(Found { path, named }) => {
                let Some(profile) = self.profiles.of(&path) else { return Piece::Nothing };
                let most = profile.setup.limits.file_size;
                // The walk gives regular files only.
                match if named { read(&path, most) } else { read_regular(&path, most) } {
                    Ok(bytes) => self.judge(profile, &path, bytes, named),
                    Err(reason) => Piece::Trouble(format!("{}: {reason}", path.to_string_lossy())),
                }
            }
            Err(Unreadable { path, reason }) => Piece::Trouble(format!("{}: {reason}", path.to_string_lossy())),
        }
    }

    fn judge(&self, profile: &'static Profile, path: &Path, bytes: Vec<u8>, named: bool) -> Piece {
        let done = match &self.fixing {
            Some(fixing) => fixing.file(&profile.checker, path, bytes, named),
            None => Done { outcome: profile.checker.check(path, bytes, named), text: Vec::new(), fixed: 0, trouble: None },
        };
        let Done { outcome, text, fixed, trouble } = done;
        let Outcome { mut checked, skipped, exhausted, known, unlisted, guests_unknown, remarks } = outcome;
        let suppressed = checked.suppressed.len() + unlisted;
        let count = |severity: Severity, findings: &[Finding]| findings.iter().filter(|f| f.severity == severity).count();
        let counts = [Severity::Note, Severity::Warning, Severity::Error].map(|severity| count(severity, &checked.findings));
        checked.findings.retain(|finding| finding.severity >= self.min_severity);
        checked.suppressed.retain(|finding| finding.severity >= self.min_severity);
        let mut rules: Vec<(Arc<str>, [usize; 3])> = Vec::new();
        for finding in &checked.findings {
            let at = rules.iter().position(|(rule, _)| *rule == finding.rule).unwrap_or(rules.len());
            if at == rules.len() {
                rules.push((finding.rule.clone(), [0; 3]));
            }
            if let Some(count) = rules.get_mut(at).and_then(|(_, counts)| counts.get_mut(finding.severity as usize)) {
                *count += 1;
            }
        }
        let mut suppressed_rules: Vec<Arc<str>> = checked.suppressed.iter().map(|finding| finding.rule.clone()).collect();
        suppressed_rules.sort();
        suppressed_rules.dedup();
        let path = shown_path(checked.source.path());
        let exhausted = exhausted.iter().map(|given_up| {
            let GivenUp { rule, decision } = given_up;
            format!(
                "{path}: the rule {rule} ({}:{}) takes too many steps on this file and was given up; what it would find is not known. {}",
                decision.path, decision.line, remedy(decision.own)
            )
        });
        let exhausted = exhausted.collect();
        let remarks = remarks.iter().map(|remark| format!("{path}: {remark}")).collect();
        let entry = (!skipped).then(|| FileEntry {
            path: path.clone(),
            format: checked.format,
            vms: checked.vms,
            findings: checked.findings.len(),
        });
        let mut shown: Vec<Vec<u8>> = self.reports.iter().map(|report| report.file(&checked)).collect();
        if let Some(place) = self.fixing.and_then(|fixing| shown.get_mut(fixing.outlet?)) {
            *place = text;
        }
        Piece::Judged(Box::new(Judged {
            profile,
            shown,
            entry,
            counts,
            suppressed,
            suppressed_rules,
            known,
            rules,
            skipped: skipped.then_some(path),
            exhausted,
            guests_unknown,
            remarks,
            fixable: Fixable::of(&checked.findings),
            fixed,
            trouble,
        }))
    }
}

/// What to do about a rule that takes too many steps.
fn remedy(own: bool) -> &'static str {
    match own {
        true => "Let it look at less: a `//` in the predicate of another step passes the whole file for each node.",
        false => "Judge fewer machines in one file, or leave the rule out with `--ignore`.",
    }
}

/// Reads a file, or standard input for `-`, no further than to tell that it has more than `most` bytes. What could block for ever or never end
/// is refused: a pipe nobody named as `/dev/fd/…`, a socket, a device.
pub fn read(path: &Path, most: u64) -> std::result::Result<Vec<u8>, String> {
    let refuse = |error: io::Error| walk::reason(&error);
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(refuse)?;
        return Ok(bytes);
    }
    let kind = std::fs::metadata(path).map_err(refuse)?;
    let is_handed_over = || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") || path == Path::new("/dev/stdin");
    if !kind.is_file() && !is_handed_over() {
        return Err(irregular(kind.file_type()));
    }
    read_regular(path, most)
}

/// Why something that is no regular file is not read.
fn irregular(kind: FileType) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "is a pipe, which is not waited for; hand it over as standard input, `vmlint - < PIPE`".to_owned();
        }
        if kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
            let what = if kind.is_socket() { "socket" } else { "device" };
            return format!("is a {what}, which holds no definition; name a regular file");
        }
    }
    if kind.is_dir() { "is a folder" } else { "is not a regular file" }.to_owned()
}

/// Reads a file of which it is known that it can be opened without waiting.
fn read_regular(path: &Path, most: u64) -> std::result::Result<Vec<u8>, String> {
    let refuse = |error: io::Error| walk::reason(&error);
    let file = std::fs::File::open(path).map_err(refuse)?;
    let size = file.metadata().map_err(refuse)?.len();
    // One byte more than the limit tells that the file is over it, without reading all of it.
    let mut bytes = Vec::with_capacity(size.min(most) as usize + 1);
    file.take(most + 1).read_to_end(&mut bytes).map_err(refuse)?;
    Ok(bytes)
}

/// Writes pieces in order.
struct PieceWriter<'w, 'o> {
    outlets: &'w mut [Outlet<'o>],
    lists_files: bool,
    baselines: Option<&'w Baselines>,
    verbose: bool,
}

impl PieceWriter<'_, '_> {
    fn is_open(&self) -> bool {
        self.outlets.iter().any(Outlet::is_open)
    }

    fn piece(&mut self, piece: Piece, result: &mut Result) {
        let judged = match piece {
            Piece::Nothing => return,
            Piece::Trouble(sentence) => return result.trouble(sentence),
            Piece::Judged(judged) => judged,
        };
        for sentence in judged.exhausted {
            result.trouble(sentence);
        }
        for sentence in &judged.remarks {
            complain(sentence);
        }
        if let Some(sentence) = judged.trouble {
            result.trouble(sentence);
        }
        if self.verbose
            && let Some(path) = &judged.skipped
        {
            complain(&format!("{path}: no VM definition, skipped"));
        }
        let [notes, warnings, errors] = judged.counts;
        let summary = &mut result.summary;
        summary.guests_unknown += judged.guests_unknown;
        summary.fixable.add(judged.fixable);
        summary.fixed += judged.fixed;
        result.changed += usize::from(judged.fixed > 0);
        summary.notes += notes;
        summary.warnings += warnings;
        summary.errors += errors;
        summary.suppressed += judged.suppressed;
        summary.suppressed_rules.extend(judged.suppressed_rules);
        result.known += judged.known;
        summary.skipped += usize::from(judged.skipped.is_some());
        for (severity, count) in [(Severity::Note, notes), (Severity::Warning, warnings), (Severity::Error, errors)] {
            result.failed |= count > 0 && judged.profile.fail_on.reached_by(severity);
        }
        if let Some(entry) = judged.entry {
            if let Some(platform) = entry.format.platform() {
                let same = |used: &&mut Used| std::ptr::eq(used.profile, judged.profile) && used.platform == platform;
                match result.used.iter_mut().find(same) {
                    Some(used) => used.files += 1,
                    None => result.used.push(Used { profile: judged.profile, platform, files: 1 }),
                }
            }
            summary.vms += entry.vms;
            summary.files += 1;
            summary.shown += entry.findings;
            if self.lists_files || self.baselines.is_some_and(Baselines::are_read) {
                summary.entries.push(entry);
            }
        }
        for (rule, counts) in judged.rules {
            let sum = summary.rules.entry(rule).or_default();
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (outlet, piece) in self.outlets.iter_mut().zip(judged.shown) {
            outlet.piece(piece);
        }
    }
}

/// A sentence on standard error; nobody is left to tell if that fails.
pub fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "vmlint: {}", escape(sentence));
}

/// glibc hands what a file took back to the system as soon as it is judged, to ask for it again for the next one, which took a fifth
/// of a run. It measures what is worth handing back by the largest piece that was ever freed; other allocators do not care.
fn keep_memory() {
    const WORTH_HANDING_BACK: usize = 4 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(WORTH_HANDING_BACK)));
}

/// A line on standard error that counts files, once a run takes long enough to wonder.
struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    files: AtomicU64,
}

impl Progress {
    fn start() -> Progress {
        let wanted = console_is_watched() && std::env::var_os("CI").is_none();
        let bar = wanted.then(|| {
            let style = ProgressStyle::with_template("{spinner} {pos} files, {per_sec}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style)
        });
        Progress { bar, started: Instant::now(), files: AtomicU64::new(0) }
    }

    fn step(&self) {
        let Some(bar) = &self.bar else { return };
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        if files.is_multiple_of(64) && self.started.elapsed() > PATIENCE {
            if bar.is_hidden() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.set_position(files);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn console_is_watched() -> bool {
    use std::io::IsTerminal;
    io::stderr().is_terminal()
}
