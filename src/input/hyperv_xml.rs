//! The XML that Hyper-V of Windows Server 2008 to 2012 R2 keeps its machines in (format notes, section 3): the same tree of keys as
//! in a VMCX file, a leaf being an element with a `type`.

use std::borrow::Cow;

use roxmltree::Node;

use super::keys::{Keys, Scalar};
use super::limits::Limits;
use super::xml::{self, Malformed};
use crate::source::Span;
use crate::tree::{Kind, NodeId, Tree};

/// Whether the first tag of a text has the name that the root of a machine has: what need not be asked of every definition.
pub fn is_likely(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once('<') {
        let end = match tag.as_bytes() {
            [b'?', ..] => "?>",
            [b'!', ..] => "-->",
            _ => return tag.starts_with("configuration"),
        };
        rest = tag.split_once(end).map_or("", |(_, behind)| behind);
    }
    false
}

/// The root element, if it is that of a machine. A .NET program's configuration has the same name and nothing else in common.
pub fn machine<'d, 't>(document: &'d xml::Document<'t>) -> Option<Node<'d, 't>> {
    let root = document.root().filter(|root| root.tag_name() == "configuration".into())?;
    let child = |name: &str| root.children().find(|node| node.is_element() && node.tag_name().name() == name);
    let more = ["settings", "manifest", "global_settings"].into_iter().any(|name| child(name).is_some());
    let is_typed = |properties: Node<'_, '_>| properties.children().any(|leaf| kind_of(leaf).is_some());
    (more && child("properties").is_some_and(is_typed)).then_some(root)
}

/// The name that dumps use for the type of a leaf.
fn kind_of(node: Node<'_, '_>) -> Option<&'static str> {
    Some(match node.attribute("type")? {
        "integer" => "int",
        "string" => "string",
        "bool" | "boolean" => "bool",
        "bytes" => "bytes",
        _ => return None,
    })
}

/// The keys of a machine, its root element's among them. They are read from the parsed document itself: half of its nodes are blanks
/// between the values, and a tree would hold them all once more.
///
/// A value that does not fit its type stays the text that it is, so that nobody takes it for a number.
///
/// # Errors
/// Where the document is beyond a limit.
pub fn read(text: &str, root: Node<'_, '_>, limits: &Limits) -> Result<Keys, Box<Malformed>> {
    let mut keys = Keys::with_room(text.len() / BYTES_FOR_A_KEY);
    let most = limits.keys(text.len());
    // Where the elements that are open end.
    let mut open: Vec<u32> = Vec::new();
    for node in root.descendants().filter(Node::is_element) {
        let span = xml::place(text, node);
        while open.pop_if(|end| *end <= span.start).is_some() {
            keys.close();
        }
        if keys.len() >= most || keys.depth() >= limits.key_depth() {
            return Err(beyond(xml::start_tag(text, span), keys.depth(), limits));
        }
        let (kind, value) = match (kind_of(node), content(node)) {
            (Some(kind), Some(content)) => (kind, Some(scalar(kind, content))),
            // Text without a known type is kept as text; one with none at all is the empty node it looks like.
            (None, Some(content)) if !content.trim().is_empty() => {
                (node.attribute("type").unwrap_or("string"), Some(Scalar::Text(content)))
            }
            _ => ("", None),
        };
        keys.open(node.tag_name().name(), kind, value, span, between_tags(text, node, span));
        open.push(span.end);
    }
    while open.pop().is_some() {
        keys.close();
    }
    Ok(keys)
}

/// What real files take for a value with its tags and blanks, at the least.
const BYTES_FOR_A_KEY: usize = 48;

/// The text of an element; none where other elements lie in it.
fn content<'t>(element: Node<'t, '_>) -> Option<Cow<'t, str>> {
    let mut content = Cow::Borrowed("");
    for child in element.children() {
        match child.text() {
            _ if child.is_element() => return None,
            Some(text) if child.is_text() && content.is_empty() => content = Cow::Borrowed(text),
            Some(text) if child.is_text() => content.to_mut().push_str(text),
            _ => {}
        }
    }
    Some(content)
}

/// What stands between the tags of an element.
fn between_tags(text: &str, element: Node<'_, '_>, span: Span) -> Span {
    match (element.first_child(), element.last_child()) {
        (Some(first), Some(last)) => Span { start: xml::place(text, first).start, end: xml::place(text, last).end },
        _ => Span::at(xml::start_tag(text, span).end as usize),
    }
}

/// A refusal of too many or too deep keys.
pub(super) fn beyond(span: Span, depth: usize, limits: &Limits) -> Box<Malformed> {
    let reason = match limits.key_depth() {
        most if depth >= most => format!("values are nested more than {most} deep"),
        _ => "the file holds more values than any export does".to_owned(),
    };
    let fault = Malformed::new(span, reason).help("Check what wrote this file, or export fewer machines at a time.");
    Box::new(Malformed { is_house_rule: true, ..fault })
}

/// What stands between the tags of an element of a tree.
pub(super) fn content_span(tree: &Tree<'_>, node: NodeId) -> Span {
    let mut inner = tree.children(node).map(|child| match tree.kind(child) {
        // The span of a comment or an instruction is its content; what is around it does not matter here.
        Kind::Root | Kind::Element | Kind::Text | Kind::Comment | Kind::Instruction => tree.span(child),
    });
    match inner.next() {
        Some(first) => Span { start: first.start, end: inner.last().unwrap_or(first).end },
        None => Span::at(tree.start_tag(node).end as usize),
    }
}

fn scalar<'t>(kind: &str, text: Cow<'t, str>) -> Scalar<'t> {
    let value = match kind {
        "int" => match text {
            Cow::Borrowed(text) => integer(text).map(Scalar::Number),
            Cow::Owned(ref text) => integer(text).map(|number| Scalar::Number(Cow::Owned(number.into_owned()))),
        },
        "bool" => boolean(&text).map(Scalar::Boolean),
        "bytes" => base64(&text).map(|bytes| Scalar::Bytes(Cow::Owned(bytes))),
        _ => None,
    };
    value.unwrap_or(Scalar::Text(text))
}

/// A decimal number as JSON writes it.
pub(super) fn integer(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plain = digits.trim_start_matches('0');
    Some(match (text.starts_with('-'), plain) {
        (_, "") => Cow::Borrowed("0"),
        (true, _) if plain.len() < digits.len() => Cow::Owned(format!("-{plain}")),
        (true, _) => Cow::Borrowed(text),
        (false, _) => Cow::Borrowed(plain),
    })
}

/// `True` and `False` in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case("false").then_some(false)
}

/// Base64 with line ends and blanks anywhere.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut digits, mut padding) = (0, 0, 0);
    let mut rest = text.as_bytes();
    loop {
        // Four digits in a row are what nearly all of it is.
        while digits == 0
            && padding == 0
            && let [a, b, c, d, behind @ ..] = rest
            && let [a, b, c, d] = [a, b, c, d].map(|&byte| u32::from(DIGITS[usize::from(byte)]))
            && (a | b | c | d) < 64
        {
            bytes.extend_from_slice(&(a << 18 | b << 12 | c << 6 | d).to_be_bytes()[1..]);
            rest = behind;
        }
        let Some((&byte, behind)) = rest.split_first() else { break };
        rest = behind;
        match byte {
            b'=' => padding += 1,
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                let digit = DIGITS[usize::from(byte)];
                if digit == NO_DIGIT || padding > 0 {
                    return None;
                }
                group = group << 6 | u32::from(digit);
                digits += 1;
                if digits == 4 {
                    bytes.extend_from_slice(&group.to_be_bytes()[1..]);
                    (group, digits) = (0, 0);
                }
            }
        }
    }
    match (digits, padding) {
        (0, 0) => {}
        (2, 2) => bytes.push((group >> 4) as u8),
        (3, 1) => bytes.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => return None,
    }
    Some(bytes)
}

/// What each byte stands for in base64.
const DIGITS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = [NO_DIGIT; 256];
    let mut at = 0;
    while at < alphabet.len() {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits
};

const NO_DIGIT: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::raw;

    fn lines(text: &str) -> Vec<String> {
        let document = xml::parse(text, &Limits::default()).unwrap();
        let keys = read(text, document.root().unwrap(), &Limits::default()).unwrap();
        raw::lines(&keys).map(|line| format!("{} @{}", line.text, &text[keys.value_span(line.key).range()])).collect()
    }

    #[test]
    fn leaves_are_elements_with_a_type() {
        let text = "<configuration><properties><name type='string'>a&amp;b</name><notes type='string'/>\
            <version type='integer'> 1280 </version><on type='boolean'>TRUE</on><off type='bool'>False</off>\
            <x type='bytes'>AAEC\n</x><x type='bytes'>/w==</x></properties><empty/></configuration>";
        let wanted = [
            "/configuration/properties/name string a&b @a&amp;b",
            "/configuration/properties/notes string  @",
            "/configuration/properties/version int 1280 @ 1280 ",
            "/configuration/properties/on bool true @TRUE",
            "/configuration/properties/off bool false @False",
            "/configuration/properties/x bytes 000102 @AAEC\n",
            "/configuration/properties/x#2 bytes ff @/w==",
        ];
        assert_eq!(lines(text), wanted);
    }

    #[test]
    fn what_does_not_fit_its_type_stays_text() {
        let text = "<c><a type='integer'>four</a><b type='bool'>yes</b><d type='bytes'>A</d><e type='odd'>x</e><f>y</f></c>";
        let wanted = ["/c/a int four @four", "/c/b bool yes @yes", "/c/d bytes A @A", "/c/e odd x @x", "/c/f string y @y"];
        assert_eq!(lines(text), wanted);
    }

    #[test]
    fn numbers_are_written_as_json_writes_them() {
        let cases = [("0", Some("0")), ("-0", Some("0")), ("007", Some("7")), ("+5", Some("5")), ("-12", Some("-12"))];
        for (text, wanted) in cases.into_iter().chain([("", None), ("-", None), ("1.5", None), ("0x10", None)]) {
            assert_eq!(integer(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn base64_is_exact_about_its_end() {
        let cases: [(&str, Option<&[u8]>); 8] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==\r\n", Some(b"foob")),
            ("Zg", None),
            ("Zg==Zg==", None),
            ("Z*==", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(base64(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_program_s_configuration_is_no_machine() {
        let cases = [
            ("<configuration><appSettings><add key='a'/></appSettings></configuration>", false),
            ("<configuration><properties><p type='string'/></properties></configuration>", false),
            ("<configuration><properties><p/></properties><settings/></configuration>", false),
            ("<configuration><properties><p type='string'/></properties><settings/></configuration>", true),
            ("<configuration><properties><p type='string'/></properties><settings/></configuration><configuration/>", false),
            ("<configuration xmlns='u'><properties><p type='string'/></properties><settings/></configuration>", false),
        ];
        for (text, wanted) in cases {
            assert_eq!(machine(&xml::parse(text, &Limits::default()).unwrap()).is_some(), wanted, "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let text = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        let document = xml::parse(&text, &Limits::default()).unwrap();
        assert_eq!(
            read(&text, document.root().unwrap(), &Limits::default()).unwrap_err().reason,
            "values are nested more than 256 deep"
        );
    }
}
