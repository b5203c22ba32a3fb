//! What a check says: findings as plain data, with spans into the source they are about. Findings know nothing of colours,
//! JSON or terminals; `report` does.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::date::Date;
use crate::identity::Identity;
use crate::policy::schema::Platform;
use crate::source::{Source, Span};

/// How bad a finding is. Ordered: a note is less than a warning, a warning less than an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth a look; the definition alone proves nothing.
    Note,
    /// Works, but the vendor has announced its end, or advises against it.
    Warning,
    /// The vendor does not support it.
    Error,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What the vendor says about the thing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not supported.
    Unsupported,
    /// Supported, but its end is announced.
    Deprecated,
    /// A technology preview: not for production.
    TechPreview,
    /// Beyond a limit.
    Limit,
    /// The definition only makes an unsupported use possible or likely.
    Review,
    /// Against the vendor's advice.
    BestPractice,
}

impl Status {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Unsupported => "unsupported",
            Status::Deprecated => "deprecated",
            Status::TechPreview => "tech-preview",
            Status::Limit => "limit",
            Status::Review => "review",
            Status::BestPractice => "best-practice",
        }
    }

    /// The severity of a rule with this status that names none of its own.
    pub fn default_severity(self) -> Severity {
        match self {
            Status::Unsupported | Status::Limit => Severity::Error,
            Status::Deprecated | Status::TechPreview | Status::BestPractice => Severity::Warning,
            Status::Review => Severity::Note,
        }
    }
}

/// The document that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// Title of the document.
    pub title: Cow<'static, str>,
    /// Section, chapter or patch within it.
    pub section: Cow<'static, str>,
    /// Where to read it.
    pub url: Option<Cow<'static, str>>,
    /// Its edition's date, or the date of reading.
    pub date: Cow<'static, str>,
}

impl Citation {
    /// `title, section (date)`, without what is blank.
    pub fn words(&self) -> String {
        let mut words = self.title.trim().to_owned();
        if !self.section.trim().is_empty() {
            words = format!("{words}, {}", self.section.trim());
        }
        if !self.date.trim().is_empty() {
            words = format!("{words} ({})", self.date.trim());
        }
        words
    }
}

/// A place in the source with something to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The characters meant.
    pub span: Span,
    /// The node they belong to, as an XPath: `/domain/devices/interface[2]`. Empty where there is no node.
    pub node: String,
    /// A few words; may be empty.
    pub text: String,
}

/// The line of a policy that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The policy file, as the user named it, or `policies/rhel-8.yaml` for a built-in one.
    pub path: Arc<str>,
    /// Line in it, from 1.
    pub line: u32,
    /// That line, trimmed.
    pub text: Arc<str>,
    /// Whether the policy is the user's own and not one of the built-in ones.
    pub own: bool,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Where it stands: a comment or an element of the same file. None for a baseline.
    pub place: Option<Label>,
    /// Why, in somebody's words.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
}

impl Suppression {
    /// `inSource` or `external`, the words of SARIF.
    pub fn kind(&self) -> &'static str {
        if self.place.is_some() { "inSource" } else { "external" }
    }

    /// The reason, and in brackets until when and by whom.
    pub fn words(&self) -> String {
        let until = self.until.map(|until| format!("until {until}"));
        let owner = self.owner.as_ref().map(|owner| format!("owner: {owner}"));
        let more: Vec<String> = until.into_iter().chain(owner).collect();
        if more.is_empty() { self.reason.clone() } else { format!("{} ({})", self.reason, more.join(", ")) }
    }
}

/// Whether a fix needs somebody to look at what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// The VM keeps doing what it did.
    Safe,
    /// The guest may notice, or lose something that it used.
    Unsafe,
}

impl Safety {
    /// `safe` or `unsafe`.
    pub fn as_str(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        }
    }

    /// The options that apply a fix of this kind.
    pub fn options(self) -> &'static str {
        match self {
            Safety::Safe => "--fix",
            Safety::Unsafe => "--fix --unsafe-fixes",
        }
    }
}

/// Characters of a text and what is put in their place; an empty span is a place to put something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// A change of the file that takes a finding away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether somebody has to look at it.
    pub safety: Safety,
    /// What it does, as the rest of a sentence that begins with “to”: `use the emulator back end`.
    pub description: String,
    /// At least one, in the order of the text; none overlaps another.
    pub edits: Vec<Edit>,
}

/// One thing that is wrong, or worth a look, in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Rule id: `rhel-8/tcg`, or one of the engine's own: `vmlint/malformed-input`.
    pub rule: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// What the vendor says of it; none for the engine's own findings.
    pub status: Option<Status>,
    /// One sentence that names the device, without a full stop. May hold characters of the file.
    pub message: String,
    /// The start tag of the offending element, with its XPath.
    pub place: Label,
    /// What exactly offends within it: an attribute, a word of an argument. Underlined in terminals.
    pub focus: Label,
    /// Further places that belong to it.
    pub related: Vec<Label>,
    /// What to do instead.
    pub help: Option<String>,
    /// The document it rests on; none for the engine's own findings.
    pub source: Option<Arc<Citation>>,
    /// The policy line that decided.
    pub decision: Option<Arc<Decision>>,
    /// Name of the VM.
    pub vm: Option<String>,
    /// Host that was assumed.
    pub host: Option<Arc<str>>,
    /// Guest that was named by the user.
    pub guest: Option<Arc<str>>,
    /// Ways to get rid of it by changing the file, the best one first.
    pub fixes: Vec<Fix>,
    /// What it is about, wherever that stands.
    pub identity: Identity,
    /// Why it does not count, if it does not.
    pub suppressed: Option<Arc<Suppression>>,
}

impl Finding {
    /// What vmlint itself says of a file, which rests on no document.
    pub fn own(rule: &str, severity: Severity, place: Label, message: String, help: Option<String>) -> Finding {
        Finding {
            rule: rule.into(),
            severity,
            status: None,
            message,
            focus: place.clone(),
            place,
            related: Vec::new(),
            help,
            source: None,
            decision: None,
            vm: None,
            host: None,
            guest: None,
            fixes: Vec::new(),
            identity: Identity::default(),
            suppressed: None,
        }
    }
}

/// Findings stand in the order of their places, then of their rules.
fn order(a: &Finding, b: &Finding) -> Ordering {
    fn key(finding: &Finding) -> (u32, &str, u32, Option<&str>) {
        (finding.place.span.start, &finding.rule, finding.focus.span.start, finding.host.as_deref())
    }
    key(a).cmp(&key(b))
}

/// Brings findings into their order.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(order);
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A libvirt domain.
    LibvirtDomain,
    /// A snapshot of one.
    LibvirtDomainSnapshot,
    /// A checkpoint of one.
    LibvirtDomainCheckpoint,
    /// A backup job.
    LibvirtDomainBackup,
    /// libvirt's run-time state of a domain.
    LibvirtDomStatus,
    /// A virtual network.
    LibvirtNetwork,
    /// A binary machine of Hyper-V.
    HyperVVmcx,
    /// A machine of Hyper-V in XML: Hyper-V's own of older releases, or WMI objects.
    HyperVXml,
    /// Machines of Hyper-V as PowerShell's CLIXML.
    HyperVCliXml,
    /// Machines of Hyper-V in JSON: PowerShell's, the host compute service's or NanaBox's.
    HyperVJson,
    /// Nothing that is judged.
    Other,
}

impl Format {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::LibvirtDomain => "libvirt-domain",
            Format::LibvirtDomainSnapshot => "libvirt-domainsnapshot",
            Format::LibvirtDomainCheckpoint => "libvirt-domaincheckpoint",
            Format::LibvirtDomainBackup => "libvirt-domainbackup",
            Format::LibvirtDomStatus => "libvirt-domstatus",
            Format::LibvirtNetwork => "libvirt-network",
            Format::HyperVVmcx => "hyperv-vmcx",
            Format::HyperVXml => "hyperv-xml",
            Format::HyperVCliXml => "hyperv-clixml",
            Format::HyperVJson => "hyperv-json",
            Format::Other => "other",
        }
    }

    /// The platform whose definitions have this format.
    pub fn platform(self) -> Option<Platform> {
        match self {
            Format::HyperVVmcx | Format::HyperVXml | Format::HyperVCliXml | Format::HyperVJson => Some(Platform::HyperV),
            Format::Other => None,
            _ => Some(Platform::Libvirt),
        }
    }
}

/// One file after its check: the source, what it holds and what was found, sorted by position and rule.
#[derive(Debug)]
pub struct Checked {
    /// The file. Of a file that could not be decoded: its name over an empty text.
    pub source: Source,
    /// What it turned out to be.
    pub format: Format,
    /// How many VMs it defines.
    pub vms: usize,
    /// The findings that count.
    pub findings: Vec<Finding>,
    /// Those that do not, because a suppression or a baseline covers them; in the same order.
    pub suppressed: Vec<Finding>,
}

impl Checked {
    /// The findings that count, and with them those that do not if they are wanted, in one order.
    pub fn listed(&self, suppressed: bool) -> Vec<&Finding> {
        let others: &[Finding] = if suppressed { &self.suppressed } else { &[] };
        let mut listed: Vec<&Finding> = self.findings.iter().chain(others).collect();
        if !others.is_empty() {
            listed.sort_by(|a, b| order(a, b));
        }
        listed
    }
}

/// A file in the list that `--format json` gives.
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// The path as shown.
    pub path: String,
    /// What it turned out to be.
    pub format: Format,
    /// How many VMs it defines.
    pub vms: usize,
    /// How many findings are shown for it.
    pub findings: usize,
}

/// How many findings can be fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fixable {
    /// By a safe fix.
    pub safely: usize,
    /// By unsafe fixes only.
    pub unsafely: usize,
}

impl Fixable {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Fixable {
        let mut fixable = Fixable::default();
        for safety in findings.iter().filter_map(|finding| finding.fixes.iter().map(|fix| fix.safety).min()) {
            match safety {
                Safety::Safe => fixable.safely += 1,
                Safety::Unsafe => fixable.unsafely += 1,
            }
        }
        fixable
    }

    /// Adds the findings of another file.
    pub fn add(&mut self, other: Fixable) {
        self.safely += other.safely;
        self.unsafely += other.unsafely;
    }
}

/// A rule of the run as reports describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its id.
    pub id: Arc<str>,
    /// A few words.
    pub title: Cow<'static, str>,
    /// What the vendor says; none for the engine's own rules.
    pub status: Option<Status>,
    /// The worst that its findings are.
    pub severity: Severity,
    /// Why it matters, in sentences.
    pub why: Cow<'static, str>,
    /// What to do instead, one paragraph for each way in which it shows.
    pub helps: Vec<String>,
    /// The documents it rests on, the one that decides first.
    pub citations: Vec<Arc<Citation>>,
}

/// What a run has to do with a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Findings that it covers.
    pub covered: usize,
    /// Entries that are no longer needed.
    pub unneeded: usize,
    /// It was written with just these findings.
    pub is_new: bool,
    /// It was rid of these entries.
    pub is_pruned: bool,
}

/// The whole run in numbers.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many files were judged.
    pub files: usize,
    /// Findings that are shown.
    pub shown: usize,
    /// The files judged, in order, where somebody asks for a list of them: it grows with every file.
    pub entries: Vec<FileEntry>,
    /// VMs in them.
    pub vms: usize,
    /// Findings by severity, shown or not.
    pub errors: usize,
    /// See `errors`.
    pub warnings: usize,
    /// See `errors`.
    pub notes: usize,
    /// Findings that are shown, by rule: notes, warnings, errors.
    pub rules: BTreeMap<Arc<str>, [usize; 3]>,
    /// What is known of those rules, sorted by their ids; empty where no report describes rules.
    pub described: Vec<RuleInfo>,
    /// Findings that are shown elsewhere and that this report had no room for.
    pub left_out: usize,
    /// Why something could not be read or judged, as told on standard error.
    pub troubles: Vec<String>,
    /// Findings that a suppression or a baseline covers.
    pub suppressed: usize,
    /// Their rules, as far as they are severe enough to be shown.
    pub suppressed_rules: BTreeSet<Arc<str>>,
    /// What became of the baseline, where there is one.
    pub baseline: Option<Known>,
    /// Files looked at in a folder that are no VM definitions.
    pub skipped: usize,
    /// Hosts assumed, `rhel-8`; those that the user named and those that were the default.
    pub hosts: Vec<Arc<str>>,
    /// Whether the hosts were assumed and not named.
    pub host_assumed: bool,
    /// Findings that have a fix, by the safety of the one that would be applied first.
    pub fixable: Fixable,
    /// Findings whose fixes were applied; the others are what is left.
    pub fixed: usize,
    /// VMs whose guest is not known though rules ask for it.
    pub guests_unknown: usize,
    /// Wall time of the run.
    pub elapsed: Duration,
}
