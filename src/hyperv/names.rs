//! Every name of the tree: for the vocabulary, so that made-up nodes can be shown, and for policies, whose steps are held against it.

use super::schema::{self, elements};
use crate::tree::{NodeId, Tree, Vocabulary};

/// The names of all elements, each once.
pub fn element_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = elements().iter().map(|element| element.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of all attributes, each once.
pub fn attribute_names() -> Vec<&'static str> {
    let all = elements();
    let own = all.iter().flat_map(|element| element.attributes).map(|attribute| attribute.name);
    let mut names: Vec<&str> = own.chain([schema::UNKNOWN, schema::ASSUMED]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Adds all names to a vocabulary; a tree built with another one cannot show them.
pub fn intern(vocabulary: &mut Vocabulary) {
    for name in element_names().into_iter().chain(attribute_names()) {
        vocabulary.intern("", name);
    }
}

/// By which attributes elements are told apart that a machine may have several of: the first that says something, where two belong
/// together both of them.
const OWN_NAMES: [(&str, &[&[&str]]); 9] = [
    ("controller", &[&["type", "number"]]),
    ("drive", &[&["location"]]),
    ("network-adapter", &[&["mac-address"], &["name"]]),
    ("failover-address", &[&["address"]]),
    ("fibre-channel-adapter", &[&["port-name-a"], &["san"]]),
    ("pci-device", &[&["location-path"], &["instance-id"]]),
    ("gpu-partition", &[&["path"]]),
    ("integration-service", &[&["name"]]),
    ("com-port", &[&["number"]]),
];

/// The own name of an element, for those that a machine may have several of.
pub fn own_name(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    let (_, choices) = OWN_NAMES.iter().find(|(element, _)| *element == tree.local_name(node))?;
    // The address of an adapter that was never started is all zeros.
    let says_something = |value: &&str| value.chars().any(|c| c.is_alphanumeric() && (c != '0' || value.len() == 1));
    let said = |name: &&str| tree.attribute(node, name).map(str::trim).filter(says_something);
    let names = choices.iter().map(|names| names.iter().filter_map(said).collect::<Vec<_>>().join(" "));
    names.into_iter().find(|name| !name.is_empty())
}
