//! Every limit on what is read, each with its reason. Beyond one of them a file is refused with a finding; the rest of the run goes on.

/// Bytes of one file. The largest honest definition seen is under 2 MB; a limit keeps offsets in 32 bits and memory bounded.
pub const FILE_BYTES: u64 = 64 << 20;

/// Attributes and namespace declarations of one start tag. libvirt's longest tag has under 20; the XML parser compares them pairwise,
/// so that 100,000 would take it a quarter of a minute.
pub const ATTRIBUTES_PER_TAG: usize = 512;

/// Globs over rules in the suppressions of one document. A person writes a few; each takes time and memory to compile.
pub const GLOBS_PER_FILE: usize = 256;

/// Unknown ids in the suppressions of one document for which the nearest known one is looked for, each in a third of a millisecond.
pub const NEAREST_PER_FILE: usize = 64;

/// Nodes of one document. A million disks with their white space are two million.
pub const NODES: u32 = 8_000_000;

/// Nesting of keys in an export. PowerShell writes at most 100 levels, each a property or an item of one; a bound lets readers of
/// keys walk them by recursion.
pub const KEY_DEPTH: usize = 256;

/// Bytes of a key's path that is shown. Real ones stay under 200; a bound keeps a list of all values in proportion to the file.
pub const KEY_PATH: usize = 1024;

/// How many keys a text of this many bytes may hold. Real exports take 40 bytes and more for a value; at 150 bytes of memory for
/// a key this keeps memory under 16 times the file and 64 MiB.
pub fn keys(text: usize) -> usize {
    400_000 + text / 12
}

/// How many bytes the lines made from a binary file of this many bytes may take. Real files need a third of their own size; a
/// path is repeated for each value below it, so that a file could ask for a thousand times its size.
pub fn lines(file: usize) -> usize {
    (16 << 20) + 4 * file
}

/// How many bytes of type names the references of a CLIXML text of this many bytes may stand for. In real files they take about
/// as much as the references themselves.
pub fn type_names(text: usize) -> usize {
    (1 << 20) + 4 * text
}
