//! Makes edits: in the text, and in the bytes of the file that it was decoded from.

use std::path::Path;

use crate::finding::Edit;
use crate::input::text;
use crate::source::Source;

/// Why edits cannot be made, as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

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
        let encoded = text::encode_like(bytes, &edit.text)
            .map_err(|c| Refused(format!("the file's encoding has no character `{c}` (U+{:04X})", u32::from(c))))?;
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
