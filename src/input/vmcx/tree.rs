//! The tree of keys as the rest of the world sees it.

use std::fmt::Write as _;
use std::ops::Range;

use super::bytes::{index, narrow};
use super::damage::Warning;
use super::header::Header;
use super::image::Origins;
use super::join::{Joined, ROOT};
use super::keys::{Key, Keys, Stored};
use super::{Kind, Value};

/// Offset of the name in an entry.
const NAME_AT: usize = 21;

/// The keys of a whole container in document order: every parent before its children, siblings by their insertion sequence.
#[derive(Debug, Clone)]
pub struct KeyTree {
    pub(super) header: Header,
    pub(super) warnings: Vec<Warning>,
    pub(super) replayed: usize,
    pub(super) keys: Keys,
    pub(super) nodes: Vec<Joined>,
    pub(super) origins: Origins,
}

impl KeyTree {
    /// The file header in use.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is not quite right about the file, though all of it could be read.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many entries of the replay log were pending and have been carried out; with any, the file alone is out of date.
    pub fn replayed(&self) -> usize {
        self.replayed
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no keys at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All keys in document order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..narrow(self.nodes.len())).map(|id| Node { tree: self, id })
    }

    /// The key with a number of [`Node::id`].
    pub fn node(&self, id: usize) -> Option<Node<'_>> {
        (id < self.nodes.len()).then(|| Node { tree: self, id: narrow(id) })
    }

    /// The topmost keys; a definition has one, `configuration`.
    pub fn roots(&self) -> Children<'_> {
        Children { tree: self, next: 0, end: narrow(self.nodes.len()) }
    }

    /// The key at a path such as `/configuration/properties/name`, spelt as [`Node::path`] spells it. A name with a slash in it
    /// cannot be reached.
    pub fn get(&self, path: &str) -> Option<Node<'_>> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let first = segments.next()?;
        let top = self.roots().find(|node| node.is_called(first))?;
        segments.try_fold(top, |node, segment| node.children().find(|child| child.is_called(segment)))
    }

    /// Every value with its path and type, in document order. Keys that have children instead of a value are left out.
    pub fn values(&self) -> Values<'_> {
        Values { tree: self, next: 0, path: String::new(), open: Vec::new() }
    }
}

/// A key of a [`KeyTree`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'t> {
    tree: &'t KeyTree,
    id: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl<'t> Node<'t> {
    /// Its place in the tree. Every `Node` is made with a number below the length, so the fallback is never read.
    fn joined(self) -> Joined {
        const NOWHERE: Joined = Joined { key: u32::MAX, parent: ROOT, end: 0, ordinal: 1 };
        self.tree.nodes.get(index(self.id)).copied().unwrap_or(NOWHERE)
    }

    /// What its table says of it.
    fn key(self) -> Key {
        self.tree.keys.keys.get(index(self.joined().key)).copied().unwrap_or(Key::NOTHING)
    }

    /// Number of the key in document order.
    pub fn id(self) -> usize {
        index(self.id)
    }

    /// Name of the key. Siblings may have the same one.
    pub fn name(self) -> &'t str {
        self.key().name.of_text(&self.tree.keys.text)
    }

    /// Which of the siblings with this name it is, from 1.
    pub fn ordinal(self) -> usize {
        index(self.joined().ordinal)
    }

    /// Type of the value.
    pub fn kind(self) -> Kind {
        self.key().value.kind()
    }

    /// The value.
    pub fn value(self) -> Value<'t> {
        match self.key().value {
            Stored::Node => Value::Node,
            Stored::Int(n) => Value::Int(n),
            Stored::Uint(n) => Value::Uint(n),
            Stored::Double(n) => Value::Double(n),
            Stored::String(part) => Value::String(part.of_text(&self.tree.keys.text)),
            Stored::Utf16(part) => Value::Utf16(part.of_data(&self.tree.keys.data)),
            Stored::Array(part) => Value::Array(part.of_data(&self.tree.keys.data)),
            Stored::Bool(b) => Value::Bool(b),
        }
    }

    /// The key above; `None` for the topmost.
    pub fn parent(self) -> Option<Node<'t>> {
        let parent = self.joined().parent;
        (parent != ROOT).then_some(Node { tree: self.tree, id: parent })
    }

    /// The keys below, by insertion sequence.
    pub fn children(self) -> Children<'t> {
        Children { tree: self.tree, next: self.id.saturating_add(1), end: self.joined().end }
    }

    /// The first child with this name.
    pub fn child(self, name: &str) -> Option<Node<'t>> {
        self.children().find(|child| child.name() == name)
    }

    /// The names from the top to this key, each after a slash; from the second sibling of one name on with `#2`, `#3`, ….
    pub fn path(self) -> String {
        let line: Vec<Node<'t>> = std::iter::successors(Some(self), |node| node.parent()).collect();
        let mut path = String::new();
        for node in line.into_iter().rev() {
            node.push_segment(&mut path);
        }
        path
    }

    /// Where the entry of the key stands in the file, unused room behind the value included. Of what had to be taken from the
    /// replay log, its place in the log; of a range that does not stand together, the first piece.
    pub fn span(self) -> Range<usize> {
        let key = self.key();
        self.located(index(key.at), index(key.size))
    }

    /// Where the name stands in the file, without its NUL.
    pub fn name_span(self) -> Range<usize> {
        self.located(index(self.key().at).saturating_add(NAME_AT), self.name().len())
    }

    /// Where the bytes of the value stand in the file, without the length before them; in a file object, where there is one.
    pub fn data_span(self) -> Range<usize> {
        let key = self.key();
        self.located(index(key.data_at), index(key.data_len))
    }

    fn located(self, at: usize, len: usize) -> Range<usize> {
        self.tree.origins.locate(at..at.saturating_add(len))
    }

    /// Whether `segment` of a path means this key among its siblings.
    fn is_called(self, segment: &str) -> bool {
        let rest = segment.strip_prefix(self.name());
        match (rest, self.ordinal()) {
            (Some(rest), 1) => rest.is_empty(),
            (Some(rest), ordinal) => rest.strip_prefix('#').and_then(|n| n.parse().ok()) == Some(ordinal),
            (None, _) => false,
        }
    }

    /// Adds the key to the path of its parent.
    fn push_segment(self, path: &mut String) {
        path.push('/');
        path.push_str(self.name());
        let ordinal = self.ordinal();
        if ordinal > 1 {
            // Writing to a string cannot fail.
            let _ = write!(path, "#{ordinal}");
        }
    }
}

/// The keys below a key. See [`Node::children`].
#[derive(Debug, Clone)]
pub struct Children<'t> {
    tree: &'t KeyTree,
    next: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = (self.next < self.end).then_some(Node { tree: self.tree, id: self.next })?;
        self.next = node.joined().end.max(self.next.saturating_add(1));
        Some(node)
    }
}

/// All values with their paths. See [`KeyTree::values`].
#[derive(Debug, Clone)]
pub struct Values<'t> {
    tree: &'t KeyTree,
    next: u32,
    path: String,
    /// The keys that the next one may lie below: where each ends, and the length of its path.
    open: Vec<(u32, usize)>,
}

impl<'t> Iterator for Values<'t> {
    type Item = (String, Kind, Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        while index(self.next) < self.tree.nodes.len() {
            let node = Node { tree: self.tree, id: self.next };
            self.next = self.next.saturating_add(1);
            while self.open.pop_if(|(end, _)| *end <= node.id).is_some() {}
            self.path.truncate(self.open.last().map_or(0, |(_, length)| *length));
            node.push_segment(&mut self.path);
            match node.value() {
                Value::Node => self.open.push((node.joined().end, self.path.len())),
                value => return Some((self.path.clone(), value.kind(), value)),
            }
        }
        None
    }
}
