//! A built-in policy as `build.rs` packs it: each rule a piece of its own with what a document must hold to match it, so that a run reads
//! and compiles the few rules that its definitions may match. `build.rs` uses this file to write what `builtin` reads.

use serde::{Deserialize, Serialize};

use super::yaml::Node;

/// A policy, or a file beside it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Packed<'a> {
    /// Namespace URI and local part of each name that an expression of the policy asks for.
    #[serde(borrow)]
    pub names: Vec<(&'a str, &'a str)>,
    /// Everything but its rules.
    pub frame: Node,
    /// Its rules, the features' uses first.
    #[serde(borrow)]
    pub rules: Vec<PackedRule<'a>>,
}

/// A rule, without what only documentation and tests look at.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// What `find` of each of its cases looks for.
    #[serde(borrow)]
    pub branches: Vec<PackedBranch<'a>>,
    /// Its YAML as a [`Node`], packed by itself.
    #[serde(borrow)]
    pub node: &'a [u8],
}

/// A part of a union at the top of an expression.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PackedBranch<'a> {
    /// The case's number in its rule.
    pub case: u16,
    /// The part's number in the expression.
    pub branch: u16,
    /// What a document has to hold: of each list one.
    #[serde(borrow)]
    pub clauses: Vec<Vec<PackedKey<'a>>>,
    /// Those of the policy's hosts, by their numbers, on which it finds nothing where nobody names a guest.
    pub idle: Vec<u8>,
}

/// Something that a document holds or not, as [`crate::xpath::Key`]; names by their number among [`Packed::names`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum PackedKey<'a> {
    /// An element of this name.
    Element(u32),
    /// An attribute of this name.
    Attribute(u32),
    /// An attribute of this name with exactly this value.
    Value(u32, &'a str),
}
