//! Strings of JSON.

use std::borrow::Cow;

use crate::input::keys::Scalar;
use crate::source::Span;

/// A string with its escapes resolved.
#[derive(Debug)]
pub(super) enum Decoded<'t> {
    Text(Cow<'t, str>),
    /// A string with half of a surrogate pair in it, which no text can hold: its UTF-16 code units.
    Broken(Vec<u16>),
}

impl<'t> Decoded<'t> {
    /// As a value.
    pub(super) fn into_scalar(self) -> Scalar<'t> {
        match self {
            Decoded::Text(text) => Scalar::Text(text),
            Decoded::Broken(units) => Scalar::Bytes(units.into_iter().flat_map(u16::to_le_bytes).collect()),
        }
    }

    /// As a name; what is no character is U+FFFD.
    pub(super) fn into_name(self) -> Cow<'t, str> {
        match self {
            Decoded::Text(text) => text,
            Decoded::Broken(units) => Cow::Owned(String::from_utf16_lossy(&units)),
        }
    }
}

/// What is wrong with a string.
#[derive(Debug)]
pub(super) enum Fault {
    /// The text ends before the closing quote.
    Unterminated,
    /// Something at a place.
    At { span: Span, reason: String, help: &'static str },
}

/// Reads the string whose opening quote is at `start`, and gives where it ends behind the closing one.
pub(super) fn read(text: &str, start: usize) -> Result<(Decoded<'_>, usize), Fault> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut decoded = String::new();
    let mut broken: Option<Vec<u16>> = None;
    // What was not yet copied starts here.
    let mut plain = at;
    loop {
        match bytes.get(at) {
            None => return Err(Fault::Unterminated),
            Some(b'"') => break,
            Some(b'\\') => {
                decoded.push_str(text.get(plain..at).unwrap_or_default());
                let (unit, next) = escape(bytes, at)?;
                let (c, next) = match unit {
                    0xD800..=0xDBFF => match low_half(bytes, next) {
                        Some((low, behind)) => {
                            (char::from_u32(0x10000 + ((u32::from(unit) & 0x3FF) << 10) + (u32::from(low) & 0x3FF)), behind)
                        }
                        None => (None, next),
                    },
                    _ => (char::from_u32(u32::from(unit)), next),
                };
                match c {
                    Some(c) => decoded.push(c),
                    None => {
                        let units = broken.get_or_insert_default();
                        units.extend(decoded.encode_utf16());
                        units.push(unit);
                        decoded.clear();
                    }
                }
                at = next;
                plain = at;
            }
            Some(byte @ 0..=0x1F) => {
                return Err(Fault::At {
                    span: Span::new(at, at + 1),
                    reason: format!("the control character 0x{byte:02X} stands in a text"),
                    help: "Write `\\n`, `\\t` or `\\u001b`; or look for a missing closing quote before.",
                });
            }
            Some(_) => at += 1,
        }
    }
    let rest = text.get(plain..at).unwrap_or_default();
    let result = match broken {
        Some(mut units) => {
            decoded.push_str(rest);
            units.extend(decoded.encode_utf16());
            Decoded::Broken(units)
        }
        None if plain == start + 1 => Decoded::Text(Cow::Borrowed(rest)),
        None => {
            decoded.push_str(rest);
            Decoded::Text(Cow::Owned(decoded))
        }
    };
    Ok((result, at + 1))
}

/// The code unit of the escape at `at`, and where it ends.
fn escape(bytes: &[u8], at: usize) -> Result<(u16, usize), Fault> {
    let letter = bytes.get(at + 1).ok_or(Fault::Unterminated)?;
    let unit = match letter {
        b'"' | b'\\' | b'/' => u16::from(*letter),
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'u' => {
            let unit = bytes.get(at + 2..at + 6).and_then(hex);
            return unit.map(|unit| (unit, at + 6)).ok_or_else(|| wrong_escape(at));
        }
        _ => return Err(wrong_escape(at)),
    };
    Ok((unit, at + 2))
}

fn wrong_escape(at: usize) -> Fault {
    let help = "A backslash itself is written `\\\\`, as in `\"C:\\\\VMs\"`; `\\u` takes four hexadecimal digits.";
    Fault::At { span: Span::new(at, at + 1), reason: "a `\\` starts no escape here".to_owned(), help }
}

/// The second half of a surrogate pair, if an escape at `at` gives one.
fn low_half(bytes: &[u8], at: usize) -> Option<(u16, usize)> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    hex(digits).filter(|unit| matches!(unit, 0xDC00..=0xDFFF)).map(|unit| (unit, at + 6))
}

fn hex(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)? as u16))
}
