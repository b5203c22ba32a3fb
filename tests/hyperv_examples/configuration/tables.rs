//! Which key holds which attribute, and how: written from the notes, and the other way round than the reader's tables.

use crate::container::Val;
use crate::settings::{self, Say};

/// How a key holds a value.
#[derive(Debug, Clone, Copy)]
pub enum As {
    Text,
    /// A GUID in capital letters.
    Capitals,
    Truth,
    Number,
    /// A number in as many parts of the tree's unit.
    Parts(f64),
    /// Bytes as MiB.
    Mebibytes,
    /// A word as its number.
    Word(&'static [(&'static str, i64)]),
    /// A word as another.
    Renamed(&'static [(&'static str, &'static str)]),
}

/// An attribute, the path of its key, how that holds it, and whether the XML of the older hosts has no such key (`V` in the notes).
pub type Row = (&'static str, &'static str, As, bool);

pub const ALL: bool = false;
pub const NEW: bool = true;

/// Below `/configuration`.
pub const SETTINGS: &[Row] = &[
    ("name", "properties/name", As::Text, ALL),
    ("id", "properties/global_id", As::Capitals, ALL),
    // Without any settings a container would be one of run-time state.
    ("id", "settings/global/logical_id", As::Capitals, ALL),
    ("notes", "properties/notes", As::Text, ALL),
    ("highly-available", "properties/highly_available", As::Truth, ALL),
    ("lock-on-disconnect", "global_settings/devices/lock_on_disconnect", As::Truth, NEW),
    ("full-scsi-command-set", "global_settings/devices/storage_allow_full_scsi_command_set", As::Truth, ALL),
    ("reduced-fibre-channel-redundancy", "global_settings/devices/allow_reduced_fc_redundancy", As::Truth, ALL),
    ("processor/count", "settings/processors/count", As::Number, ALL),
    ("processor/limit", "settings/processors/limit", As::Parts(1000.0), ALL),
    ("processor/reserve", "settings/processors/reservation", As::Parts(1000.0), ALL),
    ("processor/weight", "settings/processors/weight", As::Number, ALL),
    ("processor/nested-virtualization", "settings/processors/nested_virtualization/enabled", As::Truth, NEW),
    ("processor/compatibility-for-migration", "settings/processors/features/limit", As::Truth, ALL),
    ("processor/compatibility-for-older-systems", "settings/processors/limit_cpuid", As::Truth, ALL),
    ("processor/threads-per-core", "settings/processors/hwthreads", As::Number, NEW),
    ("processor/host-resource-protection", "global_settings/devices/host_resource_protection_enabled", As::Truth, NEW),
    ("processor/hidden-hypervisor", "settings/processors/hide_hypervisor_present", As::Truth, NEW),
    ("memory/startup", "settings/memory/bank/size", As::Mebibytes, ALL),
    ("memory/dynamic", "settings/memory/bank/dynamic_memory_enabled", As::Truth, ALL),
    ("memory/minimum", "settings/memory/bank/reservation", As::Mebibytes, ALL),
    ("memory/maximum", "settings/memory/bank/limit", As::Mebibytes, ALL),
    ("memory/buffer", "settings/memory/bank/target_memory_buffer", As::Number, ALL),
    ("memory/priority", "settings/memory/bank/priority", As::Parts(100.0), ALL),
    ("numa/enabled", "settings/vnuma/enabled", As::Truth, ALL),
    ("numa/processors-per-node", "settings/processors/vnuma/count_per_node/max", As::Number, ALL),
    ("numa/memory-per-node", "settings/memory/vnuma/max_size_per_node", As::Mebibytes, ALL),
    ("numa/nodes-per-socket", "settings/processors/vnuma/node_per_socket/max", As::Number, ALL),
    ("mmio/low", "settings/topology/low_mmio_gap_mb", As::Mebibytes, ALL),
    ("mmio/high", "settings/topology/high_mmio_gap_mb", As::Mebibytes, NEW),
    ("mmio/guest-controlled-cache-types", "settings/guest_controlled_cache_types", As::Truth, NEW),
    ("security/tpm", "security/settings/tpm_enabled", As::Truth, NEW),
    ("security/key-storage-drive", "security/settings/ksd_enabled", As::Truth, NEW),
    ("security/shielded", "security/settings/shielding_requested", As::Truth, NEW),
    ("security/encrypted-state-and-migration", "security/settings/encrypt_state_migration", As::Truth, NEW),
    ("security/virtualization-based-security-opt-out", "security/settings/vbs_opt_out", As::Truth, NEW),
    (
        "automatic-start/action",
        "global_settings/power/host_startup/action",
        As::Word(&[("nothing", 0), ("start-if-running", 1), ("start", 2)]),
        ALL,
    ),
    (
        "automatic-stop/action",
        "global_settings/power/host_shutdown/action",
        As::Word(&[("turn-off", 0), ("save", 1), ("shut-down", 2)]),
        ALL,
    ),
    ("critical-error/action", "global_settings/critical_error/action", As::Word(&[("none", 0), ("pause", 1)]), NEW),
    ("critical-error/timeout", "global_settings/critical_error/timeout", As::Number, NEW),
    (
        "checkpoint/type",
        "global_settings/snapshots/user_type",
        As::Word(&[("disabled", 2), ("production", 3), ("production-only", 4), ("standard", 5)]),
        NEW,
    ),
    ("checkpoint/automatic", "global_settings/snapshots/enable_automatic", As::Truth, NEW),
];

/// In the node of the firmware.
pub const FIRMWARE: &[Row] = &[
    ("firmware/secure-boot", "secure_boot_enabled", As::Truth, ALL),
    ("firmware/secure-boot-template", "secure_boot_template_id", As::Renamed(&settings::TEMPLATES), NEW),
    ("firmware/network-boot-protocol", "pxe_preferred_protocol", As::Word(&[("ipv4", 4), ("ipv6", 6)]), ALL),
    ("firmware/pause-after-boot-failure", "pause_after_boot_failure", As::Truth, ALL),
    ("firmware/num-lock", "num_lock", As::Truth, ALL),
];

/// In the node of the screen, which real hosts of 2012 R2 write without any.
pub const VIDEO: &[Row] = &[
    ("video/resolution-type", "ResolutionType", As::Word(&[("maximum", 2), ("single", 3), ("default", 4)]), NEW),
    ("video/horizontal", "HorizontalResolution", As::Number, NEW),
    ("video/vertical", "VerticalResolution", As::Number, NEW),
];

/// In an adapter's node.
pub const ADAPTER: &[Row] = &[
    ("name", "FriendlyName", As::Text, ALL),
    ("mac-address", "MacAddress", As::Text, ALL),
    ("static-mac-address", "MacAddressIsStatic", As::Truth, ALL),
    ("cluster-monitored", "ClusterMonitored", As::Truth, ALL),
    ("device-naming", "DeviceNamingEnabled", As::Truth, NEW),
    ("switch", "Connection/AltSwitchName", As::Text, ALL),
];

/// In a drive's node.
pub const DRIVE: &[Row] = &[
    ("minimum-iops", "iops_reservation", As::Number, ALL),
    ("maximum-iops", "iops_limit", As::Number, ALL),
    ("persistent-reservations", "persistent_reservations_supported", As::Truth, ALL),
];

pub const BOOT_WORDS: [(&str, &str); 4] =
    [("cd", "Optical"), ("ide", "HardDrive"), ("legacy-network-adapter", "Network"), ("floppy", "Floppy")];

impl As {
    /// A value of the tree as a key holds it; none where no key can.
    pub fn value(self, value: &str) -> Option<Val> {
        Some(match self {
            As::Text => Val::Text(value.to_owned()),
            As::Capitals => Val::Text(value.to_ascii_uppercase()),
            As::Truth => Val::Bool(i32::from(value == "true")),
            As::Number => Val::Int(value.parse().ok()?),
            As::Parts(parts) => {
                let number = value.parse::<f64>().ok()? * parts;
                Val::Int((number.fract() == 0.0).then_some(number as i64)?)
            }
            As::Mebibytes => Val::Int(settings::mebibytes(value)? as i64),
            As::Word(words) => Val::Int(words.say(value)?),
            As::Renamed(words) => Val::Text(words.say(value)?.to_owned()),
        })
    }
}
