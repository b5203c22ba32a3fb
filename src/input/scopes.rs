//! How much work the namespaces of a document are. The XML parser copies the declarations in scope for each element that adds one, each
//! compared with the others, and looks names with a prefix up one by one: a few kilobytes could take it minutes.

use super::limits;
use crate::source::Span;

/// Fewer declarations than this are never too much work, however they are nested.
const FEW: usize = 512;

/// The first start tag at which namespaces become more work than the limit allows.
pub(super) fn overcrowded(text: &str) -> Option<Span> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"xmlns").nth(FEW)?;
    let mut scopes: Vec<usize> = Vec::new();
    let (mut work, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'<', bytes.get(at..)?) {
        let start = at + found;
        let rest = bytes.get(start..)?;
        let behind = |from: usize, end: &[u8]| Some(from + memchr::memmem::find(rest.get(from..)?, end)? + end.len());
        let length = match rest {
            [b'<', b'!', b'-', b'-', ..] => behind(4, b"-->")?,
            [b'<', b'!', b'[', ..] => behind(3, b"]]>")?,
            [b'<', b'?', ..] => behind(2, b"?>")?,
            [b'<', b'/', ..] => {
                scopes.pop();
                behind(2, b">")?
            }
            _ => {
                let tag = Tag::read(rest);
                let above = scopes.last().copied().unwrap_or(1);
                let scope = above + tag.declarations;
                let copied = if tag.declarations > 0 { scope as u64 * scope as u64 / 2 } else { 0 };
                work += copied + scope as u64 * tag.prefixes as u64;
                if work > limits::NAMESPACE_WORK {
                    return Some(Span::new(start, start + tag.length));
                }
                if !tag.is_empty {
                    scopes.push(scope);
                }
                tag.length
            }
        };
        at = start + length;
    }
    None
}

/// What a start tag says of namespaces.
struct Tag {
    length: usize,
    declarations: usize,
    /// Names with a prefix, declarations among them.
    prefixes: usize,
    is_empty: bool,
}

impl Tag {
    fn read(bytes: &[u8]) -> Tag {
        let mut tag = Tag { length: bytes.len(), declarations: 0, prefixes: 0, is_empty: false };
        let (mut quote, mut last) = (None, 0);
        for (at, &byte) in bytes.iter().enumerate() {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'>') => {
                    return Tag { length: at + 1, is_empty: last == b'/', ..tag };
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b':') => tag.prefixes += 1,
                (None, b'x') if last.is_ascii_whitespace() => {
                    let is_declaration = bytes.get(at..).is_some_and(|name| name.starts_with(b"xmlns"));
                    tag.declarations += usize::from(is_declaration);
                }
                (None, _) => {}
            }
            last = byte;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize, inside: &str) -> String {
        let open: String = (0..depth).map(|n| format!("<m xmlns:n{n}='urn:{n}'>")).collect();
        format!("<domain><metadata>{open}{inside}{}</metadata></domain>", "</m>".repeat(depth))
    }

    #[test]
    fn what_takes_the_parser_long_is_found() {
        assert_eq!(overcrowded(&nested(600, "")), None);
        let text = nested(1900, "");
        assert!(overcrowded(&text).is_some_and(|span| text[span.range()].starts_with("<m xmlns:n")));
        // Each of many elements adds one to the hundreds that are declared around it.
        assert_eq!(overcrowded(&nested(300, &"<a xmlns:z='urn:z'/>".repeat(2_000))), None);
        assert!(overcrowded(&nested(300, &"<a xmlns:z='urn:z'/>".repeat(20_000))).is_some());
        // Names are looked up among all that are declared.
        assert!(overcrowded(&nested(600, &"<n5:a n6:b=''/>".repeat(600_000))).is_some());
    }

    #[test]
    fn declarations_beside_each_other_are_no_work() {
        let beside = "<m:m xmlns:m='urn:m' a='xmlns:a >'><!-- xmlns:a='' > --><![CDATA[<a xmlns:b=''>]]></m:m>\n".repeat(100_000);
        assert_eq!(overcrowded(&format!("<domain><metadata>{beside}</metadata></domain>")), None);
        for broken in ["<a xmlns:a=''", "<a xmlns:a='", "<!-- xmlns", "<![CDATA[ xmlns", "<?xmlns", "</"] {
            overcrowded(&format!("{}{broken}", nested(600, "")));
            overcrowded(&broken.repeat(1_000));
        }
    }
}
