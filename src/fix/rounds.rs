//! Fixes a file round by round: edits that do not overlap are made, the result is judged, until nothing is left to fix. A fix after which
//! its finding is still there, or the file no definition any more, is not made.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use super::apply::{self, Moves};
use crate::check::{Checker, MALFORMED, Outcome};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::input::text;
use crate::policy::schema::Platform;

/// Fixes that overlap are made one after the other, and those that may be to blame are tried one by one: so often a file is judged at
/// most.
const JUDGEMENTS: usize = 100;

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
    /// Of each round, where the places of the text moved.
    pub moves: Vec<Moves>,
}

/// Judges a file and fixes what is wanted, in memory.
pub fn fix(checker: &Checker<'_>, path: &Path, bytes: &[u8], named: bool, wanted: Wanted) -> Fixed {
    let outcome = checker.check(path, bytes.to_vec(), named);
    let hasher = RandomState::new();
    let seen = HashSet::from([hasher.hash_one(bytes)]);
    let judge = Judge { checker, path, named, left: JUDGEMENTS };
    let mut state =
        State { judge, outcome, bytes: bytes.to_vec(), seen, hasher, dropped: HashSet::new(), complaints: Vec::new() };
    let mut fixed = 0;
    let mut moves = Vec::new();
    loop {
        let checked = &state.outcome.checked;
        if checked.format.platform() != Some(Platform::Libvirt) || checked.source.is_binary() {
            break;
        }
        let chosen = choose(&checked.findings, wanted, &state.dropped);
        if chosen.is_empty() {
            break;
        }
        if state.judge.left == 0 {
            let left = chosen.len();
            state.complaints.push(format!("gave up after {JUDGEMENTS} attempts with {left} fixes left; fix it again for those"));
            break;
        }
        let count = chosen.len();
        match state.judge.attempt(&state.bytes, &state.outcome, &chosen) {
            Ok(next) if state.seen.insert(state.hasher.hash_one(&next.bytes)) => {
                state.dropped = state.dropped.iter().filter_map(|key| key.moved(&next.moves)).collect();
                state.bytes = next.bytes;
                state.outcome = next.outcome;
                moves.push(next.moves);
                fixed += count;
            }
            result => {
                let failures = match result {
                    Err(failures) => failures,
                    Ok(_) => chosen.iter().map(|one| one.failure("another fix undoes it")).collect(),
                };
                for Failure { key, sentence } in failures {
                    state.complaints.push(sentence);
                    state.dropped.insert(key);
                }
            }
        }
    }
    let State { outcome, bytes, mut complaints, .. } = state;
    complaints.dedup();
    Fixed { bytes: (fixed > 0).then_some(bytes), outcome, fixed, complaints, moves }
}

/// How far the fixing of a file has come.
struct State<'s, 'r> {
    judge: Judge<'s, 'r>,
    outcome: Outcome,
    bytes: Vec<u8>,
    /// What the file has been, so that fixes which undo each other come to an end.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// Findings whose fixes are not to be tried again.
    dropped: HashSet<Key>,
    complaints: Vec<String>,
}

/// Which finding a fix belongs to, across the rounds: places move with the edits before them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    fn moved(&self, moves: &Moves) -> Option<Key> {
        Some(Key { start: moves.after(self.start)?, ..self.clone() })
    }
}

/// A finding and the fix that is to be made for it.
struct Chosen<'f> {
    key: Key,
    finding: &'f Finding,
    fix: &'f Fix,
}

impl Chosen<'_> {
    fn failure(&self, reason: &str) -> Failure {
        let Chosen { key, finding, fix } = self;
        let node = if finding.place.node.is_empty() { String::new() } else { format!(" at {}", finding.place.node) };
        let sentence = format!("the fix of {}{node} to {} was not made: {reason}", finding.rule, fix.description);
        Failure { key: key.clone(), sentence }
    }
}

/// A fix that is not made.
struct Failure {
    key: Key,
    sentence: String,
}

/// The first wanted fix of each finding, as far as none overlaps one before it.
fn choose<'f>(findings: &'f [Finding], wanted: Wanted, dropped: &HashSet<Key>) -> Vec<Chosen<'f>> {
    let mut chosen: Vec<Chosen<'f>> = Vec::new();
    // The places of all edits chosen so far, with their fixes.
    let mut taken: BTreeMap<(u32, u32), &'f Fix> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity >= wanted.min_severity) {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safety <= wanted.safety) else { continue };
        let key = Key::of(finding);
        if dropped.contains(&key) {
            continue;
        }
        // The same finding for several hosts has the same fix, which is made once.
        let first = fix.edits.first().and_then(|edit| taken.get(&(edit.span.start, edit.span.end)));
        let is_same = first.is_some_and(|other| other.edits == fix.edits);
        if !is_same && fix.edits.iter().any(|edit| overlaps(edit, &taken)) {
            continue;
        }
        taken.extend(fix.edits.iter().map(|edit| ((edit.span.start, edit.span.end), fix)));
        chosen.push(Chosen { key, finding, fix });
    }
    chosen
}

/// Whether an edit shares a character with one of those taken, which do not overlap each other, or adds something at the same place.
fn overlaps(edit: &Edit, taken: &BTreeMap<(u32, u32), &Fix>) -> bool {
    let (start, end) = (edit.span.start, edit.span.end);
    if taken.contains_key(&(start, end)) {
        return true;
    }
    let before = taken.range(..(end, 0)).rev().map(|(place, _)| *place);
    before.take_while(|place| place.1 >= start).any(|place| place.0 < end && place.1 > start)
}

/// What judges attempts.
struct Judge<'s, 'r> {
    checker: &'s Checker<'r>,
    path: &'s Path,
    named: bool,
    /// How often still.
    left: usize,
}

/// A file with some fixes made.
struct Next {
    bytes: Vec<u8>,
    outcome: Outcome,
    moves: Moves,
}

/// Why some fixes cannot be made together.
enum Reason {
    /// These cannot be made.
    These(Vec<Failure>),
    /// Nobody knows which of them it is.
    Any(String),
}

impl Judge<'_, '_> {
    /// Makes fixes, or says which of them cannot be made.
    fn attempt(&mut self, bytes: &[u8], before: &Outcome, chosen: &[Chosen<'_>]) -> Result<Next, Vec<Failure>> {
        let reason = match self.make(bytes, before, chosen) {
            Ok(next) => return Ok(next),
            Err(Reason::These(failures)) => return Err(failures),
            Err(Reason::Any(reason)) => reason,
        };
        let mut failures = Vec::new();
        if chosen.len() > 1 {
            for one in chosen {
                if self.left == 0 {
                    break;
                }
                match self.make(bytes, before, std::slice::from_ref(one)) {
                    Ok(_) => {}
                    Err(Reason::These(those)) => failures.extend(those),
                    Err(Reason::Any(reason)) => failures.push(one.failure(&reason)),
                }
            }
        }
        // Together they break what none breaks alone, or there was no time to find out.
        let all = || chosen.iter().map(|one| one.failure(&reason)).collect();
        Err(if failures.is_empty() { all() } else { failures })
    }

    fn make(&mut self, bytes: &[u8], before: &Outcome, chosen: &[Chosen<'_>]) -> Result<Next, Reason> {
        let refused = |one: &Chosen<'_>| {
            let missing = one.fix.edits.iter().find_map(|edit| text::encode_like(bytes, &edit.text).err())?;
            Some(one.failure(&apply::Refused::character(missing).0))
        };
        let refused: Vec<Failure> = chosen.iter().filter_map(refused).collect();
        if !refused.is_empty() {
            return Err(Reason::These(refused));
        }
        let mut edits: Vec<Edit> = chosen.iter().flat_map(|one| &one.fix.edits).cloned().collect();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        edits.dedup();
        let bytes = apply::to_file(bytes, &before.checked.source, &edits).map_err(|refused| Reason::Any(refused.0))?;
        self.left = self.left.saturating_sub(1);
        let outcome = self.checker.check(self.path, bytes.clone(), self.named);
        let after = &outcome.checked;
        if let Some(fault) = after.findings.iter().find(|finding| &*finding.rule == MALFORMED) {
            return Err(Reason::Any(format!("it would break the file: {}", fault.message)));
        }
        if after.format != before.checked.format || after.vms != before.checked.vms {
            return Err(Reason::Any("it would make the file something else".to_owned()));
        }
        let moves = Moves::of(&edits);
        let still_there: HashSet<Key> = after.findings.iter().map(Key::of).collect();
        let is_left = |one: &&Chosen<'_>| one.key.moved(&moves).is_some_and(|key| still_there.contains(&key));
        let failures: Vec<Failure> =
            chosen.iter().filter(is_left).map(|one| one.failure("the finding would still be there")).collect();
        if failures.is_empty() { Ok(Next { bytes, outcome, moves }) } else { Err(Reason::These(failures)) }
    }
}
