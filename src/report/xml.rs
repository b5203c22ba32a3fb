//! What the reports in XML have in common.

use super::{escape, markup};

/// What both begin with.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Appends ` name="value"`. Characters that could do harm in a log are written as references, so that a reader has them back.
pub(super) fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    markup::text(out, value, true);
    out.push('"');
}

/// Appends words for people as text of an element: what could do harm where they are shown is escaped before.
pub(super) fn words(out: &mut String, text: &str) {
    for line in text.lines() {
        markup::text(out, &escape(line), false);
        out.push('\n');
    }
}
