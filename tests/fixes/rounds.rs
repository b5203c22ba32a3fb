//! Several fixes in one file.

use crate::{ALL, checker, fixed, fixed_bytes};
use std::path::Path;
use vmlint::finding::{Safety, Severity};
use vmlint::fix::rounds::{Wanted, fix};

const REMOVE: &str = "find: a\nfix: {safety: safe, description: remove it, remove: .}";

#[test]
fn fixes_that_overlap_are_made_one_after_the_other() {
    // The inner element goes with the outer one, whose removal is found first.
    let rules = [REMOVE, "find: .//b\nfix: {safety: safe, description: remove it, remove: .}"];
    assert_eq!(fixed(&rules, "<domain><a><b/></a><b/></domain>"), ("<domain></domain>".to_owned(), vec![]));
    // Both add an attribute at the same place.
    let rules = [
        "find: a[not(@p)]\nfix: {safety: safe, description: add p, set: {'@p': 1}}",
        "find: a[not(@q)]\nfix: {safety: safe, description: add q, set: {'@q': 2}}",
    ];
    assert_eq!(fixed(&rules, "<domain><a/></domain>").0, "<domain><a p='1' q='2'/></domain>");
    // The second rule only finds what the first one makes.
    let rules = [
        "find: a[@p='1']\nfix: {safety: safe, description: set p, set: {'@p': 2}}",
        "find: a[@p='2']\nfix: {safety: safe, description: set p, set: {'@p': 3}}",
    ];
    assert_eq!(fixed(&rules, "<domain><a p='1'/></domain>").0, "<domain><a p='3'/></domain>");
}

#[test]
fn every_finding_is_counted_once() {
    let found = fixed_bytes(&[REMOVE], b"<domain><a/><b/><a/></domain>");
    assert_eq!((found.fixed, found.outcome.checked.findings.len()), (2, 0));
}

#[test]
fn a_fix_that_leaves_its_finding_is_not_made() {
    let rules = [
        "find: a\nfix: {safety: safe, description: set p, set: {'@p': 1}}",
        "find: b\nfix: {safety: safe, description: remove it, remove: .}",
    ];
    let (text, complaints) = fixed(&rules, "<domain>\n<b/>\n<a/><a/>\n</domain>");
    assert_eq!(text, "<domain>\n<a/><a/>\n</domain>");
    assert_eq!(
        complaints,
        [
            "the fix of test/r0 at /domain/a[1] to set p was not made: the finding would still be there",
            "the fix of test/r0 at /domain/a[2] to set p was not made: the finding would still be there"
        ]
    );
}

#[test]
fn a_fix_that_breaks_the_file_is_not_made() {
    let rules = [
        "find: a\nfix: {safety: safe, description: name it q, rename: {'@p': q}}",
        "find: b\nfix: {safety: safe, description: remove it, remove: .}",
    ];
    let (text, complaints) = fixed(&rules, "<domain><a p='1' q='2'/><b/></domain>");
    assert_eq!(text, "<domain><a p='1' q='2'/></domain>");
    assert_eq!(
        complaints,
        ["the fix of test/r0 at /domain/a to name it q was not made: it would break the file: the attribute `q` is given twice"]
    );
    let rules = ["find: self::*\nfix: {safety: safe, description: name it network, rename: {.: network}}"];
    assert_eq!(fixed(&rules, "<domain/>").0, "<domain/>");
}

#[test]
fn fixes_that_undo_each_other_end() {
    let rules = [
        "find: a[@p='1']\nfix: {safety: safe, description: set p to 2, set: {'@p': 2}}",
        "find: a[@p='2']\nfix: {safety: safe, description: set p to 1, set: {'@p': 1}}",
    ];
    let (text, complaints) = fixed(&rules, "<domain><a p='1'/></domain>");
    assert_eq!(text, "<domain><a p='2'/></domain>");
    assert_eq!(complaints, ["the fix of test/r1 at /domain/a to set p to 1 was not made: another fix undoes it"]);
}

#[test]
fn only_what_is_wanted_is_fixed() {
    let rules = [
        "find: a\nfix: [{safety: unsafe, description: rename it, rename: {.: c}}, {safety: safe, description: remove it, remove: .}]",
        "find: b\nseverity: note\nfix: {safety: unsafe, description: remove it, remove: .}",
    ];
    let text = b"<domain><a/><b/></domain>";
    let after = |safety, min_severity| {
        let fixed = fix(&checker(&rules), Path::new("x.xml"), text, true, Wanted { safety, min_severity });
        String::from_utf8(fixed.bytes.unwrap_or_else(|| text.to_vec())).unwrap()
    };
    assert_eq!(after(Safety::Safe, Severity::Note), "<domain><b/></domain>");
    assert_eq!(after(Safety::Unsafe, Severity::Note), "<domain><c/></domain>");
    assert_eq!(after(Safety::Unsafe, Severity::Error), "<domain><c/><b/></domain>");
}

#[test]
fn what_is_no_definition_is_left_alone() {
    for text in ["<domain><a/>", "<web><a/></web>", "", "{\"a\": 1}"] {
        let fixed = fix(&checker(&[REMOVE]), Path::new("x.xml"), text.as_bytes(), true, ALL);
        assert_eq!((fixed.bytes, fixed.fixed), (None, 0), "{text}");
    }
}

#[test]
fn a_case_may_have_no_fix_though_its_rule_has() {
    let rule = "fix: {safety: safe, description: remove it, remove: .}\ncases:\n  - find: a\n  - find: b\n    fix: []\n  - find: c\n    fix: {safety: safe, description: name it d, rename: {.: d}}";
    assert_eq!(fixed(&[rule], "<domain><a/><b/><c/></domain>").0, "<domain><b/><d/></domain>");
}

#[test]
fn wrapped_definitions_and_several_roots_are_fixed() {
    assert_eq!(
        fixed(&[REMOVE], "<domainsnapshot><domain><a/></domain><inactiveDomain><a/></inactiveDomain></domainsnapshot>").0,
        "<domainsnapshot><domain></domain><inactiveDomain></inactiveDomain></domainsnapshot>"
    );
    assert_eq!(
        fixed(&[REMOVE], "<domain><a/></domain>\n<domain>\n<a/>\n</domain>\n").0,
        "<domain></domain>\n<domain>\n</domain>\n"
    );
}
