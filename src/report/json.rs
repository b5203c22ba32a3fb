//! `--format json` and `--format ndjson`. The structs here are the format `vmlint-findings/1`: keys may be added at the end,
//! never changed. They are apart from the findings themselves so that those can change.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::escape::is_unsafe;
use super::place::Places;
use super::{Options, Report, shown_path};
use crate::finding::{Checked, Citation, Decision, Finding, Fix, Label, Summary, Suppression};
use crate::source::Source;

/// The name and version of the format.
const SCHEMA: &str = "vmlint-findings/1";

/// The report of `--format json`: one object, one finding per line.
#[derive(Debug)]
pub struct Json {
    options: Options,
}

impl Json {
    /// The report for these options.
    pub fn new(options: Options) -> Json {
        Json { options }
    }
}

/// The report of `--format ndjson`: one finding per line and nothing else.
#[derive(Debug)]
pub struct NdJson {
    options: Options,
}

impl NdJson {
    /// The report for these options.
    pub fn new(options: Options) -> NdJson {
        NdJson { options }
    }
}

impl Report for Json {
    fn head(&self) -> Vec<u8> {
        let tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
        let mut out = format!("{{\"schema\":\"{SCHEMA}\",\"tool\":").into_bytes();
        write(&mut out, &tool);
        out.extend_from_slice(b",\"findings\":[");
        out
    }

    fn file(&self, file: &Checked) -> Vec<u8> {
        findings(file, self.options, b"", b",")
    }

    fn separator(&self) -> &'static [u8] {
        b","
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        let mut out = b"\n],\"files\":[".to_vec();
        for (n, file) in summary.entries.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b"\n" } else { b",\n" });
            let (vms, findings) = (file.vms, file.findings);
            write(&mut out, &FileV1 { path: &file.path, format: file.format.as_str(), vms, findings });
        }
        out.extend_from_slice(b"\n],\"summary\":");
        let summary = SummaryV1 {
            files: summary.files,
            vms: summary.vms,
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: summary.suppressed,
            skipped: summary.skipped,
            fixable: summary.fixable.safely + summary.fixable.unsafely,
            fixed: summary.fixed,
            baseline: summary.baseline.map(|known| BaselineV1 { covered: known.covered, unneeded: known.unneeded }),
        };
        write(&mut out, &summary);
        out.extend_from_slice(b"}\n");
        out
    }
}

impl Report for NdJson {
    fn file(&self, file: &Checked) -> Vec<u8> {
        findings(file, self.options, b"\n", b"")
    }

    fn tail(&self, _: &Summary) -> Vec<u8> {
        Vec::new()
    }
}

/// The findings of a file, each a line: after a line feed with `comma` between them, or before one.
fn findings(file: &Checked, options: Options, after: &[u8], comma: &[u8]) -> Vec<u8> {
    let places = Places::new(&file.source);
    let path = shown_path(file.source.path());
    let listed = file.listed(options.suppressed);
    let mut out = Vec::with_capacity(listed.len() * 1_024);
    for (n, finding) in listed.into_iter().enumerate() {
        if after.is_empty() {
            out.extend_from_slice(if n == 0 { b"" } else { comma });
            out.push(b'\n');
        }
        write(&mut out, &FindingV1::new(finding, file, &path, &places));
        out.extend_from_slice(after);
    }
    out
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingV1<'a> {
    rule: &'a str,
    severity: &'static str,
    status: Option<&'static str>,
    message: &'a str,
    path: &'a str,
    format: &'static str,
    vm: Option<&'a str>,
    host: Option<&'a str>,
    guest: Option<&'a str>,
    location: LocationV1<'a>,
    related: Vec<RelatedV1<'a>>,
    help: Option<&'a str>,
    source: Option<SourceV1<'a>>,
    fixes: Vec<FixV1<'a>>,
    suppressed: Option<SuppressedV1<'a>>,
    focus: LocationV1<'a>,
    decision: Option<DecisionV1<'a>>,
}

impl<'a> FindingV1<'a> {
    fn new(finding: &'a Finding, file: &Checked, path: &'a str, places: &Places<'_>) -> FindingV1<'a> {
        let related = finding.related.iter();
        FindingV1 {
            rule: &finding.rule,
            severity: finding.severity.as_str(),
            status: finding.status.map(|status| status.as_str()),
            message: &finding.message,
            path,
            format: file.format.as_str(),
            vm: finding.vm.as_deref(),
            host: finding.host.as_deref(),
            guest: finding.guest.as_deref(),
            location: LocationV1::new(&finding.place, places, None),
            related: related
                .map(|label| RelatedV1 { message: &label.text, location: LocationV1::new(label, places, None) })
                .collect(),
            help: finding.help.as_deref(),
            source: finding.source.as_deref().map(SourceV1::new),
            fixes: finding.fixes.iter().map(|fix| FixV1::new(fix, places)).collect(),
            suppressed: finding.suppressed.as_deref().map(|suppressed| SuppressedV1::new(suppressed, places)),
            focus: LocationV1::new(&finding.focus, places, Some(&finding.focus.text)),
            // A line of a built-in policy tells nobody more than the rule does.
            decision: finding.decision.as_deref().filter(|decision| decision.own).map(DecisionV1::new),
        }
    }
}

#[derive(Serialize)]
struct SuppressedV1<'a> {
    kind: &'static str,
    reason: &'a str,
    until: Option<String>,
    owner: Option<&'a str>,
    location: Option<LocationV1<'a>>,
}

impl<'a> SuppressedV1<'a> {
    fn new(suppression: &'a Suppression, places: &Places<'_>) -> SuppressedV1<'a> {
        SuppressedV1 {
            kind: suppression.kind(),
            reason: &suppression.reason,
            until: suppression.until.map(|until| until.to_string()),
            owner: suppression.owner.as_deref(),
            location: suppression.place.as_ref().map(|place| LocationV1::new(place, places, None)),
        }
    }
}

#[derive(Serialize)]
struct LocationV1<'a> {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    byte_start: u32,
    byte_end: u32,
    node: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl<'a> LocationV1<'a> {
    fn new(label: &'a Label, places: &Places<'_>, message: Option<&'a str>) -> LocationV1<'a> {
        let start = places.position(label.span.start);
        let end = places.position(label.span.end.max(label.span.start));
        let (byte_start, byte_end) = places.file_range(label.span);
        LocationV1 {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_start,
            byte_end,
            node: &label.node,
            message,
        }
    }
}

#[derive(Serialize)]
struct RelatedV1<'a> {
    message: &'a str,
    location: LocationV1<'a>,
}

#[derive(Serialize)]
struct SourceV1<'a> {
    title: &'a str,
    section: &'a str,
    url: Option<&'a str>,
    date: &'a str,
}

impl<'a> SourceV1<'a> {
    fn new(source: &'a Citation) -> SourceV1<'a> {
        SourceV1 { title: &source.title, section: &source.section, url: source.url.as_deref(), date: &source.date }
    }
}

#[derive(Serialize)]
struct FixV1<'a> {
    safety: &'static str,
    description: &'a str,
    edits: Vec<EditV1<'a>>,
}

impl<'a> FixV1<'a> {
    fn new(fix: &'a Fix, places: &Places<'_>) -> FixV1<'a> {
        let edits = fix.edits.iter().map(|edit| {
            let (byte_start, byte_end) = places.file_range(edit.span);
            EditV1 { byte_start, byte_end, text: &edit.text }
        });
        FixV1 { safety: fix.safety.as_str(), description: &fix.description, edits: edits.collect() }
    }
}

/// Bytes of the file as it lies on disk, and the text that is put there in the file's encoding.
#[derive(Serialize)]
struct EditV1<'a> {
    byte_start: u32,
    byte_end: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct DecisionV1<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
}

impl<'a> DecisionV1<'a> {
    fn new(decision: &'a Decision) -> DecisionV1<'a> {
        DecisionV1 { path: &decision.path, line: decision.line, text: &decision.text }
    }
}

#[derive(Serialize)]
struct FileV1<'a> {
    path: &'a str,
    format: &'static str,
    vms: usize,
    findings: usize,
}

#[derive(Serialize)]
struct SummaryV1 {
    files: usize,
    vms: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    skipped: usize,
    fixable: usize,
    fixed: usize,
    baseline: Option<BaselineV1>,
}

#[derive(Serialize)]
struct BaselineV1 {
    covered: usize,
    unneeded: usize,
}

/// Appends a value as JSON that may also be looked at.
pub(super) fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    // Neither a Vec nor these structs (no maps, no floats) can fail.
    let _ = value.serialize(&mut Serializer::with_formatter(out, Harmless));
}

/// Compact JSON that may also be looked at: what a terminal or a CI system would obey is written as `\u009b`, which a parser
/// reads as the same text.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        // Without a way out of the loop the compiler looks at many bytes at once.
        let plain = bytes.iter().fold(true, |plain, b| plain & matches!(b, b' '..=b'~'));
        if plain && (memchr::memchr(b'#', bytes).is_none() || !fragment.contains("##")) {
            return writer.write_all(bytes);
        }
        let mut hash = false;
        let mut kept = 0;
        for (at, c) in fragment.char_indices() {
            if is_unsafe(c) || (c == '#' && hash) {
                writer.write_all(bytes.get(kept..at).unwrap_or_default())?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                kept = at + c.len_utf8();
            }
            hash = c == '#';
        }
        writer.write_all(bytes.get(kept..).unwrap_or_default())
    }
}

/// A value as a line of JSON that may also be looked at.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value);
    out.push(b'\n');
    out
}

/// One match of `vmlint query --format json`.
#[derive(Serialize)]
struct Match<'a> {
    path: &'a str,
    location: LocationV1<'a>,
    text: &'a str,
}

/// The matches of one file, each as a line of JSON without its end.
pub fn matches(source: &Source, path: &str, found: &[(Label, String)]) -> Vec<Vec<u8>> {
    let places = Places::new(source);
    let one = |(label, text): &(Label, String)| {
        let mut out = Vec::new();
        write(&mut out, &Match { path, location: LocationV1::new(label, &places, None), text });
        out
    };
    found.iter().map(one).collect()
}
