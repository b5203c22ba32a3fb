//! Reports: findings as text for people and programs. A report takes what the check gives and never looks back at policies.

use crate::finding::{Checked, Summary};

/// One way to show findings. The pieces of files are made on any thread and written in order.
pub trait Report: Sync {
    /// What comes before the first piece.
    fn head(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What one file adds; empty for a file that has nothing to show.
    fn file(&self, file: &Checked) -> Vec<u8>;

    /// What stands between two pieces that are not empty.
    fn separator(&self) -> &'static [u8] {
        b""
    }

    /// What comes after the last piece.
    fn tail(&self, summary: &Summary) -> Vec<u8>;
}
