//! From text to tokens, by section 3.7 of the recommendation: whether `*` multiplies and whether `div` is an operator or a name is
//! decided here, by the token before.

use super::Error;
use super::ast::{Arithmetic, Comparison, ListOperator, Name, Operator};
use crate::source::Span;

/// Longest expression accepted, in bytes. The longest of any published rule set is a few hundred.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'t> {
    Name(Name<'t>),
    /// `prefix:*`
    Namespace(&'t str),
    /// `*` as a node test.
    Star,
    Number(f64),
    Literal(&'t str),
    Variable(&'t str),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Dot,
    DotDot,
    At,
    Comma,
    ColonColon,
    Slash,
    SlashSlash,
    Operator(Operator),
    List(ListOperator),
}

impl Token<'_> {
    /// Whether an operand can end with this token, so that an operator has to follow.
    fn ends_operand(self) -> bool {
        match self {
            Token::Name(_) | Token::Namespace(_) | Token::Star | Token::Number(_) | Token::Literal(_) | Token::Variable(_) => {
                true
            }
            Token::Close | Token::CloseBracket | Token::Dot | Token::DotDot => true,
            Token::Open | Token::OpenBracket | Token::At | Token::Comma | Token::ColonColon => false,
            Token::Slash | Token::SlashSlash | Token::Operator(_) | Token::List(_) => false,
        }
    }
}

/// All tokens of an expression with their places.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Span)>, Error> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression has {} bytes, more than the {MAX_LENGTH} that are read", text.len());
        return Err(Error::new(Span::at(0), message));
    }
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new() };
    while let Some(first) = lexer.skip_space() {
        let start = lexer.at;
        let token = lexer.token(first)?;
        lexer.tokens.push((token, Span::new(start, lexer.at)));
    }
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<(Token<'t>, Span)>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.rest().chars().next()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn previous(&self) -> Option<Token<'t>> {
        self.tokens.last().map(|&(token, _)| token)
    }

    fn after_operand(&self) -> bool {
        self.previous().is_some_and(Token::ends_operand)
    }

    fn token(&mut self, first: char) -> Result<Token<'t>, Error> {
        match first {
            '"' | '\'' => self.literal(first),
            '0'..='9' => self.number(),
            '.' if self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            '$' => self.variable(),
            c if is_name_start(c) => self.name(),
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> Result<Token<'t>, Error> {
        use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let compare = |comparison| Token::Operator(Operator::Compare(comparison));
        let arithmetic = |operator| Token::Operator(Operator::Arithmetic(operator));
        self.refuse_foreign_operator()?;
        let rest = self.rest();
        let found = match rest.as_bytes() {
            [b'/', b'/', ..] => Some((2, Token::SlashSlash)),
            [b'/', ..] => Some((1, Token::Slash)),
            [b':', b':', ..] => Some((2, Token::ColonColon)),
            [b'.', b'.', ..] => Some((2, Token::DotDot)),
            [b'.', ..] => Some((1, Token::Dot)),
            [b'!', b'=', ..] => Some((2, compare(NotEqual))),
            [b'<', b'=', ..] => Some((2, compare(LessEqual))),
            [b'>', b'=', ..] => Some((2, compare(GreaterEqual))),
            [b'=', ..] => Some((1, compare(Equal))),
            [b'<', ..] => Some((1, compare(Less))),
            [b'>', ..] => Some((1, compare(Greater))),
            [b'*', ..] if self.after_operand() => Some((1, arithmetic(Arithmetic::Multiply))),
            [b'*', ..] => Some((1, Token::Star)),
            [b'+', ..] => Some((1, arithmetic(Arithmetic::Add))),
            [b'-', ..] => Some((1, arithmetic(Arithmetic::Subtract))),
            [b'|', ..] => Some((1, Token::List(ListOperator::Union))),
            [b'(', ..] => Some((1, Token::Open)),
            [b')', ..] => Some((1, Token::Close)),
            [b'[', ..] => Some((1, Token::OpenBracket)),
            [b']', ..] => Some((1, Token::CloseBracket)),
            [b'@', ..] => Some((1, Token::At)),
            [b',', ..] => Some((1, Token::Comma)),
            _ => None,
        };
        if let Some((length, token)) = found {
            self.at += length;
            return Ok(token);
        }
        let first = rest.chars().next().unwrap_or_default();
        let hint = match first {
            '!' => "negation is a function: write `not(...)`; unequal is `!=`",
            '&' => "write `and` for both conditions",
            '%' => "the remainder is `mod`: `a mod b`",
            ':' => "an axis is followed by `::`, a prefix by `:` and a name without a space",
            '{' | '}' => "braces belong into messages, not into expressions",
            ';' => "an expression is one expression; join conditions with `and` or `or`, paths with `|`",
            '\\' => "steps of a path are separated by `/`",
            '?' | '~' | '^' => "patterns are strings for `glob(value, 'pattern')` and `matches(value, 'regex')`",
            '`' | '“' | '”' | '‘' | '’' | '„' => "strings stand in `'...'` or `\"...\"`",
            '\u{a0}' => "this is a no-break space; type a plain one",
            _ => "text stands in quotes",
        };
        let span = Span::new(self.at, self.at + first.len_utf8());
        Err(Error::new(span, format!("the character `{first}` has no meaning in XPath")).hint(hint))
    }

    /// Operators of other languages that begin like ours and would give a puzzling message one token later.
    fn refuse_foreign_operator(&self) -> Result<(), Error> {
        const FOREIGN: [(&str, &str); 9] = [
            ("==", "equality is a single `=`"),
            ("=~", "regular expressions are tested by `matches(value, 'regex')`"),
            ("=>", "at least is `>=`"),
            ("=<", "at most is `<=`"),
            ("<>", "unequal is `!=`"),
            ("!==", "unequal is `!=`"),
            ("&&", "write `and`"),
            ("||", "write `or`; text is joined by `concat(a, b)`"),
            (":=", "equality is a single `=`"),
        ];
        let rest = self.rest();
        if !matches!(rest.as_bytes(), [b'=' | b'<' | b'!' | b'&' | b'|' | b':', b'=' | b'~' | b'>' | b'<' | b'&' | b'|', ..]) {
            return Ok(());
        }
        match FOREIGN.iter().find(|(text, _)| rest.starts_with(text)) {
            None => Ok(()),
            Some((text, hint)) => {
                let span = Span::new(self.at, self.at + text.len());
                Err(Error::new(span, format!("`{text}` is not an operator of XPath")).hint(*hint))
            }
        }
    }

    fn literal(&mut self, quote: char) -> Result<Token<'t>, Error> {
        let start = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != quote);
        if !self.rest().starts_with(quote) {
            let message = format!("the string that begins here has no closing `{quote}`");
            return Err(Error::new(Span::new(start, start + 1), message));
        }
        self.at += 1;
        if self.previous().is_some_and(|token| matches!(token, Token::Literal(_))) {
            let message = "a string follows a string without an operator between them".to_owned();
            return Err(Error::new(Span::new(start, self.at), message)
                .hint("quotes cannot be doubled in XPath 1.0; put the other kind of quote around the string"));
        }
        Ok(Token::Literal(text))
    }

    fn number(&mut self) -> Result<Token<'t>, Error> {
        let start = self.at;
        let digits = |c: char| c.is_ascii_digit();
        self.take_while(digits);
        if self.rest().starts_with('.') {
            self.at += 1;
            self.take_while(digits);
        }
        let number = self.text.get(start..self.at).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
        // `6div 2` is well-formed, if ugly.
        let rest = self.rest();
        let glued = rest.get(..rest.find(|c| !is_name_char(c)).unwrap_or(rest.len())).unwrap_or_default();
        if glued.starts_with(|c| c == '.' || is_name_start(c)) && !matches!(glued, "and" | "or" | "div" | "mod") {
            self.at += glued.len();
            let text = self.text.get(start..self.at).unwrap_or_default();
            let hint = if glued.starts_with('.') {
                "text such as a version stands in quotes"
            } else {
                "numbers have no exponent and no unit; `bytes(memory)` turns a value with a unit into bytes"
            };
            return Err(Error::new(Span::new(start, self.at), format!("`{text}` is not a number")).hint(hint));
        }
        Ok(Token::Number(number))
    }

    fn variable(&mut self) -> Result<Token<'t>, Error> {
        let start = self.at;
        self.at += 1;
        if !self.rest().starts_with(is_name_start) {
            let error = Error::new(Span::new(start, self.at), "a `$` is followed by the name of a variable".to_owned());
            return Err(error);
        }
        self.take_while(is_name_char);
        let plain = self.text.get(start + 1..self.at).unwrap_or_default();
        Ok(Token::Variable(plain))
    }

    fn name(&mut self) -> Result<Token<'t>, Error> {
        let start = self.at;
        let first = self.take_while(is_name_char);
        let span = Span::new(start, self.at);
        if self.after_operand() {
            return self.operator_name(first, span);
        }
        let rest = self.rest();
        if rest.starts_with("::") || !rest.starts_with(':') {
            return Ok(Token::Name(Name { prefix: None, local: first, span }));
        }
        self.at += 1;
        if self.rest().starts_with('*') {
            self.at += 1;
            return Ok(Token::Namespace(first));
        }
        if !self.rest().starts_with(is_name_start) {
            let message = format!("a name has to follow the prefix `{first}:`");
            return Err(Error::new(Span::new(start, self.at), message).hint("an axis is followed by two colons: `child::name`"));
        }
        let local = self.take_while(is_name_char);
        Ok(Token::Name(Name { prefix: Some(first), local, span: Span::new(start, self.at) }))
    }

    /// A name behind an operand can only be an operator.
    fn operator_name(&self, name: &str, span: Span) -> Result<Token<'t>, Error> {
        let token = match name {
            "and" => Token::List(ListOperator::And),
            "or" => Token::List(ListOperator::Or),
            "div" => Token::Operator(Operator::Arithmetic(Arithmetic::Divide)),
            "mod" => Token::Operator(Operator::Arithmetic(Arithmetic::Remainder)),
            _ => {
                let message = format!("expected an operator or the end of the expression, found `{name}`");
                return Err(Error { hint: self.operator_hint(name), ..Error::new(span, message) });
            }
        };
        Ok(token)
    }

    fn operator_hint(&self, name: &str) -> Option<String> {
        let before = match self.previous() {
            Some(Token::Name(before)) => before.local,
            _ => "",
        };
        let hint = match (before, name.to_ascii_lowercase().as_str()) {
            ("not", _) => format!("write `not({name}...)`, with parentheses"),
            ("if" | "for" | "some" | "every", _) => {
                format!("`{before}` belongs to XPath 2; a predicate `[...]` says which nodes are meant")
            }
            (_, "and" | "or" | "mod" | "div") => {
                format!("operators are written in small letters: `{}`", name.to_ascii_lowercase())
            }
            (_, "eq" | "is") => "write `=`".to_owned(),
            (_, "ne") => "write `!=`".to_owned(),
            (_, "lt") => "write `<`".to_owned(),
            (_, "le") => "write `<=`".to_owned(),
            (_, "gt") => "write `>`".to_owned(),
            (_, "ge") => "write `>=`".to_owned(),
            (_, "idiv") => "write `floor(a div b)`".to_owned(),
            (_, "in") => "compare with each: `@a = 'x' or @a = 'y'`, or with a table: `@a = $table/row/@name`".to_owned(),
            (_, "union") => "write `a | b`".to_owned(),
            (_, "intersect" | "except") => "this is XPath 2; use a predicate: `a[@b]`, `a[not(@b)]`".to_owned(),
            (_, "then" | "else" | "return" | "satisfies" | "to") => "this is XPath 2; use predicates".to_owned(),
            _ => return super::nearest(name, ["and", "or", "mod", "div"].into_iter()),
        };
        Some(hint)
    }
}

/// `NameStartChar` of XML 1.0, fifth edition, without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// `NameChar` of XML 1.0, fifth edition, without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> String {
        let described = tokens(text).unwrap().into_iter().map(|(token, span)| {
            let text = &text[span.range()];
            match token {
                Token::Operator(_) | Token::List(_) => format!("op {text}"),
                Token::Name(_) | Token::Namespace(_) | Token::Star => format!("name {text}"),
                Token::Number(number) => format!("number {number}"),
                Token::Literal(literal) => format!("string {literal}"),
                _ => text.to_owned(),
            }
        });
        described.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn names_and_operators_are_told_apart_by_the_token_before() {
        let table = [
            ("* * *", "name *, op *, name *"),
            ("@* * 2", "@, name *, op *, number 2"),
            ("div div mod", "name div, op div, name mod"),
            ("/ * ", "/, name *"),
            ("(*)", "(, name *, )"),
            (". * ..", "., op *, .."),
            ("a[*]*3", "name a, [, name *, ], op *, number 3"),
            ("$a * $b", "$a, op *, $b"),
            ("and and or or or", "name and, op and, name or, op or, name or"),
            ("child::*", "name child, ::, name *"),
            ("a - b", "name a, op -, name b"),
            ("a -b", "name a, op -, name b"),
            ("a-b", "name a-b"),
            ("1-2", "number 1, op -, number 2"),
            ("p:*", "name p:*"),
            ("p:a :: b", "name p:a, ::, name b"),
            ("a:div div div", "name a:div, op div, name div"),
            (".5 5. 5.5", "number 0.5, number 5, number 5.5"),
            ("..", ".."),
            ("6div 2", "number 6, op div, number 2"),
            ("'a\"b' != \"'\"", "string a\"b, op !=, string '"),
            ("a//b|c<=d", "name a, //, name b, op |, name c, op <=, name d"),
            ("Grüße\t=\n世界", "name Grüße, op =, name 世界"),
        ];
        for (text, expected) in table {
            assert_eq!(described(text), expected, "{text}");
        }
    }
}
