//! The syntax of an expression as it was written, every node with its place in the text. `check` turns it into a plan.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::source::Span;

/// How high a syntax tree may grow: brackets, operators of one precedence in a row and steps of one path all add to it. Whatever
/// walks a tree recurses no deeper.
pub(super) const MAX_HEIGHT: u32 = 64;

/// An expression, its place, and how many nodes lie below each other in it.
#[derive(Debug)]
pub(super) struct Expr<'t> {
    pub kind: ExprKind<'t>,
    pub span: Span,
    pub height: u32,
}

#[derive(Debug)]
pub(super) enum ExprKind<'t> {
    Number(f64),
    Literal(&'t str),
    Variable(&'t str),
    Call {
        name: Name<'t>,
        arguments: Vec<Expr<'t>>,
    },
    Negate(Box<Expr<'t>>),
    Binary(Operator, Box<Expr<'t>>, Box<Expr<'t>>),
    /// `a or b or c`, `a and b and c`, `a | b | c`: one flat list, however long.
    List(ListOperator, Vec<Expr<'t>>),
    Path(Path<'t>),
}

#[derive(Debug)]
pub(super) struct Path<'t> {
    pub start: Start<'t>,
    pub steps: Vec<Step<'t>>,
}

#[derive(Debug)]
pub(super) enum Start<'t> {
    Context,
    Root,
    /// A filter expression: a primary expression and its predicates.
    Filter(Box<Expr<'t>>, Vec<Expr<'t>>),
}

#[derive(Debug)]
pub(super) struct Step<'t> {
    pub axis: Axis,
    pub test: Test<'t>,
    pub predicates: Vec<Expr<'t>>,
    /// The node test alone, without axis and predicates.
    pub span: Span,
}

#[derive(Debug)]
pub(super) enum Test<'t> {
    Any,
    Namespace(&'t str),
    Name(Name<'t>),
    Node,
    Text,
    Comment,
    Instruction(Option<&'t str>),
}

/// A name as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Name<'t> {
    pub prefix: Option<&'t str>,
    pub local: &'t str,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListOperator {
    Or,
    And,
    Union,
}

/// The operators that take two values and are no lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(Comparison),
    Arithmetic(Arithmetic),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    /// The operator with which `b op a` says what `a self b` says.
    pub fn flipped(self) -> Comparison {
        match self {
            Comparison::Equal | Comparison::NotEqual => self,
            Comparison::Less => Comparison::Greater,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterEqual => Comparison::LessEqual,
        }
    }

    /// Whether `=` or `!=`, which compare text as text; the others turn it into numbers.
    pub fn is_equality(self) -> bool {
        matches!(self, Comparison::Equal | Comparison::NotEqual)
    }

    pub fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterEqual => left >= right,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Every axis of XPath 1.0 but `namespace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    SelfNode,
}

impl Axis {
    pub const ALL: [(&'static str, Axis); 12] = [
        ("ancestor", Axis::Ancestor),
        ("ancestor-or-self", Axis::AncestorOrSelf),
        ("attribute", Axis::Attribute),
        ("child", Axis::Child),
        ("descendant", Axis::Descendant),
        ("descendant-or-self", Axis::DescendantOrSelf),
        ("following", Axis::Following),
        ("following-sibling", Axis::FollowingSibling),
        ("parent", Axis::Parent),
        ("preceding", Axis::Preceding),
        ("preceding-sibling", Axis::PrecedingSibling),
        ("self", Axis::SelfNode),
    ];

    pub fn named(name: &str) -> Option<Axis> {
        Axis::ALL.iter().find(|(known, _)| *known == name).map(|&(_, axis)| axis)
    }
}

impl<'t> Expr<'t> {
    /// An expression with its height worked out, or the error that it is too high.
    pub fn new(kind: ExprKind<'t>, span: Span) -> Result<Expr<'t>, Error> {
        let below = match &kind {
            ExprKind::Number(_) | ExprKind::Literal(_) | ExprKind::Variable(_) => 0,
            ExprKind::Call { arguments, .. } => highest(arguments),
            ExprKind::Negate(inner) => inner.height,
            ExprKind::Binary(_, left, right) => left.height.max(right.height),
            ExprKind::List(_, parts) => highest(parts),
            ExprKind::Path(path) => path.height(),
        };
        let height = below + 1;
        if height > MAX_HEIGHT {
            return Err(too_deep(span));
        }
        Ok(Expr { kind, span, height })
    }
}

impl Path<'_> {
    fn height(&self) -> u32 {
        let start = match &self.start {
            Start::Context | Start::Root => 0,
            Start::Filter(primary, predicates) => primary.height.max(highest(predicates)),
        };
        // A step is walked from within the one before it.
        let steps = (0..).zip(&self.steps).map(|(depth, step)| depth + 1 + highest(&step.predicates)).max();
        start.max(steps.unwrap_or(0))
    }
}

fn highest(expressions: &[Expr]) -> u32 {
    expressions.iter().map(|expression| expression.height).max().unwrap_or(0)
}

pub(super) fn too_deep(span: Span) -> Error {
    Error::new(span, format!("the expression goes deeper than {MAX_HEIGHT} levels"))
        .hint("every bracket, every step of a path and every operator in a row is one level; split the expression in two")
}
