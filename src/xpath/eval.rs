//! Runs a plan. Each type has its own way through, so that a condition never builds a list and a comparison never copies text that
//! the tree already has; nodes are handed from step to step one by one.

use std::borrow::Cow;
use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::ast::Arithmetic;
use super::nodes::{self, NodeRef};
use super::plan::{Call, Expr, Path, Predicate, Rows, Start, Step};
use super::text::{from_number, to_number};
use super::{Context, Exhausted, Type};
use crate::tree::{Kind, Tree};

/// One evaluation: what it is evaluated over, and the steps that are left.
pub(super) struct Evaluator<'e> {
    pub context: &'e Context<'e>,
    allowed: u64,
    left: Cell<u64>,
}

/// The context node, its position and how many nodes there are.
#[derive(Clone, Copy)]
pub(super) struct Focus {
    pub node: NodeRef,
    pub position: usize,
    pub size: usize,
}

impl Focus {
    /// A node on its own.
    #[inline]
    pub fn on(node: NodeRef) -> Focus {
        Focus { node, position: 1, size: 1 }
    }
}

/// Why a walk ends before its last node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Whoever wanted the nodes has seen enough.
    Enough,
    /// The step has no further nodes to give.
    Step,
    Exhausted,
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Stop {
        Stop::Exhausted
    }
}

type Walk = Result<(), Stop>;

/// Whether a walk was ended by whoever wanted the nodes.
pub(super) fn ended_early(walk: Walk) -> Result<bool, Exhausted> {
    match walk {
        Ok(()) | Err(Stop::Step) => Ok(false),
        Err(Stop::Enough) => Ok(true),
        Err(Stop::Exhausted) => Err(Exhausted),
    }
}

/// What was taken is gone for the evaluations that share a budget with this one.
impl Drop for Evaluator<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.context.shared {
            let taken = self.allowed.saturating_sub(self.left.get());
            shared.set(shared.get().saturating_sub(taken));
        }
    }
}

impl<'e> Evaluator<'e> {
    pub fn new(context: &'e Context<'e>) -> Evaluator<'e> {
        let allowed = context.shared.map_or(context.budget, |left| left.get().min(context.budget));
        Evaluator { context, allowed, left: Cell::new(allowed) }
    }

    #[inline]
    pub fn charge(&self, steps: usize) -> Result<(), Exhausted> {
        let left = self.left.get().checked_sub(steps as u64);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Exhausted)
    }

    /// The string-value of a node.
    #[inline]
    pub fn text(&self, node: NodeRef) -> Result<Cow<'e, str>, Exhausted> {
        let tree = self.context.tree(node);
        let text = match node.attribute(tree) {
            Some(attribute) => Cow::Borrowed(tree.attribute_value(attribute)),
            None => {
                if matches!(tree.kind(node.node()), Kind::Element | Kind::Root) {
                    self.charge(tree.descendants(node.node()).size_hint().0)?;
                }
                tree.string_value(node.node())
            }
        };
        // Whoever asks for a long text looks at all of it.
        self.charge(text.len() / 32)?;
        Ok(text)
    }

    pub fn boolean(&self, expression: &'e Expr, focus: Focus) -> Result<bool, Exhausted> {
        self.charge(1)?;
        match expression {
            Expr::Or(parts) => {
                for part in parts {
                    if self.boolean(part, focus)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::And(parts) => {
                for part in parts {
                    if !self.boolean(part, focus)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Compare(comparison, left, right) => self.compare(*comparison, left, right, focus),
            Expr::Match(subject, pattern) => {
                let subject = self.string(subject, focus)?;
                self.charge(subject.len())?;
                Ok(pattern.is_match(&subject))
            }
            Expr::Member(value, table, strings) => self.member(value, table, strings, focus),
            Expr::Path(_) | Expr::Union(_) => self.any(expression, focus, |_| Ok(true)),
            Expr::Call(call) if call.function.result() == Type::Boolean => self.call_boolean(call, focus),
            Expr::Call(call) if call.function.result() == Type::Nodes => Ok(!self.call_nodes(call, focus)?.is_empty()),
            _ if expression.kind() == Type::Number => {
                let number = self.number(expression, focus)?;
                Ok(number != 0.0 && !number.is_nan())
            }
            _ => Ok(!self.string(expression, focus)?.is_empty()),
        }
    }

    pub fn number(&self, expression: &'e Expr, focus: Focus) -> Result<f64, Exhausted> {
        self.charge(1)?;
        match expression {
            Expr::Number(number) => Ok(*number),
            Expr::Negate(inner) => Ok(-self.number(inner, focus)?),
            Expr::Arithmetic(operator, left, right) => {
                let (left, right) = (self.number(left, focus)?, self.number(right, focus)?);
                Ok(match operator {
                    Arithmetic::Add => left + right,
                    Arithmetic::Subtract => left - right,
                    Arithmetic::Multiply => left * right,
                    Arithmetic::Divide => left / right,
                    Arithmetic::Remainder => left % right,
                })
            }
            Expr::Call(call) if call.function.result() == Type::Number => self.call_number(call, focus),
            _ if expression.kind() == Type::Boolean => Ok(f64::from(u8::from(self.boolean(expression, focus)?))),
            _ => Ok(to_number(&self.string(expression, focus)?)),
        }
    }

    pub fn string(&self, expression: &'e Expr, focus: Focus) -> Result<Cow<'e, str>, Exhausted> {
        self.charge(1)?;
        match expression {
            Expr::String(text) => Ok(Cow::Borrowed(text)),
            Expr::Variable(index) => Ok(Cow::Borrowed(self.context.strings.get(*index).copied().unwrap_or_default())),
            Expr::Call(call) if call.function.result() == Type::String => {
                let text = self.call_string(call, focus)?;
                self.charge(text.len() / 32)?;
                Ok(text)
            }
            _ => match expression.kind() {
                Type::Number => Ok(from_number(self.number(expression, focus)?)),
                Type::Boolean => Ok(Cow::Borrowed(if self.boolean(expression, focus)? { "true" } else { "false" })),
                Type::Nodes | Type::String => match self.first(expression, focus)? {
                    Some(node) => self.text(node),
                    None => Ok(Cow::Borrowed("")),
                },
            },
        }
    }

    /// The nodes in document order, none twice.
    pub fn nodes(&self, expression: &'e Expr, focus: Focus) -> Result<Vec<NodeRef>, Exhausted> {
        let mut found = Vec::new();
        ended_early(self.each(expression, focus, &mut |node| {
            found.push(node);
            Ok(())
        }))?;
        Ok(ordered(found))
    }

    pub fn count(&self, expression: &'e Expr, focus: Focus) -> Result<usize, Exhausted> {
        match expression {
            Expr::Path(path) if path.unique => {
                let mut count = 0;
                ended_early(self.path(path, focus, &mut |_| {
                    count += 1;
                    Ok(())
                }))?;
                Ok(count)
            }
            _ => Ok(self.nodes(expression, focus)?.len()),
        }
    }

    /// The first node in document order.
    pub fn first(&self, expression: &'e Expr, focus: Focus) -> Result<Option<NodeRef>, Exhausted> {
        let sorted = matches!(expression, Expr::Path(path) if path.sorted);
        let mut first: Option<NodeRef> = None;
        ended_early(self.each(expression, focus, &mut |node| {
            first = Some(first.map_or(node, |first| first.min(node)));
            if sorted { Err(Stop::Enough) } else { Ok(()) }
        }))?;
        Ok(first)
    }

    /// Whether a condition holds for any node; it is asked for no more once it does.
    pub fn any(
        &self,
        expression: &'e Expr,
        focus: Focus,
        mut holds: impl FnMut(NodeRef) -> Result<bool, Exhausted>,
    ) -> Result<bool, Exhausted> {
        ended_early(self.each(expression, focus, &mut |node| if holds(node)? { Err(Stop::Enough) } else { Ok(()) }))
    }

    /// Hands on the nodes of an expression, in any order and maybe twice; none if it is no set of nodes.
    pub fn each(&self, expression: &'e Expr, focus: Focus, found: &mut dyn FnMut(NodeRef) -> Walk) -> Walk {
        match expression {
            Expr::Path(path) => self.path(path, focus, found),
            Expr::Union(parts) => parts.iter().try_for_each(|part| self.each(part, focus, found)),
            Expr::Call(call) if call.function.result() == Type::Nodes => {
                self.call_nodes(call, focus)?.into_iter().try_for_each(found)
            }
            _ => Ok(()),
        }
    }

    pub fn path(&self, path: &'e Path, focus: Focus, found: &mut dyn FnMut(NodeRef) -> Walk) -> Walk {
        let Some((last, runs)) = path.runs.split_last() else { return Ok(()) };
        let Some((first, runs)) = runs.split_first() else { return self.start(path, last, focus, found) };
        let mut nodes = Vec::new();
        self.start(path, first, focus, &mut |node| {
            nodes.push(node);
            Ok(())
        })?;
        for run in runs {
            let mut next = Vec::new();
            for node in ordered(nodes) {
                self.steps(run, node, &mut |node| {
                    next.push(node);
                    Ok(())
                })?;
            }
            nodes = next;
        }
        ordered(nodes).into_iter().try_for_each(|node| self.steps(last, node, found))
    }

    /// The first run of steps, from where the path starts.
    fn start(&self, path: &'e Path, run: &'e [Step], focus: Focus, found: &mut dyn FnMut(NodeRef) -> Walk) -> Walk {
        match &path.start {
            Start::Context => self.steps(run, focus.node, found),
            Start::Root => self.steps(run, NodeRef::within(focus.node.tree(), Tree::ROOT), found),
            Start::Table(index) => {
                let root = self.context.tables.get(*index).and_then(nodes::root_element);
                root.map_or(Ok(()), |root| self.steps(run, NodeRef::within(index + 1, root), found))
            }
            // What a literal finds is mostly asked for once and remembered; then one look at each row is less than an index of all.
            Start::Rows(rows) if let Expr::String(literal) = &*rows.value => {
                let Some(tree) = self.context.tables.get(rows.table) else { return Ok(()) };
                let all = nodes::root_element(tree).into_iter().flat_map(|root| tree.children(root));
                for row in all.filter(|&row| rows.row.accepts(tree, row)) {
                    self.charge(1)?;
                    if nodes::attribute_value(tree, row, rows.attribute) == Some(&**literal) {
                        self.steps(run, NodeRef::within(rows.table + 1, row), found)?;
                    }
                }
                Ok(())
            }
            Start::Rows(rows) => {
                let value = self.string(&rows.value, focus)?;
                let found_rows = self.row_index(rows)?.get(&*value).into_iter().flatten();
                found_rows.copied().try_for_each(|row| self.steps(run, row, found))
            }
            Start::Filter(primary, predicates) => {
                let mut nodes = self.nodes(primary, focus)?;
                for predicate in predicates {
                    self.keep(predicate, &mut nodes)?;
                }
                nodes.into_iter().try_for_each(|node| self.steps(run, node, found))
            }
        }
    }

    fn steps(&self, steps: &'e [Step], node: NodeRef, found: &mut dyn FnMut(NodeRef) -> Walk) -> Walk {
        match steps {
            [] => found(node),
            [step] => self.step(step, node, found),
            [step, rest @ ..] => self.step(step, node, &mut |node| self.steps(rest, node, found)),
        }
    }

    fn step(&self, step: &'e Step, from: NodeRef, found: &mut dyn FnMut(NodeRef) -> Walk) -> Walk {
        if !step.streams {
            let mut nodes = Vec::new();
            self.walk(step, from, |node| {
                nodes.push(node);
                Ok(())
            })?;
            for predicate in &step.predicates {
                self.keep(predicate, &mut nodes)?;
            }
            return nodes.into_iter().try_for_each(found);
        }
        if step.predicates.is_empty() {
            return self.walk(step, from, found);
        }
        let mut passed = 0;
        let walked = self.walk(step, from, |node| {
            let mut last = false;
            for predicate in &step.predicates {
                match predicate {
                    Predicate::Position(wanted) => {
                        passed += 1;
                        if passed != *wanted {
                            return Ok(());
                        }
                        last = true;
                    }
                    Predicate::Filter(condition) | Predicate::General(condition) => {
                        if !self.boolean(condition, Focus::on(node))? {
                            return if last { Err(Stop::Step) } else { Ok(()) };
                        }
                    }
                }
            }
            found(node)?;
            if last { Err(Stop::Step) } else { Ok(()) }
        });
        if walked == Err(Stop::Step) { Ok(()) } else { walked }
    }

    /// The nodes of a step before its predicates.
    #[inline]
    fn walk(&self, step: &'e Step, from: NodeRef, mut found: impl FnMut(NodeRef) -> Walk) -> Walk {
        // Charged now and then: a counter in a register is cheaper than the budget in memory.
        let visited = Cell::new(0);
        let visit = |nodes| visited.set(visited.get() + nodes);
        let walked = nodes::walk(self.context.tree(from), from, step.axis, &step.test, visit, |node| {
            self.charge(visited.take())?;
            found(node)
        });
        self.charge(visited.get())?;
        walked
    }

    /// Keeps the nodes for which a predicate holds; they are numbered as they stand.
    fn keep(&self, predicate: &'e Predicate, nodes: &mut Vec<NodeRef>) -> Result<(), Exhausted> {
        let size = nodes.len();
        let mut position = 0;
        let mut result = Ok(());
        nodes.retain(|&node| {
            position += 1;
            let holds = if result.is_ok() { self.holds(predicate, Focus { node, position, size }) } else { Ok(false) };
            holds.unwrap_or_else(|exhausted| {
                result = Err(exhausted);
                false
            })
        });
        result
    }

    fn holds(&self, predicate: &'e Predicate, focus: Focus) -> Result<bool, Exhausted> {
        match predicate {
            Predicate::Position(wanted) => Ok(focus.position == *wanted),
            Predicate::General(number) if number.kind() == Type::Number => {
                Ok(self.number(number, focus)? == focus.position as f64)
            }
            Predicate::Filter(condition) | Predicate::General(condition) => self.boolean(condition, focus),
        }
    }

    fn row_index(&self, rows: &'e Rows) -> Result<&'e FxHashMap<Box<str>, Vec<NodeRef>>, Exhausted> {
        if let Some(index) = rows.index.get() {
            return Ok(index);
        }
        let evaluator = Evaluator::new(self.context);
        let mut index: FxHashMap<Box<str>, Vec<NodeRef>> = FxHashMap::default();
        if let Some(tree) = self.context.tables.get(rows.table)
            && let Some(root) = nodes::root_element(tree)
        {
            for row in tree.children(root).filter(|&row| rows.row.accepts(tree, row)) {
                evaluator.charge(1)?;
                if let Some(value) = nodes::attribute_value(tree, row, rows.attribute) {
                    index.entry(value.into()).or_default().push(NodeRef::within(rows.table + 1, row));
                }
            }
        }
        Ok(rows.index.get_or_init(|| index))
    }

    /// An argument of a call, as text.
    pub fn argument_text(&self, call: &'e Call, index: usize, focus: Focus) -> Result<Cow<'e, str>, Exhausted> {
        call.arguments.get(index).map_or(Ok(Cow::Borrowed("")), |argument| self.string(argument, focus))
    }
}

/// The nodes in document order, none twice. Most paths find them so.
fn ordered(mut nodes: Vec<NodeRef>) -> Vec<NodeRef> {
    if !nodes.is_sorted_by(|a, b| a < b) {
        nodes.sort_unstable();
        nodes.dedup();
    }
    nodes
}
