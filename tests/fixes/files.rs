//! The bytes of files: encodings, byte order marks, and what lies outside the edits.

use crate::common::utf16;
use crate::fixed_bytes;

const RULE: &str = "find: a[@p='1']\nfix: {safety: safe, description: set p, set: {'@p': 'ü'}}";

fn encoded(text: &str, label: &str) -> Vec<u8> {
    encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
}

#[test]
fn the_encoding_stays() {
    let text = "<domain><name>é仮𝄞</name>\r\n\t<a p='1'/><b>仮</b></domain>";
    let after = text.replace("'1'", "'ü'");
    let declared = |label: &str| format!("<?xml version='1.0' encoding='{label}'?>");
    let with_mark = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let latin1 =
        |p: &[u8]| [declared("ISO-8859-1").as_bytes(), b"<domain><name>caf\xE9</name><a p='", p, b"'/></domain>"].concat();
    let shift = |text: &str| encoded(&(declared("gb18030") + text), "gb18030");
    let cases = [
        (text.as_bytes().to_vec(), after.as_bytes().to_vec()),
        (with_mark(text), with_mark(&after)),
        (utf16(text, true, true), utf16(&after, true, true)),
        (utf16(text, false, true), utf16(&after, false, true)),
        (utf16(text, true, false), utf16(&after, true, false)),
        (utf16(text, false, false), utf16(&after, false, false)),
        (latin1(b"1"), latin1(b"\xFC")),
        (shift(text), shift(&after)),
    ];
    for (before, after) in cases {
        assert_eq!(fixed_bytes(&[RULE], &before).bytes, Some(after));
    }
}

#[test]
fn what_the_encoding_does_not_have_is_refused() {
    let cases = [
        ("US-ASCII", "ü", "the file's encoding has no character `ü` (U+00FC)"),
        ("ISO-8859-1", "仮", "the file's encoding has no character `仮` (U+4EEE)"),
        ("KOI8-R", "仮", "the file's encoding has no character `仮` (U+4EEE)"),
    ];
    for (label, value, reason) in cases {
        let rule = format!("find: a[@p='1']\nfix: {{safety: safe, description: set p, set: {{'@p': '{value}'}}}}");
        let text = format!("<?xml version='1.0' encoding='{label}'?><domain><a p='1'/></domain>");
        let fixed = fixed_bytes(&[&rule], text.as_bytes());
        assert_eq!((fixed.bytes, fixed.fixed), (None, 0), "{label}");
        assert_eq!(fixed.complaints, [format!("the fix of test/r0 at /domain/a to set p was not made: {reason}")]);
    }
}

#[test]
fn shifted_encodings_are_changed_only_where_that_is_the_same() {
    let text = "<?xml version='1.0' encoding='iso-2022-jp'?><domain><name>仮想</name><a p='1'/></domain>";
    let rule = RULE.replace('ü', "仮");
    let fixed = fixed_bytes(&[&rule], &encoded(text, "iso-2022-jp"));
    assert_eq!(fixed.bytes, Some(encoded(&text.replace("'1'", "'仮'"), "iso-2022-jp")));
}
