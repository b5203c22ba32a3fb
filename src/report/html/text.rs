//! Text of files and policies as HTML that shows just this text.

use super::super::escape;
use super::super::excerpt::Excerpt;

/// Appends text that is safe to look at, as HTML. In quotes it can stand as the value of an attribute, too.
pub(super) fn safe(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            _ => out.push(c),
        }
    }
}

/// Appends any text, on one line.
pub(super) fn text(out: &mut String, text: &str) {
    safe(out, &escape(text));
}

/// Appends sentences: what stands in backticks is code, lines stay lines.
pub(super) fn prose(out: &mut String, text: &str) {
    for (n, line) in text.trim().lines().enumerate() {
        if n > 0 {
            out.push_str("<br>\n");
        }
        let line = escape(line);
        if line.matches('`').count() % 2 == 1 {
            safe(out, &line);
            continue;
        }
        for (n, piece) in line.split('`').enumerate() {
            if n % 2 == 1 {
                out.push_str("<code>");
                safe(out, piece);
                out.push_str("</code>");
            } else {
                safe(out, piece);
            }
        }
    }
}

/// Appends the lines of an excerpt with their numbers, what is meant in them marked, and what is said of it behind them.
pub(super) fn source(out: &mut String, excerpt: &Excerpt) {
    out.push_str("<pre>");
    for (n, group) in excerpt.groups().enumerate() {
        if n > 0 {
            out.push_str("<span class=\"no\">…</span>\n");
        }
        let mut start = group.start;
        for (n, line) in group.text.lines().enumerate() {
            out.push_str(&format!("<span class=\"no\">{}</span>", group.line + n));
            marked(out, line, start, excerpt);
            out.push('\n');
            start += line.len() + 1;
        }
    }
    out.push_str("</pre>\n");
}

/// A line that begins at offset `start` of the excerpt.
fn marked(out: &mut String, line: &str, start: usize, excerpt: &Excerpt) {
    let end = start + line.len();
    let mut at = start;
    let mut said = String::new();
    let mut part = |out: &mut String, to: usize| {
        safe(out, line.get(at - start..to - start).unwrap_or_default());
        at = to;
    };
    for label in excerpt.labels() {
        let (from, to) = (label.offset(), label.offset() + label.len());
        let touches = if from == to { (start..=end).contains(&from) } else { from < end && to > start };
        if !touches {
            continue;
        }
        part(out, from.max(start));
        let class = match (label.primary(), from == to) {
            (true, true) => " class=\"focus point\"",
            (true, false) => " class=\"focus\"",
            (false, true) => " class=\"point\"",
            (false, false) => "",
        };
        out.push_str(&format!("<mark{class}>"));
        part(out, to.min(end));
        out.push_str("</mark>");
        if let Some(words) = label.label().filter(|_| to <= end) {
            said.push_str("<span class=\"say\">");
            safe(&mut said, &words.replace('\n', " "));
            said.push_str("</span>");
        }
    }
    part(out, end);
    out.push_str(&said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_it_is() {
        let html = |text: &str| {
            let mut out = String::new();
            prose(&mut out, text);
            out
        };
        for (text, shown) in [
            ("disk `vda` is old", "disk <code>vda</code> is old"),
            ("`<b>` & \"c\"", "<code>&lt;b&gt;</code> &amp; &quot;c&quot;"),
            ("one ` <i>", "one ` &lt;i&gt;"),
            ("a\nb'", "a<br>\nb&#39;"),
            ("\u{1b}\u{202e}", r"\u{1b}\u{202e}"),
        ] {
            assert_eq!(html(text), shown);
        }
    }
}
