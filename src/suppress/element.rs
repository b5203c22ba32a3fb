//! `<vmlint:ignore rule="rhel-8/tcg" reason="nested lab"/>` in `<metadata>`, which stays when `virsh define` throws comments away.

use std::ops::Range;

use super::comment::{date, item, on_one_line};
use super::directive::{Directive, Fault, Item};
use crate::engine::quote;
use crate::libvirt;
use crate::suggest;
use crate::tree::{NodeId, Tree};

const FORM: &str = "Write `<vmlint:ignore rule=\"rhel-8/tcg\" until=\"2027-03-31\" reason=\"nested lab\"/>`; `until`, `owner` and `device` may be left out.";

const ATTRIBUTES: [&str; 5] = ["rule", "reason", "until", "owner", "device"];

/// The outermost elements of vmlint's own namespace, in document order.
pub fn roots<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = NodeId> + 't {
    let is_own = move |node: NodeId| tree.is_element(node) && tree.namespace(node) == libvirt::VMLINT;
    let own = tree.descendants(Tree::ROOT).filter(move |&node| is_own(node));
    own.filter(move |&node| tree.parent(node).is_none_or(|parent| !is_own(parent)))
}

/// The suppressions of an outermost element: itself, or those in `<vmlint:vmlint>`. Each with its element; ranges are those of the text.
/// `is_first` says that none of vmlint's stands before it in its parent.
pub fn directives(tree: &Tree<'_>, root: NodeId, is_first: bool) -> Vec<(NodeId, Result<Directive, Fault>)> {
    if !tree.parent(root).is_some_and(|parent| is_metadata(tree, parent)) {
        let message = format!("`<{}>` stands outside of `<metadata>`", quote(tree.qualified_name(root)));
        let fault = Fault::new(name(tree, root), message, "Move it into the `<metadata>` of the domain.");
        return vec![(root, Err(fault))];
    }
    if !is_first {
        let message = "another element of the same namespace stands before it, and libvirt keeps only the first one";
        let help = "Name several rules in one `rule` attribute, or put the elements into one `<vmlint:vmlint>`.";
        return vec![(root, Err(Fault::new(name(tree, root), message, help)))];
    }
    match tree.local_name(root) {
        "vmlint" => {
            let children = tree.children(root).filter(|&child| tree.is_element(child));
            children.map(|child| (child, directive(tree, child))).collect()
        }
        _ => vec![(root, directive(tree, root))],
    }
}

fn is_metadata(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.is_element(node) && tree.local_name(node) == "metadata" && tree.namespace(node).is_empty()
}

fn name(tree: &Tree<'_>, node: NodeId) -> Range<usize> {
    tree.name_span(node).range()
}

fn directive(tree: &Tree<'_>, element: NodeId) -> Result<Directive, Fault> {
    let own_name = tree.local_name(element);
    if own_name != "ignore" || tree.namespace(element) != libvirt::VMLINT {
        let message = format!("`<{}>` is no element that vmlint knows", quote(tree.qualified_name(element)));
        let near = suggest::nearest(own_name, ["ignore", "vmlint"]).map(|near| format!("Did you mean `<vmlint:{near}>`?"));
        return Err(Fault::new(name(tree, element), message, near.as_deref().unwrap_or(FORM)));
    }
    let mut directive = Directive::new(Vec::new());
    directive.range = tree.start_tag(element).range();
    for attribute in tree.attributes(element).filter(|&attribute| tree.attribute_namespace(attribute).is_empty()) {
        let (value, range) = (tree.attribute_value(attribute), tree.attribute_value_span(attribute).range());
        match tree.attribute_local_name(attribute) {
            "rule" => directive.rules = rules(tree, value, range)?,
            "until" => directive.until = Some(date(value, range)?),
            "owner" => directive.owner = Some(on_one_line(value)).filter(|owner| !owner.is_empty()),
            "reason" => directive.reason = Some(on_one_line(value)),
            "device" => directive.device = Some((value.trim().to_owned(), range)),
            other => {
                let range = tree.attribute_name_span(attribute).range();
                let near = suggest::nearest(other, ATTRIBUTES).map(|near| format!("Did you mean `{near}`?"));
                return Err(Fault::new(range, format!("`{}` is not understood", quote(other)), near.as_deref().unwrap_or(FORM)));
            }
        }
    }
    if directive.rules.is_empty() {
        return Err(Fault::new(name(tree, element), "the attribute `rule` is missing", FORM));
    }
    Ok(directive)
}

/// The items of a list with commas. Where the text has references in it, the whole value is the place of each.
fn rules(tree: &Tree<'_>, value: &str, range: Range<usize>) -> Result<Vec<Item>, Fault> {
    let literal = tree.text().get(range.clone()) == Some(value);
    let place = |own: Range<usize>| if literal { range.start + own.start..range.start + own.end } else { range.clone() };
    let mut depth = 0_usize;
    let mut start = 0;
    let mut items = Vec::new();
    for (at, c) in value.char_indices().chain([(value.len(), ',')]) {
        match c {
            ',' if depth == 0 || at == value.len() => {
                items.push(start..at);
                start = at + 1;
            }
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let item = |own: Range<usize>| match item(value, own) {
        Ok(mut item) => {
            item.range = place(item.range);
            Ok(item)
        }
        Err(fault) => Err(Fault { range: place(fault.range), ..fault }),
    };
    items.into_iter().map(item).collect()
}
