//! Which suppression covers a finding: the innermost one around the element that it is about, or around what exactly offends in it.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::directive::Item;
use crate::finding::{Finding, Label, Suppression};
use crate::tree::{NodeId, Tree};

/// A suppression that can cover something.
#[derive(Debug)]
pub struct Held {
    /// The comment or element.
    pub node: NodeId,
    /// The element that it covers with all that is in it, or the whole document.
    pub covers: NodeId,
    /// Where it stands in the text.
    pub range: Range<usize>,
    /// What it says.
    pub suppression: Arc<Suppression>,
    /// Whether its time is over.
    pub is_expired: bool,
    /// Ids and globs.
    pub rules: Vec<Item>,
    /// Of each of them, whether there was a finding.
    pub used: Vec<bool>,
}

/// The number of a suppression that holds, and of one that has expired.
type Decision = (Option<usize>, Option<usize>);

/// The suppressions of one document.
pub struct Cover<'c, 'r> {
    tree: &'c Tree<'r>,
    held: Vec<Held>,
    /// Suppressions by the nodes that they cover, in document order.
    by_node: FxHashMap<NodeId, Vec<usize>>,
    /// Of a node and a rule the suppressions that decide there.
    decided: FxHashMap<(NodeId, Arc<str>), Decision>,
    /// The elements by the places of their start tags.
    elements: Vec<(u32, NodeId)>,
}

impl<'c, 'r> Cover<'c, 'r> {
    /// Of the suppressions in a tree.
    pub fn new(tree: &'c Tree<'r>, held: Vec<Held>) -> Cover<'c, 'r> {
        let mut by_node: FxHashMap<NodeId, Vec<usize>> = FxHashMap::default();
        for (number, held) in held.iter().enumerate() {
            by_node.entry(held.covers).or_default().push(number);
        }
        let elements = tree.descendants(Tree::ROOT).filter(|&node| tree.is_element(node) && tree.origin(node) == node);
        let elements = elements.map(|node| (tree.span(node).start, node)).collect();
        Cover { tree, held, by_node, decided: FxHashMap::default(), elements }
    }

    /// The suppressions, which know by now whether they were of use.
    pub fn into_held(self) -> Vec<Held> {
        self.held
    }

    /// Marks a finding as suppressed if it is, or tells it that its suppression has expired.
    pub fn hold(&mut self, finding: &mut Finding) {
        if finding.rule.starts_with("vmlint/") {
            return;
        }
        let mut expired = None;
        for at in [finding.focus.span.start, finding.place.span.start] {
            let mut node = Some(self.element_at(at));
            while let Some(at) = node {
                let (holds, over) = self.decide(at, &finding.rule);
                if let Some(suppression) = holds.and_then(|number| self.held.get(number)) {
                    finding.suppressed = Some(suppression.suppression.clone());
                    return;
                }
                expired = expired.or(over);
                node = self.tree.parent(at);
            }
        }
        let Some(held) = expired.and_then(|number| self.held.get_mut(number)) else { return };
        held.used.fill(true);
        let Suppression { place, until, owner, .. } = &*held.suppression;
        if let (Some(place), Some(until)) = (place, until) {
            let owner = owner.as_ref().map_or_else(String::new, |owner| format!(" (owner: {owner})"));
            let words = format!("The suppression of this finding expired on {until}{owner}.");
            finding.related.push(Label { text: format!("suppressed until {until}"), ..place.clone() });
            finding.help = Some(finding.help.take().map_or(words.clone(), |help| format!("{help} {words}")));
        }
    }

    /// The suppressions of a rule at one node.
    fn decide(&mut self, node: NodeId, rule: &Arc<str>) -> Decision {
        let Some(there) = self.by_node.get(&node) else { return (None, None) };
        if let Some(decided) = self.decided.get(&(node, rule.clone())) {
            return *decided;
        }
        let held = &self.held;
        let means = |number: &&usize| held.get(**number).is_some_and(|held| held.rules.iter().any(|item| item.matches(rule)));
        let is_expired = |number: &&usize| held.get(**number).is_some_and(|held| held.is_expired);
        let holds = there.iter().filter(|number| !is_expired(number)).find(means).copied();
        let over = there.iter().filter(is_expired).find(means).copied();
        // Whoever asks takes the one that holds.
        if let Some(held) = holds.and_then(|number| self.held.get_mut(number)) {
            for (item, used) in held.rules.iter().zip(&mut held.used) {
                *used |= item.matches(rule);
            }
        }
        self.decided.insert((node, rule.clone()), (holds, over));
        (holds, over)
    }

    /// The innermost element around a place, or the document.
    fn element_at(&self, at: u32) -> NodeId {
        let after = self.elements.partition_point(|(start, _)| *start <= at);
        let mut node = after.checked_sub(1).and_then(|before| self.elements.get(before)).map_or(Tree::ROOT, |(_, node)| *node);
        while node != Tree::ROOT && self.tree.span(node).end <= at {
            node = self.tree.parent(node).unwrap_or(Tree::ROOT);
        }
        node
    }
}
