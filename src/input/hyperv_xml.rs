//! The XML that Hyper-V of Windows Server 2008 to 2012 R2 keeps its machines in (format notes, section 3): the same tree of keys as
//! in a VMCX file, a leaf being an element with a `type`.

use super::keys::{Keys, Scalar};
use super::limits;
use super::xml::Malformed;
use crate::source::Span;
use crate::tree::{Kind, NodeId, Tree};

/// Whether the root element is that of a machine. A .NET program's configuration has the same name and nothing else in common.
pub fn is_machine(tree: &Tree<'_>, root: NodeId) -> bool {
    if tree.local_name(root) != "configuration" || !tree.namespace(root).is_empty() {
        return false;
    }
    let child = |name: &str| tree.children(root).find(|&node| tree.is_element(node) && tree.local_name(node) == name);
    let typed = |node: NodeId| tree.children(node).any(|leaf| tree.is_element(leaf) && kind_of(tree, leaf).is_some());
    let more = ["settings", "manifest", "global_settings"].into_iter().any(|name| child(name).is_some());
    more && child("properties").is_some_and(typed)
}

/// The name that dumps use for the type of a leaf.
fn kind_of(tree: &Tree<'_>, node: NodeId) -> Option<&'static str> {
    Some(match tree.attribute(node, "type")? {
        "integer" => "int",
        "string" => "string",
        "bool" | "boolean" => "bool",
        "bytes" => "bytes",
        _ => return None,
    })
}

/// The keys of a machine, the root element's among them.
///
/// A value that does not fit its type stays the text that it is, so that nobody takes it for a number.
///
/// # Errors
/// Where the tree is beyond a limit.
pub fn read(tree: &Tree<'_>) -> Result<Keys, Box<Malformed>> {
    let mut keys = Keys::with_room(tree.element_names().len());
    let mut open: Vec<NodeId> = Vec::new();
    let most = limits::keys(tree.text().len());
    for node in tree.descendants(Tree::ROOT).filter(|&node| tree.is_element(node)) {
        while open.pop_if(|above| tree.parent(node) != Some(*above)).is_some() {
            keys.close();
        }
        let span = tree.span(node);
        if keys.len() >= most || keys.depth() >= limits::KEY_DEPTH {
            return Err(beyond(tree.start_tag(node), keys.depth()));
        }
        let place = content_span(tree, node);
        let has_elements = tree.children(node).any(|child| tree.is_element(child));
        let name = tree.local_name(node);
        match kind_of(tree, node) {
            Some(kind) if !has_elements => {
                let text = tree.string_value(node);
                keys.open(name, kind, Some(scalar(kind, &text)), span, place);
            }
            // Text without a known type is kept as text; one with none at all is the empty node it looks like.
            None if !has_elements && !tree.string_value(node).trim().is_empty() => {
                let text = tree.string_value(node).into_owned();
                keys.open(name, tree.attribute(node, "type").unwrap_or("string"), Some(Scalar::Text(text)), span, place);
            }
            _ => {
                keys.open(name, "", None, span, place);
            }
        }
        open.push(node);
    }
    while open.pop().is_some() {
        keys.close();
    }
    Ok(keys)
}

/// A refusal of too many or too deep keys.
pub(super) fn beyond(span: Span, depth: usize) -> Box<Malformed> {
    let reason = match depth {
        limits::KEY_DEPTH.. => format!("values are nested more than {} deep", limits::KEY_DEPTH),
        _ => "the file holds more values than any export does".to_owned(),
    };
    let fault = Malformed::new(span, reason).help("Check what wrote this file, or export fewer machines at a time.");
    Box::new(Malformed { is_house_rule: true, ..fault })
}

/// What stands between the tags of an element.
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

fn scalar(kind: &str, text: &str) -> Scalar {
    let value = match kind {
        "int" => integer(text).map(Scalar::Number),
        "bool" => boolean(text).map(Scalar::Boolean),
        "bytes" => base64(text).map(Scalar::Bytes),
        _ => None,
    };
    value.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

/// A decimal number as JSON writes it.
pub(super) fn integer(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plain = digits.trim_start_matches('0');
    let plain = if plain.is_empty() { "0" } else { plain };
    Some(if text.starts_with('-') && plain != "0" { format!("-{plain}") } else { plain.to_owned() })
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
    let (mut group, mut digits, mut padding) = (0_u32, 0, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        group = group << 6 | u32::from(digit);
        digits += 1;
        if digits == 4 {
            bytes.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, digits) = (0, 0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{raw, xml};
    use crate::tree::Vocabulary;

    fn lines(text: &str) -> Vec<String> {
        let vocabulary = Vocabulary::default();
        let tree = xml::read(text, &vocabulary, |_, _| {}).unwrap();
        let keys = read(&tree).unwrap();
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
            ("<configuration xmlns='u'><properties><p type='string'/></properties><settings/></configuration>", false),
        ];
        for (text, wanted) in cases {
            let vocabulary = Vocabulary::default();
            let tree = xml::read(text, &vocabulary, |_, _| {}).unwrap();
            let root = tree.children(Tree::ROOT).next().unwrap();
            assert_eq!(is_machine(&tree, root), wanted, "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let text = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        let vocabulary = Vocabulary::default();
        let tree = xml::read(&text, &vocabulary, |_, _| {}).unwrap();
        assert_eq!(read(&tree).unwrap_err().reason, "values are nested more than 256 deep");
    }
}
