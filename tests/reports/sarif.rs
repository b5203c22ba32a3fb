//! SARIF: held against the standard's own schema, and what code scanning asks beyond it.

use std::path::Path;

use serde_json::Value;

use super::schemas::parsed;
use super::*;

/// A report that the standard's schema has nothing to say against.
fn valid(files: &[Checked]) -> Value {
    parsed(&whole(report::Format::Sarif, Options::default(), files))
}

fn results(sarif: &Value) -> &Vec<Value> {
    sarif["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn a_whole_run() {
    let sarif = whole(report::Format::Sarif, Options::default(), &three_files());
    parsed(&sarif);
    insta::assert_snapshot!(sarif.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn a_run_without_findings_or_rules_is_whole() {
    assert!(results(&valid(&[])).is_empty());
    let repository = Repository::default();
    let report = report::select(report::Format::Sarif, Options::default(), &repository);
    parsed(&String::from_utf8([report.head(), report.tail(&Summary::default())].concat()).unwrap());
}

#[test]
fn every_result_names_its_rule_by_number_too() {
    let sarif = valid(&three_files());
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, ["rhel-8/vhost-user", "rhel-8/hypothetical-note", "rhel-8/model", "vmlint/malformed-input"]);
    for result in results(&sarif) {
        assert_eq!(*ids[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()], result["ruleId"]);
    }
    assert!(rules[0]["help"]["markdown"].as_str().unwrap().contains("[Red Hat Enterprise Linux 8"));
    assert!(rules[2]["shortDescription"].is_null(), "nothing is known of this one");
}

#[test]
fn texts_of_a_file_are_shown_and_obeyed_by_nobody() {
    let mut file = hostile();
    file.findings[0].related = vec![label(Span::new(3, 4), "[x](https://evil.example)")];
    let text = whole(report::Format::Sarif, Options::default(), std::slice::from_ref(&file));
    assert!(!text.contains("##") && !text.contains(|c: char| c != '\n' && c.is_control()));
    let sarif = parsed(&text);
    let result = &results(&sarif)[0];
    let message = result["message"]["text"].as_str().unwrap();
    assert!(message.starts_with(r"name `\u{1b}]0;x\u{7}\n"), "{message}");
    assert!(message.ends_with(": [(x)(https://evil.example)](1)"), "{message}");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "%3A%3Aerror%3A%3Ax%0A%3A%3Aerror%3A%3Ay%1B%5B2J%E2%80%AE.xml"
    );
}

#[test]
fn descriptions_and_places_stay_within_the_limits_of_code_scanning() {
    let repository = Repository::default();
    let mut summary = run(&[]);
    summary.described[1].why = "ü".repeat(3_000).into();
    let mut file = full_page();
    file.findings[0].related = vec![label(Span::new(0, 1), "x"); 1_500];
    let report = report::select(report::Format::Sarif, Options::default(), &repository);
    let text = [report.head(), report.in_order(report.file(&file)), report.tail(&summary)].concat();
    let sarif = parsed(&String::from_utf8(text).unwrap());
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["fullDescription"]["text"].as_str().unwrap().chars().count(), 1_024);
    assert_eq!(results(&sarif)[0]["relatedLocations"].as_array().unwrap().len(), 99);
}

#[test]
fn regions_count_characters_and_the_bytes_on_disk() {
    let text = "<a n='𝄞é'>\r\n<b bad='1'/></a>";
    let mut map = OriginMap::starting_at(2);
    for c in text.chars() {
        map.push(c.len_utf8() as u8, 2 * c.len_utf16() as u8);
    }
    let source = Source::decoded("u.xml", text.to_owned(), map);
    let wide = finding(Severity::Error, "bad", span(text, "", "<a n='𝄞é'>"), label(span(text, "", "é"), ""));
    let file = Checked { source, format: Format::LibvirtDomain, vms: 1, findings: vec![wide], suppressed: Vec::new() };
    let sarif = valid(&[file]);
    assert_eq!(sarif["runs"][0]["columnKind"], "unicodeCodePoints");
    let result = &results(&sarif)[0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    let numbers = ["startLine", "startColumn", "endLine", "endColumn", "byteOffset", "byteLength"].map(|key| &region[key]);
    assert_eq!(numbers, [1, 8, 1, 9, 2 + 2 * 8, 2]);
    assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_null(), "GitHub would read another text");
}

#[test]
fn the_line_is_that_of_the_element_and_the_column_of_what_offends() {
    let text = "<a>\n<disk\n type='file'\n bad='1'/>\n</a>";
    let place = span(text, "", "<disk\n type='file'\n bad='1'/>");
    let region = |focus: &str| {
        let sarif =
            valid(&[checked("a.xml", text, vec![finding(Severity::Error, "x", place, label(span(text, "", focus), ""))])]);
        let region = &results(&sarif)[0]["locations"][0]["physicalLocation"]["region"];
        (region["startLine"].as_u64().unwrap(), region["startColumn"].as_u64().unwrap())
    };
    assert_eq!([region("disk"), region("bad")], [(2, 2), (2, 1)]);
}

#[test]
fn fingerprints_outlive_moved_lines_and_are_never_alike() {
    let prints = |text: &str, path: &str| -> Vec<String> {
        let twice = || finding(Severity::Error, "x", span(text, "", "<vcpu>"), label(span(text, "", "4"), ""));
        let sarif = valid(&[checked(path, text, vec![twice(), twice()])]);
        results(&sarif).iter().map(|result| result["partialFingerprints"]["vmlint/v1"].as_str().unwrap().to_owned()).collect()
    };
    let before = prints(DOMAIN, "a.xml");
    assert_eq!(before, prints(&format!("<!-- moved -->\n\n{DOMAIN}"), "./a.xml"));
    assert_ne!(before[0], before[1]);
    assert!(!before.contains(&prints(DOMAIN, "b.xml")[0]));
}

#[test]
fn what_could_not_be_read_is_told() {
    let mut summary = run(&[]);
    summary.troubles = vec!["a\u{1b}.xml: permission denied".to_owned()];
    let repository = Repository::default();
    let report = report::select(report::Format::Sarif, Options::default(), &repository);
    let sarif = parsed(&String::from_utf8([report.head(), report.tail(&summary)].concat()).unwrap());
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], r"a\u{1b}.xml: permission denied");
}

#[test]
#[cfg(unix)]
fn uris_are_relative_to_the_root_of_the_repository() {
    let root = |name: &str| (name == "GITHUB_WORKSPACE").then(|| "/work".to_owned());
    let repository = Repository::around(Path::new("/work/vm"), root);
    let report = report::select(report::Format::Sarif, Options::default(), &repository);
    let artifact = |path: &str| {
        let piece = String::from_utf8(report.in_order(report.file(&checked(path, DOMAIN, vec![full()])))).unwrap();
        let result: Value = serde_json::from_str(&piece).unwrap();
        result["locations"][0]["physicalLocation"]["artifactLocation"].to_string()
    };
    assert_eq!(artifact("a b.xml"), r#"{"uri":"vm/a%20b.xml","uriBaseId":"%SRCROOT%"}"#);
    assert_eq!(artifact("../net.xml"), r#"{"uri":"net.xml","uriBaseId":"%SRCROOT%"}"#);
    assert_eq!(artifact("/etc/x.xml"), r#"{"uri":"file:///etc/x.xml"}"#);
}
