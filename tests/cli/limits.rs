//! What a run refuses to read or to tell, and how that is changed.

use std::path::Path;

use crate::common::{Run, domain, folder, vmlint};
use insta::assert_snapshot;

fn run(folder: &Path, arguments: &[&str]) -> Run {
    vmlint(arguments.iter().copied()).within(folder).run()
}

/// Files that are beyond the limits of [`SMALL`], and one that is not.
fn files() -> tempfile::TempDir {
    let deep = domain(&format!("<metadata>{}{}</metadata>", "<m>".repeat(20), "</m>".repeat(20)));
    let wide = domain(&format!("<metadata><m {}/></metadata>", (0..20).fold(String::new(), |all, n| format!("{all} a{n}=''"))));
    let many = domain(&format!("<metadata>{}</metadata>", "<m/>".repeat(300)));
    let large = domain(&format!("<description>{}</description>", "x".repeat(3000)));
    folder(&[
        ("deep.xml", deep.as_bytes()),
        ("large.xml", large.as_bytes()),
        ("many.xml", many.as_bytes()),
        ("wide.xml", wide.as_bytes()),
        ("good.xml", b"<domain type='qemu'><name>web01</name></domain>\n"),
        ("deep.json", format!("{{\"VMName\": 1, \"a\": {}1{}}}", "[".repeat(20), "]".repeat(20)).as_bytes()),
    ])
}

const SMALL: [&str; 4] = ["file-size=2KiB", "depth=10", "nodes=200", "attributes=10"];

#[test]
fn what_is_beyond_a_limit_is_a_finding_and_the_other_files_are_judged() {
    let folder = files();
    assert_eq!(run(folder.path(), &["--format", "json", "."]).rules(), ["rhel-8/tcg"]);
    let limits = SMALL.iter().flat_map(|limit| ["--limit", *limit]);
    let arguments: Vec<&str> = limits.chain(["--select", "*/tcg", "."]).collect();
    assert_snapshot!(run(folder.path(), &arguments));
}

#[test]
fn limits_stand_in_the_configuration_and_options_come_first() {
    let folder = files();
    std::fs::write(folder.path().join("vmlint.yaml"), "limits:\n  depth: 10\n  file-size: 2 KiB\n").unwrap();
    let refused = |arguments: &[&str]| {
        let json = run(folder.path(), &[&["--format", "json", "--select", "*/tcg"], arguments].concat()).json();
        let findings = json["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "vmlint/malformed-input");
        findings.map(|finding| finding["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&["."]), ["deep.xml", "large.xml"]);
    assert_eq!(refused(&["--limit", "depth=100", "."]), ["large.xml"]);
    assert_eq!(refused(&["--limit", "depth=100", "--limit", "file-size=1MiB", "."]), [""; 0]);
    assert_eq!(refused(&["--no-config", "."]), [""; 0]);
    let config = run(folder.path(), &["config", "a.xml"]).stdout;
    assert!(config.contains("limits.file-size   2 KiB") && config.contains("vmlint.yaml:3"), "{config}");
    assert!(config.contains("limits.findings    10000") && config.contains("default"), "{config}");
}

#[test]
fn view_and_query_have_limits_too() {
    let folder = files();
    for arguments in [["view", "deep.xml"].as_slice(), &["query", "//m", "deep.xml"]] {
        assert_eq!(run(folder.path(), arguments).status, Some(0));
        let refused = run(folder.path(), &[arguments, &["--limit", "depth=10"]].concat());
        assert_ne!(refused.status, Some(0));
        assert!(refused.to_string().contains("elements are nested more than 10 deep"), "{refused}");
    }
}

#[test]
fn a_limit_that_cannot_be_set_is_told() {
    for limit in ["depth", "deep=3", "file-size=2GiB", "findings=0"] {
        let run = vmlint(["--limit", limit, "."]).run();
        assert_eq!(run.status, Some(2), "{run}");
        assert_snapshot!(format!("limit_{}", limit.replace('=', "_")), run);
    }
}

/// So many shared file systems, each a finding on a line of its own, from the fourth on.
fn shares(count: usize) -> String {
    domain(&format!("<devices>\n{}</devices>", "<filesystem><driver type='virtiofs'/></filesystem>\n".repeat(count)))
}

#[test]
fn of_many_findings_the_first_are_told_and_the_others_counted() {
    let folder = folder(&[("a.xml", shares(40).as_bytes()), ("b.xml", shares(5).as_bytes())]);
    let json = run(folder.path(), &["--format", "json", "--limit", "findings=10", "."]).json();
    let told: Vec<(&str, u64)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["location"]["line"].as_u64().unwrap()))
        .collect();
    let mut expected: Vec<(&str, u64)> = (4..14).map(|line| ("rhel-8/virtiofs", line)).collect();
    expected.push(("vmlint/too-many-findings", 13));
    expected.extend((4..9).map(|line| ("rhel-8/virtiofs", line)));
    assert_eq!(told, expected);
    assert_snapshot!(run(folder.path(), &["--format", "concise", "--limit", "findings=2", "a.xml"]));
}

#[test]
fn what_is_left_out_makes_the_run_fail_as_if_it_were_told() {
    let tcg = "<domain type='kvm'><name>web01</name><devices>\n<memballoon model='none'/>";
    let text = format!("{tcg}{}</devices></domain>", "\n<filesystem><driver type='virtiofs'/></filesystem>".repeat(30));
    let folder =
        folder(&[("a.xml", text.as_bytes()), ("vmlint.yaml", b"rules: {'*/virtiofs': warning}\nlimits: {findings: 1}\n")]);
    for (arguments, status) in [(&["a.xml"][..], 0), (&["--fail-on", "warning", "a.xml"], 1), (&["--no-config", "a.xml"], 1)] {
        assert_eq!(run(folder.path(), arguments).status, Some(status), "{arguments:?}");
    }
}

#[test]
fn suppressed_findings_leave_room_for_the_others() {
    let suppressed = "<!-- vmlint: ignore[rhel-8/virtiofs] reason: a lab -->";
    let text = format!("{suppressed}\n{}", shares(40).replacen("<devices>", "<devices><interface type='vhostuser'/>", 1));
    let folder = folder(&[("a.xml", text.as_bytes())]);
    let json = run(folder.path(), &["--format", "json", "--limit", "findings=10", "a.xml"]).json();
    assert_eq!(json["summary"]["suppressed"], 40);
    let rules: Vec<&str> = json["findings"].as_array().unwrap().iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert!(!rules.contains(&"vmlint/too-many-findings") && !rules.contains(&"vmlint/unused-suppression"), "{rules:?}");
    assert!(rules.contains(&"rhel-8/vhost-user"), "{rules:?}");
}

#[test]
fn a_baseline_does_not_cover_what_was_left_out() {
    let folder = folder(&[("a.xml", shares(40).as_bytes())]);
    let limit = ["--limit", "findings=10", "a.xml"];
    run(folder.path(), &[&["--write-baseline", "known.json"][..], &limit].concat());
    let again = run(folder.path(), &[&["--baseline", "known.json", "--format", "json"][..], &limit].concat());
    assert_eq!((again.rules(), again.status), (vec!["vmlint/too-many-findings".to_owned()], Some(1)));
    let more = run(folder.path(), &["--baseline", "known.json", "--format", "json", "a.xml"]);
    assert_eq!(more.json()["summary"]["errors"], 30);
}

#[test]
fn many_fixes_are_made_though_few_findings_are_told() {
    let clocks = "<domain type='kvm'><name>a</name><devices>".to_owned()
        + &"<video><model type='cirrus'/></video>\n".repeat(30)
        + "</devices></domain>";
    let folder = folder(&[("a.xml", clocks.as_bytes())]);
    let all = run(folder.path(), &["--diff", "--unsafe-fixes", "-q", "a.xml"]).stdout;
    let few = run(folder.path(), &["--diff", "--unsafe-fixes", "-q", "--limit", "findings=3", "a.xml"]).stdout;
    assert!(all.lines().filter(|line| line.starts_with('-')).count() > 20, "{all}");
    assert_eq!(few, all);
}

/// A policy with one rule that finds every disk, and one about the name that finds nothing wrong with itself.
fn policy(lines: &str) -> String {
    let rule = |id: &str, find: &str, lines: &str| {
        format!(
            "  - id: {id}\n    title: T\n    status: unsupported\n    source: handbook\n    find: {find}\n    help: H.\n    why: W.\n\
             {lines}    examples: {{bad: [\"<domain><name>x</name></domain>\"], good: [<domain/>]}}\n"
        )
    };
    let source = "handbook: {title: Acme's handbook, section: '1', date: '2026-03-01'}";
    let rules = [rule("greedy", "//disk", lines), rule("modest", "name", "    message: a name\n")].concat();
    format!("policy: acme\ntitle: Acme\nplatform: libvirt\nhosts: []\nsources: {{{source}}}\nrules:\n{rules}")
}

#[test]
fn a_rule_that_would_take_for_ever_is_given_up_and_the_others_run() {
    let disks = domain(&format!("<devices>{}</devices>", "<disk/>\n".repeat(4_000)));
    let few = domain("<devices><disk/></devices>");
    let long = domain(&format!("<title>{}</title><devices>{}</devices>", "t".repeat(50_000), "<disk/>\n".repeat(1_000)));
    let folder = folder(&[("many.xml", disks.as_bytes()), ("few.xml", few.as_bytes()), ("long.xml", long.as_bytes())]);
    for (lines, exploding) in [
        // Nested predicates over the whole file, in the words of each finding.
        ("    message: \"{count(//*[count(//*) > 1])}\"\n", "many.xml"),
        // As many places beside each finding as there are findings.
        ("    message: m\n    related: [{find: //disk, label: there}]\n", "many.xml"),
        // Texts without end.
        (&format!("    message: \"{}\"\n", "{//title}".repeat(500)), "long.xml"),
    ] {
        std::fs::write(folder.path().join("acme.yaml"), policy(lines)).unwrap();
        let run = run(folder.path(), &["--format", "json", "--policy", "acme.yaml", exploding, "few.xml"]);
        assert_eq!(run.status, Some(2), "{lines}");
        let told = format!(
            "vmlint: {exploding}: the rule acme/greedy (acme.yaml:11) takes too many steps on this file and was given up"
        );
        assert!(run.stderr.starts_with(&told) && run.stderr.lines().count() == 1, "{lines}: {}", run.stderr);
        let rules = run.rules();
        assert_eq!(rules.iter().filter(|rule| *rule == "acme/modest").count(), 2, "{lines}");
        assert!(rules.starts_with(&["acme/modest".to_owned(), "acme/greedy".to_owned()]), "few.xml is judged by all: {rules:?}");
    }
}

#[test]
fn fixes_without_end_are_not_made() {
    let long = domain(&format!("<title>{}</title><devices>{}</devices>", "t".repeat(50_000), "<disk/>\n".repeat(1_000)));
    let folder = folder(&[("long.xml", long.as_bytes())]);
    let fix = format!(
        "    fix: {{safety: safe, description: d, insert: {{into: ., xml: '<source file=\"{}\"/>'}}}}\n",
        "{//title}".repeat(100)
    );
    std::fs::write(folder.path().join("acme.yaml"), policy(&format!("    message: m\n{fix}"))).unwrap();
    let run = run(folder.path(), &["--format", "json", "--policy", "acme.yaml", "long.xml"]);
    assert!(run.stdout.len() < 40 << 20, "{}", run.stdout.len());
    assert_eq!(run.rules().len(), 1_001);
}

#[test]
fn a_policy_with_a_thousand_faults_tells_the_first() {
    let keys: String = (0..1_000).map(|n| format!("key{n}: 1\n")).collect();
    let folder = folder(&[("acme.yaml", keys.as_bytes())]);
    let run = run(folder.path(), &["--policy", "acme.yaml", "."]);
    assert_eq!(run.status, Some(2));
    assert_eq!(run.stderr.matches("error[vmlint/invalid]").count(), 50);
    assert!(run.stderr.contains("more faults in `acme.yaml` are not shown"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_few_kilobytes_never_take_a_machine_s_memory() {
    let entity = format!("<!DOCTYPE html [<!ENTITY a \"{}\">]><html>{}</html>", "a".repeat(100_000), "&a;".repeat(100_000));
    let closed = "</a>".repeat(500_000);
    let nested: String = (0..2_000).map(|n| format!("<m xmlns:n{n}='urn:{n}'>")).collect();
    let scopes = domain(&format!("<metadata>{nested}{}</metadata>", "</m>".repeat(2_000)));
    let json = format!("{{\"driver\":\"x\",\"{}\":[{}1]}}", "k".repeat(60_000), "1,".repeat(30_000)).replace('"', "&quot;");
    let namespace = "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'";
    let keys = format!("<q:commandline {namespace}><q:arg value='-device'/><q:arg value='{json}'/></q:commandline>");
    let files: Vec<(&str, String)> =
        vec![("closed.xml", closed), ("entity.xml", entity), ("keys.xml", domain(&keys)), ("scopes.xml", scopes)];
    let folder = folder(&files.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>());
    // An address space of a gigabyte and a half: who asks for more is ended by the system.
    let line = format!("ulimit -v 1500000; exec '{}' --format concise .", env!("CARGO_BIN_EXE_vmlint"));
    let mut command = assert_cmd::Command::new("sh");
    let output =
        command.args(["-c", &line]).current_dir(folder.path()).timeout(std::time::Duration::from_secs(60)).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for finding in [
        "closed.xml:1:2: error[vmlint/malformed-input] a name was expected here",
        "keys.xml:3:1: error[rhel-8/qemu-command-line]",
        "error[vmlint/malformed-input] too many namespaces are declared within one another",
    ] {
        assert!(told.contains(finding), "{told}");
    }
}
