//! Exit statuses: 0 nothing bad enough, 1 something was, 2 the run could not do what was asked.

use crate::common::{FORMATS, folder, vmlint};

const ERROR: &str = "fixtures/libvirt/web01.xml";
const WARNING: &str = "fixtures/rules/spice/bad.xml";
const NOTE: &str = "fixtures/libvirt/checkpoint.xml";
const CLEAN: &str = "fixtures/libvirt/clean.xml";
const NO_VM: &str = "fixtures/hostile/web-page.html";
const MALFORMED: &str = "fixtures/hostile/cut-off.xml";

fn status(arguments: &[&str]) -> i32 {
    let run = vmlint(arguments.iter().copied()).run();
    let status = run.status.unwrap_or_else(|| panic!("{arguments:?} was killed\n{run}"));
    assert_eq!(status == 2, !run.stderr.is_empty(), "trouble and nothing else is told on standard error: {arguments:?}\n{run}");
    status
}

#[test]
fn fail_on_is_the_lowest_severity_that_fails() {
    for (file, [error, warning, note, never]) in [
        (ERROR, [1, 1, 1, 0]),
        (WARNING, [0, 1, 1, 0]),
        (NOTE, [0, 0, 1, 0]),
        (CLEAN, [0, 0, 0, 0]),
        (NO_VM, [0, 0, 1, 0]),
        (MALFORMED, [1, 1, 1, 0]),
    ] {
        assert_eq!(status(&[file]), error, "{file}");
        for (level, expected) in [("error", error), ("warning", warning), ("note", note), ("never", never)] {
            assert_eq!(status(&["--fail-on", level, file]), expected, "{level} {file}");
        }
    }
}

#[test]
fn what_is_shown_does_not_matter() {
    for format in FORMATS {
        for severity in ["warning", "error"] {
            let shown = ["--format", format, "--min-severity", severity];
            let with = |more: &[&str]| status(&[&shown, more].concat());
            assert_eq!(with(&[ERROR]), 1);
            assert_eq!(with(&["--fail-on", "note", NOTE]), 1);
            assert_eq!(with(&["-q", "--fail-on", "warning", WARNING]), 1);
        }
    }
}

#[test]
fn rules_that_do_not_run_do_not_fail() {
    assert_eq!(status(&["--select", "*/spice", ERROR]), 0);
    assert_eq!(status(&["--ignore", "rhel-8/*", ERROR]), 0);
    assert_eq!(status(&["--ignore", "rhel-8/*", MALFORMED]), 1, "a file that cannot be read is always told");
}

#[test]
fn a_run_that_could_not_do_what_was_asked() {
    let folder = folder(&[("wrong.yaml", b"hots: rhel-8\n"), ("empty/keep", b"")]);
    let wrong = folder.path().join("wrong.yaml");
    let empty = folder.path().join("empty");
    for arguments in [
        &["--no-such-option"][..],
        &["--format", "pdf", CLEAN],
        &["--fail-on", "often", CLEAN],
        &["--min-severity", "never", CLEAN],
        &["--host", "rhel-80", CLEAN],
        &["--host", "rhel-7", CLEAN],
        &["--guest", "beos-5", CLEAN],
        &["--policy", "no-such-policy", CLEAN],
        &["--policy", empty.to_str().unwrap(), CLEAN],
        &["--policy", wrong.to_str().unwrap(), CLEAN],
        &["--select", "rhel-8/no-such-rule", CLEAN],
        &["--ignore", "[", CLEAN],
        &["--config", wrong.to_str().unwrap(), CLEAN],
        &["--config", "no-such.yaml", CLEAN],
        &["--config", "x", "--no-config", CLEAN],
        &["--output", "no/such/folder/report", CLEAN],
        &["--report", "json", CLEAN],
        &["--report", "pdf=x", CLEAN],
        &["--report", "json=no/such/folder/report", CLEAN],
        &["no-such.xml"],
        &["explain"],
        &["explain", "no-such-rule"],
        &["rules", "--host", "rhel-80"],
        &["policy"],
        &["policy", "check", "no-such-policy"],
        &["policy", "test", wrong.to_str().unwrap()],
        &["matrix", CLEAN],
    ] {
        assert_eq!(status(arguments), 2, "{arguments:?}");
    }
}

#[test]
fn trouble_comes_before_findings() {
    assert_eq!(status(&[ERROR, "no-such.xml"]), 2);
    assert_eq!(status(&["--fail-on", "never", "no-such.xml"]), 2);
}

#[test]
fn help_and_version_are_answers() {
    for arguments in [&["--help"][..], &["-h"], &["help"], &["--version"], &["check", "--help"], &["policy", "--help"]] {
        assert_eq!(status(arguments), 0, "{arguments:?}");
    }
    assert_eq!(vmlint(["--version"]).run().stdout, concat!("vmlint ", env!("CARGO_PKG_VERSION"), "\n"));
}
