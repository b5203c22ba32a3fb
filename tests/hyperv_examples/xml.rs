//! Keys as the XML that hosts of 2008 to 2012 R2 write (format notes, section 3): UTF-16 with a mark, CRLF, sorted by name.

use crate::common::utf16;
use crate::container::{Key, Val};

/// The file of a machine.
pub fn write(root: &Key) -> Vec<u8> {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n".to_owned();
    element(root, "", &mut text);
    utf16(&text.replace('\n', "\r\n"), true, true)
}

fn element(key: &Key, indent: &str, text: &mut String) {
    let name = &key.name;
    let (kind, value) = match &key.value {
        Val::Node(children) => {
            let mut sorted: Vec<&Key> = children.iter().collect();
            sorted.sort_by_key(|child| child.name.to_lowercase());
            text.push_str(&format!("{indent}<{name}>\n"));
            sorted.into_iter().for_each(|child| element(child, &format!("{indent}  "), text));
            text.push_str(&format!("{indent}</{name}>\n"));
            return;
        }
        Val::Int(number) => ("integer", number.to_string()),
        Val::Bool(value) => ("bool", if *value == 0 { "False" } else { "True" }.to_owned()),
        Val::Text(value) => ("string", escape(value)),
        Val::Bytes(bytes) => ("bytes", base64(bytes)),
        other => panic!("XML has no {other:?}"),
    };
    text.push_str(&format!("{indent}<{name} type=\"{kind}\">{value}</{name}>\n"));
}

/// Text between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Base64, with a line end behind it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let group = [0, 1, 2].iter().fold(0_u32, |group, &at| group << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = char::from(DIGITS[(group >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text + "\n"
}
