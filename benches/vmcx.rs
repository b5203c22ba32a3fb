//! How long a large container takes: a machine of a megabyte, some fifty times what real ones have.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vmlint::input::limits::Limits;
use vmlint::input::{export, vmcx};

#[allow(dead_code)]
#[path = "../src/input/vmcx/tests/writer.rs"]
mod writer;

/// A container of at least a mebibyte: disks by the thousand, and a large value outside of the key tables.
fn container() -> Vec<u8> {
    let drive = |number: usize| {
        let path = format!("C:\\ClusterStorage\\Volume1\\Machines\\web01\\disk-{number:05}.vhdx");
        let keys = vec![writer::int("iops_limit", 500), writer::text("pathname", &path), writer::text("type", "VHD")];
        writer::node(&format!("drive{number}"), keys)
    };
    let drives = (0..2_700).map(drive).collect();
    let large = writer::key("nvram", writer::Val::Bytes(vec![0x5A; 300_000]));
    let settings = writer::node("settings", vec![writer::node("controller0", drives), large]);
    let properties = writer::node("properties", vec![writer::text("name", "web01"), writer::int("subtype", 1)]);
    let root = writer::node("configuration", vec![properties, settings]);
    let built = writer::write(&writer::Layout { reversed: true, ..writer::Layout::default() }, &[root]);
    assert!(built.bytes.len() >= 1 << 20, "{} bytes", built.bytes.len());
    built.bytes
}

fn vmcx(criterion: &mut Criterion) {
    let bytes = container();
    let mut group = criterion.benchmark_group("vmcx");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("container", |bencher| bencher.iter(|| vmcx::read(black_box(&bytes)).map(|tree| tree.len())));
    group.bench_function("keys over lines", |bencher| {
        bencher.iter(|| {
            export::read(Path::new("web01.vmcx"), black_box(bytes.clone()), &Limits::default()).map(|export| export.keys.len())
        });
    });
    group.finish();
}

criterion_group!(benches, vmcx);
criterion_main!(benches);
