//! What is printed, in which format, and where to.

use crate::common::{FORMATS, folder, steady, text, vmlint};
use insta::assert_snapshot;
use serde_json::Value;

const WEB01: &str = "fixtures/libvirt/web01.xml";

#[test]
fn a_page_for_people() {
    assert_snapshot!(vmlint([WEB01]).run());
}

#[test]
fn a_page_in_colour() {
    assert_snapshot!(vmlint(["--color", "always", "--select", "*/spice", WEB01]).run());
}

#[test]
fn a_page_of_120_columns() {
    assert_snapshot!(vmlint(["--select", "*/qemu-io-throttling", WEB01]).env("COLUMNS", "120").run());
}

#[test]
fn a_page_without_utf8() {
    let run = vmlint(["--select", "*/tpm-passthrough", WEB01]).env("LC_ALL", "C").run();
    assert!(run.stdout.is_ascii());
    assert_snapshot!(run);
}

#[test]
fn a_clean_file_prints_the_summary_and_nothing_else() {
    assert_snapshot!(vmlint(["fixtures/libvirt/clean.xml"]).run());
}

#[test]
fn the_summary_does_not_speak_of_assuming_a_host_that_was_named() {
    assert_snapshot!(vmlint(["--host", "rhel-8", "fixtures/libvirt/clean.xml"]).run());
}

#[test]
fn quiet_leaves_the_summary_out() {
    let run = vmlint(["-q", "fixtures/libvirt/clean.xml"]).run();
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    assert_snapshot!(vmlint(["-q", "--format", "concise", WEB01]).run());
}

#[test]
fn verbose_names_the_policy_line_that_decided() {
    assert_snapshot!(vmlint(["-v", "--select", "*/tpm-passthrough", WEB01]).run());
}

#[test]
fn one_line_for_each_finding() {
    assert_snapshot!(vmlint(["--format", "concise", WEB01, "fixtures/libvirt/backup.xml"]).run());
}

#[test]
fn json() {
    assert_snapshot!(vmlint(["--format", "json", WEB01]).run());
}

#[test]
fn ndjson() {
    assert_snapshot!(vmlint(["--format", "ndjson", WEB01]).run());
}

#[test]
fn json_of_nothing_is_whole() {
    let empty = folder(&[]);
    let run = vmlint(["--format", "json"]).within(empty.path()).run();
    let json = run.json();
    assert_eq!((run.status, &json["findings"], &json["files"]), (Some(0), &Value::Array(vec![]), &Value::Array(vec![])));
    let run = vmlint(["--format", "ndjson"]).within(empty.path()).run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""));
}

#[test]
fn json_and_ndjson_hold_the_same_findings() {
    let json = vmlint(["--format", "json", "fixtures"]).run().json();
    let lines = vmlint(["--format", "ndjson", "fixtures"]).run().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json["findings"], Value::Array(lines));
}

/// Every key that may never change, at every finding that the fixtures give.
#[test]
fn json_has_every_key_of_its_schema() {
    let json = vmlint(["--format", "json", "fixtures"]).run().json();
    assert_eq!(json["schema"], "vmlint-findings/1");
    assert_eq!((&json["tool"]["name"], &json["tool"]["version"]), (&"vmlint".into(), &env!("CARGO_PKG_VERSION").into()));
    let keys = |value: &Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "no {key} in {value}");
        }
    };
    let findings = json["findings"].as_array().unwrap();
    assert!(findings.len() > 100);
    for finding in findings {
        keys(finding, &["rule", "severity", "status", "message", "path", "format", "vm", "host", "guest", "location", "related"]);
        keys(finding, &["help", "source", "fixes", "suppressed"]);
        let places = finding["related"].as_array().unwrap().iter().inspect(|place| keys(place, &["message", "location"]));
        for place in places.map(|place| &place["location"]).chain([&finding["location"]]) {
            keys(place, &["line", "column", "end_line", "end_column", "byte_start", "byte_end", "node"]);
            let number = |key: &str| place[key].as_u64().unwrap();
            assert!((1, 1) <= (number("line"), number("column")), "{finding}");
            assert!((number("line"), number("column")) <= (number("end_line"), number("end_column")), "{finding}");
            assert!(number("byte_start") <= number("byte_end"), "{finding}");
        }
        if !finding["rule"].as_str().unwrap().starts_with("vmlint/") {
            keys(&finding["source"], &["title", "section", "url"]);
        }
    }
    let key = |finding: &Value| {
        let place = &finding["location"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&finding["path"]), place["line"].as_u64(), place["column"].as_u64(), text(&finding["rule"]))
    };
    assert!(findings.is_sorted_by_key(key), "findings are sorted by path, position and rule");
    for file in json["files"].as_array().unwrap() {
        keys(file, &["path", "format", "vms", "findings"]);
    }
    keys(&json["summary"], &["files", "vms", "errors", "warnings", "notes", "suppressed", "skipped"]);
}

#[test]
fn the_location_is_the_offending_start_tag() {
    let json = vmlint(["--format", "json", WEB01]).run().json();
    let source = text(WEB01);
    for finding in json["findings"].as_array().unwrap() {
        let place = &finding["location"];
        let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
        let tag = &source[number("byte_start")..number("byte_end")];
        assert!(tag.starts_with('<') && tag.ends_with('>') && tag.matches('<').count() == 1, "{tag}");
        let line = source.lines().nth(number("line") - 1).unwrap();
        assert_eq!(&line[number("column") - 1..number("end_column") - 1], tag);
    }
}

#[test]
fn a_lower_severity_is_counted_and_not_shown() {
    assert_snapshot!(vmlint(["--min-severity", "error", "--format", "concise", WEB01]).run());
}

#[test]
fn a_report_goes_to_the_file_that_is_named() {
    let folder = folder(&[("web01.xml", text(WEB01).as_bytes())]);
    for format in FORMATS {
        let shown = vmlint(["--format", format, "web01.xml"]).within(folder.path()).run();
        let silent = vmlint(["--format", format, "--output", "report", "web01.xml"]).within(folder.path()).run();
        assert_eq!((silent.status, silent.stdout.as_str(), silent.stderr.as_str()), (Some(1), "", ""));
        let written = std::fs::read_to_string(folder.path().join("report")).unwrap();
        assert_eq!(steady(&written), steady(&shown.stdout), "{format}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_trouble() {
    let folder = folder(&[("web01.xml", text(WEB01).as_bytes())]);
    assert_snapshot!(vmlint(["--output", "no/such/folder/report", "web01.xml"]).within(folder.path()).run());
}

#[test]
fn colours_are_for_those_who_want_them() {
    let coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut run = vmlint(arguments.iter().chain(&[WEB01]).copied());
        for (name, value) in environment {
            run = run.env(name, value);
        }
        run.run().stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "a pipe gets none");
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(coloured(&[], &[("FORCE_COLOR", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn the_same_bytes_with_any_number_of_threads() {
    for format in FORMATS {
        let with = |threads| vmlint(["--format", format, "fixtures"]).env("RAYON_NUM_THREADS", threads).run();
        let (one, four) = (with("1"), with("4"));
        assert_eq!((one.status, steady(&one.stdout)), (four.status, steady(&four.stdout)), "{format}");
        assert_eq!(one.stderr, four.stderr);
    }
}
