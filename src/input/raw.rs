//! What `view --raw` shows of a file's keys: one line for each value, or the JSON of all values by their paths.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::key_paths::Paths;
use super::keys::{KeyId, Keys, Scalar};
use super::limits;

/// One value as a line: `path type value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The key.
    pub key: KeyId,
    /// The line, without its end.
    pub text: String,
    /// Where in it the value starts.
    pub value_at: usize,
}

/// The values of a file in document order, each as a line. Line ends and other control characters in names and values are
/// shown as `\n` and `\u{1b}`; every line is one line.
pub fn lines(keys: &Keys) -> impl Iterator<Item = Line> + '_ {
    let mut paths = Paths::new(keys);
    keys.all().filter_map(move |key| {
        let path = paths.path(key);
        if keys.value(key).is_none() && !is_empty_list(keys, key) {
            return None;
        }
        let mut text = String::with_capacity(path.len() + 32);
        push_visible(&mut text, path);
        text.push(' ');
        push_visible(&mut text, keys.kind(key));
        text.push(' ');
        let value_at = text.len();
        match keys.value(key) {
            Some(Scalar::Text(value) | Scalar::Number(value)) => push_visible(&mut text, &value),
            Some(Scalar::Boolean(value)) => text.push_str(if value { "true" } else { "false" }),
            Some(Scalar::Bytes(bytes)) => push_hex(&mut text, &bytes),
            Some(Scalar::Null) => text.push_str("null"),
            None => {}
        }
        Some(Line { key, text, value_at })
    })
}

/// How a format's dumps write numbers and truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As JSON's.
    Json,
    /// As text, as the file has them; truth values in small letters.
    Text,
    /// As text; truth values in capitals.
    Capitals,
}

/// Writes `{"format": …, "values": {path: {"t": type, "v": value}}}`.
///
/// # Errors
/// Where it cannot be written.
pub fn write_json(keys: &Keys, format: &str, spelling: Spelling, out: &mut dyn Write) -> io::Result<()> {
    let mut paths = Paths::new(keys);
    write!(out, "{{\"format\": {}, \"values\": {{", quoted(format))?;
    let mut first = true;
    for key in keys.all() {
        let path = paths.path(key);
        let list = is_list(keys, key);
        let in_list = keys.parent(key).is_some_and(|above| is_list(keys, above));
        if in_list || (keys.value(key).is_none() && !list) {
            continue;
        }
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        write!(out, "{comma}\n{}: {{\"t\": {}, ", quoted(path), quoted(keys.kind(key)))?;
        match keys.value(key) {
            Some(value) => write_value(keys.kind(key), value, spelling, out)?,
            None => {
                let items = keys.children(Some(key)).filter_map(|item| keys.value(item));
                let items: Vec<String> = items.map(|item| json_of(item, spelling)).collect();
                write!(out, "\"v\": [{}]", items.join(", "))?;
            }
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"\n}}\n")
}

/// The longest path of a value, where it is longer than is shown.
pub fn overlong_path(keys: &Keys) -> Option<KeyId> {
    let mut paths = Paths::new(keys);
    keys.all().find(|&key| paths.path(key).len() > limits::KEY_PATH)
}

/// A list whose items are one value in dumps: an array of WMI's.
fn is_list(keys: &Keys, key: KeyId) -> bool {
    keys.value(key).is_none() && keys.kind(key).ends_with("[]")
}

fn is_empty_list(keys: &Keys, key: KeyId) -> bool {
    is_list(keys, key) && keys.children(Some(key)).next().is_none()
}

fn write_value(kind: &str, value: Scalar<'_>, spelling: Spelling, out: &mut dyn Write) -> io::Result<()> {
    let member = if kind != "bytes" && matches!(value, Scalar::Bytes(_)) { "utf16le_hex" } else { "v" };
    write!(out, "\"{member}\": {}", json_of(value, spelling))
}

fn json_of(value: Scalar<'_>, spelling: Spelling) -> String {
    match value {
        Scalar::Text(text) => quoted(&text),
        Scalar::Number(number) if spelling == Spelling::Json && is_json_number(&number) => number.into_owned(),
        Scalar::Number(number) => quoted(&number),
        Scalar::Boolean(value) => match (spelling, value) {
            (Spelling::Json, true) => "true".to_owned(),
            (Spelling::Json, false) => "false".to_owned(),
            (Spelling::Text, true) => quoted("true"),
            (Spelling::Text, false) => quoted("false"),
            (Spelling::Capitals, true) => quoted("TRUE"),
            (Spelling::Capitals, false) => quoted("FALSE"),
        },
        Scalar::Bytes(bytes) => {
            let mut hex = String::with_capacity(2 * bytes.len());
            push_hex(&mut hex, &bytes);
            quoted(&hex)
        }
        Scalar::Null => "null".to_owned(),
    }
}

fn is_json_number(text: &str) -> bool {
    // Not a number and infinity have no spelling in JSON.
    text.bytes().next_back().is_some_and(|byte| byte.is_ascii_digit())
}

fn quoted(text: &str) -> String {
    // A string is always JSON.
    serde_json::to_string(text).unwrap_or_default()
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    out.reserve(2 * bytes.len());
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Appends text so that it stays within its line.
fn push_visible(out: &mut String, text: &str) {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if text.as_bytes().iter().all(plain) || !text.chars().any(char::is_control) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn sample() -> Keys {
        let none = Span::default();
        let mut keys = Keys::new();
        keys.open("a", "", None, none, none);
        let values = [
            ("string", Scalar::Text("x\ny\u{1b} \"é".into())),
            ("int", Scalar::Number("-5".into())),
            ("double", Scalar::Number("NaN".into())),
            ("bool", Scalar::Boolean(true)),
            ("bytes", Scalar::Bytes(vec![0, 255].into())),
            ("string", Scalar::Bytes(vec![0, 0xd8].into())),
            ("null", Scalar::Null),
        ];
        for (kind, value) in values {
            keys.open("b", kind, Some(value), none, none);
            keys.close();
        }
        keys.close();
        keys
    }

    #[test]
    fn every_value_is_one_line() {
        let wanted = [
            "/a/b string x\\ny\\u{1b} \"é",
            "/a/b#2 int -5",
            "/a/b#3 double NaN",
            "/a/b#4 bool true",
            "/a/b#5 bytes 00ff",
            "/a/b#6 string 00d8",
            "/a/b#7 null null",
        ];
        assert_eq!(lines(&sample()).map(|line| line.text).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn json_has_the_types_of_the_format() {
        let text = |spelling| {
            let mut out = Vec::new();
            write_json(&sample(), "f", spelling, &mut out).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            value["values"].clone()
        };
        let json = text(Spelling::Json);
        assert_eq!(json["/a/b"], serde_json::json!({"t": "string", "v": "x\ny\u{1b} \"é"}));
        assert_eq!(json["/a/b#2"], serde_json::json!({"t": "int", "v": -5}));
        assert_eq!(json["/a/b#3"], serde_json::json!({"t": "double", "v": "NaN"}));
        assert_eq!(json["/a/b#4"], serde_json::json!({"t": "bool", "v": true}));
        assert_eq!(json["/a/b#6"], serde_json::json!({"t": "string", "utf16le_hex": "00d8"}));
        assert_eq!(json["/a/b#7"], serde_json::json!({"t": "null", "v": null}));
        assert_eq!(text(Spelling::Capitals)["/a/b#4"]["v"], "TRUE");
        assert_eq!(text(Spelling::Text)["/a/b#2"]["v"], "-5");
    }
}
