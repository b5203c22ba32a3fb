//! A machine as the objects of PowerShell's cmdlets (format notes, section 4), bundled as people bundle them: `Get-VM` with its lists,
//! and the parts that only other cmdlets tell beside it.

mod tables;

use crate::example::Element;
use crate::settings::{self, Say};
pub use tables::Enumeration;
use tables::*;

/// A value of a property.
#[derive(Debug, Clone)]
pub enum Value {
    Nothing,
    Text(String),
    Truth(bool),
    Number(u64),
    Guid(String),
    Version(String),
    Seconds(u64),
    Enum(&'static Enumeration, i64, &'static str),
    List(Vec<Value>),
    Object(Object),
}

/// What a cmdlet gave.
#[derive(Debug, Clone)]
pub struct Object {
    /// The last part of its type; empty for what somebody put together.
    pub class: &'static str,
    pub properties: Vec<(&'static str, Value)>,
}

/// The bundle of a machine, what it could say noted in the machine.
pub fn bundle(vm: &Element) -> Object {
    let mut machine = object("VirtualMachine", &["ProcessorCount"], VM, vm);
    let mut bundle = Vec::new();
    for (name, class, told_by, rows) in PARTS {
        let mut part = object(class, told_by, rows, vm);
        if *name == "Replication" {
            excluded_disks(vm, &mut part);
        }
        if part.properties.iter().any(|(_, value)| !matches!(value, Value::Nothing)) {
            bundle.push((*name, Value::Object(part)));
        }
    }
    checkpoints(vm, &mut machine);
    firmware(vm, &mut bundle);
    drives(vm, &mut machine, &mut bundle);
    list(vm, "network-adapter", "NetworkAdapters", &mut machine.properties, |number, adapter| self::adapter(vm, number, adapter));
    list(vm, "fibre-channel-adapter", "FibreChannelHostBusAdapters", &mut machine.properties, |_, adapter| {
        object("VMFibreChannelHba", &["WorldWidePortNameSetA"], FIBRE_CHANNEL, adapter)
    });
    list(vm, "integration-service", "VMIntegrationService", &mut machine.properties, |_, service| self::service(vm, service));
    list(vm, "pci-device", "AssignableDevices", &mut bundle, |_, device| {
        object("VMAssignedDevice", &["InstanceID", "LocationPath"], PCI_DEVICE, device)
    });
    list(vm, "gpu-partition", "GpuPartitionAdapters", &mut bundle, |_, partition| {
        object("VMGpuPartitionAdapter", &["MinPartitionVRAM"], GPU_PARTITION, partition)
    });
    com_ports(vm, &mut machine);
    bundle.insert(0, ("VM", Value::Object(machine)));
    Object { class: "", properties: bundle }
}

/// The object that says what the rows have of an element; properties that tell it from others are there without a value, too.
fn object(class: &'static str, told_by: &[&'static str], rows: &[Row], element: &Element) -> Object {
    let mut properties = Vec::new();
    for &(attribute, property, form) in rows {
        if let Some(value) = element.get(attribute).and_then(|value| form.value(value)) {
            properties.push((property, value));
            element.say(attribute);
        }
    }
    for name in told_by {
        if !properties.iter().any(|(known, _)| known == name) {
            properties.push((name, Value::Nothing));
        }
    }
    Object { class, properties }
}

/// Adds a list, an empty one too, unless the example does not know whether it is whole.
fn list(
    vm: &Element,
    element: &'static str,
    name: &'static str,
    to: &mut Vec<(&'static str, Value)>,
    write: impl Fn(usize, &Element) -> Object,
) {
    if vm.is_unknown(element) {
        return vm.leave_open(element);
    }
    let is_nameless = |item: &&Element| element == "integration-service" && item.get("name").is_none();
    let items = vm.list(element).filter(|item| !is_nameless(item)).enumerate().map(|(number, item)| {
        item.say_element();
        Value::Object(write(number, item))
    });
    to.push((name, Value::List(items.collect())));
}

/// Of the disks left out only their number is in the tree.
fn excluded_disks(vm: &Element, replication: &mut Object) {
    let Some(count) = vm.get("replication/excluded-disks").and_then(|count| count.parse::<u64>().ok()) else { return };
    let disk = |number| {
        let path = Value::Text(format!("C:\\VMs\\example\\excluded-{number}.vhdx"));
        Value::Object(Object {
            class: "HardDiskDrive",
            properties: vec![("Path", path), ("ControllerLocation", Value::Number(number))],
        })
    };
    replication.properties.push(("ExcludedDisks", Value::List((0..count).map(disk).collect())));
    vm.say("replication/excluded-disks");
}

/// A machine with checkpoints has one that it goes back to.
fn checkpoints(vm: &Element, machine: &mut Object) {
    let Some(present) = vm.get("checkpoint/present") else { return };
    let parent = if present == "true" { Value::Guid("5b2c4e1a-7f30-4c6d-9a55-0e1d2c3b4a01".to_owned()) } else { Value::Nothing };
    machine.properties.push(("ParentSnapshotId", parent));
    vm.say("checkpoint/present");
}

/// `Get-VMBios` of generation 1, `Get-VMFirmware` of generation 2.
fn firmware(vm: &Element, bundle: &mut Vec<(&'static str, Value)>) {
    let Some(firmware) = vm.list("firmware").next() else { return };
    let order = || firmware.list("boot-device").filter(|_| !firmware.is_unknown("boot-device"));
    if order().next().is_none() {
        firmware.leave_open("boot-device");
    }
    if vm.get("generation") == Some("1") {
        let mut bios = object("VMBios", &[], &[("num-lock", "NumLockEnabled", As::Truth)], firmware);
        let mut kinds = Vec::new();
        for boot in order() {
            let Some(kind) = boot.get("kind").and_then(|kind| As::Word(&BOOT_DEVICE).value(kind)) else { continue };
            kinds.push(kind);
            boot.say_element();
            boot.say("kind");
        }
        bios.properties.push(("StartupOrder", Value::List(kinds)));
        return bundle.push(("Bios", Value::Object(bios)));
    }
    let mut uefi = object("VMFirmware", &["SecureBoot"], FIRMWARE, firmware);
    if let Some(template) = firmware.get("secure-boot-template") {
        let guid = settings::TEMPLATES.say(template).unwrap_or(template);
        if settings::is_guid(&guid.to_ascii_lowercase()) {
            uefi.properties.push(("SecureBootTemplateId", Value::Guid(guid.to_ascii_lowercase())));
            firmware.say("secure-boot-template");
        }
    }
    let entry = |boot: &Element| {
        boot.say_element();
        let mut entry = object("VMBootSource", &[], BOOT_SOURCE, boot);
        let device = object("HardDiskDrive", &[], BOOT_DRIVE, boot);
        if !device.properties.is_empty() {
            entry.properties.push(("Device", Value::Object(device)));
        }
        Value::Object(entry)
    };
    uefi.properties.push(("BootOrder", Value::List(order().map(entry).collect())));
    bundle.push(("Firmware", Value::Object(uefi)));
}

/// Drives lie in lists of their kinds and name their controllers.
fn drives(vm: &Element, machine: &mut Object, bundle: &mut Vec<(&'static str, Value)>) {
    let (mut disks, mut dvds, mut floppies, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut scsi, mut ide) = (Vec::new(), Vec::new());
    let is_told = |controller: &&Element| controller.get("type").is_some() && controller.get("number").is_some();
    let controllers = || vm.list("controller").filter(is_told).filter(|_| !vm.is_unknown("controller"));
    for controller in controllers() {
        let drives = controller.list("drive").filter(|drive| drive.get("location").is_some());
        let drives: Vec<&Element> = drives.filter(|_| !controller.is_unknown("drive")).collect();
        match controller.get("type").unwrap() {
            "scsi" => scsi.push(numbered("VMScsiController", &["Drives"], controller)),
            "ide" => ide.push(numbered("VMIdeController", &[], controller)),
            // Only their drives tell of these.
            "pmem" if drives.iter().any(|drive| drive.get("type") == Some("hard-disk")) => {}
            "floppy" if drives.iter().any(|drive| drive.get("type") == Some("floppy")) => {}
            _ => continue,
        }
        controller.say_element();
        controller.say("type");
        controller.say("number");
        for drive in drives {
            let is_floppy = controller.get("type") == Some("floppy");
            let (class, told_by, list) = match drive.get("type") {
                Some("floppy") if is_floppy => ("VMFloppyDiskDrive", &[][..], &mut floppies),
                Some("hard-disk") if !is_floppy => ("HardDiskDrive", &["DiskNumber"][..], &mut disks),
                Some("dvd") if !is_floppy => ("DvdDrive", &["DvdMediaType"][..], &mut dvds),
                _ => continue,
            };
            list.push(self::drive(controller, drive, class, told_by));
            let is_virtual = drive.get("path").is_some_and(|path| !path.is_empty()) && drive.get("media") != Some("pass-through");
            if let Some(disk) = drive.list("virtual-disk").next() {
                let mut file = object("VirtualHardDisk", &["VhdType"], VIRTUAL_DISK, disk);
                file.properties.insert(0, ("Path", Value::Text(drive.get("path").unwrap_or_default().to_owned())));
                files.push(Value::Object(file));
                disk.say_element();
            } else if is_virtual && drive.get("type") == Some("hard-disk") {
                drive.leave_open("virtual-disk");
            }
        }
    }
    if vm.is_unknown("controller") || controllers().any(|controller| controller.is_unknown("drive")) {
        vm.leave_open("controller");
        return controllers().for_each(|controller| controller.leave_open("drive"));
    }
    machine.properties.push(("HardDrives", Value::List(disks)));
    machine.properties.push(("DVDDrives", Value::List(dvds)));
    // Which kinds of controllers there can be, the generation says.
    if vm.get("generation").is_none() {
        vm.leave_open("controller");
    }
    let is_first = vm.get("generation") == Some("1");
    if is_first || !floppies.is_empty() {
        machine.properties.push(("FloppyDrive", floppies.into_iter().next().unwrap_or(Value::Nothing)));
    }
    if is_first || !ide.is_empty() {
        bundle.push(("IdeControllers", Value::List(ide)));
    }
    bundle.push(("ScsiControllers", Value::List(scsi)));
    bundle.push(("VirtualDisks", Value::List(files)));
}

fn numbered(class: &'static str, told_by: &[&'static str], controller: &Element) -> Value {
    Value::Object(object(class, told_by, &[("number", "ControllerNumber", As::Number)], controller))
}

/// A disk of the host is told by its number, and what stands for a path describes it.
fn drive(controller: &Element, drive: &Element, class: &'static str, told_by: &[&'static str]) -> Value {
    drive.say_element();
    drive.say("type");
    drive.say("location");
    let mut object = object(class, told_by, if class == "HardDiskDrive" { HARD_DISK } else { &[] }, drive);
    let mut set = |name: &'static str, value: Value| {
        object.properties.retain(|(known, _)| *known != name);
        object.properties.push((name, value));
    };
    if class == "VMFloppyDiskDrive" {
        set("Id", Value::Text(r"Microsoft:7C0DE1F2\8F0D2762-0B00-4E04-AF4F-19010527CB93\0\0\D".to_owned()));
    } else {
        set("ControllerType", As::Word(&CONTROLLER).value(controller.get("type").unwrap()).unwrap());
        set("ControllerNumber", As::Number.value(controller.get("number").unwrap()).unwrap());
        set("ControllerLocation", As::Number.value(drive.get("location").unwrap()).unwrap());
    }
    let path = drive.get("path").unwrap_or_default();
    match (class, drive.get("media")) {
        ("HardDiskDrive", Some("pass-through")) if path.is_empty() => {
            let number = drive.get("disk-number").unwrap_or("2");
            set("DiskNumber", As::Number.value(number).unwrap());
            set("Path", Value::Text(format!("Disk {number} 64.00 GB Bus 0 Lun 1 Target 0")));
            drive.say("disk-number");
            drive.say("path");
            drive.say("media");
            return Value::Object(object);
        }
        ("DvdDrive", Some(media)) => {
            if let Some(media) = As::Word(&DVD).value(media) {
                set("DvdMediaType", media);
                drive.say("media");
            }
        }
        ("HardDiskDrive", Some("vhd")) | ("VMFloppyDiskDrive", Some("vfd")) if !path.is_empty() => drive.say("media"),
        (_, Some("none")) if path.is_empty() => drive.say("media"),
        _ => {}
    }
    match drive.get("path").or(drive.get("media").filter(|media| *media == "none").map(|_| "")) {
        // An empty drive has none.
        Some("") => set("Path", Value::Nothing),
        Some(path) => set("Path", Value::Text(path.to_owned())),
        None => {}
    }
    drive.say("path");
    Value::Object(object)
}

/// Several adapters may have one name, and what belongs to one is told by its id.
fn adapter(vm: &Element, number: usize, adapter: &Element) -> Object {
    let mut object = object("VMNetworkAdapter", &["MacAddress"], ADAPTER, adapter);
    let id = format!("Microsoft:{}\\7C0DE1F2-0000-4000-8000-{number:012X}", vm.get("id").unwrap_or_default().to_uppercase());
    object.properties.push(("Id", Value::Text(id)));
    object.properties.push(("IsManagementOs", Value::Truth(false)));
    if let Some(vlan) = adapter.list("vlan").next() {
        let mut setting = self::object("VMNetworkAdapterVlanSetting", &["OperationMode", "AccessVlanId"], VLAN, vlan);
        let mode = vlan.get("mode").or((vlan.get("tagged") == Some("false")).then_some("untagged"));
        if let Some(mode) = mode.and_then(|mode| As::Word(&VLAN_MODE).value(mode)) {
            setting.properties.retain(|(name, _)| *name != "OperationMode");
            setting.properties.push(("OperationMode", mode));
        }
        let is_tagged = mode.map(|mode| if mode == "untagged" { "false" } else { "true" });
        if is_tagged.is_some() && vlan.get("tagged") == is_tagged {
            vlan.say("tagged");
        }
        object.properties.push(("VlanSetting", Value::Object(setting)));
    }
    if adapter.is_unknown("failover-address") {
        adapter.leave_open("failover-address");
        return object;
    }
    let mut failover = vec![("IPv4Address", Value::Text(String::new())), ("IPv6Address", Value::Text(String::new()))];
    for address in adapter.list("failover-address") {
        if ["family", "address", "test"].into_iter().any(|name| address.get(name).is_none()) {
            continue;
        }
        let property = match (address.get("family"), address.get("test")) {
            (Some("ipv4"), Some("false")) => "IPv4Address",
            (Some("ipv4"), _) => "TestIPv4Address",
            (_, Some("false")) => "IPv6Address",
            _ => "TestIPv6Address",
        };
        failover.retain(|(known, _)| *known != property);
        failover.push((property, Value::Text(address.get("address").unwrap().to_owned())));
        address.say_element();
        ["family", "address", "test"].into_iter().for_each(|name| address.say(name));
    }
    let failover = Object { class: "VMNetworkAdapterFailoverSetting", properties: failover };
    object.properties.push(("FailoverConfiguration", Value::Object(failover)));
    object
}

/// A service is told by the GUID at the end of its id; its name is in the host's language.
fn service(vm: &Element, service: &Element) -> Object {
    let mut object = object("VMIntegrationComponent", &["Enabled"], SERVICE, service);
    let name = service.get("name").unwrap();
    let (_, guid, title) = settings::SERVICES.iter().find(|(known, ..)| *known == name).unwrap();
    let id = format!("Microsoft:{}\\{}", vm.get("id").unwrap_or_default(), guid).to_uppercase();
    let id = id.replacen("MICROSOFT", "Microsoft", 1);
    object.properties.push(("Id", Value::Text(id)));
    object.properties.push(("Name", Value::Text(format!("¿{title}?"))));
    service.say("name");
    object
}

/// A machine has two, whatever of them the example tells.
fn com_ports(vm: &Element, machine: &mut Object) {
    if vm.list("com-port").count() < 2 {
        vm.leave_open("com-port");
    }
    for port in vm.list("com-port").filter(|port| port.get("number").is_some()) {
        let (property, number) = if port.get("number") == Some("2") { ("ComPort2", "2") } else { ("ComPort1", "1") };
        let mut object = object("VMComPort", &[], COM_PORT, port);
        object.properties.push(("Name", Value::Text(format!("COM {number}"))));
        port.say_element();
        port.say("number");
        machine.properties.push((property, Value::Object(object)));
    }
}
