//! `vmlint init`: what it writes, and what it leaves alone.

use std::path::Path;

use crate::common::{Run, domain, folder, text, vmlint};
use insta::assert_snapshot;

fn init(folder: &Path, arguments: &[&str]) -> Run {
    vmlint(["init"].iter().chain(arguments).copied()).within(folder).run()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The line of a configuration that is about hosts.
fn host(config: &str) -> &str {
    config.lines().find(|line| line.trim_start_matches("# ").starts_with("host:")).unwrap()
}

#[test]
fn the_platforms_of_the_files_choose_the_hosts() {
    let (kvm, machine) = (domain(""), text("fixtures/hyperv/web01-hcs.json"));
    let libvirt = ("vm/a.xml", kvm.as_bytes());
    let hyper_v = ("b.json", machine.as_bytes());
    let other = ("pom.xml", b"<project/>".as_slice());
    for (name, files, expected) in [
        ("libvirt", &[libvirt, other][..], "host: rhel-8"),
        ("hyper_v", &[hyper_v, other], "host: windows-server-2019"),
        ("both", &[libvirt, hyper_v], "host: [rhel-8, windows-server-2019]"),
        ("none", &[other], "# host: rhel-8"),
    ] {
        let folder = folder(files);
        let run = init(folder.path(), &[]);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{name}");
        assert_snapshot!(format!("init {name}"), run.stdout);
        let config = read(folder.path(), "vmlint.yaml");
        assert_eq!(host(&config), expected, "{name}");
        if name == "libvirt" {
            assert_snapshot!("init configuration", config);
        }
    }
}

#[test]
fn what_is_written_can_be_used_and_so_can_its_examples() {
    let schema = vmlint(["schema", "config"]).run().json();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for hosts in [&["rhosp"][..], &["windows-server-2016"], &["rhel-8", "azure-stack-hci"]] {
        let folder = folder(&[("vm/a.xml", domain("").as_bytes())]);
        let named: Vec<&str> = hosts.iter().flat_map(|host| ["--host", host]).collect();
        assert_eq!(init(folder.path(), &named).status, Some(0));
        let config = read(folder.path(), "vmlint.yaml");
        let examples: Vec<&str> = config
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|rest| rest.starts_with(' ') || rest.contains(": ") || rest.ends_with(':'))
            })
            .zip(config.lines())
            .map(|(example, line)| example.filter(|example| !example.starts_with(char::is_uppercase)).unwrap_or(line))
            .collect();
        let examples = examples.join("\n");
        assert!(
            ["\nguest: ", "\nrules:\n", "\nfiles:\n", "\noverrides:\n"].iter().all(|key| examples.contains(key)),
            "{examples}"
        );
        for config in [&config, &examples] {
            std::fs::write(folder.path().join("vmlint.yaml"), config).unwrap();
            let value: serde_json::Value = serde_yaml::from_str(config).unwrap();
            assert!(validator.is_valid(&value), "{config}");
            let run = vmlint([] as [&str; 0]).within(folder.path()).run();
            assert!(run.status == Some(0) && run.stderr.is_empty(), "{run}\n{config}");
        }
    }
}

#[test]
fn nothing_is_overwritten_unasked() {
    for name in ["vmlint.yaml", ".vmlint.yaml"] {
        let folder = folder(&[(name, b"fail-on: never\n"), ("a.xml", domain("").as_bytes())]);
        let refused = init(folder.path(), &[]);
        assert_eq!((refused.status, read(folder.path(), name).as_str()), (Some(2), "fail-on: never\n"));
        assert_snapshot!(format!("init where there is {name}"), refused);
        assert_eq!(init(folder.path(), &["--force"]).status, Some(0));
        assert_eq!(host(&read(folder.path(), "vmlint.yaml")), "host: rhel-8");
    }
}

#[test]
fn a_wrong_host_is_told_and_nothing_written() {
    let folder = folder(&[("a.xml", domain("").as_bytes())]);
    for host in ["rhle-8", "rhel-7"] {
        let run = init(folder.path(), &["--host", host, "--pre-commit"]);
        assert_eq!(run.status, Some(2));
        assert_eq!(run.stderr, vmlint(["--host", host, "a.xml"]).within(folder.path()).run().stderr);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_hook_is_added_once() {
    let hooks = "# Ours.\nrepos:\n  - repo: meta\n    hooks:\n      - id: identity\nfail_fast: true\n";
    let folder =
        folder(&[(".git/HEAD", b""), (".pre-commit-config.yaml", hooks.as_bytes()), ("vm/a.xml", domain("").as_bytes())]);
    assert_snapshot!("init with the hook", init(folder.path(), &["--pre-commit"]));
    let added = read(folder.path(), ".pre-commit-config.yaml");
    assert_snapshot!("init hooks", added);
    assert_snapshot!("init with the hook again", init(folder.path(), &["--pre-commit"]));
    // The hooks are those of the repository, from whichever folder.
    assert_eq!(init(&folder.path().join("vm"), &["--pre-commit"]).status, Some(0));
    assert_eq!(read(folder.path(), ".pre-commit-config.yaml"), added);
    assert!(!folder.path().join("vm/.pre-commit-config.yaml").exists());
}

#[test]
fn hooks_that_cannot_be_understood_are_left_alone() {
    let folder = folder(&[(".pre-commit-config.yaml", b"repos: none\n"), ("a.xml", domain("").as_bytes())]);
    let run = init(folder.path(), &["--pre-commit"]);
    assert_eq!(run.status, Some(2));
    assert_snapshot!("init with hooks that are none", run);
    assert!(read(folder.path(), ".pre-commit-config.yaml") == "repos: none\n" && !folder.path().join("vmlint.yaml").exists());
}
