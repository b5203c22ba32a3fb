//! What holds of every input, whoever wrote it: one function for each kind of file, which takes any bytes and panics where a promise is
//! broken. The fuzz targets call them with what they make up, tests with what was found so.
#![allow(dead_code, reason = "each program uses its part")]

mod exports;
pub mod files;
pub mod readers;
mod rules;
mod seal;
mod texts;

use vmlint::source::Span;

pub use exports::{exports, json, vmcx};
pub use files::{fixes, suppressions, xml_to_findings};
pub use readers::xml_alike;
pub use rules::{config, policy_load, xpath_compile};
pub use texts::{baseline, text_decode};

/// A promise of any bytes.
pub type Promise = fn(&[u8]);

/// Every fuzz target with what it promises.
pub const TARGETS: [(&str, Promise); 12] = [
    ("baseline", baseline),
    ("config", config),
    ("exports", exports),
    ("fixes", fixes),
    ("json", json),
    ("policy_load", policy_load),
    ("suppressions", suppressions),
    ("text_decode", text_decode),
    ("vmcx", vmcx),
    ("xml_alike", xml_alike),
    ("xml_to_findings", xml_to_findings),
    ("xpath_compile", xpath_compile),
];

/// A place has to be a part of the text.
fn is_within(text: &str, span: Span, of: &dyn std::fmt::Debug) {
    assert!(span.start <= span.end && text.get(span.range()).is_some(), "{span:?} is no part of the text: {of:?}");
}
