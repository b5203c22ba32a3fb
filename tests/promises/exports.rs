//! Exports of Hyper-V: values with their places, what `view` shows of them, the tree of their machines, and what rules find in it.

use std::path::Path;
use std::sync::LazyLock;

use vmlint::check::{Checker, MALFORMED, NOT_A_VM};
use vmlint::definition;
use vmlint::engine::Assumptions;
use vmlint::hyperv::{self, schema};
use vmlint::input::detect::Kind;
use vmlint::input::export::{self, Export};
use vmlint::input::limits::Limits;
use vmlint::input::raw;
use vmlint::policy::builtin;
use vmlint::policy::compile::{Choice, RuleSet, compile};
use vmlint::policy::schema::Platform;
use vmlint::systems::Guest;
use vmlint::tree::{NodeId, Tree, Vocabulary};

use super::seal::sealed;
use super::{files, is_within};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let policies = builtin::ALL.iter().filter(|policy| policy.platform == Platform::HyperV);
    let policies: Vec<_> = policies.map(|policy| policy.load().unwrap()).collect();
    compile(&policies, false, &|_| Choice::Run).unwrap().0
});
static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| {
    let hosts = ["windows-server-2012-r2", "windows-server-2025"].map(Into::into).to_vec();
    let assumptions = Assumptions { hosts, guest: Guest::parse("rhel-8.6").ok(), ..Assumptions::default() };
    Checker::new(&RULES, Box::leak(Box::new(assumptions)))
});
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary = Vocabulary::default();
    hyperv::intern(&mut vocabulary);
    vocabulary
});

/// Any bytes as a binary container, as they are and with their checksums made right.
pub fn vmcx(bytes: &[u8]) {
    let sealed = sealed(bytes);
    for bytes in [bytes, &sealed] {
        export("fuzz.vmcx", bytes, |kind| kind == Kind::Vmcx);
    }
}

/// Any bytes as JSON: of PowerShell, of the host compute service, of NanaBox.
pub fn json(bytes: &[u8]) {
    export("fuzz.json", bytes, |kind| matches!(kind, Kind::Json(_) | Kind::Other));
}

/// Any bytes as CLIXML, as CIM-XML, or as the XML of 2008 to 2012 R2.
pub fn exports(bytes: &[u8]) {
    export("fuzz.xml", bytes, |kind| matches!(kind, Kind::CliXml | Kind::Cim | Kind::HyperVXml));
}

/// Bytes that turn out to be something else are left to others.
fn export(name: &str, bytes: &[u8], is_wanted: fn(Kind) -> bool) {
    let path = Path::new(name);
    match export::read(path, bytes.to_vec(), &Limits::default()) {
        Err(refusal) => {
            assert!(!refusal.fault.reason.is_empty());
            is_within(refusal.source.text(), refusal.fault.span, &refusal.fault);
        }
        Ok(export) if is_wanted(export.kind) => {
            values(&export, bytes.len());
            let (tree, definitions) = definition::tree(&export, &Limits::default(), &VOCABULARY).unwrap();
            tree.children(Tree::ROOT).for_each(|machine| element(&tree, machine, &schema::VM));
            let outcome = files::outcome(&CHECKER, path, bytes);
            let refused = outcome.checked.findings.iter().find(|finding| &*finding.rule == MALFORMED);
            assert!(refused.is_none() || export.kind == Kind::Other, "shown and not judged: {refused:?}");
            let vms: usize = definitions.iter().map(|definition| definition.vms(&tree)).sum();
            assert_eq!(outcome.checked.vms, vms, "what is shown is not what is judged");
            let is_told = outcome.checked.findings.iter().any(|finding| matches!(&*finding.rule, MALFORMED | NOT_A_VM));
            assert!(is_told || vms > 0, "nothing is judged, and nobody is told");
        }
        Ok(_) => {}
    }
}

/// Every value stands in the text and in the file, and is shown on a line of its own and in JSON.
fn values(export: &Export, length: usize) {
    let text = export.source.text();
    for key in export.keys.all() {
        for span in [export.keys.span(key), export.keys.value_span(key)] {
            is_within(text, span, &export.keys.name(key));
            let (start, end) = export.source.file_range(span);
            assert!(start <= end && end as usize <= length, "{start}..{end} is no part of the file");
        }
    }
    for line in raw::lines(&export.keys) {
        assert!(!line.text.contains(|c: char| c.is_control()) && line.text.get(line.value_at..).is_some(), "{:?}", line.text);
    }
    let mut json = Vec::new();
    raw::write_json(&export.keys, "fuzz", export.kind.spelling(), &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert!(json["values"].is_object());
}

/// An element has what the grammar of the tree lets it have, and says of everything else that it is not known.
fn element(tree: &Tree<'_>, node: NodeId, kind: &schema::Element) {
    assert_eq!(tree.local_name(node), kind.name);
    is_within(tree.text(), tree.span(node), &kind.name);
    for attribute in tree.attributes(node) {
        let (name, value) = (tree.attribute_local_name(attribute), tree.attribute_value(attribute));
        is_within(tree.text(), tree.attribute_value_span(attribute), &name);
        if matches!(name, schema::UNKNOWN | schema::ASSUMED) {
            for word in value.split(' ') {
                assert!(kind.attribute(word).is_some() || kind.child(word).is_some(), "{}/@{name} has `{word}`", kind.name);
                let is_there = tree.attribute(node, word).is_some();
                let is_list = kind.child(word).is_some();
                assert!(is_list || is_there == (name == schema::ASSUMED), "{}/@{word} is there and {name}, or not", kind.name);
            }
            continue;
        }
        let known = kind.attribute(name).unwrap_or_else(|| panic!("{}/@{name} is not in the grammar", kind.name));
        assert!(has_kind(value, known.kind), "{}/@{name}: {value:?} is no {:?}", kind.name, known.kind);
    }
    let children: Vec<NodeId> = tree.children(node).collect();
    for child in kind.children.iter().filter(|child| !child.many && child.when == schema::When::Always) {
        let count = children.iter().filter(|&&node| tree.local_name(node) == child.element.name).count();
        assert_eq!(count, 1, "{}/{}", kind.name, child.element.name);
    }
    for child in children {
        let name = tree.local_name(child);
        let known = kind.child(name).unwrap_or_else(|| panic!("{}/{name} is not in the grammar", kind.name));
        element(tree, child, known.element);
    }
}

fn has_kind(value: &str, kind: schema::Kind) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_hex = |text: &str, lengths: &[usize]| {
        let parts: Vec<&str> = text.split('-').collect();
        let whole = parts.iter().zip(lengths).all(|(part, length)| part.len() == *length);
        parts.len() == lengths.len() && whole && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    };
    let is_dotted = |parts: &[&str]| parts.len() <= 2 && parts.iter().all(|part| is_digits(part));
    match kind {
        schema::Kind::Text => true,
        schema::Kind::Boolean => matches!(value, "true" | "false"),
        schema::Kind::Integer | schema::Kind::Bytes | schema::Kind::Seconds => is_digits(value),
        schema::Kind::Percent | schema::Kind::Version => is_dotted(&value.split('.').collect::<Vec<_>>()),
        schema::Kind::Guid => is_hex(value, &[8, 4, 4, 4, 12]) && !value.bytes().any(|b| b.is_ascii_uppercase()),
        schema::Kind::Mac => is_hex(value, &[2; 6]) && !value.bytes().any(|b| b.is_ascii_lowercase()),
        schema::Kind::Integers => {
            let numbers: Option<Vec<u64>> = value.split(' ').map(|number| number.parse().ok()).collect();
            value.is_empty() || numbers.is_some_and(|numbers| numbers.is_sorted())
        }
        schema::Kind::Words(words) => words.iter().any(|(_, word)| *word == value),
    }
}
