//! What a policy says, checked: the shape of the YAML is right, the words are known, every rule has its document. Expressions are
//! still text with its place; `compile` makes them ready to run.

use std::ops::Range;
use std::sync::Arc;

use super::fixes::Recipe;
use super::matrix::Matrix;
use super::tests::Test;
use super::yaml::Written;
use crate::finding::{Citation, Severity, Status};
use crate::systems::GuestPattern;

/// A text value with its place in the policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The value.
    pub text: Written,
    /// Where the file says it, in bytes.
    pub span: Range<u32>,
}

/// The kind of definitions that a policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// libvirt XML.
    Libvirt,
    /// Hyper-V exports.
    HyperV,
}

impl Platform {
    /// The word in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Libvirt => "libvirt",
            Platform::HyperV => "hyper-v",
        }
    }

    /// The platform of a host that is known by name; hosts of the user's own are not.
    pub fn of_host(host: &str) -> Option<Platform> {
        let starts = |words: &[&str]| words.iter().any(|word| host.starts_with(word));
        if starts(&["windows-server-", "azure-stack-hci", "azure-local"]) {
            Some(Platform::HyperV)
        } else if starts(&["rhel-", "rhosp", "openshift-virtualization", "rhv"]) {
            Some(Platform::Libvirt)
        } else {
            None
        }
    }
}

/// An element that rules can be about: their context node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// `domain` or `inactiveDomain`, wherever it defines a VM.
    Domain,
    /// A snapshot with or without its domain.
    DomainSnapshot,
    /// A checkpoint.
    DomainCheckpoint,
    /// A backup job, by itself or in a domain's run-time state.
    DomainBackup,
    /// A virtual network.
    Network,
    /// A machine of Hyper-V.
    Vm,
}

impl Context {
    /// Every context with its word in policies.
    pub const ALL: [(&'static str, Context); 6] = [
        ("domain", Context::Domain),
        ("domainsnapshot", Context::DomainSnapshot),
        ("domaincheckpoint", Context::DomainCheckpoint),
        ("domainbackup", Context::DomainBackup),
        ("network", Context::Network),
        ("vm", Context::Vm),
    ];

    /// The word in policies.
    pub fn as_str(self) -> &'static str {
        Context::ALL.iter().find(|(_, context)| *context == self).map_or("", |(word, _)| word)
    }
}

/// One policy file.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The first half of its rules' ids.
    pub id: Arc<str>,
    /// One line for people.
    pub title: Written,
    /// What it judges.
    pub platform: Platform,
    /// The hosts that select it.
    pub hosts: Vec<Arc<str>>,
    /// Namespace prefixes of its own, with their URIs.
    pub prefixes: Vec<(Written, Written)>,
    /// Further element names that its expressions may use.
    pub element_names: Vec<Written>,
    /// Further attribute names.
    pub attribute_names: Vec<Written>,
    /// Its tables: variable name and file.
    pub tables: Vec<(Written, Text)>,
    /// How messages call devices.
    pub devices: Vec<Device>,
    /// The files of its support matrix' editions.
    pub editions: Vec<Text>,
    /// Its support matrix.
    pub matrix: Option<Arc<Matrix>>,
    /// The rules: those of the matrix' features first, each in the order of the file.
    pub rules: Vec<Rule>,
}

/// On what in a support matrix it hangs whether a case applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Gate {
    /// On nothing.
    #[default]
    Open,
    /// The guest does not have this feature, by its number.
    Missing(usize),
    /// A note at one of these features names the rule.
    Noted(Vec<usize>),
}

/// How messages call one kind of element.
#[derive(Debug, Clone)]
pub struct Device {
    /// The element's name.
    pub element: Written,
    /// The noun for it: `disk`.
    pub noun: Written,
    /// The expression for its own name.
    pub name: Option<Text>,
    /// A fixed phrase instead of noun and name: `the TPM`.
    pub phrase: Option<Written>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `rhel-8/tcg`.
    pub id: Arc<str>,
    /// Where the id stands.
    pub span: Range<u32>,
    /// A few words.
    pub title: Written,
    /// What the vendor says.
    pub status: Status,
    /// How bad its findings are, unless a case says otherwise.
    pub severity: Severity,
    /// The documents, the one that decides first; none for a rule that hangs on the matrix.
    pub citations: Vec<Arc<Citation>>,
    /// What it is about.
    pub contexts: Vec<Context>,
    /// The ways in which it shows, in order of precedence.
    pub cases: Vec<Arc<Case>>,
    /// Whether it silences every other rule where it fires.
    pub exclusive: bool,
    /// Why it matters.
    pub why: Written,
    /// What to do instead, as the rule says it; empty where only its cases do.
    pub help: Written,
    /// Definitions that raise it.
    pub bad: Vec<Text>,
    /// Definitions that do not.
    pub good: Vec<Text>,
}

/// One way in which a rule shows.
#[derive(Debug, Clone)]
pub struct Case {
    /// Finds the offending nodes.
    pub find: Text,
    /// What must hold of them; the case fires where it does not.
    pub tests: Arc<[Test]>,
    /// See [`Rule::severity`].
    pub severity: Severity,
    /// See [`Rule::status`].
    pub status: Status,
    /// The document that decides; none where the matrix does.
    pub citation: Option<Arc<Citation>>,
    /// On what in the support matrix it hangs.
    pub gate: Gate,
    /// The guests that it is about; none for all, whether known or not.
    pub guests: Arc<[GuestPattern]>,
    /// Those of the policy's hosts to which it applies; none for all.
    pub hosts: Vec<Arc<str>>,
    /// The sentence.
    pub message: Text,
    /// What to do instead.
    pub help: Text,
    /// Words at the underlined characters.
    pub label: Option<Text>,
    /// What is underlined, relative to the found node.
    pub at: Option<Text>,
    /// Further places.
    pub related: Vec<(Text, Option<Text>)>,
    /// Hosts to which it does not apply, all of it or the found nodes for which the expression holds.
    pub except_hosts: Vec<(Arc<str>, Option<Text>)>,
    /// Ways to get rid of what it finds, the best one first.
    pub fixes: Vec<Recipe>,
}

/// Something wrong in a policy or configuration file, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// An error makes the file unusable, a warning does not.
    pub severity: Severity,
    /// Where, in bytes of the file.
    pub span: Range<u32>,
    /// What is wrong, without a full stop.
    pub message: String,
    /// A few words at the place.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// An error at a place.
    pub fn error(span: Range<u32>, message: impl Into<String>) -> Fault {
        Fault { severity: Severity::Error, span, message: message.into(), label: String::new(), help: None }
    }

    /// The same with words on what to do.
    pub fn help(self, help: impl Into<Option<String>>) -> Fault {
        Fault { help: help.into(), ..self }
    }

    /// The same with words at the place.
    pub fn label(self, label: impl Into<String>) -> Fault {
        Fault { label: label.into(), ..self }
    }
}
