//! What a document has to hold so that an expression can find anything in it: the keys by which rules are indexed.
//!
//! Everything here errs on one side: a clause that is missing costs time, a clause too many would lose findings. `not(...)` and
//! whatever is true of an empty set therefore ask for nothing.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::ast::{Axis, Comparison};
use super::eval::Evaluator;
use super::functions::Function;
use super::plan::{Call, Expr, Path, Predicate, Start, Step, Test};
use super::text::to_number;
use super::{Context, Type};
use crate::tree::NameId;

/// Something that a document holds or does not hold, anywhere in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key<'e> {
    /// An element of this name.
    Element(NameId),
    /// An attribute of this name.
    Attribute(NameId),
    /// An attribute of this name with exactly this value.
    Value(NameId, &'e str),
}

/// Keys of which at least one has to be there. Never empty.
pub type Clause<'e> = Vec<Key<'e>>;

/// The keys of all clauses one behind the other, each with whether it ends a clause.
pub fn in_a_row<'c, 'e>(clauses: &'c [Clause<'e>]) -> impl Iterator<Item = (Key<'e>, bool)> + use<'c, 'e> {
    clauses.iter().flat_map(|clause| clause.iter().zip(1..).map(|(key, number)| (*key, number == clause.len())))
}

/// Puts the clause that says most first in each branch: what few branches ask for tells most documents apart.
pub fn rarest_first<'b, 'e: 'b>(branches: impl Iterator<Item = &'b mut Vec<Clause<'e>>>) {
    let mut branches: Vec<&mut Vec<Clause<'e>>> = branches.collect();
    let mut asked: FxHashMap<Key<'_>, u32> = FxHashMap::default();
    for key in branches.iter().flat_map(|clauses| clauses.iter()).flatten() {
        *asked.entry(*key).or_default() += 1;
    }
    let weight = |clause: &Clause<'_>| {
        let weight = |key: &Key<'_>| 2 * asked.get(key).copied().unwrap_or(0) + u32::from(!matches!(key, Key::Value(..)));
        clause.iter().map(weight).sum::<u32>()
    };
    for clauses in &mut branches {
        if let Some(best) = (0..clauses.len()).min_by_key(|&n| weight(&clauses[n])) {
            clauses.swap(0, best);
        }
    }
}

/// The tables, where they are known already.
type Tables<'a> = Option<&'a Context<'a>>;

/// The clauses that all have to be satisfied so that the expression can be true, or find a node.
pub(super) fn keys<'e>(tables: Tables<'_>, expression: &'e Expr) -> Vec<Clause<'e>> {
    let mut clauses: Vec<Clause<'e>> = Vec::new();
    for clause in truth(tables, expression) {
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    clauses
}

/// What has to be there so that `boolean(expression)` can be true.
fn truth<'e>(tables: Tables<'_>, expression: &'e Expr) -> Vec<Clause<'e>> {
    match expression {
        Expr::Path(path) => path_nodes(tables, path, None),
        Expr::Union(parts) | Expr::Or(parts) => any(parts.iter().map(|part| truth(tables, part))),
        Expr::And(parts) => parts.iter().flat_map(|part| truth(tables, part)).collect(),
        Expr::Compare(comparison, left, right) => compare(tables, *comparison, left, right),
        Expr::Match(subject, pattern) if pattern.needs_text() => text(tables, subject),
        Expr::Member(value, table, strings) if value.kind() == Type::Nodes => member(tables, value, table, strings),
        Expr::Call(call) => call_truth(tables, call),
        Expr::Number(_) | Expr::Arithmetic(..) | Expr::Negate(_) => number(tables, expression),
        Expr::String(_) | Expr::Variable(_) | Expr::Match(..) | Expr::Member(..) => Vec::new(),
    }
}

/// A value among the strings of a table: one of these strings, where the tables are there.
fn member<'e>(
    tables: Tables<'_>,
    value: &'e Expr,
    table: &'e Path,
    strings: &'e OnceLock<FxHashSet<Box<str>>>,
) -> Vec<Clause<'e>> {
    let strings = tables.and_then(|context| Evaluator::new(context).table_strings(table, strings).ok());
    match (value, strings) {
        (Expr::Path(path), Some(strings)) if !strings.is_empty() => {
            let mut strings: Vec<&str> = strings.iter().map(|string| &**string).collect();
            strings.sort_unstable();
            path_nodes(tables, path, Some(strings))
        }
        _ => truth(tables, value),
    }
}

fn call_truth<'e>(tables: Tables<'_>, call: &'e Call) -> Vec<Clause<'e>> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Boolean | Function::Count, [argument]) => truth(tables, argument),
        (Function::StartsWith | Function::EndsWith | Function::Contains, [subject, Expr::String(part)]) if !part.is_empty() => {
            text(tables, subject)
        }
        // No version is in no range.
        (Function::VersionIn, [subject, _]) => text(tables, subject),
        (Function::StringLength, [argument]) => text(tables, argument),
        (function, _) if function.result() == Type::String => call_text(tables, call),
        (function, _) if function.result() == Type::Number => call_number(tables, call),
        _ => Vec::new(),
    }
}

/// What has to be there so that `string(expression)` can be other than empty.
fn text<'e>(tables: Tables<'_>, expression: &'e Expr) -> Vec<Clause<'e>> {
    match expression {
        Expr::Path(_) | Expr::Union(_) => truth(tables, expression),
        Expr::Call(call) if call.function.result() == Type::String => call_text(tables, call),
        _ => Vec::new(),
    }
}

fn call_text<'e>(tables: Tables<'_>, call: &'e Call) -> Vec<Clause<'e>> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Concat | Function::FirstOf, parts) => any(parts.iter().map(|part| text(tables, part))),
        (Function::Name | Function::LocalName | Function::NamespaceUri, [nodes]) => truth(tables, nodes),
        (
            Function::String
            | Function::NormalizeSpace
            | Function::LowerCase
            | Function::Translate
            | Function::Substring
            | Function::SubstringBefore
            | Function::SubstringAfter,
            [subject, ..],
        ) => text(tables, subject),
        _ => Vec::new(),
    }
}

/// What has to be there so that `number(tables, expression)` can be other than NaN.
fn number<'e>(tables: Tables<'_>, expression: &'e Expr) -> Vec<Clause<'e>> {
    match expression {
        Expr::Arithmetic(_, left, right) => number(tables, left).into_iter().chain(number(tables, right)).collect(),
        Expr::Negate(inner) => number(tables, inner),
        Expr::Call(call) if call.function.result() == Type::Number => call_number(tables, call),
        _ if matches!(expression.kind(), Type::Nodes | Type::String) => text(tables, expression),
        _ => Vec::new(),
    }
}

fn call_number<'e>(tables: Tables<'_>, call: &'e Call) -> Vec<Clause<'e>> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Number | Function::Floor | Function::Ceiling | Function::Round | Function::Bytes, [argument]) => {
            number(tables, argument)
        }
        _ => Vec::new(),
    }
}

fn compare<'e>(tables: Tables<'_>, comparison: Comparison, left: &'e Expr, right: &'e Expr) -> Vec<Clause<'e>> {
    if left.kind() == Type::Boolean || right.kind() == Type::Boolean {
        return Vec::new();
    }
    let mut clauses = side(tables, comparison, left, right);
    clauses.extend(side(tables, comparison.flipped(), right, left));
    clauses
}

/// What one side of a comparison has to have.
fn side<'e>(tables: Tables<'_>, comparison: Comparison, side: &'e Expr, other: &'e Expr) -> Vec<Clause<'e>> {
    match (side.kind(), other) {
        (Type::Nodes, Expr::String(value)) if comparison == Comparison::Equal => match side {
            Expr::Path(path) => path_nodes(tables, path, Some(vec![&**value])),
            _ => truth(tables, side),
        },
        // An empty set compares with nothing but a boolean.
        (Type::Nodes, _) => truth(tables, side),
        (Type::Number, _) if zero_fails(comparison, side, other) => counted(tables, side),
        // NaN is unequal to everything.
        (Type::Number, _) if comparison != Comparison::NotEqual => number(tables, side),
        (Type::String, Expr::String(value)) if comparison == Comparison::Equal && !value.is_empty() => text(tables, side),
        (Type::String, _) if !comparison.is_equality() => number(tables, side),
        (Type::String, _) if comparison == Comparison::Equal && other.kind() == Type::Number => number(tables, side),
        _ => Vec::new(),
    }
}

/// Whether `side` is a count and the comparison does not hold for 0.
fn zero_fails(comparison: Comparison, side: &Expr, other: &Expr) -> bool {
    let Expr::Call(Call { function: Function::Count | Function::StringLength | Function::Sum, .. }) = side else { return false };
    let other = match other {
        Expr::Number(number) => *number,
        Expr::String(text) => to_number(text),
        _ => return false,
    };
    !comparison.holds(&0.0, &other)
}

/// What has to be there so that a count is not 0.
fn counted<'e>(tables: Tables<'_>, count: &'e Expr) -> Vec<Clause<'e>> {
    match count {
        Expr::Call(call) => call.arguments.first().map(|part| text(tables, part)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// What has to be there so that the path finds a node, with this value if one is given.
fn path_nodes<'e>(tables: Tables<'_>, path: &'e Path, values: Option<Vec<&'e str>>) -> Vec<Clause<'e>> {
    if path.table {
        return Vec::new();
    }
    let mut clauses = Vec::new();
    if let Start::Filter(primary, predicates) = &path.start {
        clauses.extend(truth(tables, primary));
        clauses.extend(predicates.iter().flat_map(|condition| predicate(tables, condition)));
    }
    let mut steps = path.steps().peekable();
    while let Some(step) = steps.next() {
        let values = if steps.peek().is_none() { values.as_deref() } else { None };
        clauses.extend(name(step, values));
        clauses.extend(step.predicates.iter().flat_map(|condition| predicate(tables, condition)));
    }
    clauses
}

fn name<'e>(step: &'e Step, values: Option<&[&'e str]>) -> Option<Clause<'e>> {
    match (&step.test, step.axis, values) {
        (Test::Name(name), Axis::Attribute, Some(values)) => Some(values.iter().map(|value| Key::Value(*name, value)).collect()),
        (Test::Name(name), Axis::Attribute, None) => Some(vec![Key::Attribute(*name)]),
        (Test::Name(name), ..) => Some(vec![Key::Element(*name)]),
        _ => None,
    }
}

fn predicate<'e>(tables: Tables<'_>, predicate: &'e Predicate) -> Vec<Clause<'e>> {
    match predicate {
        Predicate::Filter(condition) => truth(tables, condition),
        Predicate::General(condition) if condition.kind() != Type::Number => truth(tables, condition),
        // Compared with the position, which is a number.
        Predicate::General(position) => number(tables, position),
        Predicate::Position(_) => Vec::new(),
    }
}

/// One clause out of alternatives: one of each, joined. Nothing if an alternative asks for nothing.
fn any<'e>(alternatives: impl Iterator<Item = Vec<Clause<'e>>>) -> Vec<Clause<'e>> {
    let mut joined: Clause<'e> = Vec::new();
    for alternative in alternatives {
        // The rarest clause says most: a value, then the name of an attribute or an inner element, which come last.
        let values = |clause: &Clause<'_>| clause.iter().all(|key| matches!(key, Key::Value(..)));
        let Some(best) = alternative.into_iter().max_by_key(values) else { return Vec::new() };
        for key in best {
            if !joined.contains(&key) {
                joined.push(key);
            }
        }
    }
    if joined.is_empty() { Vec::new() } else { vec![joined] }
}
