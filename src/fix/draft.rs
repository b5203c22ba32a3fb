//! Works out the edits of one fix: changes are asked for node by node, and come out as pieces of text to replace.

use std::borrow::Cow;

use super::layout;
use crate::finding::Edit;
use crate::libvirt::QEMU;
use crate::policy::fixes::Side;
use crate::source::Span;
use crate::tree::{AttrId, Kind, NodeId, Tree};
use crate::xpath::NodeRef;

/// The changes of one fix to one document, all of them to the document as it is.
#[derive(Debug)]
pub struct Draft<'t, 's> {
    tree: &'t Tree<'s>,
    edits: Vec<Edit>,
    /// Elements that go, from `<` to `>`.
    removed: Vec<(NodeId, Span)>,
    /// Parts of QEMU's arguments that go.
    pairs: Vec<NodeId>,
    /// Something was asked for that cannot be done by editing.
    is_impossible: bool,
}

impl<'t, 's> Draft<'t, 's> {
    /// Nothing to change yet.
    pub fn new(tree: &'t Tree<'s>) -> Draft<'t, 's> {
        Draft { tree, edits: Vec::new(), removed: Vec::new(), pairs: Vec::new(), is_impossible: false }
    }

    /// The edits in the order of the text, none overlapping another; none where there is nothing to change, or where it cannot be done.
    pub fn finish(mut self) -> Vec<Edit> {
        self.remove_pairs();
        let regions = self.regions();
        // What lies in something that goes, goes; what is put before or behind it stays.
        let lies_in = |edit: &Edit, region: &Span| match edit.span.is_empty() {
            true => region.start < edit.span.start && edit.span.start < region.end,
            false => region.start <= edit.span.start && edit.span.end <= region.end,
        };
        self.edits.retain(|edit| !regions.iter().any(|region| lies_in(edit, region)));
        self.edits.extend(regions.into_iter().map(|span| Edit { span, text: String::new() }));
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut edits: Vec<Edit> = Vec::with_capacity(self.edits.len());
        for edit in self.edits {
            match edits.last_mut() {
                Some(last) if *last == edit && !edit.span.is_empty() => {}
                Some(last) if last.span.end > edit.span.start => return Vec::new(),
                // Two edits at one place would leave open which comes first.
                Some(last) if last.span.is_empty() && last.span.start == edit.span.start => {
                    last.text.push_str(&edit.text);
                    last.span = edit.span;
                }
                _ => edits.push(edit),
            }
        }
        if self.is_impossible { Vec::new() } else { edits }
    }

    /// Gives an element's attribute without a namespace a value; one that is not there is added.
    pub fn set_attribute(&mut self, element: NodeRef, name: &str, value: &str) {
        let (tree, node) = (self.tree, element.node());
        if !self.is_in_document(element) || !tree.is_element(node) {
            return;
        }
        let own = tree
            .attributes(node)
            .find(|&attribute| tree.attribute_namespace(attribute).is_empty() && tree.attribute_local_name(attribute) == name);
        match own {
            Some(attribute) => self.set_value(node, attribute, value),
            None if is_made_up(tree, node) => self.is_impossible = true,
            None => {
                let text = tree.text();
                let last = tree.attributes(node).next_back();
                let end = last.map_or(tree.name_span(node).end, |last| tree.attribute_span(last).end);
                let quote = self.quote(node);
                // Attributes in lines of their own get another line.
                let before = last.map_or("", |last| white_before(text, tree.attribute_span(last).start));
                let blank = if before.contains(['\n', '\r']) { before } else { " " };
                let text = format!("{blank}{name}={quote}{}{quote}", attribute_text(value, quote));
                self.edits.push(Edit { span: Span::at(end as usize), text });
            }
        }
    }

    /// Gives a node a value: an attribute, a text, or an element that holds nothing but text.
    pub fn set(&mut self, node: NodeRef, value: &str) {
        if !self.is_in_document(node) {
            return;
        }
        let tree = self.tree;
        match (node.attribute(tree), tree.kind(node.node())) {
            (Some(attribute), _) => self.set_value(node.node(), attribute, value),
            (None, Kind::Text) => self.set_text(node.node(), value),
            (None, Kind::Element) if !is_made_up(tree, node.node()) => self.set_content(node.node(), value),
            _ => self.is_impossible = true,
        }
    }

    /// Takes an attribute, an element or a text away.
    pub fn remove(&mut self, node: NodeRef) {
        if !self.is_in_document(node) {
            return;
        }
        let (tree, id) = (self.tree, node.node());
        match (node.attribute(tree), tree.kind(id)) {
            (Some(_), _) if is_made_up(tree, id) => self.is_impossible = true,
            (Some(attribute), _) => {
                let span = tree.attribute_span(attribute);
                let blanks = white_before(tree.text(), span.start).len() as u32;
                self.edits.push(Edit { span: Span { start: span.start - blanks, end: span.end }, text: String::new() });
            }
            (None, Kind::Element) if is_made_up(tree, id) => match tree.local_name(id) {
                "qemu-option" => self.remove_option(id),
                _ => self.pairs.push(id),
            },
            (None, Kind::Element) if tree.parent(id) != Some(Tree::ROOT) => self.removed.push((id, tree.span(id))),
            (None, Kind::Text) => self.edits.push(Edit { span: self.text_span(id), text: String::new() }),
            _ => self.is_impossible = true,
        }
    }

    /// Puts elements into, before or behind an element.
    pub fn insert(&mut self, side: Side, node: NodeRef, xml: &str) {
        let (tree, id) = (self.tree, node.node());
        if !self.is_in_document(node) {
            return;
        }
        if node.is_attribute()
            || !tree.is_element(id)
            || is_made_up(tree, id)
            || tree.parent(id) == Some(Tree::ROOT) && side != Side::Into
        {
            self.is_impossible = true;
            return;
        }
        match side {
            Side::Before => self.insert_beside(id, false, xml),
            Side::After => self.insert_beside(id, true, xml),
            Side::Into => match tree.children(id).filter(|&child| tree.is_element(child) && !is_made_up(tree, child)).last() {
                Some(last) => self.insert_beside(last, true, xml),
                None => self.insert_first(id, xml),
            },
        }
    }

    /// Gives an element or an attribute another local name; a prefix stays.
    pub fn rename(&mut self, node: NodeRef, name: &str) {
        let (tree, id) = (self.tree, node.node());
        if !self.is_in_document(node) {
            return;
        }
        if is_made_up(tree, id) {
            self.is_impossible = true;
            return;
        }
        let local = |span: Span| {
            let prefix = tree.text().get(span.range()).and_then(|name| name.find(':')).map_or(0, |colon| colon + 1);
            Span { start: span.start + prefix as u32, end: span.end }
        };
        match (node.attribute(tree), tree.kind(id)) {
            (Some(attribute), _) => {
                self.edits.push(Edit { span: local(tree.attribute_name_span(attribute)), text: name.to_owned() });
            }
            (None, Kind::Element) => {
                self.edits.push(Edit { span: local(tree.name_span(id)), text: name.to_owned() });
                if let Some(end_tag) = self.end_tag(id) {
                    let start = end_tag as usize + 2;
                    let length = tree.name_span(id).len();
                    self.edits.push(Edit { span: local(Span::new(start, start + length)), text: name.to_owned() });
                }
            }
            _ => self.is_impossible = true,
        }
    }

    /// Only the document can be edited, no table.
    fn is_in_document(&mut self, node: NodeRef) -> bool {
        self.is_impossible |= node.tree() != 0;
        node.tree() == 0
    }

    fn set_value(&mut self, element: NodeId, attribute: AttrId, value: &str) {
        let tree = self.tree;
        let span = tree.attribute_value_span(attribute);
        if tree.attribute_value(attribute) == value {
            return;
        }
        let text = if is_made_up(tree, element) {
            // Part of an argument. Where the file does not say it literally, as in JSON, more than its characters would have to change.
            let old = tree.text().get(span.range()).unwrap_or_default();
            let is_whole = tree.local_name(element) == "qemu-option";
            let plain = |value: &str| if is_whole { value.to_owned() } else { value.replace(',', ",,") };
            if old != plain(tree.attribute_value(attribute)) {
                self.is_impossible = true;
                return;
            }
            let quote = self.quote(tree.origin(element));
            attribute_text(&plain(value), quote).into_owned()
        } else {
            let quote = if tree.text().as_bytes().get(span.end as usize) == Some(&b'"') { '"' } else { '\'' };
            attribute_text(value, quote).into_owned()
        };
        self.edits.push(Edit { span, text });
    }

    /// All that stands between the tags and comments around a text, so that the brackets of CDATA are part of it.
    fn text_span(&self, node: NodeId) -> Span {
        let tree = self.tree;
        let Some(parent) = tree.parent(node) else { return tree.span(node) };
        let closed = |from: u32, by: &str| {
            let rest = tree.text().get(from as usize..).unwrap_or_default();
            rest.find(by).map_or(from, |at| from + (at + by.len()) as u32)
        };
        let start = match tree.preceding_siblings(node).last() {
            None => tree.start_tag(parent).end,
            Some(before) => match tree.kind(before) {
                Kind::Comment => closed(tree.span(before).end, "-->"),
                Kind::Instruction => closed(tree.span(before).end, "?>"),
                _ => tree.span(before).end,
            },
        };
        let end = match tree.following_siblings(node).find(|&next| !is_made_up(tree, next)) {
            None => self.end_tag(parent).unwrap_or(tree.span(node).end),
            Some(next) => match tree.kind(next) {
                Kind::Comment => tree.span(next).start - 4,
                Kind::Instruction => tree.span(next).start - 2,
                _ => tree.span(next).start,
            },
        };
        Span { start, end }
    }

    /// The text between the white space around it.
    fn set_text(&mut self, node: NodeId, value: &str) {
        let span = self.text_span(node);
        let old = self.tree.text().get(span.range()).unwrap_or_default();
        let (start, end) = (old.len() - old.trim_ascii_start().len(), old.trim_ascii_end().len());
        let text = content_text(value).into_owned();
        if self.tree.value(node).trim_ascii() != value {
            self.edits.push(Edit { span: Span::new(span.start as usize + start, span.start as usize + end.max(start)), text });
        }
    }

    fn set_content(&mut self, element: NodeId, value: &str) {
        let tree = self.tree;
        if tree.children(element).any(|child| tree.is_element(child)) {
            self.is_impossible = true;
            return;
        }
        let mut texts =
            tree.children(element).filter(|&child| tree.kind(child) == Kind::Text && !tree.value(child).trim_ascii().is_empty());
        match (texts.next(), self.end_tag(element)) {
            (Some(first), _) => {
                self.set_text(first, value);
                let rest = texts.map(|text| Edit { span: self.text_span(text), text: String::new() });
                self.edits.extend(rest.collect::<Vec<_>>());
            }
            (None, Some(_)) => {
                let start = tree.start_tag(element).end as usize;
                self.edits.push(Edit { span: Span::at(start), text: content_text(value).into_owned() });
            }
            (None, None) => self.open(element, &content_text(value)),
        }
    }

    /// Gives an element without an end tag some content.
    fn open(&mut self, element: NodeId, content: &str) {
        let tree = self.tree;
        let tag = tree.start_tag(element);
        let slash = (tag.end as usize).saturating_sub(2);
        let blanks = white_before(tree.text(), slash as u32).len();
        let text = format!(">{content}</{}>", tree.qualified_name(element));
        self.edits.push(Edit { span: Span::new(slash - blanks, tag.end as usize), text });
    }

    /// Where the end tag of an element starts; none for an element that has none.
    fn end_tag(&self, element: NodeId) -> Option<u32> {
        let (tag, span) = (self.tree.start_tag(element), self.tree.span(element));
        let content = self.tree.text().get(tag.end as usize..span.end as usize)?;
        content.rfind("</").map(|at| tag.end + at as u32)
    }

    /// The quotes around an element's values, or those that the document uses.
    fn quote(&self, element: NodeId) -> char {
        let tree = self.tree;
        let mut nearest = std::iter::once(element).chain(tree.ancestors(element));
        let quoted =
            nearest.find_map(|node| tree.attributes(node).next_back()).map(|attribute| tree.attribute_value_span(attribute).end);
        match quoted.and_then(|end| tree.text().as_bytes().get(end as usize)) {
            Some(b'"') => '"',
            _ => '\'',
        }
    }

    /// Elements before or behind an element: in lines of their own if it has one.
    fn insert_beside(&mut self, element: NodeId, behind: bool, xml: &str) {
        let text = self.tree.text();
        let span = self.tree.span(element);
        let indent = layout::indent(text, span.start as usize);
        let line_end = layout::line_end(text).unwrap_or("\n");
        let (at, text) = match (indent, behind) {
            (None, false) => (span.start as usize, inline(xml)),
            (None, true) => (span.end as usize, inline(xml)),
            (Some(indent), false) => {
                let lines = self.lines(element, indent, xml);
                (span.start as usize - indent.len(), format!("{lines}{line_end}"))
            }
            (Some(indent), true) => match layout::next_line(text, span.end as usize) {
                Some(next) if next < text.len() => (next, format!("{}{line_end}", self.lines(element, indent, xml))),
                _ if layout::line_end(text).is_none() => (span.end as usize, inline(xml)),
                _ => (span.end as usize, format!("{line_end}{}", self.lines(element, indent, xml))),
            },
        };
        self.edits.push(Edit { span: Span::at(at), text });
    }

    /// Elements as the only content of an element without elements.
    fn insert_first(&mut self, element: NodeId, xml: &str) {
        let tree = self.tree;
        let text = tree.text();
        let indent = layout::indent(text, tree.span(element).start as usize);
        let content = match (indent, layout::line_end(text)) {
            (Some(indent), Some(line_end)) => {
                let deeper = format!("{indent}{}", layout::unit(tree, element));
                format!("{line_end}{}{line_end}{indent}", self.lines(element, &deeper, xml))
            }
            _ => inline(xml),
        };
        let start = tree.start_tag(element).end;
        match self.end_tag(element) {
            None => self.open(element, &content),
            Some(end) if layout::is_white(text, start, end) => self.edits.push(Edit { span: Span { start, end }, text: content }),
            Some(end) => self.edits.push(Edit { span: Span { start: end, end }, text: inline(xml) }),
        }
    }

    /// XML of a policy as lines of the document: indented as far, in its own unit, with its line ends; without the last one.
    fn lines(&self, beside: NodeId, indent: &str, xml: &str) -> String {
        let unit = layout::unit(self.tree, beside);
        let line_end = layout::line_end(self.tree.text()).unwrap_or("\n");
        let lines = xml.trim_ascii().lines().map(|line| {
            let deeper = line.len() - line.trim_start_matches(' ').len();
            format!("{indent}{}{}", unit.repeat(deeper / 2), line.trim_ascii())
        });
        lines.collect::<Vec<_>>().join(line_end)
    }

    /// The arguments that an option was made from.
    fn remove_option(&mut self, option: NodeId) {
        let tree = self.tree;
        let (Some(commandline), Some(name)) = (tree.parent(option), tree.attributes(option).next()) else { return };
        let name = tree.attribute_value_span(name).start;
        let is_its = |&node: &NodeId| {
            let span = tree.span(node);
            !is_made_up(tree, node)
                && tree.local_name(node) == "arg"
                && tree.namespace(node) == QEMU
                && (node == tree.origin(option) || (span.start <= name && name < span.end))
        };
        let arguments: Vec<NodeId> = tree.children(commandline).filter(is_its).collect();
        self.removed.extend(arguments.into_iter().map(|node| (node, tree.span(node))));
    }

    /// Takes items out of comma lists, each with one comma; an option of which nothing is left goes altogether.
    fn remove_pairs(&mut self) {
        let tree = self.tree;
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.sort_unstable();
        pairs.dedup();
        for &pair in &pairs {
            let Some(option) = tree.parent(pair) else { continue };
            let goes = |node: &NodeId| pairs.binary_search(node).is_ok();
            if tree.children(option).all(|node| goes(&node)) {
                self.remove_option(option);
                continue;
            }
            let span = tree.span(pair);
            let stays_before = tree.preceding_siblings(pair).any(|node| !goes(&node));
            let bytes = tree.text().as_bytes();
            let (comma, span) = match stays_before {
                true => (span.start.checked_sub(1), Span { start: span.start.saturating_sub(1), end: span.end }),
                false => (Some(span.end), Span { start: span.start, end: span.end + 1 }),
            };
            // JSON and the short form of `-global` are no comma lists.
            let value = tree.attributes(option).nth(1).map_or("", |value| tree.attribute_value(value));
            let is_list = !value.trim_start().starts_with('{') && tree.attribute(option, "name") != Some("global");
            if !is_list || comma.and_then(|at| bytes.get(at as usize)) != Some(&b',') {
                self.is_impossible = true;
                return;
            }
            self.edits.push(Edit { span, text: String::new() });
        }
    }

    /// What goes because elements go: neighbours together, whole lines where they hold nothing else.
    fn regions(&mut self) -> Vec<Span> {
        let tree = self.tree;
        // Arguments that were all there was take their command line along.
        let commandlines = self.removed.iter().filter_map(|(node, _)| tree.parent(*node));
        let mut commandlines: Vec<NodeId> = commandlines.filter(|&node| tree.namespace(node) == QEMU).collect();
        commandlines.dedup();
        for commandline in commandlines {
            let goes = |node: NodeId| self.removed.iter().any(|(removed, _)| *removed == node);
            let mut elements = tree.children(commandline).filter(|&node| tree.is_element(node) && !is_made_up(tree, node));
            if elements.all(goes) {
                self.removed.push((commandline, tree.span(commandline)));
            }
        }
        self.removed.sort_by_key(|(_, span)| (span.start, std::cmp::Reverse(span.end)));
        let mut regions: Vec<Span> = Vec::new();
        for &(_, span) in &self.removed {
            match regions.last_mut() {
                Some(last) if span.end <= last.end => {}
                Some(last) if layout::is_white(tree.text(), last.end, span.start) => last.end = span.end,
                _ => regions.push(span),
            }
        }
        regions.into_iter().map(|region| layout::with_its_lines(tree.text(), region)).collect()
    }
}

/// XML of a policy in one line.
fn inline(xml: &str) -> String {
    xml.lines().map(str::trim_ascii).collect()
}

/// Whether a node stands for another one, as the options of QEMU's arguments do.
fn is_made_up(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.origin(node) != node
}

/// The white space before a place.
fn white_before(text: &str, at: u32) -> &str {
    let before = text.get(..at as usize).unwrap_or_default();
    before.get(before.trim_ascii_end().len()..).unwrap_or_default()
}

/// A value as it stands between quotes.
fn attribute_text(value: &str, quote: char) -> Cow<'_, str> {
    escaped(value, |c| matches!(c, '&' | '<' | '\t' | '\n' | '\r') || c == quote)
}

/// A value as it stands between tags.
fn content_text(value: &str) -> Cow<'_, str> {
    escaped(value, |c| matches!(c, '&' | '<' | '>' | '\r'))
}

/// A value as it may stand anywhere in XML.
pub fn escaped_anywhere(value: &str) -> Cow<'_, str> {
    escaped(value, |c| matches!(c, '&' | '<' | '>' | '"' | '\'' | '\t' | '\n' | '\r'))
}

fn escaped(value: &str, is_special: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !value.contains(&is_special) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        match c {
            c if !is_special(c) => out.push(c),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    Cow::Owned(out)
}
