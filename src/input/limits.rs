//! Every limit on what is read, each with its reason. Beyond one of them a file is refused with a finding; the rest of the run goes on.
//! What a user may have honest reasons to change is in [`Limits`]; the rest is fixed.

use super::xml::Malformed;
use crate::source::Span;

/// Bytes of one file where nobody says anything else. The largest honest definition seen is under 2 MB.
pub const FILE_BYTES: u64 = 64 << 20;

/// The limits that a configuration or an option can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_size: u64,
    /// Elements in one another.
    pub depth: usize,
    /// Nodes of one document: elements, texts, comments and instructions.
    pub nodes: u32,
    /// Attributes and namespace declarations of one start tag.
    pub attributes: usize,
    /// Findings of one file that are reported.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_size: FILE_BYTES,
            // What libxml2 takes at the most; libvirt lets it read 256. A path to an element is as long as the element lies deep.
            depth: 2048,
            // A million disks with their white space are two million.
            nodes: 8_000_000,
            // libvirt's longest tag has under 20; the XML parser compares them pairwise, so that 100,000 take it a quarter of a minute.
            attributes: 512,
            // Nobody reads more, and each takes a kilobyte.
            findings: 10_000,
        }
    }
}

impl Limits {
    /// Nesting of keys in an export.
    pub fn key_depth(&self) -> usize {
        self.depth.min(KEY_DEPTH)
    }

    /// How many keys a text of this many bytes may hold. Real exports take 40 bytes and more for a value; at 150 bytes of memory for
    /// a key this keeps memory under 16 times the file and 64 MiB.
    pub fn keys(&self, text: usize) -> usize {
        (400_000 + text / 12).min(self.nodes as usize)
    }
}

/// The refusal of a file that is larger than it may be.
pub fn too_large(limits: &Limits) -> Malformed {
    let help = "Name the definition itself, not a disk image or a log. `limits.file-size` in vmlint.yaml allows more.";
    Malformed::new(Span::at(0), format!("the file is larger than {}", size(limits.file_size))).help(help)
}

/// A number of bytes as people write it, in the largest unit that needs no fraction.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Globs over rules in the suppressions of one document. A person writes a few; each takes time and memory to compile.
pub const GLOBS_PER_FILE: usize = 256;

/// Unknown ids in the suppressions of one document for which the nearest known one is looked for, each in a third of a millisecond.
pub const NEAREST_PER_FILE: usize = 64;

/// Nesting of keys in an export. PowerShell writes at most 100 levels, each a property or an item of one; a bound lets readers of
/// keys walk them by recursion.
pub const KEY_DEPTH: usize = 256;

/// Bytes of a key's path that is shown. Real ones stay under 200; a bound keeps a list of all values in proportion to the file.
pub const KEY_PATH: usize = 1024;

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
