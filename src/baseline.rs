//! Findings that a team knows and lives with for now, kept in a file, so that only new ones are shown.
//!
//! An entry is not about a line but about what [`Identity`](crate::identity::Identity) says: a rule, a machine, a device. A machine
//! with an id of its own is found in whatever file it lies; one without is known by its file and its name. Of several findings that
//! are alike in one file, as many are known as the entry counts.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::finding::{self, Checked, Finding, Suppression};
use crate::policy::compile::Faulty;
use crate::policy::schema::Fault;
use crate::report;
use crate::source::{Source, boundary};
use crate::verdict::TOO_MANY;

/// The name and version of the format.
pub const SCHEMA: &str = "vmlint-baseline/1";

/// What to do about a file that is none.
const REMEDY: &str = "Correct it there, or write it anew with `--write-baseline FILE`.";

/// The reason of findings whose entry gives none.
const KNOWN: &str = "known when the baseline was written";

/// Findings that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, relative to the folder of the baseline, `/` between its parts.
    pub path: String,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
    /// The machine's own id. Where there is one, path and name are for readers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where in the machine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The rule's id.
    pub rule: String,
    /// How many there are in one file; one where nothing is said.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: NonZeroU32,
    /// Why they are lived with, if somebody wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn is_one(count: &NonZeroU32) -> bool {
    *count == NonZeroU32::MIN
}

impl Entry {
    fn of(finding: &Finding, path: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            vm: finding.vm.clone(),
            id: finding.identity.vm.clone(),
            at: finding.identity.at.clone(),
            rule: finding.rule.to_string(),
            count: one(),
            reason: None,
        }
    }

    /// What entries are told apart by.
    fn key(&self) -> Key {
        let machine = match &self.id {
            Some(id) => [id.clone(), String::new()],
            None => [format!("/{}", self.path), self.vm.clone().unwrap_or_default()],
        };
        (machine, self.at.clone(), self.rule.clone())
    }
}

/// Machine, place and rule.
type Key = ([String; 2], String, String);

/// A file as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: String,
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// The known findings of a file; shared by all threads.
#[derive(Debug)]
pub struct Baseline {
    folder: Folder,
    entries: Vec<Entry>,
    by_key: FxHashMap<Key, usize>,
    reasons: Vec<Arc<Suppression>>,
    /// Of each entry how many findings there were, in the file with most of them.
    found: Vec<AtomicU32>,
}

impl Baseline {
    /// Reads what stands in the file `path`.
    ///
    /// # Errors
    /// The place of what is wrong with it.
    pub fn read(path: &Path, text: &str) -> Result<Baseline, Faulty> {
        let faulty = |error: serde_json::Error| {
            let line = error.line().saturating_sub(1);
            let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1).map_or(text.len(), |(at, _)| at + 1) };
            let at = boundary(text, start + error.column().saturating_sub(1));
            let end = at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            let message = error.to_string();
            let message = match error.classify() {
                Category::Eof => "the file ends before the baseline does",
                _ => message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message),
            };
            self::faulty(path, text, Fault::error(at as u32..end as u32, message.to_owned()).help(Some(REMEDY.to_owned())))
        };
        let Head { schema } = serde_json::from_str(text).map_err(faulty)?;
        if schema != SCHEMA {
            let at = text.find(&schema).unwrap_or_default();
            let fault =
                Fault::error(at as u32..(at + schema.len()) as u32, format!("`{schema}` is none of the formats of baselines"));
            let help = format!("This version knows `{SCHEMA}`. Write the baseline anew with `--write-baseline FILE`.");
            return Err(self::faulty(path, text, fault.help(Some(help))));
        }
        let File { findings, .. } = serde_json::from_str(text).map_err(faulty)?;
        Ok(Baseline::new(Folder::of(path), findings))
    }

    fn new(folder: Folder, findings: Vec<Entry>) -> Baseline {
        let mut entries: Vec<Entry> = Vec::with_capacity(findings.len());
        let mut by_key: FxHashMap<Key, usize> = FxHashMap::default();
        for entry in findings {
            // Where two branches were joined the same may stand there twice.
            let number = *by_key.entry(entry.key()).or_insert(entries.len());
            match entries.get_mut(number) {
                Some(known) => known.count = known.count.max(entry.count),
                None => entries.push(entry),
            }
        }
        let suppression = |entry: &Entry| {
            let reason = entry.reason.clone().unwrap_or_else(|| KNOWN.to_owned());
            Arc::new(Suppression { place: None, reason, until: None, owner: None })
        };
        let reasons = entries.iter().map(suppression).collect();
        let found = entries.iter().map(|_| AtomicU32::new(0)).collect();
        Baseline { folder, entries, by_key, reasons, found }
    }

    /// Takes the known findings of a file out of those that count. Says how many there were.
    pub fn cover(&self, file: &mut Checked) -> usize {
        let path = self.folder.path_of(file.source.path());
        let mut seen: FxHashMap<(usize, Option<Arc<str>>), u32> = FxHashMap::default();
        move_known(file, |finding| {
            let number = *self.by_key.get(&Entry::of(finding, &path).key())?;
            // Each of several hosts has the same findings once more.
            let nth = seen.entry((number, finding.host.clone())).or_default();
            *nth += 1;
            self.found.get(number)?.fetch_max(*nth, Ordering::Relaxed);
            let is_known = *nth <= self.entries.get(number)?.count.get();
            is_known.then(|| self.reasons.get(number).cloned()).flatten()
        })
    }

    /// What is still needed, and how many entries are not. `judged` says for a path and a rule whether what they would have found is
    /// known now.
    pub fn needed(&self, judged: impl Fn(&Path, &str) -> bool) -> (Vec<Entry>, usize) {
        let mut unneeded = 0;
        let mut kept = Vec::with_capacity(self.entries.len());
        for (entry, found) in self.entries.iter().zip(&self.found) {
            let found = found.load(Ordering::Relaxed);
            if found >= entry.count.get() || !judged(&self.folder.whole(&entry.path), &entry.rule) {
                kept.push(entry.clone());
                continue;
            }
            unneeded += 1;
            kept.extend(NonZeroU32::new(found).map(|count| Entry { count, ..entry.clone() }));
        }
        (kept, unneeded)
    }
}

/// Findings on their way into a new baseline.
#[derive(Debug)]
pub struct Record {
    folder: Folder,
    entries: Mutex<BTreeMap<Key, Entry>>,
    reason: Arc<Suppression>,
}

impl Record {
    /// For a baseline that will lie at `path`.
    pub fn new(path: &Path) -> Record {
        let reason = Suppression { place: None, reason: KNOWN.to_owned(), until: None, owner: None };
        Record { folder: Folder::of(path), entries: Mutex::default(), reason: reason.into() }
    }

    /// Takes all findings of a file out of those that count. Says how many there were.
    pub fn cover(&self, file: &mut Checked) -> usize {
        let path = self.folder.path_of(file.source.path());
        let mut counts: FxHashMap<(Key, Option<Arc<str>>), u32> = FxHashMap::default();
        let mut own: Vec<Entry> = Vec::new();
        let covered = move_known(file, |finding| {
            let entry = Entry::of(finding, &path);
            let nth = counts.entry((entry.key(), finding.host.clone())).or_default();
            *nth += 1;
            own.extend(NonZeroU32::new(*nth).map(|count| Entry { count, ..entry }));
            Some(self.reason.clone())
        });
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in own {
            let known = entries.entry(entry.key()).or_insert_with(|| entry.clone());
            known.count = known.count.max(entry.count);
            // Of several files with one machine the first names it, in whatever order they are judged.
            if (&entry.path, &entry.vm) < (&known.path, &known.vm) {
                (known.path, known.vm) = (entry.path, entry.vm);
            }
        }
        covered
    }

    /// What was taken.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// What holds of the findings of a file.
#[derive(Debug, Clone, Copy)]
pub enum Use<'b> {
    /// Those of a baseline are known.
    Known(&'b Baseline),
    /// All are, by the baseline that is being written.
    Recorded(&'b Record),
}

impl Use<'_> {
    /// Takes the known findings of a file out of those that count. Says how many there were.
    pub fn cover(self, file: &mut Checked) -> usize {
        match self {
            Use::Known(baseline) => baseline.cover(file),
            Use::Recorded(record) => record.cover(file),
        }
    }
}

/// Moves the findings that are known to those that do not count.
fn move_known(file: &mut Checked, mut known: impl FnMut(&Finding) -> Option<Arc<Suppression>>) -> usize {
    let before = file.suppressed.len();
    for mut finding in std::mem::take(&mut file.findings) {
        // Nobody knows the findings that were left out.
        finding.suppressed = if *finding.rule == *TOO_MANY { None } else { known(&finding) };
        let covered = finding.suppressed.is_some();
        if covered { &mut file.suppressed } else { &mut file.findings }.push(finding);
    }
    finding::sort(&mut file.suppressed);
    file.suppressed.len() - before
}

/// The text of a baseline: an entry on each line, always in the same order.
pub fn text(mut entries: Vec<Entry>) -> String {
    entries.sort_by(|a, b| (&a.path, &a.vm, &a.id, &a.at, &a.rule).cmp(&(&b.path, &b.vm, &b.id, &b.at, &b.rule)));
    let mut out = format!("{{\n\"schema\": \"{SCHEMA}\",\n\"findings\": [");
    for (number, entry) in entries.iter().enumerate() {
        out.push_str(if number == 0 { "\n" } else { ",\n" });
        out.push_str(String::from_utf8_lossy(&report::json::line(entry)).trim_end());
    }
    out.push_str("\n]\n}\n");
    out
}

fn faulty(path: &Path, text: &str, fault: Fault) -> Faulty {
    Faulty { source: Arc::new(Source::utf8(path, text.to_owned(), 0)), faults: vec![fault] }
}

/// The folder of a baseline, which its paths start from.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn of(baseline: &Path) -> Folder {
        Folder(absolute(baseline).parent().map(Path::to_owned).unwrap_or_default())
    }

    /// A file's path as entries have it: relative to the folder, or whole where there is no way from one to the other.
    fn path_of(&self, file: &Path) -> String {
        let file = absolute(file);
        let shared = self.0.components().zip(file.components()).take_while(|(a, b)| a == b).count();
        let up = self.0.components().skip(shared).map(|_| "..".into());
        let down = file.components().skip(shared).map(|part| part.as_os_str().to_string_lossy());
        let parts: Vec<_> = match shared {
            0 => return file.to_string_lossy().into_owned(),
            _ => up.chain(down).collect(),
        };
        parts.join("/")
    }

    fn whole(&self, path: &str) -> PathBuf {
        absolute(&self.0.join(path))
    }
}

/// A path from the root on, without `.` and `..`. Links are not followed.
pub fn absolute(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    whole
}

/// What a run has looked at, which tells of an entry without findings whether it is no longer needed.
#[derive(Debug, Default)]
pub struct LookedAt {
    /// The files that were judged.
    files: FxHashSet<PathBuf>,
    /// What the user named.
    named: Vec<PathBuf>,
}

impl LookedAt {
    /// Files that were judged, and the paths that the user named.
    pub fn new<'p>(files: impl IntoIterator<Item = &'p Path>, named: &[PathBuf]) -> LookedAt {
        let files = files.into_iter().map(absolute).collect();
        LookedAt { files, named: named.iter().map(|path| absolute(path)).collect() }
    }

    /// Whether a file was judged, or would have been if it were still there.
    pub fn has(&self, file: &Path) -> bool {
        self.files.contains(file) || (self.named.iter().any(|named| file.starts_with(named)) && !file.exists())
    }
}
