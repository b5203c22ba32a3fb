//! A line of a source as it is shown: escaped, long ones cut to what matters, and every offset that a label needs carried over.

use super::super::escape::{is_unsafe, push_escaped};
use crate::source::boundary;

/// Lines longer than this many bytes are cut wherever the report goes.
const LONG: usize = 640;

/// How much of a long line is kept on each side of a label's ends; smaller steps for narrow terminals.
const MARGINS: [usize; 7] = [80, 60, 40, 30, 20, 12, 8];

/// How miette sets tabs.
const TAB: usize = 4;

/// Shown text under construction, with the way from offsets in the source to offsets in it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) text: String,
    anchors: Vec<(usize, usize)>,
}

impl Shown {
    /// Where the anchor at offset `at` of the source stands; the end of what is shown if it was never added.
    pub(super) fn find(&self, at: usize) -> usize {
        self.anchors.iter().find(|(source, _)| *source == at).map_or(self.text.len(), |(_, shown)| *shown)
    }

    /// Appends the part `start..end` of `source`, one line without its end, and a line feed. `anchors`, sorted, are the
    /// offsets in it that labels start or end at; `columns` is the width to keep to, where there is one.
    pub(super) fn push_line(
        &mut self,
        source: &str,
        (start, end): (usize, usize),
        anchors: &[usize],
        columns: Option<usize>,
        gap: &str,
    ) {
        let before = (self.text.len(), self.anchors.len());
        let fits = |shown: &Shown| {
            let line = shown.text.get(before.0..).unwrap_or_default();
            columns.is_none_or(|columns| width(line) <= columns)
        };
        let whole = end - start <= LONG;
        if whole {
            self.push_part(source, (start, end), anchors);
        }
        if !whole || !fits(self) {
            for margin in MARGINS {
                self.text.truncate(before.0);
                self.anchors.truncate(before.1);
                self.push_windows(source, (start, end), anchors, margin, gap);
                if fits(self) {
                    break;
                }
            }
        }
        self.text.push('\n');
    }

    fn push_windows(&mut self, source: &str, line: (usize, usize), anchors: &[usize], margin: usize, gap: &str) {
        let mut windows: Vec<(usize, usize)> = Vec::new();
        let start = [line.0];
        for &anchor in if anchors.is_empty() { &start } else { anchors } {
            let from = boundary(source, anchor.saturating_sub(margin)).max(line.0);
            let to = boundary(source, anchor + margin).min(line.1);
            match windows.last_mut() {
                // A gap must hide more than its mark takes.
                Some(last) if from <= last.1 + gap.len() => last.1 = to,
                _ => windows.push((from, to)),
            }
        }
        let mut shown_to = line.0;
        for window in windows {
            if window.0 > shown_to {
                self.text.push_str(gap);
            }
            let inside: Vec<usize> = anchors.iter().copied().filter(|at| (window.0..=window.1).contains(at)).collect();
            self.push_part(source, window, &inside);
            shown_to = window.1;
        }
        if shown_to < line.1 {
            self.text.push_str(gap);
        }
    }

    fn push_part(&mut self, source: &str, (start, end): (usize, usize), anchors: &[usize]) {
        let mut anchors = anchors.iter().copied().peekable();
        let part = source.get(start..end).unwrap_or_default();
        for (at, c) in part.char_indices() {
            while let Some(anchor) = anchors.next_if(|&anchor| anchor <= start + at) {
                self.anchors.push((anchor, self.text.len()));
            }
            if c == '\t' { self.text.push(c) } else { push_escaped(&mut self.text, part, at, c) }
        }
        for anchor in anchors {
            self.anchors.push((anchor, self.text.len()));
        }
    }
}

/// The columns that shown text takes, as miette sets it.
pub(super) fn width(text: &str) -> usize {
    let mut columns = 0;
    for c in text.chars() {
        columns += match c {
            '\t' => TAB - columns % TAB,
            ' '..='~' => 1,
            _ if is_unsafe(c) => 0,
            _ => textwrap::core::display_width(c.encode_utf8(&mut [0; 4])),
        };
    }
    columns
}
