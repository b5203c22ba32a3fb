//! A tree as XML or JSON: what `vmlint view` prints and `vmlint query` quotes. Characters that could do harm on a terminal or in a CI
//! log are written as references, those that XML cannot hold at all as `\u{1b}`.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::escape::{is_unsafe, starts_command};
use super::place::Places;
use crate::source::Source;
use crate::tree::{Kind, NodeId, Tree};

/// Levels that lines are indented by at the most. Definitions have a dozen; each line of a tree that is a thousand deep would be blanks.
const DEEPEST: usize = 64;

/// Writes trees as XML. White space between elements is the writer's own.
#[derive(Debug)]
pub struct Markup<'t, 's> {
    tree: &'t Tree<'s>,
    out: String,
    /// Namespaces as they are bound so far: how deep, prefix, URI.
    bound: Vec<(usize, String, String)>,
}

impl<'t, 's> Markup<'t, 's> {
    /// A whole tree, its root elements one after the other.
    pub fn document(tree: &'t Tree<'s>) -> String {
        let mut markup = Markup { tree, out: String::new(), bound: Vec::new() };
        markup.nodes(Tree::ROOT);
        markup.out
    }

    /// The start tag of an element, on one line; `/>` at its end says that it is empty.
    pub fn start_tag(tree: &'t Tree<'s>, element: NodeId) -> String {
        let mut markup = Markup { tree, out: String::new(), bound: Vec::new() };
        markup.tag(element, None);
        let is_empty = tree.children(element).next().is_none();
        markup.out.push_str(if is_empty { "/>" } else { ">" });
        markup.out
    }

    /// The nodes below one. The walk keeps its own stack, so that no depth is too deep.
    fn nodes(&mut self, top: NodeId) {
        // The elements around, and whether one of them holds text: within it nothing may be added, not even white space.
        let mut open: Vec<(NodeId, bool)> = Vec::new();
        let all: Vec<NodeId> = self.tree.descendants(top).collect();
        for node in all {
            while open.last().is_some_and(|(above, _)| self.tree.parent(node) != Some(*above)) {
                self.end(&mut open);
            }
            let within_text = open.last().is_some_and(|(_, text)| *text);
            match self.tree.kind(node) {
                Kind::Element => {
                    if !within_text {
                        self.indent(open.len());
                    }
                    self.tag(node, Some(open.len()));
                    if self.tree.children(node).any(|child| self.matters(child)) {
                        self.out.push('>');
                        let has_text = within_text || self.tree.children(node).any(|child| self.is_text(child));
                        open.push((node, has_text));
                    } else {
                        self.out.push_str("/>");
                        self.unbind(open.len());
                    }
                }
                Kind::Text if within_text => text(&mut self.out, self.tree.value(node), false),
                Kind::Comment => {
                    if !within_text {
                        self.indent(open.len());
                    }
                    self.out.push_str("<!--");
                    safe(&mut self.out, self.tree.value(node));
                    self.out.push_str("-->");
                }
                _ => {}
            }
        }
        while !open.is_empty() {
            self.end(&mut open);
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn end(&mut self, open: &mut Vec<(NodeId, bool)>) {
        let Some((element, within_text)) = open.pop() else { return };
        if !within_text {
            self.indent(open.len());
        }
        let name = self.tree.qualified_name(element).to_owned();
        self.out.push_str("</");
        safe(&mut self.out, &name);
        self.out.push('>');
        self.unbind(open.len());
    }

    fn indent(&mut self, depth: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    }

    /// A start tag without its end. At a depth, namespaces are bound as they are needed.
    fn tag(&mut self, element: NodeId, depth: Option<usize>) {
        let tree = self.tree;
        self.out.push('<');
        safe(&mut self.out, tree.qualified_name(element));
        if let Some(depth) = depth {
            self.bind(tree.qualified_name(element), tree.namespace(element), true, depth);
            for attribute in tree.attributes(element) {
                self.bind(tree.attribute_qualified_name(attribute), tree.attribute_namespace(attribute), false, depth);
            }
        }
        for attribute in tree.attributes(element) {
            self.out.push(' ');
            safe(&mut self.out, tree.attribute_qualified_name(attribute));
            self.out.push_str("=\"");
            text(&mut self.out, tree.attribute_value(attribute), true);
            self.out.push('"');
        }
    }

    fn bind(&mut self, name: &str, uri: &str, element: bool, depth: usize) {
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        // Without a prefix an attribute is in no namespace, and `xml` is bound for ever.
        if prefix == "xml" || (prefix.is_empty() && !element) {
            return;
        }
        let bound = self.bound.iter().rev().find(|(_, known, _)| known == prefix).map_or("", |(.., uri)| uri);
        if bound == uri {
            return;
        }
        self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        safe(&mut self.out, prefix);
        self.out.push_str("=\"");
        text(&mut self.out, uri, true);
        self.out.push('"');
        self.bound.push((depth, prefix.to_owned(), uri.to_owned()));
    }

    fn unbind(&mut self, depth: usize) {
        self.bound.retain(|(bound, ..)| *bound < depth);
    }

    fn is_text(&self, node: NodeId) -> bool {
        self.tree.kind(node) == Kind::Text && !self.tree.value(node).trim().is_empty()
    }

    fn matters(&self, node: NodeId) -> bool {
        matches!(self.tree.kind(node), Kind::Element | Kind::Comment) || self.is_text(node)
    }
}

/// Text of an element or, in quotes, of an attribute.
pub(super) fn text(out: &mut String, text: &str, quoted: bool) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quoted => out.push_str("&quot;"),
            '\n' | '\t' if !quoted => out.push(c),
            // Nothing in XML can stand for these.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ if is_unsafe(c) || starts_command(text, at, c) => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

/// Names and comments, which know no references.
fn safe(out: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\t' => out.push(c),
            _ if is_unsafe(c) || starts_command(text, at, c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

/// A tree as JSON: each element with its name, its namespace if it has one, its place, its attributes and its children; text is a
/// string among them.
pub fn json(tree: &Tree<'_>, source: &Source) -> Value {
    let children = |node: NodeId| tree.children(node).filter(|&child| tree.is_element(child) || shows(tree, child));
    let places = Places::new(source);
    // Children before their parents, so that no depth is too deep.
    let mut done: rustc_hash::FxHashMap<NodeId, Value> = Default::default();
    let mut all: Vec<NodeId> = tree.descendants(Tree::ROOT).collect();
    all.reverse();
    for node in all {
        if !tree.is_element(node) {
            if shows(tree, node) {
                done.insert(node, Value::String(tree.value(node).to_owned()));
            }
            continue;
        }
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(tree.qualified_name(node)));
        if !tree.namespace(node).is_empty() {
            object.insert("namespace".to_owned(), json!(tree.namespace(node)));
        }
        let place = places.position(tree.span(node).start);
        object.insert("line".to_owned(), json!(place.line));
        object.insert("column".to_owned(), json!(place.column));
        let attributes = tree.attributes(node);
        let attributes: Map<String, Value> = attributes
            .map(|attribute| (tree.attribute_qualified_name(attribute).to_owned(), json!(tree.attribute_value(attribute))))
            .collect();
        object.insert("attributes".to_owned(), Value::Object(attributes));
        let below: Vec<Value> = children(node).filter_map(|child| done.remove(&child)).collect();
        object.insert("children".to_owned(), Value::Array(below));
        done.insert(node, Value::Object(object));
    }
    Value::Array(children(Tree::ROOT).filter_map(|child| done.remove(&child)).collect())
}

fn shows(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.kind(node) == Kind::Text && !tree.value(node).trim().is_empty()
}
