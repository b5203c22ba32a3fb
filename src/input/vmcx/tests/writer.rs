//! Writes containers, as the format notes (1.1 to 1.4) describe them, from a tree of keys. It shares nothing with the reader, and
//! other tests and benchmarks take it in by its path.

use std::collections::HashMap;

/// CRC-32 as in zlib, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |state, byte| {
        (0..8).fold(state ^ u32::from(*byte), |state, _| if state & 1 == 1 { state >> 1 ^ 0xEDB8_8320 } else { state >> 1 })
    })
}

/// CRC-32 of `bytes` with the four bytes at `hole` taken as zero.
fn checksum(bytes: &[u8], hole: usize) -> u32 {
    crc32(&[&bytes[..hole], &[0; 4], &bytes[hole + 4..]].concat())
}

/// A value to write.
#[derive(Debug, Clone)]
pub(super) enum Val {
    Node(Vec<Key>),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    /// Text as UTF-16 units, for what no `String` can hold.
    Units(Vec<u16>),
    Bytes(Vec<u8>),
    Bool(i32),
}

/// A key to write.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: Val,
}

pub(super) fn key(name: &str, value: Val) -> Key {
    Key { name: name.to_owned(), value }
}

pub(super) fn node(name: &str, children: Vec<Key>) -> Key {
    key(name, Val::Node(children))
}

pub(super) fn int(name: &str, n: i64) -> Key {
    key(name, Val::Int(n))
}

pub(super) fn text(name: &str, text: &str) -> Key {
    key(name, Val::Text(text.to_owned()))
}

/// How to lay a container out.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Size of a key table.
    pub(super) table: usize,
    /// Slots of an object table; the last of several links to the next table.
    pub(super) slots: usize,
    /// Size from which on a value lies in a file object.
    pub(super) object_from: usize,
    /// Whether the last key lies first.
    pub(super) reversed: bool,
    /// Unused bytes behind every value.
    pub(super) slack: usize,
    /// Size of the free space before every third key, 0 for none.
    pub(super) free: usize,
    /// Sequence numbers of the two header copies.
    pub(super) sequences: [u16; 2],
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { table: 4096, slots: 227, object_from: 2048, reversed: false, slack: 0, free: 0, sequences: [7, 6] }
    }
}

/// A container, and where its parts lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Built {
    pub(super) bytes: Vec<u8>,
    /// Path → start of the entry. Repeated siblings have `#2` and so on.
    pub(super) entries: HashMap<String, usize>,
    pub(super) tables: Vec<usize>,
    pub(super) object_tables: Vec<usize>,
    pub(super) objects: Vec<(usize, usize)>,
    pub(super) log: usize,
    /// Slots of an object table.
    pub(super) slots: usize,
    /// Entries pending in the log.
    pending: Vec<(usize, Vec<u8>)>,
}

/// An entry on its way into a table.
struct Flat {
    path: String,
    name: String,
    kind: u8,
    data: Vec<u8>,
    parent: Option<usize>,
    sequence: u32,
    table: usize,
    offset: usize,
}

pub(super) const TYPE: usize = 0;
pub(super) const SIZE: usize = 2;
pub(super) const PARENT_TABLE: usize = 6;
pub(super) const PARENT: usize = 8;
pub(super) const SEQUENCE: usize = 16;
pub(super) const NAME_LENGTH: usize = 20;
pub(super) const NAME: usize = 21;

fn flatten(keys: &[Key], parent: Option<usize>, above: &str, flat: &mut Vec<Flat>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (sequence, key) in keys.iter().enumerate() {
        let count = seen.entry(&key.name).or_insert(0);
        *count += 1;
        let path = if *count > 1 { format!("{above}/{}#{count}", key.name) } else { format!("{above}/{}", key.name) };
        let sized = |bytes: Vec<u8>| [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat();
        let utf16 = |units: &mut dyn Iterator<Item = u16>| sized(units.flat_map(u16::to_le_bytes).collect());
        let (kind, data) = match &key.value {
            Val::Int(n) => (3, n.to_le_bytes().to_vec()),
            Val::Uint(n) => (4, n.to_le_bytes().to_vec()),
            Val::Double(n) => (5, n.to_le_bytes().to_vec()),
            Val::Text(text) => (6, utf16(&mut text.encode_utf16())),
            Val::Units(units) => (6, utf16(&mut units.iter().copied())),
            Val::Bytes(bytes) => (7, sized(bytes.clone())),
            Val::Bool(b) => (8, b.to_le_bytes().to_vec()),
            Val::Node(children) => (9, [&[0; 8][..], &(children.len() as u32).to_le_bytes()].concat()),
        };
        flat.push(Flat {
            path: path.clone(),
            name: key.name.clone(),
            kind,
            data,
            parent,
            sequence: sequence as u32,
            table: 0,
            offset: 0,
        });
        if let Val::Node(children) = &key.value {
            flatten(children, Some(flat.len() - 1), &path, flat);
        }
    }
}

/// Puts `data` at `at`, and makes the file as long as that takes.
fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}

/// Writes a container.
pub(super) fn write(layout: &Layout, keys: &[Key]) -> Built {
    let mut flat = Vec::new();
    flatten(keys, None, "", &mut flat);
    let mut built = Built { slots: layout.slots, ..Built::default() };

    // Large values first, as their places stand in the entries.
    let mut large = Vec::new();
    let mut flags = vec![0_u8; flat.len()];
    for (number, entry) in flat.iter_mut().enumerate() {
        if matches!(entry.kind, 6 | 7) && entry.data.len() - 4 >= layout.object_from {
            large.push((number, entry.data.split_off(4)));
            entry.data.extend([0; 8]);
            flags[number] = 1;
        }
    }

    // A place for every entry.
    let order: Vec<usize> = if layout.reversed { (0..flat.len()).rev().collect() } else { (0..flat.len()).collect() };
    let size = |entry: &Flat| NAME + entry.name.len() + 1 + entry.data.len() + layout.slack;
    let (mut table, mut offset) = (1, 10);
    let mut free = Vec::new();
    for (count, &number) in order.iter().enumerate() {
        let gap = if count % 3 == 2 { layout.free } else { 0 };
        let entry = &mut flat[number];
        if offset + gap + size(entry) + 6 > layout.table {
            free.push((table, offset, layout.table - offset));
            (table, offset) = (table + 1, 10);
        } else if gap > 0 {
            free.push((table, offset, gap));
            offset += gap;
        }
        (entry.table, entry.offset) = (table, offset);
        offset += size(entry);
    }
    free.push((table, offset, layout.table - offset));
    let page = |n: usize| n.next_multiple_of(4096);
    let table_at = |table: usize| 0x3000 + (table - 1) * page(layout.table);
    let mut end = table_at(table + 1);
    for (number, data) in &large {
        flat[*number].data[4..12].copy_from_slice(&(end as u64).to_le_bytes());
        built.objects.push((end, data.len()));
        put(&mut built.bytes, end, data);
        end += page(data.len());
    }

    // Tables and entries.
    for number in 1..=table {
        let header = [2_u16.to_le_bytes(), (number as u16).to_le_bytes(), 1_u16.to_le_bytes()].concat();
        put(&mut built.bytes, table_at(number), &header);
        built.tables.push(table_at(number));
    }
    for (table, offset, size) in free {
        let at = table_at(table) + offset;
        put(&mut built.bytes, at, &[1, 0]);
        put(&mut built.bytes, at + SIZE, &(size as u32).to_le_bytes());
        put(&mut built.bytes, at + size - 1, &[0]);
    }
    for (number, entry) in flat.iter().enumerate() {
        let at = table_at(entry.table) + entry.offset;
        let (parent_table, parent) = entry.parent.map_or((0, 0), |parent| (flat[parent].table, flat[parent].offset));
        let header = [
            &[entry.kind, flags[number]][..],
            &(size(entry) as u32).to_le_bytes(),
            &(parent_table as u16).to_le_bytes(),
            &(parent as u32).to_le_bytes(),
            &[0; 4],
            &entry.sequence.to_le_bytes(),
            &[entry.name.len() as u8 + 1],
            entry.name.as_bytes(),
            &[0],
            &entry.data,
            &vec![0xEE; layout.slack],
        ];
        put(&mut built.bytes, at, &header.concat());
        built.entries.insert(entry.path.clone(), at);
    }

    // Object tables.
    let mut slots: Vec<(u8, usize, usize)> = built.tables.iter().map(|at| (2, *at, layout.table)).collect();
    slots.extend(built.objects.iter().map(|(at, size)| (3, *at, page(*size))));
    let mut at = 0x2000;
    loop {
        built.object_tables.push(at);
        let here = if slots.len() > layout.slots { layout.slots - 1 } else { slots.len() };
        let mut row: Vec<_> = slots.drain(..here).collect();
        let next = end;
        if !slots.is_empty() {
            row.push((1, next, 4096));
            end += 4096;
        }
        row.resize(layout.slots, (0, 0, 0));
        put(&mut built.bytes, at, &0x0111_0001_u32.to_le_bytes());
        put(&mut built.bytes, at + 4, &(layout.slots as u32).to_le_bytes());
        put(&mut built.bytes, at + 4095, &[0]);
        for (number, (kind, object, size)) in row.into_iter().enumerate() {
            let slot =
                [&[kind][..], &[0; 4], &(object as u64).to_le_bytes(), &(size as u32).to_le_bytes(), &[u8::from(kind != 0)]];
            put(&mut built.bytes, at + 8 + 18 * number, &slot.concat());
        }
        if slots.is_empty() {
            break;
        }
        at = next;
    }

    built.log = end;
    built.write_log();
    for (at, sequence) in [0, 0x1000].into_iter().zip(layout.sequences) {
        let header = [
            &0x0128_2014_u32.to_le_bytes()[..],
            &[0; 4],
            &sequence.to_le_bytes(),
            &0x0400_u32.to_le_bytes(),
            &[0; 8],
            &4096_u32.to_le_bytes(),
            &(built.log as u64).to_le_bytes(),
            &0x4000_u64.to_le_bytes(),
            &4096_u32.to_le_bytes(),
        ];
        put(&mut built.bytes, at, &header.concat());
    }
    built.seal();
    built
}

impl Built {
    /// Counts `data` for `target` as pending.
    pub(super) fn pend(&mut self, target: usize, data: &[u8]) {
        self.pending.push((target, data.to_vec()));
        self.write_log();
    }

    /// Writes the log with the pending entries.
    fn write_log(&mut self) {
        let header = [
            &0x0111_0003_u32.to_le_bytes()[..],
            &[0; 4],
            &(self.pending.len() as u32).to_le_bytes(),
            &[0],
            &145_u32.to_le_bytes(),
            &[0; 17],
        ];
        put(&mut self.bytes, self.log, &header.concat());
        put(&mut self.bytes, self.log + 4095, &[0]);
        let mut source = 4096;
        for (number, (target, data)) in self.pending.clone().into_iter().enumerate() {
            let entry = [
                &(target as u64).to_le_bytes()[..],
                &(data.len() as u32).to_le_bytes(),
                &(source as u64).to_le_bytes(),
                &[0; 4],
                &crc32(&data).to_le_bytes(),
            ];
            put(&mut self.bytes, self.log + 34 + 28 * number, &entry.concat());
            put(&mut self.bytes, self.log + source, &data);
            source += data.len();
        }
        self.seal();
    }

    /// Start of the entry at a path.
    pub(super) fn at(&self, path: &str) -> usize {
        self.entries[path]
    }

    /// Puts `data` at `at`; [`Built::seal`] makes the checksums right again.
    pub(super) fn put(&mut self, at: usize, data: &[u8]) {
        put(&mut self.bytes, at, data);
    }

    /// Changes the entry at a path, and makes the checksums right again.
    pub(super) fn change(&mut self, path: &str, field: usize, data: &[u8]) {
        self.put(self.entries[path] + field, data);
        self.seal();
    }

    /// Changes a slot of the first object table, and makes the checksums right again.
    pub(super) fn change_slot(&mut self, slot: usize, field: usize, data: &[u8]) {
        self.put(0x2008 + 18 * slot + field, data);
        self.seal();
    }

    /// Makes every checksum right for what the bytes now say.
    pub(super) fn seal(&mut self) {
        for at in [0, 0x1000] {
            self.seal_at(at, 46, 4);
        }
        self.seal_at(self.log, 34, 4);
        for number in 0..self.pending.len() {
            self.seal_at(self.log + 34 + 28 * number, 28, 20);
        }
        for table in self.object_tables.clone() {
            for slot in 0..self.slots {
                self.seal_at(table + 8 + 18 * slot, 18, 1);
            }
        }
        for table in self.tables.clone() {
            self.seal_at(table, 10, 6);
        }
        let entries: Vec<usize> = self.entries.values().copied().collect();
        for at in entries {
            if let Some(used) = self.used(at) {
                self.seal_at(at, used, 12);
            }
        }
    }

    /// How much of the entry at `at` its checksum covers.
    fn used(&self, at: usize) -> Option<usize> {
        let byte = |at: usize| self.bytes.get(at).copied();
        let value = NAME + usize::from(byte(at + NAME_LENGTH)?);
        let length: [u8; 4] = self.bytes.get(at + value..at + value + 4)?.try_into().ok()?;
        Some(match (byte(at + TYPE)?, byte(at + 1)? & 1) {
            (_, 1) | (9, _) => value + 12,
            (3..=5, _) => value + 8,
            (6 | 7, _) => (value + 4).checked_add(u32::from_le_bytes(length) as usize)?,
            _ => value + 4,
        })
    }

    fn seal_at(&mut self, at: usize, size: usize, hole: usize) {
        if let Some(part) = at.checked_add(size).and_then(|end| self.bytes.get_mut(at..end)) {
            let sum = checksum(part, hole);
            part[hole..hole + 4].copy_from_slice(&sum.to_le_bytes());
        }
    }
}
