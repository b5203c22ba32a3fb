//! The enumerations of the tree: PowerShell's names in kebab-case with its numbers (format notes, section 4). Where the older
//! namespaces and the configuration files count differently, their tables stand beside.

/// Numbers and words of an enumeration.
pub type Words = &'static [(i64, &'static str)];

/// `VMState`.
pub const STATE: Words = &[
    (1, "other"),
    (2, "running"),
    (3, "off"),
    (4, "stopping"),
    (6, "saved"),
    (9, "paused"),
    (10, "starting"),
    (11, "reset"),
    (32773, "saving"),
    (32776, "pausing"),
    (32777, "resuming"),
];

/// `StartAction`; WMI v2 counts alike.
pub const START_ACTION: Words = &[(2, "nothing"), (3, "start-if-running"), (4, "start")];
/// The same where counting starts at 0: WMI v1 and the configuration files.
pub const START_ACTION_0: Words = &[(0, "nothing"), (1, "start-if-running"), (2, "start")];

/// `StopAction`; WMI v2 counts alike.
pub const STOP_ACTION: Words = &[(2, "turn-off"), (3, "save"), (4, "shut-down")];
/// The same where counting starts at 0.
pub const STOP_ACTION_0: Words = &[(0, "turn-off"), (1, "save"), (2, "shut-down")];

/// `CriticalErrorAction`, the same everywhere.
pub const CRITICAL_ERROR_ACTION: Words = &[(0, "none"), (1, "pause")];

/// `CheckpointType`, the same everywhere.
pub const CHECKPOINT_TYPE: Words = &[(2, "disabled"), (3, "production"), (4, "production-only"), (5, "standard")];

/// `ControllerType`; the floppy controller has no number of its own.
pub const CONTROLLER_TYPE: Words = &[(0, "ide"), (1, "scsi"), (2, "pmem"), (-1, "floppy")];

/// Kinds of drives.
pub const DRIVE_TYPE: Words = &[(0, "hard-disk"), (1, "dvd"), (2, "floppy")];

/// What is in a drive; the first three are `DvdMediaType`.
pub const MEDIA: Words = &[(0, "none"), (1, "iso"), (2, "pass-through"), (-1, "vhd"), (-2, "vfd")];

/// `VlanMode`; WMI has no object where it is untagged.
pub const VLAN_MODE: Words = &[(0, "untagged"), (1, "access"), (2, "trunk"), (3, "private")];

/// `PrivateVlanMode`.
pub const PRIVATE_VLAN_MODE: Words = &[(1, "isolated"), (2, "community"), (3, "promiscuous")];

/// `PortMirroringMode`.
pub const PORT_MIRRORING: Words = &[(0, "none"), (1, "destination"), (2, "source")];

/// `IovInterruptModeration`.
pub const IOV_INTERRUPT_MODERATION: Words =
    &[(0, "default"), (1, "adaptive"), (2, "off"), (100, "low"), (200, "medium"), (300, "high")];

/// `BootDevice` of generation 1 with its numbers, then the `BootType` of generation 2, whose numbers are other ones.
pub const BOOT_DEVICE: Words = &[
    (0, "floppy"),
    (1, "cd"),
    (2, "ide"),
    (3, "legacy-network-adapter"),
    (4, "network-adapter"),
    (5, "vhd"),
    (-1, "drive"),
    (-2, "network"),
    (-3, "file"),
];
/// WMI's `BootOrder` counts the first four alike and then goes on with SCSI, which generation 1 cannot boot from.
pub const BOOT_ORDER: Words = &[(0, "floppy"), (1, "cd"), (2, "ide"), (3, "legacy-network-adapter")];
/// The words of the configuration files, by their places in [`BOOT_DEVICE`].
pub const BOOT_FILE_WORDS: [(&str, &str); 4] =
    [("Floppy", "floppy"), ("Optical", "cd"), ("HardDrive", "ide"), ("Network", "legacy-network-adapter")];
/// `BootType` of generation 2.
pub const BOOT_TYPE: Words = &[(1, "drive"), (2, "network"), (3, "file")];

/// `IPProtocolPreference`.
pub const IP_PROTOCOL: Words = &[(0, "ipv4"), (1, "ipv6")];
/// The same in the configuration files.
pub const IP_PROTOCOL_FILE: Words = &[(4, "ipv4"), (6, "ipv6")];
/// The same in WMI.
pub const IP_PROTOCOL_WMI: Words = &[(4096, "ipv4"), (4097, "ipv6")];

/// `ConsoleMode`, the same in WMI.
pub const CONSOLE: Words = &[(0, "default"), (1, "com1"), (2, "com2"), (3, "none")];

/// `VhdFormat`.
pub const VHD_FORMAT: Words = &[(2, "vhd"), (3, "vhdx"), (4, "vhd-set")];

/// `VhdType`.
pub const VHD_TYPE: Words = &[(2, "fixed"), (3, "dynamic"), (4, "differencing")];

/// `VMReplicationMode`, as the module counts it.
pub const REPLICATION_MODE: Words = &[(0, "none"), (1, "primary"), (2, "replica"), (3, "test-replica"), (4, "extended-replica")];

/// `ReplicationAuthenticationType`, as the module counts it.
pub const REPLICATION_AUTHENTICATION: Words = &[(1, "kerberos"), (2, "certificate")];

/// `ResolutionType`, as the module counts it; the configuration files hold the same numbers.
pub const RESOLUTION_TYPE: Words = &[(2, "maximum"), (3, "single"), (4, "default")];

/// The integration services that PowerShell lists, by its English names. The numbers mean nothing.
pub const INTEGRATION_SERVICE: Words = &[
    (0, "guest-service-interface"),
    (1, "heartbeat"),
    (2, "key-value-pair-exchange"),
    (3, "shutdown"),
    (4, "time-synchronization"),
    (5, "vss"),
];

/// The GUIDs of the integration services. Names are in the host's language, GUIDs are not.
pub const SERVICE_GUIDS: [(&str, &str); 6] = [
    ("6c09bb55-d683-4da0-8931-c9bf705f6480", "guest-service-interface"),
    ("84eaae65-2f2e-45f5-9bb5-0e857dc8eb47", "heartbeat"),
    ("2a34b1c2-fd73-4043-8a5b-dd2159bc743f", "key-value-pair-exchange"),
    ("9f8233ac-be49-4c79-8ee3-e7e1985b2077", "shutdown"),
    ("2497f4de-e9fa-4204-80e4-4b75c46419c0", "time-synchronization"),
    ("5ced1297-4598-4915-a5fc-ad21bb4d02a4", "vss"),
];

/// The templates of secure boot.
pub const SECURE_BOOT_TEMPLATES: [(&str, &str); 4] = [
    ("1734c6e8-3154-4dda-ba5f-a874cc483422", "microsoft-windows"),
    ("272e7447-90a4-4563-a4b9-8e4ab00526ce", "microsoft-uefi-certificate-authority"),
    ("4292ae2b-ee2c-42b5-a969-dd8f8689f6f3", "open-source-shielded-vm"),
    ("00000000-0000-0000-0000-000000000000", "none"),
];

/// The word with this number.
pub fn by_number(words: Words, number: i64) -> Option<&'static str> {
    words.iter().find(|(known, _)| *known == number && number >= 0).map(|(_, word)| *word)
}

/// The word for a name in whatever case and with whatever between its parts: `ShutDown`, `shut-down`, `SHUTDOWN`.
pub fn by_name(words: Words, name: &str) -> Option<&'static str> {
    words.iter().map(|(_, word)| *word).find(|word| same(word, name))
}

/// Whether two names are the same but for case, blanks and dashes.
pub fn same(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}
