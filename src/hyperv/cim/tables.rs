//! Properties of the WMI classes (format notes, section 6), one line for each setting. The classes of both namespaces are alike but
//! for a few properties.

use crate::hyperv::convert::Convert::{
    AfterColon, Boolean, Filled, Guid, Hundredths, Integer, Interval, Lines, Mac, Mebibytes, Present, Template, Text,
    Thousandths, Version, VlanIds, Words,
};
use crate::hyperv::rows::{Row, row};
use crate::hyperv::words;

/// Classes of which a machine has one, with the element that they stand for.
pub const CLASSES: &[(&str, &str, &[Row])] = &[
    ("Msvm_VirtualSystemSettingData", "", SYSTEM),
    ("Msvm_VirtualSystemGlobalSettingData", "", GLOBAL),
    ("Msvm_ComputerSystem", "", COMPUTER),
    ("Msvm_MemorySettingData", "memory", MEMORY),
    ("Msvm_ProcessorSettingData", "processor", PROCESSOR),
    ("Msvm_SecuritySettingData", "security", SECURITY),
    ("Msvm_ReplicationSettingData", "replication", REPLICATION),
    ("Msvm_SyntheticDisplayControllerSettingData", "video", VIDEO),
];

const SYSTEM: &[Row] = &[
    row("ElementName", "name", Text),
    row("VirtualSystemIdentifier", "id", Guid),
    row("SystemName", "id", Guid),
    row("VirtualSystemSubType", "generation", AfterColon),
    row("Version", "configuration-version", Version),
    row("Notes", "notes", Lines),
    row("LockOnDisconnect", "lock-on-disconnect", Boolean),
    row("AllowFullSCSICommandSet", "full-scsi-command-set", Boolean),
    row("AllowReducedFcRedundancy", "reduced-fibre-channel-redundancy", Boolean),
    row("VirtualNumaEnabled", "numa/enabled", Boolean),
    row("LowMmioGapSize", "mmio/low", Mebibytes),
    row("HighMmioGapSize", "mmio/high", Mebibytes),
    row("GuestControlledCacheTypes", "mmio/guest-controlled-cache-types", Boolean),
    row("SecureBootEnabled", "firmware/secure-boot", Boolean),
    row("SecureBootTemplateId", "firmware/secure-boot-template", Template),
    row("ConsoleMode", "firmware/console", Words(words::CONSOLE)),
    row("NetworkBootPreferredProtocol", "firmware/network-boot-protocol", Words(words::IP_PROTOCOL_WMI)),
    row("PauseAfterBootFailure", "firmware/pause-after-boot-failure", Boolean),
    row("BIOSNumLock", "firmware/num-lock", Boolean),
    row("AutomaticStartupAction", "automatic-start/action", Words(words::START_ACTION)),
    row("AutomaticStartupActionDelay", "automatic-start/delay", Interval),
    row("AutomaticShutdownAction", "automatic-stop/action", Words(words::STOP_ACTION)),
    row("AutomaticCriticalErrorAction", "critical-error/action", Words(words::CRITICAL_ERROR_ACTION)),
    row("AutomaticCriticalErrorActionTimeout", "critical-error/timeout", Interval),
    row("UserSnapshotType", "checkpoint/type", Words(words::CHECKPOINT_TYPE)),
    row("AutomaticSnapshotsEnabled", "checkpoint/automatic", Boolean),
    row("Parent", "checkpoint/present", Present),
    row("ConfigurationDataRoot", "location/configuration", Text),
    row("SnapshotDataRoot", "location/checkpoints", Text),
    row("SwapFileDataRoot", "location/smart-paging", Text),
];

/// What the first namespace keeps apart.
const GLOBAL: &[Row] = &[
    row("ElementName", "name", Text),
    row("SystemName", "id", Guid),
    row("AutomaticStartupAction", "automatic-start/action", Words(words::START_ACTION_0)),
    row("AutomaticStartupActionDelay", "automatic-start/delay", Interval),
    row("AutomaticShutdownAction", "automatic-stop/action", Words(words::STOP_ACTION_0)),
    row("AllowFullSCSICommandSet", "full-scsi-command-set", Boolean),
    row("SnapshotDataRoot", "location/checkpoints", Text),
    row("ExternalDataRoot", "location/configuration", Text),
];

const COMPUTER: &[Row] = &[
    row("ElementName", "name", Text),
    row("Name", "id", Guid),
    row("EnabledState", "state", Words(&[(2, "running"), (3, "off")])),
    row("ReplicationMode", "replication/mode", Words(words::REPLICATION_MODE)),
];

const MEMORY: &[Row] = &[
    row("VirtualQuantity", "memory/startup", Mebibytes),
    row("DynamicMemoryEnabled", "memory/dynamic", Boolean),
    row("Reservation", "memory/minimum", Mebibytes),
    row("Limit", "memory/maximum", Mebibytes),
    row("TargetMemoryBuffer", "memory/buffer", Integer),
    row("Weight", "memory/priority", Hundredths),
    row("MaxMemoryBlocksPerNumaNode", "numa/memory-per-node", Mebibytes),
];

const PROCESSOR: &[Row] = &[
    row("VirtualQuantity", "processor/count", Integer),
    row("Limit", "processor/limit", Thousandths),
    row("Reservation", "processor/reserve", Thousandths),
    row("Weight", "processor/weight", Integer),
    row("ExposeVirtualizationExtensions", "processor/nested-virtualization", Boolean),
    row("LimitProcessorFeatures", "processor/compatibility-for-migration", Boolean),
    row("LimitCPUID", "processor/compatibility-for-older-systems", Boolean),
    row("HwThreadsPerCore", "processor/threads-per-core", Integer),
    row("EnableHostResourceProtection", "processor/host-resource-protection", Boolean),
    row("HideHypervisorPresent", "processor/hidden-hypervisor", Boolean),
    row("MaxProcessorsPerNumaNode", "numa/processors-per-node", Integer),
    row("MaxNumaNodesPerSocket", "numa/nodes-per-socket", Integer),
];

const SECURITY: &[Row] = &[
    row("TpmEnabled", "security/tpm", Boolean),
    row("KsdEnabled", "security/key-storage-drive", Boolean),
    row("ShieldingRequested", "security/shielded", Boolean),
    row("EncryptStateAndVmMigrationTraffic", "security/encrypted-state-and-migration", Boolean),
    row("VirtualizationBasedSecurityOptOut", "security/virtualization-based-security-opt-out", Boolean),
];

const REPLICATION: &[Row] = &[
    row("AuthenticationType", "replication/authentication", Words(words::REPLICATION_AUTHENTICATION)),
    row("CompressionEnabled", "replication/compression", Boolean),
    row("AutoResynchronizeEnabled", "replication/automatic-resynchronization", Boolean),
    row("AutoResynchronizeIntervalStart", "replication/resynchronization-start", Interval),
    row("AutoResynchronizeIntervalEnd", "replication/resynchronization-end", Interval),
    row("ApplicationConsistentSnapshotInterval", "replication/vss-frequency", Integer),
];

const VIDEO: &[Row] = &[
    row("ResolutionType", "video/resolution-type", Words(words::RESOLUTION_TYPE)),
    row("HorizontalResolution", "video/horizontal", Integer),
    row("VerticalResolution", "video/vertical", Integer),
];

/// Classes about a network adapter.
pub const ADAPTER_CLASSES: &[(&str, &[Row])] = &[
    ("Msvm_SyntheticEthernetPortSettingData", ADAPTER),
    ("Msvm_EmulatedEthernetPortSettingData", ADAPTER),
    ("Msvm_EthernetPortAllocationSettingData", ALLOCATION),
    ("Msvm_EthernetSwitchPortVlanSettingData", VLAN),
    ("Msvm_EthernetSwitchPortSecuritySettingData", PORT_SECURITY),
    ("Msvm_EthernetSwitchPortOffloadSettingData", OFFLOAD),
];

const ADAPTER: &[Row] = &[
    row("ElementName", "name", Text),
    row("Address", "mac-address", Mac),
    row("StaticMacAddress", "static-mac-address", Boolean),
    row("ClusterMonitored", "cluster-monitored", Boolean),
    row("DeviceNamingEnabled", "device-naming", Boolean),
];

const ALLOCATION: &[Row] = &[row("EnabledState", "connected", Words(ENABLED)), row("LastKnownSwitchName", "switch", Text)];

const VLAN: &[Row] = &[
    row("OperationMode", "vlan/mode", Words(words::VLAN_MODE)),
    row("AccessVlanId", "vlan/access-id", Integer),
    row("NativeVlanId", "vlan/native-id", Integer),
    row("TrunkVlanIdArray", "vlan/allowed-ids", VlanIds),
    row("PvlanMode", "vlan/private-mode", Words(words::PRIVATE_VLAN_MODE)),
    row("PrimaryVlanId", "vlan/primary-id", Integer),
    row("SecondaryVlanIdArray", "vlan/secondary-ids", VlanIds),
    row("SecondaryVlanId", "vlan/secondary-ids", VlanIds),
];

const PORT_SECURITY: &[Row] = &[
    row("AllowMacSpoofing", "mac-address-spoofing", Boolean),
    row("EnableDhcpGuard", "dhcp-guard", Boolean),
    row("EnableRouterGuard", "router-guard", Boolean),
    row("MonitorMode", "port-mirroring", Words(words::PORT_MIRRORING)),
    row("AllowTeaming", "teaming", Boolean),
    row("AllowIeeePriorityTag", "ieee-priority-tag", Boolean),
];

const OFFLOAD: &[Row] = &[
    row("IOVOffloadWeight", "iov/weight", Integer),
    row("IOVQueuePairsRequested", "iov/queue-pairs", Integer),
    row("IOVInterruptModeration", "iov/interrupt-moderation", Words(words::IOV_INTERRUPT_MODERATION)),
    row("VMQOffloadWeight", "vmq/weight", Integer),
    row("VrssEnabled", "vmq/vrss", Boolean),
    row("VmmqEnabled", "vmq/vmmq", Boolean),
    row("IPSecOffloadLimit", "offload/ipsec", Integer),
];

/// `EnabledState`.
pub const ENABLED: words::Words = &[(2, "true"), (3, "false")];

pub const DRIVE: &[Row] = &[
    row("IOPSReservation", "minimum-iops", Integer),
    row("IOPSLimit", "maximum-iops", Integer),
    row("PersistentReservationsSupported", "persistent-reservations", Boolean),
];

pub const VIRTUAL_DISK: &[Row] = &[
    row("Format", "format", Words(words::VHD_FORMAT)),
    row("Type", "kind", Words(words::VHD_TYPE)),
    row("MaxInternalSize", "size", Integer),
    row("BlockSize", "block-size", Integer),
    row("ParentPath", "parent", Filled),
];

pub const FIBRE_CHANNEL: &[Row] = &[
    row("VirtualPortWWNN", "node-name-a", Text),
    row("VirtualPortWWPN", "port-name-a", Text),
    row("SecondaryWWNN", "node-name-b", Text),
    row("SecondaryWWPN", "port-name-b", Text),
];

/// The classes of the integration services.
pub const SERVICES: [(&str, &str); 6] = [
    ("Msvm_GuestServiceInterfaceComponentSettingData", "guest-service-interface"),
    ("Msvm_HeartbeatComponentSettingData", "heartbeat"),
    ("Msvm_KvpExchangeComponentSettingData", "key-value-pair-exchange"),
    ("Msvm_ShutdownComponentSettingData", "shutdown"),
    ("Msvm_TimeSyncComponentSettingData", "time-synchronization"),
    ("Msvm_VssComponentSettingData", "vss"),
];

pub const SERVICE: &[Row] = &[row("EnabledState", "enabled", Words(ENABLED))];
