//! What is wrong with a container, and where: the errors and warnings of the reader.

use std::fmt;

use super::Kind;
use super::limits::{MAX_DEPTH, MAX_FILE, MAX_PATH};

/// Why a container was refused. Shown, it names the place and then the fault; both are there for programs, too.
///
/// Offsets are those of the container, which are those of the file unless the writer died between its log and the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which part of the container.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Damage {
    /// Offset of the damaged part in the container.
    pub fn offset(&self) -> usize {
        self.place.offset()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File => write!(f, "{}", self.fault),
            place => write!(f, "{place}: {}", self.fault),
        }
    }
}

impl std::error::Error for Damage {}

/// A part of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// One of the two copies of the file header.
    Header {
        /// Its offset.
        at: usize,
    },
    /// The header block of the replay log.
    Log {
        /// Its offset.
        at: usize,
    },
    /// A pending entry of the replay log.
    LogEntry {
        /// Its number, from 0.
        index: usize,
        /// Its offset.
        at: usize,
    },
    /// An object table.
    ObjectTable {
        /// Its offset.
        at: usize,
    },
    /// A slot of an object table.
    Slot {
        /// Offset of the table.
        table: usize,
        /// Number of the slot, from 0.
        index: usize,
        /// Offset of the slot.
        at: usize,
    },
    /// A key table.
    KeyTable {
        /// Its number, where its header could be read.
        number: Option<u16>,
        /// Its offset.
        at: usize,
    },
    /// An entry of a key table.
    Key {
        /// Its name, where it could be read.
        name: Option<String>,
        /// Number of its table.
        table: u16,
        /// Its offset inside the table, which is how other entries refer to it.
        offset: usize,
        /// Its offset in the container.
        at: usize,
    },
}

impl Place {
    /// Offset of the part in the container.
    pub fn offset(&self) -> usize {
        match self {
            Place::File => 0,
            Place::Header { at }
            | Place::Log { at }
            | Place::LogEntry { at, .. }
            | Place::ObjectTable { at }
            | Place::Slot { at, .. }
            | Place::KeyTable { at, .. }
            | Place::Key { at, .. } => *at,
        }
    }

    /// This place found faulty.
    pub(super) fn has(self, fault: Fault) -> Damage {
        Damage { place: self, fault }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => write!(f, "file"),
            Place::Header { at } => write!(f, "header copy at {at:#x}"),
            Place::Log { at } => write!(f, "replay log at {at:#x}"),
            Place::LogEntry { index, at } => write!(f, "replay log entry {index} at {at:#x}"),
            Place::ObjectTable { at } => write!(f, "object table at {at:#x}"),
            Place::Slot { table, index, at } => write!(f, "object table at {table:#x}, entry {index} at {at:#x}"),
            Place::KeyTable { number: Some(number), at } => write!(f, "key table {number} at {at:#x}"),
            Place::KeyTable { number: None, at } => write!(f, "key table at {at:#x}"),
            Place::Key { name: Some(name), table, offset, at } => {
                write!(f, "key `{}` at offset {offset:#x} of key table {table} (file offset {at:#x})", name.escape_debug())
            }
            Place::Key { name: None, table, offset, at } => {
                write!(f, "entry at offset {offset:#x} of key table {table} (file offset {at:#x})")
            }
        }
    }
}

/// What is wrong with a part of a container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file is larger than any definition; nothing of it was read.
    #[error("{size} bytes are more than the {MAX_FILE} that are read of a VMCX file")]
    TooLarge {
        /// Size of the file.
        size: usize,
    },
    /// Neither header copy carries the signature.
    #[error("not a Hyper-V VMCX file: header signature {found:#010x}, expected {:#010x}", super::header::SIGNATURE)]
    NotVmcx {
        /// What stands at the start of the file instead.
        found: u32,
    },
    /// Both header copies are damaged.
    #[error("no good copy of the header: the one at 0x0 {first}; the one at 0x1000 {second}")]
    NoHeader {
        /// What is wrong with the first.
        first: Box<HeaderFault>,
        /// What is wrong with the second.
        second: Box<HeaderFault>,
    },
    /// Both header copies claim to be the newer one.
    #[error("both header copies have sequence number {0}, so neither is the newer one")]
    SameSequence(u16),
    /// A container of another version.
    #[error("container format version {}.{} ({found:#06x}) is not supported, only 4.0 is", .found >> 8, .found & 0xff)]
    Version {
        /// The version.
        found: u32,
    },
    /// The part does not begin with its signature.
    #[error("signature {found:#x}, expected {expected:#x}")]
    Signature {
        /// What stands there.
        found: u32,
        /// What should.
        expected: u32,
    },
    /// The checksum does not match the bytes.
    #[error("wrong checksum: {stored:#010x} is stored, {computed:#010x} is that of its bytes")]
    Checksum {
        /// As stored in the file.
        stored: u32,
        /// As computed.
        computed: u32,
    },
    /// The part ends past the end of the file.
    #[error("truncated: its {size} bytes at {at:#x} end past the end of the file ({file} bytes)")]
    PastEnd {
        /// Where the part begins.
        at: u64,
        /// Its size.
        size: u64,
        /// Size of the file.
        file: usize,
    },
    /// More entries are announced than fit.
    #[error("{count} entries are announced where at most {room} fit")]
    Count {
        /// As announced.
        count: u32,
        /// What fits.
        room: usize,
    },
    /// An entry in use lies behind the last announced one.
    #[error("{count} entries are announced, yet entry {index} is in use")]
    Uncounted {
        /// As announced.
        count: u32,
        /// The further one.
        index: usize,
    },
    /// Two parts claim the same bytes, or a chain of tables comes back to itself.
    #[error("points at {at:#x}, inside or across the {owner} at {other:#x}")]
    Overlap {
        /// Where the part begins.
        at: u64,
        /// What has the bytes already.
        owner: &'static str,
        /// Where that begins.
        other: u64,
    },
    /// A type this reader has never heard of: it cannot say what is lost without it.
    #[error("unknown type {0}")]
    UnknownType(u8),
    /// A table too small for its own header.
    #[error("{0} bytes are too few for a table")]
    TableSize(u64),
    /// Key tables are numbered from 1; 0 stands for the root.
    #[error("table number 0 is that of the root, not of a table")]
    TableZero,
    /// Two key tables with one number and one sequence number.
    #[error("the key table at {other:#x} has the same number and the same sequence number")]
    TableTwice {
        /// Offset of the other one.
        other: usize,
    },
    /// An entry runs past the end of its table, or the table ends inside an entry.
    #[error("its {size} bytes run past the end of the table, where {left} bytes are left")]
    EntryOverruns {
        /// Size of the entry as it says itself.
        size: u32,
        /// What is left of the table.
        left: usize,
    },
    /// The rest of the table is too short for an entry.
    #[error("the last {0} bytes of the table are too few for an entry")]
    Remainder(usize),
    /// An entry smaller than what it must hold.
    #[error("its {size} bytes are too few for the {need} it must hold")]
    EntrySize {
        /// Size of the entry as it says itself.
        size: u32,
        /// What its header, name and value take.
        need: usize,
    },
    /// Free space with the name and the checksum of a key.
    #[error("is marked as free space, yet its checksum is that of a key")]
    FreeKey,
    /// A name without a NUL at its end, or with one before.
    #[error("the name does not end with its only NUL")]
    NameEnd,
    /// A name that is not UTF-8.
    #[error("the name is not UTF-8 text")]
    NameText,
    /// A value that is longer than its entry.
    #[error("value of {0} bytes does not fit in its entry")]
    ValueOverruns(u32),
    /// UTF-16 text with half a character at the end.
    #[error("text of {0} bytes is not UTF-16: the length is odd")]
    OddText(u32),
    /// A value in a file object that has not the size of its type.
    #[error("{kind} of {size} bytes in a file object, expected {expected}")]
    ValueSize {
        /// Type of the value.
        kind: Kind,
        /// Its size.
        size: u32,
        /// The size of that type.
        expected: u32,
    },
    /// A value points where no object table knows a file object, or past the end of one.
    #[error("value points at {size} bytes at {at:#x}, which no file object holds")]
    NoFileObject {
        /// Where the value should be.
        at: u64,
        /// Its size.
        size: u32,
    },
    /// Values share file objects to the point where they hold more than the file.
    #[error("the values in file objects are larger than the whole file")]
    FileObjectsShared,
    /// The parent is not the start of a key.
    #[error("its parent, offset {offset:#x} of key table {table}, is no key")]
    NoParent {
        /// Table of the parent.
        table: u16,
        /// Offset of the parent in it.
        offset: u32,
    },
    /// The parent is a value.
    #[error("its parent `{}` at offset {offset:#x} of key table {table} is a {kind}, which has no children", .name.escape_debug())]
    ParentIsValue {
        /// Name of the parent.
        name: String,
        /// Type of the parent.
        kind: Kind,
        /// Table of the parent.
        table: u16,
        /// Offset of the parent in it.
        offset: u32,
    },
    /// Following the parents never arrives at the root.
    #[error("is its own ancestor: its parent `{}` at offset {offset:#x} of key table {table} lies below it", .name.escape_debug())]
    Circle {
        /// Name of the parent.
        name: String,
        /// Table of the parent.
        table: u16,
        /// Offset of the parent in it.
        offset: u32,
    },
    /// Keys without a way to the root, of which no circle was found; reported rather than left out.
    #[error("some keys do not hang from the root")]
    Lost,
    /// Keys nested deeper than any real file nests them.
    #[error("keys are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// A path longer than in any real file.
    #[error("the path of the key is longer than {MAX_PATH} bytes")]
    PathTooLong,
    /// The data of a log entry lie outside of the log.
    #[error("its {size} bytes at {at:#x} do not lie in the data of the log, {start:#x} to {end:#x}")]
    LogSource {
        /// Where the data begin, counted from the start of the file.
        at: u64,
        /// Their size.
        size: u32,
        /// Where the data of the log begin.
        start: u64,
        /// Where they end.
        end: u64,
    },
    /// The data of a log entry would be written far behind the end of the file.
    #[error("writes {size} bytes at {at:#x}, far past the end of the file ({file} bytes)")]
    LogDestination {
        /// Where the data should go.
        at: u64,
        /// Their size.
        size: u32,
        /// Size of the file.
        file: usize,
    },
    /// The entries of a log hold more data than the file.
    #[error("the pending entries up to this one hold more data than the whole file")]
    LogTotal,
}

/// What is wrong with one copy of the file header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderFault {
    /// The file ends before it.
    Missing,
    /// It does not begin with the signature.
    Signature(u32),
    /// Its checksum does not match.
    Checksum,
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderFault::Missing => write!(f, "lies past the end of the file"),
            HeaderFault::Signature(found) => {
                write!(f, "has signature {found:#010x}, expected {:#010x}", super::header::SIGNATURE)
            }
            HeaderFault::Checksum => write!(f, "has a wrong checksum"),
        }
    }
}

/// What a whole and readable container is not quite right about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// One header copy is damaged, which may have been the newer one; the other was used.
    HeaderCopy {
        /// Offset of the damaged copy.
        at: usize,
        /// What is wrong with it.
        fault: HeaderFault,
        /// Offset of the copy used.
        used: usize,
        /// Sequence number of the copy used.
        sequence: u16,
    },
    /// The sequence numbers of the copies are so far apart that they may have wrapped around. The higher one was used.
    SequenceGap {
        /// The higher one.
        higher: u16,
        /// The lower one.
        lower: u16,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::HeaderCopy { at, fault, used, sequence } => {
                write!(f, "header copy at {at:#x} {fault}; the copy at {used:#x} (sequence {sequence}) is used")
            }
            Warning::SequenceGap { higher, lower } => {
                write!(
                    f,
                    "header copies have sequence numbers {higher} and {lower}, which may have wrapped around; {higher} is used"
                )
            }
        }
    }
}
