//! Trees from XML for tests, and the places of nodes as paths.

use vmlint::source::Span;
use vmlint::tree::{Builder, Kind, Tree, Vocabulary};
use vmlint::xpath::{Context, NodeRef};

/// The tree of an XML text.
pub fn tree<'s>(text: &'s str, vocabulary: &'s Vocabulary) -> Tree<'s> {
    let document = roxmltree::Document::parse(text).unwrap();
    let mut builder = Builder::new(text, vocabulary, 64, 64);
    let mut open = vec![document.root().children()];
    while let Some(children) = open.last_mut() {
        match children.next() {
            Some(node) => {
                add(&mut builder, node);
                if node.is_element() {
                    open.push(node.children());
                }
            }
            None => {
                open.pop();
                builder.close();
            }
        }
    }
    builder.finish()
}

fn add(builder: &mut Builder, node: roxmltree::Node) {
    let range = node.range();
    match node.node_type() {
        roxmltree::NodeType::Element => {
            let name = node.tag_name();
            builder.open(name.namespace().unwrap_or(""), name.name(), Span::new(range.start, range.end));
            for attribute in node.attributes() {
                let (name, value) = (attribute.range_qname(), attribute.range_value());
                let value = Span::new(value.start, value.end);
                let namespace = attribute.namespace().unwrap_or("");
                builder.attribute(namespace, attribute.name(), name.start as u32, value, Some(attribute.value()));
            }
        }
        roxmltree::NodeType::Text => {
            builder.leaf(Kind::Text, Span::new(range.start, range.end), node.text());
        }
        roxmltree::NodeType::Comment => {
            builder.leaf(Kind::Comment, Span::new(range.start + 4, range.end - 3), node.text());
        }
        roxmltree::NodeType::PI => {
            let value = node.pi().and_then(|pi| pi.value).unwrap_or("");
            builder.leaf(Kind::Instruction, Span::new(range.start + 2, range.end - 2), Some(value));
        }
        roxmltree::NodeType::Root => {}
    }
}

/// The place of a node by the numbers of its siblings: `/1/3/@id`, `/` for the document.
pub fn place(context: &Context, node: NodeRef) -> String {
    let tree = context.tree(node);
    let mut place = String::new();
    let mut at = node.node();
    while let Some(parent) = tree.parent(at) {
        let number = tree.children(parent).position(|child| child == at).unwrap() + 1;
        place = format!("/{number}{place}");
        at = parent;
    }
    if let Some(attribute) = node.attribute(tree) {
        place.push_str("/@");
        let namespace = tree.attribute_namespace(attribute);
        if !namespace.is_empty() {
            place.push_str(&format!("{{{namespace}}}"));
        }
        place.push_str(tree.attribute_local_name(attribute));
    }
    if place.is_empty() { "/".to_owned() } else { place }
}

/// The root element of a tree, as a context node.
pub fn root_element(tree: &Tree) -> NodeRef {
    NodeRef::new(tree.children(Tree::ROOT).find(|&node| tree.is_element(node)).unwrap())
}
