//! Expressions as bytes: `build.rs` packs those of the built-in policies, so that no run takes them apart again.

use super::plan::{Expr, Path, Predicate, Start, Test};
use super::{Expression, Key};
use crate::tree::NameId;

impl Expression {
    /// The expression as bytes, without what only its text is checked for.
    ///
    /// # Errors
    /// Where a literal pattern is not a late one: what a pattern is compiled to cannot be packed.
    pub fn packed(&self) -> postcard::Result<Vec<u8>> {
        postcard::to_allocvec(&self.root)
    }

    /// What was packed. `renumbered` gives the number that each name has now.
    ///
    /// # Errors
    /// Where the bytes are no expression.
    pub fn unpacked(bytes: &[u8], renumbered: &dyn Fn(NameId) -> NameId) -> postcard::Result<Expression> {
        let mut root = postcard::from_bytes(bytes)?;
        expression(&mut root, renumbered);
        Ok(Expression { root, names: Vec::new() })
    }
}

impl<'e> Key<'e> {
    /// The same with the number that its name has now.
    pub fn renumbered(self, renumbered: &dyn Fn(NameId) -> NameId) -> Key<'e> {
        match self {
            Key::Element(name) => Key::Element(renumbered(name)),
            Key::Attribute(name) => Key::Attribute(renumbered(name)),
            Key::Value(name, value) => Key::Value(renumbered(name), value),
        }
    }
}

type Renumbered<'n> = &'n dyn Fn(NameId) -> NameId;

fn expression(root: &mut Expr, renumbered: Renumbered<'_>) {
    match root {
        Expr::Number(_) | Expr::String(_) | Expr::Variable(_) => {}
        Expr::Or(parts) | Expr::And(parts) | Expr::Union(parts) => all(parts, renumbered),
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => {
            expression(left, renumbered);
            expression(right, renumbered);
        }
        Expr::Negate(inner) | Expr::Match(inner, _) => expression(inner, renumbered),
        Expr::Path(inner) => path(inner, renumbered),
        Expr::Call(call) => {
            call.attribute = renumbered(call.attribute);
            all(&mut call.arguments, renumbered);
        }
        Expr::Member(value, table, _) => {
            expression(value, renumbered);
            path(table, renumbered);
        }
    }
}

fn all(parts: &mut [Expr], renumbered: Renumbered<'_>) {
    parts.iter_mut().for_each(|part| expression(part, renumbered));
}

fn path(path: &mut Path, renumbered: Renumbered<'_>) {
    match &mut path.start {
        Start::Context | Start::Root | Start::Table(_) => {}
        Start::Rows(rows) => {
            test(&mut rows.row, renumbered);
            rows.attribute = renumbered(rows.attribute);
            expression(&mut rows.value, renumbered);
        }
        Start::Filter(primary, conditions) => {
            expression(primary, renumbered);
            predicates(conditions, renumbered);
        }
    }
    for step in path.runs.iter_mut().flatten() {
        test(&mut step.test, renumbered);
        predicates(&mut step.predicates, renumbered);
    }
}

fn predicates(predicates: &mut [Predicate], renumbered: Renumbered<'_>) {
    for predicate in predicates {
        match predicate {
            Predicate::Filter(condition) | Predicate::General(condition) => expression(condition, renumbered),
            Predicate::Position(_) => {}
        }
    }
}

fn test(test: &mut Test, renumbered: Renumbered<'_>) {
    if let Test::Name(name) = test {
        *name = renumbered(*name);
    }
}
