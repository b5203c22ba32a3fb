//! The normalised tree, as data: every element and attribute with its type, when it applies, and what it means. The mappings of the
//! formats name their targets in it, the draft of a machine is completed by it, and the schema and the page in `docs/` are written
//! from it.

use super::words;

/// One kind of element.
#[derive(Debug)]
pub struct Element {
    /// Its name.
    pub name: &'static str,
    /// One sentence or two on what it stands for.
    pub about: &'static str,
    /// Its attributes in the order in which they are written.
    pub attributes: &'static [Attribute],
    /// Its child elements in the order in which they are written.
    pub children: &'static [Child],
}

/// One attribute of an element.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// When an element has it.
    pub when: When,
    /// What it says.
    pub about: &'static str,
}

/// A place for child elements of one kind.
#[derive(Debug)]
pub struct Child {
    /// The kind.
    pub element: &'static Element,
    /// Any number of them, so that an empty place has to say whether there is none or whether that is unknown. Otherwise exactly
    /// one, always there.
    pub many: bool,
    /// When the parent can have them.
    pub when: When,
}

/// What the value of an attribute looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text, the empty one too.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number without a sign.
    Integer,
    /// A size in bytes.
    Bytes,
    /// A span of time in seconds.
    Seconds,
    /// A share in percent, with decimals where there are any.
    Percent,
    /// A GUID in small letters without braces.
    Guid,
    /// A MAC address, six pairs of capital hexadecimal digits with dashes between them.
    Mac,
    /// A version, `9.0`.
    Version,
    /// Whole numbers in ascending order with blanks between them.
    Integers,
    /// One of a few words.
    Words(&'static [(i64, &'static str)]),
}

/// When an attribute or a child applies. What applies and is not in the file is listed as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In every machine.
    Always,
    /// In machines of this generation.
    Generation(&'static str),
    /// Where another attribute of the element has this value.
    Has(&'static str, &'static str),
    /// Where another attribute of the element has any value but this one.
    HasNot(&'static str, &'static str),
    /// Where there is something to say; its absence says nothing and is never listed as unknown.
    Sometimes,
}

const fn attribute(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute { name, kind, when: When::Always, about }
}

const fn sometimes(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute { name, kind, when: When::Sometimes, about }
}

const fn when(when: When, attribute: Attribute) -> Attribute {
    Attribute { when, ..attribute }
}

const fn one(element: &'static Element) -> Child {
    Child { element, many: false, when: When::Always }
}

const fn many(element: &'static Element) -> Child {
    Child { element, many: true, when: When::Always }
}

use Kind::{Boolean, Bytes, Guid, Integer, Integers, Mac, Percent, Seconds, Text, Version, Words};

const GENERATION_1: When = When::Generation("1");
const GENERATION_2: When = When::Generation("2");
const DYNAMIC: When = When::Has("dynamic", "true");
const ACCESS: When = When::Has("mode", "access");
const TRUNK: When = When::Has("mode", "trunk");
const PRIVATE: When = When::Has("mode", "private");
const HARD_DISK: When = When::Has("type", "hard-disk");
const REPLICATED: When = When::HasNot("mode", "none");

/// The attribute of every element that lists what applies to it and is not known.
pub const UNKNOWN: &str = "unknown";
/// The attribute of every element that lists what is not in the file but follows from Hyper-V's defaults.
pub const ASSUMED: &str = "assumed";

/// A virtual machine, the root of all.
pub static VM: Element = Element {
    name: "vm",
    about: "A virtual machine.",
    attributes: &[
        attribute("name", Text, "The name that people gave it."),
        attribute("id", Guid, "Its GUID."),
        attribute("generation", Integer, "1 (BIOS) or 2 (UEFI). Configurations before 5.0 know only 1."),
        attribute(
            "configuration-version",
            Version,
            "Version of its configuration: 5.0 on Windows Server 2012 R2, 8.0 on 2016, 9.0 on 2019, 10.0 on 2022, 12.0 on 2025.",
        ),
        attribute("state", Words(words::STATE), "What it was doing when it was exported."),
        attribute("notes", Text, "The notes that people wrote."),
        attribute("highly-available", Boolean, "It is a role of a failover cluster."),
        attribute("lock-on-disconnect", Boolean, "Its session is locked when somebody closes the console."),
        attribute("full-scsi-command-set", Boolean, "SCSI commands of the guest reach the storage unfiltered."),
        attribute(
            "reduced-fibre-channel-redundancy",
            Boolean,
            "Live migration may go to a host with fewer paths to its Fibre Channel storage.",
        ),
    ],
    children: &[
        one(&PROCESSOR),
        one(&MEMORY),
        one(&NUMA),
        one(&MMIO),
        one(&FIRMWARE),
        one(&SECURITY),
        one(&AUTOMATIC_START),
        one(&AUTOMATIC_STOP),
        one(&CRITICAL_ERROR),
        one(&CHECKPOINT),
        one(&REPLICATION),
        one(&LOCATION),
        one(&VIDEO),
        one(&GUEST),
        many(&CONTROLLER),
        many(&NETWORK_ADAPTER),
        many(&FIBRE_CHANNEL_ADAPTER),
        many(&PCI_DEVICE),
        many(&GPU_PARTITION),
        many(&INTEGRATION_SERVICE),
        many(&COM_PORT),
    ],
};

static PROCESSOR: Element = Element {
    name: "processor",
    about: "Its virtual processors, all alike.",
    attributes: &[
        attribute("count", Integer, "How many there are."),
        attribute("limit", Percent, "The most that each may use of a processor of the host."),
        attribute("reserve", Percent, "What each has for sure of a processor of the host."),
        attribute("weight", Integer, "Its share when the host is busy, 1 to 10000; 100 by default."),
        attribute("nested-virtualization", Boolean, "The guest may run virtual machines of its own."),
        attribute(
            "compatibility-for-migration",
            Boolean,
            "Features are hidden so that it can move to hosts with other processors.",
        ),
        attribute("compatibility-for-older-systems", Boolean, "Features are hidden that confuse old guests."),
        attribute("threads-per-core", Integer, "Threads that the guest sees in a core; 0 is as many as the host has."),
        attribute("host-resource-protection", Boolean, "A guest that misbehaves is slowed down."),
        attribute("hidden-hypervisor", Boolean, "The guest is not told that it is one."),
    ],
    children: &[],
};

static MEMORY: Element = Element {
    name: "memory",
    about: "Its memory.",
    attributes: &[
        attribute("startup", Bytes, "What it gets when it starts; without dynamic memory what it has."),
        attribute("dynamic", Boolean, "Dynamic memory is on."),
        when(DYNAMIC, attribute("minimum", Bytes, "What it keeps when the host takes memory back.")),
        when(DYNAMIC, attribute("maximum", Bytes, "What it may grow to.")),
        when(DYNAMIC, attribute("buffer", Percent, "What the host tries to keep free for it beyond its demand.")),
        attribute("priority", Percent, "Its share when memory is short, 0 to 100; PowerShell's `Priority`."),
    ],
    children: &[],
};

static NUMA: Element = Element {
    name: "numa",
    about: "How its processors and memory are cut into virtual NUMA nodes.",
    attributes: &[
        attribute("enabled", Boolean, "The guest sees NUMA nodes."),
        attribute("processors-per-node", Integer, "The most processors of a node."),
        attribute("memory-per-node", Bytes, "The most memory of a node."),
        attribute("nodes-per-socket", Integer, "The most nodes of a socket."),
    ],
    children: &[],
};

static MMIO: Element = Element {
    name: "mmio",
    about: "The address space kept for memory-mapped devices.",
    attributes: &[
        attribute("low", Bytes, "Below 4 GiB; 128 MiB by default."),
        attribute("high", Bytes, "Above; 512 MiB by default where the host knows the setting."),
        attribute(
            "guest-controlled-cache-types",
            Boolean,
            "The guest decides how memory is cached, as some assigned devices need.",
        ),
    ],
    children: &[],
};

static FIRMWARE: Element = Element {
    name: "firmware",
    about: "Its BIOS (generation 1) or UEFI (generation 2).",
    attributes: &[
        when(GENERATION_2, attribute("secure-boot", Boolean, "Only boot code with a trusted signature runs.")),
        when(
            GENERATION_2,
            attribute(
                "secure-boot-template",
                Text,
                "Whose signatures are trusted: `microsoft-windows`, `microsoft-uefi-certificate-authority`, `open-source-shielded-vm`, `none`, or the GUID of another template.",
            ),
        ),
        when(GENERATION_2, attribute("console", Words(words::CONSOLE), "Where the firmware writes its text.")),
        when(GENERATION_2, attribute("network-boot-protocol", Words(words::IP_PROTOCOL), "What a network boot tries first.")),
        when(GENERATION_2, attribute("pause-after-boot-failure", Boolean, "It waits when nothing can be booted.")),
        when(GENERATION_1, attribute("num-lock", Boolean, "NumLock is on after the start.")),
    ],
    children: &[many(&BOOT)],
};

static BOOT: Element = Element {
    name: "boot-device",
    about: "A device to boot from, in the order in which they are tried. Generation 1 knows kinds of devices, generation 2 devices themselves.",
    attributes: &[
        attribute(
            "kind",
            Words(words::BOOT_DEVICE),
            "What it is: `floppy`, `cd`, `ide`, `legacy-network-adapter`, `network-adapter`, `vhd` in generation 1; `drive`, `network`, `file` in generation 2.",
        ),
        sometimes("description", Text, "The firmware's words for it."),
        sometimes("firmware-path", Text, "The firmware's path to it."),
        sometimes("path", Text, "The file behind the drive."),
        sometimes("controller-type", Words(words::CONTROLLER_TYPE), "The drive's controller."),
        sometimes("controller-number", Integer, "Its number."),
        sometimes("location", Integer, "The drive's place on it."),
    ],
    children: &[],
};

static SECURITY: Element = Element {
    name: "security",
    about: "What protects it.",
    attributes: &[
        attribute("tpm", Boolean, "It has a virtual TPM."),
        attribute("key-storage-drive", Boolean, "It has a drive that keeps keys, as generation 1 uses in place of a TPM."),
        attribute("shielded", Boolean, "It is shielded against administrators of the host."),
        attribute("encrypted-state-and-migration", Boolean, "Its saved state and its migration traffic are encrypted."),
        attribute("virtualization-based-security-opt-out", Boolean, "Virtualization-based security is kept from it."),
    ],
    children: &[],
};

static AUTOMATIC_START: Element = Element {
    name: "automatic-start",
    about: "What happens to it when the host starts.",
    attributes: &[
        attribute("action", Words(words::START_ACTION), "What the host does."),
        attribute("delay", Seconds, "How long the host waits before."),
    ],
    children: &[],
};

static AUTOMATIC_STOP: Element = Element {
    name: "automatic-stop",
    about: "What happens to it when the host stops.",
    attributes: &[attribute("action", Words(words::STOP_ACTION), "What the host does.")],
    children: &[],
};

static CRITICAL_ERROR: Element = Element {
    name: "critical-error",
    about: "What happens to it when its storage is gone.",
    attributes: &[
        attribute("action", Words(words::CRITICAL_ERROR_ACTION), "What the host does."),
        attribute("timeout", Seconds, "How long it stays paused before it is turned off."),
    ],
    children: &[],
};

static CHECKPOINT: Element = Element {
    name: "checkpoint",
    about: "Its checkpoints and how new ones are made.",
    attributes: &[
        attribute("type", Words(words::CHECKPOINT_TYPE), "The kind of new ones."),
        attribute("automatic", Boolean, "One is made whenever it starts."),
        attribute("present", Boolean, "It has at least one."),
        sometimes("count", Integer, "How many there are, where the file says it."),
    ],
    children: &[],
};

static REPLICATION: Element = Element {
    name: "replication",
    about: "Its replication to another host.",
    attributes: &[
        attribute("mode", Words(words::REPLICATION_MODE), "Its part in it."),
        when(
            REPLICATED,
            attribute("authentication", Words(words::REPLICATION_AUTHENTICATION), "How the hosts prove who they are."),
        ),
        when(REPLICATED, attribute("compression", Boolean, "What is sent is compressed.")),
        when(REPLICATED, attribute("automatic-resynchronization", Boolean, "The host resynchronizes by itself when it has to.")),
        when(REPLICATED, attribute("resynchronization-start", Seconds, "From when on a day it may, in seconds since midnight.")),
        when(REPLICATED, attribute("resynchronization-end", Seconds, "Until when, likewise.")),
        when(
            REPLICATED,
            attribute("vss-frequency", Integer, "Hours between two application-consistent recovery points; 0 is none."),
        ),
        when(REPLICATED, attribute("excluded-disks", Integer, "How many of its disks are left out.")),
    ],
    children: &[],
};

static LOCATION: Element = Element {
    name: "location",
    about: "Where the host keeps its files.",
    attributes: &[
        attribute("configuration", Text, "The configuration."),
        attribute("checkpoints", Text, "Its checkpoints."),
        attribute("smart-paging", Text, "Its smart paging file."),
    ],
    children: &[],
};

static VIDEO: Element = Element {
    name: "video",
    about: "Its screen.",
    attributes: &[
        attribute("resolution-type", Words(words::RESOLUTION_TYPE), "Which resolutions the guest may choose."),
        attribute("horizontal", Integer, "The widest, in pixels."),
        attribute("vertical", Integer, "The highest, in pixels."),
    ],
    children: &[],
};

static GUEST: Element = Element {
    name: "guest",
    about: "What the guest said of itself by key-value pair exchange while it ran.",
    attributes: &[
        attribute("name", Text, "Its operating system: `Red Hat Enterprise Linux Server`, `Windows Server 2019 Standard`."),
        attribute("version", Text, "Its version."),
        sometimes("architecture", Text, "Its architecture, in its own words."),
    ],
    children: &[],
};

static CONTROLLER: Element = Element {
    name: "controller",
    about: "A controller of drives.",
    attributes: &[
        attribute("type", Words(words::CONTROLLER_TYPE), "Its kind."),
        attribute("number", Integer, "Its number among those of its kind, from 0."),
    ],
    children: &[many(&DRIVE)],
};

static DRIVE: Element = Element {
    name: "drive",
    about: "A drive. IDE places without a drive are none.",
    attributes: &[
        attribute("type", Words(words::DRIVE_TYPE), "Its kind."),
        attribute("location", Integer, "Its place on the controller, from 0."),
        attribute(
            "media",
            Words(words::MEDIA),
            "What is in it: `vhd` for every virtual hard disk, `.vhdx` and `.avhdx` too; `pass-through` for a disk or drive of the host.",
        ),
        attribute("path", Text, "The file in it; empty where there is none."),
        sometimes("disk-number", Integer, "The number of the host's disk that is passed through."),
        when(
            HARD_DISK,
            attribute("minimum-iops", Integer, "Input/output operations a second that it should have; 0 is no limit."),
        ),
        when(HARD_DISK, attribute("maximum-iops", Integer, "Input/output operations a second that it may have; 0 is no limit.")),
        when(HARD_DISK, attribute("persistent-reservations", Boolean, "It may be shared by several machines.")),
    ],
    children: &[Child { element: &VIRTUAL_DISK, many: true, when: When::Has("media", "vhd") }],
};

static VIRTUAL_DISK: Element = Element {
    name: "virtual-disk",
    about: "What is known of the virtual hard disk itself (`Get-VHD`); at most one.",
    attributes: &[
        attribute("format", Words(words::VHD_FORMAT), "The format of its file."),
        attribute("kind", Words(words::VHD_TYPE), "How it grows."),
        attribute("size", Bytes, "What the guest sees."),
        attribute("block-size", Bytes, "What it grows by; 0 for a fixed one."),
        sometimes("parent", Text, "The file that it holds the differences to."),
    ],
    children: &[],
};

static NETWORK_ADAPTER: Element = Element {
    name: "network-adapter",
    about: "A network adapter.",
    attributes: &[
        attribute("name", Text, "Its name."),
        attribute("legacy", Boolean, "It is the emulated adapter of generation 1."),
        attribute("connected", Boolean, "It is connected to a switch."),
        attribute("switch", Text, "The switch's name; empty where there is none."),
        attribute("mac-address", Mac, "Its address; zeros where none was given yet."),
        attribute("static-mac-address", Boolean, "The address was chosen by a person."),
        attribute("mac-address-spoofing", Boolean, "It may send from other addresses."),
        attribute("dhcp-guard", Boolean, "It may not answer as a DHCP server."),
        attribute("router-guard", Boolean, "It may not act as a router."),
        attribute("port-mirroring", Words(words::PORT_MIRRORING), "It copies its traffic, or gets that of others."),
        attribute("teaming", Boolean, "The guest may team it with others."),
        attribute("ieee-priority-tag", Boolean, "Priority tags of its packets are kept."),
        attribute("cluster-monitored", Boolean, "A cluster moves the machine when its network is lost."),
        attribute("device-naming", Boolean, "The guest is told its name."),
    ],
    children: &[one(&VLAN), one(&IOV), one(&VMQ), one(&OFFLOAD), many(&FAILOVER_ADDRESS)],
};

static VLAN: Element = Element {
    name: "vlan",
    about: "The VLANs of an adapter.",
    attributes: &[
        attribute("tagged", Boolean, "A VLAN is set at all; some formats say no more than that."),
        attribute("mode", Words(words::VLAN_MODE), "How it is set."),
        when(ACCESS, attribute("access-id", Integer, "The one VLAN.")),
        when(TRUNK, attribute("native-id", Integer, "The VLAN of untagged packets.")),
        when(TRUNK, attribute("allowed-ids", Integers, "The VLANs of tagged packets.")),
        when(PRIVATE, attribute("private-mode", Words(words::PRIVATE_VLAN_MODE), "Whom it may talk to.")),
        when(PRIVATE, attribute("primary-id", Integer, "The primary VLAN.")),
        when(PRIVATE, attribute("secondary-ids", Integers, "The secondary VLANs.")),
    ],
    children: &[],
};

static IOV: Element = Element {
    name: "iov",
    about: "Single-root I/O virtualization (SR-IOV) of an adapter.",
    attributes: &[
        attribute("weight", Integer, "Its share, 1 to 100; 0 is off."),
        attribute("queue-pairs", Integer, "Queue pairs that it asks for."),
        attribute("interrupt-moderation", Words(words::IOV_INTERRUPT_MODERATION), "How interrupts are gathered."),
    ],
    children: &[],
};

static VMQ: Element = Element {
    name: "vmq",
    about: "Virtual machine queues of an adapter.",
    attributes: &[
        attribute("weight", Integer, "Its share, 1 to 100; 0 is off."),
        attribute("vrss", Boolean, "Received packets are spread over processors."),
        attribute("vmmq", Boolean, "It has several queues."),
    ],
    children: &[],
};

static OFFLOAD: Element = Element {
    name: "offload",
    about: "What the hardware does for an adapter.",
    attributes: &[attribute("ipsec", Integer, "The most IPsec security associations; 0 is off.")],
    children: &[],
};

static FAILOVER_ADDRESS: Element = Element {
    name: "failover-address",
    about: "An address that the host writes into the guest after a failover.",
    attributes: &[
        attribute("family", Words(words::IP_PROTOCOL), "The protocol."),
        attribute("address", Text, "The address."),
        attribute("test", Boolean, "It is for test failovers only."),
    ],
    children: &[],
};

static FIBRE_CHANNEL_ADAPTER: Element = Element {
    name: "fibre-channel-adapter",
    about: "A virtual Fibre Channel adapter.",
    attributes: &[
        attribute("san", Text, "The virtual SAN that it is on."),
        attribute("node-name-a", Text, "Its first world wide node name."),
        attribute("port-name-a", Text, "Its first world wide port name."),
        attribute("node-name-b", Text, "Its second world wide node name, for live migration."),
        attribute("port-name-b", Text, "Its second world wide port name."),
    ],
    children: &[],
};

static PCI_DEVICE: Element = Element {
    name: "pci-device",
    about: "A device of the host that is assigned to it (Discrete Device Assignment).",
    attributes: &[
        attribute("instance-id", Text, "Its name for Windows: `PCIP\\VEN_10DE&DEV_1C82…`."),
        attribute("location-path", Text, "Its place: `PCIROOT(0)#PCI(0300)#PCI(0000)`."),
        sometimes("virtual-function", Integer, "The virtual function, where it is one."),
    ],
    children: &[],
};

static GPU_PARTITION: Element = Element {
    name: "gpu-partition",
    about: "A share of a graphics adapter of the host.",
    attributes: &[sometimes("path", Text, "The adapter.")],
    children: &[],
};

static INTEGRATION_SERVICE: Element = Element {
    name: "integration-service",
    about: "A service that host and guest do together.",
    attributes: &[
        attribute("name", Words(words::INTEGRATION_SERVICE), "Which one, whatever the host calls it in its own language."),
        attribute("enabled", Boolean, "The host offers it."),
    ],
    children: &[],
};

static COM_PORT: Element = Element {
    name: "com-port",
    about: "A serial port.",
    attributes: &[
        attribute("number", Integer, "1 or 2."),
        attribute("path", Text, "The named pipe behind it; empty where there is none."),
        attribute("debugger", Boolean, "A kernel debugger uses it."),
    ],
    children: &[],
};

/// Every kind of element, parents before their children.
pub fn elements() -> Vec<&'static Element> {
    let mut all = vec![&VM];
    let mut next = 0;
    while let Some(element) = all.get(next).copied() {
        all.extend(element.children.iter().map(|child| child.element));
        next += 1;
    }
    all
}

impl Element {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The place for children of this name.
    pub fn child(&self, name: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.element.name == name)
    }
}
