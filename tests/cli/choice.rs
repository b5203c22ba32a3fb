//! Hosts, guests, policies, rules and configuration: what is chosen, and what is said of a wrong choice.

use crate::common::{domain, folder, text, vmlint};
use insta::assert_snapshot;

const WEB01: &str = "fixtures/libvirt/web01.xml";
const CLEAN: &str = "fixtures/libvirt/clean.xml";

#[test]
fn unknown_words_name_the_nearest() {
    for (name, arguments) in [
        ("host", &["--host", "rhle-8"][..]),
        ("host_without_a_policy", &["--host", "rhel-7"]),
        ("host_far_from_all", &["--host", "plan-9"]),
        ("guest", &["--guest", "debain-11"]),
        ("guest_without_version", &["--guest", "debian"]),
        ("policy", &["--policy", "rhel-9"]),
        ("policy_far_from_all", &["--policy", "vm/rules"]),
        ("format", &["--format", "jsno"]),
        ("option", &["--min-sevrity", "note"]),
        ("fail_on", &["--fail-on", "eror"]),
        ("select", &["--select", "rhel-8/tgc"]),
        ("ignore", &["--ignore", "rhel-8/tp[m"]),
        ("guest_drivers", &["--guest-drivers", "lis-4.2"]),
    ] {
        let run = vmlint(arguments.iter().copied().chain([CLEAN])).run();
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{name}");
        assert_snapshot!(name, run.stderr);
    }
}

#[test]
fn a_mistyped_command_names_the_nearest() {
    for (name, arguments) in [
        ("command", &["chekc", "vm/"][..]),
        ("command_with_words_of_its_own", &["explian", "rhel-8/tcg"]),
        ("command_with_options_of_its_own", &["veiw", "--raw", "web01.vmcx"]),
    ] {
        let run = vmlint(arguments.iter().copied()).run();
        assert_eq!(run.status, Some(2), "{name}");
        assert_snapshot!(name, run);
    }
    // What is there is a path, whatever it is called, and what is far from all commands is one that is missing.
    let folder = folder(&[("chekc", domain("").as_bytes())]);
    assert_eq!(vmlint(["chekc"]).within(folder.path()).run().status, Some(0));
    for word in ["chek.xml", "./explian", "web01"] {
        let run = vmlint([word]).within(folder.path()).run();
        assert!(run.status == Some(2) && run.stderr.contains("no such file or folder"), "{run}");
    }
}

#[test]
fn products_support_more_than_their_host() {
    for (file, on_rhel, on_rhosp) in [
        ("fixtures/rules/vhost-user/bad.xml", vec!["rhel-8/vhost-user"], vec![]),
        ("fixtures/rules/qemu-io-throttling/bad.xml", vec!["rhel-8/qemu-io-throttling"], vec![]),
        ("fixtures/rules/live-snapshot/bad.xml", vec!["rhel-8/live-snapshot"], vec![]),
        // A disk behind vhost-user is another matter than a network interface.
        ("fixtures/rules/vhost-user/bad-disk.xml", vec!["rhel-8/vhost-user"], vec!["rhel-8/vhost-user"]),
        ("fixtures/rules/tpm-passthrough/bad.xml", vec!["rhel-8/tpm-passthrough"], vec!["rhel-8/tpm-passthrough"]),
    ] {
        assert_eq!(vmlint(["--format", "json", file]).run().rules(), on_rhel, "{file}");
        assert_eq!(vmlint(["--format", "json", "--host", "rhosp", file]).run().rules(), on_rhosp, "{file}");
    }
}

#[test]
fn several_hosts_are_judged_each_for_itself() {
    let run = vmlint(["--format", "json", "--host", "rhosp", "--host", "rhel-8", "fixtures/rules/vhost-user/bad.xml"]).run();
    let json = run.json();
    assert_eq!((run.rules(), &json["findings"][0]["host"]), (vec!["rhel-8/vhost-user".to_owned()], &"rhel-8".into()));
    let both = vmlint(["--host", "rhel-8", "--host", "rhv", "--select", "*/tpm-passthrough", "--format", "concise", WEB01]).run();
    assert_snapshot!(both);
}

#[test]
fn a_named_guest_overrides_what_the_definition_says() {
    let guest = |arguments: &[&str]| {
        let run = vmlint(arguments.iter().copied().chain(["--format", "json", CLEAN])).run();
        let guest = run.json()["findings"].get(0).map(|finding| finding["guest"].clone());
        (run.rules(), guest)
    };
    assert_eq!(guest(&[]), (vec![], None));
    assert_eq!(guest(&["--guest", "rhel-9.2"]), (vec![], None));
    for (named, rule) in [
        ("windows-7", "rhel-8/guest-windows-client"),
        ("windows-server-2008-r2", "rhel-8/guest-windows-server"),
        ("macos-10.15", "rhel-8/guest-macos"),
        ("solaris-11", "rhel-8/guest-solaris-x86"),
        ("debian-4", "rhel-8/guest-before-2009"),
    ] {
        assert_eq!(guest(&["--guest", named]), (vec![rule.to_owned()], Some(named.into())), "{named}");
    }
    let bad = "fixtures/rules/guest-windows-client/bad.xml";
    assert_eq!(vmlint(["--format", "json", bad]).run().rules(), ["rhel-8/guest-windows-client"]);
    assert!(vmlint(["--format", "json", "--guest", "windows-10", bad]).run().rules().is_empty());
}

#[test]
fn select_and_ignore() {
    let rules = |arguments: &[&str]| vmlint(arguments.iter().copied().chain(["--format", "json", WEB01])).run().rules();
    assert_eq!(rules(&["--select", "*/spice"]), ["rhel-8/spice"]);
    assert_eq!(rules(&["--select", "*/s*", "--select", "rhel-8/tpm-*"]), ["rhel-8/tpm-passthrough", "rhel-8/spice"]);
    assert_eq!(rules(&["--select", "rhel-8/*", "--ignore", "*/[n-s]*"]), ["rhel-8/tpm-passthrough"]);
    // Who silences the note about another hypervisor does not want the rules for KVM instead.
    let xen = domain("<devices><tpm><backend type='passthrough'/></tpm></devices>").replace("kvm", "xen");
    let run = vmlint(["--format", "json", "--ignore", "*/other-hypervisor", "-"]).stdin(xen).run();
    assert_eq!(run.rules(), Vec::<String>::new());
}

#[test]
fn a_policy_of_ones_own_judges_in_place_of_the_hosts() {
    let own = "fixtures/policies/acme.yaml";
    let rules = |arguments: &[&str]| vmlint(arguments.iter().copied().chain(["--format", "json", WEB01])).run().rules();
    assert_eq!(rules(&["--policy", own]), Vec::<String>::new());
    assert_eq!(rules(&["--policy", own, "--policy", "rhel-8", "--select", "*/spice"]), ["rhel-8/spice"]);
}

#[test]
fn the_configuration_of_the_repository() {
    let config = b"host: rhosp\nfail-on: warning\nrules:\n  rhel-8/tpm-passthrough: off\n  \"*/nested-*\": error\n";
    let folder = folder(&[
        ("vmlint.yaml", config),
        ("other.yaml", b"rules: {'*/spice': off}\n"),
        ("vm/web01.xml", text(WEB01).as_bytes()),
        ("inner/.git/keep", b""),
        ("inner/web01.xml", text(WEB01).as_bytes()),
    ]);
    let run = |arguments: &[&str], within: &str| {
        let run = vmlint(arguments.iter().copied().chain(["--format", "concise"])).within(&folder.path().join(within)).run();
        (run.status, run.to_string())
    };
    // It is found from a folder below, and up to the root of a repository.
    assert_snapshot!("configured", run(&["web01.xml"], "vm").1);
    assert_snapshot!("not_configured", run(&["web01.xml"], "inner").1);
    assert_eq!(run(&["--no-config", "web01.xml"], "vm").1, run(&["web01.xml"], "inner").1);
    assert_snapshot!("configured_by_name", run(&["--config", "../other.yaml", "web01.xml"], "vm").1);
    // Options come before the file.
    assert_snapshot!("configured_and_overridden", run(&["--host", "rhel-8", "--fail-on", "never", "web01.xml"], "vm").1);
}
