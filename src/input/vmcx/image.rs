//! The container as its writer meant it: the file with the pending entries of the replay log carried out (format notes 1.4).
//!
//! The writer first puts new data into the log, then into their places. If it dies in between, the log's header counts entries
//! that are still to be copied; what lies behind the counted ones is left over from earlier rounds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::bytes::{crc32, index, u32_at, u64_at, verify};
use super::damage::{Damage, Fault, Place};
use super::header::Header;
use super::limits::LOG_GROWTH;

/// First four bytes of the log.
const SIGNATURE: u32 = 0x0111_0003;
/// Size of the log's header.
const HEADER: usize = 34;
/// Size of a log entry.
const ENTRY: usize = 28;

/// The bytes of a container, and where in the file each of them stands.
pub(super) struct Image<'a> {
    bytes: Cow<'a, [u8]>,
    origins: Origins,
}

/// Where in the file the bytes of a container stand. Without a pending log that is where they stand in the container.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    /// Size of the file.
    file: usize,
    /// What came out of the log: start in the container → end there, and start in the file. No two overlap.
    written: BTreeMap<usize, (usize, usize)>,
}

/// A pending entry, checked.
struct Entry<'a> {
    target: usize,
    source: usize,
    data: &'a [u8],
}

impl<'a> Image<'a> {
    /// The container in `file`, with the number of log entries that had to be carried out for it.
    pub(super) fn of(file: &'a [u8], header: &Header) -> Result<(Image<'a>, usize), Damage> {
        let entries = pending(file, header)?;
        let mut image = Image::as_it_is(file);
        if let Some(end) = entries.iter().map(|entry| entry.target.saturating_add(entry.data.len())).max() {
            let bytes = image.bytes.to_mut();
            if end > bytes.len() {
                bytes.resize(end, 0);
            }
            for entry in &entries {
                let end = entry.target.saturating_add(entry.data.len());
                if let Some(target) = bytes.get_mut(entry.target..end) {
                    target.copy_from_slice(entry.data);
                }
                image.origins.write(entry.target..end, entry.source);
            }
        }
        Ok((image, entries.len()))
    }

    /// The container in `file` whatever its log says.
    pub(super) fn as_it_is(file: &'a [u8]) -> Image<'a> {
        Image { bytes: Cow::Borrowed(file), origins: Origins { file: file.len(), written: BTreeMap::new() } }
    }

    /// Size of the container.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Size of the file, which the log may have made longer.
    pub(super) fn file_len(&self) -> usize {
        self.origins.file
    }

    /// The `size` bytes at `at`, if all of them were ever written.
    pub(super) fn get(&self, at: u64, size: u64) -> Option<&[u8]> {
        let range = index(at)..index(at).checked_add(index(size))?;
        if self.origins.exist(&range) { self.bytes.get(range) } else { None }
    }

    /// As [`Image::get`]; what is missing is damage of `place`.
    pub(super) fn need(&self, at: u64, size: u64, place: impl FnOnce() -> Place) -> Result<&[u8], Damage> {
        self.get(at, size).ok_or_else(|| place().has(Fault::PastEnd { at, size, file: self.origins.file }))
    }

    /// Gives up the bytes and keeps where they stand in the file.
    pub(super) fn into_origins(self) -> Origins {
        self.origins
    }
}

impl Origins {
    /// Notes that the bytes of `target` stand at `source` in the file, whatever was noted before.
    fn write(&mut self, target: Range<usize>, source: usize) {
        if target.is_empty() {
            return;
        }
        // What is left of a piece from `start` once everything before the end of `target` is cut off.
        let rest = |start: usize, end: usize, source: usize| {
            (end > target.end).then(|| (target.end, (end, source.saturating_add(target.end.saturating_sub(start)))))
        };
        if let Some((&start, &(end, from))) = self.written.range(..target.start).next_back()
            && end > target.start
        {
            self.written.insert(start, (target.start, from));
            self.written.extend(rest(start, end, from));
        }
        while let Some((&start, &(end, from))) = self.written.range(target.clone()).next() {
            self.written.remove(&start);
            self.written.extend(rest(start, end, from));
        }
        self.written.insert(target.start, (target.end, source));
    }

    /// Whether every byte of `range` stands somewhere in the file: behind its end only what came out of the log does.
    fn exist(&self, range: &Range<usize>) -> bool {
        let mut at = range.start.max(self.file);
        while at < range.end {
            match self.written.range(..=at).next_back() {
                Some((_, &(end, _))) if end > at => at = end,
                _ => return false,
            }
        }
        true
    }

    /// Where `range` stands in the file. A range of which only the beginning lies in one piece gives that piece.
    pub(super) fn locate(&self, range: Range<usize>) -> Range<usize> {
        if self.written.is_empty() {
            return range;
        }
        let before = self.written.range(..=range.start).next_back();
        if let Some((&start, &(end, source))) = before.filter(|(_, (end, _))| *end > range.start) {
            let moved = |at: usize| source.saturating_add(at.saturating_sub(start));
            return moved(range.start)..moved(range.end.min(end));
        }
        let next = self.written.range(range.start..).next().map_or(usize::MAX, |(start, _)| *start);
        range.start.min(self.file)..range.end.min(next).min(self.file)
    }
}

/// The pending entries of the log, in the order in which they are to be carried out.
fn pending<'a>(file: &'a [u8], header: &Header) -> Result<Vec<Entry<'a>>, Damage> {
    let at = header.log_at();
    let place = || Place::Log { at };
    let past_end = |size| Fault::PastEnd { at: header.log_offset, size, file: file.len() };
    let block = file.get(at..).unwrap_or_default();
    let log = block.get(..HEADER).ok_or_else(|| place().has(past_end(HEADER as u64)))?;
    let found = u32_at(log, 0).unwrap_or_default();
    if found != SIGNATURE {
        return Err(place().has(Fault::Signature { found, expected: SIGNATURE }));
    }
    verify(log, 4).map_err(|(stored, computed)| place().has(Fault::Checksum { stored, computed }))?;

    let count = u32_at(log, 8).unwrap_or_default();
    let capacity = index(u32_at(log, 13).unwrap_or_default());
    let room = index(header.log_block).saturating_sub(HEADER).checked_div(ENTRY).unwrap_or_default().min(capacity);
    if index(count) > room {
        return Err(place().has(Fault::Count { count, room }));
    }
    let size = index(count).saturating_mul(ENTRY);
    let entries = block.get(HEADER..).and_then(|rest| rest.get(..size)).ok_or_else(|| place().has(past_end(size as u64)))?;

    let limit = file.len().saturating_mul(2).saturating_add(LOG_GROWTH);
    let data_start = header.log_offset.saturating_add(u64::from(header.log_block));
    let data_end = header.log_offset.saturating_add(header.log_size);
    let mut total = 0_usize;
    let mut checked = Vec::with_capacity(index(count));
    for (number, entry) in entries.chunks_exact(ENTRY).enumerate() {
        let entry_at = at.saturating_add(HEADER).saturating_add(number.saturating_mul(ENTRY));
        let fail = |fault: Fault| Place::LogEntry { index: number, at: entry_at }.has(fault);
        verify(entry, 20).map_err(|(stored, computed)| fail(Fault::Checksum { stored, computed }))?;
        let target = u64_at(entry, 0).unwrap_or_default();
        let size = u32_at(entry, 8).unwrap_or_default();
        let source = u64_at(entry, 12).unwrap_or_default().saturating_add(header.log_offset);
        let source_end = source.saturating_add(u64::from(size));
        if source < data_start || source_end > data_end {
            return Err(fail(Fault::LogSource { at: source, size, start: data_start, end: data_end }));
        }
        let data = file
            .get(index(source)..index(source_end))
            .ok_or_else(|| fail(Fault::PastEnd { at: source, size: u64::from(size), file: file.len() }))?;
        let stored = u32_at(entry, 24).unwrap_or_default();
        let computed = crc32(data);
        // Checked before the next checksum is computed, so that entries with the same data cost no more than the file.
        total = total.saturating_add(data.len());
        if total > file.len() {
            return Err(fail(Fault::LogTotal));
        }
        if stored != computed {
            return Err(fail(Fault::Checksum { stored, computed }));
        }
        if target.saturating_add(u64::from(size)) > limit as u64 {
            return Err(fail(Fault::LogDestination { at: target, size, file: file.len() }));
        }
        checked.push(Entry { target: index(target), source: index(source), data });
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::Origins;

    #[test]
    fn later_writes_hide_earlier_ones() {
        let mut origins = Origins { file: 100, ..Origins::default() };
        origins.write(10..30, 50);
        origins.write(15..20, 80);
        assert_eq!(origins.locate(12..14), 52..54);
        assert_eq!(origins.locate(16..18), 81..83);
        assert_eq!(origins.locate(22..28), 62..68);
        assert_eq!(origins.locate(12..28), 52..55, "only what stands together");
        assert_eq!(origins.locate(5..12), 5..10);
        assert_eq!(origins.locate(40..50), 40..50);
        origins.write(5..40, 60);
        assert_eq!(origins.locate(16..18), 71..73);
        assert_eq!(origins.written.len(), 1);
    }

    #[test]
    fn behind_the_end_of_the_file_only_written_bytes_exist() {
        let mut origins = Origins { file: 100, ..Origins::default() };
        origins.write(110..120, 10);
        origins.write(120..130, 50);
        assert!(origins.exist(&(0..100)));
        assert!(origins.exist(&(112..130)));
        assert!(!origins.exist(&(112..131)));
        assert!(!origins.exist(&(95..112)));
        assert_eq!(origins.locate(100..105), 100..100);
    }
}
