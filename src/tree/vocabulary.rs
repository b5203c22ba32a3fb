//! The names that expressions ask for, as numbers.

use std::sync::Arc;

/// A name that expressions may ask for, as a small number; equal numbers are equal names (namespace and local part).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    /// Any name that is not in the vocabulary.
    pub const OTHER: NameId = NameId(0);

    /// The number itself, below [`Vocabulary::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The names that compiled expressions ask for. Filled while expressions are compiled, only read afterwards.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// Namespace URI and local part of each name. Wording that is compiled late has a vocabulary of its own, a copy.
    names: Arc<Vec<(Box<str>, Box<str>)>>,
    /// The names by their local parts: open addressing, a power of two long and at most half full.
    slots: Vec<Slot>,
}

/// Where a name is found: most are told by their first eight bytes and their length alone.
#[derive(Debug, Clone, Copy)]
struct Slot {
    signature: u64,
    length: u32,
    id: NameId,
}

const FREE: Slot = Slot { signature: 0, length: 0, id: NameId::OTHER };

/// Eight bytes of a name that, with its length, tell names of up to eight bytes apart: its first and its last ones, which overlap.
#[inline]
fn signature(name: &[u8]) -> u64 {
    if let Some(first) = name.first_chunk() {
        u64::from_le_bytes(*first)
    } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
    } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        u64::from(u16::from_le_bytes(*first)) | u64::from(u16::from_le_bytes(*last)) << 32
    } else {
        name.first().copied().map_or(0, u64::from)
    }
}

impl Default for Vocabulary {
    fn default() -> Self {
        Vocabulary::with_room(31)
    }
}

impl Vocabulary {
    /// An empty vocabulary that takes so many names before it has to grow.
    pub fn with_room(names: usize) -> Vocabulary {
        let mut known = Vec::with_capacity(names + 1);
        // Number 0 is `NameId::OTHER`.
        known.push(Default::default());
        Vocabulary { names: Arc::new(known), slots: vec![FREE; (2 * names + 2).next_power_of_two()] }
    }

    /// The number of a name, given now if it has none. `namespace` is the URI, empty for none.
    pub fn intern(&mut self, namespace: &str, local: &str) -> NameId {
        let known = self.get(namespace, local);
        if known != NameId::OTHER {
            return known;
        }
        let id = NameId(self.names.len() as u32);
        Arc::make_mut(&mut self.names).push((namespace.into(), local.into()));
        if 2 * self.names.len() > self.slots.len() {
            self.slots = vec![FREE; 2 * self.slots.len()];
            for known in 1..id.0 {
                self.file(NameId(known));
            }
        }
        self.file(id);
        id
    }

    fn file(&mut self, id: NameId) {
        let local = self.names[id.index()].1.as_bytes();
        let slot = Slot { signature: signature(local), length: local.len() as u32, id };
        let mut at = self.first_slot(slot.signature, slot.length);
        while self.slots[at].id != NameId::OTHER {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    #[inline]
    fn first_slot(&self, signature: u64, length: u32) -> usize {
        let mixed = (signature ^ u64::from(length)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 40) as usize & (self.slots.len() - 1)
    }

    /// The number of a name, or [`NameId::OTHER`].
    #[inline]
    pub fn get(&self, namespace: &str, local: &str) -> NameId {
        let (signature, length) = (signature(local.as_bytes()), local.len() as u32);
        let mut at = self.first_slot(signature, length);
        loop {
            let slot = self.slots[at];
            if slot.id == NameId::OTHER {
                return NameId::OTHER;
            }
            if slot.signature == signature && slot.length == length {
                let (known_namespace, known_local) = &self.names[slot.id.index()];
                if **known_namespace == *namespace && (length <= 8 || **known_local == *local) {
                    return slot.id;
                }
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Namespace URI and local part of a name; both empty for [`NameId::OTHER`].
    pub fn name(&self, id: NameId) -> (&str, &str) {
        self.names.get(id.index()).map_or(("", ""), |(namespace, local)| (namespace, local))
    }

    /// Namespace URI and local part of the name with this number; both empty where there is none.
    pub fn nth(&self, number: usize) -> (&str, &str) {
        self.names.get(number).map_or(("", ""), |(namespace, local)| (namespace, local))
    }

    /// One more than the largest number given.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no name was given a number.
    pub fn is_empty(&self) -> bool {
        self.names.len() == 1
    }
}
