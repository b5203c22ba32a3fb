//! The one place that decides what of a stranger's text may reach a terminal or a CI log.

use std::borrow::Cow;
use std::fmt::Write;

/// Text of a file, a path or a policy, made safe to print as part of one line: control characters, characters that turn or
/// hide text, and what starts a command of a CI system are shown as `\u{1b}`. A backslash stays as it is: this is for reading.
///
/// ```
/// assert_eq!(vmlint::report::escape("a\u{1b}[31m\nb"), r"a\u{1b}[31m\nb");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_safe(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        push_escaped(&mut out, text, at, c);
    }
    Cow::Owned(out)
}

/// Appends the character `c`, which stands at byte `at` of `text`, as it may be shown.
pub(super) fn push_escaped(out: &mut String, text: &str, at: usize, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_unsafe(c) || starts_command(text, at, c) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// Characters that never reach a terminal as they are: controls, line and paragraph separators, bidirectional overrides and
/// marks, and invisible characters that could make two names look the same. The joiners that emoji and Persian need stay.
pub(super) fn is_unsafe(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether this character makes its text a command of a CI system: the second `#` of `##vso[` and `##[` (Azure finds them
/// anywhere in a line), the first `:` of `::error` where a line may begin (GitHub).
pub(super) fn starts_command(text: &str, at: usize, c: char) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at + c.len_utf8()..)) else { return false };
    match c {
        '#' => before.ends_with('#') && after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('['),
        ':' => {
            !before.ends_with(|c: char| !c.is_whitespace())
                && after.strip_prefix(':').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        }
        _ => false,
    }
}

fn is_safe(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = bytes.iter().all(|b| matches!(b, b' '..=b'~'));
    plain && !bytes.windows(2).any(|pair| pair == b"##" || pair == b"::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_strangers_text() {
        for (text, shown) in [
            ("disk `vda` — größer 仮想 👩‍💻", "disk `vda` — größer 仮想 👩‍💻"),
            ("a\nb\rc\td\0", r"a\nb\rc\td\u{0}"),
            ("\u{1b}[2J\u{9b}2J\u{7f}\u{85}", r"\u{1b}[2J\u{9b}2J\u{7f}\u{85}"),
            ("\u{202e}lmx\u{2066}\u{2069}\u{2028}\u{feff}", r"\u{202e}lmx\u{2066}\u{2069}\u{2028}\u{feff}"),
            ("::error::x", r"\u{3a}:error::x"),
            ("x ::error file=a::x", r"x \u{3a}:error file=a::x"),
            ("listens on `::` and ::1, a::b", "listens on `::` and ::1, a::b"),
            ("x ##vso[task.complete] ##[error]", r"x #\u{23}vso[task.complete] #\u{23}[error]"),
            ("###[x] ## heading", r"##\u{23}[x] ## heading"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }
}
