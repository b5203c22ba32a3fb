//! Suppressions in definitions: what they cover, and what is said of those that do not.

use crate::common::{Run, domain, folder, vmlint};
use insta::assert_snapshot;

/// 2026-06-01
const TODAY: &str = "1780272000";
const TCG: &str = "<!-- vmlint: ignore[rhel-8/tcg] reason: nested lab -->";
const SPICE: &str = "<graphics type='spice'/>";

/// Judges a definition of this text on the day that is today here.
fn judge(text: &str, options: &[&str]) -> Run {
    let folder = folder(&[("web01.xml", text.as_bytes())]);
    vmlint(options.iter().copied().chain(["web01.xml"])).within(folder.path()).env("SOURCE_DATE_EPOCH", TODAY).run()
}

/// The rules of the findings that count, in order, and how many do not.
fn counted(text: &str, options: &[&str]) -> (Vec<String>, u64) {
    let run = judge(text, &[&["--format", "json"], options].concat());
    let suppressed = run.json()["summary"]["suppressed"].as_u64().unwrap();
    (run.rules(), suppressed)
}

fn rules(text: &str) -> Vec<String> {
    counted(text, &[]).0
}

fn devices(inside: &str) -> String {
    domain(&format!("<devices>\n{inside}\n</devices>"))
}

fn metadata(inside: &str) -> String {
    let tag = "<metadata xmlns:vmlint='https://vmlint.dev/xmlns/1'>";
    format!("<domain type='qemu'>\n<name>web01</name>\n{tag}{inside}</metadata>\n<devices>{SPICE}</devices>\n</domain>\n")
}

#[test]
fn a_comment_covers_the_element_behind_it() {
    let spice = "<!-- vmlint: ignore[rhel-8/spice] reason: old clients -->";
    for (covered, text) in [
        (1, devices(&format!("{spice}\n{SPICE}"))),
        (1, devices(&format!("{spice}<!-- the console -->\n<?x y?>{SPICE}"))),
        (1, domain(&format!("{spice}<devices>\n{SPICE}\n</devices>"))),
        (1, format!("<?xml version='1.0'?>\n{spice}\n{}", devices(SPICE))),
        (1, devices(&format!("<!-- vmlint: ignore[*/spice] reason: x -->{SPICE}"))),
        (1, devices(&format!("<!-- vmlint: ignore[rhel-8/tcg,rhel-8/spice] reason: x -->{SPICE}"))),
        (0, devices(&format!("{spice}<video/>{SPICE}"))),
        (0, devices(&format!("{SPICE}{spice}"))),
        (0, devices(&format!("{SPICE}{spice}<video/>"))),
        (0, devices(&format!("{}{SPICE}", spice.replace("vmlint", "vm-lint")))),
        (0, devices(&format!("<![CDATA[{spice}]]>{SPICE}"))),
    ] {
        let (found, suppressed) = counted(&text, &[]);
        assert_eq!((found.contains(&"rhel-8/spice".to_owned()), suppressed), (covered == 0, covered), "{text}");
    }
}

#[test]
fn an_attribute_of_the_element_above_is_not_covered() {
    let text = format!("<domain type='qemu'>\n{TCG}\n<name>web01</name>\n</domain>\n");
    assert_eq!(rules(&text), ["rhel-8/tcg", "vmlint/unused-suppression"]);
    assert_eq!(counted(&format!("{TCG}\n<domain type='qemu'/>"), &[]), (vec![], 1));
}

#[test]
fn before_all_roots_it_is_about_the_file_and_between_them_about_the_next() {
    let domain = "<domain type='qemu'><name>a</name></domain>";
    assert_eq!(counted(&format!("{TCG}{domain}\n{domain}"), &[]), (vec![], 2));
    assert_eq!(counted(&format!("{domain}\n{TCG}{domain}"), &[]), (vec!["rhel-8/tcg".to_owned()], 1));
}

#[test]
fn what_is_underlined_inside_the_element_is_covered_too() {
    let covered = |text: &str| text.replace("<iotune>", "<!-- vmlint: ignore[rhel-8/qemu-io-throttling] reason: x -->\n<iotune>");
    let text = devices("<disk><target dev='vda'/><iotune>\n<read_iops_sec>1</read_iops_sec></iotune></disk>");
    assert_eq!(counted(&text, &[]).0, ["rhel-8/qemu-io-throttling"]);
    assert_eq!(counted(&covered(&text), &[]), (vec![], 1));
}

#[test]
fn arguments_of_qemu_are_covered_where_they_are_written() {
    let commandline = |before: &str, after: &str| {
        format!(
            "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n<name>a</name>\n<qemu:commandline>\
             \n{before}<qemu:arg value='-device'/>\n{after}<qemu:arg value='virtio-net-pci,failover=on'/></qemu:commandline></domain>"
        )
    };
    let comment = "<!-- vmlint: ignore[*] reason: x -->";
    let options = ["--ignore", "*/qemu-command-line"];
    let (all, _) = counted(&commandline("", ""), &options);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(counted(&commandline("", comment), &options), (vec![], 1));
    assert_eq!(counted(&commandline(comment, ""), &options).1, 0);
}

#[test]
fn metadata_covers_the_domain() {
    let tcg = "<vmlint:ignore rule='rhel-8/tcg' reason='nested lab'/>";
    let spice = "<vmlint:ignore rule='rhel-8/spice' reason='old clients'/>";
    for (text, found) in [
        (metadata(tcg), &["rhel-8/spice"][..]),
        (metadata("<vmlint:ignore rule='rhel-8/tcg, */spice' reason='lab'/>"), &[]),
        (metadata(&format!("<vmlint:vmlint>{tcg}{spice}</vmlint:vmlint>")), &[]),
        (metadata("<ignore xmlns='https://vmlint.dev/xmlns/1' rule='*' reason='lab'/>"), &[]),
        (metadata("<vmlint:ignore rule='*' reason='lab' xmlns:vmlint='urn:other'/>"), &["rhel-8/tcg", "rhel-8/spice"]),
        // libvirt keeps only the first element of a namespace.
        (metadata(&format!("{tcg}{spice}")), &["vmlint/malformed-suppression", "rhel-8/spice"]),
        (metadata("<vmlint:ignore rule='*/tcg'/>"), &["rhel-8/tcg", "vmlint/suppression-without-reason", "rhel-8/spice"]),
        (metadata(tcg).replace("metadata", "description"), &["rhel-8/tcg", "vmlint/malformed-suppression", "rhel-8/spice"]),
        (metadata("<vmlint:ingore rule='*'/>"), &["rhel-8/tcg", "vmlint/malformed-suppression", "rhel-8/spice"]),
        (metadata("<vmlint:ignore rules='*' reason='x'/>"), &["rhel-8/tcg", "vmlint/malformed-suppression", "rhel-8/spice"]),
        (metadata("<vmlint:ignore reason='x'/>"), &["rhel-8/tcg", "vmlint/malformed-suppression", "rhel-8/spice"]),
    ] {
        assert_eq!(rules(&text), found, "{text}");
    }
}

#[test]
fn metadata_may_be_about_one_device() {
    let throttled = |name: &str, mac: &str| {
        format!(
            "<disk><target dev='{name}'/><alias name='ua-{name}'/><mac address='{mac}'/><iotune>\n<read_iops_sec>1</read_iops_sec></iotune></disk>"
        )
    };
    for name in ["vdb", "ua-vdb", "52:54:00:AA:BB:0C"] {
        let ignore = format!("<vmlint:ignore rule='*' reason='x' device='{name}' xmlns:vmlint='https://vmlint.dev/xmlns/1'/>");
        let disks = throttled("vda", "52:54:00:aa:bb:0a") + &throttled("vdb", "52:54:00:aa:bb:0c");
        let text = domain(&format!("<metadata>{ignore}</metadata><devices>{disks}</devices>"));
        let run = judge(&text, &["--format", "json", "--show-suppressed"]);
        let json = run.json();
        let found = json["findings"].as_array().unwrap();
        let suppressed: Vec<bool> = found.iter().map(|finding| !finding["suppressed"].is_null()).collect();
        assert_eq!(suppressed, [false, true], "{name}");
    }
    let text = metadata("<vmlint:ignore rule='*' reason='x' device='vdz'/>");
    assert_snapshot!(judge(&text, &["--format", "concise"]));
}

#[test]
fn the_page_of_what_is_suppressed() {
    let text = devices(&format!(
        "<!-- vmlint: ignore[rhel-8/spice] until=2027-03-31 owner=\"web team\" reason: old clients, see\n  the wiki -->\n{SPICE}"
    ));
    assert_snapshot!("page", judge(&text, &[]));
    assert_snapshot!("page_shown", judge(&text, &["--show-suppressed"]));
    assert_snapshot!("concise_shown", judge(&text, &["--show-suppressed", "--format", "concise"]));
    assert_snapshot!("json_shown", judge(&text, &["--show-suppressed", "--format", "ndjson"]));
    assert_eq!(judge(&text, &["--format", "ndjson"]).stdout, "");
}

#[test]
fn code_scanning_is_always_told() {
    let text = devices(&format!(
        "<!-- vmlint: ignore[rhel-8/spice] until=2027-03-31 reason: old -->\n{SPICE}<tpm><backend type='passthrough'/></tpm>"
    ));
    let json = judge(&text, &["--format", "sarif"]).json();
    let results = json["runs"][0]["results"].as_array().unwrap();
    let suppressions: Vec<_> = results.iter().map(|result| &result["suppressions"]).collect();
    assert_eq!(suppressions.len(), 2);
    assert_snapshot!(serde_json::to_string_pretty(&suppressions).unwrap());
}

#[test]
fn suppressed_findings_do_not_fail_the_run() {
    let text = format!("{TCG}\n<domain type='qemu'/>");
    assert_eq!(judge(&text, &["--fail-on", "note"]).status, Some(0));
    assert_eq!(judge(&text, &["--fail-on", "note", "--show-suppressed"]).status, Some(0));
    assert_eq!(judge("<domain type='qemu'/>", &[]).status, Some(1));
}

#[test]
fn a_suppression_without_a_reason_suppresses_nothing() {
    assert_snapshot!(judge(&devices(&format!("<!-- vmlint: ignore[rhel-8/spice] -->\n{SPICE}")), &[]));
    for reason in ["reason:", "reason: -", "reason: ''", "until=2027-03-31"] {
        let text = devices(&format!("<!-- vmlint: ignore[rhel-8/spice] {reason} -->\n{SPICE}"));
        assert_eq!(counted(&text, &[]), (vec!["vmlint/suppression-without-reason".into(), "rhel-8/spice".into()], 0), "{reason}");
    }
}

#[test]
fn an_expired_suppression_is_told_with_the_finding() {
    let until =
        |date: &str| devices(&format!("<!-- vmlint: ignore[rhel-8/spice] until={date} owner=web reason: old -->\n{SPICE}"));
    assert_eq!(counted(&until("2026-06-01"), &[]), (vec![], 1));
    assert_eq!(counted(&until("2026-05-31"), &[]), (vec!["rhel-8/spice".to_owned()], 0));
    assert_snapshot!(judge(&until("2026-05-31"), &[]));
    // Another one that holds is enough.
    let text = format!("<!-- vmlint: ignore[rhel-8/spice] reason: x -->\n{}", until("2026-05-31"));
    assert_eq!(counted(&text, &[]).1, 1);
}

#[test]
fn a_day_that_is_no_day_is_refused() {
    assert_snapshot!(vmlint(["fixtures/libvirt/clean.xml"]).env("SOURCE_DATE_EPOCH", "soon").run());
}

#[test]
fn what_covers_nothing_is_told() {
    for (name, comment) in [
        ("unused", "vmlint: ignore[rhel-8/tpm-passthrough] reason: x"),
        ("unused_of_several", "vmlint: ignore[rhel-8/spice, rhel-8/tpm-passthrough] reason: x"),
        ("unknown", "vmlint: ignore[rhel-8/spcie] reason: x"),
        ("unknown_half", "vmlint: ignore[spice] reason: x"),
        ("unknown_glob", "vmlint: ignore[rhel-8/spicy-*] reason: x"),
        ("own", "vmlint: ignore[vmlint/unused-suppression] reason: x"),
        ("malformed", "vmlint: ignore[rhel-8/spice reason: x"),
    ] {
        assert_snapshot!(format!("nothing_{name}"), judge(&devices(&format!("<!-- {comment} -->\n{SPICE}")), &["-q"]).stdout);
    }
    let behind = devices(&format!("<video/>{SPICE} <!-- vmlint: ignore[rhel-8/spice] reason: x -->"));
    assert_snapshot!("nothing_follows", judge(&behind, &["-q"]).stdout);
    let elsewhere = devices(&format!("<!-- vmlint: ignore[rhel-8/spice] reason: x --><video/>\n{SPICE}"));
    assert_snapshot!("nothing_here", judge(&elsewhere, &["-q"]).stdout);
}

#[test]
fn a_suppression_of_what_did_not_run_is_not_called_unused() {
    let text = |rule: &str| devices(&format!("<!-- vmlint: ignore[{rule}] reason: x -->\n<video/>"));
    let unused = ["vmlint/unused-suppression".to_owned()];
    for (rule, options, found) in [
        ("rhel-8/spice", &[][..], &unused[..]),
        ("rhel-8/spice", &["--select", "rhel-8/*"], &unused),
        ("rhel-8/spice", &["--select", "*/tcg"], &[]),
        ("rhel-8/spice", &["--ignore", "*/spice"], &[]),
        // The rule is not about this host.
        ("rhel-8/qemu-io-throttling", &[], &unused),
        ("rhel-8/qemu-io-throttling", &["--host", "rhosp"], &[]),
        // A glob names all the rules that it matches.
        ("rhel-8/s*", &[], &unused),
        ("rhel-8/s*", &["--ignore", "*/spice"], &[]),
        ("hyperv-bpa/*", &[], &[]),
        ("acme/console-open-to-all", &[], &unused),
        ("acme/nothing", &["--policy", "fixtures/policies/acme.yaml"], &unused),
        ("rhel-8/spice", &["--policy", "fixtures/policies/acme.yaml"], &[]),
    ] {
        let options: Vec<String> =
            options.iter().map(|word| word.replace("fixtures", &format!("{}/fixtures", env!("CARGO_MANIFEST_DIR")))).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        assert_eq!(counted(&text(rule), &options).0, found, "{rule} {options:?}");
    }
    // Where another hypervisor's domain is not judged, nothing had its say.
    let xen = text("rhel-8/spice").replace("type='kvm'", "type='xen'");
    assert!(!rules(&xen).contains(&unused[0]));
}

#[test]
fn what_is_said_of_suppressions_can_be_switched_off_or_made_worse() {
    let text = devices(&format!("<!-- vmlint: ignore[rhel-8/spice] -->\n{SPICE}"));
    assert_eq!(counted(&text, &["--ignore", "vmlint/suppression-without-reason"]).0, ["rhel-8/spice"]);
    let config = "rules: {vmlint/suppression-without-reason: error}";
    let folder = folder(&[("a.xml", text.as_bytes()), ("vmlint.yaml", config.as_bytes())]);
    let run = vmlint(["-q", "--format", "concise", "a.xml"]).within(folder.path()).run();
    assert_eq!(run.status, Some(1));
    assert!(run.stdout.contains("error[vmlint/suppression-without-reason]"), "{run}");
}

#[test]
fn a_malformed_file_cannot_be_suppressed_by_itself() {
    let text = format!("<!-- vmlint: ignore[*] reason: x -->\n{}", devices("<disk>"));
    assert_eq!(counted(&text, &["--show-suppressed"]), (vec!["vmlint/malformed-input".to_owned()], 0));
}

#[test]
fn all_encodings_can_speak() {
    let text = format!("{TCG}\n<domain type='qemu'><name>größe</name></domain>");
    let folder = folder(&[("a.xml", &crate::common::utf16(&text, true, true))]);
    let run = vmlint(["--format", "json", "--show-suppressed", "a.xml"]).within(folder.path()).run();
    let json = run.json();
    let location = &json["findings"][0]["suppressed"]["location"];
    assert_eq!(
        (&location["line"], &location["byte_start"], &location["byte_end"]),
        (&1.into(), &2.into(), &(2 + 2 * TCG.len()).into())
    );
}

#[test]
fn many_suppressions_are_no_trouble() {
    let comments = "<!-- vmlint: ignore[rhel-8/tcg] reason: x -->".repeat(5_000);
    let graphics = SPICE.repeat(2_000);
    let text = format!("{comments}<domain type='qemu'><name>a</name><devices>{graphics}</devices></domain>");
    let (found, suppressed) = counted(&text, &["--ignore", "vmlint/*"]);
    assert_eq!((found.len(), suppressed), (2_000, 1));
    let globs: String = (0..400).map(|n| format!("<!-- vmlint: ignore[*/a{n}?] reason: x -->")).collect();
    let found = rules(&devices(&format!("{globs}{SPICE}")));
    assert_eq!(found.iter().filter(|rule| *rule == "vmlint/malformed-suppression").count(), 400 - 256);
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let page = crate::common::text("docs/suppressions.md");
    let blocks = |kind: &str| -> Vec<String> {
        let begins = format!("```{kind}\n");
        page.split(&begins).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    let xml = blocks("xml");
    assert_eq!(xml.len(), 3);
    for definition in xml {
        assert_eq!(counted(&definition, &[]), (vec![], 2), "{definition}");
    }
    let folder = folder(&[("a.xml", b"<domain type='kvm'/>"), ("b.json", blocks("json")[0].as_bytes())]);
    let run = vmlint(["-q", "--baseline", "b.json", "a.xml"]).within(folder.path()).run();
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn what_is_suppressed_or_known_is_not_fixed() {
    let tcg = "<domain type='qemu'><name>a</name></domain>\n";
    let fixed = tcg.replace("qemu", "kvm");
    let fix = |text: &str, options: &[&str]| {
        let folder = folder(&[("a.xml", text.as_bytes())]);
        vmlint(["--write-baseline", "b.json"]).within(folder.path()).run();
        vmlint(["-q", "--fix", "--unsafe-fixes"].iter().chain(options).chain(&["a.xml"])).within(folder.path()).run();
        std::fs::read_to_string(folder.path().join("a.xml")).unwrap()
    };
    assert_eq!(fix(tcg, &[]), fixed);
    assert_eq!(fix(tcg, &["--baseline", "b.json"]), tcg);
    assert_eq!(fix(&format!("{TCG}\n{tcg}"), &[]), format!("{TCG}\n{tcg}"));
    assert_eq!(vmlint(["--write-baseline", "b.json", "--fix"]).run().status, Some(2));
}
