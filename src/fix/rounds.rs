//! Fixes a file round by round: edits that do not overlap are made, the result is judged, until nothing is left to fix. A fix after which
//! its finding is still there, or the file no definition any more, is not made.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use super::apply;
use crate::check::{Checker, MALFORMED, Outcome};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::policy::schema::Platform;

/// Fixes that overlap are made one after the other, so often at most.
const ROUNDS: usize = 100;

/// Which fixes are to be made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The least safe ones.
    pub safety: Safety,
    /// Findings that are less severe are left alone.
    pub min_severity: Severity,
}

/// A file after its fixes.
#[derive(Debug)]
pub struct Fixed {
    /// Its bytes; none where nothing was changed.
    pub bytes: Option<Vec<u8>>,
    /// What is said of it now.
    pub outcome: Outcome,
    /// How many findings were fixed.
    pub fixed: usize,
    /// What could not be done, sentences without a full stop.
    pub complaints: Vec<String>,
}

/// Which finding a fix belongs to, across the rounds: places move with the edits before them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    rule: Arc<str>,
    host: Option<Arc<str>>,
    /// The line of the policy: another case of the rule may find the same element when the first is gone.
    line: u32,
    start: u32,
}

impl Key {
    fn of(finding: &Finding) -> Key {
        Key {
            rule: finding.rule.clone(),
            host: finding.host.clone(),
            line: finding.decision.as_ref().map_or(0, |decision| decision.line),
            start: finding.place.span.start,
        }
    }

    /// The same after edits; none if the place is gone.
    fn moved(&self, edits: &[Edit]) -> Option<Key> {
        let mut start = i64::from(self.start);
        for edit in edits.iter().filter(|edit| edit.span.start <= self.start) {
            if edit.span.end > self.start && !edit.span.is_empty() {
                return None;
            }
            start += edit.text.len() as i64 - edit.span.len() as i64;
        }
        Some(Key { start: u32::try_from(start).ok()?, ..self.clone() })
    }
}

/// Judges a file and fixes what is wanted, in memory.
pub fn fix(checker: &Checker<'_>, path: &Path, bytes: &[u8], named: bool, wanted: Wanted) -> Fixed {
    let outcome = checker.check(path, bytes.to_vec(), named);
    let mut state = Fixed { bytes: None, outcome, fixed: 0, complaints: Vec::new() };
    let hasher = RandomState::new();
    let mut seen = HashSet::from([hasher.hash_one(bytes)]);
    let mut dropped: Vec<Key> = Vec::new();
    for round in 0.. {
        let checked = &state.outcome.checked;
        if checked.format.platform() != Some(Platform::Libvirt) || checked.source.is_binary() {
            break;
        }
        let chosen = choose(&checked.findings, wanted, &dropped);
        if chosen.is_empty() {
            break;
        }
        if round == ROUNDS {
            state.complaints.push(format!("gave up after {ROUNDS} rounds of fixes; fix it again for the rest"));
            break;
        }
        let now = state.bytes.as_deref().unwrap_or(bytes);
        let mut attempt = Attempt::make(checker, path, named, now, &state.outcome, &chosen);
        if attempt.is_useless() && chosen.len() > 1 {
            // One of them is to blame: each is tried by itself, and those that can be made are made together next time.
            let alone =
                chosen.iter().map(|one| Attempt::make(checker, path, named, now, &state.outcome, std::slice::from_ref(one)));
            let bad: Vec<Failure> = alone.filter_map(|one| one.result.err()).flatten().collect();
            attempt.result = match bad.is_empty() {
                // Together they break what none breaks alone.
                true => Attempt::make(checker, path, named, now, &state.outcome, &chosen[..1]).result,
                false => Err(bad),
            };
        }
        match attempt.result {
            Ok(next) if seen.insert(hasher.hash_one(&next.bytes)) => {
                dropped = dropped.iter().filter_map(|key| key.moved(&next.edits)).collect();
                state.fixed += next.count;
                state.bytes = Some(next.bytes);
                state.outcome = next.outcome;
            }
            Ok(_) => {
                for one in &chosen {
                    state.complaints.push(complaint(one, "another fix undoes it"));
                    dropped.push(one.key.clone());
                }
            }
            Err(failures) => {
                for Failure { key, sentence } in failures {
                    state.complaints.push(sentence);
                    dropped.push(key);
                }
            }
        }
    }
    state.complaints.dedup();
    state
}

/// A finding and the fix that is to be made for it.
struct Chosen<'f> {
    key: Key,
    finding: &'f Finding,
    fix: &'f Fix,
}

/// The first wanted fix of each finding, as far as none overlaps one before it.
fn choose<'f>(findings: &'f [Finding], wanted: Wanted, dropped: &[Key]) -> Vec<Chosen<'f>> {
    let mut chosen: Vec<Chosen<'f>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity >= wanted.min_severity) {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safety <= wanted.safety && !fix.edits.is_empty()) else { continue };
        let key = Key::of(finding);
        // The same finding for several hosts has the same fix, which is made once.
        let fits = |other: &Chosen<'_>| other.fix.edits == fix.edits || !overlap(&other.fix.edits, &fix.edits);
        if !dropped.contains(&key) && chosen.iter().all(fits) {
            chosen.push(Chosen { key, finding, fix });
        }
    }
    chosen
}

fn overlap(some: &[Edit], others: &[Edit]) -> bool {
    let clash = |a: &Edit, b: &Edit| match (a.span.is_empty(), b.span.is_empty()) {
        (true, true) => a.span.start == b.span.start,
        _ => a.span.start < b.span.end && b.span.start < a.span.end,
    };
    some.iter().any(|a| others.iter().any(|b| clash(a, b)))
}

/// What came of making some fixes.
struct Attempt {
    result: Result<Next, Vec<Failure>>,
    /// Nobody knows which of the fixes is to blame.
    is_open: bool,
}

struct Next {
    bytes: Vec<u8>,
    outcome: Outcome,
    edits: Vec<Edit>,
    count: usize,
}

struct Failure {
    key: Key,
    sentence: String,
}

impl Attempt {
    fn make(checker: &Checker<'_>, path: &Path, named: bool, bytes: &[u8], before: &Outcome, chosen: &[Chosen<'_>]) -> Attempt {
        let mut edits: Vec<Edit> = Vec::new();
        for one in chosen {
            edits.extend(one.fix.edits.iter().filter(|edit| !edits.contains(edit)).cloned().collect::<Vec<_>>());
        }
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let fail = |reason: &str| {
            let failures = chosen.iter().map(|one| Failure { key: one.key.clone(), sentence: complaint(one, reason) });
            Attempt { result: Err(failures.collect()), is_open: true }
        };
        let bytes = match apply::to_file(bytes, &before.checked.source, &edits) {
            Ok(bytes) => bytes,
            Err(refused) => return fail(&refused.0),
        };
        let outcome = checker.check(path, bytes.clone(), named);
        let after = &outcome.checked;
        if let Some(fault) = after.findings.iter().find(|finding| &*finding.rule == MALFORMED) {
            return fail(&format!("it would break the file: {}", fault.message));
        }
        if after.format != before.checked.format || after.vms != before.checked.vms {
            return fail("it would make the file something else");
        }
        let left: Vec<Key> = after.findings.iter().map(Key::of).collect();
        let is_left = |one: &&Chosen<'_>| one.key.moved(&edits).is_some_and(|key| left.contains(&key));
        let failures: Vec<Failure> = chosen
            .iter()
            .filter(is_left)
            .map(|one| Failure { key: one.key.clone(), sentence: complaint(one, "the finding would still be there") })
            .collect();
        let result = if failures.is_empty() { Ok(Next { bytes, outcome, edits, count: chosen.len() }) } else { Err(failures) };
        Attempt { result, is_open: false }
    }

    fn is_useless(&self) -> bool {
        self.result.is_err() && self.is_open
    }
}

fn complaint(Chosen { finding, fix, .. }: &Chosen<'_>, reason: &str) -> String {
    let node = if finding.place.node.is_empty() { String::new() } else { format!(" at {}", finding.place.node) };
    format!("the fix of {}{node} to {} was not made: {reason}", finding.rule, fix.description)
}
