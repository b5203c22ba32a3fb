//! What the engine says of one file, gathered finding by finding: no more are kept than are told, however many there are.

use std::cell::Cell;
use std::sync::Arc;

use crate::finding::{self, Decision, Finding, Label, Severity};
use crate::source::Span;

/// Rule id of files with more findings than are told.
pub const TOO_MANY: &str = "vmlint/too-many-findings";

/// What the engine says of one file.
#[derive(Debug)]
pub struct Verdict {
    /// What was found.
    pub findings: Shortlist,
    /// What does not count.
    pub suppressed: Shortlist,
    /// Whether a rule kept all others from judging a definition.
    pub silenced: bool,
    /// Rules that took too many steps on this document; what they would have found is not known.
    pub exhausted: Vec<GivenUp>,
    /// Machines whose guest is not known though rules ask for it.
    pub guests_unknown: usize,
}

/// A rule that was given up on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Its id.
    pub rule: Arc<str>,
    /// Where the policy says what it looks for.
    pub decision: Arc<Decision>,
}

/// Findings in the order of their places, then of their rules: the first of them, and how many more there are.
#[derive(Debug)]
pub struct Shortlist {
    findings: Vec<Finding>,
    most: usize,
    /// Where the last one is that is kept, once so many were found that others are left out.
    last: Option<u32>,
    left_out: [usize; 3],
}

impl Shortlist {
    /// An empty list of no more than `most`.
    pub fn new(most: usize) -> Shortlist {
        Shortlist { findings: Vec::new(), most, last: None, left_out: [0; 3] }
    }

    /// Whether findings at a place are left out: there are enough before it.
    pub fn is_beyond(&self, start: u32) -> bool {
        self.last.is_some_and(|last| start > last)
    }

    /// Counts one more that is left out.
    pub fn leave_out(&mut self, severity: Severity) {
        if let Some(count) = self.left_out.get_mut(severity as usize) {
            *count += 1;
        }
    }

    /// Takes one more.
    pub fn push(&mut self, finding: Finding) {
        if self.is_beyond(finding.place.span.start) {
            return self.leave_out(finding.severity);
        }
        self.findings.push(finding);
        // Twice the room, so that it is not put in order for each one.
        if self.findings.len() / 2 >= self.most {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        finding::sort(&mut self.findings);
        if self.findings.len() > self.most {
            for finding in self.findings.split_off(self.most) {
                self.leave_out(finding.severity);
            }
            self.last = self.findings.last().map(|last| last.place.span.start);
        }
    }

    /// Those that are kept so far, in no order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.findings.iter()
    }

    /// The first ones in their order, and how many there are behind them: notes, warnings and errors.
    pub fn finish(mut self) -> (Vec<Finding>, [usize; 3]) {
        self.shorten();
        (self.findings, self.left_out)
    }
}

/// Marks a finding that is suppressed.
pub type Hold<'h> = &'h mut dyn FnMut(&mut Finding);

/// A verdict in the making.
pub struct Gathering<'g> {
    /// What is said so far.
    pub verdict: Verdict,
    /// How many steps the expressions of fixes may still take.
    pub steps_for_fixes: Cell<u64>,
    /// How many findings there were, those that are not kept too.
    pub count: usize,
    hold: Option<Hold<'g>>,
}

impl<'g> Gathering<'g> {
    /// Keeps no more than `most` findings; `hold` marks those that are suppressed, where there are suppressions.
    pub fn new(most: usize, steps_for_fixes: u64, hold: Option<Hold<'g>>) -> Gathering<'g> {
        let verdict = Verdict {
            findings: Shortlist::new(most),
            suppressed: Shortlist::new(most),
            silenced: false,
            exhausted: Vec::new(),
            guests_unknown: 0,
        };
        Gathering { verdict, steps_for_fixes: Cell::new(steps_for_fixes), count: 0, hold }
    }

    /// Whether a finding at this place would only be counted, so that nobody needs its words.
    pub fn is_beyond(&self, start: u32) -> bool {
        self.hold.is_none() && self.verdict.findings.is_beyond(start)
    }

    /// Takes a finding.
    pub fn take(&mut self, mut finding: Finding) {
        if let Some(hold) = &mut self.hold {
            hold(&mut finding);
        }
        let Verdict { findings, suppressed, .. } = &mut self.verdict;
        if finding.suppressed.is_some() { suppressed } else { findings }.push(finding);
    }

    /// Notes that a rule was given up.
    pub fn give_up(&mut self, rule: &Arc<str>, decision: Arc<Decision>) {
        self.verdict.exhausted.push(GivenUp { rule: rule.clone(), decision });
    }
}

/// What stands for the findings behind those that are told: notes, warnings and errors. It is as bad as the worst of them.
pub fn left_out(told: &[Finding], left_out: [usize; 3]) -> Option<Finding> {
    const NAMES: [(Severity, &str); 3] = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = NAMES.map(|(severity, name)| (severity, name, left_out.get(severity as usize).copied().unwrap_or_default()));
    let (worst, ..) = counts.into_iter().find(|(.., count)| *count > 0)?;
    let parts = counts.iter().filter(|(.., count)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(_, name, count)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" })).collect();
    let message = format!("only the first {} findings are told; {} more are left out", told.len(), parts.join(", "));
    let help = "Mend what is told first, or choose rules with `--select`. `limits.findings` in vmlint.yaml allows more.";
    let place = told.last().map_or(Span::at(0), |last| last.place.span);
    let place = Label { span: place, node: String::new(), text: String::new() };
    Some(Finding::own(TOO_MANY, worst, place, message, Some(help.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::own_finding;

    fn finding(start: usize, severity: Severity) -> Finding {
        own_finding("vmlint/test", severity, Span::at(start), start.to_string(), None)
    }

    #[test]
    fn the_first_findings_are_kept_in_whatever_order_they_come() {
        for step in [1, 7, 499] {
            let mut list = Shortlist::new(10);
            for n in 0..500 {
                list.push(finding(n * step % 500, if n == 499 { Severity::Error } else { Severity::Note }));
                assert!(list.iter().len() <= 20);
            }
            let (findings, left_out) = list.finish();
            let starts: Vec<u32> = findings.iter().map(|finding| finding.place.span.start).collect();
            assert_eq!(starts, (0..10).collect::<Vec<u32>>());
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
            assert_eq!(left_out, [490 - (1 - errors), 0, 1 - errors]);
        }
    }

    #[test]
    fn a_list_that_is_just_full_leaves_nothing_out() {
        let mut list = Shortlist::new(3);
        (0..3).rev().for_each(|n| list.push(finding(n, Severity::Warning)));
        let (findings, left_out) = list.finish();
        assert_eq!((findings.len(), left_out), (3, [0; 3]));
    }
}
