//! The values of keys and their types.

use std::borrow::Cow;
use std::fmt;

/// Type of a key. The names shown are those that dumps of the format use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A key with children (type 9).
    Node,
    /// Signed integer (type 3).
    Int,
    /// Unsigned integer (type 4); not seen in real files.
    Uint,
    /// Floating point number (type 5); not seen in real files.
    Double,
    /// Text (type 6).
    String,
    /// Bytes (type 7).
    Array,
    /// Truth value (type 8).
    Bool,
}

impl Kind {
    /// The kind that a type byte stands for; free space (type 1) is no kind of key.
    pub(super) fn of(byte: u8) -> Option<Kind> {
        Some(match byte {
            3 => Kind::Int,
            4 => Kind::Uint,
            5 => Kind::Double,
            6 => Kind::String,
            7 => Kind::Array,
            8 => Kind::Bool,
            9 => Kind::Node,
            _ => return None,
        })
    }

    /// The name, e.g. `int`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Node => "node",
            Kind::Int => "int",
            Kind::Uint => "uint",
            Kind::Double => "double",
            Kind::String => "string",
            Kind::Array => "bytes",
            Kind::Bool => "bool",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The value of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'t> {
    /// None: the key has children instead.
    Node,
    /// Signed 64-bit integer.
    Int(i64),
    /// Unsigned 64-bit integer.
    Uint(u64),
    /// 64-bit floating point number.
    Double(f64),
    /// Text. One NUL at its end, which some writers leave there, is taken off.
    String(&'t str),
    /// Text that is not valid UTF-16, as its bytes in the file (little-endian): a lone surrogate has no other spelling.
    Utf16(&'t [u8]),
    /// Bytes.
    Array(&'t [u8]),
    /// Truth value; stored as a 32-bit number, of which every one but 0 is true.
    Bool(bool),
}

impl<'t> Value<'t> {
    /// Type of the value; broken text is text.
    pub fn kind(self) -> Kind {
        match self {
            Value::Node => Kind::Node,
            Value::Int(_) => Kind::Int,
            Value::Uint(_) => Kind::Uint,
            Value::Double(_) => Kind::Double,
            Value::String(_) | Value::Utf16(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Bool(_) => Kind::Bool,
        }
    }

    /// The text of a string, with U+FFFD for what is not valid; `None` for every other type.
    pub fn text(self) -> Option<Cow<'t, str>> {
        match self {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Utf16(bytes) => {
                let text = char::decode_utf16(units(bytes)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
                Some(Cow::Owned(text.collect()))
            }
            _ => None,
        }
    }
}

/// Numbers in decimal, truth values as `true` and `false`, text as it is, bytes and broken text as lower-case hex, and nothing
/// for a node.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Node => Ok(()),
            Value::Int(n) => n.fmt(f),
            Value::Uint(n) => n.fmt(f),
            // `Debug` writes the shortest text that reads back as the same number, and a point or an exponent in it.
            Value::Double(n) => write!(f, "{n:?}"),
            Value::String(text) => f.pad(text),
            Value::Utf16(bytes) | Value::Array(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Value::Bool(b) => b.fmt(f),
        }
    }
}

/// The 16-bit units of little-endian bytes.
pub(super) fn units(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair))
}
