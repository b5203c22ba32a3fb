//! Twice the input takes twice as long, whatever it is that there is twice as much of: each of these takes many times as long where it does not.

use std::time::{Duration, Instant};

use crate::common::{Run, domain, folder, vmlint};

/// Runs the command on a file, and says how long that took.
fn timed(text: &str, arguments: &[&str]) -> (Run, Duration) {
    let folder = folder(&[("a.xml", text.as_bytes())]);
    let started = Instant::now();
    let run = vmlint(arguments.iter().chain(&["a.xml"]).copied()).within(folder.path()).run();
    (run, started.elapsed())
}

/// Runs the command on a file and sees to it that it takes seconds and not minutes, on a slow machine and in a slow build too.
fn quick(text: &str, arguments: &[&str]) -> Run {
    let (run, time) = timed(text, arguments);
    assert!(time < Duration::from_secs(30), "{arguments:?} took {time:?}");
    run
}

#[test]
fn matches_on_one_long_line_are_not_counted_from_its_start() {
    let (comment, elements) = (format!("<!--{}-->", "x".repeat(6 << 20)), "<m/>".repeat(20_000));
    let one_line = |inside: &str| domain(&format!("<metadata>{inside}</metadata>")).replace('\n', "");
    let (behind, ahead) = (one_line(&format!("{comment}{elements}")), one_line(&format!("{elements}{comment}")));
    let column = behind.rfind("<m/>").unwrap() + 1;
    let cases: [(&[&str], String); 2] = [
        (&["query", "metadata/m"], format!("a.xml:1:{column}: <m/>")),
        (&["view", "--format", "json"], format!("\"column\":{column},")),
    ];
    for (arguments, last) in cases {
        let (run, long) = timed(&behind, arguments);
        let (_, short) = timed(&ahead, arguments);
        assert_eq!((run.status, run.stdout.matches(&last).count()), (Some(0), 1));
        assert!(long < 3 * short + Duration::from_secs(2), "{arguments:?} took {long:?} beside {short:?}");
    }
}

#[test]
fn a_path_from_the_root_finds_each_node_once_in_a_file_of_many_machines() {
    let text = "<domain type='kvm'><name>web01</name></domain>\n".repeat(4_000);
    for expression in ["//name", "/domain/name", "ancestor-or-self::node()/domain/name"] {
        let some = if expression.starts_with('/') { &text } else { &text[..text.len() / 100] };
        let query = quick(some, &["query", "--count", expression]);
        assert_eq!(query.stdout, format!("a.xml:{}\n", some.lines().count()), "{expression}");
    }
}

#[test]
fn an_expression_that_looks_at_all_machines_for_each_is_given_up() {
    let text = "<domain type='kvm'><name>web01</name></domain>\n".repeat(20_000);
    let query = quick(&text, &["query", "name[count(//name) > 1]"]);
    assert_eq!(query.status, Some(2), "{}", query.stderr);
    assert_eq!(query.stderr, "vmlint: a.xml: the expression takes too many steps on this file\n");
}

#[test]
fn a_deep_tree_is_not_shown_as_blanks() {
    let text = domain(&format!("<metadata>{}{}{}</metadata>", "<m>".repeat(2_000), "<n/>".repeat(20_000), "</m>".repeat(2_000)));
    let view = quick(&text, &["view"]);
    assert_eq!((view.status, view.stdout.matches("<n/>").count()), (Some(0), 20_000));
    assert!(view.stdout.len() < 40 * text.len(), "{} bytes of {}", view.stdout.len(), text.len());
}

#[test]
fn the_difference_of_a_file_in_which_every_other_line_changes() {
    let count = 9_000;
    let text = domain(&format!("<devices>\n{}</devices>", "<video>\n<model type='cirrus'/>\n</video>\n".repeat(count)));
    let diff = quick(&text, &["--diff", "--unsafe-fixes", "--no-config"]);
    let changes = |sign: &str| diff.stdout.lines().skip(2).filter(|line| line.starts_with(sign)).count();
    assert_eq!((diff.status, changes("-"), changes("+")), (Some(1), count, count));
}

#[test]
fn findings_deep_down_do_not_each_tell_all_that_is_above_them() {
    let system = "<l:os xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0' id='http://apple.com/macos/10'/>\n";
    let name = "m".repeat(200);
    let (open, close) = (format!("<{name}>").repeat(1_000), format!("</{name}>").repeat(1_000));
    let run = quick(&domain(&format!("<metadata>{open}{}{close}</metadata>", system.repeat(500))), &["--format", "json"]);
    let json = run.json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 500);
    let path = findings[4]["location"]["node"].as_str().unwrap();
    assert!(path.starts_with("//mmm") && path.ends_with("/l:os[5]"), "{path}");
    assert!(path.len() < 2_500 && run.stdout.len() < 500 * 10_000, "{}", run.stdout.len());
}
