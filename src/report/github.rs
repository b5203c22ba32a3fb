//! `--format github`: commands to a workflow of GitHub, which shows findings at their lines in a pull request. GitHub shows ten of each
//! severity in a step; the log has all of them.

use super::place::Places;
use super::repository::Repository;
use super::{Options, Report, escape, shown_path, summary};
use crate::finding::{Checked, Severity, Summary};

/// The report of `--format github`.
#[derive(Debug)]
pub struct GitHub<'b> {
    options: Options,
    repository: &'b Repository,
}

impl<'b> GitHub<'b> {
    /// The report of a run.
    pub fn new(options: Options, repository: &'b Repository) -> GitHub<'b> {
        GitHub { options, repository }
    }
}

impl Report for GitHub<'_> {
    fn file(&self, file: &Checked) -> Vec<u8> {
        let places = Places::new(&file.source);
        let shown = shown_path(file.source.path());
        let path = property(&self.repository.path(file.source.path()));
        let mut out = String::new();
        for finding in &file.findings {
            let span = places.marked(finding);
            let (start, end) = (places.position(span.start), places.position(span.end.max(span.start)));
            let command = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            out.push_str(&format!("::{command} file={path},line={},endLine={}", start.line, end.line));
            // Columns are understood only within one line.
            if start.line == end.line {
                out.push_str(&format!(",col={},endColumn={}", start.column, end.column));
            }
            // The log shows the text alone, so it says again what it is about.
            let mut text = escape(&format!("{shown}:{}:{}: {}", start.line, start.column, finding.message)).into_owned();
            if let Some(help) = &finding.help {
                text = format!("{text}\n{help}");
            }
            out.push_str(&format!(",title={}::{}\n", property(&finding.rule), data(&text)));
        }
        out.into_bytes()
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        if self.options.quiet { Vec::new() } else { summary::line(summary, self.options).into_bytes() }
    }
}

/// The text of a command, its lines kept.
fn data(text: &str) -> String {
    text.lines().map(|line| escape(line).replace('%', "%25")).collect::<Vec<_>>().join("%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    escape(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
