//! Which property holds which attribute, and how, written from the notes; the module's enumerations with their numbers and names.

use super::Value;
use crate::settings;

/// An enumeration of the module: its type, and the tree's words with their numbers and names.
#[derive(Debug)]
pub struct Enumeration {
    pub class: &'static str,
    words: &'static [(&'static str, i64, &'static str)],
}

/// How a property holds a value of the tree.
#[derive(Debug, Clone, Copy)]
pub enum As {
    Text,
    Guid,
    Version,
    Truth,
    /// The other way round.
    Not,
    /// `OnOffState`, in which On is 0.
    OnOff,
    Number,
    /// Bytes as MiB.
    Mebibytes,
    /// Seconds as minutes.
    Minutes,
    /// Seconds as a span of time.
    Span,
    /// Twelve digits with nothing between them.
    Mac,
    /// Numbers as a list.
    Numbers,
    Word(&'static Enumeration),
}

/// An attribute, the property that holds it, and how.
pub type Row = (&'static str, &'static str, As);

macro_rules! enumerations {
    ($($name:ident $class:literal { $($word:literal $number:literal $given:literal),* $(,)? })*) => {
        $(pub static $name: Enumeration = Enumeration { class: $class, words: &[$(($word, $number, $given)),*] };)*
    };
}

enumerations! {
    ON_OFF "OnOffState" { "true" 0 "On", "false" 1 "Off" }
    STATE "VMState" {
        "other" 1 "Other", "running" 2 "Running", "off" 3 "Off", "stopping" 4 "Stopping", "saved" 6 "Saved",
        "paused" 9 "Paused", "starting" 10 "Starting", "reset" 11 "Reset", "saving" 32773 "Saving",
        "pausing" 32776 "Pausing", "resuming" 32777 "Resuming",
    }
    START "StartAction" { "nothing" 2 "Nothing", "start-if-running" 3 "StartIfRunning", "start" 4 "Start" }
    STOP "StopAction" { "turn-off" 2 "TurnOff", "save" 3 "Save", "shut-down" 4 "ShutDown" }
    CRITICAL "CriticalErrorAction" { "none" 0 "None", "pause" 1 "Pause" }
    CHECKPOINT "CheckpointType" {
        "disabled" 2 "Disabled", "production" 3 "Production", "production-only" 4 "ProductionOnly", "standard" 5 "Standard",
    }
    REPLICATION_MODE "VMReplicationMode" {
        "none" 0 "None", "primary" 1 "Primary", "replica" 2 "Replica", "test-replica" 3 "TestReplica",
        "extended-replica" 4 "ExtendedReplica",
    }
    AUTHENTICATION "ReplicationAuthenticationType" { "kerberos" 1 "Kerberos", "certificate" 2 "Certificate" }
    CONTROLLER "ControllerType" { "ide" 0 "IDE", "scsi" 1 "SCSI", "pmem" 2 "PMEM" }
    DVD "DvdMediaType" { "none" 0 "None", "iso" 1 "ISO", "pass-through" 2 "PassThrough" }
    VLAN_MODE "VMNetworkAdapterVlanMode" { "untagged" 0 "Untagged", "access" 1 "Access", "trunk" 2 "Trunk", "private" 3 "Private" }
    PRIVATE_MODE "VMNetworkAdapterPrivateVlanMode" {
        "isolated" 1 "Isolated", "community" 2 "Community", "promiscuous" 3 "Promiscuous",
    }
    MIRRORING "VMNetworkAdapterPortMirroringMode" { "none" 0 "None", "destination" 1 "Destination", "source" 2 "Source" }
    MODERATION "IovInterruptModerationValue" {
        "default" 0 "Default", "adaptive" 1 "Adaptive", "off" 2 "Off", "low" 100 "Low", "medium" 200 "Medium", "high" 300 "High",
    }
    BOOT_DEVICE "BootDevice" {
        "floppy" 0 "Floppy", "cd" 1 "CD", "ide" 2 "IDE", "legacy-network-adapter" 3 "LegacyNetworkAdapter",
        "network-adapter" 4 "NetworkAdapter", "vhd" 5 "VHD",
    }
    BOOT_TYPE "BootSourceType" { "drive" 1 "Drive", "network" 2 "Network", "file" 3 "File" }
    PROTOCOL "IPProtocolPreference" { "ipv4" 0 "IPv4", "ipv6" 1 "IPv6" }
    CONSOLE "ConsoleModeType" { "default" 0 "Default", "com1" 1 "COM1", "com2" 2 "COM2", "none" 3 "None" }
    RESOLUTION "ResolutionType" { "maximum" 2 "Maximum", "single" 3 "Single", "default" 4 "Default" }
    VHD_FORMAT "VhdFormat" { "vhd" 2 "VHD", "vhdx" 3 "VHDX", "vhd-set" 4 "VHDSet" }
    VHD_TYPE "VhdType" { "fixed" 2 "Fixed", "dynamic" 3 "Dynamic", "differencing" 4 "Differencing" }
}

pub const VM: &[Row] = &[
    ("name", "Name", As::Text),
    ("name", "VMName", As::Text),
    ("id", "Id", As::Guid),
    ("id", "VMId", As::Guid),
    ("generation", "Generation", As::Number),
    ("configuration-version", "Version", As::Version),
    ("state", "State", As::Word(&STATE)),
    ("notes", "Notes", As::Text),
    ("highly-available", "IsClustered", As::Truth),
    ("lock-on-disconnect", "LockOnDisconnect", As::OnOff),
    ("processor/count", "ProcessorCount", As::Number),
    ("memory/startup", "MemoryStartup", As::Number),
    ("memory/dynamic", "DynamicMemoryEnabled", As::Truth),
    ("memory/minimum", "MemoryMinimum", As::Number),
    ("memory/maximum", "MemoryMaximum", As::Number),
    ("mmio/low", "LowMemoryMappedIoSpace", As::Number),
    ("mmio/high", "HighMemoryMappedIoSpace", As::Number),
    ("mmio/guest-controlled-cache-types", "GuestControlledCacheTypes", As::Truth),
    ("automatic-start/action", "AutomaticStartAction", As::Word(&START)),
    ("automatic-start/delay", "AutomaticStartDelay", As::Number),
    ("automatic-stop/action", "AutomaticStopAction", As::Word(&STOP)),
    ("critical-error/action", "AutomaticCriticalErrorAction", As::Word(&CRITICAL)),
    ("critical-error/timeout", "AutomaticCriticalErrorActionTimeout", As::Minutes),
    ("checkpoint/type", "CheckpointType", As::Word(&CHECKPOINT)),
    ("checkpoint/automatic", "AutomaticCheckpointsEnabled", As::Truth),
    ("replication/mode", "ReplicationMode", As::Word(&REPLICATION_MODE)),
    ("location/configuration", "ConfigurationLocation", As::Text),
    ("location/checkpoints", "SnapshotFileLocation", As::Text),
    ("location/smart-paging", "SmartPagingFilePath", As::Text),
];

/// Parts of which a machine has one: how bundles call them, their classes, the properties by which they are told from others where no
/// class is written, and the rows.
pub const PARTS: &[(&str, &str, &[&str], &[Row])] = &[
    (
        "SystemSetting",
        "",
        &["VirtualNumaEnabled"],
        &[
            ("full-scsi-command-set", "AllowFullSCSICommandSet", As::Truth),
            ("reduced-fibre-channel-redundancy", "AllowReducedFcRedundancy", As::Truth),
            ("numa/enabled", "VirtualNumaEnabled", As::Truth),
        ],
    ),
    (
        "Processor",
        "VMProcessor",
        &["RelativeWeight"],
        &[
            ("processor/count", "Count", As::Number),
            ("processor/limit", "Maximum", As::Number),
            ("processor/reserve", "Reserve", As::Number),
            ("processor/weight", "RelativeWeight", As::Number),
            ("processor/nested-virtualization", "ExposeVirtualizationExtensions", As::Truth),
            ("processor/compatibility-for-migration", "CompatibilityForMigrationEnabled", As::Truth),
            ("processor/compatibility-for-older-systems", "CompatibilityForOlderOperatingSystemsEnabled", As::Truth),
            ("processor/threads-per-core", "HwThreadCountPerCore", As::Number),
            ("processor/host-resource-protection", "EnableHostResourceProtection", As::Truth),
            ("numa/processors-per-node", "MaximumCountPerNumaNode", As::Number),
            ("numa/nodes-per-socket", "MaximumCountPerNumaSocket", As::Number),
        ],
    ),
    (
        "Memory",
        "VMMemory",
        &["Startup", "Buffer"],
        &[
            ("memory/startup", "Startup", As::Number),
            ("memory/dynamic", "DynamicMemoryEnabled", As::Truth),
            ("memory/minimum", "Minimum", As::Number),
            ("memory/maximum", "Maximum", As::Number),
            ("memory/buffer", "Buffer", As::Number),
            ("memory/priority", "Priority", As::Number),
            ("numa/memory-per-node", "MaximumPerNumaNode", As::Mebibytes),
        ],
    ),
    (
        "Security",
        "VMSecurity",
        &["TpmEnabled"],
        &[
            ("security/tpm", "TpmEnabled", As::Truth),
            ("security/key-storage-drive", "KsdEnabled", As::Truth),
            ("security/shielded", "Shielded", As::Truth),
            ("security/encrypted-state-and-migration", "EncryptStateAndVmMigrationTraffic", As::Truth),
            ("security/virtualization-based-security-opt-out", "VirtualizationBasedSecurityOptOut", As::Truth),
        ],
    ),
    (
        "Replication",
        "VMReplication",
        &["AutoResynchronizeEnabled"],
        &[
            ("replication/mode", "Mode", As::Word(&REPLICATION_MODE)),
            ("replication/authentication", "AuthenticationType", As::Word(&AUTHENTICATION)),
            ("replication/compression", "CompressionEnabled", As::Truth),
            ("replication/automatic-resynchronization", "AutoResynchronizeEnabled", As::Truth),
            ("replication/resynchronization-start", "AutoResynchronizeIntervalStart", As::Span),
            ("replication/resynchronization-end", "AutoResynchronizeIntervalEnd", As::Span),
            ("replication/vss-frequency", "VSSSnapshotFrequencyHour", As::Number),
        ],
    ),
    (
        "Video",
        "VMVideo",
        &["HorizontalResolution", "VerticalResolution"],
        &[
            ("video/resolution-type", "ResolutionType", As::Word(&RESOLUTION)),
            ("video/horizontal", "HorizontalResolution", As::Number),
            ("video/vertical", "VerticalResolution", As::Number),
        ],
    ),
    (
        "GuestSystem",
        "",
        &["OSName"],
        &[
            ("guest/name", "OSName", As::Text),
            ("guest/version", "OSVersion", As::Text),
            ("guest/architecture", "ProcessorArchitecture", As::Text),
        ],
    ),
];

pub const FIRMWARE: &[Row] = &[
    ("secure-boot", "SecureBoot", As::OnOff),
    ("console", "ConsoleMode", As::Word(&CONSOLE)),
    ("network-boot-protocol", "PreferredNetworkBootProtocol", As::Word(&PROTOCOL)),
    ("pause-after-boot-failure", "PauseAfterBootFailure", As::OnOff),
];

pub const BOOT_SOURCE: &[Row] = &[
    ("kind", "BootType", As::Word(&BOOT_TYPE)),
    ("description", "Description", As::Text),
    ("firmware-path", "FirmwarePath", As::Text),
];

pub const BOOT_DRIVE: &[Row] = &[
    ("path", "Path", As::Text),
    ("controller-type", "ControllerType", As::Word(&CONTROLLER)),
    ("controller-number", "ControllerNumber", As::Number),
    ("location", "ControllerLocation", As::Number),
];

pub const ADAPTER: &[Row] = &[
    ("name", "Name", As::Text),
    ("legacy", "IsLegacy", As::Truth),
    ("connected", "Connected", As::Truth),
    ("switch", "SwitchName", As::Text),
    ("mac-address", "MacAddress", As::Mac),
    ("static-mac-address", "DynamicMacAddressEnabled", As::Not),
    ("mac-address-spoofing", "MacAddressSpoofing", As::OnOff),
    ("dhcp-guard", "DhcpGuard", As::OnOff),
    ("router-guard", "RouterGuard", As::OnOff),
    ("port-mirroring", "PortMirroringMode", As::Word(&MIRRORING)),
    ("teaming", "AllowTeaming", As::OnOff),
    ("ieee-priority-tag", "IeeePriorityTag", As::OnOff),
    ("cluster-monitored", "ClusterMonitored", As::Truth),
    ("device-naming", "DeviceNaming", As::OnOff),
    ("iov/weight", "IovWeight", As::Number),
    ("iov/queue-pairs", "IovQueuePairsRequested", As::Number),
    ("iov/interrupt-moderation", "IovInterruptModeration", As::Word(&MODERATION)),
    ("vmq/weight", "VMQWeight", As::Number),
    ("vmq/vrss", "VrssEnabled", As::Truth),
    ("vmq/vmmq", "VmmqEnabled", As::Truth),
    ("offload/ipsec", "IPsecOffloadMaxSA", As::Number),
];

pub const VLAN: &[Row] = &[
    ("mode", "OperationMode", As::Word(&VLAN_MODE)),
    ("access-id", "AccessVlanId", As::Number),
    ("native-id", "NativeVlanId", As::Number),
    ("allowed-ids", "AllowedVlanIdList", As::Numbers),
    ("private-mode", "PrivateVlanMode", As::Word(&PRIVATE_MODE)),
    ("primary-id", "PrimaryVlanId", As::Number),
    ("secondary-ids", "SecondaryVlanIdList", As::Numbers),
];

pub const HARD_DISK: &[Row] = &[
    ("minimum-iops", "MinimumIOPS", As::Number),
    ("maximum-iops", "MaximumIOPS", As::Number),
    ("persistent-reservations", "SupportPersistentReservations", As::Truth),
];

pub const VIRTUAL_DISK: &[Row] = &[
    ("format", "VhdFormat", As::Word(&VHD_FORMAT)),
    ("kind", "VhdType", As::Word(&VHD_TYPE)),
    ("size", "Size", As::Number),
    ("block-size", "BlockSize", As::Number),
    ("parent", "ParentPath", As::Text),
];

pub const FIBRE_CHANNEL: &[Row] = &[
    ("san", "SanName", As::Text),
    ("node-name-a", "WorldWideNodeNameSetA", As::Text),
    ("port-name-a", "WorldWidePortNameSetA", As::Text),
    ("node-name-b", "WorldWideNodeNameSetB", As::Text),
    ("port-name-b", "WorldWidePortNameSetB", As::Text),
];

pub const PCI_DEVICE: &[Row] = &[
    ("instance-id", "InstanceID", As::Text),
    ("location-path", "LocationPath", As::Text),
    ("virtual-function", "VirtualFunction", As::Number),
];

pub const GPU_PARTITION: &[Row] = &[("path", "InstancePath", As::Text)];
pub const COM_PORT: &[Row] = &[("path", "Path", As::Text), ("debugger", "DebuggerMode", As::OnOff)];
pub const SERVICE: &[Row] = &[("enabled", "Enabled", As::Truth)];

impl As {
    /// A value of the tree as a property holds it; none where no property can.
    pub fn value(self, value: &str) -> Option<Value> {
        Some(match self {
            As::Text => Value::Text(value.to_owned()),
            As::Guid => Value::Guid(value.to_owned()),
            As::Version => Value::Version(value.to_owned()),
            As::Truth => Value::Truth(value == "true"),
            As::Not => Value::Truth(value == "false"),
            As::OnOff => As::Word(&ON_OFF).value(value)?,
            As::Number => Value::Number(value.parse().ok()?),
            As::Mebibytes => Value::Number(settings::mebibytes(value)?),
            As::Minutes => {
                let seconds: u64 = value.parse().ok()?;
                Value::Number(seconds.is_multiple_of(60).then_some(seconds / 60)?)
            }
            As::Span => Value::Seconds(value.parse().ok()?),
            As::Mac => Value::Text(value.replace('-', "")),
            As::Numbers => Value::List(value.split_whitespace().map(|number| As::Number.value(number)).collect::<Option<_>>()?),
            As::Word(enumeration) => {
                let (_, number, name) = enumeration.words.iter().find(|(word, ..)| *word == value)?;
                Value::Enum(enumeration, *number, name)
            }
        })
    }
}
