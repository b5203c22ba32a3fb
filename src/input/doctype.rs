//! A document type declaration without what it declares: so that a document which is refused for it can be looked at without entities
//! being expanded, which takes a few kilobytes to gigabytes.

use std::borrow::Cow;

/// The text with all that stands in quotes within the internal subset taken out, everything else at its place.
pub(super) fn emptied(text: &str) -> Cow<'_, str> {
    const OPEN: &[u8] = b"<!DOCTYPE";
    let mut bytes = text.as_bytes().to_vec();
    let Some(start) = memchr::memmem::find(&bytes, OPEN) else { return Cow::Borrowed(text) };
    let (mut at, mut inside) = (start + OPEN.len(), false);
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let behind = |from: usize, end: &[u8]| {
            let found = memchr::memmem::find(rest.get(from..).unwrap_or_default(), end);
            found.map_or(rest.len(), |found| from + found + end.len())
        };
        let length = match byte {
            b'"' | b'\'' => behind(1, &[byte]),
            b'<' if rest.starts_with(b"<!--") => behind(4, b"-->"),
            b'<' if rest.starts_with(b"<?") => behind(2, b"?>"),
            b'>' if !inside => break,
            _ => 1,
        };
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b'"' | b'\'' if inside => {
                // The quotes move together, with blanks behind them.
                if let Some(value) = bytes.get_mut(at + 1..at + length) {
                    value.fill(b' ');
                    if let Some(first) = value.first_mut() {
                        *first = byte;
                    }
                }
            }
            _ => {}
        }
        at += length;
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_is_gone_and_everything_else_at_its_place() {
        for (text, wanted) in [
            ("<!DOCTYPE html><html a='b'/>", "<!DOCTYPE html><html a='b'/>"),
            ("<!DOCTYPE a [<!ENTITY b \"größ\">]><a>\"b\"</a>", "<!DOCTYPE a [<!ENTITY b \"\"      >]><a>\"b\"</a>"),
            (
                "<!DOCTYPE a SYSTEM \"x>y\" [<!ENTITY b ']>'>]><a c='d'/>",
                "<!DOCTYPE a SYSTEM \"x>y\" [<!ENTITY b ''  >]><a c='d'/>",
            ),
            ("<!DOCTYPE a [<!-- ' --><?p '?>]><a c='d'/>", "<!DOCTYPE a [<!-- ' --><?p '?>]><a c='d'/>"),
            ("<!DOCTYPE a [<!ENTITY b 'cut off", "<!DOCTYPE a [<!ENTITY b ''      "),
            ("<!DOCTYPE", "<!DOCTYPE"),
            ("<a/>", "<a/>"),
        ] {
            assert_eq!(emptied(text), wanted);
        }
    }
}
