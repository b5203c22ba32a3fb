//! What makes a finding the same finding in the next run: the machine and the device that it is about, and not where they stand.
//!
//! A baseline and the fingerprints of reports are made of this, so that a line, a disk or a whole file more does not make old findings
//! new ones.

use rustc_hash::FxHashMap;

use crate::definition;
use crate::input::limits;
use crate::input::xml::brief;
use crate::policy::schema::Context;
use crate::tree::{NodeId, Tree};
use crate::{hyperv, libvirt};

/// The longest own name of an element that counts, in characters; a QEMU argument may have thousands.
const LONGEST: usize = 100;

/// What a finding is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The machine's own id: libvirt's UUID or Hyper-V's GUID, in small letters. None where the file gives none, or one that any number
    /// of machines may share.
    pub vm: Option<String>,
    /// The way from the machine to the element, each step with the element's own name if it has one, none with a number:
    /// `/devices/disk[vda]/iotune`. `/` is the machine itself, and nothing a file that is no definition.
    /// Of a way that is very long the beginning is left out, and it begins with `//`.
    pub at: String,
}

/// What a machine is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: Option<String>,
    /// Its own id, as [`Identity::vm`] has it.
    pub id: Option<String>,
}

/// Identities of what is found in one tree. Each name is looked for once, so that many findings in one element stay cheap.
#[derive(Debug)]
pub struct Identities<'i, 'r> {
    tree: &'i Tree<'r>,
    /// Of an element, its step on the way.
    steps: FxHashMap<NodeId, String>,
    /// By context nodes.
    machines: FxHashMap<NodeId, Machine>,
}

impl<'i, 'r> Identities<'i, 'r> {
    /// Of a tree; nothing is looked for yet.
    pub fn new(tree: &'i Tree<'r>) -> Identities<'i, 'r> {
        Identities { tree, steps: FxHashMap::default(), machines: FxHashMap::default() }
    }

    /// The machine that a context node is about.
    pub fn machine(&mut self, context: Context, node: NodeId) -> &Machine {
        let tree = self.tree;
        self.machines.entry(node).or_insert_with(|| Machine {
            name: definition::vm_name(tree, context, node).map(|name| brief(&name).into_owned()),
            id: definition::vm_id(tree, context, node).as_deref().and_then(id),
        })
    }

    /// The identity of what is found at an element, judged from a context node.
    pub fn of(&mut self, context: Context, node: NodeId, element: NodeId) -> Identity {
        let tree = self.tree;
        // A snapshot's domain is the same domain as in a file of its own; what is beside it belongs to the snapshot.
        let is_machine = matches!(context, Context::Domain | Context::Network | Context::Vm);
        let end = if is_machine { node } else { Tree::ROOT };
        let up = std::iter::once(element).chain(tree.ancestors(element));
        let mut way: Vec<NodeId> = Vec::new();
        let mut length = 0;
        let mut at = String::new();
        for step in up.take_while(|&step| step != end && step != Tree::ROOT) {
            if length > limits::PATH {
                at.push('/');
                break;
            }
            length += self.steps.entry(step).or_insert_with(|| step_of(tree, context, step)).len();
            way.push(step);
        }
        at.extend(way.iter().rev().filter_map(|step| self.steps.get(step)).map(String::as_str));
        if at.is_empty() {
            at.push('/');
        }
        Identity { vm: self.machine(context, node).id.clone(), at }
    }
}

/// `/disk[vda]`, or `/tpm` for an element without a name of its own.
fn step_of(tree: &Tree<'_>, context: Context, node: NodeId) -> String {
    let name = match context {
        Context::Vm => hyperv::own_name(tree, node),
        _ => libvirt::own_name(tree, node),
    };
    let local = brief(tree.local_name(node));
    match name.map(|name| on_one_line(&name)).filter(|name| !name.is_empty()) {
        Some(name) => format!("/{local}[{name}]"),
        None => format!("/{local}"),
    }
}

/// An id if it is one: 32 hexadecimal digits, not all of them zero. A template may have words in its place.
fn id(text: &str) -> Option<String> {
    let digits = || text.chars().filter(char::is_ascii_hexdigit);
    let is_id = text.len() <= 64
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        && digits().count() == 32
        && digits().any(|c| c != '0');
    is_id.then(|| text.to_ascii_lowercase())
}

/// A name without line breaks and without what is beyond the longest.
fn on_one_line(name: &str) -> String {
    let line: Vec<&str> = name.split_whitespace().take(LONGEST).collect();
    line.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::limits::Limits;
    use crate::input::xml;
    use crate::libvirt::definitions;
    use crate::tree::Vocabulary;

    /// The identities of all elements with the attribute `x`.
    fn identities(text: &str) -> Vec<Identity> {
        let vocabulary = Vocabulary::default();
        let tree = xml::read(text, &Limits::default(), &vocabulary, |_, _| {}).unwrap();
        let definition = definitions(&tree).remove(0).unwrap();
        let found = tree.descendants(Tree::ROOT).filter(|&node| tree.attribute(node, "x").is_some());
        let identity = |element: NodeId| {
            let inside = |&&(_, node): &&(Context, NodeId)| node == element || tree.ancestors(element).any(|above| above == node);
            let &(context, node) = definition.contexts.iter().rev().find(inside).unwrap();
            Identities::new(&tree).of(context, node, element)
        };
        found.map(identity).collect()
    }

    fn at(text: &str) -> Vec<String> {
        identities(text).into_iter().map(|identity| identity.at).collect()
    }

    #[test]
    fn devices_go_by_their_own_names() {
        for (device, wanted) in [
            ("<disk x=''><target dev='vda'/></disk>", "/devices/disk[vda]"),
            ("<disk><target dev='vda'/><iotune x=''/></disk>", "/devices/disk[vda]/iotune"),
            ("<disk x=''><alias name='ua-root'/><source file='/a b'/></disk>", "/devices/disk[ua-root]"),
            ("<disk x=''><alias name='virtio-disk0'/><source file='/a b'/></disk>", "/devices/disk[/a b]"),
            (
                "<interface x=''><mac address='52:54:00:A3:4E:17'/><target dev='vnet3'/></interface>",
                "/devices/interface[52:54:00:a3:4e:17]",
            ),
            ("<interface x=''><target dev='vnet3'/><source network='lan'/></interface>", "/devices/interface[lan]"),
            ("<filesystem x=''><target dir='data'/></filesystem>", "/devices/filesystem[data]"),
            (
                "<channel x=''><source path='/run/7'/><target name='org.qemu.guest_agent.0'/></channel>",
                "/devices/channel[org.qemu.guest_agent.0]",
            ),
            ("<serial x=''><source path='/dev/pts/2'/><target port='0'/></serial>", "/devices/serial[0]"),
            (
                "<hostdev x=''><source><address slot='0x1' domain='0x0' bus='0x3' function='0x0'/></source></hostdev>",
                "/devices/hostdev[0x0:0x3:0x1:0x0]",
            ),
            ("<hostdev x=''><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>", "/devices/hostdev[0x1:0x2]"),
            ("<video x=''><address type='pci' bus='0x00' slot='0x01'/></video>", "/devices/video[0x00:0x01]"),
            ("<controller x='' type='scsi' index='0'/>", "/devices/controller[scsi 0]"),
            ("<tpm x=''><alias name='tpm0'/></tpm>", "/devices/tpm"),
            ("<disk x=''><target dev=' '/></disk>", "/devices/disk"),
        ] {
            assert_eq!(at(&format!("<domain><devices>{device}</devices></domain>")), [wanted], "{device}");
        }
    }

    #[test]
    fn elsewhere_elements_go_by_their_names_and_values() {
        let qemu = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'";
        assert_eq!(at("<domain x=''/>"), ["/"]);
        assert_eq!(
            at("<domain><cpu><feature x='' name='vmx'/><numa><cell x='' id='1'/></numa></cpu></domain>"),
            ["/cpu/feature[vmx]", "/cpu/numa/cell[1]"]
        );
        let value = format!("a\n  b{}", "c".repeat(200));
        let arguments = format!("<domain {qemu}><qemu:commandline><qemu:arg x='' value='{value}'/></qemu:commandline></domain>");
        assert_eq!(at(&arguments), [format!("/commandline/arg[a b{}]", "c".repeat(97))]);
    }

    #[test]
    fn a_domain_is_the_same_in_every_wrapper() {
        let uuid = "0E5A7C1D-8f0b-4c4f-9d0a-6f2b1f3c7a21";
        let domain = format!("<domain><uuid> {uuid} </uuid><devices><tpm x=''/></devices></domain>");
        let alone = identities(&domain);
        assert_eq!(alone, [Identity { vm: Some(uuid.to_lowercase()), at: "/devices/tpm".to_owned() }]);
        assert_eq!(identities(&format!("<domstatus>{domain}</domstatus>")), alone);
        let snapshot = identities(&format!("<domainsnapshot><memory x=''/>{domain}</domainsnapshot>"));
        assert_eq!(snapshot[0], Identity { at: "/domainsnapshot/memory".to_owned(), ..alone[0].clone() });
        assert_eq!(snapshot[1], alone[0]);
    }

    #[test]
    fn what_many_machines_may_share_is_no_id() {
        for uuid in ["", "@UUID@", "00000000-0000-0000-0000-000000000000", "0e5a7c1d", "not-a-uuid"] {
            assert_eq!(identities(&format!("<domain x=''><uuid>{uuid}</uuid></domain>"))[0].vm, None, "{uuid}");
        }
        assert!(identities("<domain x=''><uuid>0e5a7c1d8f0b4c4f9d0a6f2b1f3c7a21</uuid></domain>")[0].vm.is_some());
    }
}
