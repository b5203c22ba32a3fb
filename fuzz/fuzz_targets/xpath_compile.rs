//! Any text as an expression: compiled or refused at a place within it; what compiles is evaluated within its budget.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vmlint::input::limits::Limits;
use vmlint::input::xml;
use vmlint::tree::{Tree, Vocabulary};
use vmlint::xpath::{Context, Environment, NodeRef, VariableKind, compile};

static DOCUMENT: &str = include_str!("../../fixtures/libvirt/web01.xml");
static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
    let mut environment = Environment::default();
    environment.prefix("qemu", vmlint::libvirt::QEMU);
    environment.variable("guest", VariableKind::String);
    environment
});

fuzz_target!(|text: &str| {
    let mut vocabulary = Vocabulary::default();
    match compile(text, &ENVIRONMENT, &mut vocabulary) {
        Ok(expression) => {
            let Ok(tree) = xml::read(DOCUMENT, &Limits::default(), &vocabulary, |_, _| {}) else { return };
            let mut context = Context::new(&tree);
            context.strings = &["rhel-8.6"];
            let _ = expression.evaluate(&context, NodeRef::new(Tree::ROOT));
        }
        Err(error) => assert!(text.get(error.span).is_some()),
    }
});
