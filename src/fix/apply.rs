//! Makes edits: in the text, and in the bytes of the file that it was decoded from.

use std::path::Path;

use crate::finding::Edit;
use crate::input::text;
use crate::source::{Source, Span};

/// Why edits cannot be made, as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

impl Refused {
    /// The encoding of the file does not have this character.
    pub fn character(c: char) -> Refused {
        Refused(format!("the file's encoding has no character `{c}` (U+{:04X})", u32::from(c)))
    }
}

/// Where places of the text are after edits.
#[derive(Debug)]
pub struct Moves {
    /// Of each edit its span and by how much the text behind it moves.
    edits: Vec<(Span, i64)>,
}

impl Moves {
    /// Of edits in the order of the text.
    pub fn of(edits: &[Edit]) -> Moves {
        let mut moved = 0;
        let edits = edits.iter().map(|edit| {
            moved += edit.text.len() as i64 - edit.span.len() as i64;
            (edit.span, moved)
        });
        Moves { edits: edits.collect() }
    }

    /// The place after the edits; none if it is gone. What is put at a place comes before it.
    pub fn after(&self, at: u32) -> Option<u32> {
        let passed = self.edits.partition_point(|(span, _)| span.end <= at);
        let is_gone = self.edits.get(passed).is_some_and(|(span, _)| span.start <= at);
        let moved = passed.checked_sub(1).and_then(|last| self.edits.get(last)).map_or(0, |(_, moved)| *moved);
        u32::try_from(i64::from(at) + moved).ok().filter(|_| !is_gone)
    }
}

/// The text with these edits made, which stand in its order and do not overlap.
pub fn to_text(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 256);
    let mut kept = 0;
    for edit in edits {
        out.push_str(text.get(kept..edit.span.start as usize)?);
        out.push_str(&edit.text);
        kept = edit.span.end as usize;
    }
    out.push_str(text.get(kept..)?);
    Some(out)
}

/// The file with these edits made: its bytes with others put in the place of those that the edits span, in its encoding.
///
/// # Errors
/// Where the encoding has no such characters, or the edited file would not be read as the edited text.
pub fn to_file(bytes: &[u8], source: &Source, edits: &[Edit]) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let mut kept = 0;
    for edit in edits {
        let (start, end) = source.file_range(edit.span);
        let encoded = text::encode_like(bytes, &edit.text).map_err(Refused::character)?;
        out.extend_from_slice(bytes.get(kept..start as usize).unwrap_or_default());
        out.extend_from_slice(&encoded);
        kept = end as usize;
    }
    out.extend_from_slice(bytes.get(kept..).unwrap_or_default());
    // Encodings with shift sequences mean another thing by the same bytes after a shift; and what is put at the very start may change
    // what the encoding is.
    let wanted = to_text(source.text(), edits);
    let is_same = |read: &Source| wanted.as_deref() == Some(read.text());
    match text::decode(Path::new(""), out.clone()) {
        Ok(read) if is_same(&read) => Ok(out),
        _ => Err(Refused("the file's encoding does not let it be changed in part".to_owned())),
    }
}
