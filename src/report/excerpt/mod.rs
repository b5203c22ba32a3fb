//! The few lines of a source that one finding is about, cut out, escaped and handed to miette as a source of their own.
//!
//! miette scans its source from the start for every label, prints long lines whole, knows no CR line ends, counts columns in
//! bytes and panics on spans past the end. Given only these lines, with spans moved to them, none of that matters, and a page
//! costs the same in a file of any size.

mod lines;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use self::lines::{Shown, width};
use super::place::Places;
use super::{Terminal, escape};
use crate::finding::{Finding, Label};
use crate::source::{Source, Span, boundary};

/// Labels in one page at most: the focus, the element it is in, and related places.
pub(super) const MAX_LABELS: usize = MAX_RELATED + 2;

/// Related places in one page at most.
const MAX_RELATED: usize = 8;

/// A label over more lines than this is drawn at its first line only.
const MAX_LINES: usize = 6;

/// An element that starts at most this many lines above the focus is shown from its start.
const NEAR: usize = 4;

/// The words of a label are not set narrower than this, however little room a terminal leaves them; or a file, where lines
/// may be long.
const MIN_TEXT: (usize, usize) = (8, 40);

/// The excerpt of one finding.
#[derive(Debug)]
pub(super) struct Excerpt {
    path: String,
    shown: Shown,
    groups: Vec<Group>,
    labels: Vec<LabeledSpan>,
    focus: usize,
    left_out: usize,
}

/// Lines in a row as they are shown.
#[derive(Debug)]
pub(super) struct Lines<'e> {
    /// The number of the first line in the file.
    pub(super) line: usize,
    /// Where they start, counted as the offsets of labels are.
    pub(super) start: usize,
    /// The lines, each with its end.
    pub(super) text: &'e str,
}

/// Lines in a row, somewhere in the shown text.
#[derive(Debug)]
struct Group {
    start: usize,
    end: usize,
    /// Index of the first line in the source, and how many there are.
    line: usize,
    lines: usize,
    /// Line and column, from 0, that its heading names.
    at: (usize, usize),
}

/// A label on its way: a span in whole characters within the lines `first` to `last` without their ends.
#[derive(Debug, Clone)]
struct Mark {
    start: usize,
    end: usize,
    first: usize,
    last: usize,
    /// Escaped; of several labels in one, each has a line.
    text: String,
    focus: bool,
}

impl Excerpt {
    /// What to show of `source` for `finding`; nothing where the source is empty.
    pub(super) fn new(
        finding: &Finding,
        source: &Source,
        path: &str,
        places: &Places<'_>,
        terminal: Terminal,
    ) -> Option<Excerpt> {
        if source.text().is_empty() {
            return None;
        }
        let (marks, ranges) = choose(finding, source);
        let digits = ranges.iter().map(|range| range.1 + 1).max().unwrap_or(1).ilog10() as usize + 1;
        let arrows = marks.iter().filter(|mark| mark.first != mark.last).count();
        let gutter = digits + 4 + if arrows > 0 { arrows + 3 } else { 0 };
        let columns = terminal.fit.then(|| terminal.width.saturating_sub(gutter).max(20));
        let gap = if terminal.unicode { "…" } else { "..." };
        let mut anchors: Vec<usize> = marks.iter().flat_map(|mark| [mark.start, mark.end]).collect();
        anchors.sort_unstable();
        anchors.dedup();

        let mut shown = Shown::default();
        let mut groups = Vec::new();
        for (first, last) in ranges {
            let start = shown.text.len();
            for line in first..=last {
                let line = content(source, line);
                let inside: Vec<usize> = anchors.iter().copied().filter(|at| (line.0..=line.1).contains(at)).collect();
                shown.push_line(source.text(), line, &inside, columns, gap);
            }
            let head = marks.iter().filter(|mark| (first..=last).contains(&mark.first));
            let head = head.min_by_key(|mark| (!mark.focus, mark.start)).map_or(0, |mark| mark.start);
            let at = places.position(head as u32);
            let at = (at.line as usize - 1, at.column as usize - 1);
            groups.push(Group { start, end: shown.text.len(), line: first, lines: last - first + 1, at });
        }

        let mut labels: Vec<LabeledSpan> = marks
            .iter()
            .map(|mark| {
                let start = shown.find(mark.start);
                let span = (start, shown.find(mark.end).saturating_sub(start));
                let text = mark.wrapped(&shown.text, span, gutter, terminal);
                if mark.focus { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
            })
            .collect();
        labels.sort_by_key(LabeledSpan::offset);
        let focus = labels.iter().position(LabeledSpan::primary).unwrap_or(0);
        Some(Excerpt {
            path: path.to_owned(),
            shown,
            groups,
            labels,
            focus,
            left_out: finding.related.len().saturating_sub(MAX_RELATED),
        })
    }

    /// The groups of lines, that of the focus first.
    pub(super) fn groups(&self) -> impl Iterator<Item = Lines<'_>> {
        self.groups.iter().map(|group| Lines {
            line: group.line + 1,
            start: group.start,
            text: self.shown.text.get(group.start..group.end).unwrap_or_default(),
        })
    }

    /// The labels, in the order of the shown text.
    pub(super) fn labels(&self) -> &[LabeledSpan] {
        &self.labels
    }

    /// Which of the labels is the focus.
    pub(super) fn focus(&self) -> usize {
        self.focus
    }

    /// How many related places did not fit.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset().saturating_add(span.len());
        // A span over two groups has no contents, so miette leaves them apart.
        let inside = |group: &&Group| group.start <= span.offset() && end <= group.end && span.offset() < group.end;
        let group = self.groups.iter().find(inside).ok_or(MietteError::OutOfBounds)?;
        let data = self.shown.text.get(group.start..group.end).ok_or(MietteError::OutOfBounds)?;
        let covered = SourceSpan::from((group.start, group.end - group.start));
        // Asked for a span without context, miette wants the position for the heading; else the lines to draw.
        let (line, column) = if context == 0 { group.at } else { (group.line, 0) };
        let contents = MietteSpanContents::new_named(self.path.clone(), data.as_bytes(), covered, line, column, group.lines);
        Ok(Box::new(contents))
    }
}

impl Mark {
    fn new(source: &Source, label: &Label, focus: bool) -> Mark {
        let mut mark = Mark::over(source, label.span);
        mark.focus = focus;
        mark.text = escape(label.text.trim()).into_owned();
        // With two labels over lines, miette's gutters go out of step as soon as there are colours.
        if mark.last - mark.first >= if focus { MAX_LINES } else { 1 } {
            let until = mark.last + 1;
            mark.end = content(source, mark.first).1;
            mark.last = mark.first;
            let space = if mark.text.is_empty() { "" } else { " " };
            mark.text = format!("{}{space}(to line {until})", mark.text);
        }
        mark
    }

    /// A mark without text over the span, as far as the source has it.
    fn over(source: &Source, span: Span) -> Mark {
        let text = source.text();
        let start = boundary(text, span.start as usize);
        let mut end = boundary(text, span.end as usize).max(start);
        if end < span.end as usize && end < text.len() && end > start {
            // The span ends inside a character: take the whole of it.
            end += text.get(end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        }
        let first = source.line(start as u32).index as usize;
        let last = source.line(if end > start { end as u32 - 1 } else { end as u32 }).index as usize;
        let start = start.min(content(source, first).1);
        let end = end.min(content(source, last).1).max(start);
        Mark { start, end, first, last, text: String::new(), focus: false }
    }

    /// The `<name` that opens an element.
    fn opening(source: &Source, place: Span) -> Option<Mark> {
        let rest = source.text().get(place.start as usize..)?.strip_prefix('<')?;
        let name = rest.bytes().take(64).take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/')).count();
        let mut mark = Mark::over(source, Span::new(place.start as usize, place.start as usize + 1 + name));
        mark.text = "in this element".to_owned();
        Some(mark)
    }

    /// The text as it fits right of where miette writes it: below the middle of a mark at `span` of the shown text.
    fn wrapped(&self, shown: &str, span: (usize, usize), gutter: usize, terminal: Terminal) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        let line = shown.get(..span.0).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let columns_of = |from: usize, to: usize| width(shown.get(from..to).unwrap_or_default());
        let left = columns_of(line, span.0) + columns_of(span.0, span.0 + span.1) / 2;
        let left = if self.first == self.last { gutter + left + 4 } else { gutter + 3 };
        let least = if terminal.fit { MIN_TEXT.0 } else { MIN_TEXT.1 };
        let room = terminal.width.saturating_sub(left).max(least);
        if self.text.lines().all(|line| textwrap::core::display_width(line) <= room) {
            return Some(self.text.clone());
        }
        let options = textwrap::Options::new(room)
            .break_words(false)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        Some(textwrap::fill(&self.text, options))
    }
}

/// What a page shows: the marks, focus first, and the ranges of lines, that of the focus first.
fn choose(finding: &Finding, source: &Source) -> (Vec<Mark>, Vec<(usize, usize)>) {
    let focus = Mark::new(source, &finding.focus, true);
    let mut ranges = vec![(focus.first, focus.last)];
    let mut others: Vec<Mark> = finding.related.iter().take(MAX_RELATED).map(|label| Mark::new(source, label, false)).collect();
    let opening = Mark::opening(source, finding.place.span);
    if let Some(opening) = opening.filter(|opening| opening.first < focus.first) {
        if focus.first - opening.first <= NEAR {
            ranges = vec![(opening.first, focus.last)];
        } else if !others.iter().any(|other| other.first == opening.first) {
            others.push(opening);
        }
    }
    let empty_line = source.slice(source.line_span(focus.first)).trim_end_matches(['\r', '\n']).is_empty();
    if empty_line && let Some((first, _)) = ranges.first_mut() {
        // A fault at the end of a file: a bare line number says little.
        *first = first.saturating_sub(1);
    }
    let marks = apart(source, focus, others);
    ranges.extend(marks.iter().map(|mark| (mark.first, mark.last)));
    let ranges = joined(ranges, marks.first().map_or(0, |focus| focus.first));
    (marks, ranges)
}

/// A line, counted from 0, without its end.
fn content(source: &Source, line: usize) -> (usize, usize) {
    let span = source.line_span(line);
    let text = source.slice(span).trim_end_matches(['\r', '\n']);
    (span.start as usize, span.start as usize + text.len())
}

/// The marks, focus first, cut so that none lies over another: miette would draw the second beside what it means. Of a mark
/// that nothing is left of, the text goes to the one that covers it.
fn apart(source: &Source, focus: Mark, others: Vec<Mark>) -> Vec<Mark> {
    let mut marks = vec![focus];
    for mut other in others {
        let mut covered_by = None;
        for (n, kept) in marks.iter().enumerate() {
            if other.end <= kept.start || kept.end <= other.start {
                continue;
            }
            let cut = match (other.start < kept.start, kept.end < other.end) {
                (true, _) => (other.start, kept.start),
                (false, true) => (kept.end, other.end),
                (false, false) => {
                    covered_by = Some(n);
                    break;
                }
            };
            let (text, focus) = (std::mem::take(&mut other.text), other.focus);
            other = Mark { text, focus, ..Mark::over(source, Span::new(cut.0, cut.1)) };
        }
        match covered_by.and_then(|n| marks.get_mut(n)) {
            Some(kept) if kept.text.is_empty() => kept.text = other.text,
            Some(kept) if !other.text.is_empty() && kept.text.lines().all(|line| line != other.text) => {
                kept.text = format!("{}\n{}", kept.text, other.text);
            }
            Some(_) => {}
            None => marks.push(other),
        }
    }
    marks
}

/// Ranges of lines, those with at most one line between them made one; the one with line `focus` comes first.
fn joined(mut ranges: Vec<(usize, usize)>, focus: usize) -> Vec<(usize, usize)> {
    ranges.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.0 <= last.1 + 2 => last.1 = last.1.max(range.1),
            _ => joined.push(range),
        }
    }
    joined.sort_by_key(|range| !(range.0..=range.1).contains(&focus));
    joined
}
