//! A checked expression, ready to run: names are numbers, patterns are compiled, types are known. What is here needs no checks any
//! more.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::Type;
use super::ast::{Arithmetic, Axis, Comparison};
use super::functions::Function;
use super::nodes::NodeRef;
use super::patterns::Pattern;
use crate::tree::{Kind, NameId, NodeId, Tree};

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Expr {
    Number(f64),
    String(Box<str>),
    /// The value of the n-th string variable.
    Variable(usize),
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Union(Vec<Expr>),
    Path(Path),
    Call(Call),
    /// `glob`, `matches` or `version-in` with a literal pattern.
    Match(Box<Expr>, Pattern),
    /// `value = $table/path`: whether a string of the value is among the strings of the table, which never change.
    Member(Box<Expr>, Path, #[serde(skip)] OnceLock<FxHashSet<Box<str>>>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub function: Function,
    pub arguments: Vec<Expr>,
    /// The attribute that `id`, `lang` and `bytes` look at.
    pub attribute: NameId,
}

/// A location path: where it starts, and runs of steps. Nodes are walked depth first through a run, without a list in between; after
/// each run but the last, repeated nodes are dropped, which would multiply from there on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Path {
    pub start: Start,
    pub runs: Vec<Vec<Step>>,
    /// Nodes come in document order.
    pub sorted: bool,
    /// No node comes twice.
    pub unique: bool,
    /// Nodes may be those of a table, so that neither their names nor their values say anything about the document.
    pub table: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Start {
    Context,
    Root,
    /// The root element of the n-th table.
    Table(usize),
    /// Rows of a table by the value of an attribute.
    Rows(Rows),
    Filter(Box<Expr>, Vec<Predicate>),
}

/// `$table/row[@attribute = value]`: found by an index, not by looking at every row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Rows {
    pub table: usize,
    pub row: Test,
    pub attribute: NameId,
    /// A string or a string variable.
    pub value: Box<Expr>,
    /// The rows for each value; a table never changes.
    #[serde(skip)]
    pub index: OnceLock<FxHashMap<Box<str>, Vec<NodeRef>>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Predicate>,
    /// Nodes can be filtered as they come: no predicate asks how many there are, and at most one for a position.
    pub streams: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Test {
    Any,
    Namespace(Box<str>),
    Name(NameId),
    Node,
    Text,
    Comment,
    Instruction(Option<Box<str>>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Predicate {
    /// True or false whatever the position is.
    Filter(Expr),
    /// A literal position, 0 for one that no node has.
    Position(usize),
    /// Anything else: a number, or something that asks for `position()` or `last()`.
    General(Expr),
}

impl Expr {
    pub fn kind(&self) -> Type {
        match self {
            Expr::Number(_) | Expr::Arithmetic(..) | Expr::Negate(_) => Type::Number,
            Expr::String(_) | Expr::Variable(_) => Type::String,
            Expr::Or(_) | Expr::And(_) | Expr::Compare(..) | Expr::Match(..) | Expr::Member(..) => Type::Boolean,
            Expr::Union(_) | Expr::Path(_) => Type::Nodes,
            Expr::Call(call) => call.function.result(),
        }
    }

    /// Whether the value depends on the position or the number of nodes, not only on the node.
    fn positional(&self) -> bool {
        match self {
            Expr::Number(_) | Expr::String(_) | Expr::Variable(_) => false,
            Expr::Or(parts) | Expr::And(parts) | Expr::Union(parts) => parts.iter().any(Expr::positional),
            Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => left.positional() || right.positional(),
            Expr::Negate(inner) | Expr::Match(inner, _) | Expr::Member(inner, ..) => inner.positional(),
            // Predicates and steps have positions of their own.
            Expr::Path(Path { start: Start::Filter(primary, _), .. }) => primary.positional(),
            Expr::Path(_) => false,
            Expr::Call(call) => {
                matches!(call.function, Function::Position | Function::Last) || call.arguments.iter().any(Expr::positional)
            }
        }
    }

    /// Whether the value is the same for every document: only nodes of tables, no variable that a document sets.
    fn constant(&self) -> bool {
        match self {
            Expr::Number(_) | Expr::String(_) => true,
            Expr::Variable(_) => false,
            Expr::Or(parts) | Expr::And(parts) | Expr::Union(parts) => parts.iter().all(Expr::constant),
            Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => left.constant() && right.constant(),
            Expr::Negate(inner) | Expr::Match(inner, _) => inner.constant(),
            Expr::Member(inner, ..) => inner.constant(),
            Expr::Path(path) => path.constant(),
            Expr::Call(call) => call.arguments.iter().all(Expr::constant),
        }
    }

    /// The node itself, as the default argument of many functions.
    pub fn context_node() -> Expr {
        let step = Step::new(Axis::SelfNode, Test::Node, Vec::new());
        Expr::Path(Path::new(Start::Context, vec![step], false))
    }
}

impl Predicate {
    pub fn new(expression: Expr) -> Predicate {
        match expression {
            Expr::Number(number) => Predicate::Position(exact_position(number)),
            Expr::Compare(Comparison::Equal, left, right) => match (*left, *right) {
                (Expr::Call(Call { function: Function::Position, .. }), Expr::Number(number))
                | (Expr::Number(number), Expr::Call(Call { function: Function::Position, .. })) => {
                    Predicate::Position(exact_position(number))
                }
                (left, right) => Predicate::sorted_out(Expr::Compare(Comparison::Equal, Box::new(left), Box::new(right))),
            },
            expression => Predicate::sorted_out(expression),
        }
    }

    fn sorted_out(expression: Expr) -> Predicate {
        if expression.kind() == Type::Number || expression.positional() {
            Predicate::General(expression)
        } else {
            Predicate::Filter(expression)
        }
    }

    fn constant(&self) -> bool {
        match self {
            Predicate::Filter(expression) | Predicate::General(expression) => expression.constant(),
            Predicate::Position(_) => true,
        }
    }
}

fn exact_position(number: f64) -> usize {
    // The cast saturates; no node has the largest position.
    let position = number as usize;
    if position as f64 == number { position } else { 0 }
}

impl Step {
    pub fn new(axis: Axis, test: Test, predicates: Vec<Predicate>) -> Step {
        let positions = predicates.iter().filter(|p| matches!(p, Predicate::Position(_))).count();
        let streams = positions <= 1 && !predicates.iter().any(|p| matches!(p, Predicate::General(_)));
        Step { axis, test, predicates, streams }
    }

    fn has_position(&self) -> bool {
        self.predicates.iter().any(|p| matches!(p, Predicate::Position(_)))
    }
}

impl Test {
    /// Whether a node that is no attribute passes.
    #[inline]
    pub fn accepts(&self, tree: &Tree, node: NodeId) -> bool {
        match self {
            // Only elements have a name with a number.
            Test::Name(name) => tree.name_id(node) == *name,
            Test::Any => tree.is_element(node),
            Test::Node => true,
            Test::Text => tree.kind(node) == Kind::Text,
            Test::Comment => tree.kind(node) == Kind::Comment,
            Test::Namespace(uri) => tree.is_element(node) && tree.namespace(node) == &**uri,
            Test::Instruction(None) => tree.kind(node) == Kind::Instruction,
            Test::Instruction(Some(target)) => tree.kind(node) == Kind::Instruction && tree.qualified_name(node) == &**target,
        }
    }
}

/// What is known beforehand about the nodes that come out of a step.
#[derive(Clone, Copy)]
struct Order {
    sorted: bool,
    unique: bool,
    /// No node lies inside another.
    flat: bool,
    /// There is one at most.
    single: bool,
}

impl Order {
    const SINGLE: Order = Order { sorted: true, unique: true, flat: true, single: true };
    const SIBLINGS: Order = Order { sorted: true, unique: true, flat: true, single: false };
    const SET: Order = Order { sorted: true, unique: true, flat: false, single: false };

    fn after(self, step: &Step) -> Order {
        let Order { sorted, unique, flat, single } = self;
        let order = match step.axis {
            Axis::SelfNode => self,
            Axis::Child => Order { sorted: sorted && flat, unique, flat, single: false },
            Axis::Attribute => Order { sorted, unique, flat: true, single: false },
            Axis::Descendant | Axis::DescendantOrSelf => {
                Order { sorted: sorted && flat, unique: unique && flat, flat: false, single: false }
            }
            Axis::Parent => Order { sorted: single, unique: single, flat: single, single },
            Axis::FollowingSibling => Order { sorted: single, unique: single, flat: single, single: false },
            Axis::PrecedingSibling => Order { sorted: false, unique: single, flat: single, single: false },
            Axis::Following => Order { sorted: single, unique: single, flat: false, single: false },
            Axis::Ancestor | Axis::AncestorOrSelf | Axis::Preceding => {
                Order { sorted: false, unique: single, flat: false, single: false }
            }
        };
        if single && step.has_position() { Order::SINGLE } else { order }
    }
}

impl Path {
    pub fn new(start: Start, steps: Vec<Step>, table: bool) -> Path {
        let (start, steps) = with_index(start, steps);
        let mut order = match &start {
            Start::Context | Start::Root | Start::Table(_) => Order::SINGLE,
            Start::Rows(_) => Order::SIBLINGS,
            Start::Filter(_, predicates) if predicates.iter().any(|p| matches!(p, Predicate::Position(_))) => Order::SINGLE,
            Start::Filter(..) => Order::SET,
        };
        let mut runs: Vec<Vec<Step>> = Vec::new();
        let mut run: Vec<Step> = Vec::new();
        for step in without_detours(steps) {
            if !order.unique {
                runs.push(std::mem::take(&mut run));
                order = Order::SET;
            }
            order = order.after(&step);
            run.push(step);
        }
        runs.push(run);
        Path { start, runs, sorted: order.sorted, unique: order.unique, table }
    }

    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.runs.iter().flatten()
    }

    /// Whether the nodes are the same for every document, given that the context node is one of a table where the path begins
    /// at it.
    fn constant(&self) -> bool {
        let start = match &self.start {
            Start::Context | Start::Root => self.table,
            Start::Table(_) => true,
            Start::Rows(rows) => rows.value.constant(),
            Start::Filter(primary, predicates) => primary.constant() && predicates.iter().all(Predicate::constant),
        };
        start && self.steps().all(|step| step.predicates.iter().all(Predicate::constant))
    }

    /// Whether the nodes are the same for every document and every context node.
    pub fn fixed(&self) -> bool {
        let start = match &self.start {
            Start::Context | Start::Root => false,
            Start::Table(_) | Start::Rows(_) => true,
            Start::Filter(primary, _) => matches!(&**primary, Expr::Path(path) if path.fixed()),
        };
        start && self.constant()
    }
}

/// `//name` is `/descendant-or-self::node()/child::name`, and `descendant::name` finds the same in one step where no predicate counts
/// among siblings.
fn without_detours(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
    for mut step in steps {
        let detour = kept.last().is_some_and(|before| {
            before.axis == Axis::DescendantOrSelf && matches!(before.test, Test::Node) && before.predicates.is_empty()
        });
        let filters = step.predicates.iter().all(|p| matches!(p, Predicate::Filter(_)));
        if detour && filters && matches!(step.axis, Axis::Child | Axis::Descendant) {
            kept.pop();
            step.axis = Axis::Descendant;
        }
        kept.push(step);
    }
    kept
}

/// A first step that picks rows of a table by an attribute becomes a look-up.
fn with_index(start: Start, mut steps: Vec<Step>) -> (Start, Vec<Step>) {
    let (Start::Table(table), Some(Step { axis: Axis::Child, predicates, .. })) = (&start, steps.first_mut()) else {
        return (start, steps);
    };
    let [Predicate::Filter(Expr::Compare(Comparison::Equal, left, right))] = predicates.as_mut_slice() else {
        return (start, steps);
    };
    let is_text = |expression: &Expr| matches!(expression, Expr::String(_) | Expr::Variable(_));
    let (attribute, value) = match (attribute_name(left), attribute_name(right)) {
        (Some(attribute), _) if is_text(right) => (attribute, right),
        (_, Some(attribute)) if is_text(left) => (attribute, left),
        _ => return (start, steps),
    };
    let value = std::mem::replace(value, Box::new(Expr::Number(0.0)));
    let row = steps.remove(0).test;
    (Start::Rows(Rows { table: *table, row, attribute, value, index: OnceLock::new() }), steps)
}

/// The name of an attribute of the context node, if that is all the expression is.
fn attribute_name(expression: &Expr) -> Option<NameId> {
    let Expr::Path(Path { start: Start::Context, runs, .. }) = expression else { return None };
    let [run] = runs.as_slice() else { return None };
    match run.as_slice() {
        [Step { axis: Axis::Attribute, test: Test::Name(name), predicates, .. }] if predicates.is_empty() => Some(*name),
        _ => None,
    }
}
