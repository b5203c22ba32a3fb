//! Any bytes as a container.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vmlint::input::vmcx_keys;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(container) = vmcx_keys::read(Path::new("fuzz.vmcx"), bytes) {
        for key in container.keys.all() {
            let span = container.keys.span(key);
            assert!(container.source.text().get(span.range()).is_some());
            let (start, end) = container.source.file_range(span);
            assert!(start <= end && end as usize <= bytes.len());
        }
    }
});
