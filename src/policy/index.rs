//! Which rules a document can match at all: every branch of every expression is filed under something that a document must hold for
//! it, so that a document pays only for the rules that ask for what it has.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::tree::{NameId, Tree};
use crate::xpath::{Clause, Key};

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

/// A bucket's number; buckets hold the entries that ask for one key.
type Bucket = u32;
const NO_BUCKET: Bucket = u32::MAX;

/// The entries by what they ask for.
#[derive(Debug)]
pub struct Index {
    /// By element name.
    elements: Vec<Bucket>,
    /// By attribute name.
    attributes: Vec<Bucket>,
    /// By attribute name: the values that are asked for.
    values: Vec<Values>,
    /// The entries filed under each key.
    buckets: Vec<Vec<Filed>>,
    /// What may match any document.
    always: Vec<Entry>,
}

/// The values of one attribute that are asked for.
#[derive(Debug, Clone, Default)]
struct Values {
    buckets: FxHashMap<Box<str>, Bucket>,
    /// A bit for each length that a value has, one for each first letter: most values of a document are told apart by these.
    lengths: u64,
    letters: u64,
}

impl Values {
    fn bits(value: &str) -> (u64, u64) {
        (1 << value.len().min(63), 1 << (value.as_bytes().first().copied().unwrap_or_default() & 63))
    }

    fn bucket_mut(&mut self, value: &str) -> &mut Bucket {
        let (length, letter) = Values::bits(value);
        self.lengths |= length;
        self.letters |= letter;
        self.buckets.entry(value.into()).or_insert(NO_BUCKET)
    }

    #[inline]
    fn bucket(&self, value: &str) -> Option<Bucket> {
        let (length, letter) = Values::bits(value);
        if self.lengths & length == 0 || self.letters & letter == 0 {
            return None;
        }
        self.buckets.get(value).copied()
    }
}

/// An entry and what else it asks for: of each list of keys at least one.
#[derive(Debug)]
struct Filed {
    entry: Entry,
    others: Arc<[Box<[Bucket]>]>,
}

impl Index {
    /// Branches with what a document has to hold for them, the clause that says most first; `names` is the size of the vocabulary.
    pub fn new(branches: &[(Entry, Vec<Clause>)], names: usize) -> Index {
        let mut index = Index {
            elements: vec![NO_BUCKET; names],
            attributes: vec![NO_BUCKET; names],
            values: vec![Values::default(); names],
            buckets: Vec::new(),
            always: Vec::new(),
        };
        for (entry, clauses) in branches {
            if clauses.is_empty() {
                index.always.push(*entry);
                continue;
            }
            let mut buckets: Vec<Box<[Bucket]>> =
                clauses.iter().map(|clause| clause.iter().map(|key| index.bucket(key)).collect()).collect();
            let first = buckets.swap_remove(0);
            let others: Arc<[Box<[Bucket]>]> = buckets.into();
            for bucket in first {
                index.buckets[bucket as usize].push(Filed { entry: *entry, others: others.clone() });
            }
        }
        index
    }

    fn bucket(&mut self, key: &Key) -> Bucket {
        let new = self.buckets.len() as Bucket;
        let slot = match key {
            Key::Element(name) => &mut self.elements[name.index()],
            Key::Attribute(name) => &mut self.attributes[name.index()],
            Key::Value(name, value) => self.values[name.index()].bucket_mut(value),
        };
        if *slot == NO_BUCKET {
            *slot = new;
            self.buckets.push(Vec::new());
        }
        *slot
    }

    /// The entries that the document may match, in the order of the rules.
    pub fn candidates(&self, tree: &Tree<'_>) -> Vec<Entry> {
        let mut held = vec![false; self.buckets.len()];
        let mut found: Vec<Bucket> = Vec::with_capacity(64);
        let mut hold = |bucket: Bucket| {
            if bucket != NO_BUCKET && !std::mem::replace(&mut held[bucket as usize], true) {
                found.push(bucket);
            }
        };
        for name in tree.element_names() {
            hold(self.elements[name.index()]);
        }
        for (name, value) in tree.attribute_names_and_values() {
            if name == NameId::OTHER {
                continue;
            }
            hold(self.attributes[name.index()]);
            if let Some(bucket) = self.values[name.index()].bucket(value) {
                hold(bucket);
            }
        }
        let mut entries = self.always.clone();
        for filed in found.iter().flat_map(|&bucket| &self.buckets[bucket as usize]) {
            if filed.others.iter().all(|keys| keys.iter().any(|&key| held[key as usize])) {
                entries.push(filed.entry);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}
