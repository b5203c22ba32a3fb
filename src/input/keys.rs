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
//! Keys lie in document order in one array, so that a key's descendants are the range behind it. Names and kinds lie in one text,
//! so that a key takes little more than its place.

use std::hash::{BuildHasher, RandomState};

use rustc_hash::FxHashMap;

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
    /// Bytes, shown as small hexadecimal digits. In a key of any kind but `bytes` they are text that is no valid UTF-16, as its
    /// little-endian code units.
    Bytes(Vec<u8>),
    /// Nothing, said expressly.
    Null,
}

/// How a key is written in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
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

#[derive(Debug, Clone)]
struct KeyData {
    name: Span,
    kind: Span,
    step: Step,
    /// Which one of the siblings with this name it is, from 1.
    ordinal: u32,
    parent: u32,
    /// One past the last descendant.
    end: u32,
    /// Index of the value, or `NOTHING`.
    value: u32,
    span: Span,
    value_span: Span,
}

/// The keys of a file in document order.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    keys: Vec<KeyData>,
    values: Vec<Scalar>,
    /// Names and kinds.
    words: String,
    /// Kinds given so far, the first few.
    kinds: Vec<Span>,
    open: Vec<Open>,
    roots: Siblings,
    /// By a reference to an object written elsewhere, that object.
    targets: FxHashMap<u32, u32>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Default)]
struct Open {
    key: u32,
    children: Siblings,
}

/// Of the siblings with each name the last one.
#[derive(Debug, Clone, Default)]
struct Siblings {
    /// The first names, compared one by one.
    few: Vec<u32>,
    /// The others by the hash of the name. The hash is seeded, so that no file can choose names that collide.
    many: FxHashMap<u64, u32>,
}

/// So many names are compared one by one.
const FEW: usize = 32;

const NO_PARENT: u32 = u32::MAX;
const NOTHING: u32 = u32::MAX;
/// Kinds that are kept once. Every format has fewer; a file that makes up more gets each of them written again.
const KINDS: usize = 64;

impl Keys {
    /// No keys yet.
    pub fn new() -> Keys {
        Keys::default()
    }

    /// No keys yet, with room for about so many.
    pub fn with_room(count: usize) -> Keys {
        // Names are some ten letters long.
        Keys {
            keys: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
            words: String::with_capacity(10 * count),
            ..Keys::default()
        }
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
    pub fn open(&mut self, name: &str, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        self.push(name, Step::Child, kind, value, span, value_span)
    }

    /// Opens the item of a list with this index.
    pub fn open_item(&mut self, index: usize, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        self.push(&index.to_string(), Step::Item, kind, value, span, value_span)
    }

    /// Opens an instance of a class; `index` tells which one it is if the file has several.
    pub fn open_instance(&mut self, class: &str, index: Option<usize>, span: Span) -> KeyId {
        let step = index.map_or(Step::Instance, |index| Step::Numbered(u32::try_from(index).unwrap_or(u32::MAX)));
        self.push(class, step, "", None, span, span)
    }

    /// Opens a property of an instance.
    pub fn open_property(&mut self, name: &str, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        self.push(name, Step::Property, kind, value, span, value_span)
    }

    /// Opens the only key of a document that is a value and nothing else.
    pub fn open_document(&mut self, kind: &str, value: Scalar, span: Span, value_span: Span) -> KeyId {
        self.push("", Step::Document, kind, Some(value), span, value_span)
    }

    fn push(&mut self, name: &str, step: Step, kind: &str, value: Option<Scalar>, span: Span, value_span: Span) -> KeyId {
        let id = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let ordinal = match step {
            Step::Child | Step::Property => self.count(name, id),
            _ => 1,
        };
        let name = self.word(name);
        let kind = self.kind_word(kind);
        let value = value.map_or(NOTHING, |value| {
            self.values.push(value);
            self.values.len() as u32 - 1
        });
        let parent = self.open.last().map_or(NO_PARENT, |open| open.key);
        self.keys.push(KeyData { name, kind, step, ordinal, parent, end: id.saturating_add(1), value, span, value_span });
        self.open.push(Open { key: id, children: Siblings::default() });
        KeyId(id)
    }

    /// Which one of its name the key `id` to come is among its siblings.
    fn count(&mut self, name: &str, id: u32) -> u32 {
        let siblings = self.open.last_mut().map_or(&mut self.roots, |open| &mut open.children);
        let called = |key: u32| self.keys.get(key as usize).filter(|data| self.words.get(data.name.range()) == Some(name));
        // The last ones are asked first: what a file repeats, it repeats in a row.
        for last in siblings.few.iter_mut().rev() {
            if let Some(twin) = called(*last) {
                *last = id;
                return twin.ordinal.saturating_add(1);
            }
        }
        if siblings.few.len() < FEW {
            siblings.few.push(id);
            return 1;
        }
        let mut hash = self.hasher.hash_one(name);
        loop {
            let Some(last) = siblings.many.insert(hash, id) else { return 1 };
            if let Some(twin) = called(last) {
                return twin.ordinal.saturating_add(1);
            }
            // Another name of the same hash, which nobody will ever see.
            siblings.many.insert(hash, last);
            hash = hash.wrapping_add(1);
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
        if let Some(known) = self.kinds.iter().find(|known| self.words.get(known.range()) == Some(kind)) {
            return *known;
        }
        let span = self.word(kind);
        if self.kinds.len() < KINDS {
            self.kinds.push(span);
        }
        span
    }

    /// Closes the innermost open key.
    pub fn close(&mut self) {
        let end = self.keys.len() as u32;
        if let Some(open) = self.open.pop()
            && let Some(data) = self.keys.get_mut(open.key as usize)
        {
            data.end = end;
        }
    }

    /// Closes the innermost open key, whose text ends at `end`, and its value there too.
    pub fn close_at(&mut self, end: usize) {
        if let Some(data) = self.open.last().and_then(|open| self.keys.get_mut(open.key as usize)) {
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
        self.children(parent).find(|&key| self.name(key) == name)
    }

    /// The key at a path of names below another, the first of each name.
    pub fn find(&self, parent: Option<KeyId>, path: &str) -> Option<KeyId> {
        path.split('/').try_fold(parent, |at, name| self.child(at, name).map(Some)).flatten()
    }

    /// The key's name; an item's is its index, an instance's its class.
    pub fn name(&self, key: KeyId) -> &str {
        self.words.get(self.data(key).name.range()).unwrap_or_default()
    }

    /// Whether the key is an item of a list.
    pub fn is_item(&self, key: KeyId) -> bool {
        self.data(key).step == Step::Item
    }

    /// Which one of the siblings with its name the key is, from 1.
    pub fn ordinal(&self, key: KeyId) -> u32 {
        self.data(key).ordinal
    }

    /// The type as the format calls it.
    pub fn kind(&self, key: KeyId) -> &str {
        self.words.get(self.data(key).kind.range()).unwrap_or_default()
    }

    /// The value; none for a key that only holds others.
    pub fn value(&self, key: KeyId) -> Option<&Scalar> {
        self.values.get(self.data(key).value as usize)
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

    /// The path from the root: `/configuration/properties/name`, `#2` behind the second of a name, `[0]` for items.
    pub fn path(&self, key: KeyId) -> String {
        let line: Vec<KeyId> = std::iter::successors(Some(key), |&key| self.parent(key)).collect();
        let mut path = String::new();
        for &key in line.iter().rev() {
            self.push_step(&mut path, key);
        }
        path
    }

    /// Adds the last step of a key's path to the path of its parent.
    pub fn push_step(&self, path: &mut String, key: KeyId) {
        let (name, data) = (self.name(key), self.data(key));
        match data.step {
            Step::Child => path.extend(["/", name]),
            Step::Item => path.extend(["[", name, "]"]),
            Step::Instance => path.push_str(name),
            Step::Numbered(index) => path.extend(["[", &index.to_string(), "]", name]),
            Step::Property => path.extend([".", name]),
            Step::Document => {}
        }
        if data.ordinal > 1 {
            path.extend(["#", &data.ordinal.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(keys: &mut Keys, name: &str, value: &str) -> KeyId {
        let key = keys.open(name, "string", Some(Scalar::Text(value.to_owned())), Span::default(), Span::default());
        keys.close();
        key
    }

    fn paths(keys: &Keys) -> Vec<String> {
        keys.all().map(|key| keys.path(key)).collect()
    }

    #[test]
    fn repeated_names_are_numbered_among_their_siblings_only() {
        let mut keys = Keys::new();
        for _ in 0..2 {
            keys.open("a", "", None, Span::default(), Span::default());
            leaf(&mut keys, "b", "1");
            leaf(&mut keys, "c", "2");
            leaf(&mut keys, "b", "3");
            keys.close();
        }
        assert_eq!(paths(&keys), ["/a", "/a/b", "/a/c", "/a/b#2", "/a#2", "/a#2/b", "/a#2/c", "/a#2/b#2"]);
        let third = keys.children(keys.child(None, "a")).nth(2).unwrap();
        assert_eq!((keys.value(third), keys.ordinal(third)), (Some(&Scalar::Text("3".to_owned())), 2));
        assert_eq!(keys.find(None, "a/c").map(|key| keys.path(key)).as_deref(), Some("/a/c"));
        assert_eq!(keys.find(None, "a/d"), None);
    }

    #[test]
    fn items_and_instances_have_paths_of_their_own() {
        let none = Span::default();
        let mut keys = Keys::new();
        keys.open_item(1, "array", None, none, none);
        keys.open_item(0, "int", Some(Scalar::Number("7".to_owned())), none, none);
        keys.close();
        keys.close();
        keys.open_instance("Msvm_A", Some(3), none);
        keys.open_property("P", "string", None, none, none);
        keys.close();
        keys.close();
        assert_eq!(paths(&keys), ["[1]", "[1][0]", "[3]Msvm_A", "[3]Msvm_A.P"]);
    }
}
