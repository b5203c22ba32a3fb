//! What the XML parser says of a text that is wrong, in plain words and at its place.

use std::borrow::Cow;

use roxmltree::{Error, TextPos};

use super::{Malformed, innermost_open};
use crate::input::limits::{self, Limits};
use crate::source::Span;

/// The byte offset of a position that the parser gives: rows end with LF alone, columns count characters.
fn offset_of(text: &str, position: TextPos) -> usize {
    let row = position.row.max(1) as usize - 1;
    let start =
        if row == 0 { 0 } else { memchr::memchr_iter(b'\n', text.as_bytes()).nth(row - 1).map_or(text.len(), |at| at + 1) };
    let line = text.get(start..).unwrap_or_default();
    let column = position.col.max(1) as usize - 1;
    start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// A name as messages have it: not too long.
pub(crate) fn brief(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(limits::NAME) {
        Some((at, _)) => Cow::Owned(format!("{}…", name.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(name),
    }
}

/// A parser's error in plain words, at its place.
pub(super) fn explain(error: &Error, text: &str, base: usize, limits: &Limits) -> Malformed {
    let at = |position: &TextPos| {
        let start = offset_of(text, *position);
        let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Span::new(base + start, base + start + width)
    };
    // The words that a fault is about, where the parser points at their first character.
    let over = |position: &TextPos, words: &str| {
        let start = offset_of(text, *position);
        let is_there = text.get(start..).is_some_and(|rest| rest.starts_with(words));
        if is_there { Span::new(base + start, base + start + words.len()) } else { at(position) }
    };
    let end = Span::at(base + text.len());
    let shown =
        |byte: u8| if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("the byte 0x{byte:02X}") };
    match error {
        Error::UnexpectedCloseTag(expected, actual, position) => {
            let before = text.get(..offset_of(text, *position)).unwrap_or_default();
            let open = innermost_open(before).map(|span| (span.shifted(base as u32), "not closed"));
            let reason = format!("the end tag `</{}>` does not match the start tag `<{}>`", brief(actual), brief(expected));
            Malformed { related: open, ..Malformed::new(over(position, &format!("</{actual}>")), reason) }
                .help("Close elements in the reverse order in which they were opened; names are compared letter by letter.")
        }
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let open = innermost_open(text).map(|span| (span.shifted(base as u32), "still open at the end"));
            let help = "The file looks cut off; write or copy it again.";
            Malformed { related: open, ..Malformed::new(end, "the file ends before its elements are closed").help(help) }
        }
        Error::NoRootNode if text.trim().is_empty() => Malformed::new(end, "the file is empty"),
        Error::NoRootNode => {
            Malformed::new(end, "the file has no element").help("A definition starts with an element such as `<domain>`.")
        }
        Error::DtdDetected => {
            let start = memchr::memmem::find(text.as_bytes(), b"<!DOCTYPE").unwrap_or_default();
            let fault = Malformed::new(Span::new(base + start, base + start + 9), "document type declarations are refused")
                .help("Remove the `<!DOCTYPE …>`; libvirt writes none, and entities could pull in other files.");
            Malformed { is_doctype: true, ..fault }
        }
        Error::UnknownEntityReference(name, position) => {
            Malformed::new(over(position, &format!("&{name};")), format!("the entity `&{};` is not defined", brief(name)))
                .help("XML knows `&lt;`, `&gt;`, `&amp;`, `&apos;`, `&quot;` and numbers such as `&#233;`.")
        }
        Error::MalformedEntityReference(position) => {
            Malformed::new(at(position), "an `&` starts no reference here").help("Write `&amp;` for the character itself.")
        }
        Error::InvalidAttributeValue(position) => Malformed::new(at(position), "an attribute's value holds a `<`")
            .help("Write `&lt;`, or look for a missing closing quote before."),
        Error::DuplicatedAttribute(name, position) => {
            Malformed::new(over(position, name), format!("the attribute `{}` is given twice", brief(name)))
        }
        Error::DuplicatedNamespace(name, position) => {
            Malformed::new(at(position), format!("the namespace prefix `{}` is declared twice", brief(name)))
        }
        Error::UnknownNamespace(prefix, position) => {
            Malformed::new(over(position, prefix), format!("the namespace prefix `{}` is not declared", brief(prefix)))
                .help("Declare it on the root element: `xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'` for `qemu`.")
        }
        Error::UnexpectedDeclaration(position) => {
            Malformed::new(at(position), "an XML declaration may stand only at the very start")
                .help("Remove what stands before it, blank lines too.")
        }
        Error::NonXmlChar(c, position) => {
            Malformed::new(at(position), format!("the character U+{:04X} is not allowed in XML", u32::from(*c)))
        }
        Error::InvalidName(position) => Malformed::new(at(position), "a name was expected here"),
        Error::InvalidChar(b'"' | b'\'', b'<', position) => explain(&Error::InvalidAttributeValue(*position), text, base, limits),
        Error::InvalidChar(expected, actual, position) => {
            Malformed::new(at(position), format!("expected {}, found {}", shown(*expected), shown(*actual)))
        }
        Error::InvalidChar2(expected, actual, position) => {
            Malformed::new(at(position), format!("expected {}, found {}", expected.replace('\'', "`"), shown(*actual)))
        }
        Error::InvalidString(expected, position) => Malformed::new(at(position), format!("expected `{expected}`")),
        Error::InvalidComment(position) => Malformed::new(at(position), "a comment holds `--` or ends with `-`"),
        Error::InvalidCharacterData(position) => {
            Malformed::new(at(position), "the characters `]]>` may not stand in text").help("Write `]]&gt;`.")
        }
        Error::UnknownToken(position) if offset_of(text, *position) >= text.trim_end().len() => {
            Malformed::new(at(position), "the file ends where an element was expected")
        }
        Error::UnknownToken(position) => Malformed::new(at(position), "text outside the root element")
            .help("A definition is one element, or several one after the other, with nothing but comments between them."),
        Error::NodesLimitReached => Malformed::new(end, format!("the document has more than {} nodes", limits.nodes))
            .help("Judge fewer machines in one file. `limits.nodes` in vmlint.yaml allows more."),
        Error::AttributesLimitReached => Malformed::new(end, "the document has too many attributes"),
        Error::NamespacesLimitReached => Malformed::new(end, "the document declares too many namespaces"),
        Error::InvalidXmlPrefixUri(position)
        | Error::UnexpectedXmlUri(position)
        | Error::UnexpectedXmlnsUri(position)
        | Error::InvalidElementNamePrefix(position) => {
            Malformed::new(at(position), "the names `xml` and `xmlns` are bound by the standard and cannot be declared anew")
        }
        Error::UnexpectedEntityCloseTag(position) | Error::EntityReferenceLoop(position) | Error::InvalidExternalID(position) => {
            Malformed::new(at(position), "entities are refused")
        }
        Error::EntityResolver(position, _) => Malformed::new(at(position), "entities are refused"),
    }
}
