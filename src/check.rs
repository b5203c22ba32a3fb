//! One file from its bytes to its findings.

use std::path::Path;
use std::sync::OnceLock;

use crate::baseline::Use;
use crate::date::Date;
use crate::definition::Definition;
use crate::engine::{Assumptions, Engine};
use crate::finding::{self, Checked, Finding, Format, Label, Severity};
use crate::hyperv;
use crate::input::detect::{self, Kind, Syntax};
use crate::input::keys::Keys;
use crate::input::limits::{self, Limits};
use crate::input::{export, hyperv_xml, json, powershell, text, vmcx_keys, xml};
use crate::libvirt;
use crate::libvirt::arguments::Arguments;
use crate::policy::compile::RuleSet;
use crate::policy::schema::Platform;
use crate::source::{Source, Span};
use crate::suppress::Suppressions;
use crate::tree::{Builder, Tree};
use crate::verdict::{self, GivenUp, Hold, Verdict};

/// Rule id of a file that cannot be read as a definition.
pub const MALFORMED: &str = "vmlint/malformed-input";
/// Rule id of a file that the user named and that defines no VM.
pub const NOT_A_VM: &str = "vmlint/not-a-vm-definition";

/// Judges files; shared by all threads.
pub struct Checker<'r> {
    /// An engine for each platform, made when the first definition of it is there.
    engines: [OnceLock<Engine<'r>>; 2],
    make: Box<dyn Fn(Platform) -> Engine<'r> + Send + Sync + 'r>,
    limits: Limits,
    today: Date,
    baseline: Option<Use<'r>>,
}

/// What became of one file.
#[derive(Debug)]
pub struct Outcome {
    /// What a report shows.
    pub checked: Checked,
    /// The file lay in a folder and is no definition.
    pub skipped: bool,
    /// Rules that took too long on it.
    pub exhausted: Vec<GivenUp>,
    /// How many of its findings a baseline covers.
    pub known: usize,
    /// How many suppressed findings are not listed, because there are too many.
    pub unlisted: usize,
    /// Machines of it whose guest is not known though rules ask for it.
    pub guests_unknown: usize,
    /// What the user should know about reading it, though all of it could be read; sentences for standard error.
    pub remarks: Vec<String>,
}

impl Outcome {
    /// Nothing but what a report shows.
    fn of(checked: Checked) -> Outcome {
        Outcome { checked, skipped: false, exhausted: Vec::new(), known: 0, unlisted: 0, guests_unknown: 0, remarks: Vec::new() }
    }
}

impl<'r> Checker<'r> {
    /// A checker with one set of rules.
    pub fn new(rules: &'r RuleSet, assumptions: &'r Assumptions) -> Checker<'r> {
        Checker::by_platform(move |_| Engine::new(rules, assumptions))
    }

    /// A checker that asks for the engine of a platform when the first definition of it is there.
    pub fn by_platform(make: impl Fn(Platform) -> Engine<'r> + Send + Sync + 'r) -> Checker<'r> {
        Checker {
            engines: [OnceLock::new(), OnceLock::new()],
            make: Box::new(make),
            limits: Limits::default(),
            today: Date::today(),
            baseline: None,
        }
    }

    /// The same with other limits.
    pub fn within(self, limits: Limits) -> Checker<'r> {
        Checker { limits, ..self }
    }

    /// The limits on what is read and told.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same on another day than the clock says: suppressions may hold for a time only.
    pub fn on(self, today: Date) -> Checker<'r> {
        Checker { today, ..self }
    }

    /// The same with known findings.
    pub fn knowing(self, baseline: Option<Use<'r>>) -> Checker<'r> {
        Checker { baseline, ..self }
    }

    /// Whether a rule had its say on the files judged so far.
    pub fn runs(&self, rule: &str) -> bool {
        rule.starts_with("vmlint/") || self.engines.iter().filter_map(OnceLock::get).any(|engine| engine.runs(rule))
    }

    fn engine(&self, platform: Platform) -> &Engine<'r> {
        let place = match platform {
            Platform::Libvirt => &self.engines[0],
            Platform::HyperV => &self.engines[1],
        };
        place.get_or_init(|| (self.make)(platform))
    }

    /// Judges the bytes of a file. `named` says that the user named the file itself, so that one which is no definition is worth a word.
    pub fn check(&self, path: &Path, bytes: Vec<u8>, named: bool) -> Outcome {
        let mut outcome = self.judge(path, bytes, named);
        if let Some(baseline) = self.baseline {
            outcome.known = baseline.cover(&mut outcome.checked);
        }
        outcome
    }

    fn judge(&self, path: &Path, bytes: Vec<u8>, named: bool) -> Outcome {
        // Most JSON in a folder is something else, and then it matters to nobody whether it is right.
        let passed_by = |speaks_of_machines: bool| !named && has_ending(path, "json") && !speaks_of_machines;
        if bytes.len() as u64 > self.limits.file_size {
            let source = Source::utf8(path, String::new(), 0);
            if passed_by(false) {
                return skipped(source);
            }
            return malformed(source, limits::too_large(&self.limits));
        }
        if detect::is_container(path, &bytes) {
            return self.container(path, &bytes, named);
        }
        let source = match text::decode(path, bytes) {
            Ok(source) => source,
            Err(fault) if passed_by(powershell::is_worth_reading(fault.source.text())) => return skipped(fault.source),
            Err(fault) => return malformed(fault.source, xml::Malformed::new(fault.span, fault.reason).help(fault.help)),
        };
        let read = match detect::syntax(path, source.text()) {
            Syntax::Xml => self.read_xml(&source),
            Syntax::Json if passed_by(powershell::is_worth_reading(source.text())) => return skipped(source),
            Syntax::Json => match self.read_json(source.text()) {
                // What is called XML and is JSON about no machine is broken XML.
                Read::Other(..) if has_ending(path, "xml") => self.read_xml(&source),
                read => read,
            },
            Syntax::Refused(fault) => Read::Malformed(fault),
        };
        outcome(source, read, named, Vec::new())
    }

    /// Judges an example of a policy: a definition, or for Hyper-V the tree of one as `vmlint view` prints it, which says in two lines
    /// what an export takes two hundred for.
    pub fn example(&self, platform: Platform, text: &str) -> Outcome {
        let path = Path::new("example");
        if platform != Platform::HyperV || !text.trim_start().starts_with("<vm") {
            return self.check(path, text.as_bytes().to_vec(), true);
        }
        let source = Source::utf8(path, text.to_owned(), 0);
        let engine = self.engine(Platform::HyperV);
        let read = match xml::read(source.text(), &self.limits, &engine.rules().vocabulary, |_, _| {}) {
            Ok(tree) => {
                let definition = hyperv::definition(&tree, Format::HyperVXml);
                Read::Definitions(
                    definition.format,
                    definition.vms(&tree),
                    engine.judge(&tree, &[definition], self.limits.findings, None),
                )
            }
            Err(fault) => Read::Malformed(Box::new(fault)),
        };
        outcome(source, read, true, Vec::new())
    }

    /// Judges a binary file of Hyper-V.
    fn container(&self, path: &Path, bytes: &[u8], named: bool) -> Outcome {
        match vmcx_keys::read(path, bytes) {
            Err(refused) => {
                let help = "Copy the file again, or export the machine again; a damaged one is not judged in part.";
                malformed(refused.source, xml::Malformed::new(Span::at(0), refused.reason).help(help))
            }
            Ok(vmcx_keys::Container { source, keys, warnings }) => {
                let read = match detect::container_without_machine(&keys) {
                    Some(what) => Read::Other(Span::at(0), what.to_owned()),
                    None => self.machines(Kind::Vmcx, &keys, source.text()),
                };
                outcome(source, read, named, warnings)
            }
        }
    }

    fn read_json(&self, text: &str) -> Read {
        let other = || {
            let start = text.len() - text.trim_start().len();
            Read::Other(Span::new(start, start + 1), "the JSON describes no VM, so nothing was judged".to_owned())
        };
        match json::read(text, &self.limits) {
            // It is only of an export that vmlint asks more than JSON does.
            Err(fault) if fault.is_house_rule && !powershell::is_worth_reading(text) => other(),
            Err(fault) => Read::Malformed(fault),
            Ok(keys) => match detect::json(&keys) {
                kind @ Kind::Json(_) => self.machines(kind, &keys, text),
                _ => other(),
            },
        }
    }

    /// Judges the machines of an export of Hyper-V.
    fn machines(&self, kind: Kind, keys: &Keys, text: &str) -> Read {
        let none = || {
            let start = text.len() - text.trim_start().len();
            Read::Other(Span::at(start), "the file describes no VM of Hyper-V, so nothing was judged".to_owned())
        };
        if detect::machines(kind, keys) == 0 {
            return none();
        }
        let engine = self.engine(Platform::HyperV);
        let tree = hyperv::tree(kind, keys, text, &engine.rules().vocabulary);
        let definition = hyperv::definition(&tree, kind.format());
        match definition.vms(&tree) {
            // What looked like a machine lies where only copies of others do.
            0 => none(),
            vms => Read::Definitions(kind.format(), vms, engine.judge(&tree, &[definition], self.limits.findings, None)),
        }
    }

    fn read_xml(&self, source: &Source) -> Read {
        let text = source.text();
        let mut parsed = None;
        if hyperv_xml::is_likely(text) {
            match xml::parse(text, &self.limits) {
                Ok(document) => parsed = Some(document),
                Err(fault) => return unreadable_xml(text, fault, &self.limits),
            }
        }
        if let Some(root) = parsed.as_ref().and_then(hyperv_xml::machine) {
            let keys = hyperv_xml::read(text, root, &self.limits);
            // Keys hold all that is wanted of it.
            drop(parsed);
            return keys.map_or_else(Read::Malformed, |keys| self.machines(Kind::HyperVXml, &keys, text));
        }
        let engine = self.engine(Platform::Libvirt);
        let vocabulary = &engine.rules().vocabulary;
        let arguments = Arguments::new(vocabulary);
        let complete = |builder: &mut Builder<'_>, node| arguments.complete(builder, node);
        let tree = match parsed {
            Some(document) => document.tree(vocabulary, complete),
            None => xml::read(text, &self.limits, vocabulary, complete),
        };
        let tree = match tree {
            Ok(tree) => tree,
            Err(fault) => return unreadable_xml(text, fault, &self.limits),
        };
        if let Some(span) = arguments.beyond() {
            return Read::Malformed(Box::new(too_many_pairs(span)));
        }
        let roots: Vec<_> = tree.children(Tree::ROOT).filter(|&node| tree.is_element(node)).collect();
        let found = libvirt::definitions(&tree);
        if found.first().is_some_and(Option::is_none) {
            match detect::xml(&tree) {
                Kind::Xml | Kind::Other => {}
                kind => {
                    return match export::tree_keys(kind, &tree, &self.limits) {
                        Ok(keys) => self.machines(kind, &keys, text),
                        Err(fault) => Read::Malformed(fault),
                    };
                }
            }
        }
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
        let mut suppressions = Suppressions::read(&tree, &definitions, engine, self.today);
        let mut verdict = {
            let mut hold = suppressions.as_mut().and_then(Suppressions::hold);
            let hold = hold.as_mut().map(|hold| hold as Hold<'_>);
            engine.judge(&tree, &definitions, self.limits.findings, hold)
        };
        if let Some(suppressions) = suppressions {
            suppressions.finish(&mut verdict);
        }
        Read::Definitions(format, vms, verdict)
    }
}

enum Read {
    Definitions(Format, usize, Verdict),
    Other(Span, String),
    Malformed(Box<xml::Malformed>),
}

/// The refusal of command lines that hold more than any machine needs.
pub fn too_many_pairs(span: Span) -> xml::Malformed {
    let reason = "the arguments for QEMU hold more keys and values than any machine needs";
    xml::Malformed::new(span, reason).help("Check what wrote this file, or judge fewer machines in one file.")
}

/// What to say of a text that is no XML, or XML with a document type declaration.
fn unreadable_xml(text: &str, fault: xml::Malformed, limits: &Limits) -> Read {
    if !fault.is_doctype {
        return Read::Malformed(Box::new(fault));
    }
    // A declaration is refused in a definition; a web page is no broken VM for having one.
    match xml::root_behind_doctype(text, limits) {
        Ok((root, span)) if !libvirt::is_definition(&root) && !detect::is_own_root(&root) => Read::Other(span, other(&root, "")),
        // What follows from the declaration, such as an entity that was not expanded, is not the fault to tell.
        _ => Read::Malformed(Box::new(fault)),
    }
}

/// What became of a file, from what was read in it.
fn outcome(source: Source, read: Read, named: bool, remarks: Vec<String>) -> Outcome {
    let outcome = match read {
        Read::Definitions(format, vms, Verdict { findings, suppressed, exhausted, guests_unknown, .. }) => {
            let (mut findings, left_out) = findings.finish();
            if let Some(finding) = verdict::left_out(&findings, left_out) {
                findings.push(finding);
                finding::sort(&mut findings);
            }
            let (suppressed, unlisted) = suppressed.finish();
            let checked = Checked { source, format, vms, findings, suppressed };
            Outcome { exhausted, guests_unknown, unlisted: unlisted.iter().sum(), ..Outcome::of(checked) }
        }
        Read::Other(..) if !named => return skipped(source),
        Read::Other(place, message) => {
            let checked = Checked {
                source,
                format: Format::Other,
                vms: 0,
                findings: vec![not_a_vm(place, message)],
                suppressed: Vec::new(),
            };
            Outcome::of(checked)
        }
        Read::Malformed(fault) => malformed(source, *fault),
    };
    Outcome { remarks, ..outcome }
}

/// A file in a folder that is no definition.
fn skipped(source: Source) -> Outcome {
    let checked = Checked { source, format: Format::Other, vms: 0, findings: Vec::new(), suppressed: Vec::new() };
    Outcome { skipped: true, ..Outcome::of(checked) }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().and_then(|own| own.to_str()).is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

fn other(root: &str, namespace: &str) -> String {
    let (root, namespace) = (&*xml::brief(root), &*xml::brief(namespace));
    match namespace {
        "" if root == "preferences" => {
            "`<preferences>` is the machine of Virtual PC or Virtual Server, which is not judged".to_owned()
        }
        "" => format!("`<{root}>` is no VM definition, so nothing was judged"),
        uri => format!("`<{root}>` of the namespace `{uri}` is no VM definition, so nothing was judged"),
    }
}

/// A finding of the engine itself.
pub fn own_finding(rule: &str, severity: Severity, span: Span, message: String, help: Option<&str>) -> Finding {
    let place = Label { span, node: String::new(), text: String::new() };
    Finding::own(rule, severity, place, message, help.map(str::to_owned))
}

fn not_a_vm(root: Span, message: String) -> Finding {
    let help = "vmlint judges libvirt's `domain`, `domainsnapshot`, `domaincheckpoint`, `domainbackup`, `domstatus` and `network` \
                documents, and Hyper-V's machines as `.vmcx`, XML, CLIXML or JSON.";
    own_finding(NOT_A_VM, Severity::Note, root, message, Some(help))
}

fn malformed(source: Source, fault: xml::Malformed) -> Outcome {
    let xml::Malformed { span, reason, help, related, .. } = fault;
    let mut finding = own_finding(MALFORMED, Severity::Error, span, reason, help);
    finding.related =
        related.into_iter().map(|(span, text)| Label { span, node: String::new(), text: text.to_owned() }).collect();
    let checked = Checked { source, format: Format::Other, vms: 0, findings: vec![finding], suppressed: Vec::new() };
    Outcome::of(checked)
}
