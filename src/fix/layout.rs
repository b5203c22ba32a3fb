//! How the lines of a document are set: its line ends, how far it indents, and what is alone on its lines.

use crate::source::Span;
use crate::tree::{NodeId, Tree};

/// The first line end of the text; none where it is one line.
pub fn line_end(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let at = memchr::memchr2(b'\n', b'\r', bytes)?;
    Some(match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => "\r\n",
        (Some(b'\r'), _) => "\r",
        _ => "\n",
    })
}

/// What stands between the start of the line and `at`, if that is nothing but spaces and tabs.
pub fn indent(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let start = memchr::memrchr2(b'\n', b'\r', before.as_bytes()).map_or(0, |end| end + 1);
    before.get(start..).filter(|blanks| blanks.bytes().all(is_blank))
}

/// The start of the next line, if nothing but spaces and tabs stands between `at` and the end of this one; the end of the text is one.
pub fn next_line(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let blanks = rest.iter().take_while(|&&byte| is_blank(byte)).count();
    let end = match rest.get(blanks..)? {
        [] => 0,
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => return None,
    };
    Some(at + blanks + end)
}

/// The indentation that one level adds, as an element and its parent show it; two spaces where they do not.
pub fn unit<'t>(tree: &Tree<'t>, element: NodeId) -> &'t str {
    let indent_of = |node: NodeId| indent(tree.text(), tree.span(node).start as usize);
    let own = || {
        let parent = tree.parent(element).filter(|&parent| parent != Tree::ROOT)?;
        indent_of(element)?.strip_prefix(indent_of(parent)?).filter(|unit| !unit.is_empty())
    };
    let child = || {
        let child = tree.children(element).find(|&child| tree.is_element(child))?;
        indent_of(child)?.strip_prefix(indent_of(element)?).filter(|unit| !unit.is_empty())
    };
    own().or_else(child).unwrap_or("  ")
}

/// A region that goes, with its lines if it is all that they hold, else with the blanks that would be left over.
pub fn with_its_lines(text: &str, region: Span) -> Span {
    let (start, end) = (region.start as usize, region.end as usize);
    let bytes = text.as_bytes();
    let before = indent(text, start);
    let after = next_line(text, end);
    match (before, after) {
        (Some(blanks), Some(next)) => Span::new(start - blanks.len(), next),
        // Behind something else on its line: the blanks before it would end the line.
        (None, Some(_)) => {
            let blanks = bytes.get(..start).unwrap_or_default().iter().rev().take_while(|&&byte| is_blank(byte)).count();
            Span::new(start - blanks, end)
        }
        // Before something else: that moves to its place.
        _ if before.is_some() || start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|&byte| is_blank(byte)) => {
            let blanks = bytes.get(end..).unwrap_or_default().iter().take_while(|&&byte| is_blank(byte)).count();
            Span::new(start, end + blanks)
        }
        _ => region,
    }
}

/// Whether the text between two places is white space.
pub fn is_white(text: &str, start: u32, end: u32) -> bool {
    text.get(start as usize..end as usize).is_some_and(|between| between.trim_ascii().is_empty())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
