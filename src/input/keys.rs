//! A file's own values as a tree of keys: what `view --raw` prints, and what the normalised tree is made from. Every reader of a
//! machine's export gives one, whatever the format looks like.

use crate::source::Span;

/// A key's number: its place in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

/// A value as the file gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number, as it was written; a decimal one where the file holds it in binary.
    Number(String),
    /// True or false.
    Boolean(bool),
    /// Bytes, shown as small hexadecimal digits.
    Bytes(Vec<u8>),
    /// Nothing, said expressly.
    Null,
}

#[derive(Debug, Clone)]
struct KeyData {
    name: Box<str>,
    /// Which one of the siblings with this name it is, from 1.
    ordinal: u32,
    /// An item of a list, shown as `[0]` without a `/` before it.
    item: bool,
    parent: u32,
    /// One past the last descendant.
    end: u32,
    /// The type as the format calls it; empty for a key that only holds others.
    kind: Box<str>,
    value: Option<Scalar>,
    span: Span,
    value_span: Span,
}

/// The keys of a file in document order.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    keys: Vec<KeyData>,
    open: Vec<u32>,
    /// By open key, how often each name was given below it.
    counts: Vec<rustc_hash::FxHashMap<Box<str>, u32>>,
}

const NO_PARENT: u32 = u32::MAX;

impl Keys {
    /// No keys yet.
    pub fn new() -> Keys {
        Keys { keys: Vec::new(), open: Vec::new(), counts: vec![Default::default()] }
    }

    /// Opens a key below the innermost open one: its name, its type (empty if it only holds others), its value if it has one, its place
    /// and that of its value in the source text.
    pub fn open(&mut self, name: &str, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        let ordinal = match self.counts.last_mut() {
            Some(counts) => {
                let count = counts.entry(name.into()).or_default();
                *count += 1;
                *count
            }
            None => 1,
        };
        self.push(name, ordinal, false, kind, value, span, value_span)
    }

    /// Opens the item of a list with this index.
    pub fn open_item(&mut self, index: usize, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        self.push(&index.to_string(), 1, true, kind, value, span, value_span)
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        name: &str,
        ordinal: u32,
        item: bool,
        kind: &str,
        value: Option<Scalar>,
        span: Span,
        value_span: Span,
    ) -> KeyId {
        let id = self.keys.len() as u32;
        let parent = self.open.last().copied().unwrap_or(NO_PARENT);
        self.keys.push(KeyData {
            name: name.into(),
            ordinal,
            item,
            parent,
            end: id + 1,
            kind: kind.into(),
            value,
            span,
            value_span,
        });
        self.open.push(id);
        self.counts.push(Default::default());
        KeyId(id)
    }

    /// Closes the innermost open key.
    pub fn close(&mut self) {
        if let Some(id) = self.open.pop() {
            self.counts.pop();
            self.keys[id as usize].end = self.keys.len() as u32;
        }
    }

    /// All keys in document order.
    pub fn all(&self) -> impl Iterator<Item = KeyId> + use<> {
        (0..self.keys.len() as u32).map(KeyId)
    }

    /// The keys directly below one, or the roots.
    pub fn children(&self, parent: Option<KeyId>) -> impl Iterator<Item = KeyId> + '_ {
        let (mut next, end) = match parent {
            Some(KeyId(id)) => (id + 1, self.keys[id as usize].end),
            None => (0, self.keys.len() as u32),
        };
        std::iter::from_fn(move || {
            let id = (next < end).then_some(KeyId(next))?;
            next = self.keys[next as usize].end;
            Some(id)
        })
    }

    /// The first child with this name.
    pub fn child(&self, parent: Option<KeyId>, name: &str) -> Option<KeyId> {
        self.children(parent).find(|&key| self.name(key) == name)
    }

    /// The key at a path of names below another, the first of each name.
    pub fn find(&self, parent: Option<KeyId>, path: &str) -> Option<KeyId> {
        path.split('/').try_fold(parent, |at, name| self.child(at, name).map(Some)).flatten()
    }

    /// The key's name; an item's is its index.
    pub fn name(&self, key: KeyId) -> &str {
        &self.keys[key.0 as usize].name
    }

    /// Whether the key is an item of a list.
    pub fn is_item(&self, key: KeyId) -> bool {
        self.keys[key.0 as usize].item
    }

    /// The type as the format calls it.
    pub fn kind(&self, key: KeyId) -> &str {
        &self.keys[key.0 as usize].kind
    }

    /// The value; none for a key that only holds others.
    pub fn value(&self, key: KeyId) -> Option<&Scalar> {
        self.keys[key.0 as usize].value.as_ref()
    }

    /// The key above.
    pub fn parent(&self, key: KeyId) -> Option<KeyId> {
        let parent = self.keys[key.0 as usize].parent;
        (parent != NO_PARENT).then_some(KeyId(parent))
    }

    /// The whole entry in the source text.
    pub fn span(&self, key: KeyId) -> Span {
        self.keys[key.0 as usize].span
    }

    /// The value in the source text.
    pub fn value_span(&self, key: KeyId) -> Span {
        self.keys[key.0 as usize].value_span
    }

    /// The path from the root: `/configuration/properties/name`, `#2` behind the second of a name, `[0]` for items.
    pub fn path(&self, key: KeyId) -> String {
        let mut steps = Vec::new();
        let mut at = Some(key);
        while let Some(key) = at {
            let data = &self.keys[key.0 as usize];
            steps.push(match (data.item, data.ordinal) {
                (true, _) => format!("[{}]", data.name),
                (false, 1) => format!("/{}", data.name),
                (false, n) => format!("/{}#{n}", data.name),
            });
            at = self.parent(key);
        }
        steps.reverse();
        steps.concat()
    }
}
