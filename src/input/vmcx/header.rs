//! The file header: 46 bytes, kept in two copies of which the writer renews one at a time (format notes 1.1).

use super::bytes::{index, u16_at, u32_at, u64_at, verify};
use super::damage::{Damage, Fault, HeaderFault, Place, Warning};

/// First four bytes of a header, and so of a file.
pub(super) const SIGNATURE: u32 = 0x0128_2014;
/// Where the two copies lie.
pub(super) const COPIES: [usize; 2] = [0, 0x1000];
/// Size of a copy.
pub(super) const SIZE: usize = 46;
/// The only version of the container ever seen; five older ones are known by number.
const VERSION: u32 = 0x0400;

/// The header in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Offset of the copy.
    pub at: usize,
    /// Sequence number; the copy with the higher one is the newer.
    pub sequence: u16,
    /// Version of the container, 0x0400.
    pub format_version: u32,
    /// Version of the data in it, 0 in all known files.
    pub data_version: u32,
    /// Flags, 0 in all known files.
    pub flags: u32,
    /// Alignment of tables and objects, 4096 in all real files. Nothing is read by it.
    pub alignment: u32,
    /// Offset of the replay log.
    pub log_offset: u64,
    /// Size of the replay log's area; the file may end before it does.
    pub log_size: u64,
    /// Size of the replay log's header block.
    pub log_block: u32,
}

impl Header {
    /// Reads and checks the copy at `at`.
    fn parse(file: &[u8], at: usize) -> Result<Header, HeaderFault> {
        let found = u32_at(file, at).ok_or(HeaderFault::Missing)?;
        if found != SIGNATURE {
            return Err(HeaderFault::Signature(found));
        }
        let bytes = file.get(at..).and_then(|rest| rest.get(..SIZE)).ok_or(HeaderFault::Missing)?;
        verify(bytes, 4).map_err(|_| HeaderFault::Checksum)?;
        let fields = || {
            Some(Header {
                at,
                sequence: u16_at(bytes, 8)?,
                format_version: u32_at(bytes, 10)?,
                data_version: u32_at(bytes, 14)?,
                flags: u32_at(bytes, 18)?,
                alignment: u32_at(bytes, 22)?,
                log_offset: u64_at(bytes, 26)?,
                log_size: u64_at(bytes, 34)?,
                log_block: u32_at(bytes, 42)?,
            })
        };
        fields().ok_or(HeaderFault::Missing)
    }

    /// Where the replay log begins.
    pub(super) fn log_at(&self) -> usize {
        index(self.log_offset)
    }
}

/// Whether `bytes` begin like a VMCX or VMRS file: the signature stands where either header copy has it.
pub fn is_vmcx(bytes: &[u8]) -> bool {
    COPIES.iter().any(|at| u32_at(bytes, *at) == Some(SIGNATURE))
}

/// Picks the header to use: the good copy, or the newer of two good ones.
pub(super) fn choose(file: &[u8]) -> Result<(Header, Vec<Warning>), Damage> {
    let [first_at, second_at] = COPIES;
    let damaged = |at, fault, used: &Header| Warning::HeaderCopy { at, fault, used: used.at, sequence: used.sequence };
    let (header, warnings) = match (Header::parse(file, first_at), Header::parse(file, second_at)) {
        (Ok(first), Ok(second)) if first.sequence == second.sequence => {
            return Err(Place::Header { at: second_at }.has(Fault::SameSequence(first.sequence)));
        }
        (Ok(first), Ok(second)) => {
            let (newer, older) = if first.sequence > second.sequence { (first, second) } else { (second, first) };
            // The notes leave open what follows 65535, so the higher number wins and the doubt is told.
            let doubtful = newer.sequence.abs_diff(older.sequence) > u16::MAX / 2;
            let doubt = Warning::SequenceGap { higher: newer.sequence, lower: older.sequence };
            (newer, if doubtful { vec![doubt] } else { Vec::new() })
        }
        (Ok(first), Err(fault)) => {
            let warning = damaged(second_at, fault, &first);
            (first, vec![warning])
        }
        (Err(fault), Ok(second)) => {
            let warning = damaged(first_at, fault, &second);
            (second, vec![warning])
        }
        (Err(first), Err(second)) => {
            let fault = if is_vmcx(file) {
                Fault::NoHeader { first: Box::new(first), second: Box::new(second) }
            } else {
                Fault::NotVmcx { found: u32_at(file, 0).unwrap_or_default() }
            };
            return Err(Place::File.has(fault));
        }
    };
    if header.format_version != VERSION {
        return Err(Place::Header { at: header.at }.has(Fault::Version { found: header.format_version }));
    }
    Ok((header, warnings))
}
