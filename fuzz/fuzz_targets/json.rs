//! Any text as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vmlint::input::limits::Limits;
use vmlint::input::{detect, json, raw};

fuzz_target!(|text: &str| {
    let Ok(keys) = json::read(text, &Limits::default()) else { return };
    let _ = detect::machines(detect::json(&keys), &keys);
    for line in raw::lines(&keys) {
        assert!(text.get(keys.value_span(line.key).range()).is_some());
    }
});
