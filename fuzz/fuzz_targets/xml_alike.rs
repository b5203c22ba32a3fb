//! The quick reader of XML takes nothing that roxmltree refuses, and gives the same tree.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/readers.rs"]
mod readers;

fuzz_target!(|text: &str| {
    readers::is_plain(text);
});
