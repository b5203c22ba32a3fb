//! Hyper-V's machines: from the keys of an export, whatever its format, to the one tree that rules see.
//!
//! A machine is a `vm` element with everything that rules ask for below it; `docs/vm-tree.md` describes it and `docs/vm.rng` is its
//! grammar, both written from [`schema`]. Each family of formats has tables that lead from its settings to the tree's, one line
//! for each setting; all facts about the formats are those of the format notes, whose sections the tables name.
//!
//! What a file does not say is left out and listed in the `unknown` attribute of the element it belongs to, so that a rule can
//! tell "no TPM" from "this export does not say".

mod cim;
mod configuration;
mod convert;
mod draft;
mod field;
mod hcs;
mod names;
mod powershell;
mod rows;
pub mod schema;
mod told;
mod words;

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tests;

use crate::definition::Definition;
use crate::finding::Format;
use crate::input::detect::{Json, Kind};
use crate::input::keys::Keys;
use crate::policy::schema::Context;
use crate::tree::{Builder, Tree, Vocabulary};
use draft::Draft;
use field::Field;

pub use names::{attribute_names, element_names, intern, own_name};
pub use told::{Told, told};

/// The machines of an export as a tree with one `vm` for each. `text` is the source that the keys' places refer to.
///
/// The vocabulary has to know the tree's names ([`intern`]).
pub fn tree<'s>(kind: Kind, keys: &Keys, text: &'s str, vocabulary: &'s Vocabulary) -> Tree<'s> {
    let machines = machines(kind, Field::document(keys), text);
    let mut builder = Builder::new(text, vocabulary, 16 * machines.len(), 32 * machines.len());
    // One after the other, so that a finished machine takes room only once.
    for mut machine in machines {
        machine.finish();
        machine.build(&mut builder);
    }
    builder.finish()
}

fn machines<'k>(kind: Kind, document: Field<'k>, text: &str) -> Vec<Draft<'k>> {
    match kind {
        Kind::Vmcx | Kind::HyperVXml => document
            .children()
            .filter(|root| root.name() == "configuration")
            .map(|root| configuration::machine(root, text))
            .collect(),
        Kind::CliXml | Kind::Json(Json::PowerShell) => powershell::machines(document, text),
        Kind::Cim => cim::machines(document, text),
        Kind::Json(Json::Hcs | Json::NanaBox) => vec![hcs::machine(document, text)],
        Kind::Xml | Kind::Other => Vec::new(),
    }
}

/// The machines of a tree, as what rules are about.
pub fn definition(tree: &Tree<'_>, format: Format) -> Definition {
    let machines = tree.children(Tree::ROOT).filter(|&node| tree.is_element(node));
    Definition { format, contexts: machines.map(|node| (Context::Vm, node)).collect() }
}

/// The name of a machine; where the file tells none, its GUID.
pub fn vm_name(tree: &Tree<'_>, vm: crate::tree::NodeId) -> Option<String> {
    let given = |name| tree.attribute(vm, name).map(str::trim).filter(|text| !text.is_empty());
    given("name").or_else(|| given("id")).map(str::to_owned)
}
