//! XML to the definition tree: spans for every name and value, several roots in one file, and faults in plain words. What is plain is read
//! by [`plain`]; all else, and everything that is wrong, by way of roxmltree.

mod faults;
pub mod plain;

use roxmltree::{Error, Node, NodeType, ParsingOptions, StringStorage};

use super::limits::{self, Limits};
use super::{doctype, scopes};
use crate::source::Span;
use crate::tree::{Builder, Kind, NodeId, Tree, Vocabulary};
pub(crate) use faults::brief;
use faults::explain;

/// Why a text is not the XML of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where.
    pub span: Span,
    /// What is wrong, a sentence without a full stop.
    pub reason: String,
    /// What to do about it.
    pub help: Option<&'static str>,
    /// Another place that belongs to it, and why.
    pub related: Option<(Span, &'static str)>,
    /// Whether it is nothing but a document type declaration.
    pub is_doctype: bool,
    /// Whether the format allows it and only vmlint does not: what is beyond a limit, what two programs would read differently.
    pub is_house_rule: bool,
}

impl Malformed {
    /// A fault at a place.
    pub fn new(span: Span, reason: impl Into<String>) -> Malformed {
        Malformed { span, reason: reason.into(), help: None, related: None, is_doctype: false, is_house_rule: false }
    }

    /// The same with words on what to do.
    pub fn help(self, help: &'static str) -> Malformed {
        Malformed { help: Some(help), ..self }
    }
}

/// XML that was parsed.
#[derive(Debug)]
pub struct Document<'t> {
    text: &'t str,
    limits: Limits,
    form: Form<'t>,
}

#[derive(Debug)]
enum Form<'t> {
    One(roxmltree::Document<'t>),
    /// Several root elements, one after the other, and where each ends; only the tree is made from them one by one.
    Several(Vec<usize>),
}

/// Reads XML into a tree. A text with several root elements, one after the other, gives a tree with as many children of its document node.
///
/// `complete` is called for every element just before it is closed and may add to it.
///
/// # Errors
/// Where the text is not well-formed, has a document type declaration or is beyond a limit.
pub fn read<'s>(
    text: &'s str,
    limits: &Limits,
    vocabulary: &'s Vocabulary,
    mut complete: impl FnMut(&mut Builder<'s>, NodeId),
) -> Result<Tree<'s>, Malformed> {
    match plain::read(text, limits, vocabulary, &mut complete) {
        Some(tree) => Ok(tree),
        None => parse(text, limits)?.tree(vocabulary, complete),
    }
}

/// Parses XML. What follows the first of several root elements is parsed by [`Document::tree`].
///
/// # Errors
/// Where the text is not well-formed, has a document type declaration or is beyond a limit.
pub fn parse<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, Malformed> {
    if let Some(span) = overlong_tag(text, limits.attributes) {
        let reason = format!("the start tag has more than {} attributes", limits.attributes);
        let help = "No definition needs that many; check what wrote this file. `limits.attributes` in vmlint.yaml allows more.";
        return Err(Malformed::new(span, reason).help(help));
    }
    if let Some(span) = scopes::overcrowded(text) {
        let reason = "too many namespaces are declared within one another";
        return Err(Malformed::new(span, reason).help("No definition needs that many; check what wrote this file."));
    }
    let limits = *limits;
    match parse_one(text, &limits) {
        Ok(document) => Ok(Document { text, limits, form: Form::One(document) }),
        Err(error) => match root_ends(text) {
            ends if ends.len() < 2 => Err(explain(&error, text, 0, &limits)),
            ends if ends.len() > limits::ROOTS => {
                let reason = format!("the file has more than {} root elements", limits::ROOTS);
                Err(Malformed::new(Span::at(0), reason).help("Judge fewer machines in one file."))
            }
            ends => Ok(Document { text, limits, form: Form::Several(ends) }),
        },
    }
}

impl<'s> Document<'s> {
    /// The root element, where there is but one.
    pub fn root(&self) -> Option<Node<'_, 's>> {
        match &self.form {
            Form::One(document) => Some(document.root_element()),
            Form::Several(_) => None,
        }
    }

    /// The tree, as [`read`] gives it.
    ///
    /// # Errors
    /// Where what follows the first root element is not well-formed, and where elements are nested beyond the limit.
    pub fn tree(
        self,
        vocabulary: &'s Vocabulary,
        mut complete: impl FnMut(&mut Builder<'s>, NodeId),
    ) -> Result<Tree<'s>, Malformed> {
        match self.form {
            Form::One(document) => {
                let mut builder = builder_for(self.text, vocabulary, &document);
                copy(&document, self.text, 0, &self.limits, &mut builder, &mut complete)?;
                Ok(builder.finish())
            }
            Form::Several(ends) => read_roots(self.text, &self.limits, vocabulary, &ends, &mut complete),
        }
    }
}

/// The root element's name of a document that is refused for its document type declaration alone: with the declaration it is
/// well-formed. Entities are not followed out of the text.
///
/// # Errors
/// What else is wrong with it.
pub fn root_behind_doctype(text: &str, limits: &Limits) -> Result<(String, Span), Malformed> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: limits.nodes, ..ParsingOptions::default() };
    let emptied = doctype::emptied(text);
    let document =
        roxmltree::Document::parse_with_options(&emptied, options).map_err(|error| explain(&error, text, 0, limits))?;
    let root = document.root_element();
    let start = root.range().start;
    let name_len =
        text.get(start..).and_then(|tag| tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))).unwrap_or_default();
    Ok((root.tag_name().name().to_owned(), Span::new(start, start + name_len)))
}

fn parse_one<'t>(text: &'t str, limits: &Limits) -> Result<roxmltree::Document<'t>, Error> {
    roxmltree::Document::parse_with_options(text, ParsingOptions { nodes_limit: limits.nodes, ..ParsingOptions::default() })
}

fn builder_for<'s>(text: &'s str, vocabulary: &'s Vocabulary, document: &roxmltree::Document<'_>) -> Builder<'s> {
    // The last node's number is the count; attributes run to about half of it.
    let nodes =
        document.root().last_child().map_or(1, |last| last.descendants().next_back().unwrap_or(last).id().get_usize() + 1);
    Builder::new(text, vocabulary, nodes, nodes)
}

/// Each root with the comments and instructions before it is parsed by itself, its spans moved to where it stands.
fn read_roots<'s>(
    text: &'s str,
    limits: &Limits,
    vocabulary: &'s Vocabulary,
    ends: &[usize],
    complete: &mut impl FnMut(&mut Builder<'s>, NodeId),
) -> Result<Tree<'s>, Malformed> {
    // Many small roots have few nodes each: none takes less than four bytes of the text.
    let room = (64 * ends.len()).min(text.len() / 16);
    let mut builder = Builder::new(text, vocabulary, room, room);
    let mut start = 0;
    for (index, &end) in ends.iter().enumerate() {
        let end = if index + 1 == ends.len() { text.len() } else { end };
        let part = text.get(start..end).unwrap_or_default();
        let document = parse_one(part, limits).map_err(|error| explain(&error, part, start, limits))?;
        copy(&document, part, start as u32, limits, &mut builder, complete)?;
        if builder.tree().len() > limits.nodes as usize {
            return Err(explain(&Error::NodesLimitReached, text, 0, limits));
        }
        start = end;
    }
    Ok(builder.finish())
}

/// Copies a parsed document that starts `offset` bytes into the text of the builder.
fn copy<'s>(
    document: &roxmltree::Document<'_>,
    text: &str,
    offset: u32,
    limits: &Limits,
    builder: &mut Builder<'s>,
    complete: &mut impl FnMut(&mut Builder<'s>, NodeId),
) -> Result<(), Malformed> {
    let mut open: Vec<(u32, NodeId)> = Vec::with_capacity(16);
    for node in document.root().descendants().skip(1) {
        let span = place(text, node).shifted(offset);
        while let Some(&(end, id)) = open.last()
            && span.start >= end
        {
            complete(builder, id);
            builder.close();
            open.pop();
        }
        match node.node_type() {
            NodeType::Element => {
                if open.len() >= limits.depth {
                    let tag = start_tag(text, place(text, node)).shifted(offset);
                    let reason = format!("elements are nested more than {} deep", limits.depth);
                    let help = "libvirt stops at 256; check what wrote this file. `limits.depth` in vmlint.yaml allows more.";
                    return Err(Malformed::new(tag, reason).help(help));
                }
                let name = node.tag_name();
                let id = builder.open(name.namespace().unwrap_or_default(), name.name(), span);
                for attribute in node.attributes() {
                    let start = attribute.range().start as u32 + offset;
                    let namespace = attribute.namespace().unwrap_or_default();
                    match attribute.value_storage() {
                        StringStorage::Borrowed(value) if !value.is_empty() => {
                            builder.attribute(namespace, attribute.name(), start, literal(text, value).shifted(offset), None);
                        }
                        _ => {
                            let value = attribute.range_value();
                            let value_span = Span::new(value.start, value.end).shifted(offset);
                            builder.attribute(namespace, attribute.name(), start, value_span, Some(attribute.value()));
                        }
                    }
                }
                open.push((span.end, id));
            }
            NodeType::Text | NodeType::Comment => {
                let kind = if node.is_text() { Kind::Text } else { Kind::Comment };
                let is_literal = matches!(node.text_storage(), Some(StringStorage::Borrowed(_)));
                builder.leaf(kind, span, if is_literal { None } else { node.text() });
            }
            NodeType::PI => {
                builder.leaf(Kind::Instruction, span, node.pi().map(|pi| pi.value.unwrap_or_default()));
            }
            NodeType::Root => {}
        }
    }
    while let Some((_, id)) = open.pop() {
        complete(builder, id);
        builder.close();
    }
    Ok(())
}

/// Where a value lies that the parser borrowed from the text: its address tells its exact place.
fn literal(text: &str, value: &str) -> Span {
    let start = value.as_ptr() as usize - text.as_ptr() as usize;
    Span::new(start, start + value.len())
}

/// Where a node stands in the parsed text: an element with its tags, the content of a text or comment that is there literally, the
/// target of an instruction.
pub(super) fn place(text: &str, node: Node<'_, '_>) -> Span {
    match (node.node_type(), node.text_storage()) {
        (NodeType::Text | NodeType::Comment, Some(StringStorage::Borrowed(value))) => return literal(text, value),
        (NodeType::PI, _) => {
            if let Some(pi) = node.pi() {
                return literal(text, pi.target);
            }
        }
        _ => {}
    }
    let range = node.range();
    Span::new(range.start, range.end)
}

/// The start tag of the element at `span`.
pub(super) fn start_tag(text: &str, span: Span) -> Span {
    let tag = text.as_bytes().get(span.range()).unwrap_or_default();
    Span { end: tag_end(tag).map_or(span.end, |length| span.start + length as u32), ..span }
}

/// The first start tag with more attributes than the limit. The parser is quadratic in them, so this is looked at first.
fn overlong_tag(text: &str, most: usize) -> Option<Span> {
    // What so many attributes take at least, each ` a=""`.
    let shortest = most.saturating_mul(5).max(1);
    let bytes = text.as_bytes();
    let mut at: usize = 0;
    // From window to window, each ending with its last `<`: a tag that long leaves a window without one.
    while let Some(window) = bytes.get(at..at.saturating_add(shortest)) {
        match memchr::memrchr(b'<', window) {
            Some(last) => at += last + 1,
            None => {
                let start = memchr::memrchr(b'<', &bytes[..at])?;
                let next = memchr::memchr(b'<', &bytes[at..]).map_or(bytes.len(), |found| at + found);
                let tag = &bytes[start..next];
                if tag_attributes(tag) > most {
                    return Some(Span::new(start, start + 1 + tag[1..].iter().take_while(|b| b.is_ascii_alphanumeric()).count()));
                }
                at = next + 1;
            }
        }
    }
    None
}

/// How many `=` stand outside quotes before the tag's `>`.
fn tag_attributes(tag: &[u8]) -> usize {
    let (mut count, mut quote) = (0, None);
    for &byte in tag {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None => match byte {
                b'>' => break,
                b'=' => count += 1,
                b'"' | b'\'' => quote = Some(byte),
                _ => {}
            },
        }
    }
    count
}

/// Where each top-level element ends, by tags alone; one that is never closed ends with the text. Only asked when the text does not
/// parse as one document.
fn root_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let open = scan_tags(text, |tag| {
        if tag.depth == 0 {
            ends.push(tag.end);
        }
    });
    if !open.is_empty() {
        ends.push(text.len());
    }
    ends
}

/// The start tag that is still open at the end of the text, the innermost one.
fn innermost_open(text: &str) -> Option<Span> {
    scan_tags(text, |_| {}).pop()
}

struct Closed {
    /// Elements still open behind it.
    depth: usize,
    end: usize,
}

/// Walks the tags of a text without checking them and tells each element's end; returns the start tags never closed.
fn scan_tags(text: &str, mut closed: impl FnMut(Closed)) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut open: Vec<Span> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        let rest = &bytes[start..];
        let skip = |from: usize, end: &[u8]| {
            memchr::memmem::find(&rest[from.min(rest.len())..], end).map(|n| start + from + n + end.len())
        };
        let next = if rest.starts_with(b"<!--") {
            skip(4, b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            skip(9, b"]]>")
        } else if rest.starts_with(b"<?") {
            skip(2, b"?>")
        } else {
            tag_end(rest).map(|len| start + len)
        };
        let Some(next) = next else { break };
        match rest.get(1) {
            Some(b'!' | b'?') => {}
            Some(b'/') => {
                open.pop();
                closed(Closed { depth: open.len(), end: next });
            }
            _ if bytes.get(next - 2) == Some(&b'/') => closed(Closed { depth: open.len(), end: next }),
            _ => open.push(Span::new(start, next)),
        }
        at = next;
    }
    open
}

/// Length of a tag, quotes respected.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in tag.iter().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return Some(at + 1),
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_text(xml: &str) -> String {
        let vocabulary = Vocabulary::default();
        let tree = read(xml, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
        let mut out = String::new();
        for node in tree.descendants(Tree::ROOT) {
            let depth = tree.ancestors(node).count();
            let attributes: Vec<String> = tree
                .attributes(node)
                .map(|a| {
                    format!(
                        "{}={}@{}",
                        tree.attribute_qualified_name(a),
                        tree.attribute_value(a),
                        &xml[tree.attribute_span(a).range()]
                    )
                })
                .collect();
            let what = match tree.kind(node) {
                Kind::Element => format!("{} {}", tree.qualified_name(node), &xml[tree.start_tag(node).range()]),
                kind => format!("{kind:?} {} {:?}", tree.qualified_name(node), tree.value(node)),
            };
            out += &format!("{:depth$}{what} [{}]\n", "", attributes.join(" "), depth = depth);
        }
        out
    }

    #[test]
    fn every_node_keeps_its_place() {
        let xml = "<?xml version='1.0'?><!-- c --><q:a xmlns:q='u' b = \"x&amp;y\" c=''\n xmlns='v'>t&lt;<![CDATA[<x>]]><b/><?p i?></q:a >";
        assert_eq!(
            tree_text(xml),
            " Comment  \" c \" []\n q:a <q:a xmlns:q='u' b = \"x&amp;y\" c=''\n xmlns='v'> [b=x&y@b = \"x&amp;y\" c=@c='']\n  Text  \"t<<x>\" []\n  b <b/> []\n  Instruction p \"i\" []\n"
        );
    }

    #[test]
    fn several_roots_keep_their_places() {
        let xml = "<a x='1'/>\n<!-- between -->\n<b><c y='2'/></b>\n";
        assert_eq!(
            tree_text(xml),
            " a <a x='1'/> [x=1@x='1']\n Comment  \" between \" []\n b <b> []\n  c <c y='2'/> [y=2@y='2']\n"
        );
    }

    #[test]
    fn faults_are_told_in_plain_words_at_their_place() {
        let deep = format!("<a {}/>", (0..600).map(|n| format!("a{n}='' ")).collect::<String>());
        let cases: [(&str, &str, &str); 16] = [
            ("<a><b></a></b>", "</a>", "the end tag `</a>` does not match the start tag `<b>`"),
            ("<a><b>", "", "the file ends before its elements are closed"),
            ("", "", "the file is empty"),
            ("<!-- c -->", "", "the file has no element"),
            ("<!DOCTYPE a []><a/>", "<!DOCTYPE", "document type declarations are refused"),
            ("<a>&nbsp;</a>", "&", "the entity `&nbsp;` is not defined"),
            ("<a>a & b</a>", "&", "an `&` starts no reference here"),
            ("<a b='<'/>", "<", "an attribute's value holds a `<`"),
            ("<a b='' b=''/>", "b", "the attribute `b` is given twice"),
            ("<q:a/>", "q", "the namespace prefix `q` is not declared"),
            (" <?xml version='1.0'?><a/>", "<", "an XML declaration may stand only at the very start"),
            ("<a>\u{1b}</a>", "\u{1b}", "the character U+001B is not allowed in XML"),
            ("<a b=c/>", "c", "expected a quote, found `c`"),
            ("<a><!-- -- --></a>", "<", "a comment holds `--` or ends with `-`"),
            ("virsh says: <a/>", "v", "text outside the root element"),
            (&deep, "<a", "the start tag has more than 512 attributes"),
        ];
        let vocabulary = Vocabulary::default();
        for (xml, place, reason) in cases {
            let fault = read(xml, &Limits::default(), &vocabulary, |_, _| {}).map(|_| ()).unwrap_err();
            assert_eq!(fault.reason, reason, "{xml}");
            assert!(xml[fault.span.range()].starts_with(&place.chars().take(1).collect::<String>()), "{xml}: {fault:?}");
        }
    }

    #[test]
    fn what_is_beyond_a_limit_is_told_at_its_place() {
        let limits = Limits { depth: 3, nodes: 6, attributes: 2, ..Limits::default() };
        let fault = |xml: &str| {
            let fault = read(xml, &limits, &Vocabulary::default(), |_, _| {}).map(|_| ()).unwrap_err();
            (xml[fault.span.range()].to_owned(), fault.reason)
        };
        assert_eq!(
            fault("<a><b><c><d x=''/></c></b></a>"),
            ("<d x=''/>".to_owned(), "elements are nested more than 3 deep".to_owned())
        );
        assert_eq!(fault("<a/><a><b><c><d/></c></b></a>").1, "elements are nested more than 3 deep");
        assert_eq!(fault("<a><b x='' y='' z=''/></a>"), ("<b".to_owned(), "the start tag has more than 2 attributes".to_owned()));
        assert_eq!(fault("<a><b/><b/><b/><b/><b/><b/></a>").1, "the document has more than 6 nodes");
        assert_eq!(fault("<a><b/><b/></a><a><b/><b/></a><a><b/><b/></a>").1, "the document has more than 6 nodes");
        for xml in ["<a><b><c x='' y=''/></b></a>", "<a><b/><b/></a><a><b/></a>"] {
            assert!(read(xml, &limits, &Vocabulary::default(), |_, _| {}).is_ok(), "{xml}");
        }
    }

    #[test]
    fn a_second_root_with_a_fault_is_told_at_its_place() {
        let xml = "<a/>\n<b>\n<c></b>\n";
        let fault = read(xml, &Limits::default(), &Vocabulary::default(), |_, _| {}).map(|_| ()).unwrap_err();
        assert_eq!((fault.span.start, fault.reason.as_str()), (12, "the end tag `</b>` does not match the start tag `<c>`"));
    }
}
