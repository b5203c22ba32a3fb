//! Several reports from one run, and where they may go.

use std::fs;

use crate::common::{FORMATS, folder, steady, text, vmlint};
use crate::schemas::{parsed, xmllint};
use insta::assert_snapshot;

const TCG: &[u8] = b"<domain type='qemu'><name>web01</name></domain>\n";

#[test]
fn every_report_is_what_its_format_alone_would_be() {
    let folder = folder(&[("vm/web01.xml", text("fixtures/libvirt/web01.xml").as_bytes()), ("vm/tcg.xml", TCG)]);
    let reports: Vec<String> = FORMATS.iter().map(|format| format!("--report={format}=report.{format}")).collect();
    let arguments = ["--format", "concise", "vm"].into_iter().chain(reports.iter().map(String::as_str));
    let all = vmlint(arguments).within(folder.path()).run();
    let concise = vmlint(["--format", "concise", "vm"]).within(folder.path()).run();
    assert_eq!(steady(&all.to_string()), steady(&concise.to_string()));
    for format in FORMATS {
        let alone = vmlint(["--format", format, "vm"]).within(folder.path()).run();
        let written = fs::read_to_string(folder.path().join(format!("report.{format}"))).unwrap();
        assert_eq!(steady(&written), steady(&alone.stdout), "{format}");
        assert_eq!(alone.status, Some(1), "{format}");
    }
}

#[test]
fn a_report_that_cannot_be_written_does_not_keep_the_others() {
    let folder = folder(&[("tcg.xml", TCG)]);
    let run = vmlint(["--report", "json=no/such/folder/x", "--report", "gitlab=q.json", "--format", "concise", "tcg.xml"]);
    assert_snapshot!(run.within(folder.path()).run());
    assert!(fs::read_to_string(folder.path().join("q.json")).unwrap().contains("rhel-8/tcg"));
    let run = vmlint(["--output", "no/such/folder/x", "--report", "gitlab=r.json", "tcg.xml"]).within(folder.path()).run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(folder.path().join("r.json").exists());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = folder(&[("tcg.xml", TCG)]);
    for (name, arguments) in [
        ("two_reports_in_one_file", &["--report", "json=a", "--report", "sarif=./a", "tcg.xml"][..]),
        ("report_over_output", &["--output", "a", "--report", "sarif=a", "tcg.xml"]),
        ("report_over_a_definition", &["--report", "junit=./tcg.xml", "tcg.xml"]),
        ("output_over_a_definition", &["--output", "tcg.xml", "tcg.xml"]),
        ("report_without_a_file", &["--report", "json", "tcg.xml"]),
        ("report_of_no_format", &["--report", "sarfi=a", "tcg.xml"]),
    ] {
        let run = vmlint(arguments.iter().copied()).within(folder.path()).run();
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{name}");
        assert_snapshot!(name, run.stderr);
        assert_eq!(fs::read(folder.path().join("tcg.xml")).unwrap(), TCG, "{name}");
        assert!(!folder.path().join("a").exists(), "{name}");
    }
}

#[test]
fn a_report_in_a_folder_that_is_judged_is_not_judged() {
    let folder = folder(&[("vm/tcg.xml", TCG), ("vm/reports/keep", b"")]);
    let run = || {
        let arguments =
            ["--report", "junit=vm/reports/junit.xml", "--report", "json=vm/findings.json", "--format", "concise", "-v"];
        let run = vmlint(arguments.into_iter().chain(["."])).within(folder.path()).run();
        let written =
            ["vm/reports/junit.xml", "vm/findings.json"].map(|path| fs::read_to_string(folder.path().join(path)).unwrap());
        (steady(&run.to_string()), written)
    };
    let first = run();
    assert_snapshot!(first.0);
    assert_eq!(first, run(), "nor are those of the run before");
}

#[test]
fn a_workflow_of_github_gets_commands_and_a_summary() {
    let folder = folder(&[("vm/tcg.xml", TCG), ("summary.md", b"before\n"), (".git/keep", b"")]);
    let summary = folder.path().join("summary.md");
    let github = |arguments: &[&str]| {
        let run = vmlint(arguments.iter().copied().chain(["tcg.xml"])).within(&folder.path().join("vm"));
        run.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).run()
    };
    let run = github(&[]);
    assert_snapshot!(run);
    assert_snapshot!("a_summary_of_the_job", fs::read_to_string(&summary).unwrap());
    let before = fs::read_to_string(&summary).unwrap();
    // Whoever asks for something gets that and nothing else.
    assert!(github(&["--format", "concise"]).stdout.starts_with("tcg.xml:1:"));
    assert_eq!(github(&["--output", "report"]).stdout, "");
    assert!(fs::read_to_string(folder.path().join("vm/report")).unwrap().starts_with("error[rhel-8/tcg]"));
    assert_eq!(before, fs::read_to_string(&summary).unwrap());
    // A summary that is asked for comes once, behind what is there.
    let run = github(&[&format!("--report=markdown={}", summary.display())]);
    assert_eq!(run.status, Some(1));
    let after = fs::read_to_string(&summary).unwrap();
    assert_eq!((after.starts_with(&before), after.matches("## vmlint").count()), (true, 2));
    let elsewhere = vmlint(["vm/tcg.xml"]).within(folder.path()).env("GITHUB_ACTIONS", "false").run();
    assert!(elsewhere.stdout.starts_with("error[rhel-8/tcg]"), "{elsewhere}");
}

#[test]
fn a_summary_ends_where_github_takes_no_more() {
    let display = "<graphics type='spice'/>\n".repeat(9_000);
    let domain = format!("<domain type='kvm'>\n<name>web01</name>\n<devices>\n{display}</devices>\n</domain>\n");
    let folder = folder(&[("a.xml", domain.as_bytes())]);
    let run = vmlint(["--format", "markdown", "a.xml"]).within(folder.path()).run();
    assert!(run.stdout.len() < 1 << 20, "{}", run.stdout.len());
    let rows = run.stdout.lines().filter(|line| line.starts_with("| warning |")).count();
    assert!(rows > 3_000, "{rows}");
    let told = format!("\nThe first {rows} findings are listed; {} more are not shown here.\n", 9_000 - rows);
    assert!(run.stdout.contains(&told), "{}", run.stdout.lines().take(12).collect::<Vec<_>>().join("\n"));
}

#[test]
fn code_scanning_takes_only_so_many_results() {
    let display = "<graphics type='spice'/>\n".repeat(25_001);
    let domain = format!("<domain type='kvm'>\n<name>web01</name>\n<devices>\n{display}</devices>\n</domain>\n");
    let folder = folder(&[("a.xml", domain.as_bytes())]);
    let arguments = ["--report", "sarif=a.sarif", "--format", "concise", "-q", "--limit", "findings=30000", "a.xml"];
    let run = vmlint(arguments).within(folder.path()).run();
    assert_eq!((run.status, run.stdout.lines().count()), (Some(0), 25_001));
    assert_snapshot!(run.stderr);
}

/// Every finding that the fixtures give, in every format for programs.
#[test]
fn what_the_fixtures_raise_is_valid_and_the_same_in_every_format() {
    let folder = folder(&[]);
    let path = |name: &str| folder.path().join(name);
    let report = |format: &str| format!("--report={format}={}", path(format).display());
    let formats = ["json", "sarif", "junit", "checkstyle", "gitlab", "github", "markdown", "html"].map(report);
    let run = vmlint(formats.iter().map(String::as_str).chain(["-q", "fixtures"])).run();
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let read = |format: &str| fs::read_to_string(path(format)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let sarif = parsed(&read("sarif"));
    // Those that are suppressed are told there too.
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let results: Vec<&serde_json::Value> =
        results.iter().filter(|result| result["suppressions"].as_array().is_none_or(Vec::is_empty)).collect();
    let gitlab: Vec<serde_json::Value> = serde_json::from_str(&read("gitlab")).unwrap();
    assert_eq!((results.len(), gitlab.len()), (findings.len(), findings.len()));
    let rules = &sarif["runs"][0]["tool"]["driver"]["rules"];
    for ((finding, result), issue) in findings.iter().zip(results).zip(&gitlab) {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!((&finding["rule"], &finding["rule"]), (&result["ruleId"], &issue["check_name"]));
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], finding["rule"]);
        assert_eq!(finding["severity"], result["level"]);
        // The line of the contract, in every format.
        let line = &finding["location"]["line"];
        assert_eq!((line, line), (&place["region"]["startLine"], &issue["location"]["lines"]["begin"]));
        assert_eq!((&finding["path"], &finding["path"]), (&place["artifactLocation"]["uri"], &issue["location"]["path"]));
    }
    let prints: std::collections::HashSet<_> = gitlab.iter().map(|issue| issue["fingerprint"].to_string()).collect();
    assert_eq!(prints.len(), findings.len(), "no two fingerprints are alike");
    assert_eq!(xmllint(&["--schema", "fixtures/schemas/junit-10.xsd"], &read("junit")), None);
    assert_eq!(xmllint(&[], &read("checkstyle")), None);
    let count = |format: &str, what: &str| read(format).matches(what).count();
    let notes = findings.iter().filter(|finding| finding["severity"] == "note").count();
    assert_eq!((count("junit", "<failure "), count("junit", "<system-out>")), (findings.len() - notes, notes));
    assert_eq!((count("checkstyle", "<error "), count("html", "<article ")), (findings.len(), findings.len()));
    assert_eq!(read("github").lines().count(), findings.len());
    let rows = read("markdown")
        .lines()
        .filter(|row| ["| error |", "| warning |", "| note |"].iter().any(|w| row.starts_with(w)))
        .count();
    assert_eq!(rows, findings.len());
}

#[test]
fn rules_of_every_configuration_are_described() {
    let policy = text("fixtures/policies/acme.yaml");
    let open = "<domain type='qemu'><name>a</name><devices><graphics type='vnc' listen='0.0.0.0'/></devices></domain>";
    let folder = folder(&[
        (".git/keep", b""),
        ("acme/vmlint.yaml", b"policies: [acme.yaml]\n"),
        ("acme/acme.yaml", policy.as_bytes()),
        ("acme/open.xml", open.as_bytes()),
        ("rhel/vmlint.yaml", b"rules: {rhel-8/tcg: note}\n"),
        ("rhel/open.xml", open.as_bytes()),
    ]);
    let run = vmlint(["--format", "sarif"]).within(folder.path()).run();
    let sarif = parsed(&run.stdout);
    let driver = &sarif["runs"][0]["tool"]["driver"];
    let told = |rule: &serde_json::Value| format!("{} {}", rule["id"], rule["defaultConfiguration"]["level"]).replace('"', "");
    let rules: Vec<String> = driver["rules"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(rules, ["acme/console-open-to-all error", "rhel-8/tcg note"]);
    let page = vmlint(["--format", "html"]).within(folder.path()).run().stdout;
    assert!(page.contains("Console that every network can reach") && page.contains("Software emulation instead of KVM"));
}
