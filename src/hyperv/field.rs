//! A key of an export seen as the value of a setting, whatever the format makes of it.

use std::borrow::Cow;

use crate::input::keys::{KeyId, Keys, Scalar};
use crate::source::Span;

/// A key and the keys it belongs to, or the document that holds them all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'k> {
    keys: &'k Keys,
    key: Option<KeyId>,
}

impl<'k> Field<'k> {
    /// The document, which is an object or a list where its keys are that of one.
    pub fn document(keys: &'k Keys) -> Field<'k> {
        Field { keys, key: None }
    }

    pub fn name(self) -> &'k str {
        self.key.map_or("", |key| self.keys.name(key))
    }

    pub fn is_item(self) -> bool {
        self.key.is_some_and(|key| self.keys.is_item(key))
    }

    /// Its own value, not one in a key below.
    fn own(self) -> Option<Scalar<'k>> {
        self.keys.value(self.key?)
    }

    /// The whole entry in the source text.
    fn span(self) -> Option<Span> {
        self.key.map(|key| self.keys.span(key))
    }

    /// The keys below.
    pub fn children(self) -> impl Iterator<Item = Field<'k>> {
        let keys = self.keys;
        keys.children(self.key).map(move |key| Field { keys, key: Some(key) })
    }

    /// The first key of this name below.
    pub fn child(self, name: &str) -> Option<Field<'k>> {
        Some(Field { key: Some(self.keys.child(self.key, name)?), ..self })
    }

    /// The first key of this name below, in whatever case: PowerShell and GUIDs do not mind it.
    pub fn member(self, name: &str) -> Option<Field<'k>> {
        self.children().find(|child| !child.is_item() && child.name().eq_ignore_ascii_case(name))
    }

    /// The key at a path of names below.
    pub fn find(self, path: &str) -> Option<Field<'k>> {
        path.split('/').try_fold(self, |at, name| at.child(name))
    }

    /// The items of a list.
    pub fn items(self) -> impl Iterator<Item = Field<'k>> {
        self.children().filter(|child| child.is_item())
    }

    /// Whether it has keys below that are no items and no remarks of the format, so that it is an object.
    pub fn is_object(self) -> bool {
        self.children().any(|child| !child.is_item() && !child.name().starts_with('@'))
    }

    /// Whether it only refers to an object that is written elsewhere.
    pub fn is_reference(self) -> bool {
        self.key.is_some_and(|key| self.keys.kind(key) == "Ref")
    }

    /// The value. Enumerations of CLIXML carry their number and their name in keys below.
    pub fn scalar(self) -> Option<Scalar<'k>> {
        self.own().or_else(|| self.child("@value").and_then(Field::own))
    }

    /// The name beside an enumeration's number.
    pub fn enumeration_name(self) -> Option<Cow<'k, str>> {
        match self.child("@string")?.own() {
            Some(Scalar::Text(name)) => Some(name),
            _ => None,
        }
    }

    /// Nothing, said expressly.
    pub fn is_null(self) -> bool {
        matches!(self.own(), Some(Scalar::Null)) && self.children().next().is_none()
    }

    /// The value as text, numbers and truth values as they are written.
    pub fn text(self) -> Option<Cow<'k, str>> {
        match self.scalar()? {
            Scalar::Text(text) | Scalar::Number(text) => Some(text),
            Scalar::Boolean(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Scalar::Bytes(_) | Scalar::Null => None,
        }
    }

    /// The value as a whole number.
    pub fn integer(self) -> Option<i64> {
        match self.scalar()? {
            Scalar::Number(text) | Scalar::Text(text) => whole(text.trim()),
            _ => None,
        }
    }

    /// The bytes of the value.
    pub fn bytes(self) -> Option<Cow<'k, [u8]>> {
        match self.scalar()? {
            Scalar::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Where the value stands in the source text.
    pub fn value_span(self) -> Span {
        let holder = if self.own().is_some() { self } else { self.child("@value").unwrap_or(self) };
        holder.key.map(|key| self.keys.value_span(key)).unwrap_or_default()
    }

    /// Where it begins in the source text, up to its first key below or the end of the line: what stands for a whole object.
    pub fn head(self, text: &str) -> Span {
        let Some(span) = self.span() else {
            let start = text.len() - text.trim_start().len();
            return Span::new(start, (start + 1).min(text.len()));
        };
        let below = self.children().filter_map(|child| Some(child.span()?.start)).find(|&start| start > span.start);
        let end = below.map_or(span.end, |start| start.min(span.end)) as usize;
        let head = text.get(span.start as usize..end).unwrap_or_default();
        let line = head.split(['\n', '\r']).next().unwrap_or_default().trim_end();
        Span::new(span.start as usize, span.start as usize + line.len().max(1).min(span.len()))
    }
}

/// A whole number, which JSON may write as `1.0` or `1e3`.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}
