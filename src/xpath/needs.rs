//! What a document has to hold so that an expression can find anything in it: the keys by which rules are indexed.
//!
//! Everything here errs on one side: a clause that is missing costs time, a clause too many would lose findings. `not(...)` and
//! whatever is true of an empty set therefore ask for nothing.

use super::Type;
use super::ast::{Axis, Comparison};
use super::functions::Function;
use super::plan::{Call, Expr, Path, Predicate, Start, Step, Test};
use super::text::to_number;
use crate::tree::NameId;

/// Something that a document holds or does not hold, anywhere in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An element of this name.
    Element(NameId),
    /// An attribute of this name.
    Attribute(NameId),
    /// An attribute of this name with exactly this value.
    Value(NameId, Box<str>),
}

/// Keys of which at least one has to be there. Never empty.
pub type Clause = Vec<Key>;

/// The clauses that all have to be satisfied so that the expression can be true, or find a node.
pub(super) fn keys(expression: &Expr) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    for clause in truth(expression) {
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    clauses
}

/// What has to be there so that `boolean(expression)` can be true.
fn truth(expression: &Expr) -> Vec<Clause> {
    match expression {
        Expr::Path(path) => path_nodes(path, None),
        Expr::Union(parts) | Expr::Or(parts) => any(parts.iter().map(truth)),
        Expr::And(parts) => parts.iter().flat_map(truth).collect(),
        Expr::Compare(comparison, left, right) => compare(*comparison, left, right),
        Expr::Match(subject, pattern) if !pattern.is_match("") => text(subject),
        Expr::Member(value, ..) if value.kind() == Type::Nodes => truth(value),
        Expr::Call(call) => call_truth(call),
        Expr::Number(_) | Expr::Arithmetic(..) | Expr::Negate(_) => number(expression),
        Expr::String(_) | Expr::Variable(_) | Expr::Match(..) | Expr::Member(..) => Vec::new(),
    }
}

fn call_truth(call: &Call) -> Vec<Clause> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Boolean | Function::Count, [argument]) => truth(argument),
        (Function::StartsWith | Function::EndsWith | Function::Contains, [subject, Expr::String(part)]) if !part.is_empty() => {
            text(subject)
        }
        // No version is in no range.
        (Function::VersionIn, [subject, _]) => text(subject),
        (Function::StringLength, [argument]) => text(argument),
        (function, _) if function.result() == Type::String => call_text(call),
        (function, _) if function.result() == Type::Number => call_number(call),
        _ => Vec::new(),
    }
}

/// What has to be there so that `string(expression)` can be other than empty.
fn text(expression: &Expr) -> Vec<Clause> {
    match expression {
        Expr::Path(_) | Expr::Union(_) => truth(expression),
        Expr::Call(call) if call.function.result() == Type::String => call_text(call),
        _ => Vec::new(),
    }
}

fn call_text(call: &Call) -> Vec<Clause> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Concat | Function::FirstOf, parts) => any(parts.iter().map(text)),
        (Function::Name | Function::LocalName | Function::NamespaceUri, [nodes]) => truth(nodes),
        (
            Function::String
            | Function::NormalizeSpace
            | Function::LowerCase
            | Function::Translate
            | Function::Substring
            | Function::SubstringBefore
            | Function::SubstringAfter,
            [subject, ..],
        ) => text(subject),
        _ => Vec::new(),
    }
}

/// What has to be there so that `number(expression)` can be other than NaN.
fn number(expression: &Expr) -> Vec<Clause> {
    match expression {
        Expr::Arithmetic(_, left, right) => number(left).into_iter().chain(number(right)).collect(),
        Expr::Negate(inner) => number(inner),
        Expr::Call(call) if call.function.result() == Type::Number => call_number(call),
        _ if matches!(expression.kind(), Type::Nodes | Type::String) => text(expression),
        _ => Vec::new(),
    }
}

fn call_number(call: &Call) -> Vec<Clause> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Number | Function::Floor | Function::Ceiling | Function::Round | Function::Bytes, [argument]) => {
            number(argument)
        }
        _ => Vec::new(),
    }
}

fn compare(comparison: Comparison, left: &Expr, right: &Expr) -> Vec<Clause> {
    if left.kind() == Type::Boolean || right.kind() == Type::Boolean {
        return Vec::new();
    }
    let mut clauses = side(comparison, left, right);
    clauses.extend(side(comparison.flipped(), right, left));
    clauses
}

/// What one side of a comparison has to have.
fn side(comparison: Comparison, side: &Expr, other: &Expr) -> Vec<Clause> {
    match (side.kind(), other) {
        (Type::Nodes, Expr::String(value)) if comparison == Comparison::Equal => match side {
            Expr::Path(path) => path_nodes(path, Some(value)),
            _ => truth(side),
        },
        // An empty set compares with nothing but a boolean.
        (Type::Nodes, _) => truth(side),
        (Type::Number, _) if zero_fails(comparison, side, other) => counted(side),
        // NaN is unequal to everything.
        (Type::Number, _) if comparison != Comparison::NotEqual => number(side),
        (Type::String, Expr::String(value)) if comparison == Comparison::Equal && !value.is_empty() => text(side),
        (Type::String, _) if !comparison.is_equality() => number(side),
        (Type::String, _) if comparison == Comparison::Equal && other.kind() == Type::Number => number(side),
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
fn counted(count: &Expr) -> Vec<Clause> {
    match count {
        Expr::Call(call) => call.arguments.first().map(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// What has to be there so that the path finds a node, with this value if one is given.
fn path_nodes(path: &Path, value: Option<&str>) -> Vec<Clause> {
    if path.table {
        return Vec::new();
    }
    let mut clauses = Vec::new();
    if let Start::Filter(primary, predicates) = &path.start {
        clauses.extend(truth(primary));
        clauses.extend(predicates.iter().flat_map(predicate));
    }
    let mut steps = path.steps().peekable();
    while let Some(step) = steps.next() {
        let value = if steps.peek().is_none() { value } else { None };
        clauses.extend(name(step, value).map(|key| vec![key]));
        clauses.extend(step.predicates.iter().flat_map(predicate));
    }
    clauses
}

fn name(step: &Step, value: Option<&str>) -> Option<Key> {
    match (&step.test, step.axis, value) {
        (Test::Name(name), Axis::Attribute, Some(value)) => Some(Key::Value(*name, value.into())),
        (Test::Name(name), Axis::Attribute, None) => Some(Key::Attribute(*name)),
        (Test::Name(name), ..) => Some(Key::Element(*name)),
        _ => None,
    }
}

fn predicate(predicate: &Predicate) -> Vec<Clause> {
    match predicate {
        Predicate::Filter(condition) => truth(condition),
        Predicate::General(condition) if condition.kind() != Type::Number => truth(condition),
        // Compared with the position, which is a number.
        Predicate::General(position) => number(position),
        Predicate::Position(_) => Vec::new(),
    }
}

/// One clause out of alternatives: one of each, joined. Nothing if an alternative asks for nothing.
fn any(alternatives: impl Iterator<Item = Vec<Clause>>) -> Vec<Clause> {
    let mut joined: Clause = Vec::new();
    for alternative in alternatives {
        // The rarest clause says most: a value, then the name of an attribute or an inner element, which come last.
        let values = |clause: &Clause| clause.iter().all(|key| matches!(key, Key::Value(..)));
        let Some(best) = alternative.into_iter().max_by_key(values) else { return Vec::new() };
        for key in best {
            if !joined.contains(&key) {
                joined.push(key);
            }
        }
    }
    if joined.is_empty() { Vec::new() } else { vec![joined] }
}
