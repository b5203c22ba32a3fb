//! Objects as `ConvertTo-Json` writes them.

use std::fmt::Write as _;

use crate::powershell::{Object, Value};

/// Whose JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Windows PowerShell 5.1: enumerations are numbers, spans of time objects, and there are two blanks behind a colon.
    Old,
    /// PowerShell 7 with `-EnumsAsStrings`; a script made texts of spans.
    New,
}

/// The objects as a text.
pub fn write(object: &Object, writer: Writer) -> String {
    let mut text = String::new();
    members(&object.properties, writer, "", &mut text);
    text + "\n"
}

fn value(value: &Value, writer: Writer, indent: &str, text: &mut String) {
    let inner = format!("{indent}  ");
    match value {
        Value::Nothing => text.push_str("null"),
        Value::Text(value) | Value::Guid(value) | Value::Version(value) => string(value, writer, text),
        Value::Truth(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::Enum(_, number, _) if writer == Writer::Old => text.push_str(&number.to_string()),
        Value::Enum(_, _, name) => string(name, writer, text),
        Value::Seconds(seconds) if writer == Writer::Old => {
            let total = |name, number| (name, Value::Number(number));
            members(&[total("Ticks", seconds * 10_000_000), total("TotalSeconds", *seconds)], writer, indent, text);
        }
        Value::Seconds(seconds) => {
            string(&format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60), writer, text);
        }
        Value::List(items) if items.is_empty() => text.push_str("[]"),
        Value::List(items) => {
            for (number, item) in items.iter().enumerate() {
                text.push_str(if number == 0 { "[\n" } else { ",\n" });
                text.push_str(&inner);
                self::value(item, writer, &inner, text);
            }
            let _ = write!(text, "\n{indent}]");
        }
        Value::Object(object) => members(&object.properties, writer, indent, text),
    }
}

fn members(properties: &[(&str, Value)], writer: Writer, indent: &str, text: &mut String) {
    let inner = format!("{indent}  ");
    let blanks = if writer == Writer::Old { "  " } else { " " };
    for (number, (name, value)) in properties.iter().enumerate() {
        let _ = write!(text, "{}\n{inner}\"{name}\":{blanks}", if number == 0 { "{" } else { "," });
        self::value(value, writer, &inner, text);
    }
    let _ = write!(text, "\n{indent}}}");
}

/// The older one escapes what HTML would mind.
fn string(value: &str, writer: Writer, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '<' | '>' | '&' | '\'' if writer == Writer::Old => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text.push('"');
}
