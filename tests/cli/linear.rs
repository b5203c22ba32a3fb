//! Twice the input takes twice as long, whatever it is that there is twice as much of: each of these takes minutes where it does not.

use std::time::{Duration, Instant};

use crate::common::{Run, domain, folder, vmlint};

/// Runs the command on a file and sees to it that it takes seconds and not minutes, on a slow machine and in a slow build too.
fn quick(text: &str, arguments: &[&str]) -> Run {
    let folder = folder(&[("a.xml", text.as_bytes())]);
    let started = Instant::now();
    let run = vmlint(arguments.iter().chain(&["a.xml"]).copied()).within(folder.path()).run();
    assert!(started.elapsed() < Duration::from_secs(30), "{arguments:?} took {:?}", started.elapsed());
    run
}

#[test]
fn matches_on_one_long_line_are_not_counted_from_its_start() {
    let text = domain(&format!("<metadata><!--{}-->{}</metadata>", "x".repeat(16 << 20), "<m/>".repeat(50_000)));
    let text = text.replace('\n', "");
    let query = quick(&text, &["query", "metadata/m"]);
    assert_eq!((query.status, query.stdout.lines().count()), (Some(0), 50_000));
    assert!(query.stdout.ends_with(&format!(":{}: <m/>\n", text.rfind("<m/>").unwrap() + 1)));
    let view = quick(&text, &["view", "--format", "json"]);
    let columns = view.stdout.matches("\"column\":").count();
    assert_eq!((view.status, columns), (Some(0), 50_003), "the domain, its name, metadata and what is in it");
}

#[test]
fn a_path_from_the_root_finds_each_node_once_in_a_file_of_many_machines() {
    let text = "<domain type='kvm'><name>web01</name></domain>\n".repeat(10_000);
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
    assert!(view.stdout.len() < 20 * text.len(), "{} bytes of {}", view.stdout.len(), text.len());
}

#[test]
fn the_difference_of_a_file_in_which_every_other_line_changes() {
    let count = 9_000;
    let text = domain(&format!("<devices>\n{}</devices>", "<video>\n<model type='cirrus'/>\n</video>\n".repeat(count)));
    let diff = quick(&text, &["--diff", "--unsafe-fixes", "--no-config"]);
    let changes = |sign: &str| diff.stdout.lines().skip(2).filter(|line| line.starts_with(sign)).count();
    assert_eq!((diff.status, changes("-"), changes("+")), (Some(1), count, count));
}
