//! `--format markdown`: the summary of a job or a comment in a review. It begins with the numbers, and ends where GitHub takes no more.

use super::paint::Paint;
use super::place::Places;
use super::repository::{Repository, is_address};
use super::{Report, escape, shown_path, summary};
use crate::finding::{Checked, RuleInfo, Summary};

/// GitHub takes 1 MiB of summary for a step, and drops all of one that is longer. What is left of it is for the numbers and the rules.
const ROOM: usize = 768 << 10;
/// Rules that the table of rules lists.
const MAX_RULES: usize = 200;

/// The report of `--format markdown`.
#[derive(Debug)]
pub struct Markdown<'b> {
    repository: &'b Repository,
}

impl<'b> Markdown<'b> {
    /// The report of a run.
    pub fn new(repository: &'b Repository) -> Markdown<'b> {
        Markdown { repository }
    }

    fn rules(&self, out: &mut String, summary: &Summary) {
        out.push_str("\n| rule | what it is about | errors | warnings | notes |\n| --- | --- | ---: | ---: | ---: |\n");
        let mut rules: Vec<_> = summary.rules.iter().collect();
        // The worst and most frequent first; the map is sorted by ids.
        rules.sort_by_key(|(_, counts)| std::cmp::Reverse((counts[2], counts[1], counts[0])));
        for (id, [notes, warnings, errors]) in rules.iter().take(MAX_RULES) {
            let info = summary.described.iter().find(|info| info.id == **id);
            let (name, title) = (prose(id), info.map(|info| prose(&info.title)).unwrap_or_default());
            let name = match info.and_then(address) {
                Some(url) => format!("[{name}]({url})"),
                None => name,
            };
            out.push_str(&format!("| {name} | {title} | {errors} | {warnings} | {notes} |\n"));
        }
        if rules.len() > MAX_RULES {
            out.push_str(&format!("\n{} more rules are not shown.\n", rules.len() - MAX_RULES));
        }
    }
}

impl Report for Markdown<'_> {
    fn file(&self, file: &Checked) -> Vec<u8> {
        let places = Places::new(&file.source);
        let path = file.source.path();
        let shown = prose(&shown_path(path));
        let mut out = String::new();
        for finding in &file.findings {
            let line = places.position(places.marked(finding).start).line;
            let place = match self.repository.link(path, line) {
                Some(link) => format!("[{shown}:{line}]({link})"),
                None => format!("{shown}:{line}"),
            };
            let (severity, rule, message) = (finding.severity.as_str(), prose(&finding.rule), prose(&finding.message));
            out.push_str(&format!("| {severity} | {place} | {message} | {rule} |\n"));
        }
        out.into_bytes()
    }

    fn tail(&self, summary: &Summary) -> Vec<u8> {
        let mut out = format!("## vmlint: {}\n\n", summary::findings(summary, Paint { on: false }));
        out.push_str(&prose(&summary::parts(summary).join(" · ")));
        out.push('\n');
        if let Some(hint) = summary::hint(summary) {
            out.push_str(&format!("\n{}\n", prose(&hint)));
        }
        if !summary.rules.is_empty() {
            self.rules(&mut out, summary);
        }
        if summary.left_out > 0 {
            let shown = summary.shown - summary.left_out;
            out.push_str(&format!("\nThe first {shown} findings are listed; {} more are not shown here.\n", summary.left_out));
        }
        if !summary.rules.is_empty() {
            out.push_str("\n| severity | place | finding | rule |\n| --- | --- | --- | --- |\n");
        }
        out.into_bytes()
    }

    fn room(&self) -> Option<usize> {
        Some(ROOM)
    }
}

/// The document that decides, as an address that can be linked.
fn address(rule: &RuleInfo) -> Option<&str> {
    rule.citations.iter().filter_map(|citation| citation.url.as_deref()).find(|url| is_address(url))
}

/// Text as Markdown that shows just this text, but for what stands in backticks, which is shown as code.
fn prose(text: &str) -> String {
    let text = escape(text);
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return plain(&text);
    }
    let piece = |(n, piece): (usize, &&str)| {
        if n % 2 == 1 { format!("<code>{}</code>", plain(piece)) } else { plain(piece) }
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Text in which nothing has a meaning to Markdown: no markup, no table, no link, no mention.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A reference is not looked at again by what finds mentions and addresses.
            '@' => out.push_str("&#64;"),
            '.' if out.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"www")) => {
                out.push_str("\\.")
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '#' | '|' | '~' | '$' | ':' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_it_is() {
        for (text, markdown) in [
            ("disk `vda` is old", "disk <code>vda</code> is old"),
            ("one ` alone", "one \\` alone"),
            ("`a|b` | c", "<code>a\\|b</code> \\| c"),
            ("<img src=x> &amp;", "&lt;img src=x&gt; &amp;amp;"),
            ("[x](javascript:y) ![z](//q)", "\\[x\\](javascript\\:y) \\!\\[z\\](//q)"),
            ("https://evil.example WWW.evil.example @you #1", "https\\://evil.example WWW\\.evil.example &#64;you \\#1"),
            ("a\nb", "a\\\\nb"),
        ] {
            assert_eq!(prose(text), markdown);
        }
    }
}
