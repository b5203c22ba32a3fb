//! Nodes as expressions see them, attributes included, and the twelve axes along which they are found.

use super::ast::Axis;
use super::plan::Test;
use crate::tree::{AttrId, NameId, Named, NodeId, Tree};

/// A node of the document or of a table, in 8 bytes. References compare as document order does: an attribute comes after its
/// element and before the element's children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeRef {
    /// 0 for the document, n for the n-th table.
    tree: u16,
    node: u32,
    /// 0 for the node itself, n for its n-th attribute.
    attr: u16,
}

impl NodeRef {
    /// A node of the document.
    pub fn new(node: NodeId) -> NodeRef {
        NodeRef { tree: 0, node: node.0, attr: 0 }
    }

    /// A node of the n-th tree: 0 is the document, 1 the first table.
    pub(super) fn within(tree: usize, node: NodeId) -> NodeRef {
        NodeRef { tree: u16::try_from(tree).unwrap_or(u16::MAX), node: node.0, attr: 0 }
    }

    /// The number of the tree: 0 for the document, n for the n-th table.
    pub fn tree(self) -> usize {
        usize::from(self.tree)
    }

    /// The node, or the element that the attribute belongs to.
    pub fn node(self) -> NodeId {
        NodeId(self.node)
    }

    /// Whether this is an attribute.
    pub fn is_attribute(self) -> bool {
        self.attr != 0
    }

    /// The attribute that this is, in the tree it comes from.
    pub fn attribute(self, tree: &Tree) -> Option<AttrId> {
        let before = usize::from(self.attr).checked_sub(1)?;
        tree.attributes(self.node()).nth(before)
    }

    /// The node, not its attribute.
    pub fn owner(self) -> NodeRef {
        NodeRef { attr: 0, ..self }
    }

    #[inline]
    fn at(self, node: NodeId) -> NodeRef {
        NodeRef { node: node.0, attr: 0, ..self }
    }
}

/// Hands every node on `axis` of `from` that passes `test` to `found`, nearest first, as the axis goes. `visit` is called for every
/// node looked at. `found` may end the walk with an error.
#[inline]
pub(super) fn walk<E>(
    tree: &Tree,
    from: NodeRef,
    axis: Axis,
    test: &Test,
    visit: impl Fn(usize),
    mut found: impl FnMut(NodeRef) -> Result<(), E>,
) -> Result<(), E> {
    let node = from.node();
    let mut look = |candidate: NodeId| {
        visit(1);
        if test.accepts(tree, candidate) { found(from.at(candidate)) } else { Ok(()) }
    };
    if from.is_attribute() {
        // An attribute has a parent and ancestors, but neither children nor siblings. Names are those of elements on every axis but
        // `attribute`, so only `node()` finds the attribute itself.
        return match axis {
            Axis::Parent => look(node),
            Axis::Ancestor => look(node).and_then(|()| tree.ancestors(node).try_for_each(look)),
            // What follows an attribute begins with the children of its element.
            Axis::Following => tree.descendants(node).chain(tree.following(node)).try_for_each(look),
            Axis::Preceding => preceding(tree, node).try_for_each(look),
            Axis::SelfNode | Axis::DescendantOrSelf | Axis::AncestorOrSelf => {
                if matches!(test, Test::Node) {
                    found(from)?;
                }
                let above = (axis == Axis::AncestorOrSelf).then_some(node);
                above.into_iter().chain(above.into_iter().flat_map(|n| tree.ancestors(n))).try_for_each(|candidate| {
                    visit(1);
                    if test.accepts(tree, candidate) { found(from.at(candidate)) } else { Ok(()) }
                })
            }
            Axis::Attribute | Axis::Child | Axis::Descendant | Axis::FollowingSibling | Axis::PrecedingSibling => Ok(()),
        };
    }
    match axis {
        Axis::Attribute => {
            let mut attributes = tree.attributes(node).zip(1..=u16::MAX);
            if let Test::Name(name) = test {
                // An element has one attribute of a name at most.
                visit(1 + attributes.len());
                return match attributes.find(|&(attr, _)| tree.attribute_name_id(attr) == *name) {
                    Some((_, number)) => found(NodeRef { attr: number, ..from }),
                    None => Ok(()),
                };
            }
            for (attr, number) in attributes {
                visit(1);
                if accepts_attribute(test, tree, attr) {
                    found(NodeRef { attr: number, ..from })?;
                }
            }
            Ok(())
        }
        Axis::SelfNode => look(node),
        Axis::Child => match test {
            Test::Name(name) => each_named(tree.children_named(node, *name), visit, |node| found(from.at(node))),
            _ => tree.children(node).try_for_each(look),
        },
        Axis::Parent => tree.parent(node).map_or(Ok(()), look),
        Axis::Descendant => match test {
            Test::Name(name) => each_named(tree.descendants_named(node, *name), visit, |node| found(from.at(node))),
            _ => tree.descendants(node).try_for_each(look),
        },
        Axis::DescendantOrSelf => look(node).and_then(|()| tree.descendants(node).try_for_each(look)),
        Axis::Ancestor => tree.ancestors(node).try_for_each(look),
        Axis::AncestorOrSelf => look(node).and_then(|()| tree.ancestors(node).try_for_each(look)),
        Axis::Following => tree.following(node).try_for_each(look),
        Axis::FollowingSibling => tree.following_siblings(node).try_for_each(look),
        Axis::Preceding => preceding(tree, node).try_for_each(look),
        Axis::PrecedingSibling => {
            std::iter::successors(sibling_before(tree, node), |&node| sibling_before(tree, node)).try_for_each(look)
        }
    }
}

/// The nodes of one name; the ones passed over are visits too.
#[inline]
fn each_named<E>(mut nodes: Named, visit: impl Fn(usize), mut found: impl FnMut(NodeId) -> Result<(), E>) -> Result<(), E> {
    let mut result = Ok(());
    for node in nodes.by_ref() {
        result = found(node);
        if result.is_err() {
            break;
        }
    }
    visit(nodes.passed());
    result
}

#[inline]
fn accepts_attribute(test: &Test, tree: &Tree, attr: AttrId) -> bool {
    match test {
        Test::Name(name) => tree.attribute_name_id(attr) == *name,
        Test::Any | Test::Node => true,
        Test::Namespace(uri) => tree.attribute_namespace(attr) == &**uri,
        Test::Text | Test::Comment | Test::Instruction(_) => false,
    }
}

/// All nodes that end before this one begins, the nearest first.
fn preceding<'t>(tree: &'t Tree, node: NodeId) -> impl Iterator<Item = NodeId> + 't {
    let mut ancestor = tree.parent(node);
    (1..node.0).rev().map(NodeId).filter(move |&before| {
        let is_ancestor = ancestor == Some(before);
        if is_ancestor {
            ancestor = tree.parent(before);
        }
        !is_ancestor
    })
}

/// The sibling right before a node: the node one number lower is its parent or the last node inside that sibling.
fn sibling_before(tree: &Tree, node: NodeId) -> Option<NodeId> {
    let parent = tree.parent(node)?;
    let mut before = NodeId(node.0.checked_sub(1)?);
    while before != parent {
        let above = tree.parent(before)?;
        if above == parent {
            return Some(before);
        }
        before = above;
    }
    None
}

/// The root element of a tree.
pub(super) fn root_element(tree: &Tree) -> Option<NodeId> {
    tree.children(Tree::ROOT).find(|&node| tree.is_element(node))
}

/// The value of an element's attribute with this name.
pub(super) fn attribute_value<'t>(tree: &'t Tree, element: NodeId, name: NameId) -> Option<&'t str> {
    let found = tree.attributes(element).find(|&attr| tree.attribute_name_id(attr) == name);
    found.map(|attr| tree.attribute_value(attr))
}
