//! Hyper-V's own configuration, binary (`.vmcx`) and XML: both hold the same tree of keys (format notes, section 2).

use rustc_hash::FxHashMap;

use super::convert::{Convert, guid, truth};
use super::draft::Draft;
use super::field::Field;
use super::rows::{Row, by_path, row};
use super::words;
use crate::source::Span;
use Convert::{
    Any, Boolean, Guid, Hundredths, Integer, Mac, Mebibytes, Names, Subtype, Template, Text, Thousandths, Version, Words,
};

/// Below `/configuration/properties` (notes 2.1).
const PROPERTIES: &[Row] = &[
    row("name", "name", Text),
    row("global_id", "id", Guid),
    row("subtype", "generation", Subtype),
    row("version", "configuration-version", Version),
    row("notes", "notes", Text),
    row("highly_available", "highly-available", Boolean),
];

/// Below `/configuration/settings` (notes 2.2).
const SETTINGS: &[Row] = &[
    row("processors/count", "processor/count", Integer),
    row("processors/limit", "processor/limit", Thousandths),
    row("processors/reservation", "processor/reserve", Thousandths),
    row("processors/weight", "processor/weight", Integer),
    row("processors/nested_virtualization/enabled", "processor/nested-virtualization", Boolean),
    row("processors/features/limit", "processor/compatibility-for-migration", Boolean),
    row("processors/limit_cpuid", "processor/compatibility-for-older-systems", Boolean),
    row("processors/hwthreads", "processor/threads-per-core", Integer),
    row("processors/hide_hypervisor_present", "processor/hidden-hypervisor", Boolean),
    row("processors/vnuma/count_per_node/max", "numa/processors-per-node", Integer),
    row("processors/vnuma/node_per_socket/max", "numa/nodes-per-socket", Integer),
    row("memory/bank/size", "memory/startup", Mebibytes),
    row("memory/bank/dynamic_memory_enabled", "memory/dynamic", Boolean),
    row("memory/bank/reservation", "memory/minimum", Mebibytes),
    row("memory/bank/limit", "memory/maximum", Mebibytes),
    row("memory/bank/target_memory_buffer", "memory/buffer", Integer),
    row("memory/bank/priority", "memory/priority", Hundredths),
    row("memory/vnuma/max_size_per_node", "numa/memory-per-node", Mebibytes),
    row("vnuma/enabled", "numa/enabled", Boolean),
    row("topology/low_mmio_gap_mb", "mmio/low", Mebibytes),
    row("topology/high_mmio_gap_mb", "mmio/high", Mebibytes),
    row("guest_controlled_cache_types", "mmio/guest-controlled-cache-types", Boolean),
];

/// Below `/configuration/global_settings` (notes 2.3).
const GLOBAL_SETTINGS: &[Row] = &[
    row("power/host_startup/action", "automatic-start/action", Words(words::START_ACTION_0)),
    row("power/host_shutdown/action", "automatic-stop/action", Words(words::STOP_ACTION_0)),
    row("critical_error/action", "critical-error/action", Words(words::CRITICAL_ERROR_ACTION)),
    row("critical_error/timeout", "critical-error/timeout", Integer),
    row("snapshots/user_type", "checkpoint/type", Words(words::CHECKPOINT_TYPE)),
    row("snapshots/enable_automatic", "checkpoint/automatic", Boolean),
    row("snapshots/list/size", "checkpoint/present", Any),
    row("snapshots/list/size", "checkpoint/count", Integer),
    row("devices/lock_on_disconnect", "lock-on-disconnect", Boolean),
    row("devices/host_resource_protection_enabled", "processor/host-resource-protection", Boolean),
    row("devices/allow_reduced_fc_redundancy", "reduced-fibre-channel-redundancy", Boolean),
    row("devices/storage_allow_full_scsi_command_set", "full-scsi-command-set", Boolean),
];

/// Below `/configuration/security/settings` (notes 2.3). An absent key is not taken for `false`: no sample shows that it is.
const SECURITY: &[Row] = &[
    row("tpm_enabled", "security/tpm", Boolean),
    row("ksd_enabled", "security/key-storage-drive", Boolean),
    row("shielding_requested", "security/shielded", Boolean),
    row("encrypt_state_migration", "security/encrypted-state-and-migration", Boolean),
    row("vbs_opt_out", "security/virtualization-based-security-opt-out", Boolean),
];

/// The firmware's node (notes 2.7).
const FIRMWARE: &[Row] = &[
    row("secure_boot_enabled", "firmware/secure-boot", Boolean),
    row("secure_boot_template_id", "firmware/secure-boot-template", Template),
    row("pxe_preferred_protocol", "firmware/network-boot-protocol", Words(words::IP_PROTOCOL_FILE)),
    row("pause_after_boot_failure", "firmware/pause-after-boot-failure", Boolean),
    row("num_lock", "firmware/num-lock", Boolean),
];

/// The screen's node.
const VIDEO: &[Row] = &[
    row("ResolutionType", "video/resolution-type", Words(words::RESOLUTION_TYPE)),
    row("HorizontalResolution", "video/horizontal", Integer),
    row("VerticalResolution", "video/vertical", Integer),
];

/// An adapter's node (notes 2.5). What its switch is called stands in two places, by name only in one.
const ADAPTER: &[Row] = &[
    row("FriendlyName", "name", Text),
    row("MacAddress", "mac-address", Mac),
    row("MacAddressIsStatic", "static-mac-address", Boolean),
    row("ClusterMonitored", "cluster-monitored", Boolean),
    row("DeviceNamingEnabled", "device-naming", Boolean),
    row("Connection/AltSwitchName", "switch", Text),
];

/// A drive's node (notes 2.6).
const DRIVE: &[Row] = &[
    row("pathname", "path", Text),
    row("type", "type", Names(&[("VHD", "hard-disk"), ("ISO", "dvd"), ("VFD", "floppy")])),
    row("iops_reservation", "minimum-iops", Integer),
    row("iops_limit", "maximum-iops", Integer),
    row("persistent_reservations_supported", "persistent-reservations", Boolean),
];

/// An assigned device's node.
const PCI_DEVICE: &[Row] = &[row("HostResources/HostResource/Instance", "instance-id", Text)];

/// A GPU partition's node.
const GPU_PARTITION: &[Row] = &[row("HostResource", "path", Text)];

/// What the type of a device in the manifest means (notes 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    Adapter,
    Controller(&'static str),
    Serial,
    Firmware,
    Video,
    Pci,
    GpuPartition,
    Service(&'static str),
    /// Nothing that the tree has.
    Other,
}

/// The types of devices that say something.
const DEVICES: [(&str, Device); 9] = [
    ("2fc216b0-d2e2-4967-9b6d-b8a5c9ca2778", Device::Adapter),
    ("d422512d-2bf2-4752-809d-7b82b5fcb1b4", Device::Controller("scsi")),
    ("83f8638b-8dca-4152-9eda-2ca8b33039b4", Device::Controller("ide")),
    ("8f0d2762-0b00-4e04-af4f-19010527cb93", Device::Controller("floppy")),
    ("8e3a359f-559a-4b6a-98a9-1690a6100ed7", Device::Serial),
    ("ac6b8dc1-3257-4a70-b1b2-a9c9215659ad", Device::Firmware),
    ("f3cf6965-e8d3-44a9-9b7d-a04245ea7525", Device::Video),
    ("2fcc454e-a36a-4c77-bb5e-a2d75a51f02c", Device::Pci),
    ("99dcd00c-fbd6-42d3-9dfd-1b5ad7058f61", Device::GpuPartition),
];

/// The types of devices that every machine may have and that say nothing: with these and the ones above all devices of the
/// samples are known, so that a type that is none of them may be a legacy or a Fibre Channel adapter, whose types are not
/// documented.
const SILENT_DEVICES: [&str; 23] = [
    "e3c82929-edb4-475e-85a4-29aaa2a30c2d",
    "87045ce9-5323-438f-93bb-1e83dcbce18e",
    "655bc5c5-a784-46b7-81bc-e26328f7eb0e",
    "4d42d9f7-6531-4f6c-9e46-1f0477876104",
    "72682fc4-040a-430a-be0b-224574b953fe",
    "84535fad-4d98-4a6a-bdcd-21d5720dc430",
    "9edd1639-9bca-40dc-b3a2-07c828da60b5",
    "a28e4d02-3323-4148-9569-565930a5cb39",
    "db8b9818-b4bb-4725-b99d-b4612716b6b4",
    "e51b7ef6-4a7f-4780-aaae-d4b291aacd2e",
    "4d46d139-7821-4dc4-98a3-01e98a586a44",
    "35b0b12f-a0d7-482f-80a0-f52f1ab3da2e",
    "7d80d3db-61ee-4879-8879-5609f1100ad0",
    "917bd8cb-3bb6-4124-9383-b7d21ac07f79",
    "bc12c717-8898-4688-8ee4-2cd14894f8ea",
    "de6cdc86-e1fb-4940-801b-c3c1a26c4da4",
    "6c5addb9-a11a-4e8e-84cb-e6208201db63",
    "9cb98db1-4d09-4538-a192-2d3d8c0b6cdb",
    "deaeeed3-4119-4b44-95cf-a73604b76971",
    "197f74e3-b84b-46de-8ae6-82f1cd181cdc",
    "58f75a6d-d949-4320-99e1-a2a2576d581c",
    "9ed5fd4b-40c3-4de3-8597-98ecd17035da",
    "ba8735ef-e3a9-4f1b-badd-dbf3a5909915",
];

/// Two more, apart to keep the list above one of plain hardware: the TPM's device stands in every generation 2 manifest, TPM or
/// not, and the bus connects all.
const EVERYWHERE: [&str; 2] = ["736e6aa9-a3f8-49c0-9550-a963214d259a", "d41a1872-3740-41ce-a1ee-4522ab82f991"];

/// A port's features (notes 2.5).
const OFFLOAD_FEATURE: &str = "c885bfd1-abb7-418f-8163-9f379c9f7166";
const VLAN_FEATURE: &str = "952c5004-4465-451c-8cb8-fa9ab382b773";
const SECURITY_FEATURE: &str = "776e0ba7-94a1-41c8-8f28-951f524251b5";

/// What a port without the security feature has.
const SECURITY_DEFAULTS: [(&str, &str); 6] = [
    ("mac-address-spoofing", "false"),
    ("dhcp-guard", "false"),
    ("router-guard", "false"),
    ("port-mirroring", "none"),
    ("teaming", "false"),
    ("ieee-priority-tag", "false"),
];

/// The machine below the key `configuration`.
pub(super) fn machine<'k>(root: Field<'k>, text: &str) -> Draft<'k> {
    let mut vm = Draft::vm();
    vm.place(root.head(text));
    for (section, rows) in [
        ("properties", PROPERTIES),
        ("settings", SETTINGS),
        ("global_settings", GLOBAL_SETTINGS),
        ("security/settings", SECURITY),
    ] {
        if let Some(section) = root.find(section) {
            by_path(rows, section, &mut vm);
        }
    }
    for (key, element) in [
        ("settings/processors", "processor"),
        ("settings/memory", "memory"),
        ("settings/vnuma", "numa"),
        ("settings/topology", "mmio"),
        ("security/settings", "security"),
        ("global_settings/power/host_startup", "automatic-start"),
        ("global_settings/power/host_shutdown", "automatic-stop"),
        ("global_settings/critical_error", "critical-error"),
        ("global_settings/snapshots", "checkpoint"),
    ] {
        if let (Some(key), Some(element)) = (root.find(key), vm.below(element)) {
            element.place(key.head(text));
        }
    }
    // Before Windows Server 2012 R2 there is but one generation, and no key says so.
    if let Some(version) = root.find("properties/version").filter(|version| version.integer().is_some_and(|number| number < 1280))
    {
        vm.assume("generation", "1", version.value_span());
    }
    if let Some(manifest) = root.child("manifest") {
        let devices = manifest.children().filter(|device| device.child("device").is_some()).collect();
        let named = |node: Field<'_>| Some(node.name().strip_prefix('_')?.strip_suffix('_')?.to_ascii_lowercase());
        let mut nodes = FxHashMap::default();
        for node in root.children() {
            if let Some(name) = named(node) {
                nodes.entry(name).or_insert(node);
            }
        }
        Devices { text, vm: &mut vm, everything_known: true, controllers: Vec::new(), nodes }.all(devices);
    }
    vm
}

struct Devices<'k, 'd> {
    text: &'d str,
    vm: &'d mut Draft<'k>,
    /// No device has a type that nobody documented.
    everything_known: bool,
    /// How many controllers of each kind came so far.
    controllers: Vec<(&'static str, u64)>,
    /// The data of instances by their GUIDs in small letters; older hosts may write them in the other case.
    nodes: FxHashMap<String, Field<'k>>,
}

impl<'k> Devices<'k, '_> {
    fn all(mut self, devices: Vec<Field<'k>>) {
        for entry in devices {
            let text_of = |name: &str| entry.child(name).and_then(Field::text).and_then(|text| guid(&text));
            let (kind, instance) = (text_of("device"), text_of("instance"));
            let kind = kind.unwrap_or_default();
            let node = instance.and_then(|instance| self.nodes.get(&instance).copied());
            match self.meaning(&kind) {
                Some(device) => self.device(device, entry, node),
                None => self.everything_known = false,
            }
        }
        for group in ["controller", "integration-service", "pci-device", "gpu-partition", "com-port"] {
            self.vm.complete(group);
        }
        if self.everything_known {
            self.vm.complete("fibre-channel-adapter");
            self.vm.complete("network-adapter");
        }
    }

    fn meaning(&self, kind: &str) -> Option<Device> {
        let known = DEVICES.iter().find(|(known, _)| *known == kind).map(|(_, device)| *device);
        let service = || words::SERVICE_GUIDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| Device::Service(name));
        let silent = || (SILENT_DEVICES.contains(&kind) || EVERYWHERE.contains(&kind)).then_some(Device::Other);
        known.or_else(service).or_else(silent)
    }

    fn device(&mut self, device: Device, entry: Field<'k>, node: Option<Field<'k>>) {
        let place = node.unwrap_or(entry).head(self.text);
        match device {
            Device::Adapter => self.adapter(node, place),
            Device::Controller(kind) => self.controllers(kind, node, place),
            Device::Serial => self.serial(node),
            Device::Firmware => self.firmware(node, place),
            Device::Video => {
                if let Some(node) = node {
                    by_path(VIDEO, node, self.vm);
                    if let Some(video) = self.vm.below("video") {
                        video.place(place);
                    }
                }
            }
            Device::Pci | Device::GpuPartition => {
                let (name, rows) =
                    if device == Device::Pci { ("pci-device", PCI_DEVICE) } else { ("gpu-partition", GPU_PARTITION) };
                let element = self.vm.add(name);
                element.place(place);
                if let Some(node) = node {
                    by_path(rows, node, element);
                }
            }
            Device::Service(name) => {
                let service = self.vm.entry("integration-service", &[("name", name)], place);
                service.place(place);
                if let Some(enabled) = node.and_then(|node| node.child("Enabled"))
                    && let Some(value) = Boolean.apply(enabled)
                {
                    service.set("enabled", value, enabled.value_span());
                }
                // The key is only written where somebody changed it, but for the guest service interface.
                service.assume("enabled", "true", place);
            }
            Device::Other => {}
        }
    }

    fn adapter(&mut self, node: Option<Field<'k>>, place: Span) {
        let adapter = self.vm.add("network-adapter");
        adapter.place(place);
        adapter.set("legacy", "false", place);
        let Some(node) = node else { return };
        by_path(ADAPTER, node, adapter);
        // Without a switch there is no GUID of one either.
        if let Some(switch) = node.child("SwitchName") {
            let is_connected = switch.text().is_some_and(|text| !text.is_empty());
            let is_plugged = node.child("IsConnected").and_then(|field| Boolean.apply(field)).is_none_or(|value| value == "true");
            adapter.set("connected", truth(is_connected && is_plugged), switch.value_span());
            if !is_connected {
                adapter.set("switch", "", switch.value_span());
            }
        }
        let Some(connection) = node.child("Connection") else { return };
        let Some(features) = connection.child("Features") else { return };
        let ids: Vec<(String, Field<'_>)> = features.children().filter_map(|id| Some((guid(&id.text()?)?, id))).collect();
        let place = features.head(self.text);
        let feature = |wanted: &str| ids.iter().find(|(id, _)| id == wanted).map(|(_, field)| *field);
        match feature(VLAN_FEATURE) {
            // What its bytes mean is not documented.
            Some(id) => adapter.set("vlan/tagged", "true", id.value_span()),
            None => {
                adapter.set("vlan/tagged", "false", place);
                adapter.set("vlan/mode", "untagged", place);
            }
        }
        if feature(SECURITY_FEATURE).is_none() {
            for (name, value) in SECURITY_DEFAULTS {
                adapter.set(name, value, place);
            }
        }
        let node_name =
            |child: &Field<'_>| child.name().strip_prefix("Feature_").is_some_and(|id| id.eq_ignore_ascii_case(OFFLOAD_FEATURE));
        if let Some(offload) = connection.children().find(node_name) {
            take_offload(offload, adapter);
        }
    }

    fn controllers(&mut self, kind: &'static str, node: Option<Field<'k>>, place: Span) {
        let taken = match self.controllers.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, taken)) => taken,
            None => {
                self.controllers.push((kind, 0));
                let last = self.controllers.len() - 1;
                &mut self.controllers[last].1
            }
        };
        // A SCSI controller is a device of its own, both IDE controllers are one.
        let numbers: &[u64] = if kind == "ide" { &[0, 1] } else { &[0] };
        for &number in numbers {
            let own = node.and_then(|node| node.child(&format!("controller{number}")));
            let place = own.map_or(place, |own| own.head(self.text));
            let key = [("type", kind), ("number", &*(*taken + number).to_string())];
            let controller = self.vm.entry("controller", &key, place);
            controller.place(place);
            controller.complete("drive");
            for drive in own.into_iter().flat_map(Field::children) {
                let Some(location) = drive.name().strip_prefix("drive") else { continue };
                if location.is_empty() || !location.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                take_drive(drive, location, self.text, controller);
            }
        }
        *taken += numbers.len() as u64;
    }

    fn serial(&mut self, node: Option<Field<'k>>) {
        for number in [1, 2] {
            let Some(port) = node.and_then(|node| node.child(&format!("port{}", number - 1))) else { continue };
            let Some(connection) = port.child("connection") else { continue };
            let Some(path) = connection.text() else { continue };
            let element = self.vm.add("com-port");
            element.place(port.head(self.text));
            element.set("number", number.to_string(), port.head(self.text));
            element.set("path", path, connection.value_span());
        }
    }

    fn firmware(&mut self, node: Option<Field<'k>>, place: Span) {
        let Some(node) = node else { return };
        by_path(FIRMWARE, node, self.vm);
        let is_first_generation = self.vm.get("generation") == Some("1");
        let Some(firmware) = self.vm.below("firmware") else { return };
        firmware.place(place);
        // Generation 2 has this order too, without effect; its own one lies in UEFI variables.
        if !is_first_generation {
            return;
        }
        if let Some(boot) = node.child("boot") {
            for device in (0..4).filter_map(|number| boot.child(&format!("device{number}"))) {
                if let Some(word) = Names(&words::BOOT_FILE_WORDS).apply(device) {
                    let element = firmware.add("boot-device");
                    element.place(device.head(self.text));
                    element.set("kind", word, device.value_span());
                }
            }
            firmware.complete("boot-device");
        }
    }
}

fn take_drive<'k>(drive: Field<'k>, location: &str, text: &str, controller: &mut Draft<'k>) {
    let word = drive.child("type").and_then(Field::text).unwrap_or_default();
    let path = drive.child("pathname").and_then(Field::text);
    // An IDE place with nothing in it.
    if word.eq_ignore_ascii_case("NONE") && path.as_deref().unwrap_or_default().is_empty() {
        return;
    }
    let place = drive.head(text);
    let element = controller.entry("drive", &[("location", location)], place);
    element.place(place);
    by_path(DRIVE, drive, element);
    let media = match (&*word.to_ascii_uppercase(), path.as_deref()) {
        ("VHD" | "ISO" | "VFD", Some("")) => Some("none"),
        ("VHD", _) => Some("vhd"),
        ("ISO", Some(_)) => Some("iso"),
        ("VFD", Some(_)) => Some("vfd"),
        _ => None,
    };
    if let (Some(media), Some(field)) = (media, drive.child("type")) {
        element.set("media", media, field.value_span());
    }
}

/// The offload feature's bytes: numbers of 32 bits in the order of the WMI class (notes 2.5), as far as all versions have them.
fn take_offload<'k>(feature: Field<'k>, adapter: &mut Draft<'k>) {
    let settings = feature.children().filter(|child| child.name().starts_with("Setting_"));
    let Some((data, bytes)) = settings.filter_map(|setting| setting.child("Data")).find_map(|data| Some((data, data.bytes()?)))
    else {
        return;
    };
    let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    for (at, target) in [(0, "offload/ipsec"), (4, "vmq/weight"), (8, "iov/weight"), (12, "iov/queue-pairs")] {
        if let Some(value) = number(at) {
            adapter.set(target, value.to_string(), data.value_span());
        }
    }
    if let Some(word) = number(16).and_then(|value| words::by_number(words::IOV_INTERRUPT_MODERATION, i64::from(value))) {
        adapter.set("iov/interrupt-moderation", word, data.value_span());
    }
    // Later versions go on: three numbers for packet direct, then two truth values.
    for (at, target) in [(32, "vmq/vrss"), (33, "vmq/vmmq")] {
        if let Some(&value) = bytes.get(at) {
            adapter.set(target, truth(value != 0), data.value_span());
        }
    }
}

/// All tables with the element that each is about.
#[cfg(test)]
pub(super) fn tables() -> Vec<(&'static str, &'static [Row])> {
    let whole = [PROPERTIES, SETTINGS, GLOBAL_SETTINGS, SECURITY, FIRMWARE, VIDEO].map(|rows| ("", rows));
    let parts =
        [("network-adapter", ADAPTER), ("controller/drive", DRIVE), ("pci-device", PCI_DEVICE), ("gpu-partition", GPU_PARTITION)];
    [&whole[..], &parts].concat()
}
