//! Object tables: the list of everything a container holds (format notes 1.2).

use std::collections::BTreeMap;

use super::bytes::{index, u8_at, u32_at, u64_at, verify};
use super::damage::{Damage, Fault, Place};
use super::header;
use super::image::Image;

/// First four bytes of an object table.
const SIGNATURE: u32 = 0x0111_0001;
/// Where the first one lies.
const FIRST: u64 = 0x2000;
/// What the first one takes at least: nothing states its size, and in all known files it fills 4096 bytes.
const FIRST_SIZE: usize = 0x1000;
/// What it may take: as much as the largest alignment of objects.
const FIRST_MOST: usize = 0x1_0000;
/// Size of a table's header.
const HEADER: usize = 8;
/// Size of an entry.
const ENTRY: usize = 18;

/// Types of objects.
mod kind {
    pub(super) const UNUSED: u8 = 0;
    pub(super) const OBJECT_TABLE: u8 = 1;
    pub(super) const KEY_TABLE: u8 = 2;
    pub(super) const FILE_OBJECT: u8 = 3;
    /// Free space, and by what other readers say, named headers, the replay log and change tracking: nothing with keys in it.
    pub(super) const OTHERS: std::ops::RangeInclusive<u8> = 4..=7;
}

/// A range of the container that a table gives to something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) at: u64,
    pub(super) size: u32,
}

/// What the object tables list.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// How many object tables there are.
    pub(super) tables: usize,
    /// The key tables, in the order of the lists.
    pub(super) key_tables: Vec<Extent>,
    /// The file objects: offset → size.
    pub(super) file_objects: BTreeMap<u64, u32>,
}

/// Which part of the container belongs to what. As no byte is given out twice, all parts together are no larger than the
/// container, which is what keeps the reader linear; and a chain of tables that comes back to itself is found.
#[derive(Debug, Default)]
struct Claims(BTreeMap<u64, (u64, &'static str)>);

impl Claims {
    /// Gives `size` bytes at `at` to `owner`, unless some of them belong to another already.
    fn claim(&mut self, at: u64, size: u64, owner: &'static str) -> Result<(), Fault> {
        let end = at.saturating_add(size);
        if size == 0 {
            return Ok(());
        }
        if let Some((&other, &(other_end, owner))) = self.0.range(..end).next_back()
            && other_end > at
        {
            return Err(Fault::Overlap { at, owner, other });
        }
        self.0.insert(at, (end, owner));
        Ok(())
    }
}

/// Reads all object tables, from the one at 0x2000 along the links.
pub(super) fn read(image: &Image<'_>, alignment: u32, log: Extent) -> Result<Objects, Damage> {
    let mut objects = Objects::default();
    let mut claims = Claims::default();
    for at in header::COPIES {
        claims.claim(at as u64, header::SIZE as u64, "header").map_err(|fault| Place::Header { at }.has(fault))?;
    }
    claims.claim(log.at, u64::from(log.size), "replay log").map_err(|fault| Place::Log { at: index(log.at) }.has(fault))?;
    let first = first_size(image, index(alignment))?;
    let place = || Place::ObjectTable { at: index(FIRST) };
    claims.claim(FIRST, first as u64, "object table").map_err(|fault| place().has(fault))?;

    let mut todo = vec![(FIRST, first)];
    while let Some((at, size)) = todo.pop() {
        let place = || Place::ObjectTable { at: index(at) };
        let table = image.need(at, size.max(HEADER) as u64, place)?;
        objects.tables = objects.tables.saturating_add(1);
        let found = u32_at(table, 0).unwrap_or_default();
        if found != SIGNATURE {
            return Err(place().has(Fault::Signature { found, expected: SIGNATURE }));
        }
        let count = u32_at(table, 4).unwrap_or_default();
        let slots = table.get(HEADER..).unwrap_or_default().chunks_exact(ENTRY);
        if index(count) > slots.len() {
            return Err(place().has(Fault::Count { count, room: slots.len() }));
        }
        for (number, slot) in slots.enumerate() {
            let slot_at = index(at).saturating_add(HEADER).saturating_add(number.saturating_mul(ENTRY));
            let fail = |fault: Fault| Place::Slot { table: index(at), index: number, at: slot_at }.has(fault);
            let kind = u8_at(slot, 0).unwrap_or_default();
            let intact = verify(slot, 1);
            if number >= index(count) {
                // The count has no checksum. One that was made smaller would hide whole tables, but not that they are there.
                if kind != kind::UNUSED && intact.is_ok() {
                    return Err(place().has(Fault::Uncounted { count, index: number }));
                }
                continue;
            }
            intact.map_err(|(stored, computed)| fail(Fault::Checksum { stored, computed }))?;
            let extent = Extent { at: u64_at(slot, 5).unwrap_or_default(), size: u32_at(slot, 13).unwrap_or_default() };
            let size = u64::from(extent.size);
            match kind {
                kind::OBJECT_TABLE => {
                    claims.claim(extent.at, size, "object table").map_err(fail)?;
                    todo.push((extent.at, index(extent.size)));
                }
                kind::KEY_TABLE => {
                    claims.claim(extent.at, size, "key table").map_err(fail)?;
                    image.need(extent.at, size, || Place::KeyTable { number: None, at: index(extent.at) })?;
                    objects.key_tables.push(extent);
                }
                kind::FILE_OBJECT => {
                    claims.claim(extent.at, size, "file object").map_err(fail)?;
                    let room = objects.file_objects.entry(extent.at).or_insert(0);
                    *room = extent.size.max(*room);
                }
                kind if kind == kind::UNUSED || kind::OTHERS.contains(&kind) => {}
                kind => return Err(fail(Fault::UnknownType(kind))),
            }
        }
    }
    Ok(objects)
}

/// Size of the first table: what its entries take, and no less than is known of all files unless the file ends before.
fn first_size(image: &Image<'_>, alignment: usize) -> Result<usize, Damage> {
    let place = || Place::ObjectTable { at: index(FIRST) };
    let count = u32_at(image.need(FIRST, HEADER as u64, place)?, 4).unwrap_or_default();
    let most = alignment.clamp(FIRST_SIZE, FIRST_MOST);
    let entries = index(count).saturating_mul(ENTRY);
    let size = entries.saturating_add(HEADER);
    if size > most {
        let room = most.saturating_sub(HEADER).checked_div(ENTRY).unwrap_or_default();
        return Err(place().has(Fault::Count { count, room }));
    }
    image.need(FIRST, size as u64, place)?;
    Ok(size.max(FIRST_SIZE.min(image.len().saturating_sub(index(FIRST)))))
}
