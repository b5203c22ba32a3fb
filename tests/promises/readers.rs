//! The two ways to read XML, side by side.

use std::fmt::Write as _;

use vmlint::input::limits::Limits;
use vmlint::input::xml::{self, plain};
use vmlint::tree::{Kind, Tree, Vocabulary};

/// Everything that a tree tells of a document, a line for each node and attribute.
fn told(tree: &Tree<'_>) -> String {
    let mut out = String::new();
    for node in tree.descendants(Tree::ROOT) {
        let children = tree.children(node).count();
        let place = (tree.span(node), tree.parent(node), tree.descendants(node).count(), children);
        let name = (tree.name_id(node), tree.namespace(node), tree.qualified_name(node));
        let _ = writeln!(out, "{:?} {place:?} {name:?} {:?}", tree.kind(node), tree.value(node));
        if tree.kind(node) == Kind::Element {
            let tag = (tree.start_tag(node), tree.name_span(node));
            let _ = writeln!(out, "  {tag:?} {:?}", tree.children_named(node, tree.name_id(node)).collect::<Vec<_>>());
        }
        for attribute in tree.attributes(node) {
            let name = (
                tree.attribute_name_id(attribute),
                tree.attribute_namespace(attribute),
                tree.attribute_qualified_name(attribute),
            );
            let spans =
                (tree.attribute_span(attribute), tree.attribute_name_span(attribute), tree.attribute_value_span(attribute));
            let _ = writeln!(out, "  {name:?} {spans:?} {:?}", tree.attribute_value(attribute));
        }
    }
    let _ = writeln!(out, "{:?} {:?}", tree.len(), tree.element_names());
    out
}

/// Any bytes as XML: what the quick reader takes is the same to the thorough one.
pub fn xml_alike(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        is_plain(text);
    }
}

/// Whether the quick reader takes a text. What it takes must be XML to roxmltree too, and the same tree.
pub fn is_plain(text: &str) -> bool {
    let limits = Limits::default();
    let mut vocabulary = Vocabulary::default();
    for name in ["domain", "devices", "disk", "a", "type", "name"] {
        vocabulary.intern("", name);
        vocabulary.intern("urn:x", name);
    }
    let Some(quick) = plain::read(text, &limits, &vocabulary, |_, _| {}) else { return false };
    match xml::parse(text, &limits).and_then(|document| document.tree(&vocabulary, |_, _| {})) {
        Ok(thorough) => assert!(told(&quick) == told(&thorough), "{text:?}\n{}\n{}", told(&quick), told(&thorough)),
        Err(fault) => panic!("the quick reader takes what is not well-formed: {fault:?} in {text:?}"),
    }
    true
}
