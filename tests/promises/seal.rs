//! Containers with their checksums made right, so that what is made up gets past them.

use std::collections::HashSet;

/// The same bytes with the right checksum in every header, log entry, slot, table and key that can be found from the first header.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = Container(bytes.to_vec());
    for at in [0, 0x1000] {
        file.seal(at, 46, 4);
    }
    if let Some(log) = file.number(26, 8) {
        let count = file.number(log.saturating_add(8), 4).unwrap_or_default().min(64);
        for entry in (0..count).map(|number| log.saturating_add(34 + 28 * number)) {
            if let (Some(size), Some(from)) = (file.number(entry + 8, 4), file.number(entry + 12, 8)) {
                let from = from.saturating_add(log);
                if let Some(data) = file.0.get(from..from.saturating_add(size)) {
                    let sum = crc32(data);
                    file.put(entry + 24, sum);
                }
                file.seal(entry, 28, 20);
            }
        }
        file.seal(log, 34, 4);
    }
    let (mut todo, mut seen) = (vec![0x2000], HashSet::new());
    while let Some(table) = todo.pop().filter(|&at| seen.insert(at)) {
        let count = file.number(table + 4, 4).unwrap_or_default().min(256);
        for slot in (0..count).map(|number| table + 8 + 18 * number) {
            file.seal(slot, 18, 1);
            let (Some(&kind), Some(at), Some(size)) = (file.0.get(slot), file.number(slot + 5, 8), file.number(slot + 13, 4))
            else {
                break;
            };
            match kind {
                1 if at < file.0.len() => todo.push(at),
                2 if seen.insert(at) => file.keys(at, at.saturating_add(size)),
                _ => {}
            }
        }
    }
    file.0
}

struct Container(Vec<u8>);

impl Container {
    /// The little-endian number of so many bytes.
    fn number(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(size)?)?;
        let number = bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        usize::try_from(number).ok()
    }

    fn put(&mut self, at: usize, number: u32) {
        if let Some(place) = at.checked_add(4).and_then(|end| self.0.get_mut(at..end)) {
            place.copy_from_slice(&number.to_le_bytes());
        }
    }

    fn seal(&mut self, at: usize, size: usize, hole: usize) {
        self.put(at.saturating_add(hole), 0);
        if let Some(part) = at.checked_add(size).and_then(|end| self.0.get(at..end)) {
            let sum = crc32(part);
            self.put(at + hole, sum);
        }
    }

    /// Seals the keys of a table and the table itself.
    fn keys(&mut self, table: usize, end: usize) {
        self.seal(table, 10, 6);
        let mut at = table.saturating_add(10);
        while at < end {
            let Some(size) = self.number(at + 2, 4).filter(|&size| size >= 6) else { return };
            if let Some(used) = self.used(at)
                && self.0[at] != 1
            {
                self.seal(at, used, 12);
            }
            at = at.saturating_add(size);
        }
    }

    /// How much of the entry at `at` its checksum covers.
    fn used(&self, at: usize) -> Option<usize> {
        let value = 21 + self.number(at + 20, 1)?;
        Some(match (self.number(at, 1)?, self.number(at + 1, 1)? & 1) {
            (_, 1) | (9, _) => value + 12,
            (3..=5, _) => value + 8,
            (6 | 7, _) => (value + 4).checked_add(self.number(at.checked_add(value)?, 4)?)?,
            _ => value + 4,
        })
    }
}

/// CRC-32 as in zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |state, &byte| {
        (0..8).fold(state ^ u32::from(byte), |state, _| (state >> 1) ^ (0xEDB8_8320 & (state & 1).wrapping_neg()))
    })
}
