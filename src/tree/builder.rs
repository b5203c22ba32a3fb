//! Trees in the making.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{Alike, AttrData, Kind, NO_NAME, NO_NODE, NameId, NodeData, NodeId, Tree, VERBATIM, Vocabulary};
use crate::source::Span;

/// Builds a [`Tree`] in document order: open an element, give its attributes, its content, close it.
#[derive(Debug)]
pub struct Builder<'s> {
    tree: Tree<'s>,
    open: Vec<u32>,
    known_namespaces: FxHashMap<Box<str>, u16>,
    last_namespace: u16,
    /// Values of made-up attributes by their hashes: few are told apart, `true` or a list of names.
    shared: FxHashMap<u64, u32>,
}

impl<'s> Builder<'s> {
    /// A builder of a tree whose spans lie in `text`, with room for about `nodes` nodes and `attributes` attributes.
    pub fn new(text: &'s str, vocabulary: &'s Vocabulary, nodes: usize, attributes: usize) -> Builder<'s> {
        let mut tree = Tree {
            text,
            vocabulary,
            nodes: Vec::with_capacity(nodes + 1),
            attributes: Vec::with_capacity(attributes),
            alike: vec![Alike { first: NO_NODE, last: NO_NODE, count: 0 }; vocabulary.len()],
            names: Vec::with_capacity(32),
            namespaces: vec!["".into()],
            values: Vec::new(),
            said: String::new(),
            origins: FxHashMap::default(),
        };
        let span = Span::new(0, text.len());
        tree.nodes.push(NodeData {
            kind: Kind::Root,
            made_up: false,
            namespace: 0,
            name: NameId::OTHER,
            parent: 0,
            end: 1,
            attributes: 0,
            span,
            value: VERBATIM,
            next_alike: NO_NODE,
        });
        Builder { tree, open: vec![0], known_namespaces: FxHashMap::default(), last_namespace: 0, shared: FxHashMap::default() }
    }

    /// What has been built so far. Of the open elements only one just settled knows its children.
    pub fn tree(&self) -> &Tree<'s> {
        &self.tree
    }

    /// Opens an element as the next child of the innermost open one. `span` is the whole element, end tag included.
    #[inline]
    pub fn open(&mut self, namespace: &str, local: &str, span: Span) -> NodeId {
        let name = self.tree.vocabulary.get(namespace, local);
        let namespace = self.namespace(namespace);
        let id = self.push(Kind::Element, namespace, name, span, VERBATIM);
        self.open.push(id.0);
        id
    }

    /// Opens an element whose name is not in the text; it must be in the vocabulary to be shown. `origin` is the node of the document
    /// that it stands for, if any.
    pub fn open_made_up(&mut self, local: &str, span: Span, origin: Option<NodeId>) -> NodeId {
        let id = self.open("", local, span);
        self.tree.nodes[id.0 as usize].made_up = true;
        if let Some(origin) = origin {
            self.tree.origins.insert(id, origin);
        }
        id
    }

    /// Gives the element opened last one more attribute: where its name starts, where its value is, and the value where the text
    /// does not say it literally.
    #[inline]
    pub fn attribute(&mut self, namespace: &str, local: &str, name_start: u32, value_span: Span, owned: Option<&str>) {
        let name = self.tree.vocabulary.get(namespace, local);
        let namespace = self.namespace(namespace);
        let value = self.own(owned);
        self.tree.attributes.push(AttrData { name, namespace, name_start, value_span, value });
    }

    /// Gives the element opened last an attribute whose name stands nowhere in the text; the value is the span's text unless it is given.
    pub fn made_up_attribute(&mut self, local: &str, value_span: Span, value: Option<&str>) {
        let name = self.tree.vocabulary.get("", local);
        let value = value.filter(|value| self.tree.text.get(value_span.range()) != Some(value));
        let value = value.map_or(VERBATIM, |value| self.share(value));
        self.tree.attributes.push(AttrData { name, namespace: 0, name_start: NO_NAME, value_span, value });
    }

    /// The index of an owned value; trees that are made up repeat few values very often.
    fn share(&mut self, value: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(value);
        let known = self.shared.get(&hash).copied();
        match known.filter(|&known| self.tree.literal(Span::default(), known) == value) {
            Some(known) => known,
            None => {
                let new = self.own(Some(value));
                self.shared.insert(hash, new);
                new
            }
        }
    }

    /// Adds a text, a comment or an instruction to the innermost open element.
    #[inline]
    pub fn leaf(&mut self, kind: Kind, span: Span, owned: Option<&str>) -> NodeId {
        let value = self.own(owned);
        self.push(kind, 0, NameId::OTHER, span, value)
    }

    /// Makes the children that the innermost open element has so far visible in [`Builder::tree`].
    pub fn settle(&mut self) {
        if let Some(&id) = self.open.last() {
            self.tree.nodes[id as usize].end = self.tree.nodes.len() as u32;
        }
    }

    /// Says where an element ends, for readers that do not know it when they open it.
    #[inline]
    pub fn end_at(&mut self, id: NodeId, end: u32) {
        if let Some(node) = self.tree.nodes.get_mut(id.0 as usize) {
            node.span.end = end;
        }
    }

    /// Closes the innermost open element.
    #[inline]
    pub fn close(&mut self) {
        if self.open.len() > 1
            && let Some(id) = self.open.pop()
        {
            let end = self.tree.nodes.len() as u32;
            self.tree.nodes[id as usize].end = end;
        }
    }

    /// The tree; elements still open are closed.
    pub fn finish(mut self) -> Tree<'s> {
        while self.open.len() > 1 {
            self.close();
        }
        self.tree.nodes[0].end = self.tree.nodes.len() as u32;
        self.tree
    }

    #[inline]
    fn push(&mut self, kind: Kind, namespace: u16, name: NameId, span: Span, value: u32) -> NodeId {
        let id = self.tree.nodes.len() as u32;
        let parent = self.open.last().copied().unwrap_or(0);
        let attributes = self.tree.attributes.len() as u32;
        self.tree.nodes.push(NodeData {
            kind,
            made_up: false,
            namespace,
            name,
            parent,
            end: id + 1,
            attributes,
            span,
            value,
            next_alike: NO_NODE,
        });
        if name != NameId::OTHER {
            self.chain(name, id);
        }
        NodeId(id)
    }

    /// Puts an element at the end of the chain of its name.
    #[inline]
    fn chain(&mut self, name: NameId, id: u32) {
        let Some(alike) = self.tree.alike.get_mut(name.index()) else { return };
        alike.count += 1;
        let before = std::mem::replace(&mut alike.last, id);
        if before == NO_NODE {
            alike.first = id;
            self.tree.names.push(name);
        } else {
            self.tree.nodes[before as usize].next_alike = id;
        }
    }

    #[inline]
    fn own(&mut self, value: Option<&str>) -> u32 {
        let Some(value) = value else { return VERBATIM };
        let start = self.tree.said.len();
        self.tree.said.push_str(value);
        self.tree.values.push(Span::new(start, self.tree.said.len()));
        self.tree.values.len() as u32 - 1
    }

    #[inline]
    fn namespace(&mut self, uri: &str) -> u16 {
        if uri.is_empty() { 0 } else { self.known_namespace(uri) }
    }

    fn known_namespace(&mut self, uri: &str) -> u16 {
        if *self.tree.namespaces[self.last_namespace as usize] == *uri {
            return self.last_namespace;
        }
        let index = match self.known_namespaces.get(uri) {
            Some(&index) => index,
            None => {
                // The reader refuses documents with more namespaces than fit.
                let index = u16::try_from(self.tree.namespaces.len()).unwrap_or(0);
                if index != 0 {
                    self.tree.namespaces.push(uri.into());
                    self.known_namespaces.insert(uri.into(), index);
                }
                index
            }
        };
        self.last_namespace = index;
        index
    }
}
