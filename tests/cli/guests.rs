//! What runs in a machine of Hyper-V, and where that is known from.

use crate::common::{folder, vmlint};
use insta::assert_snapshot;

/// A machine as `Get-VM` tells it, with these notes and an adapter with SR-IOV.
fn machine(notes: &str) -> String {
    format!(
        r#"{{
  "VMName": "web01",
  "Id": "3d1c7a52-9e40-4b6b-a1c8-5f2e70d9b611",
  "Name": "web01",
  "Generation": 1,
  "State": 3,
  "ProcessorCount": 2,
  "Version": "9.0",
  "Notes": {},
  "NetworkAdapters": [
    {{"Name": "front", "IsLegacy": false, "IovWeight": 50, "MacAddress": "00155D0A0011"}}
  ]
}}
"#,
        serde_json::Value::from(notes)
    )
}

/// The findings about SR-IOV: rule, guest and host.
fn sr_iov(notes: &str, arguments: &[&str]) -> Vec<String> {
    let arguments = ["--format", "json", "--select", "hyperv-linux/*"].iter().chain(arguments).copied().chain(["-"]);
    let json = vmlint(arguments).stdin(machine(notes)).run().json();
    let findings = json["findings"].as_array().unwrap().iter();
    let shown = |finding: &serde_json::Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or("none").to_owned();
        format!("{} {} {}", text("rule"), text("guest"), text("host"))
    };
    findings.map(shown).collect()
}

#[test]
fn the_guest_is_what_the_user_says_else_what_the_notes_say() {
    let missing = |guest: &str, host: &str| vec![format!("hyperv-linux/sr-iov {guest} {host}")];
    assert_eq!(sr_iov("", &[]), Vec::<String>::new());
    assert_eq!(sr_iov("", &["--guest", "centos-6.5"]), missing("centos-6.5", "windows-server-2019"));
    assert_eq!(sr_iov("the shop\nvmlint: guest=centos-6.5", &[]), missing("centos-6.5", "windows-server-2019"));
    assert_eq!(sr_iov("vmlint: guest=centos-6.5", &["--guest", "rhel-8.1"]), Vec::<String>::new());
    assert_eq!(sr_iov("say vmlint: guest=centos-6.5", &[]), Vec::<String>::new(), "only a line of its own speaks to vmlint");
}

#[test]
fn the_host_of_the_notes_comes_before_the_default_and_behind_the_option() {
    let on_2012 = "vmlint: guest=rhel-8.1 host=windows-server-2012-r2";
    assert_eq!(sr_iov(on_2012, &[]), ["hyperv-linux/sr-iov rhel-8.1 windows-server-2012-r2"]);
    assert_eq!(sr_iov(on_2012, &["--host", "windows-server-2019"]), Vec::<String>::new());
}

#[test]
fn the_drivers_decide_which_column_answers() {
    let guest = "vmlint: guest=rhel-7.3";
    assert_eq!(sr_iov(guest, &[]), ["hyperv-linux/sr-iov rhel-7.3 windows-server-2019"]);
    assert_eq!(sr_iov(&format!("{guest} drivers=lis-4.3"), &[]), Vec::<String>::new());
    assert_eq!(sr_iov(&format!("{guest} drivers=lis-4.3"), &["--guest-drivers", "built-in"]).len(), 1);
}

#[test]
fn a_finding_says_what_the_table_says_and_where_the_guest_would_have_it() {
    let run = vmlint(["--guest", "centos-6.5", "--select", "hyperv-linux/*", "-"]).stdin(machine("")).run();
    assert_snapshot!(run);
}

#[test]
fn who_does_not_name_the_guest_is_told_once_how_to() {
    let machine = machine("");
    let folder = folder(&[("a.json", machine.as_bytes()), ("b.json", machine.as_bytes())]);
    assert_snapshot!(vmlint(["--select", "hyperv-linux/*", "."]).within(folder.path()).run());
}

#[test]
fn notes_that_cannot_be_understood_are_told() {
    let notes = "vmlint: guest=cantos-6.5 host=windows-server-2018 drivers=lis-5 who=me";
    assert_snapshot!(vmlint(["--format", "concise", "--select", "hyperv-linux/*", "-"]).stdin(machine(notes)).run());
}
