//! Key tables: the keys in the order in which they lie in the container (format notes 1.3). Who is whose parent is looked up
//! later, as a child may lie before its parent.

use std::collections::BTreeMap;
use std::collections::btree_map;

use super::bytes::{checksum_as, index, narrow, u8_at, u16_at, u32_at, u64_at, verify};
use super::damage::{Damage, Fault, Place};
use super::image::Image;
use super::objects::{Extent, Objects};
use super::value::{Kind, units};

/// First two bytes of a key table.
const SIGNATURE: u16 = 2;
/// Size of a table's header.
const HEADER: usize = 10;
/// Size of an entry's header.
const ENTRY: usize = 21;
/// Size of the header of free space: its type, its flags and its size.
const FREE: usize = 6;
/// Offset of the checksum in an entry.
const CHECKSUM: usize = 12;
/// Type of free space.
const FREE_TYPE: u8 = 1;
/// Flag of an entry whose value is a pointer to a file object.
const POINTER: u8 = 1;
/// Size of such a pointer.
const POINTER_SIZE: usize = 12;

/// A range in one of the two stores, [`Keys::text`] or [`Keys::data`]; as short as a key has room for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    start: u32,
    len: u32,
}

impl Part {
    fn from(start: usize, end: usize) -> Part {
        Part { start: narrow(start), len: narrow(end.saturating_sub(start)) }
    }

    /// The part of `text`.
    pub(super) fn of_text(self, text: &str) -> &str {
        let start = index(self.start);
        text.get(start..start.saturating_add(index(self.len))).unwrap_or_default()
    }

    /// The part of `data`.
    pub(super) fn of_data(self, data: &[u8]) -> &[u8] {
        let start = index(self.start);
        data.get(start..start.saturating_add(index(self.len))).unwrap_or_default()
    }
}

/// A value as a key holds it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stored {
    Node,
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Part),
    Utf16(Part),
    Array(Part),
    Bool(bool),
}

impl Stored {
    /// Type of the value.
    pub(super) fn kind(self) -> Kind {
        match self {
            Stored::Node => Kind::Node,
            Stored::Int(_) => Kind::Int,
            Stored::Uint(_) => Kind::Uint,
            Stored::Double(_) => Kind::Double,
            Stored::String(_) | Stored::Utf16(_) => Kind::String,
            Stored::Array(_) => Kind::Array,
            Stored::Bool(_) => Kind::Bool,
        }
    }
}

/// A key as it lies in its table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: Part,
    pub(super) value: Stored,
    /// Where the entry begins in the container.
    pub(super) at: u32,
    /// Its size, unused room included.
    pub(super) size: u32,
    /// Where the bytes of the value begin; in a file object, where it has one.
    pub(super) data_at: u32,
    /// How many there are.
    pub(super) data_len: u32,
    /// Offset of the parent in its table.
    pub(super) parent: u32,
    /// Number of the parent's table.
    pub(super) parent_table: u16,
    /// Number of its own table.
    pub(super) table: u16,
    /// Insertion sequence among its siblings.
    pub(super) sequence: u32,
}

impl Key {
    /// No key.
    pub(super) const NOTHING: Key = Key {
        name: Part { start: 0, len: 0 },
        value: Stored::Node,
        at: 0,
        size: 0,
        data_at: 0,
        data_len: 0,
        parent: 0,
        parent_table: 0,
        table: 0,
        sequence: 0,
    };
}

/// A key table in use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) number: u16,
    /// Where it begins in the container.
    pub(super) at: usize,
    /// Number of its first key in [`Keys::keys`].
    pub(super) first: usize,
}

/// All keys of a container.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// Names and text values.
    pub(super) text: String,
    /// Byte values.
    pub(super) data: Vec<u8>,
    /// The keys by table number and offset.
    pub(super) keys: Vec<Key>,
    /// The tables by number.
    pub(super) tables: Vec<Table>,
}

impl Keys {
    /// Where a key lies, for messages.
    pub(super) fn place(&self, key: &Key) -> Place {
        let name = Some(key.name.of_text(&self.text).to_owned());
        Place::Key { name, table: key.table, offset: self.offset(key), at: index(key.at) }
    }

    /// Offset of a key in its table.
    pub(super) fn offset(&self, key: &Key) -> usize {
        index(key.at).saturating_sub(self.table(key.table).map_or(0, |table| table.at))
    }

    /// The table of a number.
    fn table(&self, number: u16) -> Option<&Table> {
        let found = self.tables.binary_search_by_key(&number, |table| table.number).ok()?;
        self.tables.get(found)
    }

    /// Number of the key that begins at an offset in a table.
    pub(super) fn find(&self, table: u16, offset: u32) -> Option<usize> {
        let found = self.tables.binary_search_by_key(&table, |table| table.number).ok()?;
        let table = self.tables.get(found)?;
        let end = self.tables.get(found.saturating_add(1)).map_or(self.keys.len(), |next| next.first);
        let at = u32::try_from(table.at.checked_add(index(offset))?).ok()?;
        let within = self.keys.get(table.first..end)?.binary_search_by_key(&at, |key| key.at).ok()?;
        table.first.checked_add(within)
    }
}

/// Reads all keys of all tables.
pub(super) fn read(image: &Image<'_>, objects: &Objects) -> Result<Keys, Damage> {
    let tables = newest(image, objects)?;
    let mut reader = Reader { image, objects, shared: image.len(), keys: Keys::default() };
    for (number, (_, extent)) in tables {
        reader.table(number, extent)?;
    }
    Ok(reader.keys)
}

/// The key tables by number, each with its sequence number. Of two with one number, the later written one counts.
fn newest(image: &Image<'_>, objects: &Objects) -> Result<BTreeMap<u16, (u16, Extent)>, Damage> {
    let mut tables = BTreeMap::new();
    for extent in &objects.key_tables {
        let at = index(extent.at);
        let place = || Place::KeyTable { number: None, at };
        let table = image.need(extent.at, u64::from(extent.size), place)?;
        let header = table.get(..HEADER).ok_or_else(|| place().has(Fault::TableSize(u64::from(extent.size))))?;
        let found = u16_at(header, 0).unwrap_or_default();
        if found != SIGNATURE {
            return Err(place().has(Fault::Signature { found: u32::from(found), expected: u32::from(SIGNATURE) }));
        }
        verify(header, 6).map_err(|(stored, computed)| place().has(Fault::Checksum { stored, computed }))?;
        let number = u16_at(header, 2).unwrap_or_default();
        let sequence = u16_at(header, 4).unwrap_or_default();
        if number == 0 {
            return Err(place().has(Fault::TableZero));
        }
        match tables.entry(number) {
            btree_map::Entry::Vacant(entry) => {
                entry.insert((sequence, *extent));
            }
            btree_map::Entry::Occupied(mut entry) => {
                let (other_sequence, other) = *entry.get();
                if sequence == other_sequence {
                    let place = Place::KeyTable { number: Some(number), at };
                    return Err(place.has(Fault::TableTwice { other: index(other.at) }));
                }
                if sequence > other_sequence {
                    entry.insert((sequence, *extent));
                }
            }
        }
    }
    Ok(tables)
}

/// Reads key tables one after the other.
struct Reader<'a> {
    image: &'a Image<'a>,
    objects: &'a Objects,
    /// How many bytes in file objects the values to come may have.
    shared: usize,
    keys: Keys,
}

impl<'a> Reader<'a> {
    /// Reads the entries of one table, which fill it to its last byte.
    fn table(&mut self, number: u16, extent: Extent) -> Result<(), Damage> {
        let at = index(extent.at);
        let place = || Place::KeyTable { number: Some(number), at };
        let image: &'a Image<'a> = self.image;
        let table = image.need(extent.at, u64::from(extent.size), place)?;
        self.keys.tables.push(Table { number, at, first: self.keys.keys.len() });
        let mut offset = HEADER;
        while let Some(rest) = table.get(offset..).filter(|rest| !rest.is_empty()) {
            let place = |name: Option<&str>| Place::Key {
                name: name.map(str::to_owned),
                table: number,
                offset,
                at: at.saturating_add(offset),
            };
            let (Some(kind), Some(size)) = (u8_at(rest, 0), u32_at(rest, 2)) else {
                return Err(place(None).has(Fault::Remainder(rest.len())));
            };
            let free = kind == FREE_TYPE;
            let least = if free { FREE } else { ENTRY };
            if index(size) < least {
                return Err(place(None).has(Fault::EntrySize { size, need: least }));
            }
            let entry = rest.get(..index(size)).ok_or_else(|| {
                // The name is worth telling, and it may lie in the table all the same.
                let name = name_of(rest).ok().map(|(name, _)| name);
                place(name).has(Fault::EntryOverruns { size, left: rest.len() })
            })?;
            if free {
                if let Some(name) = freed_by_accident(entry) {
                    return Err(place(Some(name)).has(Fault::FreeKey));
                }
            } else {
                let start = at.saturating_add(offset);
                let key = self.key(number, start, entry).map_err(|fault| place(name_of(entry).ok().map(|n| n.0)).has(fault))?;
                self.keys.keys.push(key);
            }
            offset = offset.saturating_add(index(size));
        }
        Ok(())
    }

    /// Reads the entry `entry` that begins at `at` in the container.
    fn key(&mut self, table: u16, at: usize, entry: &[u8]) -> Result<Key, Fault> {
        let size = narrow(entry.len());
        let (name, value_at) = name_of(entry)?;
        let byte = u8_at(entry, 0).unwrap_or_default();
        let flags = u8_at(entry, 1).unwrap_or_default();
        let kind = Kind::of(byte).ok_or(Fault::UnknownType(byte))?;

        let pointer = flags & POINTER != 0;
        let (stored, used) = measure(entry, value_at, kind, pointer)?;
        let summed = entry.get(..used).unwrap_or_default();
        verify(summed, CHECKSUM).map_err(|(stored, computed)| Fault::Checksum { stored, computed })?;

        let (data, data_at) = if pointer {
            let (size, from) = (u32_at(stored, 0).unwrap_or_default(), u64_at(stored, 4).unwrap_or_default());
            (self.file_object(from, size)?, index(from))
        } else if matches!(kind, Kind::String | Kind::Array) {
            let start = value_at.saturating_add(stored.len());
            (entry.get(start..used).unwrap_or_default(), at.saturating_add(start))
        } else {
            (stored, at.saturating_add(value_at))
        };
        let name_start = self.keys.text.len();
        self.keys.text.push_str(name);
        let name = Part::from(name_start, self.keys.text.len());
        Ok(Key {
            name,
            value: self.value(kind, data)?,
            at: narrow(at),
            size,
            data_at: narrow(data_at),
            data_len: narrow(data.len()),
            parent: u32_at(entry, 8).unwrap_or_default(),
            parent_table: u16_at(entry, 6).unwrap_or_default(),
            table,
            sequence: u32_at(entry, 16).unwrap_or_default(),
        })
    }

    /// The bytes of a value that lies in a file object. No checksum covers them; that a table lists the object is all there is
    /// to hold against the pointer.
    fn file_object(&mut self, at: u64, size: u32) -> Result<&'a [u8], Fault> {
        if self.objects.file_objects.get(&at).is_none_or(|room| size > *room) {
            return Err(Fault::NoFileObject { at, size });
        }
        // Two values may share an object, but not so often that reading them takes longer than reading the file.
        self.shared = self.shared.checked_sub(index(size)).ok_or(Fault::FileObjectsShared)?;
        let size = u64::from(size);
        self.image.get(at, size).ok_or(Fault::PastEnd { at, size, file: self.image.file_len() })
    }

    /// Keeps the value of type `kind` whose bytes are `data`.
    fn value(&mut self, kind: Kind, data: &[u8]) -> Result<Stored, Fault> {
        let size = narrow(data.len());
        let expect = |expected: u32| if size == expected { Ok(()) } else { Err(Fault::ValueSize { kind, size, expected }) };
        Ok(match kind {
            // What is counted there, changes and insertions, only a writer needs.
            Kind::Node => expect(12).map(|()| Stored::Node)?,
            Kind::Int | Kind::Uint | Kind::Double => {
                expect(8)?;
                let bits = u64_at(data, 0).unwrap_or_default();
                match kind {
                    Kind::Int => Stored::Int(bits.cast_signed()),
                    Kind::Uint => Stored::Uint(bits),
                    _ => Stored::Double(f64::from_bits(bits)),
                }
            }
            Kind::Bool => {
                expect(4)?;
                Stored::Bool(u32_at(data, 0).unwrap_or_default() != 0)
            }
            Kind::Array => Stored::Array(self.keep(data)),
            Kind::String if !size.is_multiple_of(2) => return Err(Fault::OddText(size)),
            Kind::String => {
                let start = self.keys.text.len();
                let text = data.strip_suffix(&[0, 0]).unwrap_or(data);
                for c in char::decode_utf16(units(text)) {
                    let Ok(c) = c else {
                        self.keys.text.truncate(start);
                        return Ok(Stored::Utf16(self.keep(data)));
                    };
                    self.keys.text.push(c);
                }
                Stored::String(Part::from(start, self.keys.text.len()))
            }
        })
    }

    /// Keeps bytes.
    fn keep(&mut self, data: &[u8]) -> Part {
        let start = self.keys.data.len();
        self.keys.data.extend_from_slice(data);
        Part::from(start, self.keys.data.len())
    }
}

/// The part of a value that has the same size in every entry of its type, and where the whole value ends. What follows in the
/// entry is unused.
fn measure(entry: &[u8], value_at: usize, kind: Kind, pointer: bool) -> Result<(&[u8], usize), Fault> {
    let fixed = match kind {
        _ if pointer => POINTER_SIZE,
        Kind::String | Kind::Array | Kind::Bool => 4,
        Kind::Int | Kind::Uint | Kind::Double => 8,
        Kind::Node => 12,
    };
    let end = value_at.saturating_add(fixed);
    let stored = entry.get(value_at..end).ok_or(Fault::EntrySize { size: narrow(entry.len()), need: end })?;
    let length = match kind {
        Kind::String | Kind::Array if !pointer => u32_at(stored, 0).unwrap_or_default(),
        _ => 0,
    };
    let used = end.saturating_add(index(length));
    if used > entry.len() { Err(Fault::ValueOverruns(length)) } else { Ok((stored, used)) }
}

/// The name of a key in what claims to be free space. The writer clears the checksum and the name's length of what it frees. If
/// both are there and the checksum is right but for the type, then one flipped bit has made a key invisible.
fn freed_by_accident(entry: &[u8]) -> Option<&str> {
    let stored = u32_at(entry, CHECKSUM)?;
    let pointer = u8_at(entry, 1)? & POINTER != 0;
    let (name, value_at) = name_of(entry).ok()?;
    let fits = |byte: u8| {
        let kind = Kind::of(byte)?;
        let (_, used) = measure(entry, value_at, kind, pointer).ok()?;
        Some(checksum_as(byte, entry.get(..used)?, CHECKSUM) == stored)
    };
    (0..=u8::MAX).any(|byte| fits(byte) == Some(true)).then_some(name)
}

/// The name of an entry, and where its value begins.
fn name_of(entry: &[u8]) -> Result<(&str, usize), Fault> {
    let length = usize::from(u8_at(entry, ENTRY - 1).unwrap_or_default());
    let end = ENTRY.saturating_add(length);
    let stored = entry.get(ENTRY..end).ok_or(Fault::EntrySize { size: narrow(entry.len()), need: end })?;
    match stored.split_last() {
        Some((0, name)) if !name.contains(&0) => Ok((std::str::from_utf8(name).map_err(|_| Fault::NameText)?, end)),
        _ => Err(Fault::NameEnd),
    }
}
