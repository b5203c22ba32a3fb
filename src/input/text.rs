//! Bytes to text: by byte order mark, by the zero bytes that UTF-16 shows, by the XML declaration, else UTF-8.

use std::path::Path;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::source::{OriginMap, Source, Span};

/// Why bytes are no text, and the text up to there.
#[derive(Debug)]
pub struct Undecodable {
    /// What could be decoded; the fault is at its end.
    pub source: Source,
    /// Where the fault is.
    pub span: Span,
    /// The fault, as the end of a sentence.
    pub reason: String,
    /// What to do about it.
    pub help: &'static str,
}

const SAVE_AS_UTF8: &str = "Save the file as UTF-8, or name its encoding in the XML declaration.";

/// Decodes a whole file. The text keeps its line ends and loses its byte order mark.
///
/// # Errors
/// Where the bytes are not valid in the encoding found, or the encoding is unknown or UTF-32.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<Source, Box<Undecodable>> {
    match detect(&bytes) {
        Detected::Utf8 { bom } => decode_utf8(path, bytes, bom),
        Detected::Utf16(encoding, bom) => decode_utf16(path, &bytes, encoding, bom),
        Detected::Latin1 => Ok(decode_latin1(path, &bytes)),
        Detected::Ascii => match bytes.iter().position(|b| !b.is_ascii()) {
            None => decode_utf8(path, bytes, 0),
            Some(at) => {
                let reason = format!("the file is declared as US-ASCII and holds the byte 0x{:02X}", bytes[at]);
                Err(undecodable(path, &bytes[..at], reason, SAVE_AS_UTF8))
            }
        },
        Detected::Other(encoding) => decode_other(path, &bytes, encoding),
        Detected::Refused(label) => {
            let reason = format!("the encoding `{label}` cannot be read");
            Err(undecodable(path, b"", reason, "Save the file as UTF-8."))
        }
    }
}

/// Encodes text as a file is encoded, without a byte order mark.
///
/// # Errors
/// The first character that the encoding does not have.
pub fn encode_like(file: &[u8], text: &str) -> Result<Vec<u8>, char> {
    let below = |limit: u32| text.chars().find(|&c| u32::from(c) >= limit).map_or(Ok(()), Err);
    match detect(file) {
        Detected::Utf8 { .. } | Detected::Refused(_) => Ok(text.as_bytes().to_vec()),
        Detected::Utf16(encoding, _) if encoding == UTF_16LE => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Detected::Utf16(..) => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Detected::Ascii => below(0x80).map(|()| text.as_bytes().to_vec()),
        Detected::Latin1 => below(0x100).map(|()| text.chars().map(|c| u32::from(c) as u8).collect()),
        Detected::Other(encoding) => {
            let mut bytes = Vec::with_capacity(text.len());
            for c in text.chars() {
                let mut buffer = [0; 4];
                let (encoded, _, is_lossy) = encoding.encode(c.encode_utf8(&mut buffer));
                if is_lossy {
                    return Err(c);
                }
                bytes.extend_from_slice(&encoded);
            }
            Ok(bytes)
        }
    }
}

enum Detected {
    Utf8 { bom: usize },
    Utf16(&'static Encoding, usize),
    Latin1,
    Ascii,
    Other(&'static Encoding),
    Refused(String),
}

fn detect(bytes: &[u8]) -> Detected {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return Detected::Utf8 { bom: 3 },
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..] => {
            return Detected::Refused("UTF-32".to_owned());
        }
        [0xFF, 0xFE, ..] => return Detected::Utf16(UTF_16LE, 2),
        [0xFE, 0xFF, ..] => return Detected::Utf16(UTF_16BE, 2),
        [1..=255, 0, 1..=255, 0, ..] => return Detected::Utf16(UTF_16LE, 0),
        [0, 1..=255, 0, 1..=255, ..] => return Detected::Utf16(UTF_16BE, 0),
        _ => {}
    }
    let Some(label) = declared_encoding(bytes) else { return Detected::Utf8 { bom: 0 } };
    match label.to_ascii_lowercase().as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" => Detected::Ascii,
        // The web reads these labels as windows-1252, XML means ISO 8859-1 itself.
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" | "l1" => Detected::Latin1,
        _ => match Encoding::for_label(label.as_bytes()) {
            // The declaration was read byte by byte: whatever it says, this is no UTF-16.
            Some(encoding) if encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE => Detected::Utf8 { bom: 0 },
            Some(encoding) => Detected::Other(encoding),
            None => Detected::Refused(label.to_owned()),
        },
    }
}

/// The encoding that an XML declaration at the very start names.
fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let head = &head[..head.len().min(256)];
    let end = memchr::memmem::find(head, b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label)
}

fn undecodable(path: &Path, valid: &[u8], reason: String, help: &'static str) -> Box<Undecodable> {
    let text = String::from_utf8_lossy(valid).into_owned();
    let span = Span::at(text.len());
    Box::new(Undecodable { source: Source::utf8(path, text, 0), span, reason, help })
}

fn decode_utf8(path: &Path, mut bytes: Vec<u8>, bom: usize) -> Result<Source, Box<Undecodable>> {
    bytes.drain(..bom);
    String::from_utf8(bytes).map(|text| Source::utf8(path, text, bom as u32)).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let byte = bytes.get(at).copied().unwrap_or_default();
        let reason = format!("the byte 0x{byte:02X} is not valid UTF-8");
        undecodable(path, bytes.get(..at).unwrap_or_default(), reason, SAVE_AS_UTF8)
    })
}

fn decode_utf16(path: &Path, bytes: &[u8], encoding: &'static Encoding, bom: usize) -> Result<Source, Box<Undecodable>> {
    let body = bytes.get(bom..).unwrap_or_default();
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body) {
        let text = text.into_owned();
        let map = utf16_map(&text, bom);
        return Ok(Source::decoded(path, text, map));
    }
    // What is damaged is gone through unit by unit, to the place of the damage.
    let whole = &body[..body.len() & !1];
    let units = whole.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if encoding == UTF_16LE { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    let mut text = String::with_capacity(whole.len() / 2 + whole.len() / 8);
    let mut map = OriginMap::starting_at(bom as u32);
    let mut fault = None;
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => {
                text.push(c);
                map.push(c.len_utf8() as u8, 2 * c.len_utf16() as u8);
            }
            Err(lone) => {
                fault = Some(format!("the code unit 0x{:04X} is half of a surrogate pair", lone.unpaired_surrogate()));
                break;
            }
        }
    }
    if fault.is_none() && body.len() % 2 == 1 {
        fault = Some(format!("the file is {} and ends in the middle of a code unit", encoding.name()));
    }
    let span = Span::at(text.len());
    let source = Source::decoded(path, text, map);
    match fault {
        None => Ok(source),
        Some(reason) => {
            Err(Box::new(Undecodable { source, span, reason, help: "Write the file again; it looks damaged or cut off." }))
        }
    }
}

/// Where the characters of a text stand in a file of UTF-16 without damage.
fn utf16_map(text: &str, bom: usize) -> OriginMap {
    let mut map = OriginMap::starting_at(bom as u32);
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = Encoding::ascii_valid_up_to(rest.as_bytes());
        map.push_all(ascii, 1, 2);
        rest = rest.get(ascii..).unwrap_or_default();
        let mut others = rest.chars();
        while let Some(c) = others.clone().next().filter(|c| !c.is_ascii()) {
            map.push(c.len_utf8() as u8, 2 * c.len_utf16() as u8);
            others.next();
        }
        rest = others.as_str();
    }
    map
}

fn decode_latin1(path: &Path, bytes: &[u8]) -> Source {
    let mut map = OriginMap::starting_at(0);
    let text = bytes.iter().map(|&byte| char::from(byte)).inspect(|c| map.push(c.len_utf8() as u8, 1)).collect();
    Source::decoded(path, text, map)
}

/// Every other encoding, one byte at a time: that is slow and exact, also for encodings with shift sequences.
fn decode_other(path: &Path, bytes: &[u8], encoding: &'static Encoding) -> Result<Source, Box<Undecodable>> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len());
    let mut map = OriginMap::starting_at(0);
    let mut taken = 0;
    let mut buffer = [0; 32];
    for at in 0..=bytes.len() {
        let last = at == bytes.len();
        let input = if last { &[][..] } else { &bytes[at..=at] };
        let (result, _, written) = decoder.decode_to_utf8_without_replacement(input, &mut buffer, last);
        if let DecoderResult::Malformed(_, _) = result {
            let span = Span::at(text.len());
            let reason = match bytes.get(at) {
                Some(byte) => format!("the byte 0x{byte:02X} is not valid {}", encoding.name()),
                None => format!("the file ends in the middle of a character of {}", encoding.name()),
            };
            let source = Source::decoded(path, text, map);
            return Err(Box::new(Undecodable { source, span, reason, help: SAVE_AS_UTF8 }));
        }
        let decoded = std::str::from_utf8(&buffer[..written]).unwrap_or_default();
        for (index, c) in decoded.chars().enumerate() {
            // Bytes that gave nothing yet belong to the first character that they lead to.
            let consumed = if index == 0 { (at + 1).min(bytes.len()) - taken } else { 0 };
            map.push(c.len_utf8() as u8, consumed.min(255) as u8);
            taken += consumed;
        }
        text.push_str(decoded);
    }
    Ok(Source::decoded(path, text, map))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_and_offset(bytes: &[u8], needle: &str) -> (String, Option<u32>) {
        let source = decode(Path::new("x.xml"), bytes.to_vec()).map_err(|e| e.reason).unwrap();
        let at = source.text().find(needle).map(|at| source.file_offset(at as u32));
        (source.text().to_owned(), at)
    }

    fn utf16(text: &str, little: bool, bom: bool) -> Vec<u8> {
        let units = bom.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn every_encoding_leads_back_to_the_byte() {
        let text = "<a b='é𝄞'>needle</a>";
        let encoded = |label: &str| {
            let declaration = format!("<?xml version='1.0' encoding='{label}'?>");
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            encoding.encode(&format!("{declaration}<a b='漢字'>needle</a>")).0.into_owned()
        };
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("utf-8", text.as_bytes().to_vec()),
            ("utf-8 with mark", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            ("utf-16le with mark", utf16(text, true, true)),
            ("utf-16be with mark", utf16(text, false, true)),
            ("utf-16le", utf16(text, true, false)),
            ("utf-16be", utf16(text, false, false)),
            ("latin-1", b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xE9\x80'>needle</a>".to_vec()),
            ("shift_jis", encoded("shift_jis")),
            ("gb18030", encoded("gb18030")),
            ("iso-2022-jp", encoded("iso-2022-jp")),
            ("euc-kr", encoded("euc-jp")),
        ];
        for (name, bytes) in cases {
            let (_, at) = text_and_offset(&bytes, "needle");
            let wanted: Vec<u8> =
                if name.starts_with("utf-16") { utf16("needle", name.contains("le"), false) } else { b"needle".to_vec() };
            assert_eq!(at.map(|at| at as usize), memchr::memmem::find(&bytes, &wanted), "{name}");
        }
    }

    #[test]
    fn latin1_is_itself_and_not_windows_1252() {
        let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\xE9\x80</a>";
        assert!(text_and_offset(bytes, "a").0.contains("caf\u{e9}\u{80}"));
    }

    #[test]
    fn a_declaration_that_lies_about_utf16_is_overruled() {
        assert!(text_and_offset("<?xml version='1.0' encoding='UTF-16'?><a>é</a>".as_bytes(), "é").1.is_some());
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_place() {
        let cases: [(&[u8], usize, &str); 6] = [
            (b"<a>\xE9</a>", 3, "0xE9 is not valid UTF-8"),
            (b"<?xml version='1.0' encoding='US-ASCII'?><a>\xE9</a>", 44, "declared as US-ASCII"),
            (b"<?xml version='1.0' encoding='klingon'?><a/>", 0, "`klingon` cannot be read"),
            (b"\xFF\xFE\0\0<\0\0\0", 0, "UTF-32"),
            (b"\xFF\xFE<\0a\0>", 2, "middle of a code unit"),
            (b"\xFF\xFE<\0\x00\xD8a\0", 1, "0xD800 is half"),
        ];
        for (bytes, at, reason) in cases {
            let error = decode(Path::new("x.xml"), bytes.to_vec()).unwrap_err();
            assert!(error.reason.contains(reason), "{}", error.reason);
            assert_eq!(error.span, Span::at(at), "{reason}");
        }
    }
}
