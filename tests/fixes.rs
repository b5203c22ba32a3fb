//! Fixes: what becomes of a document, and what stays as it is.

mod common;
mod promises;

#[path = "fixes/edits.rs"]
mod edits;
#[path = "fixes/files.rs"]
mod files;
#[path = "fixes/generated.rs"]
mod generated;
#[path = "fixes/rounds.rs"]
mod rounds;

use std::path::Path;
use std::sync::Arc;

use vmlint::check::Checker;
use vmlint::engine::Assumptions;
use vmlint::finding::{Safety, Severity};
use vmlint::fix::rounds::{Fixed, Wanted, fix};
use vmlint::policy::compile::{Choice, Loaded, compile};
use vmlint::policy::{load, yaml};
use vmlint::source::Source;

/// Everything, however unsafe.
const ALL: Wanted = Wanted { safety: Safety::Unsafe, min_severity: Severity::Note };

/// A checker with these rules, each the YAML of `find` and what else a rule needs.
fn checker(rules: &[&str]) -> Checker<'static> {
    let mut policy = "policy: test\ntitle: Test\nplatform: libvirt\nhosts: []\nnames: {elements: [a, b, c, d, x, y], attributes: [p, q, r, n]}\n\
                      sources: {s: {title: t, section: '1', date: '2024'}}\nrules:\n"
        .to_owned();
    for (number, rule) in rules.iter().enumerate() {
        policy += &format!(
            "  - id: r{number}\n    title: t\n    status: unsupported\n    source: s\n    message: m\n    help: h.\n    why: w\n    examples: {{bad: [x], good: [x]}}\n"
        );
        policy.extend(rule.lines().map(|line| format!("    {line}\n")));
    }
    let source = Arc::new(Source::utf8("test.yaml", policy.clone(), 0));
    let node = yaml::read(&policy).unwrap_or_else(|broken| panic!("{}\n{policy}", broken.message));
    let policy = load::load(&node, true).unwrap_or_else(|faults| panic!("{faults:#?}\n{policy}"));
    let loaded = Loaded { source, policy, tables: Vec::new(), packed: None, own: true };
    let (rules, warnings) = compile(&[loaded], true, &|_| Choice::Run).unwrap_or_else(|faulty| panic!("{faulty:#?}"));
    assert!(warnings.is_empty(), "{warnings:#?}");
    Checker::new(Box::leak(Box::new(rules)), Box::leak(Box::new(Assumptions::on("rhel-8"))))
}

/// A file after all fixes of these rules.
fn fixed_bytes(rules: &[&str], bytes: &[u8]) -> Fixed {
    fix(&checker(rules), Path::new("test.xml"), bytes, true, ALL)
}

/// A text after all fixes of these rules, and what could not be done.
fn fixed(rules: &[&str], text: &str) -> (String, Vec<String>) {
    let fixed = fixed_bytes(rules, text.as_bytes());
    (fixed.bytes.map_or_else(|| text.to_owned(), |bytes| String::from_utf8(bytes).unwrap()), fixed.complaints)
}
