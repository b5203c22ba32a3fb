//! What a file defines, whatever the platform: the nodes that rules can be about.

use crate::check::too_many_pairs;
use crate::finding::Format;
use crate::input::detect::{self, Kind};
use crate::input::export::Export;
use crate::input::limits::Limits;
use crate::input::xml::{self, Malformed};
use crate::libvirt::arguments::Arguments;
use crate::policy::schema::{Context, Platform};
use crate::tree::{NodeId, Tree, Vocabulary};
use crate::{hyperv, libvirt};

/// One root element of a file and what rules can be about in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is.
    pub format: Format,
    /// The context nodes, in document order.
    pub contexts: Vec<(Context, NodeId)>,
}

impl Definition {
    /// How many VMs it defines: `vm` elements, or its `domain`, which `inactiveDomain` only describes again.
    pub fn vms(&self, tree: &Tree<'_>) -> usize {
        let is_vm = |(context, node): &&(Context, NodeId)| match context {
            Context::Vm => true,
            Context::Domain => tree.local_name(*node) == "domain",
            _ => false,
        };
        self.contexts.iter().filter(is_vm).count()
    }

    /// The platform it is for.
    pub fn platform(&self) -> Platform {
        if self.contexts.iter().any(|(context, _)| *context == Context::Vm) { Platform::HyperV } else { Platform::Libvirt }
    }
}

/// The name of the VM that a context node is about.
pub fn vm_name(tree: &Tree<'_>, context: Context, node: NodeId) -> Option<String> {
    match context {
        Context::Vm => hyperv::vm_name(tree, node),
        _ => libvirt::vm_name(tree, context, node),
    }
}

/// The id of the VM that a context node is about, as the file has it.
pub fn vm_id(tree: &Tree<'_>, context: Context, node: NodeId) -> Option<String> {
    match context {
        Context::Vm => tree.attribute(node, "id").map(str::to_owned),
        _ => libvirt::vm_id(tree, context, node),
    }
}

/// Adds the names that trees of either platform make up to a vocabulary.
pub fn intern(vocabulary: &mut Vocabulary) {
    libvirt::arguments::intern(vocabulary);
    hyperv::intern(vocabulary);
}

/// The tree of a file as rules see it, and what it defines; nothing is defined by a file that is about something else.
///
/// # Errors
/// Where XML cannot be read, which whoever made the export would have noticed.
pub fn tree<'s>(
    export: &'s Export,
    limits: &Limits,
    vocabulary: &'s Vocabulary,
) -> Result<(Tree<'s>, Vec<Definition>), Malformed> {
    let text = export.source.text();
    match export.kind {
        Kind::Xml => {
            let arguments = Arguments::new(vocabulary);
            let tree = xml::read(text, limits, vocabulary, |builder, node| arguments.complete(builder, node))?;
            if let Some(span) = arguments.beyond() {
                return Err(too_many_pairs(span));
            }
            let definitions = libvirt::definitions(&tree).into_iter().flatten().collect();
            Ok((tree, definitions))
        }
        kind => {
            let tree = hyperv::tree(kind, &export.keys, text, vocabulary);
            let definition = hyperv::definition(&tree, kind.format());
            // What is told to be no machine is none, whatever a tree could be made of.
            let is_none = definition.contexts.is_empty() || detect::machines(kind, &export.keys) == 0;
            let definitions = if is_none { Vec::new() } else { vec![definition] };
            Ok((tree, definitions))
        }
    }
}
