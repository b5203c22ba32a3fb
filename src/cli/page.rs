//! Pages of headed sections, as `explain` and `matrix` print them.

use std::fmt::Write as _;

use crate::report::{Paint, Terminal, escape};

/// A page that grows.
pub struct Page {
    /// Its colours.
    pub paint: Paint,
    /// Its width in columns.
    pub width: usize,
    /// What it holds so far.
    pub text: String,
}

impl Page {
    /// An empty page, no wider than is good to read.
    pub fn new(terminal: Terminal) -> Page {
        Page { paint: Paint { on: terminal.color }, width: terminal.width.min(100), text: String::new() }
    }

    /// A line of its own.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A heading.
    pub fn heading(&mut self, heading: &str) {
        let _ = write!(self.text, "\n{}\n", self.paint.bold(&escape(heading)));
    }

    /// A heading and paragraphs below it.
    pub fn section(&mut self, heading: &str, text: &str) {
        self.heading(heading);
        for paragraph in text.lines() {
            self.paragraph("  ", paragraph);
        }
    }

    /// A paragraph that goes on below where its first words stand; `mark` stands before them.
    pub fn paragraph(&mut self, mark: &str, text: &str) {
        for line in wrap(&escape(text), mark, self.width) {
            self.line(line.trim_end());
        }
    }
}

/// Breaks a text into lines that all begin where it begins behind a mark.
pub fn wrap(text: &str, mark: &str, width: usize) -> Vec<String> {
    let indent = " ".repeat(textwrap::core::display_width(mark));
    let options = textwrap::Options::new(width).initial_indent(mark).subsequent_indent(&indent).break_words(false);
    let options =
        options.word_splitter(textwrap::WordSplitter::NoHyphenation).word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, &options).into_iter().map(std::borrow::Cow::into_owned).collect()
}
