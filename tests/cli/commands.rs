//! The commands beside `check`.

use crate::common::{folder, text, vmlint};
use insta::assert_snapshot;

#[test]
fn explain() {
    for rule in ["rhel-8/tcg", "rhel-8/vhost-user", "vmlint/malformed-input", "vmlint/not-a-vm-definition"] {
        let run = vmlint(["explain", rule]).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{rule}");
        assert_snapshot!(format!("explain {rule}").replace(['/', ' '], "_"), run.stdout);
    }
    assert_eq!(vmlint(["explain", "tcg"]).run().stdout, vmlint(["explain", "rhel-8/tcg"]).run().stdout);
}

#[test]
fn every_rule_can_be_explained_and_told_how_to_suppress() {
    let json = vmlint(["rules", "--format", "json"]).run().json();
    for rule in json.as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        let page = vmlint(["explain", id]).run().stdout;
        assert!(page.starts_with(&format!("{id}: {}", rule["title"].as_str().unwrap())), "{page}");
        for heading in ["\nStatus\n", "\nWhy\n", "\nInstead\n", "\nSource\n", "\nRaises it\n", "\nDoes not\n", "\nSuppress\n"] {
            assert!(page.contains(heading), "{id} has no {heading}");
        }
    }
}

#[test]
fn explain_knows_the_nearest_rule() {
    assert_snapshot!(vmlint(["explain", "rhel-8/tgc"]).run());
    assert_snapshot!(vmlint(["explain", "vhost-usr"]).run());
    assert_snapshot!(vmlint(["explain", "something-else"]).run());
}

#[test]
fn explain_a_rule_of_ones_own() {
    assert_snapshot!(vmlint(["explain", "--policy", "fixtures/policies/acme.yaml", "acme/console-open-to-all"]).run());
}

#[test]
fn rules() {
    assert_snapshot!("rules_table", vmlint(["rules"]).run());
    assert_snapshot!("rules_json", vmlint(["rules", "--format", "json"]).run());
}

#[test]
fn rules_of_a_host() {
    let rules = |host: &str| {
        let json = vmlint(["rules", "--format", "json", "--host", host]).run().json();
        json.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let throttling = "rhel-8/qemu-io-throttling".to_owned();
    assert!(rules("rhel-8").contains(&throttling) && !rules("rhosp").contains(&throttling));
    assert_eq!(rules("rhel-7"), Vec::<String>::new());
    assert_snapshot!(vmlint(["rules", "--host", "rhel8"]).run());
}

#[test]
fn names_of_commands_to_come_are_no_paths() {
    let folder = folder(&[("lsp", b"<domain type='kvm'/>")]);
    assert_snapshot!(vmlint(["lsp"]).within(folder.path()).run());
    for name in ["fix", "upgrade", "lsp"] {
        assert_eq!(vmlint([name]).within(folder.path()).run().status, Some(2), "{name}");
    }
    assert_eq!(vmlint(["./lsp"]).within(folder.path()).run().status, Some(0));
}

#[test]
fn policies_are_checked_and_tested() {
    assert_snapshot!(vmlint(["policy", "check", "rhel-8", "fixtures/policies/acme.yaml"]).run());
    assert_snapshot!(vmlint(["policy", "test", "fixtures/policies/acme.yaml"]).run());
}

#[test]
fn every_example_of_the_built_in_policies_does_what_it_should() {
    let run = vmlint(["policy", "test", "rhel-8"]).run();
    assert!(run.status == Some(0) && run.stdout.ends_with(" examples passed, 0 failed\n"), "{run}");
}

#[test]
fn an_example_that_does_not_do_what_it_should_is_a_finding() {
    let policy = text("fixtures/policies/acme.yaml").replace("listen='127.0.0.1'", "listen='0.0.0.0'");
    let folder = folder(&[("acme.yaml", policy.as_bytes())]);
    assert_snapshot!(vmlint(["policy", "test", "acme.yaml"]).within(folder.path()).run());
}
