//! Whole files: what is found in them, how reports show it, what becomes of them when they are fixed, and what suppressions do.

use std::path::Path;
use std::sync::LazyLock;

use vmlint::check::{Checker, MALFORMED, Outcome};
use vmlint::date::Date;
use vmlint::engine::Assumptions;
use vmlint::finding::{Checked, Edit, FileEntry, Finding, Safety, Severity, Summary};
use vmlint::fix::{apply, rounds};
use vmlint::input::limits::Limits;
use vmlint::input::{text, xml};
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, compile};
use vmlint::report::repository::Repository;
use vmlint::report::{self, Format, Options, Terminal};
use vmlint::source::Source;
use vmlint::tree::Vocabulary;
use vmlint::verdict::TOO_MANY;

use super::is_within;

/// Judges by a built-in policy, always on the same day.
pub fn checker(policy: &str) -> Checker<'static> {
    let loaded = BuiltIn::get(policy).unwrap().load().unwrap();
    let (rules, _) = compile(&[loaded], false, &|_| Choice::Run).unwrap();
    let assumptions = Assumptions::on(policy);
    // A checker borrows both, and lives as long as the process.
    Checker::new(Box::leak(Box::new(rules)), Box::leak(Box::new(assumptions))).on(Date::at(1_800_000_000))
}

static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| checker("rhel-8"));

/// Judges within limits that a small file reaches.
static BOUNDED: LazyLock<Checker<'static>> = LazyLock::new(|| {
    let limits = Limits { file_size: 16 << 10, depth: 12, nodes: 400, attributes: 8, findings: 2 };
    checker("rhel-8").within(limits)
});

/// Any bytes as a file.
pub fn xml_to_findings(bytes: &[u8]) {
    let path = Path::new("fuzz.xml");
    let outcome = outcome(&CHECKER, path, bytes);
    bounded(&outcome, &findings(&BOUNDED, path, bytes));
}

/// Lower limits refuse a file, or leave the first of its findings as they were and say that there are more.
fn bounded(outcome: &Outcome, bounded: &Outcome) {
    if is_malformed(bounded) {
        return;
    }
    assert!(!is_malformed(outcome), "lower limits let through what higher ones refuse");
    let most = BOUNDED.limits().findings;
    let listed = |findings: &[Finding]| {
        let told = findings.iter().filter(|finding| &*finding.rule != TOO_MANY);
        told.map(|finding| (finding.place.span, finding.rule.clone(), finding.message.clone())).collect::<Vec<_>>()
    };
    for (all, first) in
        [(&outcome.checked.findings, &bounded.checked.findings), (&outcome.checked.suppressed, &bounded.checked.suppressed)]
    {
        let (all, first) = (listed(all), listed(first));
        assert_eq!(all[..all.len().min(most)], first);
    }
    let is_told = bounded.checked.findings.iter().any(|finding| &*finding.rule == TOO_MANY);
    assert_eq!(is_told, outcome.checked.findings.len() > most);
}

fn is_malformed(outcome: &Outcome) -> bool {
    outcome.checked.findings.iter().any(|finding| &*finding.rule == MALFORMED)
}

/// Judges, and checks what must hold of every outcome: findings have their places, and every report can show them.
pub fn outcome(checker: &Checker<'_>, path: &Path, bytes: &[u8]) -> Outcome {
    let outcome = findings(checker, path, bytes);
    reports(&outcome.checked);
    outcome
}

/// Judges: findings have a place in the text and in the file, and are in order.
fn findings(checker: &Checker<'_>, path: &Path, bytes: &[u8]) -> Outcome {
    let outcome = checker.check(path, bytes.to_vec(), true);
    let source = &outcome.checked.source;
    for finding in outcome.checked.findings.iter().chain(&outcome.checked.suppressed) {
        assert!(!finding.message.is_empty());
        for label in [&finding.place, &finding.focus].into_iter().chain(&finding.related) {
            is_within(source.text(), label.span, finding);
            let (start, end) = source.file_range(label.span);
            assert!(start <= end && end as usize <= bytes.len(), "{start}..{end} is no part of the file: {finding:?}");
            let position = source.position(label.span.start);
            assert!(position.line >= 1 && position.column >= 1 && position.line as usize <= source.line_count());
        }
    }
    assert!(outcome.checked.findings.is_sorted_by_key(|finding| (finding.place.span.start, finding.rule.clone())));
    outcome
}

/// Every report is text without a control character in it, and as well-formed as its format asks.
fn reports(checked: &Checked) {
    let terminal = Terminal { width: 40, fit: true, ..Terminal::default() };
    let narrow = Options { terminal, verbose: true, suppressed: true, ..Options::default() };
    let shown = |format, options| {
        let repository = Repository::default();
        let report = report::select(format, options, &repository);
        let entry = FileEntry {
            path: report::shown_path(checked.source.path()),
            format: checked.format,
            vms: checked.vms,
            findings: checked.findings.len(),
        };
        let summary = Summary { files: 1, entries: vec![entry], vms: checked.vms, ..Summary::default() };
        let piece = report.in_order(report.file(checked));
        let parts = [report.head(), piece, report.tail(&summary)];
        let shown = String::from_utf8(parts.concat()).expect("reports are UTF-8");
        let raw = shown.find(|c: char| c.is_control() && c != '\n');
        assert_eq!(raw, None, "a control character reaches the terminal: {shown:?}");
        shown
    };
    for format in [Format::Human, Format::Concise, Format::Markdown, Format::Html, Format::GitHub] {
        shown(format, Options::default());
    }
    shown(Format::Human, narrow);
    for format in [Format::Json, Format::Sarif, Format::GitLab] {
        for options in [Options::default(), narrow] {
            let shown = shown(format, options);
            assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{shown}");
        }
    }
    let lines = shown(Format::NdJson, narrow);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");
    for format in [Format::JUnit, Format::Checkstyle] {
        let shown = shown(format, narrow);
        assert!(xml::parse(&shown, &Limits::default()).is_ok(), "{shown}");
    }
}

/// Every fix, however unsafe.
const ALL: rounds::Wanted = rounds::Wanted { safety: Safety::Unsafe, min_severity: Severity::Note };

/// Any bytes as a file that is fixed.
pub fn fixes(bytes: &[u8]) {
    fixes_by(&CHECKER, bytes);
}

/// Fixes, and checks what must hold of every outcome: edits lie in the text and leave all other bytes as they were; what is fixed can
/// be read, and fixing it again changes nothing. Gives the fixed bytes if any were changed.
pub fn fixes_by(checker: &Checker<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let path = Path::new("test.xml");
    let before = checker.check(path, bytes.to_vec(), true);
    let source = &before.checked.source;
    for fix in before.checked.findings.iter().flat_map(|finding| &finding.fixes) {
        assert!(!fix.edits.is_empty() && !fix.description.is_empty());
        fix.edits.iter().for_each(|edit| is_within(source.text(), edit.span, fix));
        let in_order = fix.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start && pair[0].span != pair[1].span);
        assert!(in_order, "{fix:?}");
        if let Ok(changed) = apply::to_file(bytes, source, &fix.edits) {
            untouched(bytes, &changed, source, &fix.edits);
        }
    }
    let fixed = rounds::fix(checker, path, bytes, true, ALL);
    assert_eq!(is_malformed(&fixed.outcome), is_malformed(&before));
    if fixed.complaints.is_empty() {
        let left = fixed.outcome.checked.findings.iter().find(|finding| !finding.fixes.is_empty());
        assert!(left.is_none(), "left: {left:?}");
    }
    if let Some(after) = &fixed.bytes {
        assert_ne!(after, bytes);
        let again = rounds::fix(checker, path, after, true, ALL);
        assert_eq!(again.bytes, None, "{}", String::from_utf8_lossy(after));
    }
    fixed.bytes
}

/// Between two edits both files have the same bytes.
fn untouched(before: &[u8], after: &[u8], source: &Source, edits: &[Edit]) {
    let (mut kept, mut at) = (0, 0);
    for edit in edits {
        let (start, end) = source.file_range(edit.span);
        let same = start as usize - kept;
        assert_eq!(before[kept..start as usize], after[at..at + same]);
        kept = end as usize;
        at += same + text::encode_like(before, &edit.text).unwrap().len();
    }
    assert_eq!(before[kept..], after[at..]);
}

/// Any bytes as what a comment, and as what metadata say to vmlint: whatever is said, no finding is lost
/// and none is hidden without a reason.
pub fn suppressions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if !text.contains("--") && !text.ends_with('-') {
        told(&format!("<!--{text}-->{HEAD}<!--{text}-->{TAIL}"));
    }
    // Only what does not close the element that it is put in.
    let inside = format!("<vmlint>{text}</vmlint>");
    let is_one = !text.contains("</vmlint") && xml::read(&inside, &Limits::default(), &Vocabulary::default(), |_, _| {}).is_ok();
    if is_one && !text.contains("<!--") {
        told(&format!("{HEAD}<metadata>{text}</metadata>{TAIL}"));
    }
}

/// A domain with two findings.
const HEAD: &str = "<domain type='qemu' xmlns:v='https://vmlint.dev/xmlns/1'><name>a</name>";
const TAIL: &str = "<devices><graphics type='spice'/></devices></domain>";

fn told(domain: &str) {
    let outcome = findings(&CHECKER, Path::new("fuzz.xml"), domain.as_bytes());
    if is_malformed(&outcome) {
        return;
    }
    let Checked { findings, suppressed, .. } = &outcome.checked;
    let is_rule = |finding: &&Finding| finding.rule.starts_with("rhel-8/");
    assert_eq!(findings.iter().chain(suppressed).filter(is_rule).count(), 2, "{domain}");
    for finding in suppressed {
        assert!(is_rule(&finding), "{finding:?}");
        assert!(finding.suppressed.as_ref().is_some_and(|suppression| !suppression.reason.trim().is_empty()), "{finding:?}");
    }
}
