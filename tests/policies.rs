//! Wrong policies and configuration files, one fault each: what is said, and where.

mod common;

use common::{files, root, stem, vmlint};

/// What is told of each file of a folder when it is used like this.
fn told(folder: &str, arguments: &[&str], expected: impl Fn(&str) -> i32) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(format!("snapshots/{}", folder.rsplit('/').next().unwrap()));
    settings.bind(|| {
        for path in files(folder, "yaml") {
            let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            let run = vmlint(arguments.iter().copied().map(|word| if word == "FILE" { &relative } else { word })).run();
            assert_eq!(run.status, Some(expected(stem(&path))), "{relative}\n{run}");
            insta::assert_snapshot!(stem(&path), run);
        }
    });
}

#[test]
fn wrong_policies() {
    // A name that libvirt does not know is doubtful and may be meant.
    let harmless = ["unknown-element", "unknown-attribute", "fix-unknown-names"];
    told("fixtures/policies/wrong", &["policy", "check", "FILE"], |name| if harmless.contains(&name) { 0 } else { 2 });
}

#[test]
fn wrong_configuration() {
    let arguments = ["--config", "FILE", "fixtures/libvirt/clean.xml"];
    told("fixtures/config", &arguments, |name| if name == "empty" { 0 } else { 2 });
}

/// The command that uses a policy says the same as the one that checks it.
#[test]
fn a_wrong_policy_is_not_used() {
    for path in files("fixtures/policies/wrong", "yaml") {
        let policy = path.to_str().unwrap();
        let run = vmlint(["--policy", policy, "fixtures/libvirt/web01.xml"]).run();
        if ["unknown-element", "unknown-attribute", "fix-unknown-names"].contains(&stem(&path)) {
            assert!(run.status != Some(2) && run.stderr.contains("libvirt knows no"), "{run}");
        } else {
            assert!(run.status == Some(2) && run.stdout.is_empty(), "{run}");
        }
    }
}

#[test]
fn a_folder_of_policies_is_all_of_them() {
    let run = vmlint(["policy", "check", "fixtures/policies"]).run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), "`fixtures/policies`: 1 rule, no errors\n"));
}
