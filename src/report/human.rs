//! The report for people: a headline, the lines of the source with what offends underlined, what to do, and who says so.
//! miette draws the lines of the source; headline and footers are ours, because they wrap and link better that way.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use textwrap::{WordSeparator, WordSplitter, WrapAlgorithm};

use super::excerpt::{Excerpt, MAX_LABELS};
use super::paint::Paint;
use super::place::Places;
use super::{Options, Report, escape, shown_path, summary};
use crate::finding::{Checked, Citation, Finding, Severity, Summary};

/// Prose is not set wider than this, on however wide a terminal.
const MAX_WIDTH: usize = 120;

/// The report of `--format human`.
pub struct Human {
    options: Options,
    paint: Paint,
    /// miette colours labels by their order; so there is one handler for every severity and place of the focus among them.
    handlers: Vec<GraphicalReportHandler>,
}

impl Human {
    /// The report for these options.
    pub fn new(options: Options) -> Human {
        let terminal = options.terminal;
        let handlers = [Severity::Note, Severity::Warning, Severity::Error]
            .iter()
            .flat_map(|&severity| (0..MAX_LABELS).map(move |focus| (severity, focus)))
            .map(|(severity, focus)| {
                GraphicalReportHandler::new_themed(theme(options, severity, focus))
                    .with_width(terminal.width)
                    .with_wrap_lines(false)
                    .with_links(false)
                    .without_cause_chain()
                    .without_syntax_highlighting()
            })
            .collect();
        Human { options, paint: Paint { on: terminal.color }, handlers }
    }

    fn page(&self, out: &mut String, finding: &Finding, file: &Checked, path: &str, places: &Places<'_>) {
        self.headline(out, finding);
        match Excerpt::new(finding, &file.source, path, places, self.options.terminal) {
            Some(excerpt) => self.snippet(out, finding.severity, &excerpt),
            None => {
                let at = places.position(finding.focus.span.start);
                out.push_str(&format!("  --> {path}:{}:{}\n", at.line, at.column));
            }
        }
        if let Some(suppression) = &finding.suppressed {
            let place = suppression.place.as_ref().map(|place| format!(", line {}", places.position(place.span.start).line));
            let place = place.unwrap_or_else(|| ", baseline".to_owned());
            self.footer(out, "reason", &format!("{}{place}", suppression.words()), None);
        }
        if let Some(help) = &finding.help {
            self.footer(out, "help", help, None);
        }
        for (n, fix) in finding.fixes.iter().enumerate() {
            let or = if n == 0 { "" } else { "or " };
            self.footer(out, "fix", &format!("{or}{} ({})", fix.description, fix.safety.options()), None);
        }
        if let Some(source) = &finding.source {
            self.citation(out, source);
        }
        if let Some(decision) = finding.decision.as_ref().filter(|decision| self.options.verbose || decision.own) {
            let text = format!("{}:{}: {}", decision.path, decision.line, decision.text);
            self.footer(out, "policy", &text, None);
        }
    }

    /// `error[rhel-8/tcg]: what is wrong`
    fn headline(&self, out: &mut String, finding: &Finding) {
        let mark = if finding.suppressed.is_some() { " (suppressed)" } else { "" };
        let head = format!("{}[{}]{mark}", finding.severity.as_str(), escape(&finding.rule));
        let indent = format!("{head}: ");
        let message = escape(&finding.message);
        let lines = self.wrap(&message, &indent, "  ");
        for (n, line) in lines.iter().enumerate() {
            if n == 0 {
                out.push_str(&self.paint.severity(finding.severity, &head));
                out.push_str(&self.paint.bold(line.get(head.len()..).unwrap_or_default()));
            } else {
                out.push_str("  ");
                out.push_str(&self.paint.bold(line.trim_start()));
            }
            out.push('\n');
        }
    }

    fn snippet(&self, out: &mut String, severity: Severity, excerpt: &Excerpt) {
        let index = severity as usize * MAX_LABELS + excerpt.focus();
        let Some(handler) = self.handlers.get(index).or(self.handlers.first()) else { return };
        let mut drawn = String::with_capacity(512);
        // Writing to a String does not fail, and the excerpt answers for every label that it names.
        let _ = handler.render_report(&mut drawn, &Snippet(excerpt));
        // miette begins with a line for the message, which the headline has said.
        let snippet = drawn.split_once('\n').map_or("", |(_, rest)| rest);
        for line in snippet.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        if excerpt.left_out() > 0 {
            self.footer(out, "note", &format!("{} more related places are not shown", excerpt.left_out()), None);
        }
    }

    /// The document: on a terminal that knows hyperlinks its title is one, elsewhere the address has a line of its own.
    fn citation(&self, out: &mut String, source: &Citation) {
        let url = source.url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let link = url.filter(|url| self.options.terminal.links && is_linkable(url));
        self.footer(out, "source", &source.words(), link);
        if let (Some(url), None) = (url, link) {
            out.push_str("          ");
            out.push_str(&escape(url));
            out.push('\n');
        }
    }

    /// `  help:   text`, the further lines below the first word of the text. Line ends in the text are kept.
    fn footer(&self, out: &mut String, label: &str, text: &str, link: Option<&str>) {
        let indent = "          ";
        let mut first = true;
        for line in text.trim().lines() {
            for line in self.wrap(&escape(line.trim_end()), indent, indent) {
                if first {
                    out.push_str("  ");
                    out.push_str(&self.paint.label(&format!("{label}:")));
                    out.push_str(&" ".repeat(7_usize.saturating_sub(label.len())));
                } else {
                    out.push_str(indent);
                }
                first = false;
                let words = line.trim_start();
                match link {
                    Some(url) => out.push_str(&format!("\u{1b}]8;;{url}\u{1b}\\{words}\u{1b}]8;;\u{1b}\\")),
                    None => out.push_str(words),
                }
                out.push('\n');
            }
        }
    }

    /// Breaks at spaces only: a path or an address stays whole, and no line can begin inside a word of a stranger.
    fn wrap(&self, text: &str, first: &str, rest: &str) -> Vec<String> {
        let options = textwrap::Options::new(self.options.terminal.width.min(MAX_WIDTH))
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            .wrap_algorithm(WrapAlgorithm::FirstFit)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
    }
}

impl Report for Human {
    fn file(&self, file: &Checked) -> Vec<u8> {
        let places = Places::new(&file.source);
        let path = shown_path(file.source.path());
        let path = escape(&path);
        let mut out = String::new();
        for (n, finding) in file.listed(self.options.suppressed).into_iter().enumerate() {
            if n > 0 {
                out.push('\n');
            }
            self.page(&mut out, finding, file, &path, &places);
        }
        out.into_bytes()
    }

    fn separator(&self) -> &'static [u8] {
        b"\n"
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        if self.options.quiet {
            return Vec::new();
        }
        let is_page = summary.shown > 0 || (self.options.suppressed && summary.suppressed > 0);
        let blank = if is_page { "\n" } else { "" };
        format!("{blank}{}", summary::line(summary, self.options)).into_bytes()
    }
}

/// The colours of the underlines: the focus as its severity, all else blue.
fn theme(options: Options, severity: Severity, focus: usize) -> GraphicalTheme {
    let characters = if options.terminal.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    if !options.terminal.color {
        return GraphicalTheme { characters, styles: ThemeStyles::none() };
    }
    let mut styles = ThemeStyles::ansi();
    let plain = ThemeStyles::none().link;
    let main = match severity {
        Severity::Error => plain.red(),
        Severity::Warning => plain.yellow(),
        Severity::Note => plain.cyan(),
    };
    styles.highlights = (0..MAX_LABELS).map(|n| if n == focus { main.bold() } else { plain.blue().bold() }).collect();
    styles.link = plain.bold();
    styles.linum = plain.blue();
    GraphicalTheme { characters, styles }
}

/// Whether an address can stand in an escape sequence: the characters of a URL, and a scheme that only shows a page.
fn is_linkable(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && url.bytes().all(|b| b.is_ascii_graphic())
}

/// What miette draws: an excerpt and its labels.
#[derive(Debug)]
struct Snippet<'a>(&'a Excerpt);

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet<'_> {}

impl Diagnostic for Snippet<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.0)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.0.labels().iter().cloned()))
    }
}
