//! Lines and columns for the reports of one file.

use std::cell::Cell;

use crate::finding::Finding;
use crate::source::{Line, Position, Source, Span, boundary};

/// Works out positions, each from the one before it when they share a line: findings come in order, and a file that is one
/// line of a megabyte would otherwise be counted from its start for every one.
#[derive(Debug)]
pub struct Places<'a> {
    source: &'a Source,
    last: Cell<Known>,
}

/// The column, from 0, of `at` in the line that starts at `line`.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    line: usize,
    at: usize,
    column: usize,
}

impl<'a> Places<'a> {
    /// Of a file; nothing is worked out yet.
    pub fn new(source: &'a Source) -> Places<'a> {
        Places { source, last: Cell::new(Known::default()) }
    }

    /// Line and column of an offset; one past the end counts as the end, one inside a character as that character.
    pub fn position(&self, offset: u32) -> Position {
        let text = self.source.text();
        let at = boundary(text, offset as usize);
        let Line { index, start } = self.source.line(at as u32);
        let line = start as usize;
        let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
        let last = self.last.get();
        let column = if last.line == line && last.at <= at {
            last.column + count(last.at, at)
        } else if last.line == line && last.at - at < at - line {
            last.column - count(at, last.at)
        } else {
            count(line, at)
        };
        self.last.set(Known { line, at, column });
        Position { line: index + 1, column: column as u32 + 1 }
    }

    /// What annotations mark: the focus where it begins on the line of the offending element, else that element's start tag. So the
    /// line is the same in every report for programs, and the column as close as can be.
    pub(super) fn marked(&self, finding: &Finding) -> Span {
        let (place, focus) = (finding.place.span, finding.focus.span);
        let line = |span: Span| self.source.line(boundary(self.source.text(), span.start as usize) as u32);
        if line(place) == line(focus) { focus } else { place }
    }

    /// The offsets of a span in the file on disk; one past the end counts as the end.
    pub(super) fn file_range(&self, span: Span) -> (u32, u32) {
        let whole = |offset: u32| boundary(self.source.text(), offset as usize) as u32;
        self.source.file_range(Span { start: whole(span.start), end: whole(span.end.max(span.start)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_the_same_in_any_order() {
        let source = Source::utf8("x", "äb\tcd仮想\r\nxyz\rq".repeat(5), 0);
        let places = Places::new(&source);
        let mut at = 7_u32;
        for _ in 0..500 {
            at = (at * 31 + 11) % (source.text().len() as u32 + 1);
            let at = boundary(source.text(), at as usize) as u32;
            assert_eq!(places.position(at), source.position(at), "{at}");
        }
    }
}
