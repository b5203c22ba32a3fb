//! Any bytes as a file, and all fixes of it: edits lie in the text, what is fixed can be read, and fixing it again changes nothing.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vmlint::check::{Checker, MALFORMED, Outcome};
use vmlint::engine::Assumptions;
use vmlint::finding::{Safety, Severity};
use vmlint::fix::rounds::{Wanted, fix};
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, RuleSet, compile};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let policy = BuiltIn::get("rhel-8").unwrap().load().unwrap();
    compile(&[policy], false, &|_| Choice::Run).unwrap().0
});
static ASSUMPTIONS: LazyLock<Assumptions> = LazyLock::new(|| Assumptions::on("rhel-8"));
static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| Checker::new(&RULES, &ASSUMPTIONS));

const ALL: Wanted = Wanted { safety: Safety::Unsafe, min_severity: Severity::Note };

fn is_malformed(outcome: &Outcome) -> bool {
    outcome.checked.findings.iter().any(|finding| &*finding.rule == MALFORMED)
}

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("fuzz.xml");
    let before = CHECKER.check(path, bytes.to_vec(), true);
    for fix in before.checked.findings.iter().flat_map(|finding| &finding.fixes) {
        assert!(fix.edits.iter().all(|edit| before.checked.source.text().get(edit.span.range()).is_some()));
        assert!(fix.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start && pair[0].span != pair[1].span));
    }
    let fixed = fix(&CHECKER, path, bytes, true, ALL);
    assert_eq!(is_malformed(&fixed.outcome), is_malformed(&before));
    let Some(after) = fixed.bytes else { return };
    if fixed.complaints.is_empty() {
        assert!(fixed.outcome.checked.findings.iter().all(|finding| finding.fixes.is_empty()));
        assert_eq!(fix(&CHECKER, path, &after, true, ALL).bytes, None);
    }
});
