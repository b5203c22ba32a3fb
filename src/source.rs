//! A file as text: its name, the decoded characters, and the way back from every position to a line, a column and the byte
//! offset in the file as it lies on disk.
//!
//! Everything inside the program is a byte [`Span`] in the decoded text; lines, columns and file offsets are worked out only
//! when a report asks for them.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// A range of bytes in the decoded text of one [`Source`]. Offsets are `u32`: no file over 64 MiB is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, given as the indices that slices use; no text is longer than `u32` can count.
    #[inline]
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// An empty span at `at`.
    pub fn at(at: usize) -> Span {
        Span::new(at, at)
    }

    /// The same range as indices of a slice.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether the span covers nothing.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// This span moved `by` bytes towards the end of the text.
    #[inline]
    pub fn shifted(self, by: u32) -> Span {
        Span { start: self.start.wrapping_add(by), end: self.end.wrapping_add(by) }
    }
}

/// A line and a column, both counted from 1; a column counts Unicode scalar values, a tab being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. LF, CR and CRLF each end one.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Characters of one kind in a row: each takes `text_width` bytes in the decoded text and `file_width` bytes in the file.
#[derive(Debug, Clone, Copy)]
struct Run {
    text: u32,
    file: u32,
    text_width: u8,
    file_width: u8,
}

/// How text offsets lead back to the bytes of a file whose encoding is not UTF-8.
#[derive(Debug, Clone, Default)]
pub struct OriginMap {
    runs: Vec<Run>,
    text: u32,
    file: u32,
}

impl OriginMap {
    /// A map for a file whose text starts `file_start` bytes into it (the length of a byte order mark).
    pub fn starting_at(file_start: u32) -> OriginMap {
        OriginMap { runs: Vec::new(), text: 0, file: file_start }
    }

    /// Appends one character: `text_width` bytes of UTF-8 stand for `file_width` bytes of the file.
    pub fn push(&mut self, text_width: u8, file_width: u8) {
        self.push_all(1, text_width, file_width);
    }

    /// Appends so many characters of the same widths.
    pub fn push_all(&mut self, count: usize, text_width: u8, file_width: u8) {
        if count == 0 {
            return;
        }
        let same = self.runs.last().is_some_and(|run| run.text_width == text_width && run.file_width == file_width);
        if !same {
            self.runs.push(Run { text: self.text, file: self.file, text_width, file_width });
        }
        let count = count as u32;
        self.text += count * u32::from(text_width);
        self.file += count * u32::from(file_width);
    }

    fn file_offset(&self, text_offset: u32) -> u32 {
        let after = self.runs.partition_point(|run| run.text <= text_offset);
        let Some(run) = after.checked_sub(1).and_then(|i| self.runs.get(i)) else { return self.file };
        if text_offset >= self.text {
            return self.file;
        }
        let characters = (text_offset - run.text) / u32::from(run.text_width).max(1);
        run.file + characters * u32::from(run.file_width)
    }
}

#[derive(Debug, Clone)]
enum Origin {
    /// The text is the file, after `bom` bytes.
    Utf8 {
        bom: u32,
    },
    Mapped(OriginMap),
    /// The text was made from a binary file, entry by entry.
    Entries(Vec<Entry>),
}

/// A piece of a text that was made from a binary file, and the bytes of the file that it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The piece of the text.
    pub text: Span,
    /// The bytes of the file, which need not lie in the order of the text.
    pub file: Span,
}

/// The last character boundary of `text` at or before `at`.
pub(crate) fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One file, decoded.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    text: Cow<'static, str>,
    origin: Origin,
    lines: OnceLock<Lines>,
}

impl Source {
    /// A source whose text is the bytes of the file, after a byte order mark of `bom` bytes that `text` no longer holds.
    pub fn utf8(path: impl Into<PathBuf>, text: impl Into<Cow<'static, str>>, bom: u32) -> Source {
        Source { path: path.into(), text: text.into(), origin: Origin::Utf8 { bom }, lines: OnceLock::new() }
    }

    /// A source decoded from another encoding; `map` leads from each of its characters to the file.
    pub fn decoded(path: impl Into<PathBuf>, text: String, map: OriginMap) -> Source {
        Source { path: path.into(), text: text.into(), origin: Origin::Mapped(map), lines: OnceLock::new() }
    }

    /// A source whose text was made from a binary file. `entries` stand in the order of the text and do not overlap there.
    pub fn binary(path: impl Into<PathBuf>, text: String, entries: Vec<Entry>) -> Source {
        Source { path: path.into(), text: text.into(), origin: Origin::Entries(entries), lines: OnceLock::new() }
    }

    /// Whether the text was made from a binary file, so that its lines stand in no file.
    pub fn is_binary(&self) -> bool {
        matches!(self.origin, Origin::Entries(_))
    }

    /// The file's path as the user or the walk named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The decoded text, without a byte order mark, line ends as they are in the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`; empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// How many lines the text has; a last line without an end counts, an empty one after the last line end does too.
    pub fn line_count(&self) -> usize {
        self.line(self.text.len() as u32).index as usize + 1
    }

    /// The line that holds the text offset.
    pub fn line(&self, offset: u32) -> Line {
        let bytes = self.text.as_bytes();
        let Lines { marks, any_cr } = self.lines();
        let at = (offset as usize).min(bytes.len());
        let block = at / BLOCK;
        let mark = marks.get(block).copied().unwrap_or(Line::FIRST);
        if *any_cr { mark.passing_any(bytes, block * BLOCK..at) } else { mark.passing(bytes, block * BLOCK..at) }
    }

    /// The span of a line, counted from 0, with its line end.
    pub fn line_span(&self, index: usize) -> Span {
        let start = self.line_start(index);
        Span { start, end: self.line_start(index + 1) }
    }

    /// Where a line begins; the end of the text where there is no such line.
    fn line_start(&self, index: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let marks = &self.lines().marks;
        let block = marks.partition_point(|mark| mark.index as usize <= index).saturating_sub(1);
        let mark = marks.get(block).copied().unwrap_or(Line::FIRST);
        match index.saturating_sub(mark.index as usize).checked_sub(1) {
            None => mark.start,
            Some(further) => {
                let from = block * BLOCK;
                ends(bytes, from..bytes.len().min(from + BLOCK)).nth(further).map_or(bytes.len() as u32, |end| end as u32)
            }
        }
    }

    /// The line that holds the text offset, and its text without the line end: for a look into a long text whose other lines nobody asks
    /// for. `since` is a line at or before it.
    pub fn line_around(&self, offset: u32, since: Line) -> (Line, &str) {
        let bytes = self.text.as_bytes();
        let line = since.passing_any(bytes, since.start as usize..(offset as usize).min(bytes.len()));
        let end = ends(bytes, line.start as usize..bytes.len()).next().unwrap_or(bytes.len());
        (line, self.slice(Span::new(line.start as usize, end)).trim_end_matches(['\r', '\n']))
    }

    /// Line and column of a text offset. An offset inside a character counts as that character's.
    pub fn position(&self, offset: u32) -> Position {
        let Line { index, start } = self.line(offset);
        let until = boundary(&self.text, (offset as usize).max(start as usize));
        let column = self.text.get(start as usize..until).map_or(0, |before| before.chars().count());
        Position { line: index + 1, column: column as u32 + 1 }
    }

    /// The byte offset in the file on disk that the text offset stands for; in a binary file, the start of the entry.
    pub fn file_offset(&self, offset: u32) -> u32 {
        match &self.origin {
            Origin::Utf8 { bom } => offset + bom,
            Origin::Mapped(map) => map.file_offset(offset),
            Origin::Entries(entries) => entry_at(entries, offset).and_then(|at| entries.get(at)).map_or(0, |e| e.file.start),
        }
    }

    /// The bytes of the file on disk that a span stands for. In a binary file these are whole entries: that of a span within
    /// one line, and for a longer span the range that holds all of its entries.
    pub fn file_range(&self, span: Span) -> (u32, u32) {
        let Origin::Entries(entries) = &self.origin else {
            return (self.file_offset(span.start), self.file_offset(span.end.max(span.start)));
        };
        let touched = entry_at(entries, span.start).and_then(|first| entries.get(first..)).unwrap_or_default();
        let Some((first, rest)) = touched.split_first() else { return (0, 0) };
        let rest = rest.iter().take_while(|entry| entry.text.start < span.end);
        rest.fold((first.file.start, first.file.end), |(start, end), entry| {
            (start.min(entry.file.start), end.max(entry.file.end))
        })
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let any_cr = memchr::memchr(b'\r', bytes).is_some();
            let mut line = Line::FIRST;
            let mut marks = Vec::with_capacity(bytes.len() / BLOCK + 1);
            marks.push(line);
            for from in (0..bytes.len()).step_by(BLOCK) {
                let block = from..bytes.len().min(from + BLOCK);
                line = if any_cr { line.passing_any(bytes, block) } else { line.passing(bytes, block) };
                marks.push(line);
            }
            Lines { marks, any_cr }
        })
    }
}

/// A line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 0.
    pub index: u32,
    /// Where it begins, in bytes.
    pub start: u32,
}

/// Bytes between the places of a text whose lines are remembered: few findings are asked for, and counting is quick.
const BLOCK: usize = 512;

/// The lines of a text.
#[derive(Debug)]
struct Lines {
    /// That of every [`BLOCK`]th byte.
    marks: Vec<Line>,
    /// Whether line ends are more than line feeds.
    any_cr: bool,
}

impl Line {
    /// The first line of any text.
    pub const FIRST: Line = Line { index: 0, start: 0 };

    /// The line at the end of a range, where this is that of its begin and lines end with line feeds only.
    fn passing(self, text: &[u8], range: Range<usize>) -> Line {
        let passed = text.get(range.clone()).unwrap_or_default();
        let count = memchr::memchr_iter(b'\n', passed).count() as u32;
        let start = memchr::memrchr(b'\n', passed).map_or(self.start, |at| (range.start + at) as u32 + 1);
        Line { index: self.index + count, start }
    }

    /// The same for all line ends.
    fn passing_any(self, text: &[u8], range: Range<usize>) -> Line {
        ends(text, range).fold(self, |line, end| Line { index: line.index + 1, start: end as u32 })
    }
}

/// The places behind the line ends that end in a range. They are line feeds, carriage returns, and both together.
fn ends(text: &[u8], range: Range<usize>) -> impl Iterator<Item = usize> {
    let found = memchr::memchr2_iter(b'\n', b'\r', text.get(range.clone()).unwrap_or_default());
    let ends = found.map(move |at| range.start + at + 1);
    ends.filter(|&end| text.get(end - 1..end + 1) != Some(b"\r\n"))
}

/// The entry that a text offset lies in or behind: the last one that starts at or before it.
fn entry_at(entries: &[Entry], offset: u32) -> Option<usize> {
    let after = entries.partition_point(|entry| entry.text.start <= offset);
    Some(after.saturating_sub(1)).filter(|_| !entries.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_from_everywhere() {
        let long = format!("{}\n", "x".repeat(BLOCK - 2));
        let split = format!("{}\r\nz\r", "y".repeat(BLOCK - 1));
        for text in ["", "a\nbé\n\nc", "a\r\nb\rc\n", "\n", "\r", &"ab\n".repeat(500), &long.repeat(3), &split.repeat(3)] {
            let source = Source::utf8("x", text.to_owned(), 0);
            let mut starts = vec![0];
            let last_of_end =
                |at: usize| text[at..].starts_with('\n') || (text[at..].starts_with('\r') && !text[at..].starts_with("\r\n"));
            starts.extend((0..text.len()).filter(|&at| text.is_char_boundary(at) && last_of_end(at)).map(|at| at as u32 + 1));
            assert_eq!(source.line_count(), starts.len());
            for offset in 0..=text.len() as u32 {
                let index = starts.iter().rposition(|start| *start <= offset).unwrap();
                let line = Line { index: index as u32, start: starts[index] };
                assert_eq!(source.line(offset), line, "{text:?} {offset}");
                let span = Span { start: line.start, end: starts.get(index + 1).copied().unwrap_or(text.len() as u32) };
                assert_eq!(source.line_span(index), span, "{text:?} {offset}");
                let shown = source.slice(span).trim_end_matches(['\r', '\n']);
                for since in [0, index / 2, index] {
                    let since = Line { index: since as u32, start: starts[since] };
                    assert_eq!(source.line_around(offset, since), (line, shown), "{text:?} {offset} {since:?}");
                }
            }
        }
    }

    #[test]
    fn lines_end_with_lf_cr_or_crlf() {
        let source = Source::utf8("x", "a\nbc\r\nd\re".to_owned(), 0);
        let at = |offset| {
            let p = source.position(offset);
            (p.line, p.column)
        };
        assert_eq!(
            [at(0), at(1), at(2), at(4), at(5), at(6), at(7), at(8)].to_vec(),
            [(1, 1), (1, 2), (2, 1), (2, 3), (2, 4), (3, 1), (3, 2), (4, 1)]
        );
        assert_eq!(source.line_count(), 4);
        assert_eq!(source.slice(source.line_span(1)), "bc\r\n");
    }

    #[test]
    fn columns_count_characters_and_tabs_as_one() {
        let source = Source::utf8("x", "\té𝄞x".to_owned(), 0);
        assert_eq!(source.position(7), Position { line: 1, column: 4 });
    }

    #[test]
    fn file_offsets_follow_the_width_of_each_character() {
        // "é𝄞a" in UTF-16 with a byte order mark: 2 + 2 + 4 + 2 bytes.
        let mut map = OriginMap::starting_at(2);
        for c in "é𝄞a".chars() {
            map.push(c.len_utf8() as u8, 2 * c.len_utf16() as u8);
        }
        let source = Source::decoded("x", "é𝄞a".to_owned(), map);
        assert_eq!([0, 2, 6, 7].map(|offset| source.file_offset(offset)), [2, 4, 8, 10]);
    }

    #[test]
    fn a_byte_order_mark_moves_file_offsets() {
        assert_eq!(Source::utf8("x", "ab".to_owned(), 3).file_offset(1), 4);
    }

    #[test]
    fn a_binary_file_is_led_back_to_by_whole_entries() {
        let entry = |start, end, at| Entry { text: Span::new(start, end), file: Span::new(at, at + 10) };
        let source = Source::binary("x", "/a\n/b\n/c".to_owned(), vec![entry(0, 2, 500), entry(3, 5, 100), entry(6, 8, 300)]);
        let cases =
            [((0, 2), (500, 510)), ((4, 5), (100, 110)), ((3, 8), (100, 310)), ((8, 8), (300, 310)), ((2, 3), (500, 510))];
        for ((start, end), wanted) in cases {
            assert_eq!(source.file_range(Span::new(start, end)), wanted, "{start}..{end}");
        }
        assert_eq!(source.file_offset(7), 300);
        assert_eq!(Source::binary("x", String::new(), Vec::new()).file_range(Span::at(0)), (0, 0));
    }
}
