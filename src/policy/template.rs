//! Messages with expressions in braces.

use crate::source::Span;

/// A piece of a template as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Plain text.
    Text(String),
    /// `{device}`
    Device,
    /// `{violation}`
    Violation,
    /// `{guest}`
    Guest,
    /// `{drivers}`
    Drivers,
    /// `{host}`
    Host,
    /// An expression and its place in the template.
    Expression(&'t str, Span),
}

/// What is wrong with a template, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// The brace.
    pub span: Span,
    /// What is wrong with it.
    pub message: &'static str,
}

/// Takes a template apart. `{{` and `}}` are braces; quotes inside an expression may hold any character.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, Unbalanced> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let doubled = rest.peek().is_some_and(|(_, next)| *next == c);
        match c {
            '{' | '}' if doubled => {
                rest.next();
                text.push(c);
            }
            '}' => {
                return Err(Unbalanced {
                    span: Span::new(at, at + 1),
                    message: "a `}` without its `{`; write `}}` for the brace itself",
                });
            }
            '{' => {
                let mut quote = None;
                let end = rest.find(|&(_, c)| {
                    match quote {
                        Some(open) if c == open => quote = None,
                        None if matches!(c, '\'' | '"') => quote = Some(c),
                        _ => {}
                    }
                    quote.is_none() && c == '}'
                });
                let Some((end, _)) = end else {
                    return Err(Unbalanced {
                        span: Span::new(at, at + 1),
                        message: "this `{` is never closed; write `{{` for the brace itself",
                    });
                };
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(match template[at + 1..end].trim() {
                    "device" => Piece::Device,
                    "violation" => Piece::Violation,
                    "guest" => Piece::Guest,
                    "drivers" => Piece::Drivers,
                    "host" => Piece::Host,
                    _ => Piece::Expression(&template[at + 1..end], Span::new(at + 1, end)),
                });
            }
            c => text.push(c),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        let text = |t: &str| Piece::Text(t.to_owned());
        assert_eq!(
            pieces("{device} has {{x}} {@a['}']}"),
            Ok(vec![Piece::Device, text(" has {x} "), Piece::Expression("@a['}']", Span::new(20, 27))])
        );
        assert_eq!(pieces("a } b").unwrap_err().span, Span::new(2, 3));
        assert_eq!(pieces("a {b").unwrap_err().span, Span::new(2, 3));
    }
}
