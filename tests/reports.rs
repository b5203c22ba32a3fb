//! Reports as users see them: pages, lines and JSON of findings made by hand.

#[path = "common/schemas.rs"]
mod schemas;

#[path = "reports/page.rs"]
mod page_of_html;
#[path = "reports/programs.rs"]
mod programs;
#[path = "reports/sarif.rs"]
mod sarif;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use proptest::prelude::*;
use vmlint::finding::{
    Checked, Citation, Decision, FileEntry, Finding, Format, Label, RuleInfo, Severity, Status, Summary, Suppression,
};
use vmlint::identity::Identity;
use vmlint::report::repository::Repository;
use vmlint::report::{self, Options, Terminal};
use vmlint::source::{OriginMap, Source, Span};

/// The span of the first `needle` in `text` after the first `after`.
fn span(text: &str, after: &str, needle: &str) -> Span {
    let from = text.find(after).expect("the anchor is in the text");
    let start = from + text[from..].find(needle).expect("the needle is in the text");
    Span::new(start, start + needle.len())
}

fn label(span: Span, text: &str) -> Label {
    Label { span, node: "/domain/devices/interface".to_owned(), text: text.to_owned() }
}

fn finding(severity: Severity, message: &str, place: Span, focus: Label) -> Finding {
    Finding {
        rule: "rhel-8/vhost-user".into(),
        severity,
        status: Some(Status::Unsupported),
        message: message.to_owned(),
        place: label(place, ""),
        focus,
        related: Vec::new(),
        help: None,
        source: None,
        decision: None,
        vm: Some("web01".to_owned()),
        host: Some("rhel-8".into()),
        guest: None,
        identity: Identity { vm: None, at: "/devices/interface".to_owned() },
        suppressed: None,
        fixes: Vec::new(),
    }
}

fn checked(path: &str, text: &str, findings: Vec<Finding>) -> Checked {
    let source = Source::utf8(path, text.to_owned(), 0);
    Checked { source, format: Format::LibvirtDomain, vms: 1, findings, suppressed: Vec::new() }
}

const DOMAIN: &str = "\
<domain type='kvm'>
  <name>web01</name>
  <vcpu>4</vcpu>
  <devices>
    <interface type='vhostuser'>
      <source type='unix' path='/tmp/vhost1.sock' mode='server'/>
      <model type='virtio'/>
    </interface>
  </devices>
</domain>
";

fn citation() -> Arc<Citation> {
    Arc::new(Citation {
        title: "Red Hat Enterprise Linux 8, Configuring and managing virtualization".into(),
        section: "20.1 Feature support and limitations in RHEL 8 virtualization".into(),
        url: Some("https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/8/html/configuring_and_managing_virtualization/feature-support".into()),
        date: "2026-05-20".into(),
    })
}

/// Everything that a finding can have.
fn full() -> Finding {
    let mut full = finding(
        Severity::Error,
        "the interface of `web01` is connected through vhost-user, which Red Hat does not support on RHEL 8 hosts",
        span(DOMAIN, "", "<interface type='vhostuser'>"),
        label(span(DOMAIN, "", "vhostuser"), "handled by another process, such as DPDK"),
    );
    full.related = vec![
        label(span(DOMAIN, "", "/tmp/vhost1.sock"), "the socket of that process"),
        label(span(DOMAIN, "", "web01"), "of this VM"),
    ];
    full.help = Some("use `<interface type='bridge'>` or `<interface type='network'>` with `<model type='virtio'/>`; the kernel's vhost-net then does the work".to_owned());
    full.source = Some(citation());
    full.decision = Some(Arc::new(Decision {
        path: "policies/rhel-8.yaml".into(),
        line: 120,
        text: "find: //interface[@type = 'vhostuser']/@type".into(),
        own: false,
    }));
    full
}

fn full_page() -> Checked {
    let tcg = Finding {
        rule: "rhel-8/hypothetical-note".into(),
        ..finding(Severity::Note, "the VM has four virtual CPUs", span(DOMAIN, "", "<vcpu>"), label(span(DOMAIN, "", "4"), ""))
    };
    let warning = Finding {
        rule: "rhel-8/model".into(),
        ..finding(
            Severity::Warning,
            "the model is old",
            span(DOMAIN, "", "<model type='virtio'/>"),
            label(span(DOMAIN, "<model", "virtio"), "this one"),
        )
    };
    checked("./vm/web01.xml", DOMAIN, vec![full(), tcg, warning])
}

fn terminal(width: usize) -> Terminal {
    Terminal { color: true, width, unicode: true, links: true, fit: true }
}

fn options(terminal: Terminal) -> Options {
    Options { terminal, ..Options::default() }
}

fn render(format: report::Format, options: Options, file: &Checked) -> String {
    let repository = Repository::default();
    let report = report::select(format, options, &repository);
    String::from_utf8(report.in_order(report.file(file))).expect("reports are UTF-8")
}

fn human(file: &Checked) -> String {
    render(report::Format::Human, Options::default(), file)
}

fn visible(text: &str) -> String {
    text.replace('\u{1b}', "␛")
}

/// A page for one finding with these words and nothing else.
fn page(text: &str, focus: Label) -> String {
    let place = focus.span;
    human(&checked("a.xml", text, vec![finding(Severity::Error, "it is wrong", place, focus)]))
}

#[test]
fn a_page_in_a_pipe() {
    insta::assert_snapshot!(human(&full_page()));
}

#[test]
fn a_page_in_colour() {
    insta::assert_snapshot!(visible(&render(report::Format::Human, options(terminal(80)), &full_page())));
}

#[test]
fn a_page_without_utf8() {
    let ascii = Terminal { unicode: false, ..Terminal::default() };
    let page = render(report::Format::Human, options(ascii), &full_page());
    assert!(page.is_ascii());
    insta::assert_snapshot!(page);
}

#[test]
fn a_narrow_page() {
    let narrow = Terminal { color: false, links: false, ..terminal(40) };
    let page = render(report::Format::Human, options(narrow), &full_page());
    // But for what has no space to break at.
    assert!(page.lines().all(|line| line.chars().count() <= 42 || line.contains("https://")), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn the_policy_line_shows_with_v_or_when_it_is_the_users() {
    let mut file = full_page();
    file.findings.truncate(1);
    let verbose = Options { verbose: true, ..Options::default() };
    let line = "  policy: policies/rhel-8.yaml:120: find: //interface[@type = 'vhostuser']/@type\n";
    assert!(!human(&file).contains(line));
    assert!(render(report::Format::Human, verbose, &file).ends_with(line));
    if let Some(decision) = file.findings.iter_mut().find_map(|finding| finding.decision.as_mut()) {
        Arc::make_mut(decision).own = true;
    }
    assert!(human(&file).ends_with(line));
}

#[test]
fn a_long_line_is_a_window_around_each_label() {
    let text =
        format!("<a x='{}' bad='yes' y='{}' also='no' z='{}'/>\n", "x".repeat(2_000), "y".repeat(2_000), "z".repeat(1_000));
    let mut long = finding(Severity::Error, "`bad` is bad", span(&text, "", "<a"), label(span(&text, "", "bad='yes'"), "bad"));
    long.related = vec![label(span(&text, "", "also"), "with this")];
    let file = checked("a.xml", &text, vec![long]);
    insta::assert_snapshot!(human(&file));
    // In a terminal the lines keep to its width.
    let fitted = render(report::Format::Human, options(Terminal { color: false, ..terminal(80) }), &file);
    assert!(fitted.lines().all(|line| line.chars().count() <= 80), "{fitted}");
    insta::assert_snapshot!(fitted);
}

#[test]
fn a_long_value_is_cut_in_its_middle() {
    let text = format!("<a x='{}'/>\n", "仮".repeat(2_000));
    insta::assert_snapshot!(page(&text, label(Span::new(6, 6 + 6_000), "too long")));
}

#[test]
fn underlines_stay_below_tabs_wide_and_escaped_characters() {
    let text = "<a>\n\t\tx\t<b n='仮想マシン' e='👍' m='ü' bad='no'/>\r\n</a>\n";
    insta::assert_snapshot!(page(text, label(span(text, "", "bad"), "below `bad`")));
    let text = "<a n='\u{1b}[31m\u{202e}\u{9b}2J\u{7f}##vso[x]' bad='no'/>\n";
    insta::assert_snapshot!(page(text, label(span(text, "", "bad"), "below `bad`")));
}

#[test]
fn crlf_and_cr_end_lines() {
    for end in ["\r\n", "\r"] {
        let text = ["<a>", "  <b/>", "  <c bad='1'/>", "</a>"].join(end);
        let page = page(&text, label(span(&text, "", "bad"), "here"));
        assert!(page.contains("[a.xml:3:6]") && page.contains("3 │   <c bad='1'/>\n"), "{page}");
        let last = crate::page(&text, label(span(&text, "", "</a>"), "here"));
        assert!(last.contains("[a.xml:4:1]") && last.contains("4 │ </a>\n"), "{last}");
    }
}

#[test]
fn a_start_tag_of_several_lines_is_shown_from_its_start() {
    let text = "<domain>\n  <disk\n      type='file'\n      device='lun'\n      snapshot='no'>\n  </disk>\n</domain>\n";
    let mut tag = finding(
        Severity::Error,
        "a `lun` must be a block device",
        span(text, "<disk", "<disk\n      type='file'\n      device='lun'\n      snapshot='no'>"),
        label(span(text, "", "device='lun'"), "a LUN"),
    );
    tag.related = vec![label(span(text, "", "type='file'"), "is a file"), label(span(text, "", "snapshot='no'"), "")];
    insta::assert_snapshot!(human(&checked("a.xml", text, vec![tag])));
}

#[test]
fn a_focus_far_below_its_element_names_the_element() {
    let text = format!("<a>\n<disk type='x'\n{}bad='1'>\n</a>", "  a='1'\n".repeat(20));
    let place = Span::new(4, text.len() - 5);
    let far = finding(Severity::Warning, "far", place, label(span(&text, "", "bad"), "bad"));
    insta::assert_snapshot!(human(&checked("a.xml", &text, vec![far])));
}

#[test]
fn labels_over_several_lines() {
    let text = "<a>\n  <b>\n    one\n    two\n  </b>\n</a>\n";
    insta::assert_snapshot!(page(text, label(span(text, "", "<b>\n    one\n    two\n  </b>"), "all of this")));
    let text = format!("<a>\n{}</a>\n", "  <b/>\n".repeat(300));
    insta::assert_snapshot!(page(&text, label(Span::new(6, text.len() - 6), "all of this")));
}

#[test]
fn faults_at_the_end_of_a_file() {
    for text in ["<a>\n  <b>\n", "<a>\n  <b>", "<a>\r\n  <b>\r\n"] {
        insta::assert_snapshot!(page(text, label(Span::at(text.len()), "`</b>` is missing")));
    }
}

#[test]
fn labels_that_overlap_are_cut_apart() {
    let text = "<interface type='vhostuser' managed='yes'>\n";
    let mut over = finding(Severity::Error, "overlap", Span::new(0, 42), label(span(text, "", "vhostuser"), "the value"));
    over.related = vec![
        label(span(text, "", "type='vhostuser' managed='yes'"), "the attributes"),
        label(span(text, "", "host"), "inside"),
        label(span(text, "", "vhostuser"), "the value"),
    ];
    insta::assert_snapshot!(human(&checked("a.xml", text, vec![over])));
}

#[test]
fn more_related_places_than_a_page_holds() {
    let text = "<a/>\n".repeat(40);
    let mut many = finding(Severity::Error, "many", Span::new(100, 104), label(Span::new(100, 104), "this"));
    many.related = (0..15).map(|n| label(Span::new(n * 10 + 1, n * 10 + 2), "and this")).collect();
    let page = human(&checked("a.xml", &text, vec![many]));
    assert!(page.ends_with("  note:   7 more related places are not shown\n"), "{page}");
}

#[test]
fn a_file_without_text_has_no_snippet() {
    let page = page("", label(Span::default(), "here"));
    assert_eq!(page, "error[rhel-8/vhost-user]: it is wrong\n  --> a.xml:1:1\n");
}

/// A file and a finding of which every text would do harm if it could.
fn hostile() -> Checked {
    let path = "::error::x\n::error::y\u{1b}[2J\u{202e}.xml";
    let text = "<a n='x'/>";
    let mut evil = finding(
        Severity::Error,
        "name `\u{1b}]0;x\u{7}\n::error::owned ##vso[task.complete]` is\u{2028}bad",
        Span::new(0, 2),
        label(Span::new(3, 4), "a\nb\u{9b}1m"),
    );
    evil.rule = "x/\u{1b}".into();
    evil.help = Some("first\n::error::second\u{1b}".to_owned());
    evil.source = Some(Arc::new(Citation {
        title: "T\u{1b}\n".into(),
        section: "S\n::error::x".into(),
        url: Some("https://x/\u{1b}\\".into()),
        date: "\u{7}".into(),
    }));
    evil.decision = Some(Arc::new(Decision { path: "p\u{1b}".into(), line: 1, text: "\u{1b}".into(), own: true }));
    checked(path, text, vec![evil])
}

#[test]
fn names_and_paths_cannot_forge_lines() {
    let file = hostile();
    insta::assert_snapshot!(human(&file));
    let concise = render(report::Format::Concise, Options::default(), &file);
    insta::assert_snapshot!(concise);
    assert_eq!(concise.lines().count(), 1);
    let linked = render(report::Format::Human, options(Terminal { color: false, ..terminal(80) }), &file);
    assert_eq!(linked.matches('\u{1b}').count(), 0, "an address that is none makes no link");
    for format in [report::Format::Json, report::Format::NdJson] {
        let json = render(format, Options::default(), &file);
        assert!(!json.trim_matches('\n').contains(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{202e}'));
        assert!(!json.contains("##"));
        let back: serde_json::Value = serde_json::from_str(json.trim()).expect("one finding is one object");
        assert_eq!(back["path"], file.source.path().to_str().unwrap());
    }
}

/// The same, suppressed for a reason that would do harm too.
fn hostile_suppressed() -> Checked {
    let mut file = hostile();
    file.suppressed = std::mem::take(&mut file.findings);
    for finding in &mut file.suppressed {
        finding.suppressed = Some(Arc::new(Suppression {
            place: Some(label(Span::new(0, 2), "")),
            reason: "a\n::error::b\u{1b}[2J ##vso[x]".to_owned(),
            until: "2027-03-31".parse().ok(),
            owner: Some("\u{202e}\u{9b}".to_owned()),
        }));
    }
    file
}

#[test]
fn reasons_cannot_forge_lines_and_are_shown_where_they_are_asked_for() {
    let file = hostile_suppressed();
    let shown = Options { suppressed: true, ..Options::default() };
    for format in report::Format::value_variants() {
        let hidden = render(*format, Options::default(), &file);
        let tells = matches!(format, report::Format::Sarif | report::Format::JUnit | report::Format::Checkstyle);
        assert!(tells || hidden.is_empty(), "{format:?}: {hidden}");
        let text = render(*format, shown, &file);
        assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{format:?}: {text}");
    }
    insta::assert_snapshot!(render(report::Format::Human, shown, &file));
    insta::assert_snapshot!(render(report::Format::Concise, shown, &file));
    let json: serde_json::Value = serde_json::from_str(&render(report::Format::NdJson, shown, &file)).expect("valid JSON");
    assert_eq!(json["suppressed"]["until"], "2027-03-31");
}

#[test]
fn concise_lines() {
    insta::assert_snapshot!(render(report::Format::Concise, Options::default(), &full_page()));
    insta::assert_snapshot!(visible(&render(report::Format::Concise, options(terminal(80)), &full_page())));
}

/// What is known of the rules of these files, but for one.
fn described() -> Vec<RuleInfo> {
    let rule = |id: &str, severity, status| RuleInfo {
        id: id.into(),
        title: "Interface through vhost-user".into(),
        status,
        severity,
        why: "Another process handles the packets.\nNobody at the vendor has tested it.".into(),
        helps: vec!["Use `<interface type='bridge'>`.".to_owned(), "Or use none.".to_owned()],
        citations: vec![citation()],
    };
    let own = RuleInfo { citations: Vec::new(), helps: Vec::new(), ..rule("vmlint/malformed-input", Severity::Error, None) };
    vec![
        rule("rhel-8/hypothetical-note", Severity::Note, Some(Status::Review)),
        rule("rhel-8/vhost-user", Severity::Error, Some(Status::Unsupported)),
        own,
    ]
}

fn run(files: &[Checked]) -> Summary {
    let entry = |file: &Checked| FileEntry {
        path: report::shown_path(file.source.path()),
        format: file.format,
        vms: file.vms,
        findings: file.findings.len(),
    };
    let mut rules: BTreeMap<Arc<str>, [usize; 3]> = BTreeMap::new();
    for finding in files.iter().flat_map(|file| &file.findings) {
        rules.entry(finding.rule.clone()).or_default()[finding.severity as usize] += 1;
    }
    let found = |severity| files.iter().flat_map(|f| &f.findings).filter(|f| f.severity == severity).count();
    Summary {
        files: files.len(),
        shown: files.iter().map(|file| file.findings.len()).sum(),
        entries: files.iter().map(entry).collect(),
        rules,
        described: described(),
        vms: files.iter().map(|file| file.vms).sum(),
        errors: found(Severity::Error),
        warnings: found(Severity::Warning),
        notes: found(Severity::Note),
        hosts: vec!["rhel-8".into()],
        host_assumed: true,
        elapsed: Duration::from_millis(4),
        ..Summary::default()
    }
}

fn whole(format: report::Format, options: Options, files: &[Checked]) -> String {
    let repository = Repository::default();
    let report = report::select(format, options, &repository);
    let mut pieces = Vec::new();
    for piece in files.iter().map(|file| report.file(file)).filter(|piece| !piece.is_empty()) {
        if !pieces.is_empty() {
            pieces.extend_from_slice(report.separator());
        }
        pieces.extend(report.in_order(piece));
    }
    let tail = report.tail(&run(files));
    // A report with limited room begins with its tail.
    let out = if report.room().is_none() { [report.head(), pieces, tail] } else { [report.head(), tail, pieces] }.concat();
    String::from_utf8(out).expect("reports are UTF-8")
}

fn three_files() -> Vec<Checked> {
    let clean = checked("clean.xml", DOMAIN, Vec::new());
    let broken = checked(
        "z.xml",
        "",
        vec![Finding {
            rule: "vmlint/malformed-input".into(),
            status: None,
            vm: None,
            ..finding(Severity::Error, "not UTF-8", Span::default(), label(Span::default(), ""))
        }],
    );
    vec![full_page(), clean, broken]
}

#[test]
fn a_whole_run() {
    insta::assert_snapshot!(whole(report::Format::Human, Options::default(), &three_files()));
    insta::assert_snapshot!(whole(report::Format::Concise, Options::default(), &three_files()));
    let quiet = Options { quiet: true, ..Options::default() };
    let text = whole(report::Format::Human, quiet, &three_files());
    assert!(text.ends_with("  --> z.xml:1:1\n"), "{text}");
}

#[test]
fn a_clean_run_is_one_line() {
    let clean = [checked("clean.xml", DOMAIN, Vec::new())];
    assert_eq!(
        whole(report::Format::Human, Options::default(), &clean),
        "1 file, 1 VM: no findings · host rhel-8 (assumed; name it with --host) · 4 ms\n"
    );
    assert_eq!(whole(report::Format::Human, Options { quiet: true, ..Options::default() }, &clean), "");
}

#[test]
fn json_has_the_keys_of_the_contract_in_its_order() {
    let json = whole(report::Format::Json, Options::default(), &three_files());
    let back: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
    assert_eq!(back["schema"], "vmlint-findings/1");
    assert_eq!(back["summary"]["errors"], 2);
    assert_eq!(back["findings"].as_array().map(Vec::len), Some(4));
    assert_eq!(back["findings"][0]["location"]["byte_start"], 74);
    insta::assert_snapshot!(json.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    let empty = whole(report::Format::Json, Options::default(), &[]);
    serde_json::from_str::<serde_json::Value>(&empty).expect("valid JSON without files");
}

#[test]
fn ndjson_is_one_finding_per_line() {
    let ndjson = whole(report::Format::NdJson, Options::default(), &three_files());
    let json: serde_json::Value =
        serde_json::from_str(&whole(report::Format::Json, Options::default(), &three_files())).expect("valid JSON");
    let lines: Vec<serde_json::Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(serde_json::Value::from(lines), json["findings"]);
    assert!(ndjson.ends_with('\n'));
}

#[test]
fn bytes_are_those_of_the_file_on_disk() {
    let text = "<a n='𝄞é'>\r\n<b bad='1'/></a>";
    let mut map = OriginMap::starting_at(2);
    for c in text.chars() {
        map.push(c.len_utf8() as u8, 2 * c.len_utf16() as u8);
    }
    let place = span(text, "<b", "<b bad='1'/>");
    let source = Source::decoded("u.xml", text.to_owned(), map);
    let findings = vec![finding(Severity::Error, "bad", place, label(span(text, "", "bad"), ""))];
    let file = Checked { source, format: Format::LibvirtDomain, vms: 1, findings, suppressed: Vec::new() };
    let json: serde_json::Value =
        serde_json::from_str(&render(report::Format::NdJson, Options::default(), &file)).expect("valid JSON");
    // Before `<b`: 12 characters, one of which takes two UTF-16 units, and the byte order mark.
    assert_eq!(json["location"]["byte_start"], 2 + 2 * 13);
    assert_eq!(json["location"]["byte_end"], 2 + 2 * 25);
    assert_eq!((&json["location"]["line"], &json["focus"]["column"]), (&2.into(), &4.into()));
}

fn spans() -> impl Strategy<Value = Span> {
    (0_u32..90, 0_u32..90, prop::bool::weighted(0.05))
        .prop_map(|(start, end, far)| Span { start, end: if far { u32::MAX } else { end } })
}

fn labels() -> impl Strategy<Value = Label> {
    (spans(), "\\PC{0,12}|.{0,9}").prop_map(|(span, text)| label(span, &text))
}

/// Text with all that could hurt, long lines among it.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[<>a-z/= '\n]{0,30}",
        "(?s).{0,6}",
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\t\u{1b}[1m\u{202e}\u{2028}".to_owned()),
        Just("仮想👍\u{301}\u{ad}".to_owned()),
        Just("x".repeat(700)),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_source_and_any_span_can_be_reported(
        text in texts(),
        place in spans(),
        focus in labels(),
        related in prop::collection::vec(labels(), 0..12),
        message in ".{0,80}",
        unicode: bool,
        fit: bool,
        width in 0_usize..130,
    ) {
        let mut any = Finding { help: Some(message.clone()), related, ..finding(Severity::Warning, &message, place, focus) };
        any.vm = None;
        let file = checked(&message, &text, vec![any]);
        let plain = Terminal { color: false, width, unicode, links: false, fit };
        for format in report::Format::value_variants() {
            let shown = render(*format, options(plain), &file);
            prop_assert!(!shown.contains(is_harmful), "{shown:?}");
            prop_assert!(!shown.contains("Failed to read"), "{shown}");
            let is_command = |line: &&str| {
                line.trim_start().strip_prefix("::").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
            };
            let commands = shown.lines().filter(is_command).count();
            prop_assert_eq!(commands, if *format == report::Format::GitHub { 1 } else { 0 }, "{}", shown);
        }
        let coloured = render(report::Format::Human, options(Terminal { color: true, ..plain }), &file);
        let mut rest = coloured.as_str();
        let mut uncoloured = String::new();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            uncoloured.push_str(before);
            let (codes, after) = after.split_once('m').expect("a colour ends");
            prop_assert!(codes.bytes().all(|b| b.is_ascii_digit() || b == b';'));
            rest = after;
        }
        uncoloured.push_str(rest);
        prop_assert!(!uncoloured.contains(is_harmful));
        prop_assert_eq!(uncoloured, render(report::Format::Human, options(plain), &file));
    }
}
