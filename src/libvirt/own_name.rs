//! What an element is called by those who keep the definition, so that it is found again where it stands elsewhere.

use crate::tree::{NodeId, Tree};

/// The parts of an address in the order in which people write them.
const ADDRESS: [&str; 16] = [
    "domain",
    "controller",
    "cssid",
    "ssid",
    "devno",
    "bus",
    "target",
    "unit",
    "slot",
    "function",
    "port",
    "device",
    "base",
    "reg",
    "iobase",
    "uuid",
];

/// Where a device's source says what it is.
const SOURCE: [&str; 9] = ["file", "dev", "dir", "volume", "name", "path", "network", "bridge", "uuid"];

/// The own name of an element. Of a device: its MAC address, its name for the guest, the alias that a user gave it, what is behind it,
/// its address in the guest. libvirt makes up the names of a running machine's interfaces and other aliases anew, so these say nothing.
/// Of any other element: its `name`, `id` or `value`.
pub fn own_name(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    let is_device = tree.parent(node).is_some_and(|parent| tree.local_name(parent) == "devices");
    let name = if is_device { device_name(tree, node) } else { None };
    // The `id` of a domain or a job is the number of its run.
    let is_run = matches!(tree.local_name(node), "domain" | "domainbackup");
    name.or_else(|| filled(tree, node, if is_run { &["name"] } else { &["name", "id", "value"] }).map(str::to_owned))
}

/// The names by which people call the devices of a domain: target, MAC address in small letters, and alias.
pub fn device_names<'t>(tree: &'t Tree<'_>, domain: NodeId) -> impl Iterator<Item = (String, NodeId)> + 't {
    let is_devices = |&child: &NodeId| tree.local_name(child) == "devices";
    let devices = tree.children(domain).filter(is_devices).flat_map(|devices| tree.children(devices));
    devices.flat_map(move |device| {
        let name = move |part: NodeId| match tree.local_name(part) {
            "mac" => tree.attribute(part, "address").map(str::to_ascii_lowercase),
            "target" => tree.attribute(part, "dev").map(str::to_owned),
            "alias" => tree.attribute(part, "name").map(str::to_owned),
            _ => None,
        };
        tree.children(device).filter_map(name).map(move |name| (name.trim().to_owned(), device))
    })
}

fn device_name(tree: &Tree<'_>, device: NodeId) -> Option<String> {
    let child = |of: NodeId, name: &str| tree.children(of).find(|&child| tree.local_name(child) == name);
    let of_child = |name: &str, attributes: &[&str]| filled(tree, child(device, name)?, attributes);
    let kind = tree.local_name(device);
    let targets: &[&str] = if kind == "interface" { &[] } else { &["dev", "dir", "name", "port"] };
    let source = child(device, "source");
    let mac = || of_child("mac", &["address"]).map(str::to_ascii_lowercase);
    let controller = || {
        let index = filled(tree, device, &["index"]).filter(|_| kind == "controller")?;
        Some(format!("{} {index}", filled(tree, device, &["type"])?))
    };
    let usb = || {
        let id = |name| filled(tree, child(source?, name)?, &["id"]);
        Some(format!("{}:{}", id("vendor")?, id("product")?))
    };
    mac()
        .or_else(|| of_child("target", targets).map(str::to_owned))
        .or_else(|| of_child("alias", &["name"]).filter(|alias| alias.starts_with("ua-")).map(str::to_owned))
        .or_else(|| filled(tree, source?, &SOURCE).map(str::to_owned))
        .or_else(usb)
        .or_else(|| address(tree, child(source?, "address")?))
        .or_else(controller)
        .or_else(|| address(tree, child(device, "address")?))
}

fn address(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    let parts: Vec<&str> = ADDRESS.iter().filter_map(|part| filled(tree, node, &[part])).collect();
    (!parts.is_empty()).then(|| parts.join(":"))
}

/// The first of some attributes that says something.
fn filled<'t>(tree: &'t Tree<'_>, node: NodeId, attributes: &[&str]) -> Option<&'t str> {
    attributes.iter().find_map(|name| tree.attribute(node, name).map(str::trim).filter(|value| !value.is_empty()))
}
