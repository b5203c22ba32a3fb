//! Any bytes as a file: findings with places in the text and in the file, and reports without raw control characters.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vmlint::check::Checker;
use vmlint::engine::Assumptions;
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, RuleSet, compile};
use vmlint::report::repository::Repository;
use vmlint::report::{self, Format, Options};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let policy = BuiltIn::get("rhel-8").unwrap().load().unwrap();
    compile(&[policy], false, &|_| Choice::Run).unwrap().0
});
static ASSUMPTIONS: LazyLock<Assumptions> =
    LazyLock::new(|| Assumptions::on("rhel-8"));
static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| Checker::new(&RULES, &ASSUMPTIONS));

fuzz_target!(|bytes: &[u8]| {
    let outcome = CHECKER.check(Path::new("fuzz.xml"), bytes.to_vec(), true);
    let source = &outcome.checked.source;
    for finding in &outcome.checked.findings {
        for label in [&finding.place, &finding.focus].into_iter().chain(&finding.related) {
            assert!(source.text().get(label.span.range()).is_some());
            assert!(source.file_offset(label.span.end) as usize <= bytes.len());
        }
    }
    let programs = [Format::Sarif, Format::JUnit, Format::Checkstyle, Format::GitHub, Format::GitLab];
    let people = [Format::Human, Format::Concise, Format::Json, Format::Markdown, Format::Html];
    for format in people.into_iter().chain(programs) {
        let repository = Repository::default();
        let report = report::select(format, Options::default(), &repository);
        let shown = report.in_order(report.file(&outcome.checked));
        let shown = String::from_utf8(shown).unwrap();
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
    }
});
