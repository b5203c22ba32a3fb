//! Hyper-V exports judged, against transcoding and parsing them with nothing else: `VMLINT_EXPORTS=FOLDER cargo bench --bench hyperv`.
//! Without a folder the export in `fixtures/` stands in for all of them.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vmlint::check::Checker;
use vmlint::engine::Assumptions;
use vmlint::input::{text, walk};
use vmlint::policy::builtin::ALL;
use vmlint::policy::compile::{Choice, compile};
use vmlint::policy::schema::Platform;

fn exports() -> Vec<PathBuf> {
    match std::env::var_os("VMLINT_EXPORTS") {
        Some(folder) => {
            walk::files(&[PathBuf::from(folder)], walk::is_ours).filter_map(Result::ok).map(|file| file.path).collect()
        }
        None => vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hyperv/web01-2012r2.xml")],
    }
}

fn hyperv(c: &mut Criterion) {
    let files = exports();
    let policies = ALL.iter().filter(|policy| policy.platform == Platform::HyperV).map(|policy| policy.load().unwrap());
    let (rules, _) = compile(&policies.collect::<Vec<_>>(), false, &|_| Choice::Run).unwrap();
    let assumptions = Assumptions::on("windows-server-2019");
    let checker = Checker::new(&rules, &assumptions);
    let mut group = c.benchmark_group("exports");
    group.sample_size(10);
    group.throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("read, transcode and parse with roxmltree alone", |b| {
        b.iter(|| {
            for path in &files {
                let source = text::decode(path, std::fs::read(path).unwrap()).unwrap();
                black_box(roxmltree::Document::parse(source.text()).unwrap());
            }
        })
    });
    group.bench_function("read and judge", |b| {
        b.iter(|| files.iter().for_each(|path| drop(black_box(checker.check(path, std::fs::read(path).unwrap(), false)))))
    });
    group.finish();
}

criterion_group!(benches, hyperv);
criterion_main!(benches);
