//! The names that expressions ask for, as numbers.

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
#[derive(Debug)]
pub struct Vocabulary {
    /// Namespace URI and local part of each name, one behind the other.
    text: String,
    names: Vec<Name>,
    /// The names by their local parts: open addressing, a power of two long and at most half full.
    slots: Vec<Slot>,
}

/// Where a name stands in the text of all names: the namespace from the start on, the local part behind it up to the end.
#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    local: u32,
    end: u32,
}

/// Where a name is found: most are told by their first eight bytes and their length alone.
#[derive(Debug, Clone, Copy)]
struct Slot {
    signature: u64,
    /// The length of the local part, and [`QUALIFIED`] where the name has a namespace.
    length: u32,
    id: NameId,
}

const FREE: Slot = Slot { signature: 0, length: 0, id: NameId::OTHER };
const QUALIFIED: u32 = 1 << 31;

/// Signature and length of a name as slots have them.
#[inline]
fn key(namespace: &str, local: &str) -> (u64, u32) {
    let qualified = if namespace.is_empty() { 0 } else { QUALIFIED };
    (signature(local.as_bytes()), local.len() as u32 | qualified)
}

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

/// Bytes that a name takes, roughly.
const LENGTH: usize = 12;

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
        known.push(Name { start: 0, local: 0, end: 0 });
        let text = String::with_capacity(names * LENGTH);
        Vocabulary { text, names: known, slots: vec![FREE; (2 * names + 2).next_power_of_two()] }
    }

    /// The number of a name, given now if it has none. `namespace` is the URI, empty for none.
    pub fn intern(&mut self, namespace: &str, local: &str) -> NameId {
        let known = self.get(namespace, local);
        if known != NameId::OTHER {
            return known;
        }
        let id = NameId(self.names.len() as u32);
        let start = self.text.len() as u32;
        self.text.push_str(namespace);
        self.text.push_str(local);
        self.names.push(Name { start, local: start + namespace.len() as u32, end: self.text.len() as u32 });
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
        let (namespace, local) = self.name(id);
        let (signature, length) = key(namespace, local);
        let slot = Slot { signature, length, id };
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
        let (signature, length) = key(namespace, local);
        let mut at = self.first_slot(signature, length);
        loop {
            let slot = self.slots[at];
            if slot.id == NameId::OTHER {
                return NameId::OTHER;
            }
            let alike = slot.signature == signature && slot.length == length;
            // Only a short name without a namespace is told by these alone.
            if alike && (length <= 8 || self.name(slot.id) == (namespace, local)) {
                return slot.id;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The number of a name, or one that no tree has.
    pub fn known(&self, namespace: &str, local: &str) -> NameId {
        match self.get(namespace, local) {
            NameId::OTHER => NameId(self.names.len() as u32),
            known => known,
        }
    }

    /// Namespace URI and local part of a name; both empty for [`NameId::OTHER`].
    #[inline]
    pub fn name(&self, id: NameId) -> (&str, &str) {
        let Some(Name { start, local, end }) = self.names.get(id.index()) else { return ("", "") };
        let part = |start: &u32, end: &u32| self.text.get(*start as usize..*end as usize).unwrap_or_default();
        (part(start, local), part(local, end))
    }

    /// All names in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        (1..self.names.len()).map(|number| self.name(NameId(number as u32)))
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
