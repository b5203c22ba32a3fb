//! The built-in rules over `fixtures/rules/ID/`: each `bad*.xml` raises that rule, no `good*.xml` does. The rules for Hyper-V have
//! their examples in the policies, as trees that other tests write in every format.

mod common;

use std::collections::BTreeSet;

use common::{check, checker, files, root, stem, vmlint};
use vmlint::policy::builtin::ALL;
use vmlint::policy::schema::Platform;

/// Fixtures that cannot but raise another rule too.
const COMPANIONS: [(&str, &str); 12] = [
    // What is asked of QEMU past libvirt is unsupported whatever it is.
    ("*/bad-arg", "rhel-8/qemu-command-line"),
    ("*/good-arg", "rhel-8/qemu-command-line"),
    ("acpi-s3-s4/*-global*", "rhel-8/qemu-command-line"),
    ("guest-macos/bad-smc", "rhel-8/qemu-command-line"),
    ("net-failover/bad-override", "rhel-8/qemu-command-line"),
    ("qemu-io-throttling/{bad-drive,bad-object,good-drive}", "rhel-8/qemu-command-line"),
    ("tcg/{bad-accel,bad-fallback,bad-second,good-name}", "rhel-8/qemu-command-line"),
    ("vhost-user/{bad-json,bad-netdev,good-chardev}", "rhel-8/qemu-command-line"),
    ("virtio-crypto/bad-object", "rhel-8/qemu-command-line"),
    // A snapshot is of a running guest or of one that was off.
    ("live-snapshot/good", "rhel-8/offline-snapshot"),
    ("offline-snapshot/good", "rhel-8/live-snapshot"),
    // Such a cluster keeps its quorum with reservations.
    ("windows-failover-cluster/{bad,good-linux}", "rhel-8/s3-pr-multipath"),
];

fn companions(fixture: &str) -> BTreeSet<String> {
    let named = |pattern: &str| globset::Glob::new(pattern).unwrap().compile_matcher().is_match(fixture);
    COMPANIONS.iter().filter(|(pattern, _)| named(pattern)).map(|(_, rule)| (*rule).to_owned()).collect()
}

fn ids() -> BTreeSet<String> {
    let policies =
        ALL.iter().filter(|policy| policy.platform == Platform::Libvirt).map(|policy| policy.load_documented().unwrap().policy);
    policies.flat_map(|policy| policy.rules.into_iter().map(|rule| rule.id.to_string())).collect()
}

#[test]
fn every_fixture_raises_its_rule_or_does_not() {
    let checker = checker("rhel-8");
    let mut seen = 0;
    for id in ids() {
        let (_, rule) = id.split_once('/').unwrap();
        let (mut bad, mut good) = (0, 0);
        for path in files(&format!("fixtures/rules/{rule}"), "xml") {
            let fixture = format!("{rule}/{}", stem(&path));
            let mut expected = companions(&fixture);
            match stem(&path) {
                name if name.starts_with("bad") => {
                    expected.insert(id.clone());
                    bad += 1;
                }
                name if name.starts_with("good") => good += 1,
                name => panic!("{rule}/{name} is neither bad nor good"),
            }
            let outcome = check(&checker, &std::fs::read(&path).unwrap());
            let raised: BTreeSet<String> = outcome.checked.findings.iter().map(|finding| finding.rule.to_string()).collect();
            assert_eq!(raised, expected, "{fixture}");
            assert_eq!(outcome.exhausted, [], "{fixture}");
        }
        assert!(bad > 0 && good > 0, "{rule} needs a bad and a good fixture");
        seen += bad + good;
    }
    assert!(seen >= 150, "{seen} fixtures");
}

#[test]
fn every_folder_of_fixtures_belongs_to_a_rule() {
    let known: BTreeSet<String> = ids().iter().filter_map(|id| Some(id.split_once('/')?.1.to_owned())).collect();
    for entry in std::fs::read_dir(root().join("fixtures/rules")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "fixtures/rules/{name} belongs to no rule");
    }
}

#[test]
fn every_companion_is_needed() {
    let fixtures: Vec<String> = ids()
        .iter()
        .filter_map(|id| Some(id.split_once('/')?.1.to_owned()))
        .flat_map(|rule| files(&format!("fixtures/rules/{rule}"), "xml").into_iter().map(move |path| (rule.clone(), path)))
        .map(|(rule, path)| format!("{rule}/{}", stem(&path)))
        .collect();
    for (pattern, _) in COMPANIONS {
        let matcher = globset::Glob::new(pattern).unwrap().compile_matcher();
        assert!(fixtures.iter().any(|fixture| matcher.is_match(fixture)), "{pattern} names no fixture");
    }
}

/// Every sentence and every place at once, so that a change of a rule shows what it changes.
#[test]
fn what_the_fixtures_raise() {
    let run = vmlint(["--format", "concise", "-q", "fixtures/rules"]).run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!(common::steady(&run.stdout).replace("fixtures/rules/", ""));
}

/// A finding without a source cannot exist, nor one that does not name what it is about.
#[test]
fn every_finding_has_words_a_source_and_a_place() {
    let checker = checker("rhel-8");
    for rule in ids() {
        let (_, rule) = rule.split_once('/').unwrap();
        for path in files(&format!("fixtures/rules/{rule}"), "xml") {
            let outcome = check(&checker, &std::fs::read(&path).unwrap());
            for finding in &outcome.checked.findings {
                let message = &finding.message;
                assert!(!message.is_empty() && !message.ends_with('.') && !message.contains("``"), "{rule}: {message}");
                assert!(!message.contains('\n') && !message.contains("  "), "{rule}: {message}");
                let help = finding.help.as_deref().unwrap_or_default();
                assert!(help.ends_with('.') && !help.contains("``"), "{rule}: {help}");
                let source = finding.source.as_ref().unwrap();
                assert!(!source.title.is_empty() && !source.section.is_empty() && !source.date.is_empty(), "{rule}");
                let tag = outcome.checked.source.slice(finding.place.span);
                assert!(tag.starts_with('<') && tag.ends_with('>'), "{rule}: {tag}");
                assert!(finding.place.node.starts_with("/"), "{rule}: {}", finding.place.node);
            }
        }
    }
}
