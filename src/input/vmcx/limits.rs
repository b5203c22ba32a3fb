//! Every limit of the reader with its reason.

/// Largest file that is read. Real definitions have 24 to 80 KiB; 64 MiB keeps a disk image under the wrong name out of memory.
pub const MAX_FILE: usize = 64 << 20;

/// Deepest nesting of keys. Real files have 7 levels; a bound lets consumers walk the tree by recursion.
pub const MAX_DEPTH: usize = 64;

/// Longest path of a key in bytes. Real ones stay under 200; a bound keeps the list of all paths linear in the file.
pub const MAX_PATH: usize = 1024;

/// How far behind twice the file's size the replay log may write. A log makes the file longer by the tables it adds, and the
/// area of the log itself may be missing in between.
pub(super) const LOG_GROWTH: usize = 1 << 20;
