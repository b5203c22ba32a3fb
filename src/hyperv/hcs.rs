//! Documents of the host compute service, and NanaBox's (format notes, section 7): what a machine is made from, so that what they
//! do not name is not there. They know no generations; one that starts by UEFI is what generation 2 is.

use super::convert::Convert::{Boolean, Integer, Mac, Mebibytes, Names, Template, Text, Thousandths};
use super::draft::Draft;
use super::field::Field;
use super::rows::{Row, by_path, row};

/// Below `VirtualMachine`.
const COMPUTE: &[Row] = &[
    row("ComputeTopology/Processor/Count", "processor/count", Integer),
    row("ComputeTopology/Processor/Limit", "processor/limit", Thousandths),
    row("ComputeTopology/Processor/Reservation", "processor/reserve", Thousandths),
    row("ComputeTopology/Processor/Weight", "processor/weight", Integer),
    row("ComputeTopology/Processor/ExposeVirtualizationExtensions", "processor/nested-virtualization", Boolean),
    row("ComputeTopology/Memory/SizeInMB", "memory/startup", Mebibytes),
    row("ComputeTopology/Memory/LowMmioGapInMB", "mmio/low", Mebibytes),
    row("ComputeTopology/Memory/HighMmioGapInMB", "mmio/high", Mebibytes),
    row("Chipset/Uefi/ApplySecureBootTemplate", "firmware/secure-boot", Names(&[("Apply", "true"), ("Skip", "false")])),
    row("Chipset/Uefi/SecureBootTemplateId", "firmware/secure-boot-template", Template),
    row("SecuritySettings/EnableTpm", "security/tpm", Boolean),
];

/// An adapter, whose key in the document is its name.
const ADAPTER: &[Row] = &[row("MacAddress", "mac-address", Mac), row("IovSettings/OffloadWeight", "iov/weight", Integer)];

/// Below `NanaBox`.
const NANABOX: &[Row] = &[
    row("Name", "name", Text),
    row("ProcessorCount", "processor/count", Integer),
    row("MemorySize", "memory/startup", Mebibytes),
    row("SecureBoot", "firmware/secure-boot", Boolean),
    row("Tpm", "security/tpm", Boolean),
    row("ExposeVirtualizationExtensions", "processor/nested-virtualization", Boolean),
];

/// The machine of a document.
pub(super) fn machine<'k>(root: Field<'k>, text: &str) -> Draft<'k> {
    let mut vm = Draft::vm();
    vm.place(root.head(text));
    if let Some(nanabox) = root.child("NanaBox") {
        nanabox_machine(nanabox, &mut vm, text);
    } else if let Some(machine) = root.child("VirtualMachine") {
        compute_system(machine, &mut vm, text);
    }
    for group in ["controller", "network-adapter", "pci-device", "gpu-partition", "com-port"] {
        vm.complete(group);
    }
    vm
}

fn compute_system<'k>(machine: Field<'k>, vm: &mut Draft<'k>, text: &str) {
    by_path(COMPUTE, machine, vm);
    if let Some(uefi) = machine.find("Chipset/Uefi") {
        vm.set("generation", "2", uefi.head(text));
    }
    let Some(devices) = machine.child("Devices") else { return };
    for (number, scsi) in members(devices.child("Scsi")).enumerate() {
        let controller = scsi_controller(vm, number, scsi.head(text));
        for attachment in members(scsi.child("Attachments")) {
            let Ok(location) = attachment.name().parse::<u32>() else { continue };
            take_drive(controller, &location.to_string(), attachment, text);
        }
    }
    for adapter in members(devices.child("NetworkAdapters")) {
        let element = vm.add("network-adapter");
        let place = adapter.head(text);
        element.place(place);
        element.set("name", adapter.name(), place);
        element.set("legacy", "false", place);
        by_path(ADAPTER, adapter, element);
    }
    for device in members(devices.child("VirtualPci")) {
        let functions = device.child("Functions");
        for function in functions.into_iter().flat_map(Field::items) {
            let element = vm.add("pci-device");
            element.place(function.head(text));
            by_path(
                &[row("DeviceInstancePath", "instance-id", Text), row("VirtualFunction", "virtual-function", Integer)],
                function,
                element,
            );
        }
    }
    for port in members(devices.child("ComPorts")) {
        let Ok(number) = port.name().parse::<u32>() else { continue };
        let Some(pipe) = port.child("NamedPipe") else { continue };
        com_port(vm, &(number + 1).to_string(), pipe, text);
    }
}

fn nanabox_machine<'k>(nanabox: Field<'k>, vm: &mut Draft<'k>, text: &str) {
    by_path(NANABOX, nanabox, vm);
    // It makes no other ones.
    vm.set("generation", "2", nanabox.head(text));
    for adapter in nanabox.child("NetworkAdapters").into_iter().flat_map(Field::items) {
        let element = vm.add("network-adapter");
        element.place(adapter.head(text));
        element.set("legacy", "false", adapter.head(text));
        by_path(&[row("Connected", "connected", Boolean), row("MacAddress", "mac-address", Mac)], adapter, element);
    }
    let drives: Vec<Field<'_>> = nanabox.child("ScsiDevices").into_iter().flat_map(Field::items).collect();
    if let Some(first) = drives.first() {
        let controller = scsi_controller(vm, 0, first.head(text));
        for (location, drive) in drives.iter().enumerate() {
            take_drive(controller, &location.to_string(), *drive, text);
        }
    }
    for device in nanabox.find("Gpu/SelectedDevices").into_iter().flat_map(Field::items) {
        let element = vm.add("gpu-partition");
        element.place(device.head(text));
        if let Some(path) = device.text() {
            element.set("path", path, device.value_span());
        }
    }
    for number in ["1", "2"] {
        if let Some(port) = nanabox.find(&format!("ComPorts/ComPort{number}")) {
            com_port(vm, number, port, text);
        }
    }
}

/// The members of an object that is a map.
fn members(map: Option<Field<'_>>) -> impl Iterator<Item = Field<'_>> {
    map.into_iter().flat_map(Field::children).filter(|member| !member.is_item())
}

fn scsi_controller<'d, 'k>(vm: &'d mut Draft<'k>, number: usize, place: crate::source::Span) -> &'d mut Draft<'k> {
    let controller = vm.entry("controller", &[("type", "scsi"), ("number", &number.to_string())], place);
    controller.place(place);
    controller.complete("drive");
    controller
}

fn take_drive<'k>(controller: &mut Draft<'k>, location: &str, attachment: Field<'k>, text: &str) {
    let place = attachment.head(text);
    let drive = controller.entry("drive", &[("location", location)], place);
    drive.place(place);
    let (kind, path) = (attachment.child("Type"), attachment.child("Path"));
    let path_text = path.and_then(Field::text).unwrap_or_default();
    let (word, media) = match kind.and_then(Field::text).as_deref() {
        Some("VirtualDisk") => ("hard-disk", Some("vhd")),
        Some("Iso" | "VirtualImage") => ("dvd", Some(if path_text.is_empty() { "none" } else { "iso" })),
        Some("PassThru" | "PhysicalDevice") => ("hard-disk", Some("pass-through")),
        _ => return,
    };
    let span = kind.map_or(place, Field::value_span);
    drive.set("type", word, span);
    if let Some(media) = media {
        drive.set("media", media, span);
    }
    let path_span = path.map_or(place, Field::value_span);
    drive.set("path", if media == Some("pass-through") { "".into() } else { path_text }, path_span);
}

fn com_port<'k>(vm: &mut Draft<'k>, number: &str, pipe: Field<'k>, text: &str) {
    let Some(path) = pipe.text() else { return };
    let port = vm.entry("com-port", &[("number", number)], pipe.head(text));
    port.place(pipe.head(text));
    port.set("path", path, pipe.value_span());
}

/// All tables with the element that each is about.
#[cfg(test)]
pub(super) fn tables() -> Vec<(&'static str, &'static [Row])> {
    vec![("", COMPUTE), ("", NANABOX), ("network-adapter", ADAPTER)]
}
