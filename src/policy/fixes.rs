//! `fix` of rules and cases: what to change in a definition so that a finding goes away, checked and compiled.

use std::ops::Range;

use super::compile::{Compiler, Template, place};
use super::names;
use super::reader::{Faults, Fields};
use super::schema::{Fault, Platform, Text};
use super::template::{Piece, pieces};
use super::yaml::{Content, Node};
use crate::finding::Safety;
use crate::input::limits::Limits;
use crate::input::xml;
use crate::tree::{Tree, Vocabulary};
use crate::xpath::{Expression, NameTest};

pub(crate) const KEYS: [&str; 6] = ["safety", "description", "set", "remove", "insert", "rename"];

/// One way to get rid of what a case finds. Expressions are relative to the found node.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Whether the VM keeps doing what it did.
    pub safety: Safety,
    /// What it does: `use the emulator back end`.
    pub description: Text,
    /// The changes, all of them made to the definition as it was found.
    pub steps: Vec<Step<Text, Text>>,
}

/// One change; `E` is an expression, `T` a template.
#[derive(Debug, Clone)]
pub enum Step<E, T> {
    /// Gives attributes, or the texts of elements, a value.
    Set {
        /// What gets the value: attributes, texts, elements with nothing but text; or the elements of `attribute`.
        path: E,
        /// The name of the attribute, which is added where an element does not have it.
        attribute: Option<Box<str>>,
        /// The value.
        value: T,
    },
    /// Takes attributes, elements or texts away.
    Remove(E),
    /// Puts XML at every node found.
    Insert {
        /// Where, seen from the node.
        side: Side,
        /// The nodes.
        path: E,
        /// One or more elements.
        xml: T,
    },
    /// Gives elements or attributes another name.
    Rename(E, Text),
}

/// Where something is inserted, seen from an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As its last child.
    Into,
    /// Before its start tag.
    Before,
    /// Behind its end.
    After,
}

/// The keys of an insertion.
pub(crate) const INSERTION_KEYS: [&str; 4] = ["into", "before", "after", "xml"];
const SIDES: [(&str, Side); 3] = [("into", Side::Into), ("before", Side::Before), ("after", Side::After)];

/// Reads one fix or a list of alternatives.
pub(super) fn read(node: &Node, platform: Option<Platform>, faults: &mut Faults) -> Vec<Recipe> {
    if platform == Some(Platform::HyperV) {
        let fault = Fault::error(node.span.clone(), "a policy for Hyper-V cannot fix anything");
        faults.push(fault.help("Exports of Hyper-V are read and never written; say in `help` what to do.".to_owned()));
        return Vec::new();
    }
    match &node.content {
        Content::List(items) => items.iter().filter_map(|node| read_one(node, faults)).collect(),
        _ => read_one(node, faults).into_iter().collect(),
    }
}

fn read_one(node: &Node, faults: &mut Faults) -> Option<Recipe> {
    let fields = faults.fields(node, "a fix", &KEYS);
    let safety = match fields.get("safety") {
        Some(node) => faults.word(node, "safety", &[("safe", Safety::Safe), ("unsafe", Safety::Unsafe)]),
        None => fields.required("safety", "the fix", faults).and(None),
    };
    let description = fields.required("description", "the fix", faults);
    let mut steps = Vec::new();
    for (path, node) in pairs(&fields, "set", faults) {
        steps.extend(faults.text(node, "a value").map(|value| set(path, value)));
    }
    if let Some(node) = fields.get("remove") {
        steps.extend(faults.texts(node, "what is removed").into_iter().map(Step::Remove));
    }
    if let Some(node) = fields.get("insert") {
        let items = if let Content::List(items) = &node.content { items.as_slice() } else { std::slice::from_ref(node) };
        steps.extend(items.iter().filter_map(|node| read_insert(node, faults)));
    }
    for (path, node) in pairs(&fields, "rename", faults) {
        let Some(name) = faults.text(node, "a name") else { continue };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.text.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.text.chars().all(is_name) {
            steps.push(Step::Rename(path, name));
        } else {
            faults.error(&name.span, format!("`{}` is no name without a prefix", name.text));
        }
    }
    let says_nothing = KEYS.iter().skip(2).all(|key| fields.get(key).is_none());
    if says_nothing && !node_is_faulty(node) {
        let fault = Fault::error(fields.head(), "the fix changes nothing");
        faults.push(fault.help("Add `set`, `remove`, `insert` or `rename`.".to_owned()));
    }
    Some(Recipe { safety: safety?, description: description?, steps })
}

/// Whether it has been told already that this is no mapping.
fn node_is_faulty(node: &Node) -> bool {
    !matches!(node.content, Content::Map(_))
}

/// The entries of a mapping from expressions to something.
fn pairs<'n>(fields: &Fields<'n>, key: &str, faults: &mut Faults) -> Vec<(Text, &'n Node)> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    let entries = faults.entries(node, &format!("`{key}`")).iter();
    entries.map(|(key, node)| (Text { text: key.text.clone(), span: key.span.clone() }, node)).collect()
}

/// An attribute as the last step may be missing, so its elements are looked for: `backend/@type` is `type` of `backend`.
fn set(path: Text, value: Text) -> Step<Text, Text> {
    let split = match path.text.rsplit_once('@') {
        Some(("", name)) => Some((".", name)),
        Some((elements, name)) => elements.strip_suffix('/').filter(|elements| !elements.is_empty()).map(|e| (e, name)),
        None => None,
    };
    let is_plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let is_top = |elements: &str| elements.matches('[').count() == elements.matches(']').count() && !elements.contains('|');
    match split {
        Some((elements, name)) if is_plain(name) && is_top(elements) => {
            let attribute = Some(name.into());
            let path = Text { text: elements.to_owned().into(), span: path.span };
            Step::Set { path, attribute, value }
        }
        _ => Step::Set { path, attribute: None, value },
    }
}

fn read_insert(node: &Node, faults: &mut Faults) -> Option<Step<Text, Text>> {
    let fields = faults.fields(node, "an insertion", &INSERTION_KEYS);
    let xml = fields.required("xml", "the insertion", faults);
    let mut places = SIDES.iter().filter_map(|(key, side)| fields.get(key).map(|node| (*side, node)));
    let (Some((side, node)), None) = (places.next(), places.next()) else {
        if !node_is_faulty(node) {
            let fault = Fault::error(fields.head(), "an insertion has one of `into`, `before` and `after`");
            faults.push(fault.help("Say where to insert with an XPath: `into: .`.".to_owned()));
        }
        return None;
    };
    Some(Step::Insert { side, path: faults.text(node, "the place of an insertion")?, xml: xml? })
}

/// A fix ready to be worked out for a found node.
#[derive(Debug)]
pub(crate) struct CompiledRecipe {
    pub safety: Safety,
    pub description: Template,
    pub steps: Vec<Step<Expression, Template>>,
}

impl Compiler<'_> {
    /// Compiles a fix; what is wrong with it is among the compiler's faults.
    pub(super) fn recipe(&mut self, recipe: &Recipe) -> CompiledRecipe {
        CompiledRecipe {
            safety: recipe.safety,
            description: self.template(&recipe.description),
            steps: recipe.steps.iter().filter_map(|step| self.step(step)).collect(),
        }
    }

    fn step(&mut self, step: &Step<Text, Text>) -> Option<Step<Expression, Template>> {
        Some(match step {
            Step::Set { path, attribute, value } => {
                if let Some(name) = attribute {
                    self.check_names(path, &[(true, name, 0..0)]);
                }
                Step::Set { path: self.nodes(path)?, attribute: attribute.clone(), value: self.template(value) }
            }
            Step::Remove(path) => Step::Remove(self.nodes(path)?),
            Step::Insert { side, path, xml } => {
                self.check_xml(xml);
                Step::Insert { side: *side, path: self.nodes(path)?, xml: self.template(xml) }
            }
            Step::Rename(path, name) => {
                let path_is_attribute = path.text.rsplit('/').next().is_some_and(|last| last.starts_with('@'));
                self.check_names(name, &[(path_is_attribute, &name.text, 0..name.text.len())]);
                Step::Rename(self.nodes(path)?, name.clone())
            }
        })
    }

    /// An expression that has to give nodes.
    fn nodes(&mut self, text: &Text) -> Option<Expression> {
        let expression = self.expression(text)?;
        if !expression.is_node_set() {
            self.faults.push(Fault::error(text.span.clone(), "this gives no nodes, so there is nothing to change"));
        }
        Some(expression)
    }

    /// What is inserted has to be XML whatever its expressions give.
    fn check_xml(&mut self, xml: &Text) {
        if self.checked.is_none() {
            return;
        }
        let mut shown = xml.text.clone().into_owned();
        for piece in pieces(&xml.text).unwrap_or_default() {
            if let Piece::Expression(_, span) = piece {
                shown.replace_range(span.range(), &"x".repeat(span.len()));
            }
        }
        let vocabulary = Vocabulary::default();
        let tree = match xml::read(&shown, &Limits::default(), &vocabulary, |_, _| {}) {
            Ok(tree) => tree,
            Err(fault) => {
                let span = place(&self.source, xml, fault.span.range());
                let message = format!("what is inserted is no XML: {}", fault.reason);
                self.faults.push(Fault::error(span, message).help(fault.help.map(str::to_owned)));
                return;
            }
        };
        let mut used: Vec<(bool, &str, Range<usize>)> = Vec::new();
        for node in tree.descendants(Tree::ROOT).filter(|&node| tree.is_element(node) && tree.namespace(node).is_empty()) {
            used.push((false, tree.local_name(node), tree.name_span(node).range()));
            for attribute in tree.attributes(node).filter(|&attribute| tree.attribute_namespace(attribute).is_empty()) {
                let span = tree.attribute_name_span(attribute).range();
                used.push((true, tree.attribute_local_name(attribute), span));
            }
        }
        self.check_names(xml, &used);
    }

    /// Warns of names that libvirt does not know: whether it is an attribute's, the name, and its place in the text; the whole text
    /// where that is empty.
    fn check_names(&mut self, text: &Text, used: &[(bool, &str, Range<usize>)]) {
        let Some(policy) = self.checked else { return };
        let test = |(attribute, name, span): &(bool, &str, Range<usize>)| NameTest {
            attribute: *attribute,
            namespace: "".into(),
            local: (*name).into(),
            span: span.clone(),
            table: false,
        };
        let tests: Vec<NameTest> = used.iter().map(test).collect();
        let source = self.source.clone();
        let faults = names::check(&tests, policy, "so this would be ignored", |range| {
            if range.is_empty() { text.span.clone() } else { place(&source, text, range) }
        });
        self.faults.extend(faults);
    }
}
