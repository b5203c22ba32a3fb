//! What went wrong with a run, as opposed to what was found: said on standard error, exit status 2.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use super::terminal::{self, ColorChoice};
use crate::check::own_finding;
use crate::finding::{Checked, Format, Severity};
use crate::policy::compile::Faulty;
use crate::report::{self, Options, Report, escape};
use crate::source::{Source, Span};

/// A reason why the run could not do what was asked.
#[derive(Debug)]
pub struct Problem {
    message: String,
    help: Option<String>,
    /// Files with faults at places, shown before the message.
    faulty: Vec<Faulty>,
}

impl Problem {
    /// With a sentence, no full stop.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), help: None, faulty: Vec::new() }
    }

    /// The same with words on what to do.
    pub fn help(self, help: impl Into<Option<String>>) -> Problem {
        Problem { help: help.into(), ..self }
    }

    /// Faults in policies or configuration; empty message where they say it all.
    pub fn faulty(message: impl Into<String>, faulty: Vec<Faulty>) -> Problem {
        Problem { faulty, ..Problem::new(message) }
    }

    /// Says it on standard error.
    pub fn print(&self) {
        let mut text = Vec::new();
        for file in &self.faulty {
            text.extend(show_faults(file));
        }
        let mut line = format!("vmlint: {}\n", escape(&self.message));
        if let Some(help) = &self.help {
            let _ = writeln!(line, "  help: {}", escape(help));
        }
        text.extend(line.into_bytes());
        // Nobody is left to tell if this fails.
        let _ = std::io::stderr().write_all(&text);
    }
}

/// So many faults of one file are shown.
const MOST: usize = 50;

/// The faults of one file as pages with their places underlined.
pub fn show_faults(file: &Faulty) -> Vec<u8> {
    let findings = file.faults.iter().take(MOST).map(|fault| {
        let span = Span { start: fault.span.start, end: fault.span.end };
        let rule = if fault.severity == Severity::Error { "vmlint/invalid" } else { "vmlint/doubtful" };
        let mut finding = own_finding(rule, fault.severity, span, fault.message.clone(), fault.help.as_deref());
        finding.focus.text = fault.label.clone();
        finding
    });
    let source = Source::utf8(file.source.path(), file.source.text().to_owned(), 0);
    let checked = Checked { source, format: Format::Other, vms: 0, findings: findings.collect(), suppressed: Vec::new() };
    let options =
        Options { terminal: terminal::detect_stderr(ColorChoice::Auto), verbose: false, quiet: true, suppressed: false };
    let mut page = report::Human::new(options).file(&checked);
    page.push(b'\n');
    if let Some(more) = file.faults.len().checked_sub(MOST).filter(|more| *more > 0) {
        page.extend(format!("{more} more faults in {} are not shown\n\n", shown(file.source.path())).into_bytes());
    }
    page
}

/// A path or an id in backticks, safe to show.
pub fn shown(text: &std::path::Path) -> String {
    format!("`{}`", escape(&text.to_string_lossy()))
}

/// The faults of several policies as a problem.
impl From<Vec<Faulty>> for Problem {
    fn from(mut files: Vec<Faulty>) -> Problem {
        match (files.pop(), files.len()) {
            (Some(file), 0) => Problem::from(file),
            (last, _) => {
                files.extend(last);
                Problem::faulty(format!("{} policies cannot be used", files.len()), files)
            }
        }
    }
}

/// The faults of one file as a problem.
impl From<Faulty> for Problem {
    fn from(file: Faulty) -> Problem {
        let source: &Arc<Source> = &file.source;
        let message = format!("the policy {} cannot be used", shown(source.path()));
        Problem::faulty(message, vec![file])
    }
}
