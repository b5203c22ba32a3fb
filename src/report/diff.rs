//! What fixes would change, as a unified diff that `patch` takes. Text of the file is shown and never obeyed, as everywhere.

use std::fmt::Write as _;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use super::escape;
use super::paint::Paint;

/// Lines around a change.
const CONTEXT: usize = 3;
/// After so long a diff may be longer than it has to be.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lines that differ between a file before and after, under the path that it is shown with.
pub fn unified(path: &str, before: &str, after: &str, paint: Paint) -> String {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(PATIENCE).diff_lines(before, after);
    let path = escape(path);
    let mut out = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        if out.is_empty() {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "{}", paint.bold(&format!("--- {path}")));
            let _ = writeln!(out, "{}", paint.bold(&format!("+++ {path}")));
        }
        let _ = writeln!(out, "{}", paint.label(&hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let text = change.value();
            let words = text.trim_end_matches(['\r', '\n']);
            // Behind a carriage return alone a terminal would write over the line.
            let (end, shown_end) = match text.get(words.len()..).unwrap_or_default() {
                "\r" => ("\n", "\\r"),
                "\r\n" => ("\r\n", ""),
                _ => ("\n", ""),
            };
            let line = format!("{}{}{shown_end}", change.tag(), tabbed(words));
            out.push_str(&match change.tag() {
                ChangeTag::Delete => paint.bad(&line),
                ChangeTag::Insert => paint.good(&line),
                ChangeTag::Equal => line,
            });
            out.push_str(end);
            if text.len() == words.len() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// A line as it may be shown, its tabs kept.
fn tabbed(line: &str) -> String {
    line.split('\t').map(escape).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends_and_tabs_and_nothing_that_a_terminal_obeys() {
        let before = "<a>\r\n\t<b/>\r\n  ::error::x\u{9b}2J\r\n</a>";
        let after = before.replace("<b/>", "<c/>");
        assert_eq!(
            unified("vm/\u{1b}.xml", before, &after, Paint { on: false }),
            "--- vm/\\u{1b}.xml\n+++ vm/\\u{1b}.xml\n@@ -1,4 +1,4 @@\n <a>\r\n-\t<b/>\r\n+\t<c/>\r\n   \\u{3a}:error::x\\u{9b}2J\r\n </a>\n\\ No newline at end of file\n"
        );
        assert_eq!(unified("x", "a\rb\n", "a\rc\n", Paint { on: false }), "--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\\r\n-b\n+c\n");
        assert_eq!(unified("x", before, before, Paint { on: true }), "");
    }
}
