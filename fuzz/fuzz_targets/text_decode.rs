//! Any bytes as text: every position leads to a line, a column and a byte of the file, none of them going back.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vmlint::input::text::decode;

fuzz_target!(|bytes: &[u8]| {
    let source = match decode(Path::new("fuzz.xml"), bytes.to_vec()) {
        Ok(source) => source,
        Err(fault) => {
            assert!(fault.source.text().get(fault.span.range()).is_some());
            return;
        }
    };
    let text = source.text();
    let mut last = (0, 1, 0);
    for at in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
        let offset = source.file_offset(at as u32);
        let position = source.position(at as u32);
        let next = (position.line, position.column, offset);
        assert!(offset as usize <= bytes.len() && offset >= last.2, "{next:?} after {last:?}");
        assert!((next.0, next.1) >= (last.0, last.1), "{next:?} after {last:?}");
        last = next;
    }
});
