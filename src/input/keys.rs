//! A file's own values as a tree of keys: what `view --raw` prints, and what the normalised tree is made from. Every reader of a
//! machine's export gives one, whatever the format looks like.
//!
//! | reader | keys | [`Keys::kind`] |
//! | --- | --- | --- |
//! | `vmcx_keys`, `hyperv_xml` | nodes, and leaves with a value | `int`, `uint`, `double`, `string`, `bool`, `bytes`; empty for a node |
//! | `json` | members of objects; items of arrays | `int`, `double`, `string`, `bool`, `null`; `object` and `array` have no value |
//! | `clixml` | properties, items, and `@type`, `@string`, `@value` of an object | the element's name: `S`, `I32`, `Obj`… |
//! | `cim` | instances by class, below them properties, items of arrays | the TYPE attribute, `[]` appended for an array |
//!
//! Keys lie in document order in one array, so that a key's descendants are the range behind it. Names, kinds and values lie in one
//! text, so that a key takes little more than its place.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::source::Span;

/// A key's number: its place in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

/// A value as the file gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'k> {
    /// Text.
    Text(Cow<'k, str>),
    /// A number, as it was written; a decimal one where the file holds it in binary.
    Number(Cow<'k, str>),
    /// True or false.
    Boolean(bool),
    /// Bytes, shown as small hexadecimal digits. In a key of any kind but `bytes` they are text that is no valid UTF-16, as its
    /// little-endian code units.
    Bytes(Cow<'k, [u8]>),
    /// Nothing, said expressly.
    Null,
}

/// How a key is written in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `/name`.
    Child,
    /// `[0]`: an item of a list.
    Item,
    /// `Class`, the only instance of a file.
    Instance,
    /// `[0]Class`, one of several.
    Numbered(u32),
    /// `.name`: a property of an instance.
    Property,
    /// Nothing: a value that is the whole document.
    Document,
}

/// A value, whose text or bytes are kept with those of all others.
#[derive(Debug, Clone, Copy)]
enum Value {
    Text(Span),
    Number(Span),
    Boolean(bool),
    Bytes(Span),
    Null,
}

#[derive(Debug, Clone)]
struct KeyData {
    name: Span,
    kind: Span,
    step: Step,
    parent: u32,
    /// One past the last descendant.
    end: u32,
    value: Option<Value>,
    span: Span,
    value_span: Span,
}

/// The keys of a file in document order.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    keys: Vec<KeyData>,
    /// Names, kinds, and values that are text.
    words: String,
    /// Values that are bytes.
    bytes: Vec<u8>,
    /// Kinds given so far, the first few.
    kinds: Vec<Span>,
    open: Vec<u32>,
    /// By a reference to an object written elsewhere, that object.
    targets: FxHashMap<u32, u32>,
}

const NO_PARENT: u32 = u32::MAX;
/// Kinds that are kept once. Every format has fewer; a file that makes up more gets each of them written again.
const KINDS: usize = 64;

impl Keys {
    /// No keys yet.
    pub fn new() -> Keys {
        Keys::default()
    }

    /// No keys yet, with room for about so many.
    pub fn with_room(count: usize) -> Keys {
        // Names and values are some ten letters long.
        Keys { keys: Vec::with_capacity(count), words: String::with_capacity(20 * count), ..Keys::default() }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Opens a key below the innermost open one: its name, its type (empty if it only holds others), its value if it has one, its place
    /// and that of its value in the source text.
    pub fn open(&mut self, name: &str, kind: &str, value: Option<Scalar<'_>>, span: Span, value_span: Span) -> KeyId {
        self.push(name, Step::Child, kind, value, span, value_span)
    }

    /// Opens the item of a list with this index.
    pub fn open_item(&mut self, index: usize, kind: &str, value: Option<Scalar<'_>>, span: Span, value_span: Span) -> KeyId {
        self.push(&index.to_string(), Step::Item, kind, value, span, value_span)
    }

    /// Opens an instance of a class; `index` tells which one it is if the file has several.
    pub fn open_instance(&mut self, class: &str, index: Option<usize>, span: Span) -> KeyId {
        let step = index.map_or(Step::Instance, |index| Step::Numbered(u32::try_from(index).unwrap_or(u32::MAX)));
        self.push(class, step, "", None, span, span)
    }

    /// Opens a property of an instance.
    pub fn open_property(&mut self, name: &str, kind: &str, value: Option<Scalar<'_>>, span: Span, value_span: Span) -> KeyId {
        self.push(name, Step::Property, kind, value, span, value_span)
    }

    /// Opens the only key of a document that is a value and nothing else.
    pub fn open_document(&mut self, kind: &str, value: Scalar<'_>, span: Span, value_span: Span) -> KeyId {
        self.push("", Step::Document, kind, Some(value), span, value_span)
    }

    fn push(&mut self, name: &str, step: Step, kind: &str, value: Option<Scalar<'_>>, span: Span, value_span: Span) -> KeyId {
        let id = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let name = self.word(name);
        let kind = self.kind_word(kind);
        let value = value.map(|value| self.keep(value));
        let parent = self.open.last().copied().unwrap_or(NO_PARENT);
        self.keys.push(KeyData { name, kind, step, parent, end: id.saturating_add(1), value, span, value_span });
        self.open.push(id);
        KeyId(id)
    }

    fn keep(&mut self, value: Scalar<'_>) -> Value {
        match value {
            Scalar::Text(text) => Value::Text(self.word(&text)),
            Scalar::Number(text) => Value::Number(self.word(&text)),
            Scalar::Boolean(value) => Value::Boolean(value),
            Scalar::Bytes(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(&bytes);
                Value::Bytes(Span::new(start, self.bytes.len()))
            }
            Scalar::Null => Value::Null,
        }
    }

    fn word(&mut self, word: &str) -> Span {
        let start = self.words.len();
        self.words.push_str(word);
        Span::new(start, self.words.len())
    }

    fn kind_word(&mut self, kind: &str) -> Span {
        if kind.is_empty() {
            return Span::default();
        }
        if let Some(known) = self.kinds.iter().find(|known| self.said(**known) == kind) {
            return *known;
        }
        let span = self.word(kind);
        if self.kinds.len() < KINDS {
            self.kinds.push(span);
        }
        span
    }

    fn said(&self, span: Span) -> &str {
        self.words.get(span.range()).unwrap_or_default()
    }

    /// Closes the innermost open key.
    pub fn close(&mut self) {
        let end = self.keys.len() as u32;
        if let Some(data) = self.open.pop().and_then(|key| self.keys.get_mut(key as usize)) {
            data.end = end;
        }
    }

    /// Closes the innermost open key, whose text ends at `end`, and its value there too.
    pub fn close_at(&mut self, end: usize) {
        if let Some(data) = self.open.last().and_then(|&key| self.keys.get_mut(key as usize)) {
            data.span.end = u32::try_from(end).unwrap_or(u32::MAX);
            data.value_span.end = data.span.end;
        }
        self.close();
    }

    /// Gives a key its place afterwards.
    pub fn place(&mut self, key: KeyId, span: Span, value_span: Span) {
        if let Some(data) = self.keys.get_mut(key.0 as usize) {
            (data.span, data.value_span) = (span, value_span);
        }
    }

    /// Notes that `key` stands for an object written elsewhere.
    pub fn link(&mut self, key: KeyId, target: KeyId) {
        self.targets.insert(key.0, target.0);
    }

    /// The object that a reference (kind `Ref`) stands for. It may be an object that the reference lies in.
    pub fn target(&self, key: KeyId) -> Option<KeyId> {
        self.targets.get(&key.0).map(|&target| KeyId(target))
    }

    fn data(&self, key: KeyId) -> &KeyData {
        // Only this tree gives out numbers of its keys.
        &self.keys[key.0 as usize]
    }

    /// All keys in document order.
    pub fn all(&self) -> impl Iterator<Item = KeyId> + use<> {
        (0..self.keys.len() as u32).map(KeyId)
    }

    /// The keys directly below one, or the roots.
    pub fn children(&self, parent: Option<KeyId>) -> impl Iterator<Item = KeyId> + '_ {
        let (mut next, end) = match parent {
            Some(key) => (key.0 + 1, self.data(key).end),
            None => (0, self.keys.len() as u32),
        };
        std::iter::from_fn(move || {
            let id = (next < end).then_some(KeyId(next))?;
            next = self.data(id).end;
            Some(id)
        })
    }

    /// All keys below one, in document order.
    pub fn descendants(&self, key: KeyId) -> impl ExactSizeIterator<Item = KeyId> + use<> {
        (key.0 + 1..self.data(key).end).map(KeyId)
    }

    /// The first child with this name.
    pub fn child(&self, parent: Option<KeyId>, name: &str) -> Option<KeyId> {
        // Most are told apart by the lengths of their names alone.
        self.children(parent).find(|&key| self.data(key).name.len() == name.len() && self.name(key) == name)
    }

    /// The key at a path of names below another, the first of each name.
    pub fn find(&self, parent: Option<KeyId>, path: &str) -> Option<KeyId> {
        path.split('/').try_fold(parent, |at, name| self.child(at, name).map(Some)).flatten()
    }

    /// The key's name; an item's is its index, an instance's its class.
    pub fn name(&self, key: KeyId) -> &str {
        self.said(self.data(key).name)
    }

    /// How the key is written in a path.
    pub fn step(&self, key: KeyId) -> Step {
        self.data(key).step
    }

    /// Whether the key is an item of a list.
    pub fn is_item(&self, key: KeyId) -> bool {
        self.step(key) == Step::Item
    }

    /// The type as the format calls it.
    pub fn kind(&self, key: KeyId) -> &str {
        self.said(self.data(key).kind)
    }

    /// The value; none for a key that only holds others.
    pub fn value(&self, key: KeyId) -> Option<Scalar<'_>> {
        Some(match self.data(key).value? {
            Value::Text(span) => Scalar::Text(Cow::Borrowed(self.said(span))),
            Value::Number(span) => Scalar::Number(Cow::Borrowed(self.said(span))),
            Value::Boolean(value) => Scalar::Boolean(value),
            Value::Bytes(span) => Scalar::Bytes(Cow::Borrowed(self.bytes.get(span.range()).unwrap_or_default())),
            Value::Null => Scalar::Null,
        })
    }

    /// The key above.
    pub fn parent(&self, key: KeyId) -> Option<KeyId> {
        let parent = self.data(key).parent;
        (parent != NO_PARENT).then_some(KeyId(parent))
    }

    /// The whole entry in the source text.
    pub fn span(&self, key: KeyId) -> Span {
        self.data(key).span
    }

    /// The value in the source text, without the quotes or tags around it.
    pub fn value_span(&self, key: KeyId) -> Span {
        self.data(key).value_span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_in_document_order() {
        let none = Span::default();
        let mut keys = Keys::new();
        keys.open("a", "", None, none, none);
        for (name, value) in [("b", "1"), ("c", "2"), ("b", "3")] {
            keys.open(name, "string", Some(Scalar::Text(value.into())), none, none);
            keys.close();
        }
        keys.close();
        keys.open_item(7, "bytes", Some(Scalar::Bytes(vec![1, 2].into())), none, none);
        keys.close();
        let a = keys.child(None, "a");
        assert_eq!(keys.children(a).map(|key| keys.name(key)).collect::<Vec<_>>(), ["b", "c", "b"]);
        assert_eq!(keys.children(None).map(|key| keys.name(key)).collect::<Vec<_>>(), ["a", "7"]);
        let third = keys.children(a).nth(2).unwrap();
        assert_eq!((keys.value(third), keys.kind(third)), (Some(Scalar::Text("3".into())), "string"));
        assert_eq!(keys.find(None, "a/c").and_then(|key| keys.value(key)), Some(Scalar::Text("2".into())));
        assert_eq!(keys.find(None, "a/d"), None);
        assert_eq!(keys.child(None, "7").and_then(|key| keys.value(key)), Some(Scalar::Bytes(vec![1, 2].into())));
    }
}
