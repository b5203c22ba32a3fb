//! Any text as a policy: every fault has its place in the file.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use vmlint::policy::compile::{Choice, Loaded, compile};
use vmlint::policy::schema::Fault;
use vmlint::policy::{load, yaml};
use vmlint::source::Source;

fn check(text: &str, faults: &[Fault]) {
    for fault in faults {
        assert!(text.get(fault.span.start as usize..fault.span.end as usize).is_some(), "{fault:?}");
    }
}

fuzz_target!(|text: &str| {
    let node = match yaml::read(text) {
        Ok(node) => node,
        Err(broken) => return assert!(text.get(broken.span.start as usize..broken.span.end as usize).is_some()),
    };
    let policy = match load::load(&node, true) {
        Ok(policy) => policy,
        Err(faults) => return check(text, &faults),
    };
    let source = Arc::new(Source::utf8("fuzz.yaml", text.to_owned(), 0));
    let tables = vec![String::new(); policy.tables.len()];
    match compile(&[Loaded { source, policy, tables, own: true }], true, &|_| Choice::Run) {
        Ok((_, files)) | Err(files) => files.iter().for_each(|file| check(text, &file.faults)),
    }
});
