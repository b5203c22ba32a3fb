//! `--format sarif`: SARIF 2.1.0, within what GitHub's code scanning takes. Results are written as files are judged and number their rules
//! as they come; the rules themselves, and how the run went, come last.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::fingerprint::{Fingerprints, LineHashes};
use super::json::write;
use super::place::Places;
use super::repository::{Repository, is_address};
use super::{Report, escape};
use crate::finding::{Checked, Finding, Fix, Label, RuleInfo, Severity, Status, Summary};
use crate::source::{Source, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Where the program is at home; empty where the package does not say.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The name that URIs are relative to: code scanning knows it as the root of the repository.
const ROOT: &str = "%SRCROOT%";

/// Results that code scanning takes of one run. A report with more is written all the same: others take it.
pub const MAX_RESULTS: usize = 25_000;
/// Characters that it shows of a description.
const MAX_DESCRIPTION: usize = 1_024;
/// Places that it keeps of one result, the first one included.
const MAX_PLACES: usize = 100;
/// Bytes of the source that a result quotes.
const MAX_SNIPPET: usize = 1_024;

/// The report of `--format sarif`.
#[derive(Debug)]
pub struct Sarif<'b> {
    repository: &'b Repository,
    /// The rules of the results so far as JSON, with their numbers.
    numbers: Mutex<FxHashMap<String, usize>>,
}

impl<'b> Sarif<'b> {
    /// The report of a run.
    pub fn new(repository: &'b Repository) -> Sarif<'b> {
        Sarif { repository, numbers: Mutex::default() }
    }
}

impl Report for Sarif<'_> {
    fn head(&self) -> Vec<u8> {
        format!(
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\n\"columnKind\":\"unicodeCodePoints\",\
             \"originalUriBaseIds\":{{\"{ROOT}\":{{\"description\":{{\"text\":\"The root of the repository.\"}}}}}},\n\"results\":["
        )
        .into_bytes()
    }

    /// A line for each result: its rule, a tab, and the result without the number of the rule.
    fn file(&self, file: &Checked) -> Vec<u8> {
        // Code scanning keeps what is suppressed as closed, so it is told of it whether or not people want to see it.
        let listed = file.listed(true);
        if listed.is_empty() {
            return Vec::new();
        }
        let path = file.source.path();
        let artifact = Artifact::new(path, self.repository);
        let mut fingerprints = Fingerprints::new(path, self.repository);
        let places = Places::new(&file.source);
        let marked = listed.iter().map(|finding| file.source.line(places.marked(finding).start).index as usize);
        let lines = LineHashes::new(&file.source, marked);
        let mut out = Vec::with_capacity(listed.len() * 2_048);
        for finding in listed {
            write(&mut out, &&*finding.rule);
            out.push(b'\t');
            let region = Region::new(&file.source, &places, places.marked(finding));
            let fingerprints =
                PartialFingerprints { own: fingerprints.next(finding), line: lines.line(region.start_line as usize - 1) };
            let result = SarifResult {
                rule_id: &finding.rule,
                level: finding.severity.as_str(),
                message: Text { text: message(finding, &places) },
                locations: [Location {
                    id: None,
                    message: said(&finding.focus),
                    physical_location: PhysicalLocation { artifact_location: &artifact, region },
                    logical_locations: logical(&finding.place),
                }],
                related_locations: related(finding)
                    .map(|(id, label)| Location {
                        id: Some(id),
                        message: said(label),
                        physical_location: PhysicalLocation {
                            artifact_location: &artifact,
                            region: Region::new(&file.source, &places, label.span),
                        },
                        logical_locations: logical(label),
                    })
                    .collect(),
                partial_fingerprints: fingerprints,
                suppressions: finding
                    .suppressed
                    .iter()
                    .map(|suppression| SarifSuppression {
                        kind: suppression.kind(),
                        status: "accepted",
                        justification: escape(&suppression.words()).into_owned(),
                        location: suppression.place.as_ref().map(|place| Location {
                            id: None,
                            message: None,
                            physical_location: PhysicalLocation {
                                artifact_location: &artifact,
                                region: Region::new(&file.source, &places, place.span),
                            },
                            logical_locations: logical(place),
                        }),
                    })
                    .collect(),
                fixes: finding.fixes.iter().map(|fix| SarifFix::new(fix, &artifact, file, &places)).collect(),
                properties: ResultProperties {
                    format: file.format.as_str(),
                    status: finding.status.map(Status::as_str),
                    vm: finding.vm.as_deref(),
                    host: finding.host.as_deref(),
                    guest: finding.guest.as_deref(),
                    help: finding.help.as_deref().map(|help| escape(help).into_owned()),
                },
            };
            write(&mut out, &result);
            out.push(b'\n');
        }
        out
    }

    /// Numbers the rules as they come.
    fn in_order(&self, piece: Vec<u8>) -> Vec<u8> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::with_capacity(piece.len() + 32);
        for line in String::from_utf8_lossy(&piece).lines() {
            let Some((rule, result)) = line.split_once('\t') else { continue };
            let next = numbers.len();
            let number = match numbers.get(rule) {
                Some(known) => *known,
                None => *numbers.entry(rule.to_owned()).or_insert(next),
            };
            out.extend_from_slice(if out.is_empty() { b"\n" } else { b",\n" });
            out.extend_from_slice(format!("{{\"ruleIndex\":{number},").as_bytes());
            out.extend_from_slice(result.strip_prefix('{').unwrap_or(result).as_bytes());
        }
        out
    }

    fn separator(&self) -> &'static [u8] {
        b","
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        let notifications = summary.troubles.iter().map(|trouble| Notification { level: "error", message: Text::new(trouble) });
        let invocation = Invocation {
            execution_successful: summary.troubles.is_empty(),
            tool_execution_notifications: notifications.collect(),
        };
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids: Vec<(usize, String)> =
            numbers.iter().map(|(id, number)| (*number, serde_json::from_str(id).unwrap_or_default())).collect();
        ids.sort_unstable();
        let rule = |(_, id): (usize, String)| match summary.described.iter().find(|rule| *rule.id == *id) {
            Some(known) => Rule::new(known),
            None => Rule { name: pascal_case(&id), id, about: None },
        };
        let driver = Driver {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            information_uri: HOME,
            short_description: Text::new(env!("CARGO_PKG_DESCRIPTION")),
            rules: ids.into_iter().map(rule).collect(),
        };
        let mut out = b"\n],\n\"tool\":{\"driver\":".to_vec();
        write(&mut out, &driver);
        out.extend_from_slice(b"},\n\"invocations\":[");
        write(&mut out, &invocation);
        out.extend_from_slice(b"]}]}\n");
        out
    }
}

/// The sentence, and after it links to the related places: code scanning shows only those that a message links.
fn message(finding: &Finding, places: &Places<'_>) -> String {
    let mut text = defused(&finding.message);
    for (id, label) in related(finding) {
        let words = match label.text.trim() {
            "" => format!("line {}", places.position(label.span.start).line),
            words => unbracketed(&escape(words)),
        };
        text.push_str(if id == 1 { ": " } else { ", " });
        text.push_str(&format!("[{words}]({id})"));
    }
    text
}

fn related(finding: &Finding) -> impl Iterator<Item = (usize, &Label)> {
    finding.related.iter().take(MAX_PLACES - 1).enumerate().map(|(n, label)| (n + 1, label))
}

/// Text of a file as a message may hold it: no part of it is a link.
fn defused(text: &str) -> String {
    escape(text).replace("](", "] (")
}

/// Text as the words of a link.
fn unbracketed(text: &str) -> String {
    text.replace('[', "(").replace(']', ")")
}

fn said(label: &Label) -> Option<Text> {
    (!label.text.is_empty()).then(|| Text::new(&label.text))
}

fn logical(label: &Label) -> Vec<LogicalLocation<'_>> {
    let node = (!label.node.is_empty()).then_some(LogicalLocation { fully_qualified_name: &label.node, kind: "element" });
    node.into_iter().collect()
}

/// The beginning of a text, cut where there are more characters than `most`.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most - 1) {
        Some((at, _)) if text.chars().nth(most).is_some() => format!("{}…", text.get(..at).unwrap_or_default()),
        _ => text.to_owned(),
    }
}

#[derive(Serialize)]
struct Text {
    text: String,
}

impl Text {
    fn new(text: &str) -> Text {
        Text { text: defused(text) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    short_description: Text,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    /// None of a rule that nothing is known about.
    #[serde(flatten)]
    about: Option<About>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

impl Rule {
    fn new(rule: &RuleInfo) -> Rule {
        let policy = rule.id.split('/').next().unwrap_or_default();
        let url = rule.citations.iter().filter_map(|citation| citation.url.as_deref()).find(|url| is_address(url));
        let about = About {
            short_description: Text { text: cut(&defused(&rule.title), MAX_DESCRIPTION) },
            full_description: Text { text: cut(&defused(&rule.why), MAX_DESCRIPTION) },
            help: Help::new(rule),
            help_uri: url.map(str::to_owned),
            default_configuration: Configuration { level: rule.severity.as_str() },
            properties: RuleProperties {
                tags: rule.status.map(Status::as_str).into_iter().chain([policy]).map(str::to_owned).collect(),
                // A rule that asks for a review says itself that the definition proves nothing.
                precision: if rule.status == Some(Status::Review) { "medium" } else { "high" },
                problem_severity: match rule.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "recommendation",
                },
            },
        };
        Rule { id: rule.id.to_string(), name: pascal_case(&rule.id), about: Some(about) }
    }
}

/// `rhel-8/vhost-user` as `VhostUser`.
fn pascal_case(id: &str) -> String {
    let words = id.rsplit('/').next().unwrap_or(id).split('-');
    let word = |word: &str| {
        let mut rest = word.chars();
        rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
    };
    words.map(word).collect()
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

impl Help {
    fn new(rule: &RuleInfo) -> Help {
        let mut text = vec![rule.why.to_string()];
        let mut markdown = vec![rule.why.to_string()];
        if !rule.helps.is_empty() {
            text.push(rule.helps.join("\n\n"));
            markdown.push(format!("**What to do.** {}", rule.helps.join("\n\n")));
        }
        for source in &rule.citations {
            let words = source.words();
            let url = source.url.as_deref().filter(|url| is_address(url));
            text.push(format!("Source: {words}{}", url.map(|url| format!(", {url}")).unwrap_or_default()));
            markdown.push(match url {
                Some(url) => format!("**Source.** [{}]({url})", unbracketed(&words)),
                None => format!("**Source.** {words}"),
            });
        }
        let lines = |paragraphs: Vec<String>, safe: fn(&str) -> String| {
            paragraphs.join("\n\n").lines().map(safe).collect::<Vec<_>>().join("\n")
        };
        Help { text: lines(text, defused), markdown: lines(markdown, |line| escape(line).into_owned()) }
    }
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    level: &'static str,
    message: Text,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: PartialFingerprints,
    /// Empty where there is none: left out it would say that nothing is known of suppressions.
    suppressions: Vec<SarifSuppression<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix<'a>>,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
struct SarifSuppression<'a> {
    kind: &'static str,
    status: &'static str,
    justification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix<'a> {
    description: Text,
    artifact_changes: [ArtifactChange<'a>; 1],
}

impl<'a> SarifFix<'a> {
    fn new(fix: &'a Fix, artifact: &'a Artifact, file: &'a Checked, places: &Places<'_>) -> SarifFix<'a> {
        let replacements = fix.edits.iter().map(|edit| Replacement {
            deleted_region: Region { snippet: None, ..Region::new(&file.source, places, edit.span) },
            inserted_content: (!edit.text.is_empty()).then_some(Snippet { text: &edit.text }),
        });
        SarifFix {
            description: Text::new(&format!("{} ({})", fix.description, fix.safety.as_str())),
            artifact_changes: [ArtifactChange { artifact_location: artifact, replacements: replacements.collect() }],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: &'a Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted_content: Option<Snippet<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
    physical_location: PhysicalLocation<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: &'a Artifact,
    region: Region<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

impl Artifact {
    fn new(path: &Path, repository: &Repository) -> Artifact {
        let (uri, is_relative) = repository.uri(path);
        Artifact { uri, uri_base_id: is_relative.then_some(ROOT) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'a> {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    byte_offset: u32,
    byte_length: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet<'a>>,
}

impl<'a> Region<'a> {
    fn new(source: &'a Source, places: &Places<'_>, span: Span) -> Region<'a> {
        let (start, end) = (places.position(span.start), places.position(span.end.max(span.start)));
        let bytes = places.file_range(span);
        let text = source.slice(span);
        Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_offset: bytes.0,
            byte_length: bytes.1.saturating_sub(bytes.0),
            snippet: (!text.is_empty() && text.len() <= MAX_SNIPPET).then_some(Snippet { text }),
        }
    }
}

#[derive(Serialize)]
struct Snippet<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
struct PartialFingerprints {
    #[serde(rename = "vmlint/v1")]
    own: String,
    #[serde(rename = "primaryLocationLineHash", skip_serializing_if = "Option::is_none")]
    line: Option<String>,
}

#[derive(Serialize)]
struct ResultProperties<'a> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules() {
        for (id, name) in [("rhel-8/vhost-user", "VhostUser"), ("x/s3-pr", "S3Pr"), ("tcg", "Tcg"), ("x/", "")] {
            assert_eq!(pascal_case(id), name);
        }
    }

    #[test]
    fn long_descriptions_are_cut_at_characters() {
        for (text, most, cut_off) in [("äöü", 3, "äöü"), ("äöüß", 3, "äö…"), ("", 3, ""), ("abcd", 1, "…")] {
            assert_eq!(cut(text, most), cut_off);
        }
    }

    #[test]
    fn no_text_of_a_file_becomes_a_link() {
        assert_eq!(defused("disk `[x](https://evil.example)`"), "disk `[x] (https://evil.example)`");
    }
}
