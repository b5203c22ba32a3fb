//! Where elements stand, as XPaths that a person can read and any tool can evaluate.

use rustc_hash::FxHashMap;

use crate::identity::Identities;
use crate::input::limits;
use crate::input::xml::brief;
use crate::tree::{NameId, NodeId, Tree};

/// So many siblings are counted one by one, and of more the places of all are worked out at once.
const FEW: usize = 64;

/// Places of nodes among their siblings, each counted once, so that many findings in one file stay cheap.
#[derive(Debug)]
pub struct Paths<'p, 'r> {
    tree: &'p Tree<'r>,
    /// Of an element: which one of its name it is among its siblings, from 1, and how many there are.
    positions: FxHashMap<NodeId, (usize, usize)>,
    /// What they are, wherever they stand.
    pub identities: Identities<'p, 'r>,
}

impl<'p, 'r> Paths<'p, 'r> {
    /// Of a tree; nothing is counted yet.
    pub fn new(tree: &'p Tree<'r>) -> Paths<'p, 'r> {
        Paths { tree, positions: FxHashMap::default(), identities: Identities::new(tree) }
    }

    /// Which one of the siblings with its name an element is, from 1, and how many there are.
    pub fn position(&mut self, node: NodeId) -> (usize, usize) {
        let tree = self.tree;
        let Some(parent) = tree.parent(node) else { return (1, 1) };
        if let Some(known) = self.positions.get(&node) {
            return *known;
        }
        let siblings = || tree.children(parent).filter(|&child| tree.is_element(child) && tree.origin(child) == child);
        if siblings().nth(FEW).is_none() {
            // One number is one name; names without a number are compared as they are written.
            let name = tree.name_id(node);
            let alike = |&other: &NodeId| {
                tree.name_id(other) == name && (name != NameId::OTHER || tree.qualified_name(other) == tree.qualified_name(node))
            };
            let index = siblings().take_while(|&other| other < node).filter(alike).count() + 1;
            let position = (index, siblings().filter(alike).count());
            self.positions.insert(node, position);
            return position;
        }
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        let mut numbered: Vec<(NodeId, &str, usize)> = Vec::new();
        for child in siblings() {
            let name = tree.qualified_name(child);
            let count = counts.entry(name).or_default();
            *count += 1;
            numbered.push((child, name, *count));
        }
        let total = |name: &str| counts.get(name).copied().unwrap_or(1);
        self.positions.extend(numbered.into_iter().map(|(child, name, index)| (child, (index, total(name)))));
        self.positions.get(&node).copied().unwrap_or((1, 1))
    }

    /// The place of an element, or of the one that another node lies in, as an XPath, with an index where siblings share its name: `/domain/devices/interface[2]`.
    /// One that is very long begins with `//` and leaves out the outermost elements.
    pub fn path(&mut self, node: NodeId) -> String {
        let mut steps = Vec::new();
        let node = if self.tree.is_element(node) { node } else { self.tree.parent(node).unwrap_or(node) };
        let mut at = Some(self.tree.origin(node));
        let mut length = 0;
        while let Some(node) = at.filter(|&node| node != Tree::ROOT) {
            if length > limits::PATH {
                steps.push("/".to_owned());
                break;
            }
            let name = brief(self.tree.qualified_name(node));
            let step = match self.position(node) {
                (_, 1) => format!("/{name}"),
                (index, _) => format!("/{name}[{index}]"),
            };
            length += step.len();
            steps.push(step);
            at = self.tree.parent(node);
        }
        steps.reverse();
        steps.concat()
    }
}
