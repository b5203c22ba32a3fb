//! Comparisons, section 3.4: what `=` and `<` mean depends on the types of both sides, and a set of nodes compares by any of its
//! nodes.

use std::borrow::Cow;
use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use super::ast::Comparison;
use super::eval::{Evaluator, Focus, ended_early};
use super::nodes::NodeRef;
use super::plan::{Expr, Path};
use super::text::to_number;
use super::{Exhausted, Type};
use crate::tree::Tree;

impl<'e> Evaluator<'e> {
    pub fn compare(&self, comparison: Comparison, left: &'e Expr, right: &'e Expr, focus: Focus) -> Result<bool, Exhausted> {
        match (left.kind(), right.kind()) {
            (Type::Nodes, Type::Nodes) => self.compare_sets(comparison, left, right, focus),
            (Type::Nodes, kind) => self.compare_set(comparison, left, right, kind, focus),
            (kind, Type::Nodes) => self.compare_set(comparison.flipped(), right, left, kind, focus),
            (l, r) if comparison.is_equality() && (l == Type::Boolean || r == Type::Boolean) => {
                Ok(comparison.holds(&self.boolean(left, focus)?, &self.boolean(right, focus)?))
            }
            (Type::String, Type::String) if comparison.is_equality() => {
                Ok(comparison.holds(&self.string(left, focus)?, &self.string(right, focus)?))
            }
            _ => Ok(comparison.holds(&self.number(left, focus)?, &self.number(right, focus)?)),
        }
    }

    /// Compares each node of a set with a value that is no set.
    fn compare_set(
        &self,
        comparison: Comparison,
        set: &'e Expr,
        value: &'e Expr,
        kind: Type,
        focus: Focus,
    ) -> Result<bool, Exhausted> {
        if kind == Type::Boolean {
            let (left, right) = (self.boolean(set, focus)?, self.boolean(value, focus)?);
            // Booleans compare as the numbers 0 and 1 do.
            return Ok(comparison.holds(&left, &right));
        }
        if kind == Type::String && comparison.is_equality() {
            let text = self.string(value, focus)?;
            return self.any(set, focus, |node| Ok(comparison.holds(&*self.text(node)?, &*text)));
        }
        let number = self.number(value, focus)?;
        self.any(set, focus, |node| Ok(comparison.holds(&to_number(&self.text(node)?), &number)))
    }

    /// Whether the comparison holds for any pair of nodes of two sets, in time that grows with their sum.
    fn compare_sets(&self, comparison: Comparison, left: &'e Expr, right: &'e Expr, focus: Focus) -> Result<bool, Exhausted> {
        match comparison {
            Comparison::Equal => {
                let strings = self.strings(left, focus)?;
                match strings.as_slice() {
                    [] => Ok(false),
                    [only] => self.any(right, focus, |node| Ok(self.text(node)? == *only)),
                    _ => {
                        let strings: FxHashSet<Cow<str>> = strings.into_iter().collect();
                        self.any(right, focus, |node| Ok(strings.contains(&self.text(node)?)))
                    }
                }
            }
            Comparison::NotEqual => {
                // Some pair differs unless all strings of both sets are one and the same.
                let (left, right) = (self.strings(left, focus)?, self.strings(right, focus)?);
                let (Some(one), Some(other)) = (left.first(), right.first()) else { return Ok(false) };
                Ok(right.iter().any(|text| text != one) || left.iter().any(|text| text != other))
            }
            // The smallest of one set against the largest of the other decides.
            Comparison::Less | Comparison::LessEqual => {
                let (left, _) = self.extremes(left, focus)?;
                let (_, right) = self.extremes(right, focus)?;
                Ok(comparison.holds(&left, &right))
            }
            Comparison::Greater | Comparison::GreaterEqual => {
                let (_, left) = self.extremes(left, focus)?;
                let (right, _) = self.extremes(right, focus)?;
                Ok(comparison.holds(&left, &right))
            }
        }
    }

    fn strings(&self, expression: &'e Expr, focus: Focus) -> Result<Vec<Cow<'e, str>>, Exhausted> {
        let mut strings = Vec::new();
        ended_early(self.each(expression, focus, &mut |node| {
            strings.push(self.text(node)?);
            Ok(())
        }))?;
        Ok(strings)
    }

    /// The smallest and the largest number among the nodes, NaN if there is none.
    fn extremes(&self, expression: &'e Expr, focus: Focus) -> Result<(f64, f64), Exhausted> {
        let mut extremes = (f64::NAN, f64::NAN);
        ended_early(self.each(expression, focus, &mut |node| {
            let number = to_number(&self.text(node)?);
            // `min` and `max` of NaN and a number are the number.
            extremes = (extremes.0.min(number), extremes.1.max(number));
            Ok(())
        }))?;
        Ok(extremes)
    }

    /// Whether a string of the value is among the strings of a table.
    pub fn member(
        &self,
        value: &'e Expr,
        table: &'e Path,
        strings: &'e OnceLock<FxHashSet<Box<str>>>,
        focus: Focus,
    ) -> Result<bool, Exhausted> {
        let strings = self.table_strings(table, strings)?;
        match value.kind() {
            Type::Nodes => self.any(value, focus, |node| Ok(strings.contains(&*self.text(node)?))),
            _ => Ok(strings.contains(&*self.string(value, focus)?)),
        }
    }
    /// The strings of a table's nodes, worked out once.
    pub fn table_strings<'s>(
        &self,
        table: &Path,
        strings: &'s OnceLock<FxHashSet<Box<str>>>,
    ) -> Result<&'s FxHashSet<Box<str>>, Exhausted> {
        if let Some(strings) = strings.get() {
            return Ok(strings);
        }
        // A budget of its own, so that the first document is not charged for all.
        let context = super::Context { shared: None, ..*self.context };
        let evaluator = Evaluator::new(&context);
        let mut found = FxHashSet::default();
        ended_early(evaluator.path(table, Focus::on(NodeRef::new(Tree::ROOT)), &mut |node| {
            found.insert(evaluator.text(node)?.into());
            Ok(())
        }))?;
        Ok(strings.get_or_init(|| found))
    }
}
