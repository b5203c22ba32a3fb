//! XPath 1.0 over the definition tree: the whole recommendation apart from the namespace axis, and a few functions more.
//!
//! An expression is compiled once, against an [`Environment`] of prefixes and variables, and evaluated over many trees. What can be
//! wrong with it is found when it is compiled, with the place in its text: syntax, unknown functions, variables and prefixes, values
//! of the wrong type, bad patterns. Evaluation can fail in one way only, by taking too long ([`Exhausted`]).
//!
//! ```
//! use vmlint::tree::Vocabulary;
//! use vmlint::xpath::{Environment, compile};
//!
//! let mut vocabulary = Vocabulary::default();
//! let error = compile("devices/interface[@type='vhostuser'", &Environment::default(), &mut vocabulary).unwrap_err();
//! assert_eq!(error.message, "expected `]` to close the `[` at column 18, but the expression ends");
//! assert_eq!(error.span, 35..35);
//! ```
//!
//! Four things make hundreds of expressions cheap: names are compared as numbers; nodes are walked, not collected, until somebody
//! wants them all; what comes from a table is computed once; and [`Branch::keys`] tells which documents cannot match at all.

mod ast;
mod calls;
mod check;
mod compare;
mod eval;
mod functions;
mod lexer;
mod needs;
mod nodes;
mod packed;
mod parser;
mod patterns;
mod plan;
mod settled;
mod text;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use crate::source::Span;
use crate::tree::{Tree, Vocabulary};
use eval::{Evaluator, Focus};

pub use check::Number;
pub use functions::{Signature, functions};
pub use needs::{Clause, Key, in_a_row, rarest_first};
pub use nodes::NodeRef;
pub use patterns::Pattern;
pub use text::unit;

/// What an expression may refer to by name: namespace prefixes and variables.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    prefixes: Vec<(Box<str>, Box<str>)>,
    variables: Vec<(Box<str>, VariableKind, usize)>,
    late_patterns: bool,
}

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    /// Text, set anew for each evaluation.
    String,
    /// The root element of a table, the same for all evaluations of an expression. Within a path that starts at it everything
    /// is about the table, `/` included; a value of the document is compared outside, `@id = $table/row/@id`, or is a variable.
    Table,
}

impl Environment {
    /// Binds a prefix to a namespace URI, in place of what it was bound to.
    pub fn prefix(&mut self, prefix: &str, uri: &str) -> &mut Environment {
        self.prefixes.retain(|(known, _)| **known != *prefix);
        self.prefixes.push((prefix.into(), uri.into()));
        self
    }

    /// Declares a variable. Its value is at the returned index of [`Context::strings`] or [`Context::tables`]; a name declared
    /// before keeps its index.
    pub fn variable(&mut self, name: &str, kind: VariableKind) -> usize {
        if let Some((.., index)) = self.variables.iter().find(|(known, same, _)| **known == *name && *same == kind) {
            return *index;
        }
        let index = self.variables.iter().filter(|(_, same, _)| *same == kind).count();
        self.variables.push((name.into(), kind, index));
        index
    }

    /// Literal patterns are compiled when they are first needed and not checked before: for expressions that tests have compiled.
    pub fn late_patterns(&mut self) -> &mut Environment {
        self.late_patterns = true;
        self
    }

    /// The URI that a prefix is bound to.
    pub fn uri(&self, prefix: &str) -> Option<&str> {
        let bound = self.prefixes.iter().find(|(known, _)| **known == *prefix);
        bound.map(|(_, uri)| &**uri).or((prefix == "xml").then_some(XML_NAMESPACE))
    }
}

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The place in the expression, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    fn new(span: Span, message: String) -> Error {
        Error { span: span.range(), message, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Error {
        Error { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl std::error::Error for Error {}

/// A hint that names the one of `known` that is nearest to a misspelt name, if any is near.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let distances = known.map(|known| (strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()), known));
    let (distance, known) = distances.min_by_key(|&(distance, _)| distance)?;
    let near = distance <= 1 + name.chars().count() / 4;
    near.then(|| format!("did you mean `{known}`?"))
}

/// The four types of XPath 1.0. Every expression has one, known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A set of nodes.
    Nodes,
    /// Text.
    String,
    /// A floating-point number.
    Number,
    /// True or false.
    Boolean,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Nodes => "a node-set",
            Type::String => "a string",
            Type::Number => "a number",
            Type::Boolean => "a boolean",
        })
    }
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nodes in document order, none of them twice.
    Nodes(Vec<NodeRef>),
    /// Text.
    String(String),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// An evaluation took more steps than its budget has; its result is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the expression takes too many steps on this document")
    }
}

impl std::error::Error for Exhausted {}

/// Steps that an evaluation may take where the caller sets no other budget: a second or less.
pub const DEFAULT_BUDGET: u64 = 10_000_000;

/// Steps that expressions may take together over a document of so many nodes, where the caller sets no other budget. Those that compare
/// each device with all others run out of them on files with thousands of devices; all others take a few for each node.
pub fn budget_over(nodes: usize) -> u64 {
    const FOR_A_NODE: u64 = 16;
    DEFAULT_BUDGET + FOR_A_NODE * nodes as u64
}

/// What an expression is evaluated over. All trees have to number names by the vocabulary that the expression was compiled with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The document.
    pub document: &'a Tree<'a>,
    /// The tables, by the index that [`Environment::variable`] returned. An expression keeps what it computes from them, so it has
    /// to be given the same tables every time.
    pub tables: &'a [Tree<'a>],
    /// The values of string variables, by index. A missing one is the empty string.
    pub strings: &'a [&'a str],
    /// How many steps one evaluation may take; every node looked at is one.
    pub budget: u64,
    /// How many steps are left of what several evaluations share, where they do.
    pub shared: Option<&'a Cell<u64>>,
}

impl<'a> Context<'a> {
    /// A context without variables and with the default budget.
    pub fn new(document: &'a Tree<'a>) -> Context<'a> {
        Context { document, tables: &[], strings: &[], budget: DEFAULT_BUDGET, shared: None }
    }

    /// The tree that a node belongs to.
    #[inline]
    pub fn tree(&self, node: NodeRef) -> &'a Tree<'a> {
        match node.tree().checked_sub(1) {
            None => self.document,
            Some(table) => self.tables.get(table).unwrap_or(self.document),
        }
    }

    /// XPath's string-value of a node.
    #[inline]
    pub fn string_value(&self, node: NodeRef) -> Cow<'a, str> {
        let tree = self.tree(node);
        match node.attribute(tree) {
            Some(attribute) => Cow::Borrowed(tree.attribute_value(attribute)),
            None => tree.string_value(node.node()),
        }
    }

    /// The name of an element, an attribute or a processing instruction, as written.
    pub fn name(&self, node: NodeRef) -> &'a str {
        let tree = self.tree(node);
        match node.attribute(tree) {
            Some(attribute) => tree.attribute_qualified_name(attribute),
            None => tree.qualified_name(node.node()),
        }
    }
}

/// A name test of an expression, for a caller that knows which names there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTest {
    /// Whether it tests attributes; otherwise elements.
    pub attribute: bool,
    /// The namespace URI, empty for none.
    pub namespace: Box<str>,
    /// The name without a prefix.
    pub local: Box<str>,
    /// Its place in the expression, in bytes.
    pub span: Range<usize>,
    /// Whether it tests nodes of a table, whose names are the table's own.
    pub table: bool,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    root: plan::Expr,
    names: Vec<NameTest>,
}

/// Compiles an expression. The names it tests are added to the vocabulary, so trees have to be built afterwards.
pub fn compile(text: &str, environment: &Environment, vocabulary: &mut Vocabulary) -> Result<Expression, Error> {
    compile_with(text, environment, &mut |namespace, local| vocabulary.intern(namespace, local))
}

/// The same for names that `number` gives numbers to.
pub fn compile_with(text: &str, environment: &Environment, number: Number<'_>) -> Result<Expression, Error> {
    let syntax = parser::parse(text)?;
    let (root, names) = check::check(&syntax, environment, number)?;
    Ok(Expression { root, names })
}

fn parts(root: &plan::Expr) -> &[plan::Expr] {
    match root {
        plan::Expr::Union(parts) => parts,
        _ => std::slice::from_ref(root),
    }
}

impl Expression {
    /// The type of its value.
    pub fn kind(&self) -> Type {
        self.root.kind()
    }

    /// Whether its value is a set of nodes.
    pub fn is_node_set(&self) -> bool {
        self.kind() == Type::Nodes
    }

    /// Whether it finds the same nodes from every node of a document.
    pub fn is_absolute(&self) -> bool {
        parts(&self.root)
            .iter()
            .all(|part| matches!(part, plan::Expr::Path(plan::Path { start: plan::Start::Root, table: false, .. })))
    }

    /// Every test for a name, in the order of the text.
    pub fn steps(&self) -> &[NameTest] {
        &self.names
    }

    /// The parts of a union at the top, or the expression as its only part.
    pub fn branches(&self) -> impl ExactSizeIterator<Item = Branch<'_>> {
        parts(&self.root).iter().map(|root| Branch { root })
    }

    /// The value, with `node` as the context node.
    pub fn evaluate(&self, context: &Context, node: NodeRef) -> Result<Value, Exhausted> {
        let value = match self.kind() {
            Type::Nodes => Value::Nodes(self.nodes(context, node)?),
            Type::String => Value::String(self.string(context, node)?),
            Type::Number => Value::Number(self.number(context, node)?),
            Type::Boolean => Value::Boolean(self.boolean(context, node)?),
        };
        Ok(value)
    }

    /// The nodes in document order, none twice; nothing if the value is no set of nodes.
    pub fn nodes(&self, context: &Context, node: NodeRef) -> Result<Vec<NodeRef>, Exhausted> {
        Evaluator::new(context).nodes(&self.root, Focus::on(node))
    }

    /// The first node in document order.
    pub fn first(&self, context: &Context, node: NodeRef) -> Result<Option<NodeRef>, Exhausted> {
        Evaluator::new(context).first(&self.root, Focus::on(node))
    }

    /// The value as `boolean()` makes it; of nodes, whether there are any, which stops at the first.
    pub fn boolean(&self, context: &Context, node: NodeRef) -> Result<bool, Exhausted> {
        Evaluator::new(context).boolean(&self.root, Focus::on(node))
    }

    /// The value as `string()` makes it; of nodes, the text of the first.
    pub fn string(&self, context: &Context, node: NodeRef) -> Result<String, Exhausted> {
        Evaluator::new(context).string(&self.root, Focus::on(node)).map(Cow::into_owned)
    }

    /// The value as `number()` makes it.
    pub fn number(&self, context: &Context, node: NodeRef) -> Result<f64, Exhausted> {
        Evaluator::new(context).number(&self.root, Focus::on(node))
    }
}

/// One part of a union at the top of an expression, to be evaluated on its own.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'e> {
    root: &'e plan::Expr,
}

impl<'e> Branch<'e> {
    /// What a document has to hold so that the branch can find anything (or, if it is no set of nodes, be true): of every clause at
    /// least one key. No clauses: anything may match.
    ///
    /// "Holds" means anywhere in the document, the context node and what is around it included.
    pub fn keys(&self) -> Vec<Clause<'e>> {
        needs::keys(None, self.root)
    }

    /// The same as [`Branch::keys`], sharper where the tables of the context tell which values are looked for.
    pub fn keys_with(&self, context: &Context) -> Vec<Clause<'e>> {
        needs::keys(Some(context), self.root)
    }

    /// Whether the branch finds nothing in any document, given the strings and tables of the context; its document is not looked at.
    /// False where that cannot be told.
    pub fn finds_nothing(&self, context: &Context) -> bool {
        settled::finds_nothing(self.root, context)
    }

    /// The nodes of this branch in document order, none twice.
    pub fn nodes(&self, context: &Context, node: NodeRef) -> Result<Vec<NodeRef>, Exhausted> {
        Evaluator::new(context).nodes(self.root, Focus::on(node))
    }

    /// The first node in document order.
    pub fn first(&self, context: &Context, node: NodeRef) -> Result<Option<NodeRef>, Exhausted> {
        Evaluator::new(context).first(self.root, Focus::on(node))
    }

    /// Whether the branch finds a node, or is true if it is no set of nodes.
    pub fn boolean(&self, context: &Context, node: NodeRef) -> Result<bool, Exhausted> {
        Evaluator::new(context).boolean(self.root, Focus::on(node))
    }
}
