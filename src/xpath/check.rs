//! From syntax to plan: names are resolved, types checked, patterns compiled. Everything that can be wrong with an expression
//! beyond its syntax is found here.

use std::sync::OnceLock;

use super::ast::{self, Axis, Comparison, ExprKind, ListOperator, Operator};
use super::functions::{self, Function};
use super::patterns::Pattern;
use super::plan::{Call, Expr, Path, Predicate, Start, Step, Test};
use super::{Environment, Error, NameTest, Type, VariableKind, XML_NAMESPACE, nearest};
use crate::source::Span;
use crate::tree::NameId;

/// Gives the number of a name: namespace URI, local part.
pub type Number<'n> = &'n mut dyn FnMut(&str, &str) -> NameId;

/// The plan of an expression and the names that it tests.
pub(super) fn check(syntax: &ast::Expr, environment: &Environment, number: Number<'_>) -> Result<(Expr, Vec<NameTest>), Error> {
    let mut checker = Checker { environment, number, names: Vec::new() };
    let root = checker.expression(syntax, false)?;
    Ok((root, checker.names))
}

struct Checker<'e> {
    environment: &'e Environment,
    number: Number<'e>,
    names: Vec<NameTest>,
}

impl Checker<'_> {
    /// `table`: whether the context node is one of a table.
    fn expression(&mut self, syntax: &ast::Expr, table: bool) -> Result<Expr, Error> {
        let expression = match &syntax.kind {
            ExprKind::Number(number) => Expr::Number(*number),
            ExprKind::Literal(text) => Expr::String((*text).into()),
            ExprKind::Variable(name) => self.variable(name, syntax.span)?,
            ExprKind::Call { name, arguments } => self.call(*name, arguments, syntax.span, table)?,
            ExprKind::Negate(inner) => Expr::Negate(Box::new(self.expression(inner, table)?)),
            ExprKind::Binary(operator, left, right) => {
                let left = Box::new(self.expression(left, table)?);
                let right = Box::new(self.expression(right, table)?);
                match operator {
                    Operator::Arithmetic(operator) => Expr::Arithmetic(*operator, left, right),
                    Operator::Compare(comparison) => compare(*comparison, left, right),
                }
            }
            ExprKind::List(operator, parts) => self.list(*operator, parts, table)?,
            ExprKind::Path(path) => Expr::Path(self.path(path, table)?),
        };
        Ok(expression)
    }

    fn variable(&mut self, name: &str, span: Span) -> Result<Expr, Error> {
        let variables = &self.environment.variables;
        match variables.iter().find(|(known, ..)| **known == *name) {
            Some((_, VariableKind::String, index)) => Ok(Expr::Variable(*index)),
            Some((_, VariableKind::Table, index)) => Ok(Expr::Path(Path::new(Start::Table(*index), Vec::new(), true))),
            None => {
                let hint = nearest(name, variables.iter().map(|(known, ..)| &**known)).map(|hint| hint.replacen('`', "`$", 1));
                Err(Error { hint, ..Error::new(span, format!("there is no variable `${name}`")) })
            }
        }
    }

    fn list(&mut self, operator: ListOperator, parts: &[ast::Expr], table: bool) -> Result<Expr, Error> {
        let mut checked = Vec::with_capacity(parts.len());
        for part in parts {
            let expression = self.expression(part, table)?;
            if operator == ListOperator::Union && expression.kind() != Type::Nodes {
                let message = format!("`|` joins sets of nodes, but this is {}", expression.kind());
                return Err(Error::new(part.span, message).hint("conditions are joined by `or`"));
            }
            checked.push(expression);
        }
        Ok(match operator {
            ListOperator::Or => Expr::Or(checked),
            ListOperator::And => Expr::And(checked),
            ListOperator::Union => Expr::Union(checked),
        })
    }

    fn path(&mut self, path: &ast::Path, table: bool) -> Result<Path, Error> {
        let (start, table) = match &path.start {
            ast::Start::Context => (Start::Context, table),
            ast::Start::Root => (Start::Root, table),
            ast::Start::Filter(primary, predicates) => {
                let checked = self.expression(primary, table)?;
                if checked.kind() != Type::Nodes {
                    let what = if predicates.is_empty() { "a step" } else { "a predicate" };
                    let message = format!("{what} needs a node-set before it, but this is {}", checked.kind());
                    let error = Error::new(primary.span, message);
                    return Err(match checked.kind() {
                        Type::Number if !path.steps.is_empty() => error.hint("division is written `a div b`"),
                        _ => error,
                    });
                }
                let table = is_table(&checked, table);
                let predicates = self.predicates(predicates, table)?;
                match checked {
                    Expr::Path(Path { start: Start::Table(index), runs, .. })
                        if predicates.is_empty() && runs.iter().all(Vec::is_empty) =>
                    {
                        (Start::Table(index), table)
                    }
                    checked => (Start::Filter(Box::new(checked), predicates), table),
                }
            }
        };
        let mut steps = Vec::with_capacity(path.steps.len());
        for step in &path.steps {
            let test = self.test(step, table)?;
            let predicates = self.predicates(&step.predicates, table)?;
            steps.push(Step::new(step.axis, test, predicates));
        }
        Ok(Path::new(start, steps, table))
    }

    fn predicates(&mut self, predicates: &[ast::Expr], table: bool) -> Result<Vec<Predicate>, Error> {
        predicates.iter().map(|predicate| Ok(Predicate::new(self.expression(predicate, table)?))).collect()
    }

    fn test(&mut self, step: &ast::Step, table: bool) -> Result<Test, Error> {
        Ok(match &step.test {
            ast::Test::Any => Test::Any,
            ast::Test::Node => Test::Node,
            ast::Test::Text => Test::Text,
            ast::Test::Comment => Test::Comment,
            ast::Test::Instruction(target) => Test::Instruction(target.map(Into::into)),
            ast::Test::Namespace(prefix) => Test::Namespace(uri(self.environment, prefix, step.span)?.into()),
            ast::Test::Name(name) => {
                let uri = match name.prefix {
                    Some(prefix) => uri(self.environment, prefix, name.span)?,
                    None => "",
                };
                self.names.push(NameTest {
                    attribute: step.axis == Axis::Attribute,
                    namespace: uri.into(),
                    local: name.local.into(),
                    span: name.span.range(),
                    table,
                });
                Test::Name((self.number)(uri, name.local))
            }
        })
    }

    fn call(&mut self, name: ast::Name, arguments: &[ast::Expr], span: Span, table: bool) -> Result<Expr, Error> {
        let function = function(name)?;
        let signature = function.signature();
        let (fewest, most) = signature.arity;
        if arguments.len() < fewest || arguments.len() > most {
            let message = format!("`{}({})` is called with {}", signature.name, signature.parameters, counted(arguments.len()));
            return Err(Error::new(span, message));
        }
        let mut checked = Vec::with_capacity(arguments.len().max(1));
        for argument in arguments {
            checked.push(self.expression(argument, table)?);
        }
        if let (Some(first), Some(argument)) = (checked.first(), arguments.first())
            && function.takes_nodes()
            && first.kind() != Type::Nodes
        {
            let message =
                format!("`{}({})` needs a node-set, but this is {}", signature.name, signature.parameters, first.kind());
            let hint = "names of elements and attributes stand without quotes";
            let error = Error::new(argument.span, message);
            return Err(if first.kind() == Type::String { error.hint(hint) } else { error });
        }
        if checked.is_empty() && function.defaults_to_context() {
            checked.push(Expr::context_node());
        }
        if let [_, ast::Expr { kind: ExprKind::Literal(text), span, .. }] = arguments
            && let Some(compile) = compiler(function)
        {
            let pattern = match self.environment.late_patterns {
                true => Pattern::late(text, function),
                false => compile(text).map_err(|message| Error::new(*span, message))?,
            };
            checked.truncate(1);
            if let Some(subject) = checked.pop() {
                return Ok(Expr::Match(Box::new(subject), pattern));
            }
        }
        let attribute = match function {
            Function::Id => (self.number)(XML_NAMESPACE, "id"),
            Function::Lang => (self.number)(XML_NAMESPACE, "lang"),
            Function::Bytes => (self.number)("", "unit"),
            _ => NameId::OTHER,
        };
        Ok(Expr::Call(Call { function, arguments: checked, attribute }))
    }
}

/// The pattern of a function that takes one, compiled.
pub(super) fn pattern(function: Function, text: &str) -> Option<Result<Pattern, String>> {
    compiler(function).map(|compile| compile(text))
}

/// Makes a pattern of its text.
type Compile = fn(&str) -> Result<Pattern, String>;

fn compiler(function: Function) -> Option<Compile> {
    match function {
        Function::Glob => Some(Pattern::glob),
        Function::Matches => Some(Pattern::regex),
        Function::VersionIn => Some(Pattern::versions),
        _ => None,
    }
}

fn function(name: ast::Name) -> Result<Function, Error> {
    let known = functions::functions();
    if name.prefix.is_none()
        && let Some(signature) = known.iter().find(|signature| signature.name == name.local)
    {
        return Ok(signature.function);
    }
    let written = match name.prefix {
        Some(prefix) => format!("{prefix}:{}", name.local),
        None => name.local.to_owned(),
    };
    let replacement = functions::replacement(name.local).map(str::to_owned);
    let hint = replacement.or_else(|| nearest(name.local, known.iter().map(|signature| signature.name)));
    Err(Error { hint, ..Error::new(name.span, format!("there is no function `{written}`")) })
}

fn uri<'e>(environment: &'e Environment, prefix: &str, span: Span) -> Result<&'e str, Error> {
    environment.uri(prefix).ok_or_else(|| {
        let hint = nearest(prefix, environment.prefixes.iter().map(|(known, _)| &**known));
        Error { hint, ..Error::new(span, format!("no namespace is bound to the prefix `{prefix}`")) }
    })
}

fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

/// A comparison; being among the strings of a table becomes a look-up.
fn compare(comparison: Comparison, left: Box<Expr>, right: Box<Expr>) -> Expr {
    let is_text = |expression: &Expr| matches!(expression.kind(), Type::Nodes | Type::String);
    let is_fixed = |expression: &Expr| matches!(expression, Expr::Path(path) if path.fixed());
    let (value, table) = match comparison {
        Comparison::Equal if is_fixed(&right) && is_text(&left) => (left, right),
        Comparison::Equal if is_fixed(&left) && is_text(&right) => (right, left),
        _ => return Expr::Compare(comparison, left, right),
    };
    match *table {
        Expr::Path(table) => Expr::Member(value, table, OnceLock::new()),
        table => Expr::Compare(comparison, value, Box::new(table)),
    }
}

/// Whether any of the nodes are those of a table, so that names below are not the document's.
fn is_table(nodes: &Expr, context: bool) -> bool {
    match nodes {
        Expr::Path(path) => path.table,
        Expr::Union(parts) => parts.iter().any(|part| is_table(part, context)),
        // `id()` stays in the tree of the context node.
        _ => context,
    }
}
