//! One file from its bytes to its findings.

use std::path::Path;
use std::sync::Arc;

use crate::definition::Definition;
use crate::engine::{Engine, Verdict};
use crate::finding::{Checked, Finding, Format, Label, Severity};
use crate::input::{limits, text, xml};
use crate::libvirt;
use crate::libvirt::arguments::Arguments;
use crate::source::{Source, Span};
use crate::tree::Tree;

/// Rule id of a file that cannot be read as a definition.
pub const MALFORMED: &str = "vmlint/malformed-input";
/// Rule id of a file that the user named and that defines no VM.
pub const NOT_A_VM: &str = "vmlint/not-a-vm-definition";

/// Judges files with one engine; shared by all threads.
#[derive(Debug)]
pub struct Checker<'r> {
    engine: Engine<'r>,
    arguments: Arguments,
}

/// What became of one file.
#[derive(Debug)]
pub struct Outcome {
    /// What a report shows.
    pub checked: Checked,
    /// The file lay in a folder and is no definition.
    pub skipped: bool,
    /// Rules that took too long on it.
    pub exhausted: Vec<Arc<str>>,
}

impl<'r> Checker<'r> {
    /// A checker for this engine.
    pub fn new(engine: Engine<'r>) -> Checker<'r> {
        let arguments = Arguments::new(&engine.rules().vocabulary);
        Checker { engine, arguments }
    }

    /// Judges the bytes of a file. `named` says that the user named the file itself, so that one which is no definition is worth a word.
    pub fn check(&self, path: &Path, bytes: Vec<u8>, named: bool) -> Outcome {
        if bytes.len() as u64 > limits::FILE_BYTES {
            let source = Source::utf8(path, String::new(), 0);
            return malformed(
                source,
                Span::at(0),
                oversize(),
                Some("Name the definition itself, not a disk image or a log."),
                None,
            );
        }
        let source = match text::decode(path, bytes) {
            Ok(source) => source,
            Err(fault) => return malformed(fault.source, fault.span, fault.reason, Some(fault.help), None),
        };
        match self.read(&source) {
            Read::Definitions(format, vms, Verdict { findings, exhausted }) => {
                Outcome { checked: Checked { source, format, vms, findings }, skipped: false, exhausted }
            }
            Read::Other(root, message) => {
                let findings = if named { vec![not_a_vm(root, message)] } else { Vec::new() };
                let checked = Checked { source, format: Format::Other, vms: 0, findings };
                Outcome { checked, skipped: !named, exhausted: Vec::new() }
            }
            Read::Malformed(fault) => {
                let xml::Malformed { span, reason, help, related, .. } = *fault;
                malformed(source, span, reason, help, related)
            }
        }
    }

    fn read(&self, source: &Source) -> Read {
        let text = source.text();
        let vocabulary = &self.engine.rules().vocabulary;
        let tree = match xml::read(text, vocabulary, |builder, node| self.arguments.complete(builder, node)) {
            Ok(tree) => tree,
            Err(fault) => {
                if !fault.is_doctype {
                    return Read::Malformed(Box::new(fault));
                }
                // A declaration is refused in a definition; a web page is no broken VM for having one.
                return match xml::root_behind_doctype(text) {
                    Ok((root, span)) if !libvirt::is_definition(&root) => Read::Other(span, other(&root, "")),
                    Ok(_) => Read::Malformed(Box::new(fault)),
                    Err(worse) => Read::Malformed(Box::new(worse)),
                };
            }
        };
        let roots: Vec<_> = tree.children(Tree::ROOT).filter(|&node| tree.is_element(node)).collect();
        let found = libvirt::definitions(&tree);
        let several = roots.len() > 1;
        let mut definitions: Vec<Definition> = Vec::with_capacity(found.len());
        for (definition, &root) in found.into_iter().zip(&roots) {
            match definition {
                Some(definition) => definitions.push(definition),
                None if several => {
                    let reason =
                        format!("the file has several root elements, and `{}` is no VM definition", tree.qualified_name(root));
                    let help = "Keep several definitions in one file only if all of them are VMs.";
                    return Read::Malformed(Box::new(xml::Malformed::new(tree.start_tag(root), reason).help(help)));
                }
                None => return Read::Other(tree.start_tag(root), other(tree.qualified_name(root), tree.namespace(root))),
            }
        }
        let format = definitions.first().map_or(Format::Other, |definition| definition.format);
        let vms = definitions.iter().map(|definition| definition.vms(&tree)).sum();
        Read::Definitions(format, vms, self.engine.judge(&tree, &definitions))
    }
}

enum Read {
    Definitions(Format, usize, Verdict),
    Other(Span, String),
    Malformed(Box<xml::Malformed>),
}

fn oversize() -> String {
    format!("the file is larger than {} MiB", limits::FILE_BYTES >> 20)
}

fn other(root: &str, namespace: &str) -> String {
    match namespace {
        "" => format!("`<{root}>` is no VM definition, so nothing was judged"),
        uri => format!("`<{root}>` of the namespace `{uri}` is no VM definition, so nothing was judged"),
    }
}

/// A finding of the engine itself.
pub fn own_finding(rule: &str, severity: Severity, span: Span, message: String, help: Option<&str>) -> Finding {
    let label = Label { span, node: String::new(), text: String::new() };
    Finding {
        rule: rule.into(),
        severity,
        status: None,
        message,
        place: label.clone(),
        focus: label,
        related: Vec::new(),
        help: help.map(str::to_owned),
        source: None,
        decision: None,
        vm: None,
        host: None,
        guest: None,
    }
}

fn not_a_vm(root: Span, message: String) -> Finding {
    let help = "vmlint judges libvirt's `domain`, `domainsnapshot`, `domaincheckpoint`, `domainbackup`, `domstatus` and `network` documents.";
    own_finding(NOT_A_VM, Severity::Note, root, message, Some(help))
}

fn malformed(source: Source, span: Span, reason: String, help: Option<&str>, related: Option<(Span, &'static str)>) -> Outcome {
    let mut finding = own_finding(MALFORMED, Severity::Error, span, reason, help);
    finding.related =
        related.into_iter().map(|(span, text)| Label { span, node: String::new(), text: text.to_owned() }).collect();
    let checked = Checked { source, format: Format::Other, vms: 0, findings: vec![finding] };
    Outcome { checked, skipped: false, exhausted: Vec::new() }
}
