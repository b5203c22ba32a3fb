//! WMI objects (format notes, section 6): setting objects of both namespaces, joined by the machine's GUID that their ids begin
//! with. A file holds whichever objects somebody put into it, so that it never says that there are no more.

mod tables;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::convert::{Convert, guid};
use super::draft::Draft;
use super::field::Field;
use super::rows::by_property;
use super::words;

/// The two controllers that are devices of their own kind; SCSI controllers have a GUID each.
const IDE: &str = "83f8638b-8dca-4152-9eda-2ca8b33039b4";
const FLOPPY: &str = "8f0d2762-0b00-4e04-af4f-19010527cb93";

/// A machine and its parts by their GUIDs.
struct Machine<'k> {
    draft: Draft<'k>,
    adapters: Vec<String>,
    scsi: Vec<String>,
}

/// The machines of an export.
pub(super) fn machines<'k>(document: Field<'k>, text: &str) -> Vec<Draft<'k>> {
    let mut export = Export { text, machines: Vec::new(), checkpoints: FxHashSet::default(), by_id: FxHashMap::default() };
    let instances: Vec<Field<'_>> = document.children().filter(|root| root.name().starts_with("Msvm_")).collect();
    export.checkpoints = instances.iter().filter(|instance| is_checkpoint(**instance)).filter_map(|i| own_id(*i)).collect();
    // A machine's own object comes before what only names it, and what names none belongs to the only machine.
    let rank = |instance: &&Field<'_>| {
        let names_one = !steps(**instance).is_empty() || own_id(**instance).is_some();
        (!names_one, !instance.name().starts_with("Msvm_VirtualSystemSetting"))
    };
    let mut ordered: Vec<&Field<'_>> = instances.iter().collect();
    ordered.sort_by_key(rank);
    for instance in ordered {
        export.instance(*instance);
    }
    for instance in instances.iter().filter(|instance| is_checkpoint(**instance)) {
        export.checkpoint(*instance);
    }
    let mut disks = FxHashMap::default();
    for instance in instances.iter().filter(|instance| instance.name() == "Msvm_VirtualHardDiskSettingData") {
        if let Some(path) = instance.member("Path").and_then(Field::text) {
            disks.entry(path.to_lowercase()).or_insert(*instance);
        }
    }
    for machine in export.machines.iter_mut().filter(|_| !disks.is_empty()) {
        virtual_disks(&mut machine.draft, &disks, text);
    }
    export.machines.into_iter().map(|machine| machine.draft).collect()
}

struct Export<'k, 't> {
    text: &'t str,
    machines: Vec<Machine<'k>>,
    /// The GUIDs of checkpoints, whose objects look like a machine's.
    checkpoints: FxHashSet<String>,
    /// Machines by their ids.
    by_id: FxHashMap<String, usize>,
}

impl<'k> Export<'k, '_> {
    fn instance(&mut self, instance: Field<'k>) {
        let class = instance.name();
        let is_known = tables::CLASSES.iter().any(|(known, ..)| *known == class)
            || tables::ADAPTER_CLASSES.iter().any(|(known, _)| *known == class)
            || tables::SERVICES.iter().any(|(known, _)| *known == class)
            || matches!(
                class,
                "Msvm_StorageAllocationSettingData"
                    | "Msvm_ResourceAllocationSettingData"
                    | "Msvm_SyntheticFcPortSettingData"
                    | "Msvm_PciExpressSettingData"
                    | "Msvm_GpuPartitionSettingData"
                    | "Msvm_SerialPortSettingData"
                    | "Msvm_FailoverNetworkAdapterSettingData"
            );
        let steps = steps(instance);
        let id = steps.first().cloned().or_else(|| own_id(instance));
        if !is_known || id.as_ref().is_some_and(|id| self.checkpoints.contains(id)) {
            return;
        }
        // The host is a computer system too; its name is no GUID.
        if class == "Msvm_ComputerSystem" && id.is_none() {
            return;
        }
        let text = self.text;
        let place = instance.head(text);
        let Some(machine) = self.machine(id, instance) else { return };
        if let Some((_, element, rows)) = tables::CLASSES.iter().find(|(known, ..)| *known == class) {
            by_property(rows, instance, &mut machine.draft);
            if let Some(element) = machine.draft.below(element) {
                element.place(place);
            }
            if class.starts_with("Msvm_VirtualSystem") {
                system(&mut machine.draft, instance, text);
            }
        } else if let Some((_, rows)) = tables::ADAPTER_CLASSES.iter().find(|(known, _)| *known == class) {
            let Some(step) = steps.get(1) else { return };
            let adapter = machine.adapter(step);
            by_property(rows, instance, adapter);
            match class {
                "Msvm_SyntheticEthernetPortSettingData" => adapter.set("legacy", "false", place),
                "Msvm_EmulatedEthernetPortSettingData" => adapter.set("legacy", "true", place),
                "Msvm_EthernetSwitchPortVlanSettingData" => {
                    let is_tagged = adapter.get("vlan/mode").is_some_and(|mode| mode != "untagged");
                    adapter.set("vlan/tagged", is_tagged.to_string(), place);
                }
                _ => {}
            }
            if class.ends_with("EthernetPortSettingData") {
                adapter.place(place);
            }
        } else if let Some((_, name)) = tables::SERVICES.iter().find(|(known, _)| *known == class) {
            let service = machine.draft.entry("integration-service", &[("name", name)], place);
            service.place(place);
            by_property(tables::SERVICE, instance, service);
        } else {
            machine.device(class, instance, &steps, text);
        }
    }

    /// The settings of a checkpoint say of their machine that it has one.
    fn checkpoint(&mut self, instance: Field<'_>) {
        let of = ["VirtualSystemIdentifier", "SystemName"].iter().find_map(|name| guid(&instance.member(name)?.text()?));
        let place = instance.head(self.text);
        if let Some(machine) = of.and_then(|id| self.by_id.get(&id)).and_then(|&at| self.machines.get_mut(at)) {
            machine.draft.set("checkpoint/present", "true", place);
        }
    }

    fn machine(&mut self, id: Option<String>, instance: Field<'k>) -> Option<&mut Machine<'k>> {
        let found = match &id {
            Some(id) => self.by_id.get(id).copied(),
            None if self.machines.len() > 1 => return None,
            None => (self.machines.len() == 1).then_some(0),
        };
        let at = found.unwrap_or_else(|| {
            let mut draft = Draft::vm();
            let place = instance.head(self.text);
            draft.place(place);
            if let Some(id) = &id {
                let span = instance.member("InstanceID").map_or(place, Field::value_span);
                draft.set("id", id.clone(), span);
            }
            if let Some(id) = id {
                self.by_id.insert(id, self.machines.len());
            }
            self.machines.push(Machine { draft, adapters: Vec::new(), scsi: Vec::new() });
            self.machines.len() - 1
        });
        self.machines.get_mut(at)
    }
}

impl<'k> Machine<'k> {
    fn adapter(&mut self, step: &str) -> &mut Draft<'k> {
        let at = self.adapters.iter().position(|known| known == step).unwrap_or_else(|| {
            if !self.draft.is_full("network-adapter") {
                self.adapters.push(step.to_owned());
                return self.adapters.len() - 1;
            }
            usize::MAX
        });
        self.draft.nth("network-adapter", at)
    }

    /// The controller that an id names: its GUID, and its number where several have one GUID.
    fn controller(&mut self, steps: &[String], instance: Field<'_>, text: &str) -> Option<&mut Draft<'k>> {
        let step = steps.get(1)?;
        let own = steps.get(2).cloned().unwrap_or_else(|| "0".to_owned());
        let (kind, number) = match &**step {
            IDE => ("ide", own),
            FLOPPY => ("floppy", own),
            // Every SCSI controller is a device with a GUID of its own; they are numbered as they come.
            _ => {
                let at = self.scsi.iter().position(|known| known == step).unwrap_or_else(|| {
                    if !self.draft.is_full("controller") {
                        self.scsi.push(step.clone());
                    }
                    self.scsi.len().saturating_sub(1)
                });
                ("scsi", at.to_string())
            }
        };
        let place = instance.head(text);
        let controller = self.draft.entry("controller", &[("type", kind), ("number", &number)], place);
        controller.place(place);
        Some(controller)
    }

    fn device(&mut self, class: &str, instance: Field<'k>, steps: &[String], text: &str) {
        let place = instance.head(text);
        match class {
            "Msvm_StorageAllocationSettingData" | "Msvm_ResourceAllocationSettingData" => {
                self.resource(instance, steps, text);
            }
            "Msvm_SyntheticFcPortSettingData" => {
                let adapter = self.draft.add("fibre-channel-adapter");
                adapter.place(place);
                by_property(tables::FIBRE_CHANNEL, instance, adapter);
            }
            "Msvm_PciExpressSettingData" => {
                let device = self.draft.add("pci-device");
                device.place(place);
                if let Some((path, span)) = host_resource(instance) {
                    // `…DeviceID="Microsoft:…\\PCIP\\VEN_…"`, with doubled backslashes.
                    let id = path.find("PCIP\\").and_then(|at| path.get(at..)).unwrap_or(&path);
                    device.set("instance-id", id.trim_end_matches('"').replace("\\\\", "\\"), span);
                }
            }
            "Msvm_GpuPartitionSettingData" => {
                let device = self.draft.add("gpu-partition");
                device.place(place);
                if let Some((path, span)) = host_resource(instance) {
                    device.set("path", path, span);
                }
            }
            "Msvm_SerialPortSettingData" => {
                let name = instance.member("ElementName").and_then(Field::text).unwrap_or_default();
                let number = steps.last().filter(|step| matches!(&***step, "0" | "1"));
                let number = number.map(|step| if step == "0" { "1" } else { "2" }.to_owned());
                let by_name = || name.chars().next_back().filter(|c| matches!(c, '1' | '2')).map(String::from);
                let Some(number) = number.or_else(by_name) else { return };
                let port = self.draft.entry("com-port", &[("number", &number)], place);
                port.place(place);
                if let Some(connection) = instance.member("Connection") {
                    let first = connection.items().next();
                    let path = first.and_then(Field::text).unwrap_or_default();
                    port.set("path", path, first.map_or(connection.value_span(), Field::value_span));
                }
            }
            "Msvm_FailoverNetworkAdapterSettingData" => {
                let Some(at) = steps.get(1).and_then(|step| self.adapters.iter().position(|known| known == step)) else { return };
                let adapter = self.draft.nth("network-adapter", at);
                adapter.complete("failover-address");
                for item in instance.member("IPAddresses").into_iter().flat_map(Field::items) {
                    let Some(address) = item.text().filter(|address| !address.is_empty()) else { continue };
                    let family = if address.contains(':') { "ipv6" } else { "ipv4" };
                    let key = [("family", family), ("address", &*address), ("test", "false")];
                    adapter.entry("failover-address", &key, item.value_span()).place(place);
                }
            }
            _ => {}
        }
    }

    /// A controller, a drive, or what is in a drive.
    fn resource(&mut self, instance: Field<'k>, steps: &[String], text: &str) {
        let Some(kind) = instance.member("ResourceSubType") else { return };
        let word = kind.text().unwrap_or_default().to_ascii_lowercase();
        let is = |end: &str| word.ends_with(end);
        if is("synthetic scsi controller") || is("emulated ide controller") || is("diskette controller") {
            let _ = self.controller(steps, instance, text);
            return;
        }
        let (drive, media) = if is("virtual hard disk") {
            ("hard-disk", Some("vhd"))
        } else if is("virtual cd/dvd disk") {
            ("dvd", Some("iso"))
        } else if is("virtual floppy disk") {
            ("floppy", Some("vfd"))
        } else if is("physical disk drive") {
            ("hard-disk", Some("pass-through"))
        } else if is("physical dvd drive") {
            ("dvd", Some("pass-through"))
        } else if is("synthetic disk drive") {
            ("hard-disk", None)
        } else if is("synthetic dvd drive") {
            ("dvd", None)
        } else if is("diskette drive") {
            ("floppy", None)
        } else {
            return;
        };
        let own = || {
            ["AddressOnParent", "Address"]
                .iter()
                .find_map(|name| Some(Convert::Integer.apply(instance.member(name)?)?.into_owned()))
        };
        let Some(location) = steps.get(3).cloned().or_else(own) else { return };
        let place = instance.head(text);
        let Some(controller) = self.controller(steps, instance, text) else { return };
        let element = controller.entry("drive", &[("location", &location)], place);
        element.place(place);
        element.set("type", drive, kind.value_span());
        by_property(tables::DRIVE, instance, element);
        let Some(media) = media else { return };
        element.set("media", media, kind.value_span());
        match host_resource(instance) {
            // What stands for the path of a host's disk is that of an object.
            Some((_, span)) if media == "pass-through" => element.set("path", "", span),
            Some((path, span)) => element.set("path", path, span),
            None => {}
        }
    }
}

/// What the machine's own object says beyond single properties.
fn system<'k>(vm: &mut Draft<'k>, instance: Field<'k>, text: &str) {
    // The first namespace, the only one whose objects have this property, knows no generations.
    if let Some(first) = instance.member("SettingType") {
        vm.assume("generation", "1", first.value_span());
    }
    let is_first = vm.get("generation") == Some("1");
    let Some(firmware) = vm.below("firmware") else { return };
    let order = instance.member("BootOrder").filter(|order| is_first && order.items().next().is_some());
    if let Some(order) = order.filter(|_| firmware.children("boot-device").next().is_none()) {
        for item in order.items() {
            let Some(word) = Convert::Words(words::BOOT_ORDER).apply(item) else { continue };
            let boot = firmware.add("boot-device");
            boot.place(item.head(text));
            boot.set("kind", word, item.value_span());
        }
        firmware.complete("boot-device");
    }
}

fn virtual_disks<'k>(vm: &mut Draft<'k>, disks: &FxHashMap<String, Field<'k>>, text: &str) {
    for drive in vm.children_mut("controller").flat_map(|controller| controller.children_mut("drive")) {
        let path = drive.get("path").map(str::to_lowercase);
        if let Some(instance) = path.and_then(|path| disks.get(&path)) {
            let disk = drive.add("virtual-disk");
            disk.place(instance.head(text));
            by_property(tables::VIRTUAL_DISK, *instance, disk);
            drive.complete("virtual-disk");
        }
    }
}

/// The first path in `HostResource`, or in `Connection`, where the first namespace has it.
fn host_resource(instance: Field<'_>) -> Option<(Cow<'_, str>, crate::source::Span)> {
    ["HostResource", "Connection"].iter().find_map(|name| {
        let item = instance.member(name)?.items().next()?;
        let text = item.text().filter(|text| !text.is_empty())?;
        Some((text, item.value_span()))
    })
}

/// The steps of an instance's id behind `Microsoft:`, in small letters; of a template's, those of its parent.
fn steps(instance: Field<'_>) -> Vec<String> {
    let split = |id: &str| -> Vec<String> {
        id.split('\\').filter(|step| !step.is_empty()).map(|step| step.trim_end_matches('"').to_ascii_lowercase()).collect()
    };
    let starts_with_guid = |steps: &Vec<String>| steps.first().is_some_and(|step| guid(step).is_some());
    let own = instance.member("InstanceID").and_then(Field::text);
    let own = own.as_deref().and_then(|id| id.strip_prefix("Microsoft:")).map(split).filter(starts_with_guid);
    let parent = || {
        let path = instance.member("Parent")?.text()?;
        let (_, id) = path.split_once("InstanceID=\"Microsoft:")?;
        Some(split(id)).filter(starts_with_guid)
    };
    own.or_else(parent).unwrap_or_default()
}

/// The machine's GUID that its own object says.
fn own_id(instance: Field<'_>) -> Option<String> {
    if is_checkpoint(instance) {
        let id = instance.member("InstanceID")?.text()?;
        return guid(id.strip_prefix("Microsoft:")?);
    }
    ["VirtualSystemIdentifier", "SystemName", "Name"].iter().find_map(|name| guid(&instance.member(name)?.text()?))
}

/// Whether an object describes a checkpoint and not its machine.
fn is_checkpoint(instance: Field<'_>) -> bool {
    let kind = instance.member("VirtualSystemType").and_then(Field::text).unwrap_or_default();
    let first = instance.member("SettingType").and_then(Field::integer);
    instance.name() == "Msvm_VirtualSystemSettingData" && (kind.contains(":Snapshot:") || first == Some(5))
}

/// All tables with the element that each is about.
#[cfg(test)]
pub(super) fn tables() -> Vec<(&'static str, &'static [super::rows::Row])> {
    let whole = tables::CLASSES.iter().map(|(_, _, rows)| ("", *rows));
    let adapters = tables::ADAPTER_CLASSES.iter().map(|(_, rows)| ("network-adapter", *rows));
    let parts = [
        ("controller/drive", tables::DRIVE),
        ("controller/drive/virtual-disk", tables::VIRTUAL_DISK),
        ("fibre-channel-adapter", tables::FIBRE_CHANNEL),
        ("integration-service", tables::SERVICE),
    ];
    whole.chain(adapters).chain(parts).collect()
}
