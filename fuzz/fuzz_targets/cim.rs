//! Any text as CIM-XML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vmlint::input::limits::Limits;
use vmlint::input::{cim, detect, raw, xml};
use vmlint::tree::Vocabulary;

fuzz_target!(|text: &str| {
    let vocabulary = Vocabulary::default();
    let Ok(tree) = xml::read(text, &Limits::default(), &vocabulary, |_, _| {}) else { return };
    let Ok(keys) = cim::read(&tree, &Limits::default()) else { return };
    let _ = detect::machines(detect::xml(&tree), &keys);
    for line in raw::lines(&keys) {
        assert!(text.get(keys.value_span(line.key).range()).is_some());
    }
});
