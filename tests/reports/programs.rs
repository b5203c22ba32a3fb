//! Reports for programs in XML, in commands and in GitLab's JSON.

use std::collections::HashSet;

use serde_json::Value;

use super::schemas::xmllint;
use super::*;

/// Files whose texts do harm where they can, among them what only XML minds.
fn hostile_files() -> Vec<Checked> {
    let mut xml = checked("<x y=\"z\">.xml", "<a n='x'/>", hostile().findings);
    xml.findings[0].message = "a `<b c=\"d\">` & ]]> <![CDATA[ <!-- \u{0} \u{ffff} &amp;".to_owned();
    xml.findings[0].help = Some("]]></failure>\n<x/>".to_owned());
    xml.findings[0].severity = Severity::Note;
    let named = |path: &str| checked(path, DOMAIN, full_page().findings);
    vec![hostile(), xml, named("]]>\"'<&>\u{7}.xml"), named("##vso[task.complete]x.xml"), named("a b,c:d%0A.xml")]
}

#[test]
fn junit() {
    let junit = whole(report::Format::JUnit, Options::default(), &three_files());
    assert_eq!(xmllint(&["--schema", "fixtures/schemas/junit-10.xsd"], &junit), None);
    insta::assert_snapshot!(junit);
}

#[test]
fn junit_is_valid_whatever_files_hold() {
    for files in [vec![], hostile_files()] {
        let junit = whole(report::Format::JUnit, Options::default(), &files);
        assert_eq!(xmllint(&["--schema", "fixtures/schemas/junit-10.xsd"], &junit), None);
        let tree = roxmltree::Document::parse(&junit).expect("well-formed");
        let suites: Vec<_> = tree.root_element().children().filter(roxmltree::Node::is_element).collect();
        assert_eq!(suites.len(), files.len());
        for (suite, file) in suites.iter().zip(&files) {
            let count = |name: &str| suite.descendants().filter(|node| node.has_tag_name(name)).count();
            assert_eq!(suite.attribute("tests"), Some(&*file.findings.len().to_string()));
            assert_eq!(
                (count("testcase"), suite.attribute("failures")),
                (file.findings.len(), Some(&*count("failure").to_string()))
            );
            assert_eq!(count("x"), 0);
        }
        assert!(!junit.contains("##") && !junit.contains("\n::"));
    }
}

#[test]
fn junit_tells_findings_of_one_rule_apart() {
    let twice = || finding(Severity::Error, "x", Span::new(0, 1), label(Span::new(0, 1), ""));
    let junit = whole(report::Format::JUnit, Options::default(), &[checked("a.xml", DOMAIN, vec![twice(), twice()])]);
    assert!(junit.contains(" name=\"rhel-8/vhost-user\" ") && junit.contains(" name=\"rhel-8/vhost-user (2)\" "), "{junit}");
}

#[test]
fn checkstyle() {
    insta::assert_snapshot!(whole(report::Format::Checkstyle, Options::default(), &three_files()));
}

#[test]
fn checkstyle_gives_every_text_back() {
    let files = hostile_files();
    let checkstyle = whole(report::Format::Checkstyle, Options::default(), &files);
    assert_eq!(xmllint(&[], &checkstyle), None);
    assert!(!checkstyle.contains("##") && !checkstyle.contains(|c: char| c != '\n' && c.is_control()));
    let tree = roxmltree::Document::parse(&checkstyle).expect("well-formed");
    let names: Vec<_> = tree.descendants().filter_map(|node| node.attribute("name")).collect();
    // But for what XML cannot hold at all.
    let held = |file: &Checked| report::shown_path(file.source.path()).replace('\u{1b}', r"\u{1b}").replace('\u{7}', r"\u{7}");
    assert_eq!(names, files.iter().map(held).collect::<Vec<_>>());
    let messages: Vec<_> = tree.descendants().filter_map(|node| node.attribute("message")).collect();
    assert_eq!(messages[1], r#"a `<b c="d">` & ]]> <![CDATA[ <!-- \u{0} \u{ffff} &amp;. ]]></failure> <x/>"#);
}

#[test]
fn github() {
    insta::assert_snapshot!(whole(report::Format::GitHub, Options::default(), &three_files()));
    let quiet = Options { quiet: true, ..Options::default() };
    let commands = whole(report::Format::GitHub, quiet, &three_files());
    assert!(commands.lines().all(|line| line.starts_with("::")), "{commands}");
}

#[test]
fn every_command_to_github_is_one_of_ours() {
    let text = render(report::Format::GitHub, Options::default(), &hostile());
    insta::assert_snapshot!(text);
    for file in hostile_files() {
        let text = render(report::Format::GitHub, Options::default(), &file);
        assert_eq!(text.lines().count(), file.findings.len());
        for line in text.lines() {
            // As the runner takes a command apart.
            let (name, rest) = line.strip_prefix("::").unwrap().split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&name));
            let (properties, _) = rest.split_once("::").unwrap();
            let keys: Vec<&str> = properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
            assert!(keys == ["file", "line", "endLine", "col", "endColumn", "title"], "{line}");
            assert!(!line.contains("##["), "{line}");
        }
    }
}

#[test]
fn github_has_columns_within_one_line_only() {
    let text = "<a\n b='1'>";
    let tag = finding(Severity::Note, "x", Span::new(0, text.len()), label(Span::new(0, text.len()), ""));
    let command = render(report::Format::GitHub, Options::default(), &checked("a.xml", text, vec![tag]));
    assert_eq!(command, "::notice file=a.xml,line=1,endLine=2,title=rhel-8/vhost-user::a.xml:1:1: x\n");
}

#[test]
fn markdown() {
    insta::assert_snapshot!(whole(report::Format::Markdown, Options::default(), &three_files()));
    let clean = [checked("clean.xml", DOMAIN, Vec::new())];
    insta::assert_snapshot!(whole(report::Format::Markdown, Options::default(), &clean));
}

#[test]
fn every_finding_is_one_row_of_markdown() {
    for file in hostile_files() {
        let rows = render(report::Format::Markdown, Options::default(), &file);
        assert_eq!(rows.lines().count(), file.findings.len());
        for row in rows.lines() {
            let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            assert_eq!(bars, 5, "{row}");
            assert!(!row.contains("<b") && !row.contains("<!") && !row.contains("##"), "{row}");
        }
    }
    insta::assert_snapshot!(render(report::Format::Markdown, Options::default(), &hostile()));
}

#[test]
fn gitlab() {
    let gitlab = whole(report::Format::GitLab, Options::default(), &three_files());
    insta::assert_snapshot!(gitlab);
    assert_eq!(whole(report::Format::GitLab, Options::default(), &[]), "[\n]\n");
}

/// What GitLab's documentation asks of every entry.
#[test]
fn gitlab_has_every_key_and_no_fingerprint_twice() {
    let mut files = hostile_files();
    let twice = files[2].findings[0].clone();
    files[2].findings.push(twice);
    let gitlab = whole(report::Format::GitLab, Options::default(), &files);
    assert!(!gitlab.contains("##"));
    let issues: Vec<Value> = serde_json::from_str(&gitlab).expect("an array");
    assert_eq!(issues.len(), files.iter().map(|file| file.findings.len()).sum::<usize>());
    let mut seen = HashSet::new();
    for issue in &issues {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).unwrap().to_owned();
        assert!(text(&issue["description"]).starts_with(&text(&issue["check_name"]).replace('\u{1b}', r"\u{1b}")), "{issue}");
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&text(&issue["severity"]).as_str()), "{issue}");
        assert!(!text(&issue["location"]["path"]).starts_with("./"), "{issue}");
        assert!(issue["location"]["lines"]["begin"].as_u64() >= Some(1), "{issue}");
        assert!(seen.insert(text(&issue["fingerprint"])), "{issue}");
    }
}
