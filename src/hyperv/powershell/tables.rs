//! Properties of the cmdlets' objects (format notes, section 4), one line for each setting.

use crate::hyperv::convert::Convert::{
    Boolean, Count, DiskNumber, Filled, Guid, Integer, Interval, Lines, Mac, Mebibytes, Minutes, Not, OnOff, Present, Template,
    Text, TextOrNothing, Version, VlanIds, Words,
};
use crate::hyperv::rows::{Row, row};
use crate::hyperv::words;

/// `Get-VM`.
pub const VM: &[Row] = &[
    row("Name", "name", Text),
    row("VMName", "name", Text),
    row("Id", "id", Guid),
    row("VMId", "id", Guid),
    row("Generation", "generation", Integer),
    row("Version", "configuration-version", Version),
    row("State", "state", Words(words::STATE)),
    row("Notes", "notes", Lines),
    row("IsClustered", "highly-available", Boolean),
    row("LockOnDisconnect", "lock-on-disconnect", OnOff),
    row("AllowFullSCSICommandSet", "full-scsi-command-set", Boolean),
    row("AllowReducedFcRedundancy", "reduced-fibre-channel-redundancy", Boolean),
    row("ProcessorCount", "processor/count", Integer),
    row("MemoryStartup", "memory/startup", Integer),
    row("DynamicMemoryEnabled", "memory/dynamic", Boolean),
    row("MemoryMinimum", "memory/minimum", Integer),
    row("MemoryMaximum", "memory/maximum", Integer),
    row("LowMemoryMappedIoSpace", "mmio/low", Integer),
    row("HighMemoryMappedIoSpace", "mmio/high", Integer),
    row("GuestControlledCacheTypes", "mmio/guest-controlled-cache-types", Boolean),
    row("AutomaticStartAction", "automatic-start/action", Words(words::START_ACTION)),
    row("AutomaticStartDelay", "automatic-start/delay", Interval),
    row("AutomaticStopAction", "automatic-stop/action", Words(words::STOP_ACTION)),
    row("AutomaticCriticalErrorAction", "critical-error/action", Words(words::CRITICAL_ERROR_ACTION)),
    row("AutomaticCriticalErrorActionTimeout", "critical-error/timeout", Minutes),
    row("CheckpointType", "checkpoint/type", Words(words::CHECKPOINT_TYPE)),
    row("AutomaticCheckpointsEnabled", "checkpoint/automatic", Boolean),
    row("ParentSnapshotId", "checkpoint/present", Present),
    row("ParentCheckpointId", "checkpoint/present", Present),
    row("ReplicationMode", "replication/mode", Words(words::REPLICATION_MODE)),
    row("ConfigurationLocation", "location/configuration", Text),
    row("SnapshotFileLocation", "location/checkpoints", Text),
    row("CheckpointFileLocation", "location/checkpoints", Text),
    row("SmartPagingFilePath", "location/smart-paging", Text),
];

/// What the inventory script adds from WMI.
pub const SYSTEM: &[Row] = &[
    row("AllowFullSCSICommandSet", "full-scsi-command-set", Boolean),
    row("AllowReducedFcRedundancy", "reduced-fibre-channel-redundancy", Boolean),
    row("VirtualNumaEnabled", "numa/enabled", Boolean),
];

/// `Get-VMProcessor`.
pub const PROCESSOR: &[Row] = &[
    row("Count", "processor/count", Integer),
    row("Maximum", "processor/limit", Integer),
    row("Reserve", "processor/reserve", Integer),
    row("RelativeWeight", "processor/weight", Integer),
    row("ExposeVirtualizationExtensions", "processor/nested-virtualization", Boolean),
    row("CompatibilityForMigrationEnabled", "processor/compatibility-for-migration", Boolean),
    row("CompatibilityForOlderOperatingSystemsEnabled", "processor/compatibility-for-older-systems", Boolean),
    row("HwThreadCountPerCore", "processor/threads-per-core", Integer),
    row("EnableHostResourceProtection", "processor/host-resource-protection", Boolean),
    row("MaximumCountPerNumaNode", "numa/processors-per-node", Integer),
    row("MaximumCountPerNumaSocket", "numa/nodes-per-socket", Integer),
];

/// `Get-VMMemory`.
pub const MEMORY: &[Row] = &[
    row("Startup", "memory/startup", Integer),
    row("DynamicMemoryEnabled", "memory/dynamic", Boolean),
    row("Minimum", "memory/minimum", Integer),
    row("Maximum", "memory/maximum", Integer),
    row("Buffer", "memory/buffer", Integer),
    row("Priority", "memory/priority", Integer),
    row("MaximumPerNumaNode", "numa/memory-per-node", Mebibytes),
];

/// `Get-VMFirmware`. The template's name comes with its GUID on hosts that know it.
pub const FIRMWARE: &[Row] = &[
    row("SecureBoot", "firmware/secure-boot", OnOff),
    row("SecureBootTemplateId", "firmware/secure-boot-template", Template),
    row("SecureBootTemplate", "firmware/secure-boot-template", Template),
    row("ConsoleMode", "firmware/console", Words(words::CONSOLE)),
    row("PreferredNetworkBootProtocol", "firmware/network-boot-protocol", Words(words::IP_PROTOCOL)),
    row("PauseAfterBootFailure", "firmware/pause-after-boot-failure", OnOff),
];

/// `Get-VMBios`.
pub const BIOS: &[Row] = &[row("NumLockEnabled", "firmware/num-lock", Boolean)];

/// An entry of `BootOrder`.
pub const BOOT_ENTRY: &[Row] = &[
    row("BootType", "kind", Words(words::BOOT_TYPE)),
    row("Description", "description", Text),
    row("FirmwarePath", "firmware-path", Text),
];

/// The device of such an entry, where it is written out.
pub const BOOT_DRIVE: &[Row] = &[
    row("Path", "path", Text),
    row("ControllerType", "controller-type", Words(words::CONTROLLER_TYPE)),
    row("ControllerNumber", "controller-number", Integer),
    row("ControllerLocation", "location", Integer),
];

/// `Get-VMSecurity`.
pub const SECURITY: &[Row] = &[
    row("TpmEnabled", "security/tpm", Boolean),
    row("KsdEnabled", "security/key-storage-drive", Boolean),
    row("Shielded", "security/shielded", Boolean),
    row("EncryptStateAndVmMigrationTraffic", "security/encrypted-state-and-migration", Boolean),
    row("VirtualizationBasedSecurityOptOut", "security/virtualization-based-security-opt-out", Boolean),
];

/// `Get-VMReplication`.
pub const REPLICATION: &[Row] = &[
    row("Mode", "replication/mode", Words(words::REPLICATION_MODE)),
    row("ReplicationMode", "replication/mode", Words(words::REPLICATION_MODE)),
    row("AuthenticationType", "replication/authentication", Words(words::REPLICATION_AUTHENTICATION)),
    row("CompressionEnabled", "replication/compression", Boolean),
    row("AutoResynchronizeEnabled", "replication/automatic-resynchronization", Boolean),
    row("AutoResynchronizeIntervalStart", "replication/resynchronization-start", Interval),
    row("AutoResynchronizeIntervalEnd", "replication/resynchronization-end", Interval),
    row("VSSSnapshotFrequencyHour", "replication/vss-frequency", Integer),
    row("VSSSnapshotFrequency", "replication/vss-frequency", Integer),
    row("ExcludedDisks", "replication/excluded-disks", Count),
];

/// `Get-VMVideo`.
pub const VIDEO: &[Row] = &[
    row("ResolutionType", "video/resolution-type", Words(words::RESOLUTION_TYPE)),
    row("HorizontalResolution", "video/horizontal", Integer),
    row("VerticalResolution", "video/vertical", Integer),
];

/// What the guest says by key-value pair exchange.
pub const GUEST: &[Row] = &[
    row("OSName", "guest/name", Text),
    row("OSVersion", "guest/version", Text),
    row("ProcessorArchitecture", "guest/architecture", Text),
];

/// `Get-VMNetworkAdapter`.
pub const ADAPTER: &[Row] = &[
    row("Name", "name", Text),
    row("IsLegacy", "legacy", Boolean),
    row("Connected", "connected", Boolean),
    row("SwitchName", "switch", TextOrNothing),
    row("MacAddress", "mac-address", Mac),
    row("DynamicMacAddressEnabled", "static-mac-address", Not),
    row("MacAddressSpoofing", "mac-address-spoofing", OnOff),
    row("DhcpGuard", "dhcp-guard", OnOff),
    row("RouterGuard", "router-guard", OnOff),
    row("PortMirroringMode", "port-mirroring", Words(words::PORT_MIRRORING)),
    row("AllowTeaming", "teaming", OnOff),
    row("IeeePriorityTag", "ieee-priority-tag", OnOff),
    row("ClusterMonitored", "cluster-monitored", Boolean),
    row("DeviceNaming", "device-naming", OnOff),
    row("IovWeight", "iov/weight", Integer),
    row("IovQueuePairsRequested", "iov/queue-pairs", Integer),
    row("IovInterruptModeration", "iov/interrupt-moderation", Words(words::IOV_INTERRUPT_MODERATION)),
    row("VMQWeight", "vmq/weight", Integer),
    row("VrssEnabled", "vmq/vrss", Boolean),
    row("VmmqEnabled", "vmq/vmmq", Boolean),
    row("IPsecOffloadMaxSA", "offload/ipsec", Integer),
];

/// `Get-VMNetworkAdapterVlan`, and `VlanSetting` of an adapter.
pub const VLAN: &[Row] = &[
    row("OperationMode", "vlan/mode", Words(words::VLAN_MODE)),
    row("AccessVlanId", "vlan/access-id", Integer),
    row("NativeVlanId", "vlan/native-id", Integer),
    row("AllowedVlanIdList", "vlan/allowed-ids", VlanIds),
    row("AllowedVlanIdListString", "vlan/allowed-ids", VlanIds),
    row("PrivateVlanMode", "vlan/private-mode", Words(words::PRIVATE_VLAN_MODE)),
    row("PrimaryVlanId", "vlan/primary-id", Integer),
    row("SecondaryVlanIdList", "vlan/secondary-ids", VlanIds),
    row("SecondaryVlanIdListString", "vlan/secondary-ids", VlanIds),
    row("SecondaryVlanId", "vlan/secondary-ids", VlanIds),
];

/// `Get-VMHardDiskDrive`, `Get-VMDvdDrive` and the floppy drive.
pub const DRIVE: &[Row] = &[
    row("Path", "path", TextOrNothing),
    row("DvdMediaType", "media", Words(words::MEDIA)),
    row("DiskNumber", "disk-number", DiskNumber),
    row("MinimumIOPS", "minimum-iops", Integer),
    row("MaximumIOPS", "maximum-iops", Integer),
    row("SupportPersistentReservations", "persistent-reservations", Boolean),
];

/// `Get-VHD`.
pub const VIRTUAL_DISK: &[Row] = &[
    row("VhdFormat", "format", Words(words::VHD_FORMAT)),
    row("VhdType", "kind", Words(words::VHD_TYPE)),
    row("Size", "size", Integer),
    row("BlockSize", "block-size", Integer),
    row("ParentPath", "parent", Filled),
];

/// `Get-VMFibreChannelHba`.
pub const FIBRE_CHANNEL: &[Row] = &[
    row("SanName", "san", TextOrNothing),
    row("WorldWideNodeNameSetA", "node-name-a", Text),
    row("WorldWidePortNameSetA", "port-name-a", Text),
    row("WorldWideNodeNameSetB", "node-name-b", Text),
    row("WorldWidePortNameSetB", "port-name-b", Text),
];

/// `Get-VMAssignableDevice`.
pub const PCI_DEVICE: &[Row] = &[
    row("InstanceID", "instance-id", Text),
    row("LocationPath", "location-path", Text),
    row("VirtualFunction", "virtual-function", Integer),
];

/// `Get-VMGpuPartitionAdapter`.
pub const GPU_PARTITION: &[Row] = &[row("InstancePath", "path", Text)];

/// `Get-VMComPort`.
pub const COM_PORT: &[Row] = &[row("Path", "path", TextOrNothing), row("DebuggerMode", "debugger", OnOff)];

/// `Get-VMIntegrationService`.
pub const SERVICE: &[Row] = &[row("Enabled", "enabled", Boolean)];
