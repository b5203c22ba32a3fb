//! `vmlint.yaml`: which one holds for a file, and what it changes there.

use std::path::Path;

use crate::common::{Run, domain, folder, vmlint};
use insta::assert_snapshot;

const TPM: &str = "<devices><tpm><backend type='passthrough'/></tpm></devices>";

/// `severity rule host` of each finding, by file.
fn findings(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let json = vmlint(["--format", "json"].iter().chain(arguments).copied()).within(folder).run().json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("none").to_owned();
    let shown = |finding: &serde_json::Value| {
        format!(
            "{}: {} {} {}",
            text(&finding["path"]),
            text(&finding["severity"]),
            text(&finding["rule"]),
            text(&finding["host"])
        )
    };
    json["findings"].as_array().unwrap().iter().map(shown).collect()
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    vmlint(arguments.iter().copied()).within(folder).run()
}

#[test]
fn each_file_has_the_configuration_of_its_folder() {
    let tpm = domain(TPM);
    let folder = folder(&[
        (".git/HEAD", b""),
        ("vmlint.yaml", b"rules: {rhel-8/tpm-passthrough: warning}\n"),
        ("a.xml", tpm.as_bytes()),
        ("lab/.vmlint.yaml", b"rules: {rhel-8/tpm-passthrough: note}\nfail-on: note\n"),
        ("lab/deep/b.xml", tpm.as_bytes()),
        ("other/c.xml", tpm.as_bytes()),
    ]);
    let expected = [
        "a.xml: warning rhel-8/tpm-passthrough rhel-8",
        "lab/deep/b.xml: note rhel-8/tpm-passthrough rhel-8",
        "other/c.xml: warning rhel-8/tpm-passthrough rhel-8",
    ];
    assert_eq!(findings(folder.path(), &["."]), expected);
    assert_eq!(run(folder.path(), &["a.xml", "other"]).status, Some(0), "warnings are not enough there");
    assert_eq!(run(folder.path(), &["lab"]).status, Some(1), "notes are enough here");
    assert_eq!(findings(folder.path(), &["--no-config", "a.xml"]), ["a.xml: error rhel-8/tpm-passthrough rhel-8"]);
}

#[test]
fn the_last_override_that_matches_decides() {
    let tpm = domain(TPM);
    let config = b"rules: {'*/tpm-*': warning}\noverrides:\n\
        - {files: ['*.xml'], rules: {rhel-8/tpm-passthrough: note}}\n\
        - {files: [prod/], host: rhosp, rules: {rhel-8/tpm-passthrough: error}}\n\
        - {files: [prod/old.xml], rules: {'*/tpm-passthrough': {severity: 'off', reason: replaced next year}}}\n";
    let folder = folder(&[
        ("vmlint.yaml", config),
        ("a.xml", tpm.as_bytes()),
        ("prod/b.xml", tpm.as_bytes()),
        ("prod/old.xml", tpm.as_bytes()),
    ]);
    let expected = ["a.xml: note rhel-8/tpm-passthrough rhel-8", "prod/b.xml: error rhel-8/tpm-passthrough rhosp"];
    assert_eq!(findings(folder.path(), &["."]), expected);
    let on_rhv = ["a.xml: note rhel-8/tpm-passthrough rhv", "prod/b.xml: error rhel-8/tpm-passthrough rhv"];
    assert_eq!(findings(folder.path(), &["--host", "rhv", "."]), on_rhv, "options come first");
    for file in ["a.xml", "prod/old.xml"] {
        assert_snapshot!(format!("config of {}", file.replace('/', " ")), run(folder.path(), &["config", file]));
    }
}

#[test]
fn a_guest_can_be_named_file_by_file() {
    let machine = |name: &str| {
        format!(
            "[{{\"VMName\": \"{name}\", \"State\": 3, \"ProcessorCount\": 2, \"NetworkAdapters\": [{{\"Name\": \"n\", \"IsLegacy\": false, \"IovWeight\": 50, \"MacAddress\": \"00155D0A0011\"}}]}}]"
        )
    };
    let config = b"overrides:\n- {files: ['old*.json'], guest: centos-6.5}\n- {files: ['new*.json'], guest: rhel-8.1}\n";
    let (old, new) = (machine("old1"), machine("new1"));
    let folder = folder(&[("vmlint.yaml", config), ("old1.json", old.as_bytes()), ("new1.json", new.as_bytes())]);
    let found = findings(folder.path(), &["--select", "hyperv-linux/sr-iov", "."]);
    assert_eq!(found, ["old1.json: error hyperv-linux/sr-iov windows-server-2019"]);
}

#[test]
fn files_say_what_is_looked_at_in_folders() {
    let tpm = domain(TPM);
    let config = b"files:\n  include: ['vm/**/*.xml', '*.vm']\n  exclude: [vm/old/, '*.draft.xml']\n";
    let mut files: Vec<(&str, &[u8])> = vec![("vmlint.yaml", config)];
    for name in ["vm/a.xml", "vm/a.draft.xml", "vm/old/b.xml", "else/c.xml", "else/d.vm"] {
        files.push((name, tpm.as_bytes()));
    }
    let folder = folder(&files);
    let paths = |arguments: &[&str]| -> Vec<String> {
        findings(folder.path(), arguments).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(&["."]), ["else/d.vm", "vm/a.xml"]);
    assert_eq!(paths(&["vm/old/b.xml", "else/c.xml"]), ["else/c.xml", "vm/old/b.xml"], "what is named is judged");
}

#[test]
fn a_broken_configuration_leaves_out_its_folder_and_no_other() {
    let tpm = domain(TPM);
    let folder = folder(&[
        ("a.xml", tpm.as_bytes()),
        ("lab/vmlint.yaml", b"hots: rhel-8\n"),
        ("lab/b.xml", tpm.as_bytes()),
        ("lab/c.xml", tpm.as_bytes()),
        ("old/vmlint.yaml", b"host: rhel-8\noverrides:\n- {files: ['*.xml'], guest: rehl-7.1}\n"),
        ("old/d.xml", tpm.as_bytes()),
    ]);
    assert_snapshot!(vmlint(["--format", "concise", "."]).within(folder.path()).env("RAYON_NUM_THREADS", "1").run());
}

#[test]
fn config_without_a_configuration_tells_the_defaults() {
    let folder = folder(&[(".git/HEAD", b"")]);
    assert_snapshot!(run(folder.path(), &["config", "vm/a.xml"]));
}
