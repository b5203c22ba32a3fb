//! A machine as examples of policies write it, and a record of what a writer could say of it.

use std::cell::{Cell, RefCell};

/// Elements of which there can be several: that one is there is a claim of its own.
const LISTED: [&str; 11] = [
    "controller",
    "drive",
    "virtual-disk",
    "network-adapter",
    "failover-address",
    "fibre-channel-adapter",
    "pci-device",
    "gpu-partition",
    "integration-service",
    "com-port",
    "boot-device",
];

/// An element of an example.
#[derive(Debug, Clone, Default)]
pub struct Element {
    pub name: String,
    pub children: Vec<Element>,
    attributes: Vec<Attribute>,
    said: Cell<bool>,
    open: RefCell<Vec<&'static str>>,
    implied: RefCell<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Attribute {
    name: String,
    value: String,
    /// The example has it; it was not added because no format can do without.
    given: bool,
    said: Cell<bool>,
}

impl Element {
    pub fn new(name: &str) -> Element {
        Element { name: name.to_owned(), ..Element::default() }
    }

    /// Reads `<vm>…</vm>`.
    pub fn parse(text: &str) -> Element {
        fn take(node: roxmltree::Node<'_, '_>) -> Element {
            let mut element = Element::new(node.tag_name().name());
            for attribute in node.attributes() {
                element.set(attribute.name(), attribute.value());
            }
            element.children = node.children().filter(roxmltree::Node::is_element).map(take).collect();
            element
        }
        let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        take(document.root_element())
    }

    /// Gives an attribute a value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.attributes.retain(|known| known.name != name);
        self.attributes.push(Attribute { name: name.to_owned(), value: value.to_owned(), given: true, said: Cell::new(false) });
    }

    /// Gives an attribute a value where the example leaves it open and no format can; not where it calls it unknown.
    fn add(&mut self, name: &str, value: impl Into<String>) {
        if self.get(name).is_none() && !self.is_unknown(name) {
            self.set(name, &value.into());
            self.attributes.last_mut().unwrap().given = false;
        }
    }

    /// The value of an attribute of this element or, with a path before it, of the first below.
    pub fn get(&self, path: &str) -> Option<&str> {
        let (element, name) = self.owner(path)?;
        element.attributes.iter().find(|known| known.name == name).map(|known| &*known.value)
    }

    /// Notes that the attribute at a path is said.
    pub fn say(&self, path: &str) {
        let (element, name) = self.owner(path).unwrap();
        element.attributes.iter().filter(|known| known.name == name).for_each(|known| known.said.set(true));
    }

    fn owner<'p>(&self, path: &'p str) -> Option<(&Element, &'p str)> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let steps = above.split('/').filter(|step| !step.is_empty());
        let element = steps.into_iter().try_fold(self, |at, step| at.children.iter().find(|child| child.name == step))?;
        Some((element, name))
    }

    /// Notes that the format cannot but say the attribute at a path, whether the example has it or not.
    pub fn imply(&self, path: &str) {
        if let Some((element, name)) = self.owner(path) {
            element.implied.borrow_mut().push(name.to_owned());
        }
    }

    /// Names and values of the attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|known| (&*known.name, &*known.value))
    }

    /// Names of the attributes that are said.
    pub fn said_attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().filter(|known| known.said.get()).map(|known| (&*known.name, &*known.value))
    }

    /// The children of a name.
    pub fn list<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Notes that the element is said to be there.
    pub fn say_element(&self) {
        self.said.set(true);
    }

    /// Whether it is said to be there; what there is one of always is.
    pub fn is_said(&self) -> bool {
        self.said.get() || !LISTED.contains(&&*self.name)
    }

    /// Notes that the format does not say whether there are more children of this name.
    pub fn leave_open(&self, list: &'static str) {
        self.open.borrow_mut().push(list);
    }

    pub fn is_left_open(&self, list: &str) -> bool {
        self.open.borrow().contains(&list)
    }

    /// Whether the example lists something as unknown.
    pub fn is_unknown(&self, name: &str) -> bool {
        self.get("unknown").is_some_and(|names| names.split(' ').any(|known| known == name))
    }

    /// Takes as said what is unknown in the example and was left open.
    pub fn settle(&self) {
        let is_told = |name: &str| self.get(name).is_some() || self.implied.borrow().iter().any(|known| known == name);
        let is_open = |name: &str| if LISTED.contains(&name) { self.is_left_open(name) } else { !is_told(name) };
        if self.get("unknown").is_some_and(|names| names.split(' ').all(is_open)) {
            self.say("unknown");
        }
        self.children.iter().for_each(Element::settle);
    }

    /// What the example has and was not said: `processor/@limit`, `fibre-channel-adapter`.
    pub fn unsaid(&self) -> Vec<String> {
        self.walk("", &|element, path| {
            if !element.is_said() {
                return vec![path.trim_end_matches('/').to_owned()];
            }
            let unsaid = element.attributes.iter().filter(|known| known.given && !known.said.get());
            unsaid.map(|known| format!("{path}@{}", known.name)).collect()
        })
    }

    /// Lists that the example closes, as it does not call them unknown, and that were left open.
    pub fn open_lists(&self) -> Vec<String> {
        self.walk("", &|element, path| {
            let open = element.open.borrow();
            open.iter().filter(|list| !element.is_unknown(list)).map(|list| format!("{path}{list}")).collect()
        })
    }

    fn walk(&self, path: &str, tell: &dyn Fn(&Element, &str) -> Vec<String>) -> Vec<String> {
        let mut found = tell(self, path);
        for child in self.children.iter().filter(|_| self.is_said()) {
            found.extend(child.walk(&format!("{path}{}/", child.name), tell));
        }
        found
    }

    /// The machine with what every format needs: names and numbers that tell it and its devices from others, a file for a disk.
    pub fn complete(&self) -> Element {
        let mut vm = self.clone();
        let mut disks = 0;
        for at in 0..vm.children.len() {
            let (before, rest) = vm.children.split_at_mut(at);
            let child = &mut rest[0];
            match &*child.name {
                "controller" => {
                    complete_drives(child, &mut disks);
                    let number = free(before, "number", 0, |known| known.get("type") == child.get("type"));
                    child.add("number", number);
                }
                "com-port" => {
                    let number = free(before, "number", 1, |_| true);
                    child.add("number", number);
                }
                "integration-service" => child.add("name", "heartbeat"),
                "network-adapter" => {
                    for address in child.children.iter_mut().filter(|child| child.name == "failover-address") {
                        let is_new =
                            address.get("family") == Some("ipv6") || address.get("address").is_some_and(|a| a.contains(':'));
                        address.add("family", if is_new { "ipv6" } else { "ipv4" });
                        address.add("address", if is_new { "2001:db8::7" } else { "192.0.2.7" });
                        address.add("test", "false");
                    }
                }
                _ => {}
            }
        }
        vm.add("name", "example");
        vm.add("id", "1b6f6b1e-0c57-4f0e-9d43-7a1f3c5e2d01");
        let generation = if vm.is_of_the_first_generation() { "1" } else { "2" };
        vm.add("generation", generation);
        let kind = if vm.get("generation") == Some("1") { "ide" } else { "drive" };
        for firmware in vm.children.iter_mut().filter(|child| child.name == "firmware") {
            firmware.children.iter_mut().for_each(|boot| boot.add("kind", kind));
        }
        vm
    }

    /// Whether it has what only generation 1 has.
    fn is_of_the_first_generation(&self) -> bool {
        const KINDS: [&str; 6] = ["floppy", "cd", "ide", "legacy-network-adapter", "network-adapter", "vhd"];
        let old_boot =
            |firmware: &Element| firmware.list("boot-device").any(|boot| KINDS.contains(&boot.get("kind").unwrap_or("")));
        self.get("firmware/num-lock").is_some()
            || self.list("firmware").any(old_boot)
            || self.list("controller").any(|controller| matches!(controller.get("type"), Some("ide" | "floppy")))
            || self.list("network-adapter").any(|adapter| adapter.get("legacy") == Some("true"))
            || self
                .get("configuration-version")
                .is_some_and(|version| matches!(version.split('.').next(), Some("1" | "2" | "3" | "4")))
    }
}

/// A number that no sibling of its kind has.
fn free(before: &[Element], name: &str, from: usize, alike: impl Fn(&Element) -> bool) -> String {
    let taken: Vec<&str> = before.iter().filter(|known| alike(known)).filter_map(|known| known.get(name)).collect();
    (from..).map(|number| number.to_string()).find(|number| !taken.contains(&&**number)).unwrap()
}

fn complete_drives(controller: &mut Element, disks: &mut usize) {
    for at in 0..controller.children.len() {
        let (before, rest) = controller.children.split_at_mut(at);
        let drive = &mut rest[0];
        if drive.list("virtual-disk").next().is_some() {
            drive.add("media", "vhd");
        }
        if drive.get("disk-number").is_some() {
            drive.add("media", "pass-through");
        }
        let kind = match drive.get("media") {
            Some("none" | "iso") => "dvd",
            Some("vfd") => "floppy",
            _ => "hard-disk",
        };
        drive.add("type", kind);
        let location = free(before, "location", 0, |_| true);
        drive.add("location", location);
        let ending = match drive.get("media") {
            Some("vhd") => "vhdx",
            Some(ending @ ("iso" | "vfd")) => ending,
            _ => continue,
        };
        *disks += 1;
        let path = format!("C:\\VMs\\example\\disk-{disks}.{ending}");
        drive.add("path", path);
    }
    let is_floppy = controller.list("drive").any(|drive| drive.get("type") == Some("floppy"));
    controller.add("type", if is_floppy { "floppy" } else { "scsi" });
}
