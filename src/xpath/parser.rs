//! From tokens to a syntax tree: the grammar of section 2 and 3 of the recommendation, abbreviations written out.

use super::ast::{Axis, Comparison, Expr, ExprKind, ListOperator, MAX_HEIGHT, Name, Operator, Path, Start, Step, Test, too_deep};
use super::lexer::{Token, tokens};
use super::{Error, nearest};
use crate::source::Span;

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Expr<'_>, Error> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens, at: 0, depth: 0 };
    if parser.tokens.is_empty() {
        return Err(Error::new(Span::new(0, text.len()), "the expression is empty".to_owned()));
    }
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected("an operator or the end of the expression")),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token<'t>, Span)>,
    at: usize,
    /// How many brackets are open.
    depth: u32,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<Token<'t>> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + by).map(|&(token, _)| token)
    }

    /// The place of the next token, or the end of the text.
    fn here(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::at(self.text.trim_end().len()), |&(_, span)| span)
    }

    /// From a start up to the last token taken.
    fn since(&self, start: Span) -> Span {
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start.end, |(_, span)| span.end);
        Span { start: start.start, end: end.max(start.start) }
    }

    fn take(&mut self, token: Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, expected: &str) -> Error {
        let span = self.here();
        let found = match self.text.get(span.range()) {
            Some(text) if !text.is_empty() => format!("found `{text}`"),
            _ => "the expression ends".to_owned(),
        };
        let error = Error::new(span, format!("expected {expected}, but {found}"));
        match self.hint_for_unexpected() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn hint_for_unexpected(&self) -> Option<&'static str> {
        let before = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map(|&(token, _)| token);
        match (before, self.peek()) {
            (Some(Token::Name(name)), Some(Token::At | Token::Dot | Token::DotDot | Token::Slash)) if name.local == "not" => {
                Some("write `not(...)`, with parentheses")
            }
            (Some(Token::Slash), Some(Token::Number(_) | Token::Variable(_) | Token::Open)) => {
                Some("division is written `a div b`")
            }
            (Some(Token::Slash | Token::SlashSlash), Some(Token::Literal(_))) => Some("names in a path stand without quotes"),
            (Some(Token::Slash | Token::SlashSlash), None) => Some("a path does not end with `/`"),
            (Some(Token::Dot | Token::DotDot), Some(Token::OpenBracket)) => {
                Some("`.` and `..` take no predicate: write `self::node()[...]` or `parent::node()[...]`")
            }
            (_, Some(Token::Operator(Operator::Compare(Comparison::Equal)))) => Some("comparing needs a value on both sides"),
            _ => None,
        }
    }

    /// Takes the bracket that closes the one at `open`.
    fn close(&mut self, token: Token, open: Span) -> Result<(), Error> {
        if self.take(token) {
            return Ok(());
        }
        let (opening, closing) = if token == Token::Close { ("(", ")") } else { ("[", "]") };
        let place = place(self.text, open);
        Err(self.unexpected(&format!("`{closing}` to close the `{opening}` at {place}")))
    }

    fn expression(&mut self) -> Result<Expr<'t>, Error> {
        if self.depth >= MAX_HEIGHT {
            return Err(too_deep(self.here()));
        }
        self.depth += 1;
        let expression = self.operators(0);
        self.depth -= 1;
        expression
    }

    /// Operands and operators that bind at least as tightly as `least`, all of them to the left.
    fn operators(&mut self, least: u8) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let mut left = self.signed()?;
        loop {
            let Some(token) = self.peek() else { return Ok(left) };
            let Some(precedence) = precedence(token) else { return Ok(left) };
            if precedence < least {
                return Ok(left);
            }
            self.at += 1;
            let right = self.operators(precedence + 1)?;
            let span = self.since(start);
            left = match token {
                Token::List(operator) => join(operator, left, right, span)?,
                Token::Operator(operator) => Expr::new(ExprKind::Binary(operator, Box::new(left), Box::new(right)), span)?,
                _ => return Ok(left),
            };
        }
    }

    fn signed(&mut self) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let minus = Token::Operator(Operator::Arithmetic(super::ast::Arithmetic::Subtract));
        let mut signs = 0;
        while self.take(minus) {
            signs += 1;
        }
        let mut operand = self.union()?;
        // Signs beyond the second take each other away; even `--x` makes a number of x.
        let kept = if signs > 2 { 2 - signs % 2 } else { signs };
        for _ in 0..kept {
            operand = Expr::new(ExprKind::Negate(Box::new(operand)), self.since(start))?;
        }
        Ok(operand)
    }

    fn union(&mut self) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let mut left = self.path()?;
        while self.take(Token::List(ListOperator::Union)) {
            let right = self.path()?;
            left = join(ListOperator::Union, left, right, self.since(start))?;
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let mut steps = Vec::new();
        let from = match self.peek() {
            Some(Token::Slash) => {
                self.at += 1;
                if self.starts_step() {
                    self.steps(&mut steps)?;
                }
                Start::Root
            }
            Some(Token::SlashSlash) => {
                self.slashes(&mut steps)?;
                Start::Root
            }
            Some(Token::Number(_) | Token::Literal(_) | Token::Variable(_) | Token::Open) => return self.filter(),
            Some(Token::Name(name)) if self.ahead(1) == Some(Token::Open) && !is_node_type(name) => return self.filter(),
            _ => {
                self.steps(&mut steps)?;
                Start::Context
            }
        };
        Expr::new(ExprKind::Path(Path { start: from, steps }), self.since(start))
    }

    /// A primary expression, its predicates, and the path that goes on from it.
    fn filter(&mut self) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let primary = self.primary()?;
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        match self.peek() {
            Some(Token::Slash) => {
                self.at += 1;
                self.steps(&mut steps)?;
            }
            Some(Token::SlashSlash) => self.slashes(&mut steps)?,
            _ if predicates.is_empty() => return Ok(primary),
            _ => {}
        }
        let path = Path { start: Start::Filter(Box::new(primary), predicates), steps };
        Expr::new(ExprKind::Path(path), self.since(start))
    }

    fn primary(&mut self) -> Result<Expr<'t>, Error> {
        let start = self.here();
        let kind = match self.peek() {
            Some(Token::Number(number)) => ExprKind::Number(number),
            Some(Token::Literal(text)) => ExprKind::Literal(text),
            Some(Token::Variable(name)) => ExprKind::Variable(name),
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.expression()?;
                self.close(Token::Close, start)?;
                return Ok(inner);
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                let arguments = self.arguments()?;
                return Expr::new(ExprKind::Call { name, arguments }, self.since(start));
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        Expr::new(kind, start)
    }

    fn arguments(&mut self) -> Result<Vec<Expr<'t>>, Error> {
        let open = self.here();
        self.at += 1;
        let mut arguments = Vec::new();
        if self.take(Token::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.take(Token::Comma) {
                self.close(Token::Close, open)?;
                return Ok(arguments);
            }
        }
    }

    fn predicates(&mut self) -> Result<Vec<Expr<'t>>, Error> {
        let mut predicates = Vec::new();
        loop {
            let open = self.here();
            if !self.take(Token::OpenBracket) {
                return Ok(predicates);
            }
            predicates.push(self.expression()?);
            self.close(Token::CloseBracket, open)?;
        }
    }

    fn starts_step(&self) -> bool {
        let token = self.peek();
        matches!(token, Some(Token::Name(_) | Token::Namespace(_) | Token::Star | Token::At | Token::Dot | Token::DotDot))
    }

    /// `//` and the steps behind it: `/descendant-or-self::node()/`.
    fn slashes(&mut self, steps: &mut Vec<Step<'t>>) -> Result<(), Error> {
        let span = self.here();
        self.at += 1;
        steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new(), span });
        self.steps(steps)
    }

    fn steps(&mut self, steps: &mut Vec<Step<'t>>) -> Result<(), Error> {
        loop {
            let step = self.step()?;
            steps.push(step);
            let span = self.here();
            if self.take(Token::SlashSlash) {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new(), span });
            } else if !self.take(Token::Slash) {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<Step<'t>, Error> {
        let start = self.here();
        for (token, axis) in [(Token::Dot, Axis::SelfNode), (Token::DotDot, Axis::Parent)] {
            if self.take(token) {
                return Ok(Step { axis, test: Test::Node, predicates: Vec::new(), span: start });
            }
        }
        let axis = match self.peek() {
            Some(Token::At) => {
                self.at += 1;
                Axis::Attribute
            }
            Some(Token::Name(name)) if self.ahead(1) == Some(Token::ColonColon) => {
                self.at += 2;
                axis(name)?
            }
            _ => Axis::Child,
        };
        let start = self.here();
        let test = self.test()?;
        let span = self.since(start);
        let predicates = self.predicates()?;
        Ok(Step { axis, test, predicates, span })
    }

    fn test(&mut self) -> Result<Test<'t>, Error> {
        let test = match self.peek() {
            Some(Token::Star) => Test::Any,
            Some(Token::Namespace(prefix)) => Test::Namespace(prefix),
            Some(Token::Name(name)) if self.ahead(1) == Some(Token::Open) => return self.node_type(name),
            Some(Token::Name(name)) => Test::Name(name),
            _ => return Err(self.unexpected("a name, `*`, `@name`, `.` or a function")),
        };
        self.at += 1;
        Ok(test)
    }

    fn node_type(&mut self, name: Name<'t>) -> Result<Test<'t>, Error> {
        if !is_node_type(name) {
            let message = format!("the function `{}` cannot be a step of a path", name.local);
            let hint = format!("put the path into it: `{}(path)`", name.local);
            return Err(Error::new(name.span, message).hint(hint));
        }
        self.at += 1;
        let open = self.here();
        self.at += 1;
        let test = match (name.local, self.peek()) {
            ("processing-instruction", Some(Token::Literal(target))) => {
                self.at += 1;
                Test::Instruction(Some(target))
            }
            ("processing-instruction", _) => Test::Instruction(None),
            ("text", _) => Test::Text,
            ("comment", _) => Test::Comment,
            _ => Test::Node,
        };
        self.close(Token::Close, open)?;
        Ok(test)
    }
}

fn is_node_type(name: Name) -> bool {
    name.prefix.is_none() && matches!(name.local, "node" | "text" | "comment" | "processing-instruction")
}

fn axis(name: Name) -> Result<Axis, Error> {
    let known = if name.prefix.is_none() { Axis::named(name.local) } else { None };
    known.ok_or_else(|| {
        if name.local == "namespace" {
            let error = Error::new(name.span, "the namespace axis is not supported".to_owned());
            return error.hint("`namespace-uri()` tells a node's namespace");
        }
        let hint = nearest(name.local, Axis::ALL.into_iter().map(|(axis, _)| axis));
        Error { hint, ..Error::new(name.span, format!("there is no axis `{}`", name.local)) }
    })
}

fn precedence(token: Token) -> Option<u8> {
    use super::ast::Arithmetic::{Add, Subtract};
    match token {
        Token::List(ListOperator::Or) => Some(1),
        Token::List(ListOperator::And) => Some(2),
        Token::Operator(Operator::Compare(comparison)) if comparison.is_equality() => Some(3),
        Token::Operator(Operator::Compare(_)) => Some(4),
        Token::Operator(Operator::Arithmetic(Add | Subtract)) => Some(5),
        Token::Operator(Operator::Arithmetic(_)) => Some(6),
        _ => None,
    }
}

/// One list out of `left` and `right`; a list of the same operator on the left grows.
fn join<'t>(operator: ListOperator, left: Expr<'t>, right: Expr<'t>, span: Span) -> Result<Expr<'t>, Error> {
    match left {
        // Heights are compared here, not worked out anew: a long list would take quadratic time.
        Expr { kind: ExprKind::List(same, mut parts), height, .. } if same == operator && right.height < MAX_HEIGHT => {
            let height = height.max(right.height + 1);
            parts.push(right);
            Ok(Expr { kind: ExprKind::List(operator, parts), span, height })
        }
        left => Expr::new(ExprKind::List(operator, vec![left, right]), span),
    }
}

/// Where a bracket stands, for people: its column, and its line in an expression of several.
fn place(text: &str, span: Span) -> String {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    match before.matches('\n').count() {
        _ if !text.contains('\n') => format!("column {column}"),
        lines => format!("line {}, column {column}", lines + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::Arithmetic;
    use super::*;

    /// The tree with all brackets and no abbreviations.
    fn written_out(expression: &Expr) -> String {
        let list = |parts: &[Expr], by: &str| parts.iter().map(written_out).collect::<Vec<_>>().join(by);
        match &expression.kind {
            ExprKind::Number(number) => number.to_string(),
            ExprKind::Literal(text) => format!("'{text}'"),
            ExprKind::Variable(name) => format!("${name}"),
            ExprKind::Call { name, arguments } => format!("{}({})", name.local, list(arguments, ", ")),
            ExprKind::Negate(inner) => format!("-({})", written_out(inner)),
            ExprKind::Binary(operator, left, right) => {
                let operator = match operator {
                    Operator::Compare(comparison) => format!("{comparison:?}"),
                    Operator::Arithmetic(Arithmetic::Subtract) => "-".to_owned(),
                    Operator::Arithmetic(arithmetic) => format!("{arithmetic:?}"),
                };
                format!("({} {operator} {})", written_out(left), written_out(right))
            }
            ExprKind::List(operator, parts) => format!("({})", list(parts, &format!(" {operator:?} "))),
            ExprKind::Path(path) => {
                let predicates =
                    |predicates: &[Expr]| predicates.iter().map(|p| format!("[{}]", written_out(p))).collect::<String>();
                let mut text = match &path.start {
                    Start::Context => String::new(),
                    Start::Root => "/".to_owned(),
                    Start::Filter(primary, filters) => format!("{{{}}}{}/", written_out(primary), predicates(filters)),
                };
                let steps = path.steps.iter().map(|step| {
                    let test = match &step.test {
                        Test::Name(name) => name.prefix.map_or(String::new(), |p| format!("{p}:")) + name.local,
                        test => format!("{test:?}").to_lowercase(),
                    };
                    format!("{:?}::{test}{}", step.axis, predicates(&step.predicates))
                });
                text.push_str(&steps.collect::<Vec<_>>().join("/"));
                text
            }
        }
    }

    #[test]
    fn expressions_are_grouped_and_written_out() {
        let table = [
            ("1 + 2 * 3 - 4", "((1 Add (2 Multiply 3)) - 4)"),
            ("10 - 2 - 3", "((10 - 2) - 3)"),
            ("1 < 2 = 3 > 4", "((1 Less 2) Equal (3 Greater 4))"),
            ("a or b and c or d", "(Child::a Or (Child::b And Child::c) Or Child::d)"),
            ("-a | b", "-((Child::a Union Child::b))"),
            ("- - -1", "-(1)"),
            ("--1", "-(-(1))"),
            ("2 * -3", "(2 Multiply -(3))"),
            ("//a", "/DescendantOrSelf::node/Child::a"),
            ("a//@b", "Child::a/DescendantOrSelf::node/Attribute::b"),
            ("./..", "SelfNode::node/Parent::node"),
            ("/", "/"),
            ("/ = 1", "(/ Equal 1)"),
            ("p:a[1][@b='c']/text()", "Child::p:a[1][(Attribute::b Equal 'c')]/Child::text"),
            ("(a)[1]/b", "{Child::a}[1]/Child::b"),
            ("$t//a", "{$t}/DescendantOrSelf::node/Child::a"),
            ("id('x')[2]", "{id('x')}[2]/"),
            ("((a))", "Child::a"),
            ("text()[1]", "Child::text[1]"),
            ("text", "Child::text"),
            ("self::node()", "SelfNode::node"),
            ("ancestor-or-self :: a", "AncestorOrSelf::a"),
            ("processing-instruction('a')", "Child::instruction(some(\"a\"))"),
            ("concat('a', $b, c)", "concat('a', $b, Child::c)"),
            ("(a or b) or c", "(Child::a Or Child::b Or Child::c)"),
            ("a | (b | c)", "(Child::a Union (Child::b Union Child::c))"),
        ];
        for (text, expected) in table {
            assert_eq!(written_out(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn spans_cover_what_was_written() {
        let text = " count( a ) + - b[1] ";
        let expression = parse(text).unwrap();
        assert_eq!(&text[expression.span.range()], "count( a ) + - b[1]");
        let ExprKind::Binary(_, left, right) = &expression.kind else { panic!("{expression:?}") };
        assert_eq!([&text[left.span.range()], &text[right.span.range()]], ["count( a )", "- b[1]"]);
    }
}
