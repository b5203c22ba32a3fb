//! What fixes would change, as a unified diff that `patch` takes. Text of the file is shown and never obeyed, as everywhere.

use std::fmt::Write as _;
use std::ops::Range;

use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, ChangeTag, DiffOp, DiffableStr};

use super::escape;
use super::paint::Paint;

/// Lines around a change.
const CONTEXT: usize = 3;
/// In so many changed lines in a row those that are the same before and after are looked for, which takes time by the square.
const FEW: usize = 256;

/// The lines that differ between a file before and after, under the path that it is shown with. `place` says where a place of the text is
/// after the change, if it is not gone: a hint that spares looking for what stayed.
pub fn unified(path: &str, before: &str, after: &str, place: impl Fn(u32) -> Option<u32>, paint: Paint) -> String {
    let (before, after) = (before.tokenize_lines(), after.tokenize_lines());
    let path = escape(path);
    let mut out = String::new();
    for hunk in similar::group_diff_ops(operations(&before, &after, place), CONTEXT) {
        if out.is_empty() {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "{}", paint.bold(&format!("--- {path}")));
            let _ = writeln!(out, "{}", paint.bold(&format!("+++ {path}")));
        }
        let _ = writeln!(out, "{}", paint.label(&UnifiedHunkHeader::new(&hunk).to_string()));
        for change in hunk.iter().flat_map(|operation| operation.iter_changes(&before, &after)) {
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

/// How the lines before become those after: what stands where `place` says stays, and only what lies between is compared.
fn operations(before: &[&str], after: &[&str], place: impl Fn(u32) -> Option<u32>) -> Vec<DiffOp> {
    let mut operations = Vec::new();
    // Lines that are told, and offsets.
    let (mut old, mut new) = (0, 0);
    let (mut at, mut ahead, mut ahead_at) = (0, 0, 0);
    for (index, line) in before.iter().enumerate() {
        let to = place(at as u32).map(|to| to as usize);
        at += line.len();
        let Some(to) = to else { continue };
        while ahead_at < to
            && let Some(passed) = after.get(ahead)
        {
            ahead_at += passed.len();
            ahead += 1;
        }
        if ahead_at == to && ahead >= new && after.get(ahead) == Some(line) {
            change(&mut operations, before, old..index, after, new..ahead);
            push(&mut operations, DiffOp::Equal { old_index: index, new_index: ahead, len: 1 });
            (old, new) = (index + 1, ahead + 1);
        }
    }
    change(&mut operations, before, old..before.len(), after, new..after.len());
    operations
}

/// Lines that become others.
fn change(operations: &mut Vec<DiffOp>, before: &[&str], old: Range<usize>, after: &[&str], new: Range<usize>) {
    if old.len() + new.len() <= FEW {
        let compared = similar::capture_diff(Algorithm::Myers, before, old, after, new);
        compared.into_iter().for_each(|operation| push(operations, operation));
    } else {
        let (old_index, old_len, new_index, new_len) = (old.start, old.len(), new.start, new.len());
        operations.push(DiffOp::Replace { old_index, old_len, new_index, new_len });
    }
}

/// One more operation; lines that stay are one operation with those before them.
fn push(operations: &mut Vec<DiffOp>, operation: DiffOp) {
    match (operations.last_mut(), operation) {
        (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) => *len += more,
        _ => operations.push(operation),
    }
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
        let same = |at: u32| Some(at);
        assert_eq!(
            unified("vm/\u{1b}.xml", before, &after, same, Paint { on: false }),
            "--- vm/\\u{1b}.xml\n+++ vm/\\u{1b}.xml\n@@ -1,4 +1,4 @@\n <a>\r\n-\t<b/>\r\n+\t<c/>\r\n   \\u{3a}:error::x\\u{9b}2J\r\n </a>\n\\ No newline at end of file\n"
        );
        assert_eq!(unified("x", "a\rb\n", "a\rc\n", same, Paint { on: false }), "--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\\r\n-b\n+c\n");
        assert_eq!(unified("x", before, before, same, Paint { on: true }), "");
    }

    #[test]
    fn a_wrong_hint_makes_no_wrong_difference() {
        let (before, after) = ("a\nb\nb\nc\nd\n", "b\nx\nb\nd\nb\n");
        let hints: [&dyn Fn(u32) -> Option<u32>; 5] =
            [&|_| None, &Some, &|at| at.checked_sub(2), &|at| Some(8 - at.min(8)), &|at| Some(at + 2)];
        for hint in hints {
            let diff = unified("x", before, after, hint, Paint { on: false });
            let side = |other: char| -> String {
                let lines = diff.lines().skip(3).filter(|line| !line.starts_with(other));
                lines.map(|line| format!("{}\n", &line[1..])).collect()
            };
            assert_eq!((side('+').as_str(), side('-').as_str()), (before, after), "{diff}");
        }
    }

    #[test]
    fn what_stayed_is_not_looked_for() {
        // Every other line goes, and all are alike: compared with each other they would take minutes.
        let count = 100_000;
        let (before, after) = ("a\na\n".repeat(count), "a\n".repeat(count));
        let diff = unified("x", &before, &after, |at| (at % 4 == 0).then_some(at / 2), Paint { on: false });
        assert_eq!(diff.lines().filter(|line| *line == "-a").count(), count);
        assert_eq!(diff.lines().filter(|line| *line == " a").count(), count);
        assert_eq!(diff.lines().skip(3).filter(|line| line.starts_with('+')).count(), 0);
    }
}
