//! Every name of the tree: for the vocabulary, so that made-up nodes can be shown, and for policies, whose steps are held against it.

use super::schema::{self, elements};
use crate::tree::Vocabulary;

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
