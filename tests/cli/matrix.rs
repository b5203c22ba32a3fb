//! `vmlint matrix`, over a matrix of one's own and over the built-in one.

use std::collections::{HashMap, HashSet};

use insta::assert_snapshot;
use serde_json::Value;
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::matrix::{self, Support};
use vmlint::systems::Guest;

use crate::common::{Run, folder, vmlint};

const FARM: &str = "fixtures/policies/matrix/farm.yaml";
const HOST_2012: [&str; 2] = ["--host", "windows-server-2012-r2"];
const HOST_2019: [&str; 2] = ["--host", "windows-server-2019"];

fn matrix(arguments: &[&str]) -> Run {
    vmlint(["matrix"].iter().chain(arguments).copied()).run()
}

/// Of the matrix in the fixtures.
fn farm(arguments: &[&str]) -> Run {
    matrix(&[&["--policy", FARM], arguments].concat())
}

#[test]
fn the_policy_with_the_matrix_holds() {
    assert_eq!(vmlint(["policy", "check", FARM]).run().status, Some(0));
    assert_eq!(vmlint(["policy", "test", FARM]).run().stdout, "4 examples passed, 0 failed\n");
}

#[test]
fn all_guests_on_a_host() {
    assert_snapshot!(farm(&[]));
}

#[test]
fn all_guests_with_drivers_of_one_kind() {
    assert_snapshot!(farm(&["--guest-drivers", "lis-4.3", "--host", "windows-server-2019"]));
}

#[test]
fn the_column_of_a_guest() {
    assert_snapshot!(farm(&["--guest", "debian-11", "--host", "windows-server-2019"]));
}

#[test]
fn the_column_of_a_guest_in_another_edition() {
    assert_snapshot!(farm(&["--guest", "debian-10", "--host", "windows-server-2019", "--edition", "old"]));
    assert_snapshot!(farm(&["--guest", "debian-11", "--host", "windows-server-2019", "--edition", "old"]));
}

#[test]
fn one_feature_over_all_guests() {
    assert_snapshot!(farm(&["--feature", "sr-iov", "--host", "windows-server-2019"]));
}

#[test]
fn one_feature_of_a_guest() {
    assert_snapshot!(farm(&["--feature", "sr-iov", "--guest", "debian-10", "--host", "windows-server-2016"]));
    assert_snapshot!(farm(&["--feature", "sr-iov", "--guest", "oracle-linux-rhck-8.5", "--host", "windows-server-2019"]));
}

#[test]
fn a_terminal_without_unicode() {
    for (name, arguments) in [("host", &["--host", "windows-server-2019"][..]), ("guest", &["--guest", "debian-11"])] {
        let run = vmlint(["matrix", "--policy", FARM].iter().chain(arguments).copied()).env("LC_ALL", "C").run();
        assert!(run.stdout.is_ascii());
        assert_snapshot!(format!("ascii_{name}"), run);
    }
}

#[test]
fn colours_say_nothing_that_words_do_not() {
    let colours = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for arguments in [&["--guest", "debian-11"][..], &["--feature", "sr-iov"], &[]] {
        let coloured = farm(&[arguments, &["--color", "always"]].concat()).stdout;
        let plain = colours.replace_all(&coloured, "").into_owned();
        assert!(coloured != plain);
        assert_eq!(plain, farm(arguments).stdout);
    }
    assert_snapshot!(farm(&["--guest", "debian-11", "--color", "always"]));
}

#[test]
fn json() {
    let on_2019 = |arguments: &[&str]| {
        let json = farm(&[arguments, &HOST_2019, &["--format", "json"]].concat()).json();
        serde_json::to_string_pretty(&json).unwrap()
    };
    assert_snapshot!("json_answer", on_2019(&["--guest", "debian-11", "--feature", "sr-iov"]));
    assert_snapshot!("json_unknown", on_2019(&["--guest", "debian-9", "--feature", "sr-iov"]));
    assert_snapshot!("json_guest", on_2019(&["--guest", "debian-12"]));
    assert_snapshot!("json_host", on_2019(&["--feature", "sr-iov"]));
}

#[test]
fn markdown() {
    assert_snapshot!("markdown_host", farm(&["--format", "markdown"]));
    assert_snapshot!("markdown_guest", farm(&["--format", "markdown", "--guest", "debian-11", "--host", "windows-server-2019"]));
    assert_snapshot!("markdown_unknown", farm(&["--format", "markdown", "--guest", "debian-9"]));
}

#[test]
fn html() {
    let page = farm(&["--format", "html"]).stdout;
    let (head, body) = page.split_once("<style>").unwrap();
    let (style, body) = body.split_once("</style>").unwrap();
    assert_snapshot!("html_head", head);
    let filters: Vec<&str> = style.lines().filter(|line| line.starts_with("body:has(")).collect();
    assert_snapshot!("html_filters", filters.join("\n"));
    assert_snapshot!("html_body", body);
    assert_snapshot!(
        "html_guest",
        farm(&["--format", "html", "--guest", "debian-9", "--host", "windows-server-2019"])
            .stdout
            .split_once("</style>")
            .unwrap()
            .1
    );
}

#[test]
fn a_word_that_does_not_exist_names_the_nearest() {
    for (name, arguments) in [
        ("host", &["--host", "windows-server-2018"][..]),
        ("host_of_kvm", &["--host", "rhel-8"]),
        ("guest", &["--guest", "debain-11"]),
        ("guest_without_version", &["--guest", "debian"]),
        ("feature", &["--feature", "sriov"]),
        ("feature_far_from_all", &["--feature", "teleportation"]),
        ("edition", &["--edition", "newer"]),
        ("drivers", &["--guest-drivers", "lis-4.2"]),
        ("policy_without_a_matrix", &["--policy", "rhel-8"]),
    ] {
        let policy = if arguments[0] == "--policy" { &[][..] } else { &["--policy", FARM] };
        let run = matrix(&[policy, arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{name}");
        assert_snapshot!(format!("wrong_{name}"), run.stderr);
    }
}

#[test]
fn where_no_table_answers_it_is_said_why() {
    for (guest, host) in [
        ("rhel-8", "windows-server-2019"),
        ("rhel-7", "windows-server-2025"),
        ("rhel-6.2", "windows-server-2022"),
        ("rhel-6.5", "windows-server-2025"),
        ("oracle-linux-8.4", "windows-server-2019"),
        ("debian-8", "windows-server-2019"),
        ("windows-10", "windows-server-2019"),
    ] {
        let arguments = ["--guest", guest, "--host", host];
        let run = matrix(&arguments);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
        assert_snapshot!(format!("unknown_{guest}"), run.stdout);
        let json = matrix(&[&arguments[..], &["--feature", "core", "--format", "json"]].concat()).json();
        assert_eq!(
            (&json["support"], &json["edition"], &json["notes"]),
            (&"unknown".into(), &Value::Null, &Value::Array(vec![]))
        );
    }
}

#[test]
fn the_column_of_a_guest_of_the_built_in_matrix() {
    assert_snapshot!(matrix(&["--guest", "rhel-7.6"]));
    assert_snapshot!(matrix(&[&["--guest", "rhel-8.4"], &HOST_2012[..]].concat()));
}

#[test]
fn the_built_in_matrix_on_a_host() {
    assert_snapshot!(matrix(&["--host", "windows-server-2025"]));
}

#[test]
fn a_feature_of_the_built_in_matrix() {
    assert_snapshot!(matrix(&["--feature", "sr-iov"]));
}

/// A link can be as long as it is.
fn too_wide(page: &str, width: usize) -> Vec<&str> {
    let link = |line: &&str| line.trim_start().starts_with("https://") && !line.trim_start().contains(' ');
    page.lines().filter(|line| textwrap::core::display_width(line) > width && !link(line)).collect()
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (width, locale) in [("80", "C.UTF-8"), ("80", "C"), ("60", "C.UTF-8")] {
        for host in matrix::hosts() {
            for asked in [&[][..], &["--feature", "dynamic-memory-hot-add"], &["--guest", "centos-6.5"], &["--guest", "rhel-8"]] {
                let run = vmlint(["matrix", "--host", host].iter().chain(asked).copied());
                let page = run.env("COLUMNS", width).env("LC_ALL", locale).run().stdout;
                assert_eq!(too_wide(&page, width.parse().unwrap()), Vec::<&str>::new(), "{host} {asked:?}");
            }
        }
    }
    let guest = ["matrix", "--guest", "rhel-8.4", "--host", "windows-server-2012-r2"];
    for width in (1..60).step_by(6) {
        // Too narrow for a table is no reason to fail.
        let run = vmlint(guest).env("COLUMNS", &width.to_string()).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    }
}

/// What one column says is what a guest of its releases is told.
#[test]
fn columns_answer_for_their_releases() {
    let policy = BuiltIn::get("hyperv-linux").unwrap().load().unwrap().policy;
    let known = policy.matrix.unwrap();
    for host in matrix::hosts() {
        let json = matrix(&["--host", host, "--format", "json"]).json();
        let columns = json["columns"].as_array().unwrap();
        assert!(columns.len() > 10);
        for column in columns {
            let text = |key: &str| column[key].as_str().unwrap();
            let ends = text("releases").trim_end_matches('+').split('-').collect::<Vec<_>>();
            for (guest, release) in
                column["guests"].as_array().unwrap().iter().flat_map(|guest| ends.iter().map(move |end| (guest, end)))
            {
                let guest = Guest::parse(&format!("{}-{release}", guest.as_str().unwrap())).unwrap();
                let answering = known.answering(&guest, text("drivers"), host).unwrap();
                assert_eq!((&*answering.edition.id, &*answering.table.title), (text("edition"), text("table")), "{guest} {host}");
                for (number, feature) in known.features.iter().enumerate() {
                    let answer = answering.answer(number, host);
                    let cell = &column["cells"][&*feature.id];
                    assert_eq!((&cell["support"], &cell["settled"]), (&answer.support.as_str().into(), &answer.settled.into()));
                    assert_eq!(cell["notes"], Value::from(answer.notes));
                }
            }
        }
    }
}

#[test]
fn a_column_is_shown_for_the_releases_that_no_earlier_edition_has() {
    let json = matrix(&[&HOST_2012[..], &["--format", "json"]].concat()).json();
    let of = |edition: &str| {
        let columns = json["columns"].as_array().unwrap().iter();
        let columns = columns.filter(|column| column["edition"] == edition && column["guests"][0] == "rhel");
        columns.map(|column| column["releases"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("interim-2023"), ["9.0+", "8.5+"]);
    assert_eq!(of("seed-2021")[..2], ["8.1-8.4", "8.0"]);
    assert!(of("current-2025").is_empty());
}

/// Where the sources disagree and nothing decides, every format says so.
#[test]
fn cells_that_are_not_settled_are_marked_in_every_format() {
    let seed = ["--edition", "seed-2021", "--host", "windows-server-2019"];
    let json = matrix(&[&seed[..], &["--format", "json"]].concat()).json();
    let mut unsettled: Vec<String> = Vec::new();
    for column in json["columns"].as_array().unwrap() {
        assert_eq!(column["guests"], serde_json::json!(["rhel", "centos"]));
        let cells = column["cells"].as_object().unwrap().iter().filter(|(_, cell)| cell["settled"] == false);
        let told = |(feature, cell): (&String, &Value)| {
            format!("{feature} {} {}", column["releases"].as_str().unwrap(), cell["support"].as_str().unwrap())
        };
        unsettled.extend(cells.map(told));
    }
    unsettled.sort();
    let expected = [
        "accurate-time 7.4 yes",
        "accurate-time 7.5 yes",
        "accurate-time 7.6-7.9 yes",
        "hyper-v-sockets 7.6-7.9 no",
        "lsvmbus 7.6-7.9 no",
        "runtime-memory-resize 7.6-7.9 no",
        "scsi-wwn 7.5 no",
        "sr-iov 7.3 no",
        "vcpus-over-256 8.1-8.4 yes",
    ];
    assert_eq!(unsettled, expected);
    for (format, mark) in
        [("human", "[✓✗]\\?"), ("markdown", "\\| (yes|no)\\? "), ("html", "(yes|no)<b title=\"Not settled: [^\"]+\">\\?</b>")]
    {
        let page = matrix(&[&seed[..], &["--format", format]].concat()).stdout;
        assert_eq!(regex::Regex::new(mark).unwrap().find_iter(&page).count(), 9, "{format}");
        assert!(page.contains("Not settled:"), "{format}");
    }
    let guest = matrix(&[&seed[..], &["--guest", "centos-7.6"]].concat()).stdout;
    assert_eq!(guest.matches("yes?").count() + guest.matches("no? ").count(), 4, "{guest}");
    assert!(guest.contains("Not settled:") && guest.ends_with("Without --edition, current-2025 answers.\n"));
}

#[test]
fn drivers_matter_where_the_table_names_them() {
    let asked = |guest: &str, drivers: &str| {
        let arguments = [
            "--guest",
            guest,
            "--guest-drivers",
            drivers,
            "--feature",
            "sr-iov",
            "--format",
            "json",
            "--host",
            "windows-server-2019",
        ];
        let json = matrix(&arguments).json();
        (json["support"].as_str().unwrap().to_owned(), json["edition"].as_str().unwrap_or("none").to_owned())
    };
    let told = |support: &str, edition: &str| (support.to_owned(), edition.to_owned());
    assert_eq!(asked("rhel-7.3", "built-in"), told("no", "current-2025"));
    assert_eq!(asked("rhel-7.3", "lis-4.3"), told("yes", "current-2025"));
    assert_eq!(asked("rhel-7.3", "unstated"), told("unknown", "none"));
    for drivers in ["built-in", "lis-4.1", "lis-4.3", "unstated"] {
        assert_eq!(asked("oracle-linux-rhck-8.4", drivers), told("yes", "current-2023"));
    }
}

/// A page as the tree that browsers make of it.
fn parsed(page: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    roxmltree::Document::parse_with_options(page, options).unwrap()
}

#[test]
fn the_page_for_browsers_is_whole() {
    let page = matrix(&["--format", "html"]).stdout;
    let document = parsed(&page);
    let elements = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
    let policy = elements("meta").find_map(|meta| meta.attribute("content").filter(|text| text.contains("default-src")));
    assert_eq!(policy, Some("default-src 'none'; style-src 'unsafe-inline'"));
    for name in ["script", "img", "link", "iframe", "object"] {
        assert_eq!(elements(name).count(), 0, "{name}");
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
    let handlers =
        document.descendants().flat_map(|node| node.attributes()).filter(|attribute| attribute.name().starts_with("on"));
    assert_eq!(handlers.count(), 0);
    let mut ids = HashSet::new();
    for id in document.descendants().filter_map(|node| node.attribute("id")) {
        assert!(ids.insert(id), "{id} is there twice");
    }
    for link in elements("a").filter_map(|link| link.attribute("href")) {
        assert!(link.starts_with("https://learn.microsoft.com/") || ids.contains(link.strip_prefix('#').unwrap()), "{link}");
    }
    for option in elements("option").filter_map(|option| option.attribute("value")).filter(|value| !value.is_empty()) {
        assert!(page.contains(&format!("body:has(option[value={option}]:checked)")), "{option} filters nothing");
    }
    let sections: Vec<_> = elements("section").collect();
    assert_eq!(sections.len(), matrix::hosts().count());
    for section in sections {
        let span = |cell: roxmltree::Node<'_, '_>| cell.attribute("colspan").map_or(1, |span| span.parse::<usize>().unwrap());
        let rows: Vec<_> = section.descendants().filter(|node| node.has_tag_name("tr")).collect();
        let widths: Vec<usize> =
            rows.iter().map(|row| row.children().filter(roxmltree::Node::is_element).map(span).sum::<usize>()).collect();
        // The cell in the corner spans both rows of the head.
        assert!(widths[1] + 1 == widths[0] && widths[2..].iter().all(|width| *width == widths[0]), "{widths:?}");
        let json = {
            let name = section.descendants().find(|node| node.has_tag_name("h2")).and_then(|node| node.text()).unwrap();
            let host = matrix::hosts().find(|id| vmlint::systems::host_name(id) == name).unwrap();
            matrix(&["--host", host, "--format", "json"]).json()
        };
        assert_eq!(widths[0] - 1, json["columns"].as_array().unwrap().len());
        let count = |support: &str| {
            let cells =
                json["columns"].as_array().unwrap().iter().flat_map(|column| column["cells"].as_object().unwrap().values());
            cells.filter(|cell| cell["support"] == support).count()
        };
        let shown = |class: &str| {
            let cells = section.descendants().filter(|node| node.has_tag_name("td"));
            cells.filter(|cell| cell.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))).count()
        };
        for (support, class) in [(Support::Yes, "yes"), (Support::No, "no"), (Support::NotApplicable, "na")] {
            assert_eq!(shown(class), count(support.as_str()), "{class}");
        }
    }
}

const HOSTILE: &str = "</td><script>alert(1)</script> | ::error::x ##vso[task.complete] [a](javascript:alert(1)) \\\" `x` &lt; \\u202e \\e[31m \\n # x";

fn hostile() -> tempfile::TempDir {
    let policy = format!(
        r#"policy: evil
title: "{HOSTILE}"
platform: hyper-v
hosts: []
sources: {{}}
matrix:
  features:
    - {{id: clock, group: "{HOSTILE}", title: "{HOSTILE}", what: "{HOSTILE}"}}
    - {{id: "{HOSTILE}", group: "{HOSTILE}", title: b, what: c}}
  editions: [tables.yaml]
rules: []
"#
    );
    let tables = format!(
        r#"edition: "{HOSTILE}"
title: "{HOSTILE}"
date: "{HOSTILE}"
url: "javascript:alert('{HOSTILE}')"
origin: "{HOSTILE}"
notes:
  1: {{text: "{HOSTILE}"}}
tables:
  - title: "{HOSTILE}"
    guests: [debian]
    columns: ["1.0-4294967295.4294967295"]
    drivers: [built-in]
    rows:
      - [clock, 2019, "yes? 1"]
"#
    );
    folder(&[("policy.yaml", policy.as_bytes()), ("tables.yaml", tables.as_bytes())])
}

#[test]
fn hostile_text_of_a_matrix_is_only_text() {
    let folder = hostile();
    let page = |arguments: &[&str]| {
        let run = vmlint(["matrix", "--policy", "policy.yaml"].iter().chain(arguments).copied()).within(folder.path()).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        run.stdout
    };
    for asked in [&[][..], &["--guest", "debian-11"], &["--feature", "clock"], &["--guest", "debian-11", "--feature", "clock"]] {
        for format in ["human", "markdown", "html", "json"] {
            let page = page(&[asked, &["--format", format]].concat());
            assert!(!page.contains(['\u{1b}', '\u{202e}']), "{format}: {page}");
            assert!(!page.contains("##vso["), "{format}: {page}");
            assert!(page.lines().all(|line| !line.trim_start().starts_with("::error")), "{format}: {page}");
        }
    }
    let html = page(&["--format", "html"]);
    let document = parsed(&html);
    let elements: HashMap<&str, usize> =
        document.descendants().filter(roxmltree::Node::is_element).fold(HashMap::new(), |mut all, node| {
            *all.entry(node.tag_name().name()).or_default() += 1;
            all
        });
    assert!(!elements.contains_key("script") && elements["td"] < 30, "{elements:?}");
    assert!(document.descendants().filter_map(|node| node.attribute("href")).all(|link| link.starts_with('#')));
    let markdown = page(&["--format", "markdown"]);
    let bars = regex::Regex::new(r"(^|[^\\])\|").unwrap();
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(bars.find_iter(row).count(), 3, "{row}");
    }
    let markup = regex::Regex::new(r"[^\\](<|\[|\]|`)").unwrap();
    assert_eq!(markup.find_iter(&markdown).filter(|found| found.as_str() != " `").count(), 1, "{markdown}");
}

#[test]
fn explain_says_where_a_feature_is_missing_and_which_notes_speak_of_a_rule() {
    for rule in ["farm/sr-iov", "farm/memory-in-steps"] {
        assert_snapshot!(format!("explain {rule}").replace(['/', ' '], "_"), vmlint(["explain", "--policy", FARM, rule]).run());
    }
    for rule in ["sr-iov", "pae-kernel", "dynamic-memory-multiple-of-128-mib", "rhel-8.5-needs-2019"] {
        let page = vmlint(["explain", &format!("hyperv-linux/{rule}")]).run();
        assert_snapshot!(format!("explain {rule}").replace(' ', "_"), page.stdout);
    }
}
