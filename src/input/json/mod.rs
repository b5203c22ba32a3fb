//! JSON by RFC 8259 and nothing else, straight to keys: what `ConvertTo-Json` writes, HCS documents, NanaBox files.
//!
//! No comments, no trailing commas, no raw control characters, no member given twice: a file in which a reader has to guess is
//! refused at the place. (Which of two members of one name counts is left open by the standard, so that two programs may see two
//! machines.) The reader keeps its own stack and makes no tree of its own, so that neither depth nor size can exhaust it.

mod string;

use std::borrow::Cow;

use super::key_paths::Siblings;
use super::keys::{Keys, Scalar};
use super::limits::Limits;
use super::xml::Malformed;
use crate::source::Span;
use string::Decoded;

/// Reads a document. A member's span is that of its name and its value, an item's that of its value; the span of a text value
/// leaves out the quotes.
///
/// # Errors
/// Where the text is no JSON, has a member twice or is beyond a limit.
pub fn read(text: &str, limits: &Limits) -> Result<Keys, Box<Malformed>> {
    let most = limits.keys(text.len());
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, keys: Keys::new(), open: Vec::new(), limits, most };
    reader.document()?;
    Ok(reader.keys)
}

type Fault = Box<Malformed>;

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    keys: Keys,
    open: Vec<Container<'t>>,
    limits: &'t Limits,
    most: usize,
}

/// An object or an array that is not closed yet.
struct Container<'t> {
    /// Where it starts.
    start: usize,
    object: bool,
    /// How many values it has so far.
    count: usize,
    /// Whether it is a key; the whole document is none.
    keyed: bool,
    /// The names of its members.
    names: Siblings<'t>,
}

/// What a value belongs to.
enum Owner<'t> {
    Document,
    Item(usize),
    /// `again` tells that the object has a member of this name already.
    Member {
        name: Cow<'t, str>,
        start: usize,
        again: bool,
    },
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<(), Fault> {
        self.blank();
        if self.at == self.bytes.len() {
            return Err(fault(Span::at(self.at), "the file is empty"));
        }
        self.value(Owner::Document)?;
        while let Some(container) = self.open.last() {
            let (object, count) = (container.object, container.count);
            self.blank();
            if self.peek() == Some(if object { b'}' } else { b']' }) {
                self.at += 1;
                self.shut();
                continue;
            }
            if count > 0 {
                self.comma(object)?;
            }
            let owner = if object { self.member()? } else { Owner::Item(count) };
            if let Some(container) = self.open.last_mut() {
                container.count += 1;
            }
            self.value(owner)?;
        }
        self.blank();
        match self.peek() {
            None => Ok(()),
            Some(_) => {
                let several = matches!(self.peek(), Some(b'{' | b'['));
                let help = "Join several objects into one array, as `@($a; $b) | ConvertTo-Json -Depth 6` does.";
                let found = fault(self.here(), "text behind the end of the document");
                Err(if several { Box::new(found.help(help)) } else { found })
            }
        }
    }

    /// Ends the innermost object or array behind its closing bracket.
    fn shut(&mut self) {
        if self.open.pop().is_some_and(|container| container.keyed) {
            self.keys.close_at(self.at);
        }
    }

    fn comma(&mut self, object: bool) -> Result<(), Fault> {
        match self.peek() {
            Some(b',') => self.at += 1,
            None => return Err(self.cut_off()),
            Some(b'/') => return Err(self.comment()),
            Some(_) => {
                let close = if object { '}' } else { ']' };
                return Err(fault(self.here(), format!("expected `,` or `{close}`")));
            }
        }
        let comma = self.at - 1;
        self.blank();
        match self.peek() {
            Some(b'}' | b']') => {
                let found = fault(Span::new(comma, comma + 1), "a `,` with no value behind it");
                Err(Box::new(found.help("JSON allows no comma after the last value.")))
            }
            _ => Ok(()),
        }
    }

    /// A member's name and the colon.
    fn member(&mut self) -> Result<Owner<'t>, Fault> {
        let start = self.at;
        let name = match self.peek() {
            Some(b'"') => self.string()?.0.into_name(),
            None => return Err(self.cut_off()),
            Some(b'/') => return Err(self.comment()),
            Some(_) => {
                let found = fault(self.here(), "expected the name of a member in double quotes");
                return Err(Box::new(found.help("JSON knows no bare names and no single quotes.")));
            }
        };
        self.blank();
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return Err(self.cut_off()),
            Some(_) => return Err(fault(self.here(), "expected `:` behind the name of a member")),
        }
        self.blank();
        let again = self.open.last_mut().is_some_and(|object| object.names.count(name.clone()) > 1);
        Ok(Owner::Member { name, start, again })
    }

    fn value(&mut self, owner: Owner<'t>) -> Result<(), Fault> {
        self.blank();
        if self.keys.len() >= self.most || self.open.len() >= self.limits.key_depth() {
            return Err(super::hyperv_xml::beyond(self.here(), self.open.len(), self.limits));
        }
        let start = self.at;
        match self.peek() {
            Some(bracket @ (b'{' | b'[')) => {
                self.at += 1;
                let object = bracket == b'{';
                let kind = if object { "object" } else { "array" };
                let keyed = !matches!(owner, Owner::Document);
                self.open.push(Container { start, object, count: 0, keyed, names: Siblings::default() });
                if keyed { self.key(owner, kind, None, Span::new(start, self.at)) } else { Ok(()) }
            }
            Some(b'"') => {
                let (decoded, place) = self.string()?;
                let value = decoded.into_scalar();
                self.leaf(owner, "string", value, place)
            }
            Some(b'-' | b'0'..=b'9') => {
                let double = self.number()?;
                let written = self.text.get(start..self.at).unwrap_or_default();
                let kind = if double { "double" } else { "int" };
                self.leaf(owner, kind, Scalar::Number(written.into()), Span::new(start, self.at))
            }
            Some(_) => {
                let words = [("true", "bool", Scalar::Boolean(true)), ("false", "bool", Scalar::Boolean(false))];
                let words = words.into_iter().chain([("null", "null", Scalar::Null)]);
                for (word, kind, value) in words {
                    if self.bytes[start..].starts_with(word.as_bytes()) && !self.goes_on(start + word.len()) {
                        self.at += word.len();
                        return self.leaf(owner, kind, value, Span::new(start, self.at));
                    }
                }
                Err(self.no_value())
            }
            None => Err(self.cut_off()),
        }
    }

    fn leaf(&mut self, owner: Owner<'t>, kind: &str, value: Scalar<'_>, place: Span) -> Result<(), Fault> {
        self.key(owner, kind, Some(value), place)?;
        self.keys.close();
        Ok(())
    }

    /// Opens the key of a value whose text is `place`, quotes left out.
    fn key(&mut self, owner: Owner<'t>, kind: &str, value: Option<Scalar<'_>>, place: Span) -> Result<(), Fault> {
        let quote = u32::from(kind == "string");
        let whole = Span { start: place.start.saturating_sub(quote), end: place.end + quote };
        match owner {
            Owner::Document => {
                self.keys.open_document(kind, value.unwrap_or(Scalar::Null), whole, place);
            }
            Owner::Item(index) => {
                self.keys.open_item(index, kind, value, whole, place);
            }
            Owner::Member { name, start, again } => {
                let span = Span::new(start, self.at);
                let key = self.keys.open(&name, kind, value, span, place);
                if again {
                    // The object is still open and does not know its members yet.
                    let parent = self.keys.parent(key);
                    let first = self.keys.all().find(|&twin| self.keys.parent(twin) == parent && self.keys.name(twin) == name);
                    let first = first.map(|twin| (self.name_at(self.keys.span(twin).start), "first given here"));
                    let reason = format!("the member `{}` is given twice", super::xml::brief(&name));
                    let found = Malformed::new(self.name_at(start as u32), reason)
                        .help("Keep one of them; programs differ in which one they take.");
                    return Err(Box::new(Malformed { related: first, is_house_rule: true, ..found }));
                }
            }
        }
        Ok(())
    }

    /// The name in quotes that starts at `start`.
    fn name_at(&self, start: u32) -> Span {
        let from = start as usize + 1;
        let rest = self.bytes.get(from..).unwrap_or_default();
        let mut escaped = false;
        let length = rest.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        Span::new(start as usize, from + length.map_or(0, |length| length + 1))
    }

    /// A string and the place of its text between the quotes.
    fn string(&mut self) -> Result<(Decoded<'t>, Span), Fault> {
        let start = self.at;
        match string::read(self.text, start) {
            Ok((decoded, end)) => {
                self.at = end;
                Ok((decoded, Span::new(start + 1, end - 1)))
            }
            Err(string::Fault::Unterminated) => {
                let related = Some((Span::new(start, start + 1), "this text is not closed"));
                Err(Box::new(Malformed { related, ..*self.cut_off() }))
            }
            Err(string::Fault::At { span, reason, help }) => Err(Box::new(Malformed::new(span, reason).help(help))),
        }
    }

    /// A number; whether it has a fraction or an exponent.
    fn number(&mut self) -> Result<bool, Fault> {
        let start = self.at;
        let digits = |at: &mut usize| {
            let from = *at;
            while self.bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at > from
        };
        let mut at = start + usize::from(self.bytes[start] == b'-');
        let zero = self.bytes.get(at) == Some(&b'0');
        let mut right = digits(&mut at) && !(zero && at > start + 1 + usize::from(self.bytes[start] == b'-'));
        let mut double = false;
        if self.bytes.get(at) == Some(&b'.') {
            at += 1;
            double = true;
            right &= digits(&mut at);
        }
        if matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            double = true;
            at += usize::from(matches!(self.bytes.get(at), Some(b'+' | b'-')));
            right &= digits(&mut at);
        }
        if !right || self.goes_on(at) {
            let span = Span::new(start, at.max(start + 1));
            let found = fault(span, "this is no number of JSON");
            return Err(Box::new(found.help("A number has digits before and after a point, no leading zero and no unit.")));
        }
        self.at = at;
        Ok(double)
    }

    /// Whether the word that ends before `at` goes on there.
    fn goes_on(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | 0x80..))
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The character at the present place.
    fn here(&self) -> Span {
        let width = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Span::new(self.at, self.at + width)
    }

    fn cut_off(&self) -> Fault {
        let related = self.open.last().map(|container| {
            let span = Span::new(container.start, container.start + 1);
            (span, if container.object { "this object is not closed" } else { "this array is not closed" })
        });
        let found = fault(Span::at(self.bytes.len()), "the file ends before its values are closed");
        Box::new(Malformed { related, ..found.help("The file looks cut off; export it again.") })
    }

    fn comment(&self) -> Fault {
        match self.bytes.get(self.at + 1) {
            Some(b'/' | b'*') => {
                Box::new(fault(Span::new(self.at, self.at + 2), "JSON has no comments").help("Remove the comment."))
            }
            _ => fault(self.here(), "expected a value, found `/`"),
        }
    }

    fn no_value(&self) -> Fault {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = |word: &str| Span::new(self.at, self.at + word.len());
        for word in ["NaN", "Infinity", "undefined", "None", "True", "False", "$null"] {
            if rest.starts_with(word.as_bytes()) {
                let help = "Values are texts in double quotes, numbers, `true`, `false`, `null`, arrays and objects.";
                return Box::new(fault(found(word), format!("`{word}` is no value of JSON")).help(help));
            }
        }
        match rest.first() {
            Some(b'/') => self.comment(),
            Some(b'\'') => fault(self.here(), "texts stand in double quotes"),
            _ => fault(self.here(), "expected a value"),
        }
    }
}

fn fault(span: Span, reason: impl Into<String>) -> Fault {
    Box::new(Malformed::new(span, reason))
}

#[cfg(test)]
mod tests;
