//! Encodings, and baselines.

use std::path::Path;
use std::sync::LazyLock;

use vmlint::baseline::{self, Baseline};
use vmlint::check::Checker;
use vmlint::input::text::decode;

use super::files;

/// Any bytes as text: every position leads to a line, a column and a byte of the file, none of them going back.
pub fn text_decode(bytes: &[u8]) {
    let source = match decode(Path::new("fuzz.xml"), bytes.to_vec()) {
        Ok(source) => source,
        Err(fault) => return assert!(fault.source.text().get(fault.span.range()).is_some()),
    };
    let text = source.text();
    let mut last = (1, 1, 0);
    for at in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
        let offset = source.file_offset(at as u32);
        let position = source.position(at as u32);
        let next = (position.line, position.column, offset);
        assert!(offset as usize <= bytes.len() && offset >= last.2, "{next:?} after {last:?}");
        assert!((next.0, next.1) >= (last.0, last.1) && next.0 as usize <= source.line_count(), "{next:?} after {last:?}");
        last = next;
    }
    // Escape sequences at the end change the encoding of nothing.
    let is_end = last.2 as usize == bytes.len() || bytes.contains(&0x1B);
    assert!(is_end, "the end of the text is not that of the file: {last:?}");
}

static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| files::checker("rhel-8"));

/// Any bytes as a baseline: it is read, or refused at a place in it; no finding is lost by it; what is kept of it says the same.
pub fn baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("vmlint-baseline.json");
    let read = match Baseline::read(path, text) {
        Ok(read) => read,
        Err(faulty) => return faulty.faults.iter().for_each(|fault| super::rules::place(text, &fault.span, fault)),
    };
    let definition = include_bytes!("../../fixtures/libvirt/web01.xml");
    let mut checked = CHECKER.check(Path::new("web01.xml"), definition.to_vec(), true).checked;
    let all = checked.findings.len() + checked.suppressed.len();
    let before = checked.suppressed.len();
    let known = read.cover(&mut checked);
    assert_eq!(checked.suppressed.len(), before + known);
    assert_eq!(checked.findings.len() + checked.suppressed.len(), all);
    // Of a file that nobody looked at everything is kept, and written and read again it is the same.
    let (kept, unneeded) = read.needed(|_, _| false);
    assert_eq!(unneeded, 0);
    let written = baseline::text(kept);
    let again = Baseline::read(path, &written).unwrap_or_else(|faulty| panic!("{faulty:?}\n{written}"));
    assert_eq!(baseline::text(again.needed(|_, _| false).0), written);
    // What is needed covers as much as all of it.
    let (needed, _) = read.needed(|_, _| true);
    let needed = Baseline::read(path, &baseline::text(needed)).unwrap();
    let mut checked = CHECKER.check(Path::new("web01.xml"), definition.to_vec(), true).checked;
    assert_eq!(needed.cover(&mut checked), known);
}
