//! What a file defines, whatever the platform: the nodes that rules can be about.

use crate::finding::Format;
use crate::policy::schema::{Context, Platform};
use crate::tree::{NodeId, Tree};
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
