//! What users write for vmlint: expressions, policies with their tables and matrices, configurations.

use std::cell::RefCell;
use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use vmlint::check::Checker;
use vmlint::config::Config;
use vmlint::engine::Assumptions;
use vmlint::finding::{Safety, Severity};
use vmlint::fix::rounds::{self, Wanted};
use vmlint::input::limits::Limits;
use vmlint::input::xml;
use vmlint::policy::compile::{Choice, Faulty, Loaded, compile};
use vmlint::policy::load;
use vmlint::policy::schema::{Fault, Platform, Text};
use vmlint::policy::yaml::{self, Content, Node};
use vmlint::source::Source;
use vmlint::tree::{Tree, Vocabulary};
use vmlint::xpath::{self, Context, Environment, NodeRef, VariableKind};

static DOCUMENT: &str = include_str!("../../fixtures/libvirt/web01.xml");
static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
    let mut environment = Environment::default();
    environment.prefix("qemu", vmlint::libvirt::QEMU);
    environment.variable("guest", VariableKind::String);
    environment
});

/// Any bytes as an expression: it is compiled, or refused at a place within it; what is compiled is evaluated within its budget, and
/// all ways to ask for its outcome agree.
pub fn xpath_compile(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut vocabulary = Vocabulary::default();
    let expression = match xpath::compile(text, &ENVIRONMENT, &mut vocabulary) {
        Ok(expression) => expression,
        Err(error) => return assert!(text.get(error.span.clone()).is_some() && !error.message.is_empty(), "{error:?}"),
    };
    for name in expression.steps() {
        assert!(text.get(name.span.clone()).is_some(), "{name:?}");
    }
    let tree = xml::read(DOCUMENT, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
    let mut context = Context::new(&tree);
    context.strings = &["rhel-8.6"];
    // What takes time and is not counted shows the sooner.
    context.budget = 100_000;
    let root = NodeRef::new(Tree::ROOT);
    let Ok(value) = expression.evaluate(&context, root) else { return };
    let text = expression.string(&context, root);
    assert!(text.is_ok() || expression.evaluate(&context, root).is_ok());
    if expression.is_node_set()
        && let (Ok(nodes), Ok(first), Ok(any)) =
            (expression.nodes(&context, root), expression.first(&context, root), expression.boolean(&context, root))
    {
        assert_eq!(nodes.first().copied(), first, "{value:?}");
        assert_eq!(any, first.is_some(), "{value:?}");
    }
}

/// A fault has to lie in the text.
pub fn place(text: &str, span: &Range<u32>, of: &dyn Debug) {
    assert!(span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some(), "{of:?}");
}

fn faults(text: &str, faults: &[Fault]) {
    assert!(!faults.is_empty(), "refused without a word");
    for fault in faults {
        assert!(!fault.message.is_empty());
        place(text, &fault.span, fault);
    }
}

/// YAML with every key and value at a place of the text, or nothing where it is refused at one.
fn read_yaml(text: &str) -> Option<Node> {
    fn check(text: &str, node: &Node) {
        place(text, &node.span, node);
        match &node.content {
            Content::List(items) => items.iter().for_each(|item| check(text, item)),
            Content::Map(entries) => entries.iter().for_each(|(key, value)| {
                place(text, &key.span, key);
                check(text, value);
            }),
            _ => {}
        }
    }
    match yaml::read(text) {
        Ok(node) => {
            check(text, &node);
            Some(node)
        }
        Err(broken) => {
            place(text, &broken.span, &broken);
            None
        }
    }
}

/// What stands between the files of a policy that are one text here: the policy, its tables, the editions of its matrix.
const NEXT: &str = "\n%%\n";

/// Any bytes as a policy with its tables and editions: every fault lies in the file that it is about, and what compiles judges and fixes
/// its own examples.
pub fn policy_load(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split(NEXT);
    let (text, table, edition) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(node) = read_yaml(text) else { return };
    let mut policy = match load::load(&node, true) {
        Ok(policy) => policy,
        Err(told) => return faults(text, &told),
    };
    let source = Arc::new(Source::utf8("fuzz.yaml", text.to_owned(), 0));
    let editions = RefCell::new(0);
    let read = |file: &Text| {
        place(text, &file.span, file);
        let source = Arc::new(Source::utf8("edition.yaml", edition.to_owned(), 0));
        // A policy may name one file as often as it likes; here that only takes time.
        *editions.borrow_mut() += 1;
        let node = (*editions.borrow() <= 4).then(|| read_yaml(edition)).flatten();
        node.map(|node| (source.clone(), node)).ok_or(Faulty { source, faults: vec![Fault::error(0..0, "no YAML")] })
    };
    let told = |faulty: &[Faulty]| faulty.iter().for_each(|file| faults(file.source.text(), &file.faults));
    if let Err(faulty) = load::read_editions(&mut policy, &source, &read) {
        return told(&[faulty]);
    }
    let platform = policy.platform;
    let hosts = policy.hosts.iter().take(2).cloned().collect();
    let rules = policy.rules.iter().flat_map(|rule| rule.bad.iter().chain(&rule.good));
    let examples: Vec<String> = rules.take(8).map(|example| example.text.to_string()).collect();
    let tables = vec![table.to_owned().into(); policy.tables.len()];
    let loaded = Loaded { source, policy, tables, packed: None, own: true };
    let rules = match compile(&[loaded], true, &|_| Choice::Run) {
        Err(faulty) => return told(&faulty),
        Ok((rules, warnings)) => {
            told(&warnings);
            rules
        }
    };
    let assumptions = Assumptions { hosts, ..Assumptions::default() };
    let checker = Checker::new(&rules, &assumptions);
    let document = match platform {
        Platform::Libvirt => DOCUMENT,
        Platform::HyperV => "<vm name=\"a\" generation=\"2\"><processor count=\"4\"/><network-adapter name=\"n\"/></vm>",
    };
    for example in examples.iter().map(String::as_str).chain([document]) {
        let outcome = checker.example(platform, example);
        for finding in outcome.checked.findings.iter().chain(&outcome.checked.suppressed) {
            super::is_within(outcome.checked.source.text(), finding.place.span, finding);
            assert!(!finding.message.contains('\n'), "{finding:?}");
        }
        if platform == Platform::Libvirt {
            stable(&checker, example);
        }
    }
}

/// Fixes of any policy come to an end, and where all could be made the file stays as it is.
fn stable(checker: &Checker<'_>, text: &str) {
    let wanted = Wanted { safety: Safety::Unsafe, min_severity: Severity::Note };
    let fix = |bytes: &[u8]| rounds::fix(checker, Path::new("example"), bytes, true, wanted);
    let fixed = fix(text.as_bytes());
    if let Some(after) = fixed.bytes.filter(|_| fixed.complaints.is_empty()) {
        let again = fix(&after);
        assert_eq!(again.bytes, None, "{}", String::from_utf8_lossy(&after));
    }
}

/// Any bytes as a configuration: every fault lies in the file, and its overrides can be asked of any file.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(node) = read_yaml(text) else { return };
    let source = Arc::new(Source::utf8("vmlint.yaml", text.to_owned(), 0));
    let config = match Config::load(source, &node, Path::new("folder")) {
        Ok(config) => config,
        Err(told) => return faults(text, &told),
    };
    for path in ["a.xml", "lab/deep/web01.xml", "[a]/{b}.json", "é/ü", ""] {
        let overrides = config.overrides_of(Path::new(path));
        assert!(overrides.is_sorted() && overrides.iter().all(|&number| number < config.overrides.len()));
        let settings: Vec<_> = config.settings(&overrides).collect();
        assert_eq!(settings.len(), 1 + overrides.len());
        let own = settings.iter().flat_map(|settings| {
            let texts = settings.hosts.iter().chain(&settings.policies).chain(&settings.guest).chain(&settings.guest_drivers);
            texts.chain(settings.rules.iter().map(|rule| &rule.glob)).chain(settings.fail_on.as_ref().map(|(text, _)| text))
        });
        own.for_each(|told| place(text, &told.span, told));
        config.include.iter().chain(&config.exclude).for_each(|glob| {
            place(text, &glob.text.span, glob);
            glob.matches(Path::new(path));
        });
    }
}
