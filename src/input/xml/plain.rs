//! The quick reader: plain XML straight into the tree.
//!
//! Nearly every definition is plain: one root, elements, attributes, text, comments, references to characters. Such a text is read
//! here, in one pass and without a second tree. At the first sign of anything else (a fault, a document type, CDATA, an
//! instruction, a name beyond ASCII) this reader gives up without a word and the text is read by roxmltree from its start, so that
//! one place alone judges and explains what is not well-formed. What is accepted here must be accepted there and give the same tree:
//! `tests/generated` and the fuzz target `xml_alike` compare the two.

use std::borrow::Cow;

use super::Limits;
use crate::source::Span;
use crate::tree::{Builder, Kind, NodeId, Tree, Vocabulary};

/// More attributes in a tag, or more declarations of namespaces around one, are left to the other reader: both are searched one by one here.
const FEW: usize = 32;

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// What bytes may do, as bits of [`CLASSES`].
const NAME_START: u8 = 1;
const NAME: u8 = 2;
/// Stands for itself in text.
const TEXT: u8 = 4;
/// Stands for itself in an attribute's value, whatever the quotes.
const VALUE: u8 = 8;
const SPACE: u8 = 16;
/// Stands for itself in a comment.
const COMMENT: u8 = 32;

/// The first byte of U+FFFE and U+FFFF, which XML does not allow, and of much that it does.
const MAY_BE_FORBIDDEN: u8 = 0xEF;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let space = matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        let start = b.is_ascii_alphabetic() || b == b'_';
        let allowed = (b >= 0x20 || space) && b != MAY_BE_FORBIDDEN;
        let mut class = 0;
        if start {
            class |= NAME_START;
        }
        if start || b.is_ascii_digit() || b == b'-' || b == b'.' {
            class |= NAME;
        }
        if space {
            class |= SPACE;
        }
        if allowed && !matches!(b, b'<' | b'&' | b'\r' | b']') {
            class |= TEXT;
        }
        if allowed && !matches!(b, b'<' | b'&' | b'\r' | b'\n' | b'\t' | b'"' | b'\'') {
            class |= VALUE;
        }
        if allowed && b != b'-' {
            class |= COMMENT;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
}

/// A name in the text, with its prefix if it has one.
#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    /// Where the local part begins: at `start` where there is no prefix.
    local: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct Attribute {
    name: Name,
    value: Span,
    /// The text says the value as it is.
    literal: bool,
}

/// An element that is not closed yet.
#[derive(Debug, Clone, Copy)]
struct Open {
    id: NodeId,
    name: Name,
    /// How many namespaces were declared outside it.
    declared: usize,
}

/// A namespace that a tag declares for what it holds.
#[derive(Debug, Clone, Copy)]
struct Declared<'s> {
    /// Empty for the default namespace.
    prefix: &'s str,
    uri: &'s str,
}

struct Reader<'s, F> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    builder: Builder<'s>,
    complete: F,
    limits: Limits,
    open: Vec<Open>,
    most_attributes: usize,
    attributes: Vec<Attribute>,
    declared: Vec<Declared<'s>>,
    default_namespace: &'s str,
}

/// The tree of a plain text; nothing where the text is not plain or is beyond a limit. `complete` as in [`super::read`].
pub fn read<'s>(
    text: &'s str,
    limits: &Limits,
    vocabulary: &'s Vocabulary,
    complete: impl FnMut(&mut Builder<'s>, NodeId),
) -> Option<Tree<'s>> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        // Real definitions have a node, or an attribute, every 14 bytes and more.
        builder: Builder::new(text, vocabulary, text.len() / 14, text.len() / 28),
        complete,
        limits: *limits,
        open: Vec::with_capacity(16),
        most_attributes: limits.attributes.min(FEW),
        attributes: Vec::with_capacity(16),
        declared: Vec::new(),
        default_namespace: "",
    };
    reader.document()?;
    Some(reader.builder.finish())
}

impl<'s, F: FnMut(&mut Builder<'s>, NodeId)> Reader<'s, F> {
    fn document(&mut self) -> Option<()> {
        if self.bytes.starts_with(b"<?xml ") {
            self.declaration()?;
        }
        self.comments()?;
        if self.peek()? != b'<' {
            return None;
        }
        self.start_tag()?;
        self.content()?;
        self.comments()?;
        (self.at == self.bytes.len()).then_some(())
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves past the bytes of a class and gives the first that is not of it.
    #[inline]
    fn pass(&mut self, class: u8) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().position(|&byte| CLASSES[byte as usize] & class == 0)?;
        self.at += length;
        Some(rest[length])
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn slice(&self, start: u32, end: u32) -> &'s str {
        &self.text[start as usize..end as usize]
    }

    /// `<?xml version='1.0' encoding='UTF-8' standalone='no'?>`, of which only the version must be there.
    fn declaration(&mut self) -> Option<()> {
        self.at = b"<?xml".len();
        for (name, needed) in [("version", true), ("encoding", false), ("standalone", false)] {
            let spaced = self.bytes.get(self.at).is_some_and(|&byte| CLASSES[byte as usize] & SPACE != 0);
            self.pass(SPACE)?;
            if !self.bytes.get(self.at..)?.starts_with(name.as_bytes()) {
                if needed {
                    return None;
                }
                continue;
            }
            if !spaced {
                return None;
            }
            self.at += name.len();
            self.equals()?;
            self.value()?;
        }
        self.pass(SPACE)?;
        self.expect(b'?')?;
        self.expect(b'>')
    }

    /// White space and comments outside the root.
    fn comments(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            match self.pass(SPACE) {
                Some(b'<') if self.bytes.get(self.at + 1) == Some(&b'!') => self.comment()?,
                Some(_) => return Some(()),
                None => self.at = self.bytes.len(),
            }
        }
        Some(())
    }

    /// What the root holds, and its end tag.
    fn content(&mut self) -> Option<()> {
        while !self.open.is_empty() {
            self.text()?;
            match self.bytes.get(self.at + 1)? {
                b'/' => self.end_tag()?,
                b'!' => self.comment()?,
                b'?' => return None,
                _ => self.start_tag()?,
            }
        }
        Some(())
    }

    /// Text up to the next `<`, if there is any.
    fn text(&mut self) -> Option<()> {
        let start = self.at;
        let mut literal = true;
        loop {
            match self.pass(TEXT)? {
                b'<' => break,
                b'&' | b'\r' => literal = false,
                b']' if !self.bytes.get(self.at..)?.starts_with(b"]]>") => {}
                MAY_BE_FORBIDDEN if self.is_allowed() => {}
                _ => return None,
            }
            self.at += 1;
        }
        if start == self.at {
            return Some(());
        }
        self.room()?;
        let span = Span::new(start, self.at);
        if literal {
            self.builder.leaf(Kind::Text, span, None);
        } else {
            let said = decoded_text(&self.text[span.range()])?;
            self.builder.leaf(Kind::Text, span, Some(&said));
        }
        Some(())
    }

    /// Whether the character here, which begins as the forbidden ones do, is none of them.
    fn is_allowed(&self) -> bool {
        !matches!(self.bytes.get(self.at + 1..self.at + 3), Some([0xBF, 0xBE | 0xBF]))
    }

    fn comment(&mut self) -> Option<()> {
        if !self.bytes.get(self.at..)?.starts_with(b"<!--") {
            return None;
        }
        let start = self.at + 4;
        self.at = start;
        loop {
            match self.pass(COMMENT)? {
                b'-' if self.bytes.get(self.at + 1) == Some(&b'-') => break,
                b'-' => {}
                MAY_BE_FORBIDDEN if self.is_allowed() => {}
                _ => return None,
            }
            self.at += 1;
        }
        let span = Span::new(start, self.at);
        self.at += 2;
        self.expect(b'>')?;
        self.room()?;
        self.builder.leaf(Kind::Comment, span, None);
        Some(())
    }

    /// Whether there may be one more node.
    #[inline]
    fn room(&self) -> Option<()> {
        (self.builder.tree().len() < self.limits.nodes as usize).then_some(())
    }

    #[inline]
    fn name(&mut self) -> Option<Name> {
        let start = self.at;
        let mut local = start;
        if CLASSES[self.peek()? as usize] & NAME_START == 0 {
            return None;
        }
        if self.pass(NAME)? == b':' {
            self.at += 1;
            local = self.at;
            if CLASSES[self.peek()? as usize] & NAME_START == 0 || self.pass(NAME)? == b':' {
                return None;
            }
        }
        Some(Name { start: start as u32, local: local as u32, end: self.at as u32 })
    }

    #[inline]
    fn equals(&mut self) -> Option<()> {
        if self.peek()? != b'=' {
            self.pass(SPACE)?;
            self.expect(b'=')?;
        } else {
            self.at += 1;
        }
        if !matches!(self.peek()?, b'"' | b'\'') {
            self.pass(SPACE)?;
        }
        Some(())
    }

    /// A quoted value: where it is, and whether it is there as it is meant.
    #[inline]
    fn value(&mut self) -> Option<(Span, bool)> {
        let quote = self.peek()?;
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        self.at += 1;
        let start = self.at;
        let mut literal = true;
        loop {
            match self.pass(VALUE)? {
                byte if byte == quote => break,
                b'"' | b'\'' => {}
                b'&' | b'\t' | b'\n' | b'\r' => literal = false,
                MAY_BE_FORBIDDEN if self.is_allowed() => {}
                _ => return None,
            }
            self.at += 1;
        }
        let span = Span::new(start, self.at);
        self.at += 1;
        Some((span, literal))
    }

    /// A start tag, or the tag of an empty element.
    fn start_tag(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        let name = self.name()?;
        self.attributes.clear();
        let mut qualified = name.local != name.start;
        let empty = loop {
            let behind = self.at;
            match self.pass(SPACE)? {
                b'>' => break false,
                b'/' => {
                    self.at += 1;
                    if self.peek()? != b'>' {
                        return None;
                    }
                    break true;
                }
                _ if self.at == behind || self.attributes.len() == self.most_attributes => return None,
                _ => {}
            }
            let name = self.name()?;
            self.equals()?;
            let (value, literal) = self.value()?;
            qualified |= name.local != name.start || self.slice(name.start, name.end) == "xmlns";
            self.attributes.push(Attribute { name, value, literal });
        };
        self.at += 1;
        self.room()?;
        if self.open.len() >= self.limits.depth {
            return None;
        }
        let span = Span::new(start, self.at);
        let declared = self.declared.len();
        let id = if qualified { self.qualified(name, span)? } else { self.unqualified(name, span)? };
        self.open.push(Open { id, name, declared });
        if empty { self.close() } else { Some(()) }
    }

    /// An element and attributes without prefixes, which declare nothing.
    #[inline]
    fn unqualified(&mut self, name: Name, span: Span) -> Option<NodeId> {
        let id = self.builder.open(self.default_namespace, self.slice(name.start, name.end), span);
        for (index, attribute) in self.attributes.iter().enumerate() {
            let name = &self.text[attribute.name.start as usize..attribute.name.end as usize];
            let is_given = |other: &Attribute| self.text[other.name.start as usize..other.name.end as usize] == *name;
            if self.attributes[..index].iter().any(is_given) {
                return None;
            }
            if attribute.literal {
                self.builder.attribute("", name, attribute.name.start, attribute.value, None);
            } else {
                let said = decoded_value(&self.text[attribute.value.range()])?;
                self.builder.attribute("", name, attribute.name.start, attribute.value, Some(&said));
            }
        }
        Some(id)
    }

    /// An element with prefixes or declarations of namespaces.
    fn qualified(&mut self, name: Name, span: Span) -> Option<NodeId> {
        let attributes = std::mem::take(&mut self.attributes);
        let outside = self.declared.len();
        for attribute in &attributes {
            let Some(prefix) = self.declares(attribute.name) else { continue };
            let uri = self.slice(attribute.value.start, attribute.value.end);
            let taken = self.declared[outside..].iter().any(|known| known.prefix == prefix);
            let reserved = matches!(prefix, "xml" | "xmlns") || matches!(uri, XML_NAMESPACE | XMLNS_NAMESPACE);
            if taken || reserved || !attribute.literal || self.declared.len() == FEW {
                return None;
            }
            self.declared.push(Declared { prefix, uri });
        }
        // roxmltree knows this prefix of attributes only.
        if self.slice(name.start, name.local) == "xml:" {
            return None;
        }
        self.default_namespace = self.innermost("").unwrap_or_default();
        let id = self.builder.open(self.namespace(name)?, self.slice(name.local, name.end), span);
        let mut seen: Vec<(&str, &str)> = Vec::with_capacity(attributes.len());
        for attribute in &attributes {
            if self.declares(attribute.name).is_some() {
                continue;
            }
            let has_prefix = attribute.name.local != attribute.name.start;
            let namespace = if has_prefix { self.namespace(attribute.name)? } else { "" };
            let local = self.slice(attribute.name.local, attribute.name.end);
            if seen.contains(&(namespace, local)) {
                return None;
            }
            seen.push((namespace, local));
            let said = match attribute.literal {
                true => None,
                false => Some(decoded_value(&self.text[attribute.value.range()])?),
            };
            self.builder.attribute(namespace, local, attribute.name.start, attribute.value, said.as_deref());
        }
        self.attributes = attributes;
        Some(id)
    }

    /// The prefix that an attribute of this name declares, empty for the default namespace.
    fn declares(&self, name: Name) -> Option<&'s str> {
        match self.slice(name.start, name.end) {
            "xmlns" => Some(""),
            other => other.strip_prefix("xmlns:"),
        }
    }

    fn innermost(&self, prefix: &str) -> Option<&'s str> {
        self.declared.iter().rev().find(|known| known.prefix == prefix).map(|known| known.uri)
    }

    /// The namespace that the name of an element, or a name with a prefix, is in.
    fn namespace(&self, name: Name) -> Option<&'s str> {
        if name.local == name.start {
            return Some(self.default_namespace);
        }
        match self.slice(name.start, name.local - 1) {
            "xml" => Some(XML_NAMESPACE),
            prefix => self.innermost(prefix),
        }
    }

    fn end_tag(&mut self) -> Option<()> {
        let open = self.open.last()?.name;
        let name = &self.bytes[open.start as usize..open.end as usize];
        self.at += 2;
        if !self.bytes.get(self.at..)?.starts_with(name) {
            return None;
        }
        self.at += name.len();
        if self.peek()? != b'>' {
            self.pass(SPACE)?;
        }
        self.expect(b'>')?;
        self.close()
    }

    /// Closes the innermost element, which ends here.
    #[inline]
    fn close(&mut self) -> Option<()> {
        let open = self.open.pop()?;
        self.builder.end_at(open.id, self.at as u32);
        (self.complete)(&mut self.builder, open.id);
        self.builder.close();
        if self.declared.len() != open.declared {
            self.declared.truncate(open.declared);
            self.default_namespace = self.innermost("").unwrap_or_default();
        }
        Some(())
    }
}

/// A text with its references resolved and its line ends made LF.
fn decoded_text(text: &str) -> Option<Cow<'_, str>> {
    match (text.contains('&'), text.contains('\r')) {
        (true, false) => referred(text, |plain, said| said.push_str(plain)).map(Cow::Owned),
        (false, true) => Some(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))),
        (false, false) => Some(Cow::Borrowed(text)),
        (true, true) => None,
    }
}

/// An attribute's value with its references resolved and each piece of white space, written as it is, made a space.
fn decoded_value(value: &str) -> Option<String> {
    referred(value, |plain, said| {
        for (index, line) in plain.split("\r\n").enumerate() {
            if index > 0 {
                said.push(' ');
            }
            said.extend(line.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
        }
    })
}

/// A text with its references to characters resolved; what stands between them goes through `plain`.
fn referred(text: &str, plain: impl Fn(&str, &mut String)) -> Option<String> {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('&') {
        plain(before, &mut said);
        let (reference, behind) = from.split_once(';')?;
        said.push(character(reference)?);
        rest = behind;
    }
    plain(rest, &mut said);
    Some(said)
}

/// The character that `&reference;` stands for, where that is plain.
fn character(reference: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        let is_number = (1..=7).contains(&digits.len()) && digits.chars().all(|digit| digit.is_digit(radix));
        let found = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten().and_then(char::from_u32)?;
        // A carriage return is one of the places where readers differ.
        (found >= ' ' && !matches!(found, '\u{FFFE}' | '\u{FFFF}') || matches!(found, '\t' | '\n')).then_some(found)
    };
    match reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match reference.strip_prefix('#')?.strip_prefix('x') {
            Some(digits) => number(digits, 16),
            None => number(reference.strip_prefix('#')?, 10),
        },
    }
}
