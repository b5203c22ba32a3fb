//! The parts of which a machine has many: drives, adapters, ports, services.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::parts::Part;
use super::{Machine, service_of, tables};
use crate::hyperv::convert::Convert;
use crate::hyperv::draft::Draft;
use crate::hyperv::field::Field;
use crate::hyperv::rows::{Row, by_property};
use crate::hyperv::words;

/// A network adapter. The same one may come twice in a bundle.
pub(super) fn adapter<'k>(machine: &mut Machine<'k>, field: Field<'k>, text: &str) {
    let id = field.member("Id").and_then(Field::text).map(|id| id.to_ascii_lowercase());
    let known = machine.adapters.iter().position(|known| id.is_some() && *known == id);
    let draft = match known.and_then(|known| machine.draft.children_mut("network-adapter").nth(known)) {
        Some(known) => known,
        None => {
            if !machine.draft.is_full("network-adapter") {
                machine.adapters.push(id);
            }
            machine.draft.add("network-adapter")
        }
    };
    draft.place(field.head(text));
    by_property(tables::ADAPTER, field, draft);
}

/// VLAN settings, of the adapter that they lie in or name.
pub(super) fn vlan<'k>(machine: &mut Machine<'k>, field: Field<'k>, inside: Option<Field<'_>>) {
    let Some(adapter) = owner(machine, field, inside, |adapter| adapter.get("vlan/mode").is_some()) else { return };
    by_property(tables::VLAN, field, adapter);
    if let (Some(mode), Some(given)) = (adapter.get("vlan/mode"), field.member("OperationMode")) {
        let is_tagged = mode != "untagged";
        adapter.set("vlan/tagged", is_tagged.to_string(), given.value_span());
    }
}

/// Addresses for after a failover, of the adapter that they lie in or name.
pub(super) fn failover<'k>(machine: &mut Machine<'k>, field: Field<'k>, inside: Option<Field<'_>>, text: &str) {
    let Some(adapter) = owner(machine, field, inside, |_| false) else { return };
    adapter.complete("failover-address");
    for (property, family, test) in [
        ("IPv4Address", "ipv4", "false"),
        ("IPv6Address", "ipv6", "false"),
        ("TestIPv4Address", "ipv4", "true"),
        ("TestIPv6Address", "ipv6", "true"),
    ] {
        let Some(given) = field.member(property) else { continue };
        let Some(address) = given.text().filter(|address| !address.is_empty()) else { continue };
        let key = [("family", family), ("address", &*address), ("test", test)];
        let element = adapter.entry("failover-address", &key, given.value_span());
        element.place(given.head(text));
    }
}

/// The adapter that something belongs to: the one it lies in, else the one its `ParentAdapter` names. `is_done` says that an adapter
/// has what is looked for, so that of several with one name each gets its own.
fn owner<'m, 'k>(
    machine: &'m mut Machine<'k>,
    field: Field<'_>,
    inside: Option<Field<'_>>,
    is_done: impl Fn(&Draft<'_>) -> bool,
) -> Option<&'m mut Draft<'k>> {
    let id_of = |adapter: Field<'_>| adapter.member("Id").and_then(Field::text).map(|id| id.to_ascii_lowercase());
    let parent = field.member("ParentAdapter");
    let id = inside.and_then(id_of).or_else(|| parent.and_then(id_of));
    if let Some(known) = machine.adapters.iter().position(|known| id.is_some() && *known == id) {
        return machine.draft.children_mut("network-adapter").nth(known);
    }
    let name = match (inside, parent) {
        (Some(adapter), _) => adapter.member("Name").and_then(Field::text),
        (None, Some(parent)) => adapter_name(parent),
        (None, None) => field.member("VMNetworkAdapterName").and_then(Field::text),
    };
    let is_it = |adapter: &Draft<'_>| name.as_deref().is_none_or(|name| adapter.get("name") == Some(name)) && !is_done(adapter);
    let at = machine.draft.children("network-adapter").position(is_it)?;
    machine.draft.children_mut("network-adapter").nth(at)
}

/// The name of an adapter that is an object, or `VMNetworkAdapter (Name = 'frontend', VMName = …`.
fn adapter_name(parent: Field<'_>) -> Option<Cow<'_, str>> {
    if let Some(name) = parent.member("Name") {
        return name.text();
    }
    let text = parent.text().or_else(|| parent.enumeration_name())?;
    let (_, behind) = text.split_once("(Name = '")?;
    behind.split_once("', VMName = ").map(|(name, _)| Cow::Owned(name.to_owned()))
}

/// A hard disk, DVD or floppy drive; makes its controller.
pub(super) fn drive<'k>(vm: &mut Draft<'k>, field: Field<'k>, part: Part, text: &str) {
    let place = field.head(text);
    let given = |name: &str, convert: Convert| field.member(name).and_then(|field| convert.apply(field));
    let (kind, controller, number, location) = match part {
        // The one floppy drive has no place.
        Part::Floppy => ("floppy", Some("floppy".into()), Some("0".into()), Some("0".into())),
        _ => (
            if part == Part::Dvd { "dvd" } else { "hard-disk" },
            given("ControllerType", Convert::Words(words::CONTROLLER_TYPE)),
            given("ControllerNumber", Convert::Integer),
            given("ControllerLocation", Convert::Integer),
        ),
    };
    let (Some(controller), Some(number), Some(location)) = (controller, number, location) else { return };
    let controller = vm.entry("controller", &[("type", &controller), ("number", &number)], place);
    controller.place(place);
    let drive = controller.entry("drive", &[("location", &location)], place);
    drive.place(place);
    drive.set("type", kind, place);
    let path = field.member("Path");
    let span = path.map_or(place, Field::value_span);
    let path = path.map(|path| path.text().unwrap_or_default());
    let is_host_disk = given("DiskNumber", Convert::DiskNumber).is_some()
        || kind == "hard-disk" && path.as_deref().is_some_and(|path| path.starts_with("Disk "));
    if is_host_disk {
        // What stands for a path is a description of the host's disk.
        drive.set("media", "pass-through", field.member("DiskNumber").map_or(span, Field::value_span));
        drive.set("path", "", span);
    }
    by_property(tables::DRIVE, field, drive);
    let media = match (kind, path.as_deref()) {
        (_, None) => None,
        (_, Some("")) => Some("none"),
        ("hard-disk", _) => Some("vhd"),
        ("floppy", _) => Some("vfd"),
        _ => None,
    };
    if let Some(media) = media {
        drive.set("media", media, span);
    }
}

/// A controller of `Get-VMScsiController` or `Get-VMIdeController`.
pub(super) fn controller<'k>(vm: &mut Draft<'k>, field: Field<'k>, part: Part, text: &str) {
    let kind = if part == Part::IdeController { "ide" } else { "scsi" };
    let Some(number) = field.member("ControllerNumber").and_then(|number| Convert::Integer.apply(number)) else { return };
    vm.entry("controller", &[("type", kind), ("number", &number)], field.head(text)).place(field.head(text));
}

/// Virtual hard disks of `Get-VHD`, by their paths in small letters, for every drive that they are in.
pub(super) fn virtual_disks<'k>(vm: &mut Draft<'k>, disks: &FxHashMap<String, Field<'k>>, text: &str) {
    for drive in vm.children_mut("controller").flat_map(|controller| controller.children_mut("drive")) {
        let path = drive.get("path").filter(|_| drive.get("media") == Some("vhd")).map(str::to_lowercase);
        if let Some(field) = path.and_then(|path| disks.get(&path)) {
            let disk = drive.add("virtual-disk");
            disk.place(field.head(text));
            by_property(tables::VIRTUAL_DISK, *field, disk);
            drive.complete("virtual-disk");
        }
    }
}

/// A device that its first property which is there tells from others of its kind.
pub(super) fn listed_device<'k>(vm: &mut Draft<'k>, element: &str, rows: &[Row], field: Field<'k>, text: &str) {
    let mut new = Draft::vm();
    let device = new.add(element);
    by_property(rows, field, device);
    let values: Vec<(&str, String)> =
        rows.iter().filter_map(|row| Some((row.target, device.get(row.target)?.to_owned()))).collect();
    let same = |known: &Draft<'_>| !values.is_empty() && values.iter().all(|(name, value)| known.get(name) == Some(value));
    if vm.children(element).any(same) {
        return;
    }
    let device = vm.add(element);
    device.place(field.head(text));
    by_property(rows, field, device);
}

/// A serial port; its number stands in its name or in that of the property that holds it.
pub(super) fn com_port<'k>(vm: &mut Draft<'k>, field: Field<'k>, member: &str, text: &str) {
    let digit = |text: &str| text.trim_end().chars().next_back().filter(|c| matches!(c, '1' | '2')).map(String::from);
    let own = || digit(&field.member("Name")?.text()?);
    let Some(number) = digit(member).or_else(own) else { return };
    let port = vm.entry("com-port", &[("number", &number)], field.head(text));
    port.place(field.head(text));
    by_property(tables::COM_PORT, field, port);
}

/// An integration service.
pub(super) fn service<'k>(vm: &mut Draft<'k>, field: Field<'k>, text: &str) {
    let Some(name) = service_of(field) else { return };
    let span = field.member("Name").map_or(field.head(text), Field::value_span);
    let service = vm.entry("integration-service", &[("name", name)], span);
    service.place(field.head(text));
    by_property(tables::SERVICE, field, service);
}

/// The order in which devices are tried: kinds of devices in a BIOS, devices in UEFI.
pub(super) fn boot_order<'k>(vm: &mut Draft<'k>, field: Field<'k>, text: &str) {
    let Some(firmware) = vm.below("firmware") else { return };
    if firmware.children("boot-device").next().is_some() {
        return;
    }
    if let Some(order) = field.member("StartupOrder").filter(|order| order.items().next().is_some()) {
        for item in order.items() {
            let Some(word) = Convert::Words(words::BOOT_DEVICE).apply(item) else { continue };
            let boot = firmware.add("boot-device");
            boot.place(item.head(text));
            boot.set("kind", word, item.value_span());
        }
        firmware.complete("boot-device");
    }
    let Some(order) = field.member("BootOrder") else { return };
    let entries: Vec<Field<'_>> = if order.items().next().is_some() { order.items().collect() } else { vec![order] };
    if entries.iter().any(|entry| !entry.is_object()) {
        return;
    }
    for entry in entries {
        let boot = firmware.add("boot-device");
        boot.place(entry.head(text));
        by_property(tables::BOOT_ENTRY, entry, boot);
        if let Some(device) = entry.member("Device").filter(|device| device.is_object()) {
            by_property(tables::BOOT_DRIVE, device, boot);
        }
    }
    firmware.complete("boot-device");
}

/// Says of each kind of parts whether all are there.
pub(super) fn complete(machine: &mut Machine<'_>) {
    let told = |part: Part| machine.told.contains(&part);
    for (part, element) in [
        (Part::Adapter, "network-adapter"),
        (Part::FibreChannel, "fibre-channel-adapter"),
        (Part::PciDevice, "pci-device"),
        (Part::GpuPartition, "gpu-partition"),
        (Part::Service, "integration-service"),
    ] {
        if told(part) {
            machine.draft.complete(element);
        }
    }
    if machine.draft.children("com-port").count() == 2 {
        machine.draft.complete("com-port");
    }
    let (disks, floppy) = (told(Part::HardDisk) && told(Part::Dvd), told(Part::Floppy));
    for controller in machine.draft.children_mut("controller") {
        if disks || (floppy && controller.get("type") == Some("floppy")) {
            controller.complete("drive");
        }
    }
    let is_first = machine.draft.get("generation") == Some("1");
    let is_second = machine.draft.get("generation") == Some("2");
    // Generation 2 has no IDE controllers and no floppy drive; generation 1 always has both IDE controllers.
    if told(Part::ScsiController) && disks && (is_second || (is_first && floppy && told(Part::IdeController))) {
        machine.draft.complete("controller");
    }
}
