//! One line per finding, `path:line:column: severity[rule] message`, for grep and editors; then the summary.

use super::paint::Paint;
use super::place::Places;
use super::{Options, Report, escape, shown_path, summary};
use crate::finding::{Checked, Summary};

/// The report of `--format concise`.
#[derive(Debug)]
pub struct Concise {
    options: Options,
}

impl Concise {
    /// The report for these options.
    pub fn new(options: Options) -> Concise {
        Concise { options }
    }
}

impl Report for Concise {
    fn file(&self, file: &Checked) -> Vec<u8> {
        let paint = Paint { on: self.options.terminal.color };
        let places = Places::new(&file.source);
        let path = shown_path(file.source.path());
        let path = paint.bold(&escape(&path));
        let mut out = String::new();
        for finding in file.listed(self.options.suppressed) {
            let at = places.position(finding.focus.span.start);
            let rule = format!("{}[{}]", finding.severity.as_str(), escape(&finding.rule));
            let rule = paint.severity(finding.severity, &rule);
            let mark = finding.suppressed.as_ref().map(|why| format!(" (suppressed: {})", escape(&why.words())));
            let mark = mark.unwrap_or_default();
            out.push_str(&format!("{path}:{}:{}: {rule} {}{mark}\n", at.line, at.column, escape(&finding.message)));
        }
        out.into_bytes()
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        if self.options.quiet { Vec::new() } else { summary::line(summary, self.options).into_bytes() }
    }
}
