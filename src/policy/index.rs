//! Which rules a document can match at all: every branch of every expression is filed under something that a document must hold for
//! it, so that a document pays only for the rules that ask for what it has.

use std::ops::Range;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::tree::{NameId, Tree};
use crate::xpath::Key;

/// A branch of a case's expression, by its place in the rule set. Ordered as the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    pub policy: u16,
    pub rule: u16,
    pub case: u16,
    pub branch: u16,
}

impl Entry {
    /// Number of policy, rule, case and branch.
    pub fn new(policy: usize, rule: usize, case: usize, branch: usize) -> Entry {
        let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        Entry { policy: number(policy), rule: number(rule), case: number(case), branch: number(branch) }
    }
}

/// A key's number. Numbers of keys that nobody asks for, and ends of clauses, are [`NONE`].
type Bucket = u32;
const NONE: u32 = u32::MAX;

/// The entries by what they ask for.
#[derive(Debug)]
pub struct Index<'r> {
    /// By name.
    names: Vec<Asked>,
    /// The values that are asked for, by attribute.
    values: FxHashMap<(NameId, &'r str), Bucket>,
    /// By key the last entry that is filed under it.
    buckets: Vec<u32>,
    filed: Vec<Filed>,
    /// What entries ask for besides: keys of clauses, each clause with [`NONE`] behind it.
    others: Vec<Bucket>,
    /// What may match any document.
    always: Vec<Entry>,
}

/// What is asked for of one name.
#[derive(Debug, Clone, Copy)]
struct Asked {
    element: Bucket,
    attribute: Bucket,
    /// A bit for each length that a value of the attribute has, one for each first letter: most values of a document are told apart by
    /// these.
    lengths: u64,
    letters: u64,
}

/// An entry below a key of its first clause.
#[derive(Debug)]
struct Filed {
    entry: Entry,
    /// What else it asks for, in [`Index::others`].
    others: Range<u32>,
    /// The one filed before it under the same key.
    next: u32,
}

/// The bits of a value's length and of its first letter.
fn bits(value: &str) -> (u64, u64) {
    (1 << value.len().min(63), 1 << (value.as_bytes().first().copied().unwrap_or_default() & 63))
}

impl<'r> Index<'r> {
    /// An empty index over a vocabulary of this size.
    pub fn new(names: usize) -> Index<'r> {
        let nothing = Asked { element: NONE, attribute: NONE, lengths: 0, letters: 0 };
        Index {
            names: vec![nothing; names],
            // Most are lists of guests; growing again and again would take longer than all else here.
            values: FxHashMap::with_capacity_and_hasher(2 * names, FxBuildHasher),
            buckets: Vec::with_capacity(names),
            filed: Vec::with_capacity(names),
            others: Vec::with_capacity(names),
            always: Vec::new(),
        }
    }

    /// Files an entry. `keys` is what a document has to hold, of each clause one, the clause that says most first; with each key goes
    /// whether it ends a clause.
    pub fn file<'k: 'r>(&mut self, entry: Entry, keys: impl Iterator<Item = (Key<'k>, bool)>) {
        let (filed, others) = (self.filed.len(), self.others.len());
        let mut is_first = true;
        for (key, is_last) in keys {
            let bucket = self.bucket(key);
            if is_first {
                let next = std::mem::replace(&mut self.buckets[bucket as usize], self.filed.len() as u32);
                self.filed.push(Filed { entry, others: 0..0, next });
            } else {
                self.others.push(bucket);
                self.others.extend(is_last.then_some(NONE));
            }
            is_first &= !is_last;
        }
        if is_first {
            self.always.push(entry);
        }
        let others = others as u32..self.others.len() as u32;
        self.filed[filed..].iter_mut().for_each(|filed| filed.others = others.clone());
    }

    fn bucket(&mut self, key: Key<'r>) -> Bucket {
        let new = self.buckets.len() as Bucket;
        let slot = match key {
            Key::Element(name) => &mut self.names[name.index()].element,
            Key::Attribute(name) => &mut self.names[name.index()].attribute,
            Key::Value(name, value) => {
                let asked = &mut self.names[name.index()];
                let (length, letter) = bits(value);
                asked.lengths |= length;
                asked.letters |= letter;
                self.values.entry((name, value)).or_insert(NONE)
            }
        };
        if *slot == NONE {
            *slot = new;
            self.buckets.push(NONE);
        }
        *slot
    }

    /// The entries that the document may match, in the order of the rules.
    pub fn candidates(&self, tree: &Tree<'_>) -> Vec<Entry> {
        let mut held = vec![false; self.buckets.len()];
        let mut found: Vec<Bucket> = Vec::with_capacity(64);
        let mut hold = |bucket: Bucket| {
            if bucket != NONE && !std::mem::replace(&mut held[bucket as usize], true) {
                found.push(bucket);
            }
        };
        for name in tree.element_names() {
            hold(self.names[name.index()].element);
        }
        for (name, value) in tree.attribute_names_and_values() {
            if name == NameId::OTHER {
                continue;
            }
            let asked = &self.names[name.index()];
            hold(asked.attribute);
            let (length, letter) = bits(value);
            if asked.lengths & length != 0
                && asked.letters & letter != 0
                && let Some(bucket) = self.values.get(&(name, value))
            {
                hold(*bucket);
            }
        }
        let mut entries = self.always.clone();
        for bucket in found {
            let mut next = self.buckets[bucket as usize];
            while let Some(filed) = self.filed.get(next as usize) {
                let others = &self.others[filed.others.start as usize..filed.others.end as usize];
                let mut clauses = others.split_inclusive(|key| *key == NONE);
                // The end of a clause is no key.
                if clauses.all(|keys| keys.iter().any(|&key| held.get(key as usize).is_some_and(|held| *held))) {
                    entries.push(filed.entry);
                }
                next = filed.next;
            }
        }
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}

#[cfg(test)]
mod unit {
    use proptest::prelude::*;

    use super::*;
    use crate::input::limits::Limits;
    use crate::input::xml;
    use crate::tree::Vocabulary;
    use crate::xpath::{Clause, in_a_row};

    /// Clauses over a few names and values, the unknown ones among them.
    fn clauses(names: [NameId; 4]) -> impl Strategy<Value = Vec<Clause<'static>>> {
        let key =
            (0..3, 0..4_usize, prop::sample::select(vec!["", "1", "2", "one"])).prop_map(move |(kind, name, value)| match kind {
                0 => Key::Element(names[name]),
                1 => Key::Attribute(names[name]),
                _ => Key::Value(names[name], value),
            });
        prop::collection::vec(prop::collection::vec(key, 1..4), 0..4)
    }

    fn element() -> impl Strategy<Value = String> {
        let attributes = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "x"]), "|1|2|one|two", 0..4);
        let leaf = (prop::sample::select(vec!["a", "b", "c", "y"]), attributes).prop_map(|(name, attributes)| {
            let attributes: String = attributes.iter().map(|(name, value)| format!(" {name}='{value}'")).collect();
            (name, attributes)
        });
        prop::collection::vec(leaf, 1..5).prop_map(|leaves| {
            let inner: String = leaves.iter().map(|(name, attributes)| format!("<{name}{attributes}/>")).collect();
            format!("<r>{inner}</r>")
        })
    }

    proptest! {
        #[test]
        fn candidates_are_what_has_a_key_of_every_clause(
            seeds in prop::collection::vec(clauses(names().1), 0..12),
            text in element(),
        ) {
            let vocabulary = names().0;
            let tree = xml::read(&text, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
            let mut index = Index::new(vocabulary.len());
            for (number, clauses) in seeds.iter().enumerate() {
                index.file(Entry::new(0, number, 0, 0), in_a_row(clauses));
            }
            let elements = tree.element_names();
            let attributes: Vec<(NameId, &str)> = tree.attribute_names_and_values().collect();
            let is_held = |key: &Key<'_>| match key {
                Key::Element(name) => elements.contains(name),
                Key::Attribute(name) => attributes.iter().any(|(known, _)| known == name),
                Key::Value(name, value) => attributes.contains(&(*name, value)),
            };
            let holds = |clauses: &Vec<Clause<'_>>| clauses.iter().all(|clause| clause.iter().any(is_held));
            let expected: Vec<Entry> = (0..).zip(&seeds).filter(|(_, clauses)| holds(clauses)).map(|(n, _)| Entry::new(0, n, 0, 0)).collect();
            prop_assert_eq!(index.candidates(&tree), expected);
        }
    }

    fn names() -> (Vocabulary, [NameId; 4]) {
        let mut vocabulary = Vocabulary::default();
        let numbers = ["a", "b", "c", "d"].map(|name| vocabulary.intern("", name));
        (vocabulary, numbers)
    }
}
