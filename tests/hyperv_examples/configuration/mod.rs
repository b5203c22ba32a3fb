//! Hyper-V's own configuration: a machine as keys, which a container and the XML of 2008 to 2012 R2 share (format notes, section 2).

mod adapter;
mod tables;

use crate::container::{self, Key, Val};
use crate::example::Element;
use crate::settings;
use crate::writers::Format;
use tables::{ALL, As, BOOT_WORDS, DRIVE, FIRMWARE, NEW, Row, SETTINGS, VIDEO};

/// Types of devices with their names in the manifest.
const ADAPTERS: (&str, &str) = ("2fc216b0-d2e2-4967-9b6d-b8a5c9ca2778", "Synthetic Ethernet Port");
const SCSI: (&str, &str) = ("d422512d-2bf2-4752-809d-7b82b5fcb1b4", "Synthetic SCSI Controller");
const IDE: (&str, &str) = ("83f8638b-8dca-4152-9eda-2ca8b33039b4", "Microsoft Emulated IDE Controller");
const FLOPPY: (&str, &str) = ("8f0d2762-0b00-4e04-af4f-19010527cb93", "Microsoft Emulated Floppy Controller");
const SERIAL: (&str, &str) = ("8e3a359f-559a-4b6a-98a9-1690a6100ed7", "Microsoft Emulated Serial Controller");
const BIOS: (&str, &str) = ("ac6b8dc1-3257-4a70-b1b2-a9c9215659ad", "Microsoft Virtual BIOS");
const SCREEN: (&str, &str) = ("f3cf6965-e8d3-44a9-9b7d-a04245ea7525", "Synthetic Video");
const BUS: (&str, &str) = ("d41a1872-3740-41ce-a1ee-4522ab82f991", "VmBus");
const PCI: (&str, &str) = ("2fcc454e-a36a-4c77-bb5e-a2d75a51f02c", "Virtual PCI Express Port");
const GPU: (&str, &str) = ("99dcd00c-fbd6-42d3-9dfd-1b5ad7058f61", "GPU Partition");
/// What stands for types that nobody documented: of emulated and Fibre Channel adapters, of controllers of persistent memory.
const UNDOCUMENTED: (&str, &str) = ("5f0b1a57-91e3-4c62-8d11-6a3c1f7be0a9", "Another Device");

/// The keys of a machine, what it could say noted in the machine.
pub fn keys(vm: &Element, format: Format) -> Key {
    let mut writer = Writer { vm, format, keys: Vec::new(), devices: 0 };
    writer.properties();
    writer.rows(SETTINGS, vm, "");
    writer.checkpoints();
    writer.firmware();
    writer.screen();
    writer.controllers();
    vm.list("network-adapter").for_each(|adapter| writer.adapter(adapter));
    writer.assigned();
    vm.list("integration-service").for_each(|service| writer.service(service));
    writer.serial();
    writer.device(BUS, Some(BUS.0));
    let version = if format == Format::Xml { 260 } else { 512 };
    writer.put("manifest/version", Val::Int(version));
    writer.put("manifest/size", Val::Int(writer.devices));
    container::node("configuration", writer.keys)
}

struct Writer<'e> {
    vm: &'e Element,
    format: Format,
    /// Below `/configuration`.
    keys: Vec<Key>,
    devices: i64,
}

impl<'e> Writer<'e> {
    fn put(&mut self, path: &str, value: Val) {
        put(&mut self.keys, path, value, false);
    }

    /// Writes the attributes of an element that a table has, below a node.
    fn rows(&mut self, rows: &[Row], element: &Element, node: &str) {
        for &(attribute, path, form, is_new) in rows {
            if is_new && self.format == Format::Xml {
                continue;
            }
            if let Some(value) = element.get(attribute).and_then(|value| form.value(value)) {
                self.put(&below(node, path), value);
                element.say(attribute);
            }
        }
    }

    /// Lists a device and gives the name of its node. Devices of which there is one have their type for an instance.
    fn device(&mut self, (kind, name): (&str, &str), instance: Option<&str>) -> String {
        self.devices += 1;
        let instance = instance.map_or(format!("7c0de1f2-0000-4000-8000-{:012x}", self.devices), str::to_owned);
        let entry = format!("manifest/vdev{:03}", self.devices);
        let texts = [("device", kind), ("instance", &*instance), ("name", name)];
        for (key, text) in texts {
            self.put(&below(&entry, key), Val::Text(text.to_owned()));
        }
        self.put(&below(&entry, "flags"), Val::Int(1));
        format!("_{instance}_")
    }

    /// A container holds versions from 6.2 on, XML those before; before 5.0 all machines are of generation 1 and no key says so.
    fn properties(&mut self) {
        let vm = self.vm;
        let version = vm.get("configuration-version").and_then(|version| version.split_once('.'));
        let version = version.and_then(|(major, minor)| Some((major.parse::<i64>().ok()?, minor.parse::<i64>().ok()?)));
        let fits = |version| if self.format == Format::Xml { version <= (5, 0) } else { version >= (6, 2) };
        let version = version.filter(|&version| fits(version));
        if let Some((major, minor)) = version {
            self.put("properties/version", Val::Int(256 * major + minor));
            vm.say("configuration-version");
        }
        match (version, vm.get("generation")) {
            (Some(version), Some("1")) if version < (5, 0) => {
                vm.say("generation");
                if vm.get("assumed") == Some("generation") {
                    vm.say("assumed");
                }
            }
            (Some(version), _) if version < (5, 0) => {}
            (_, Some(generation @ ("1" | "2"))) => {
                self.put("properties/subtype", Val::Int(i64::from(generation == "2")));
                vm.say("generation");
            }
            _ => {}
        }
    }

    /// One key says whether there are checkpoints and how many.
    fn checkpoints(&mut self) {
        let count = match (self.vm.get("checkpoint/count"), self.vm.get("checkpoint/present")) {
            (Some(count), _) => count,
            (None, Some("true")) => "1",
            (None, Some(_)) => "0",
            (None, None) => return,
        };
        self.put("global_settings/snapshots/list/size", As::Number.value(count).unwrap());
        for checkpoint in self.vm.list("checkpoint") {
            checkpoint.say("count");
            if checkpoint.get("present") == Some(if count == "0" { "false" } else { "true" }) {
                checkpoint.say("present");
            }
        }
    }

    /// The order of generation 2 lies in UEFI variables, whose bytes are not documented.
    fn firmware(&mut self) {
        let Some(firmware) = self.vm.list("firmware").next() else { return };
        let node = self.device(BIOS, Some(BIOS.0));
        self.rows(FIRMWARE, self.vm, &node);
        if let Some(template) = firmware.get("secure-boot-template")
            && settings::is_guid(template)
            && self.format == Format::Vmcx
        {
            self.put(&below(&node, "secure_boot_template_id"), As::Capitals.value(template).unwrap());
            firmware.say("secure-boot-template");
        }
        let word = |boot: &'e Element| Some((boot, As::Renamed(&BOOT_WORDS).value(boot.get("kind")?)?));
        let order: Vec<_> = firmware.list("boot-device").filter_map(word).collect();
        if self.vm.get("generation") != Some("1") || order.is_empty() {
            firmware.leave_open("boot-device");
            return;
        }
        for (place, (boot, word)) in order.into_iter().enumerate() {
            self.put(&format!("{node}/boot/device{place}"), word);
            boot.say_element();
            boot.say("kind");
        }
    }

    fn screen(&mut self) {
        if self.vm.list("video").next().is_some() {
            let node = self.device(SCREEN, Some(SCREEN.0));
            self.rows(VIDEO, self.vm, &node);
        }
    }

    /// A SCSI controller is a device, both IDE controllers are one. They have no numbers but their order.
    fn controllers(&mut self) {
        let vm = self.vm;
        let all = |kind| vm.list("controller").filter(move |controller| controller.get("type") == Some(kind));
        let number = |controller: &Element| controller.get("number").map_or(usize::MAX, |number| number.parse().unwrap());
        let scsi: Vec<&Element> = all("scsi").filter(|controller| number(controller) < 64).collect();
        for place in 0..scsi.iter().map(|controller| number(controller) + 1).max().unwrap_or_default() {
            let node = self.device(SCSI, None);
            self.put(&below(&node, "ChannelInstanceGuid"), Val::Text("{a2f07e9c-3c1f-4d55-9b0c-6f1e2d3c4b5a}".to_owned()));
            scsi.iter().filter(|known| number(known) == place).for_each(|known| self.controller(known, &node, 0));
        }
        for (kind, device, most) in [("ide", IDE, 2), ("floppy", FLOPPY, 1)] {
            let known: Vec<&Element> = all(kind).filter(|controller| number(controller) < most).collect();
            if !known.is_empty() {
                let node = self.device(device, Some(device.0));
                known.iter().for_each(|known| self.controller(known, &node, number(known)));
            }
        }
        if all("pmem").next().is_some() {
            self.device(UNDOCUMENTED, None);
            self.leave_adapters_open();
        }
    }

    fn controller(&mut self, controller: &Element, node: &str, number: usize) {
        controller.say_element();
        controller.say("type");
        controller.say("number");
        for drive in controller.list("drive") {
            if let Some(location) = drive.get("location") {
                self.drive(drive, &format!("{node}/controller{number}/drive{location}"));
            }
        }
    }

    /// The word for a disk or drive of the host is not documented, so something stands for it that says nothing.
    fn drive(&mut self, drive: &Element, node: &str) {
        drive.say_element();
        drive.say("location");
        let path = drive.get("path").unwrap_or_default();
        let word = match (drive.get("type"), drive.get("media")) {
            (_, Some("pass-through")) => "ANOTHER",
            (Some("hard-disk"), Some("vhd") | None) => "VHD",
            (Some("dvd"), Some("iso") | None) => "ISO",
            (Some("floppy"), Some("vfd") | None) => "VFD",
            (Some("hard-disk"), Some("none")) if path.is_empty() => "VHD",
            (Some("dvd"), Some("none")) if path.is_empty() => "ISO",
            (Some("floppy"), Some("none")) if path.is_empty() => "VFD",
            _ => "ANOTHER",
        };
        if word != "ANOTHER" {
            drive.say("type");
            drive.say("media");
        }
        if word == "VHD" && drive.get("media") != Some("none") {
            drive.leave_open("virtual-disk");
        }
        if drive.get("path").is_some() || drive.get("media") == Some("none") {
            self.put(&below(node, "pathname"), Val::Text(path.to_owned()));
            drive.say("path");
        }
        self.put(&below(node, "type"), Val::Text(word.to_owned()));
        self.rows(DRIVE, drive, node);
    }

    fn leave_adapters_open(&self) {
        self.vm.leave_open("network-adapter");
        self.vm.leave_open("fibre-channel-adapter");
    }

    /// Devices of the host, which came with Windows Server 2016, and Fibre Channel adapters, whose type is not documented.
    fn assigned(&mut self) {
        let is_unknown = ["network-adapter", "fibre-channel-adapter"].into_iter().any(|list| self.vm.is_unknown(list));
        if is_unknown || self.vm.list("fibre-channel-adapter").next().is_some() {
            self.device(UNDOCUMENTED, None);
            self.leave_adapters_open();
        }
        if self.format == Format::Xml {
            return;
        }
        for pci in self.vm.list("pci-device") {
            let node = self.device(PCI, None);
            self.put(&below(&node, "HostResources/count"), Val::Int(1));
            self.rows(&[("instance-id", "HostResources/HostResource/Instance", As::Text, NEW)], pci, &node);
            pci.say_element();
        }
        for gpu in self.vm.list("gpu-partition") {
            let node = self.device(GPU, None);
            self.put(&below(&node, "InstanceGuid"), Val::Text("{6e1d3f00-7a5b-4f0c-8c1d-2b3a4c5d6e7f}".to_owned()));
            self.rows(&[("path", "HostResource", As::Text, NEW)], gpu, &node);
            gpu.say_element();
        }
    }

    /// A service that is on as ever has no key.
    fn service(&mut self, service: &Element) {
        let Some((_, guid, title)) = settings::SERVICES.iter().find(|(known, ..)| service.get("name") == Some(known)) else {
            return;
        };
        let node = self.device((guid, title), Some(guid));
        service.say_element();
        service.say("name");
        service.imply("enabled");
        if service.get("assumed") == Some("enabled") && service.get("enabled") == Some("true") {
            service.say("assumed");
            service.say("enabled");
        }
        if service.get("assumed").is_none() {
            self.rows(&[("enabled", "Enabled", As::Truth, ALL)], service, &node);
        }
    }

    fn serial(&mut self) {
        if self.vm.list("com-port").next().is_none() {
            return;
        }
        let node = self.device(SERIAL, Some(SERIAL.0));
        for port in self.vm.list("com-port").filter(|port| port.get("number").is_some()) {
            let number = if port.get("number") == Some("2") { 1 } else { 0 };
            self.put(&format!("{node}/port{number}/connection"), Val::Text(port.get("path").unwrap_or_default().to_owned()));
            port.say_element();
            port.say("number");
            port.say("path");
        }
    }
}

fn below(node: &str, path: &str) -> String {
    if node.is_empty() { path.to_owned() } else { format!("{node}/{path}") }
}

/// Puts a value at a path, into the nodes that are there; `again` beside others of its name.
fn put(keys: &mut Vec<Key>, path: &str, value: Val, again: bool) {
    let Some((name, rest)) = path.split_once('/') else {
        if !again {
            keys.retain(|key| key.name != path);
        }
        return keys.push(container::key(path, value));
    };
    if !keys.iter().any(|key| key.name == name) {
        keys.push(container::node(name, Vec::new()));
    }
    let node = keys.iter_mut().find(|key| key.name == name).unwrap();
    let Val::Node(children) = &mut node.value else { panic!("{name} is no node") };
    put(children, rest, value, again);
}
