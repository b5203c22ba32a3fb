//! A key of an export seen as the value of a setting, whatever the format makes of it.

use std::borrow::Cow;

use crate::input::keys::{KeyId, Keys, Scalar};
use crate::source::Span;

/// A key and the keys it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'k> {
    keys: &'k Keys,
    key: KeyId,
}

impl<'k> Field<'k> {
    pub fn new(keys: &'k Keys, key: KeyId) -> Field<'k> {
        Field { keys, key }
    }

    /// The roots of all.
    pub fn roots(keys: &'k Keys) -> impl Iterator<Item = Field<'k>> {
        keys.children(None).map(move |key| Field { keys, key })
    }

    pub fn key(self) -> KeyId {
        self.key
    }

    pub fn name(self) -> &'k str {
        self.keys.name(self.key)
    }

    pub fn is_item(self) -> bool {
        self.keys.is_item(self.key)
    }

    /// The keys below.
    pub fn children(self) -> impl Iterator<Item = Field<'k>> {
        let keys = self.keys;
        keys.children(Some(self.key)).map(move |key| Field { keys, key })
    }

    /// The first key of this name below.
    pub fn child(self, name: &str) -> Option<Field<'k>> {
        self.children().find(|child| child.name() == name)
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
        self.keys.kind(self.key) == "Ref"
    }

    /// The value. Enumerations of CLIXML carry their number and their name in keys below.
    pub fn scalar(self) -> Option<&'k Scalar> {
        self.keys.value(self.key).or_else(|| self.child("@value").and_then(|value| value.keys.value(value.key)))
    }

    /// The name beside an enumeration's number.
    pub fn enumeration_name(self) -> Option<&'k str> {
        let name = self.child("@string")?;
        match name.keys.value(name.key) {
            Some(Scalar::Text(name)) => Some(name),
            _ => None,
        }
    }

    /// Nothing, said expressly.
    pub fn is_null(self) -> bool {
        matches!(self.keys.value(self.key), Some(Scalar::Null)) && self.children().next().is_none()
    }

    /// The value as text, numbers and truth values as they are written.
    pub fn text(self) -> Option<Cow<'k, str>> {
        match self.scalar()? {
            Scalar::Text(text) | Scalar::Number(text) => Some(Cow::Borrowed(text)),
            Scalar::Boolean(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
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
    pub fn bytes(self) -> Option<&'k [u8]> {
        match self.scalar()? {
            Scalar::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Where the value stands in the source text.
    pub fn value_span(self) -> Span {
        let own = self.keys.value_span(self.key);
        if self.keys.value(self.key).is_some() {
            return own;
        }
        self.child("@value").map_or(own, |value| value.keys.value_span(value.key))
    }

    /// Where it begins in the source text, up to its first key below or the end of the line: what stands for a whole object.
    pub fn head(self, text: &str) -> Span {
        let span = self.keys.span(self.key);
        let below = self.children().map(|child| child.keys.span(child.key).start).find(|&start| start > span.start);
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
