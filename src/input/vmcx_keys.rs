//! A VMCX file as keys over a text: the lines of `view --raw`, each leading back to the bytes of its entry in the file. That text
//! is what reports show of a binary file.

use std::path::Path;

use super::keys::{Keys, Scalar};
use super::vmcx::{self, Damage, KeyTree, Node, Value};
use super::{limits, raw};
use crate::source::{Entry, Source, Span};

/// A container that was read.
#[derive(Debug)]
pub struct Container {
    /// Its values as lines.
    pub source: Source,
    /// Its keys, with their places in those lines.
    pub keys: Keys,
    /// What is not quite right about it, though all of it could be read.
    pub warnings: Vec<String>,
}

/// Why a container was refused, as a sentence, over a source that leads to the place in the file.
#[derive(Debug)]
pub struct Refused {
    /// An empty text that stands for the damaged place.
    pub source: Source,
    /// What is wrong, naming the table and the offset.
    pub reason: String,
}

/// Reads a container.
///
/// # Errors
/// Where it is damaged, or its values would take too many lines.
pub fn read(path: &Path, bytes: &[u8]) -> Result<Container, Box<Refused>> {
    let tree = vmcx::read(bytes).map_err(|damage: Damage| refuse(path, damage.offset(), damage.to_string()))?;
    let warnings = tree.warnings().iter().map(ToString::to_string).chain(replayed(&tree)).collect();
    let mut keys = keys_of(&tree);
    let (text, entries) = lines(&tree, &mut keys, limits::lines(bytes.len()))
        .ok_or_else(|| refuse(path, 0, "the paths of its values take many times the size of the file".to_owned()))?;
    Ok(Container { source: Source::binary(path, text, entries), keys, warnings })
}

fn refuse(path: &Path, at: usize, reason: String) -> Box<Refused> {
    let place = Entry { text: Span::at(0), file: Span::at(at) };
    Box::new(Refused { source: Source::binary(path, String::new(), vec![place]), reason })
}

fn replayed(tree: &KeyTree) -> Option<String> {
    let count = tree.replayed();
    (count > 0).then(|| format!("{count} changes in its replay log were pending and have been carried out in memory"))
}

fn keys_of(tree: &KeyTree) -> Keys {
    let mut keys = Keys::new();
    let mut open: Vec<usize> = Vec::new();
    for node in tree.nodes() {
        while open.pop_if(|above| node.parent().map(Node::id) != Some(*above)).is_some() {
            keys.close();
        }
        let value = scalar(node.value());
        let kind = if value.is_some() { node.value().kind().name() } else { "" };
        keys.open(node.name(), kind, value, Span::default(), Span::default());
        open.push(node.id());
    }
    while open.pop().is_some() {
        keys.close();
    }
    keys
}

fn scalar(value: Value<'_>) -> Option<Scalar<'_>> {
    Some(match value {
        Value::Node => return None,
        Value::Int(_) | Value::Uint(_) | Value::Double(_) => Scalar::Number(value.to_string().into()),
        Value::String(text) => Scalar::Text(text.into()),
        Value::Utf16(bytes) | Value::Array(bytes) => Scalar::Bytes(bytes.into()),
        Value::Bool(value) => Scalar::Boolean(value),
    })
}

/// The lines of all values, no more than `most` bytes, with the way back; gives every key its place in them.
fn lines(tree: &KeyTree, keys: &mut Keys, most: usize) -> Option<(String, Vec<Entry>)> {
    let (mut text, mut entries, mut places) = (String::new(), Vec::new(), Vec::new());
    for line in raw::lines(keys) {
        let start = text.len();
        if start.saturating_add(line.text.len()) > most {
            return None;
        }
        text.push_str(&line.text);
        places.push((line.key, Span::new(start, text.len()), Span::new(start + line.value_at, text.len())));
        text.push('\n');
    }
    let mut placed = places.into_iter().peekable();
    let all: Vec<_> = keys.all().zip(tree.nodes()).collect();
    // A key without a value stands for the lines of those below it, which follow each other.
    let mut next = 0;
    let mut starts = Vec::with_capacity(all.len() + 1);
    for (key, node) in &all {
        starts.push(next);
        if let Some((_, span, value_span)) = placed.next_if(|(placed, ..)| placed == key) {
            keys.place(*key, span, value_span);
            let file = node.span();
            entries.push(Entry { text: span, file: Span::new(file.start, file.end) });
            next = span.end as usize + 1;
        }
    }
    starts.push(next);
    for (number, (key, _)) in all.iter().enumerate() {
        if keys.value(*key).is_none() {
            let behind = number + 1 + keys.descendants(*key).len();
            let (start, end) = (starts.get(number)?, starts.get(behind)?);
            let span = Span::new(*start, end.saturating_sub(1).max(*start));
            keys.place(*key, span, span);
        }
    }
    Some((text, entries))
}
