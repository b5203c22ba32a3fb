//! Every limit on what is read, each with its reason. Beyond one of them a file is refused with a finding; the rest of the run goes on.

/// Bytes of one file. The largest honest definition seen is under 2 MB; a limit keeps offsets in 32 bits and memory bounded.
pub const FILE_BYTES: u64 = 64 << 20;

/// Attributes and namespace declarations of one start tag. libvirt's longest tag has under 20; the XML parser compares them pairwise,
/// so that 100,000 would take it a quarter of a minute.
pub const ATTRIBUTES_PER_TAG: usize = 512;

/// Nodes of one document. A million disks with their white space are two million.
pub const NODES: u32 = 8_000_000;
