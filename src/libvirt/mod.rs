//! libvirt's documents: which elements of a tree are definitions, and what their QEMU arguments say.

pub mod arguments;
mod namespaces;
mod own_name;

use crate::definition::Definition;
use crate::finding::Format;
use crate::policy::schema::Context;
use crate::tree::{NodeId, Tree};

pub use namespaces::{PREFIXES, QEMU, VMLINT};
pub use own_name::{device_names, own_name};

/// The definitions of a tree, one for each root element that is one. The names of roots are those of libvirt's own
/// documents; `domstatus` is its run-time state of a domain, `qemu-migration` the cookie that goes along with a migration.
pub fn definitions(tree: &Tree<'_>) -> Vec<Option<Definition>> {
    let roots = tree.children(Tree::ROOT).filter(|&node| tree.is_element(node));
    roots.map(|root| definition(tree, root)).collect()
}

/// Whether a root element of this name, without a namespace, is a definition.
pub fn is_definition(local_name: &str) -> bool {
    format_of(local_name).is_some()
}

fn format_of(local_name: &str) -> Option<Format> {
    Some(match local_name {
        "domain" | "qemu-migration" => Format::LibvirtDomain,
        "domainsnapshot" => Format::LibvirtDomainSnapshot,
        "domaincheckpoint" => Format::LibvirtDomainCheckpoint,
        "domainbackup" => Format::LibvirtDomainBackup,
        "domstatus" => Format::LibvirtDomStatus,
        "network" => Format::LibvirtNetwork,
        _ => return None,
    })
}

fn definition(tree: &Tree<'_>, root: NodeId) -> Option<Definition> {
    if !tree.namespace(root).is_empty() {
        return None;
    }
    let format = format_of(tree.local_name(root))?;
    let own = match tree.local_name(root) {
        "domain" => Some(Context::Domain),
        "domainsnapshot" => Some(Context::DomainSnapshot),
        "domaincheckpoint" => Some(Context::DomainCheckpoint),
        "domainbackup" => Some(Context::DomainBackup),
        "network" => Some(Context::Network),
        _ => None,
    };
    let mut contexts: Vec<(Context, NodeId)> = own.map(|context| (context, root)).into_iter().collect();
    if !matches!(own, Some(Context::Domain | Context::Network)) {
        for child in tree.children(root) {
            match plain_name(tree, child) {
                "domain" | "inactiveDomain" => contexts.push((Context::Domain, child)),
                "backups" => {
                    let backups = tree.children(child).filter(|&node| plain_name(tree, node) == "domainbackup");
                    contexts.extend(backups.map(|node| (Context::DomainBackup, node)));
                }
                _ => {}
            }
        }
    }
    Some(Definition { format, contexts })
}

/// The name of an element without a namespace; empty for everything else.
fn plain_name<'t>(tree: &'t Tree<'_>, node: NodeId) -> &'t str {
    if tree.is_element(node) && tree.namespace(node).is_empty() { tree.local_name(node) } else { "" }
}

/// The name of the VM that a context node is about: its own `name`, or that of the domain in it.
pub fn vm_name(tree: &Tree<'_>, context: Context, node: NodeId) -> Option<String> {
    vm_text(tree, context, node, "name")
}

/// The UUID of the VM that a context node is about, likewise.
pub fn vm_id(tree: &Tree<'_>, context: Context, node: NodeId) -> Option<String> {
    vm_text(tree, context, node, "uuid")
}

fn vm_text(tree: &Tree<'_>, context: Context, node: NodeId, element: &str) -> Option<String> {
    let text_of = |node: NodeId| {
        let found = tree.children(node).find(|&child| plain_name(tree, child) == element)?;
        Some(tree.string_value(found).trim().to_owned()).filter(|text| !text.is_empty())
    };
    match context {
        Context::Domain | Context::Network => text_of(node),
        // A snapshot's own name is not the VM's.
        Context::DomainSnapshot | Context::DomainCheckpoint => {
            tree.children(node).find(|&child| plain_name(tree, child) == "domain").and_then(text_of)
        }
        Context::DomainBackup => tree
            .ancestors(node)
            .find_map(|above| tree.children(above).find(|&child| plain_name(tree, child) == "domain").and_then(text_of)),
        Context::Vm => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::limits::Limits;
    use crate::paths::Paths;
    use crate::tree::Vocabulary;

    #[test]
    fn contexts_are_found_in_every_wrapper() {
        let cases = [
            ("<domain/>", "LibvirtDomain [Domain /domain] 1"),
            (
                "<domainsnapshot><domain><name>a</name></domain><inactiveDomain/></domainsnapshot>",
                "LibvirtDomainSnapshot [DomainSnapshot /domainsnapshot, Domain /domainsnapshot/domain, Domain /domainsnapshot/inactiveDomain] 1",
            ),
            (
                "<domaincheckpoint><domain/></domaincheckpoint>",
                "LibvirtDomainCheckpoint [DomainCheckpoint /domaincheckpoint, Domain /domaincheckpoint/domain] 1",
            ),
            (
                "<domstatus><domain/><backups><domainbackup/></backups></domstatus>",
                "LibvirtDomStatus [Domain /domstatus/domain, DomainBackup /domstatus/backups/domainbackup] 1",
            ),
            ("<domainbackup/>", "LibvirtDomainBackup [DomainBackup /domainbackup] 0"),
            ("<network><domain/></network>", "LibvirtNetwork [Network /network] 0"),
            ("<domain><metadata><domain/></metadata></domain>", "LibvirtDomain [Domain /domain] 1"),
        ];
        for (xml, wanted) in cases {
            let vocabulary = Vocabulary::default();
            let tree = crate::input::xml::read(xml, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
            let found = definitions(&tree).remove(0).unwrap();
            let contexts: Vec<String> =
                found.contexts.iter().map(|(c, n)| format!("{c:?} {}", Paths::new(&tree).path(*n))).collect();
            assert_eq!(format!("{:?} [{}] {}", found.format, contexts.join(", "), found.vms(&tree)), wanted);
        }
    }

    #[test]
    fn a_root_in_a_foreign_namespace_is_no_definition() {
        let vocabulary = Vocabulary::default();
        let tree = crate::input::xml::read("<domain xmlns='urn:x'/>", &Limits::default(), &vocabulary, |_, _| {}).unwrap();
        assert_eq!(definitions(&tree), [None]);
    }
}
