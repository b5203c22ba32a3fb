//! `vmlint view` and `vmlint query`, and rules over Hyper-V's machines, as users run them.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn vmlint(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("vmlint").unwrap();
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = vmlint(Path::new(FIXTURES), arguments);
    (output.status.code().unwrap(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn view_shows_what_rules_see() {
    let (status, xml, _) = run(&["view", "hyperv/web01-2012r2.xml"]);
    assert_eq!(status, 0);
    assert!(xml.starts_with("<vm name=\"web01\" id=\"3d1c7a52-9e40-4b6b-a1c8-5f2e70d9b611\" generation=\"2\""), "{xml}");
    // A line break in a value stays one, and no terminal sees it.
    assert!(xml.contains(" notes=\"front end&#x") && xml.ends_with("</vm>\n"), "{xml}");
    let (_, json, _) = run(&["view", "--format", "json", "hyperv/web01-2012r2.xml"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["format"], "hyperv-xml");
    assert_eq!(json["tree"][0]["name"], "vm");
    assert_eq!(json["tree"][0]["attributes"]["generation"], "2");
    assert_eq!(json["tree"][0]["children"][1]["attributes"]["startup"], "2147483648");
    assert!(json["tree"][0]["children"][1]["line"].as_u64().unwrap() > 1);
}

#[test]
fn view_shows_libvirts_documents_with_their_parsed_arguments() {
    let domain = "<?xml version='1.0'?>\n<!-- \u{1b}[31m -->\n<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>\
        <name>a &amp; b</name><description>\u{202e}two\nlines</description>\
        <q:commandline><q:arg value='-device'/><q:arg value='virtio-net,failover=on'/></q:commandline></domain>";
    let folder = folder(&[("a.xml", domain)]);
    let output = vmlint(folder.path(), &["view", "a.xml"]);
    let wanted = "<!-- \\u{1b}[31m -->\n<domain type=\"kvm\">\n  <name>a &amp; b</name>\n  <description>&#x202e;two\nlines</description>\n  \
        <q:commandline xmlns:q=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n    <q:arg value=\"-device\"/>\n    \
        <q:arg value=\"virtio-net,failover=on\"/>\n    \
        <qemu-option name=\"device\" value=\"virtio-net,failover=on\">\n      <pair key=\"driver\" value=\"virtio-net\"/>\n      \
        <pair key=\"failover\" value=\"on\"/>\n    </qemu-option>\n  </q:commandline>\n</domain>\n";
    let broken = "<!-- \u{1b}";
    // The control character makes the document no XML, so it is taken out again.
    assert_eq!(output.status.code(), Some(2), "{broken}");
    let folder = self::folder(&[("a.xml", &domain.replace('\u{1b}', ""))]);
    let output = vmlint(folder.path(), &["view", "a.xml"]);
    assert_eq!(text(&output.stdout), wanted.replace("\\u{1b}", ""), "{}", text(&output.stderr));
}

#[test]
fn view_says_what_it_cannot_show() {
    let folder = folder(&[("a.xml", "<project/>"), ("b.json", "{\"name\": 1}")]);
    for name in ["a.xml", "b.json", "none.xml"] {
        let output = vmlint(folder.path(), &["view", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty() && text(&output.stderr).contains(name), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn query_finds_over_every_format() {
    let (status, out, err) = run(&["query", "controller/drive/@path | devices/disk/source/@file", "hyperv", "libvirt/web01.xml"]);
    assert_eq!((status, err.as_str()), (0, ""));
    for line in [
        "hyperv/web01-depth4.json:",
        "hyperv/web01.vmcx:",
        "hyperv/web01.clixml:",
        "hyperv/web01-2012r2.xml:",
        "hyperv/inventory.json:",
        "libvirt/web01.xml:",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    assert!(out.lines().any(|line| line.ends_with(r": D:\VMs\web01\web01.vhdx")), "{out}");
    // An element shows its start tag, a number comes once for each machine.
    let (_, out, _) = run(&["query", "firmware", "hyperv/web01-2012r2.xml"]);
    assert!(out.contains(": <firmware secure-boot=\"true\""), "{out}");
    let (_, out, _) = run(&["query", "count(controller)", "hyperv/inventory.json"]);
    let values: Vec<&str> = out.lines().filter_map(|line| line.rsplit_once(": ")).map(|(_, value)| value).collect();
    assert_eq!(values, ["2", "3"]);
}

#[test]
fn query_counts_and_writes_json() {
    let (_, out, _) =
        run(&["query", "--count", "network-adapter[iov/@weight > 0]", "hyperv/inventory.json", "hyperv/web01.vmcx"]);
    assert_eq!(out, "hyperv/inventory.json:1\nhyperv/web01.vmcx:0\n");
    let (_, out, _) = run(&["query", "--format", "json", "processor/@count", "hyperv/web01-depth4.json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    let found = &json["matches"][0];
    assert_eq!((&found["path"], &found["text"]), (&"hyperv/web01-depth4.json".into(), &"4".into()));
    assert_eq!(found["location"]["node"], "/vm/processor/@count");
    assert!(found["location"]["line"].as_u64().is_some() && found["location"]["byte_start"].as_u64().is_some());
    let (status, out, _) = run(&["query", "--format", "json", "nothing", "hyperv/web01-depth4.json"]);
    assert_eq!((status, out.as_str()), (0, "{\"matches\":[\n]}\n"));
}

#[test]
fn query_says_what_is_wrong_with_an_expression() {
    let (status, out, err) = run(&["query", "controller/drive[", "hyperv"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("XPATH:1:18") && err.contains("expression ends"), "{err}");
    let (status, _, err) = run(&["query", "contoller/@nmae", "hyperv/web01.vmcx"]);
    assert_eq!(status, 0);
    assert!(err.contains("`contoller` (did you mean `controller`?)") && err.contains("`nmae` (did you mean `name`?)"), "{err}");
    let (status, _, err) = run(&["query", "name", "none.xml", "hyperv/web01.vmcx"]);
    assert_eq!(status, 2);
    assert!(err.contains("none.xml"), "{err}");
}

const POLICY: &str = "policy: house
title: The house's own
platform: hyper-v
hosts: [windows-server-2019]
sources:
  page: {title: Page, section: '1', date: '2026-01-01'}
devices:
  network-adapter: {noun: network adapter, name: '@name'}
rules:
  - id: no-sr-iov
    title: SR-IOV
    status: unsupported
    source: page
    why: It is not wanted.
    find: network-adapter[iov/@weight > 0]
    at: iov/@weight
    message: '{device} of {/vm/@name} uses SR-IOV'
    help: Set its weight to 0.
    examples:
      bad:
        - <vm><network-adapter name='a'><iov weight='50'/></network-adapter></vm>
        - '{\"Name\": \"a\", \"Generation\": 2, \"NetworkAdapters\": [{\"MacAddress\": \"\", \"SwitchName\": \"\", \"IovWeight\": 50}], \"ProcessorCount\": 1}'
      good:
        - <vm><network-adapter name='a'><iov weight='0'/></network-adapter></vm>
";

#[test]
fn rules_judge_machines_of_every_format() {
    let folder = folder(&[("house.yaml", POLICY)]);
    let fixture = format!("{FIXTURES}/hyperv/inventory.json");
    let domain = format!("{FIXTURES}/libvirt/clean.xml");
    let output = vmlint(folder.path(), &["--policy", "house.yaml", "--format", "json", &fixture, &domain]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    assert_eq!(output.status.code(), Some(1));
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    assert_eq!(finding["rule"], "house/no-sr-iov");
    assert_eq!(finding["vm"], "db01");
    assert_eq!(finding["host"], "windows-server-2019");
    assert_eq!(finding["format"], "hyperv-json");
    assert_eq!(finding["location"]["node"], "/vm[1]/network-adapter[2]");
    assert_eq!(finding["location"]["line"], finding["location"]["end_line"]);
    assert_eq!((&json["summary"]["vms"], &json["files"][0]["vms"]), (&3.into(), &2.into()));
}

#[test]
fn examples_may_be_trees() {
    let folder = folder(&[("house.yaml", POLICY)]);
    let output = vmlint(folder.path(), &["policy", "test", "house.yaml"]);
    assert_eq!(text(&output.stdout), "3 examples passed, 0 failed\n", "{}", text(&output.stderr));
}

#[test]
fn names_in_policies_are_held_against_the_tree() {
    let folder = folder(&[("house.yaml", &POLICY.replace("iov/@weight > 0", "iow/@wait > 0"))]);
    let output = vmlint(folder.path(), &["policy", "check", "house.yaml"]);
    let error = text(&output.stderr);
    assert!(error.contains("`iow`") && error.contains("Did you mean `iov`?") && error.contains("`wait`"), "{error}");
}

#[test]
fn the_summary_tells_the_host_of_each_platform() {
    let (_, out, _) = run(&["hyperv/web01.vmcx"]);
    assert!(out.contains("host windows-server-2019 (assumed"), "{out}");
    let (_, out, _) = run(&["libvirt/clean.xml"]);
    assert!(out.contains("host rhel-8 (assumed"), "{out}");
    let (_, out, _) = run(&["hyperv/web01.vmcx", "libvirt/clean.xml"]);
    assert!(out.contains("hosts rhel-8, windows-server-2019 (assumed"), "{out}");
    let (_, out, _) = run(&["--host", "rhel-8", "libvirt/clean.xml"]);
    assert!(out.contains("host rhel-8 ·"), "{out}");
}
