//! A built-in policy as `build.rs` packs it: each rule a piece of its own with what a document must hold to match it, so that a run reads
//! and compiles the few rules that its definitions may match. `build.rs` uses this file to write what `builtin` reads.

use serde::{Deserialize, Serialize};

use crate::source::Line;
use crate::xpath::Key;

/// A policy, or a file beside it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Packed<'a> {
    /// Namespace URI and local part of each name that an expression of the policy asks for, in the order of their numbers, from 1.
    #[serde(borrow)]
    pub names: Vec<(&'a str, &'a str)>,
    /// Everything but its rules, as a [`Node`](super::yaml::Node), packed by itself.
    pub frame: &'a [u8],
    /// Its rules, the features' uses first.
    #[serde(borrow)]
    pub rules: Vec<PackedRule<'a>>,
}

/// A rule, without what only documentation and tests look at.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct PackedRule<'a> {
    /// Its id within the policy.
    pub id: &'a str,
    /// Whether it is a feature's use.
    pub is_use: bool,
    /// Whether it silences all others.
    pub exclusive: bool,
    /// Whether any of its cases applies only to some guests.
    pub asks_for_guest: bool,
    /// Whether any expression of it looks at a table.
    pub asks_for_tables: bool,
    /// What `find` of each of its cases looks for: [`PackedBranch`]es one behind the other.
    pub branches: &'a [u8],
    /// What `find` of each of its cases is compiled to, as [`crate::xpath::Expression::packed`] gives it, one behind the other.
    pub finds: &'a [u8],
    /// The line that it begins on.
    pub line: Line,
    /// Its YAML as a [`Node`](super::yaml::Node), packed by itself.
    pub node: &'a [u8],
}

impl<'a> PackedRule<'a> {
    /// What `find` of each of its cases looks for.
    pub fn branches(&self) -> impl Iterator<Item = PackedBranch<'a>> + use<'a> {
        unpacked(self.branches)
    }

    /// What `find` of the case with this number is compiled to.
    pub fn find(&self, case: usize) -> Option<&'a [u8]> {
        unpacked(self.finds).nth(case)
    }
}

/// A part of a union at the top of an expression.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct PackedBranch<'a> {
    /// The case's number in its rule.
    pub case: u16,
    /// The part's number in the expression.
    pub branch: u16,
    /// Those of the policy's hosts, by their numbers, on which it finds nothing where nobody names a guest.
    pub idle: &'a [u8],
    /// What a document has to hold, of each clause one: [`Key`]s one behind the other, each with whether it ends a clause.
    pub keys: &'a [u8],
}

impl<'a> PackedBranch<'a> {
    /// What a document has to hold, of each clause one: keys, each with whether it ends a clause.
    pub fn keys(&self) -> impl Iterator<Item = (Key<'a>, bool)> + use<'a> {
        unpacked(self.keys)
    }
}

/// What was packed one behind the other.
fn unpacked<'a, T: Deserialize<'a>>(mut bytes: &'a [u8]) -> impl Iterator<Item = T> + use<'a, T> {
    std::iter::from_fn(move || {
        let (next, rest) = postcard::take_from_bytes(bytes).ok()?;
        bytes = rest;
        Some(next)
    })
}
