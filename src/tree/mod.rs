//! The definition tree: the one shape that every format is brought into and that every rule looks at.
//!
//! Nodes lie in document order in one array, so a node's descendants are the range behind it, and identifiers compare as document
//! order does. Names are numbers from a [`Vocabulary`], fixed before any file is read: the names that expressions ask for. All other
//! names share [`NameId::OTHER`] and are read from the text when somebody wants to see them. Values are slices of the source
//! text wherever the text says them literally.
//!
//! The tree is built without recursion, by a [`Builder`] or from XML by `input::xml`.

mod builder;
mod vocabulary;

use std::borrow::Cow;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::source::Span;

pub use builder::Builder;
pub use vocabulary::{NameId, Vocabulary};

/// A node's number: its place in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// An attribute's number: its place in document order among all attributes of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrId(pub(crate) u32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The document itself; node 0.
    Root,
    /// An element.
    Element,
    /// Character data, CDATA included.
    Text,
    /// A comment.
    Comment,
    /// A processing instruction.
    Instruction,
}

/// No owned value: the text says the value literally.
const VERBATIM: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct NodeData {
    kind: Kind,
    /// The name stands nowhere in the text; the vocabulary has it.
    made_up: bool,
    namespace: u16,
    name: NameId,
    parent: u32,
    /// One past the last descendant.
    end: u32,
    /// The first of this node's attributes; they end where the next node's begin.
    attributes: u32,
    span: Span,
    /// Index of an owned value, or `VERBATIM`.
    value: u32,
    /// The next element of the same name in document order, or `NO_NODE`.
    next_alike: u32,
}

/// The elements of one name.
#[derive(Debug, Clone, Copy)]
struct Alike {
    first: u32,
    last: u32,
    count: u32,
}

const NO_NODE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct AttrData {
    name: NameId,
    namespace: u16,
    name_start: u32,
    value_span: Span,
    value: u32,
}

/// A tree over the text of one source.
#[derive(Debug, Clone)]
pub struct Tree<'s> {
    text: &'s str,
    vocabulary: &'s Vocabulary,
    nodes: Vec<NodeData>,
    attributes: Vec<AttrData>,
    /// By the number of a name.
    alike: Vec<Alike>,
    /// The names that occur, each once.
    names: Vec<NameId>,
    namespaces: Vec<Box<str>>,
    /// The values that the text does not say literally, and where in `said` they are.
    values: Vec<Span>,
    said: String,
    origins: FxHashMap<NodeId, NodeId>,
}

impl<'s> Tree<'s> {
    /// The document node.
    pub const ROOT: NodeId = NodeId(0);

    /// The text that spans refer to.
    pub fn text(&self) -> &'s str {
        self.text
    }

    /// The vocabulary that the names of this tree are numbered by.
    pub fn vocabulary(&self) -> &'s Vocabulary {
        self.vocabulary
    }

    /// How many nodes there are, the document node included; attributes not counted.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing but the document node.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    #[inline]
    fn node(&self, id: NodeId) -> &NodeData {
        &self.nodes[id.0 as usize]
    }

    #[inline]
    fn attr(&self, id: AttrId) -> &AttrData {
        &self.attributes[id.0 as usize]
    }

    /// The names of the elements, each once, those outside the vocabulary left out.
    pub fn element_names(&self) -> &[NameId] {
        &self.names
    }

    /// The names and values of all attributes in document order.
    #[inline]
    pub fn attribute_names_and_values(&self) -> impl Iterator<Item = (NameId, &str)> + '_ {
        self.attributes.iter().map(|attr| (attr.name, self.literal(attr.value_span, attr.value)))
    }

    /// What the node is.
    #[inline]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// Whether the node is an element.
    #[inline]
    pub fn is_element(&self, id: NodeId) -> bool {
        self.node(id).kind == Kind::Element
    }

    /// The element's name as a number; [`NameId::OTHER`] for every other kind of node too.
    #[inline]
    pub fn name_id(&self, id: NodeId) -> NameId {
        self.node(id).name
    }

    /// The parent; none for the document node.
    #[inline]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id.0 != 0).then(|| NodeId(self.node(id).parent))
    }

    /// All descendants in document order, the node itself not among them.
    #[inline]
    pub fn descendants(&self, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> + Clone + use<> {
        (id.0 + 1..self.node(id).end).map(NodeId)
    }

    /// The children in document order.
    #[inline]
    pub fn children(&self, id: NodeId) -> Children<'_, 's> {
        Children { tree: self, next: id.0 + 1, end: self.node(id).end }
    }

    /// The children with a name of the vocabulary, in document order.
    #[inline]
    pub fn children_named(&self, id: NodeId, name: NameId) -> Named<'_, 's> {
        self.named(id, name, true)
    }

    /// The descendants with a name of the vocabulary, in document order.
    #[inline]
    pub fn descendants_named(&self, id: NodeId, name: NameId) -> Named<'_, 's> {
        self.named(id, name, false)
    }

    #[inline]
    fn named(&self, id: NodeId, name: NameId, children: bool) -> Named<'_, 's> {
        let end = self.node(id).end;
        let alike = self.alike.get(name.index()).copied().unwrap_or(Alike { first: NO_NODE, last: NO_NODE, count: 0 });
        // Elements of one name are chained; where there are fewer of them than nodes to pass, the chain is the shorter way.
        let chained = alike.count <= end - id.0;
        let next = if chained { alike.first } else { id.0 + 1 };
        Named { tree: self, parent: id.0, name, next, end, chained, children, passed: 0 }
    }

    /// The siblings behind a node, in document order.
    pub fn following_siblings(&self, id: NodeId) -> Children<'_, 's> {
        let end = self.parent(id).map_or(0, |parent| self.node(parent).end);
        Children { tree: self, next: self.node(id).end, end }
    }

    /// The siblings before a node, in document order.
    pub fn preceding_siblings(&self, id: NodeId) -> Children<'_, 's> {
        let first = self.parent(id).map_or(id.0, |parent| parent.0 + 1);
        Children { tree: self, next: first, end: id.0 }
    }

    /// All nodes behind the end of a node, in document order: XPath's following axis.
    pub fn following(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (self.node(id).end..self.nodes.len() as u32).map(NodeId)
    }

    /// The parent, its parent and so on, up to the document node.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |&node| self.parent(node))
    }

    /// The attributes of an element in document order; namespace declarations are not attributes.
    #[inline]
    pub fn attributes(&self, id: NodeId) -> impl DoubleEndedIterator<Item = AttrId> + ExactSizeIterator + Clone + use<> {
        self.attribute_range(id).map(AttrId)
    }

    #[inline]
    fn attribute_range(&self, id: NodeId) -> Range<u32> {
        let start = self.node(id).attributes;
        let end = self.nodes.get(id.0 as usize + 1).map_or(self.attributes.len() as u32, |next| next.attributes);
        start..end
    }

    /// The attribute's name as a number.
    #[inline]
    pub fn attribute_name_id(&self, id: AttrId) -> NameId {
        self.attr(id).name
    }

    /// The attribute's value, references resolved and white space normalised as XML asks.
    #[inline]
    pub fn attribute_value(&self, id: AttrId) -> &str {
        let attr = self.attr(id);
        self.literal(attr.value_span, attr.value)
    }

    /// The value of an element's attribute without a namespace.
    pub fn attribute(&self, id: NodeId, local: &str) -> Option<&str> {
        let found = self.attributes(id).find(|&a| self.attr(a).namespace == 0 && self.attribute_local_name(a) == local);
        found.map(|a| self.attribute_value(a))
    }

    #[inline]
    fn literal(&self, span: Span, value: u32) -> &str {
        if value == VERBATIM { &self.text[span.range()] } else { &self.said[self.values[value as usize].range()] }
    }

    /// The characters of a text, comment or processing instruction (its content); empty for elements and the document.
    #[inline]
    pub fn value(&self, id: NodeId) -> &str {
        let node = self.node(id);
        match node.kind {
            Kind::Root | Kind::Element => "",
            Kind::Text | Kind::Comment | Kind::Instruction => self.literal(node.span, node.value),
        }
    }

    /// XPath's string-value: all text below an element or the document, the content of every other node. Borrowed where one
    /// text node is all there is.
    pub fn string_value(&self, id: NodeId) -> Cow<'_, str> {
        match self.kind(id) {
            Kind::Root | Kind::Element => {
                let mut texts = self.descendants(id).filter(|&n| self.kind(n) == Kind::Text);
                let Some(first) = texts.next() else { return Cow::Borrowed("") };
                let mut all = Cow::Borrowed(self.value(first));
                for text in texts {
                    all.to_mut().push_str(self.value(text));
                }
                all
            }
            Kind::Text | Kind::Comment | Kind::Instruction => Cow::Borrowed(self.value(id)),
        }
    }

    /// The element's namespace URI, empty for none.
    pub fn namespace(&self, id: NodeId) -> &str {
        &self.namespaces[self.node(id).namespace as usize]
    }

    /// The attribute's namespace URI, empty for none.
    pub fn attribute_namespace(&self, id: AttrId) -> &str {
        &self.namespaces[self.attr(id).namespace as usize]
    }

    /// The name as written, with its prefix: an element's, or a processing instruction's target; empty for the rest.
    pub fn qualified_name(&self, id: NodeId) -> &str {
        match self.kind(id) {
            Kind::Element if self.node(id).made_up => self.vocabulary.name(self.name_id(id)).1,
            Kind::Element => &self.text[self.name_span(id).range()],
            Kind::Instruction => {
                let start = self.node(id).span.start as usize;
                &self.text[start..name_end(self.text, start)]
            }
            Kind::Root | Kind::Text | Kind::Comment => "",
        }
    }

    /// The name without its prefix.
    pub fn local_name(&self, id: NodeId) -> &str {
        local_part(self.qualified_name(id))
    }

    /// The attribute's name as written, with its prefix.
    pub fn attribute_qualified_name(&self, id: AttrId) -> &str {
        let attr = self.attr(id);
        if attr.name_start == NO_NAME {
            return self.vocabulary.name(attr.name).1;
        }
        &self.text[self.attribute_name_span(id).range()]
    }

    /// The attribute's name without its prefix.
    pub fn attribute_local_name(&self, id: AttrId) -> &str {
        local_part(self.attribute_qualified_name(id))
    }

    /// The whole node: an element from its `<` to the end of its end tag, the content of a text, comment or instruction.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The start tag of an element, from `<` to `>`; of another node its whole span.
    pub fn start_tag(&self, id: NodeId) -> Span {
        let node = self.node(id);
        if node.kind != Kind::Element || node.made_up {
            return node.span;
        }
        let from = match self.attribute_range(id).next_back().map(AttrId) {
            Some(last) => self.attr(last).value_span.end as usize + 1,
            None => self.name_span(id).end as usize,
        };
        // Namespace declarations are no attributes of the tree and may still follow, so quotes are respected.
        let mut quote = None;
        for (at, &byte) in self.text.as_bytes().iter().enumerate().skip(from) {
            match quote {
                Some(open) if byte == open => quote = None,
                Some(_) => {}
                None if byte == b'>' => return Span { start: node.span.start, end: at as u32 + 1 },
                None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
                None => {}
            }
        }
        node.span
    }

    /// The name in an element's start tag.
    pub fn name_span(&self, id: NodeId) -> Span {
        let start = self.node(id).span.start as usize + 1;
        Span::new(start, name_end(self.text, start))
    }

    /// The name of an attribute.
    pub fn attribute_name_span(&self, id: AttrId) -> Span {
        let start = self.attr(id).name_start;
        if start == NO_NAME {
            return self.attr(id).value_span;
        }
        Span::new(start as usize, name_end(self.text, start as usize))
    }

    /// The value of an attribute, without its quotes.
    pub fn attribute_value_span(&self, id: AttrId) -> Span {
        self.attr(id).value_span
    }

    /// The attribute from the first letter of its name to its closing quote.
    pub fn attribute_span(&self, id: AttrId) -> Span {
        let attr = self.attr(id);
        if attr.name_start == NO_NAME {
            return attr.value_span;
        }
        let quoted = attr.value_span.end as usize + 1;
        Span::new(attr.name_start as usize, quoted.min(self.text.len()))
    }

    /// The node of the document that a made-up node stands for (a `qemu-option` for its `qemu:arg`); itself otherwise.
    pub fn origin(&self, id: NodeId) -> NodeId {
        self.origins.get(&id).copied().unwrap_or(id)
    }
}

/// The children of a node, in document order.
#[derive(Debug, Clone)]
pub struct Children<'t, 's> {
    tree: &'t Tree<'s>,
    next: u32,
    end: u32,
}

impl Iterator for Children<'_, '_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let id = NodeId(self.next);
        self.next = self.tree.node(id).end;
        Some(id)
    }
}

/// The children or descendants of a node that have one name, in document order.
#[derive(Debug, Clone)]
pub struct Named<'t, 's> {
    tree: &'t Tree<'s>,
    parent: u32,
    name: NameId,
    next: u32,
    end: u32,
    chained: bool,
    children: bool,
    passed: u32,
}

impl Named<'_, '_> {
    /// How many nodes were looked at so far.
    pub fn passed(&self) -> usize {
        self.passed as usize
    }
}

impl Iterator for Named<'_, '_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        while self.next < self.end {
            let id = NodeId(self.next);
            let node = self.tree.node(id);
            self.passed += 1;
            self.next = match (self.chained, self.children) {
                (true, _) => node.next_alike,
                (false, true) => node.end,
                (false, false) => id.0 + 1,
            };
            if node.name == self.name && id.0 > self.parent && (!self.children || node.parent == self.parent) {
                return Some(id);
            }
        }
        None
    }
}

/// `name_start` of an attribute that stands nowhere in the text.
const NO_NAME: u32 = u32::MAX;

fn name_end(text: &str, start: usize) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let len =
        rest.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'=' | b'?')).unwrap_or(rest.len());
    start + len
}

fn local_part(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
