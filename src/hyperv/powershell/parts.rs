//! Which cmdlet an object came from. Bundles of several cmdlets' output have no standard, so it is told by the object's type, which
//! CLIXML keeps, or by its properties (format notes, section 4).

use crate::hyperv::field::Field;

/// What an object is a part of a machine as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Vm,
    System,
    Checkpoint,
    Processor,
    Memory,
    Firmware,
    Bios,
    Security,
    Replication,
    Video,
    Guest,
    Adapter,
    Vlan,
    Failover,
    HardDisk,
    Dvd,
    Floppy,
    ScsiController,
    IdeController,
    VirtualDisk,
    FibreChannel,
    PciDevice,
    GpuPartition,
    ComPort,
    Service,
    /// Nothing that the tree has, and nothing that holds parts of a machine.
    Other,
}

/// The module's types by their last word.
const TYPES: [(&str, Part); 28] = [
    ("VirtualMachine", Part::Vm),
    ("VMSnapshot", Part::Checkpoint),
    ("VMProcessor", Part::Processor),
    ("VMMemory", Part::Memory),
    ("VMFirmware", Part::Firmware),
    ("VMBios", Part::Bios),
    ("VMSecurity", Part::Security),
    ("VMReplication", Part::Replication),
    ("VMVideo", Part::Video),
    ("VMNetworkAdapter", Part::Adapter),
    ("VMNetworkAdapterVlanSetting", Part::Vlan),
    ("VMNetworkAdapterFailoverSetting", Part::Failover),
    ("HardDiskDrive", Part::HardDisk),
    ("DvdDrive", Part::Dvd),
    ("VMFloppyDiskDrive", Part::Floppy),
    ("VMScsiController", Part::ScsiController),
    ("VMIdeController", Part::IdeController),
    ("VirtualHardDisk", Part::VirtualDisk),
    ("VMFibreChannelHba", Part::FibreChannel),
    ("VMAssignedDevice", Part::PciDevice),
    ("VMGpuPartitionAdapter", Part::GpuPartition),
    ("VMComPort", Part::ComPort),
    ("VMIntegrationComponent", Part::Service),
    ("DataExchangeComponent", Part::Service),
    ("ShutdownComponent", Part::Service),
    ("GuestServiceInterfaceComponent", Part::Service),
    ("CimSession", Part::Other),
    ("VMGroup", Part::Other),
];

/// An object has all of the first properties and, if there are any, one of the second. The first that fits counts.
const SHAPES: [(Part, &[&str], &[&str]); 24] = [
    (Part::Checkpoint, &["SnapshotType"], &[]),
    (Part::Adapter, &["MacAddress"], &["SwitchName", "DynamicMacAddressEnabled", "IsLegacy", "IsManagementOs"]),
    (Part::Vlan, &["OperationMode", "AccessVlanId"], &[]),
    (Part::Failover, &["IPv4Address"], &["IPv6Address", "IPv4SubnetMask", "TestIPv4Address"]),
    (Part::VirtualDisk, &["Path"], &["VhdFormat", "VhdType"]),
    (Part::Dvd, &["DvdMediaType"], &[]),
    (Part::HardDisk, &["ControllerLocation"], &["DiskNumber", "MaximumIOPS", "SupportPersistentReservations", "Path"]),
    (Part::ScsiController, &["ControllerNumber", "Drives"], &[]),
    (Part::Processor, &[], &["ExposeVirtualizationExtensions", "CompatibilityForMigrationEnabled", "RelativeWeight"]),
    (Part::Vm, &["Generation"], &["ProcessorCount", "MemoryStartup", "VMName", "Name", "VMId"]),
    (Part::Vm, &["ProcessorCount"], &["MemoryStartup", "VMName", "Name"]),
    (Part::Vm, &["MemoryStartup"], &["VMName", "Name"]),
    (Part::Vm, &["State", "VMName"], &["Version", "Uptime", "AutomaticStartAction"]),
    (Part::System, &[], &["AllowFullSCSICommandSet", "VirtualNumaEnabled"]),
    (Part::Memory, &["Startup"], &["DynamicMemoryEnabled", "Minimum", "Maximum", "Buffer"]),
    (Part::Firmware, &["SecureBoot"], &[]),
    (Part::Bios, &["StartupOrder"], &[]),
    (Part::Security, &[], &["TpmEnabled", "Shielded"]),
    (Part::Replication, &[], &["AutoResynchronizeEnabled", "VSSSnapshotFrequencyHour"]),
    (Part::Video, &["HorizontalResolution", "VerticalResolution"], &[]),
    (Part::Guest, &["OSName"], &[]),
    (Part::FibreChannel, &["WorldWidePortNameSetA"], &[]),
    (Part::PciDevice, &["LocationPath"], &["InstanceID"]),
    (Part::GpuPartition, &[], &["MinPartitionVRAM", "CurrentPartitionVRAM"]),
];

/// What an object is, if it is a part of a machine.
pub fn part(object: Field<'_>) -> Option<Part> {
    if let Some(name) = object.child("@type").and_then(Field::text) {
        let last = name.rsplit('.').next().unwrap_or_default();
        if let Some((_, part)) = TYPES.iter().find(|(known, _)| *known == last) {
            return Some(*part);
        }
    }
    let has = |name: &&str| object.member(name).is_some();
    let shape = |(_, all, any): &&(Part, &[&str], &[&str])| all.iter().all(has) && (any.is_empty() || any.iter().any(has));
    let shaped = SHAPES.iter().find(shape).map(|(part, ..)| *part);
    shaped.or_else(|| by_id(object))
}

/// What only its id tells: it ends with the GUID of the kind of device.
fn by_id(object: Field<'_>) -> Option<Part> {
    let id = object.member("Id")?.text()?.to_ascii_lowercase();
    if super::service_of(object).is_some() && object.member("Enabled").is_some() {
        Some(Part::Service)
    } else if id.contains("8e3a359f-559a-4b6a-98a9-1690a6100ed7") {
        Some(Part::ComPort)
    } else if id.contains("8f0d2762-0b00-4e04-af4f-19010527cb93") {
        Some(Part::Floppy)
    } else {
        None
    }
}

/// Lists by the names that they have in `Get-VM` and that people give them, with the parts that they hold; compared without case,
/// `VM` before and `s` behind.
const LISTS: [(&str, Part); 22] = [
    ("NetworkAdapter", Part::Adapter),
    ("HardDrive", Part::HardDisk),
    ("HardDiskDrive", Part::HardDisk),
    ("HardDisk", Part::HardDisk),
    ("DvdDrive", Part::Dvd),
    ("FloppyDrive", Part::Floppy),
    ("FloppyDiskDrive", Part::Floppy),
    ("FibreChannelHostBusAdapter", Part::FibreChannel),
    ("FibreChannelHba", Part::FibreChannel),
    ("FibreChannel", Part::FibreChannel),
    ("AssignableDevice", Part::PciDevice),
    ("AssignedDevice", Part::PciDevice),
    ("GpuPartitionAdapter", Part::GpuPartition),
    ("GpuPartition", Part::GpuPartition),
    ("IntegrationService", Part::Service),
    ("ScsiController", Part::ScsiController),
    ("IdeController", Part::IdeController),
    ("ComPort1", Part::ComPort),
    ("ComPort2", Part::ComPort),
    ("ComPort", Part::ComPort),
    ("Snapshot", Part::Checkpoint),
    ("Checkpoint", Part::Checkpoint),
];

/// What an object is that only the list tells in which it lies.
pub fn by_list(property: &str) -> Option<Part> {
    listed(property).filter(|part| matches!(part, Part::ScsiController | Part::IdeController | Part::ComPort | Part::Floppy))
}

/// What the property of this name lists.
pub fn listed(property: &str) -> Option<Part> {
    let without = property.get(..2).filter(|start| start.eq_ignore_ascii_case("vm")).and_then(|_| property.get(2..));
    let bare = without.unwrap_or(property);
    let one = bare.strip_suffix(['s', 'S']).unwrap_or(bare);
    LISTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(one)).map(|(_, part)| *part)
}
