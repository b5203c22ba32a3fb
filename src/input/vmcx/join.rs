//! From keys as they lie in tables to a tree: every key finds its parent, siblings stand by their insertion sequence, and
//! whatever does not hang from the root is damage (format notes 1.3).

use std::collections::HashMap;

use super::bytes::{index, narrow};
use super::damage::{Damage, Fault};
use super::keys::{Key, Keys};
use super::limits::{MAX_DEPTH, MAX_PATH};

/// A key in its place in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joined {
    /// Its number in [`Keys::keys`].
    pub(super) key: u32,
    /// Number of the parent in the tree, or [`ROOT`].
    pub(super) parent: u32,
    /// One past the number of its last descendant.
    pub(super) end: u32,
    /// Which of the siblings with this name it is, from 1.
    pub(super) ordinal: u32,
}

/// The parent of the topmost keys.
pub(super) const ROOT: u32 = u32::MAX;

/// A key whose children are being put in place.
struct Open {
    /// Its number in the tree.
    node: u32,
    /// The next child, as an index of [`Family::order`].
    next: usize,
    /// One past the last child.
    end: usize,
    /// Length of its path.
    path: usize,
}

/// Puts the keys in document order.
pub(super) fn join(keys: &Keys) -> Result<Vec<Joined>, Damage> {
    let parents = parents(keys)?;
    let family = Family::of(keys, &parents);
    let mut nodes: Vec<Joined> = Vec::with_capacity(keys.keys.len());
    let (next, end) = family.children(0);
    let mut open = vec![Open { node: ROOT, next, end, path: 0 }];
    while let Some(head) = open.last_mut() {
        let child = (head.next < head.end).then(|| family.order.get(head.next)).flatten();
        let Some(&child) = child else {
            let end = narrow(nodes.len());
            if let Some(node) = nodes.get_mut(index(head.node)) {
                node.end = end;
            }
            open.pop();
            continue;
        };
        head.next = head.next.saturating_add(1);
        let (parent, parent_path) = (head.node, head.path);
        let Some(key) = keys.keys.get(index(child)) else { continue };
        let ordinal = family.ordinals.get(index(child)).copied().unwrap_or(1);
        let number = narrow(nodes.len());
        let path = parent_path.saturating_add(segment_length(key.name.of_text(&keys.text), ordinal));
        if path > MAX_PATH {
            return Err(keys.place(key).has(Fault::PathTooLong));
        }
        nodes.push(Joined { key: child, parent, end: number.saturating_add(1), ordinal });
        let (next, end) = family.children(child.saturating_add(1));
        if next < end {
            // The root, which is no key, is open, too.
            if open.len() >= MAX_DEPTH {
                return Err(keys.place(key).has(Fault::TooDeep));
            }
            open.push(Open { node: number, next, end, path });
        }
    }
    if nodes.len() < keys.keys.len() { Err(circle(keys, &parents)) } else { Ok(nodes) }
}

/// Length of a path segment with its slash and, from the second sibling of a name on, its number.
fn segment_length(name: &str, ordinal: u32) -> usize {
    let number = if ordinal > 1 { 2_usize.saturating_add(index(ordinal.ilog10())) } else { 0 };
    name.len().saturating_add(1).saturating_add(number)
}

/// The parent of every key: 0 for the root, otherwise the number of a key plus 1.
fn parents(keys: &Keys) -> Result<Vec<u32>, Damage> {
    let parent_of = |key: &Key| {
        if (key.parent_table, key.parent) == (0, 0) {
            return Ok(0);
        }
        let (table, offset) = (key.parent_table, key.parent);
        let found = keys.find(table, offset).and_then(|number| Some((number, keys.keys.get(number)?)));
        let (number, parent) = found.ok_or_else(|| keys.place(key).has(Fault::NoParent { table, offset }))?;
        match parent.value.kind() {
            super::Kind::Node => Ok(narrow(number).saturating_add(1)),
            kind => {
                let name = parent.name.of_text(&keys.text).to_owned();
                Err(keys.place(key).has(Fault::ParentIsValue { name, kind, table, offset }))
            }
        }
    };
    keys.keys.iter().map(parent_of).collect()
}

/// Who is whose child, in which order.
struct Family {
    /// The keys by parent, then by insertion sequence.
    order: Vec<u32>,
    /// Where the children of a parent begin in `order`; one entry more than there are parents.
    starts: Vec<u32>,
    /// For every key, which of the siblings with its name it is, from 1.
    ordinals: Vec<u32>,
}

impl Family {
    fn of(keys: &Keys, parents: &[u32]) -> Family {
        let parent = |child: u32| parents.get(index(child)).copied().unwrap_or_default();
        let sequence = |child: u32| keys.keys.get(index(child)).map_or(0, |key| key.sequence);
        let mut order: Vec<u32> = (0..narrow(keys.keys.len())).collect();
        // Two siblings with one sequence number stand as they lie in the tables.
        order.sort_unstable_by_key(|&child| (parent(child), sequence(child), child));

        let mut starts = Vec::with_capacity(keys.keys.len().saturating_add(2));
        for (at, &child) in order.iter().enumerate() {
            while starts.len() <= index(parent(child)) {
                starts.push(narrow(at));
            }
        }
        starts.resize(keys.keys.len().saturating_add(2), narrow(order.len()));

        let mut ordinals = vec![1; keys.keys.len()];
        for siblings in order.chunk_by(|a, b| parent(*a) == parent(*b)).filter(|siblings| siblings.len() > 1) {
            let mut seen: HashMap<&str, u32> = HashMap::with_capacity(siblings.len());
            for &child in siblings {
                let name = keys.keys.get(index(child)).map_or("", |key| key.name.of_text(&keys.text));
                let count = seen.entry(name).or_insert(0);
                *count = count.saturating_add(1);
                if let Some(ordinal) = ordinals.get_mut(index(child)) {
                    *ordinal = *count;
                }
            }
        }
        Family { order, starts, ordinals }
    }

    /// The children of a parent, as indices of `order`.
    fn children(&self, parent: u32) -> (usize, usize) {
        let start = |parent: usize| self.starts.get(parent).map_or(self.order.len(), |start| index(*start));
        (start(index(parent)), start(index(parent).saturating_add(1)))
    }
}

/// The damage of keys whose ancestors are a circle. There is one where not all keys hang from the root.
fn circle(keys: &Keys, parents: &[u32]) -> Damage {
    let above = |child: u32| parents.get(index(child)).copied().unwrap_or_default().checked_sub(1);
    // Upwards from a key either the root or a key already walked over is met; the latter is a circle if it is of the same walk.
    let mut walks = vec![0_u32; parents.len()];
    for (walk, start) in (1..).zip(0..narrow(parents.len())) {
        let mut at = Some(start);
        while let Some(child) = at {
            match walks.get_mut(index(child)) {
                Some(seen) if *seen == 0 => *seen = walk,
                Some(seen) if *seen == walk => return circle_at(keys, child, above(child)),
                _ => break,
            }
            at = above(child);
        }
    }
    super::Place::File.has(Fault::Lost)
}

/// The damage of a circle that `child` is part of.
fn circle_at(keys: &Keys, child: u32, parent: Option<u32>) -> Damage {
    let key = |number: u32| keys.keys.get(index(number));
    match (key(child), parent.and_then(key)) {
        (Some(child), Some(parent)) => keys.place(child).has(Fault::Circle {
            name: parent.name.of_text(&keys.text).to_owned(),
            table: parent.table,
            offset: narrow(keys.offset(parent)),
        }),
        _ => super::Place::File.has(Fault::Lost),
    }
}
