//! What judging costs beside parsing alone: both sides read and go through the same definitions in one run, on one thread.
//!
//! `cargo bench --bench judge`, over the fixtures; `VMLINT_FLEET=DIR cargo bench --bench judge` over a folder of your own.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vmlint::check::Checker;
use vmlint::engine::Assumptions;
use vmlint::input::limits::Limits;
use vmlint::input::{walk, xml};
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, Loaded, RuleSet, compile};
use vmlint::policy::{load, yaml};
use vmlint::source::Source;
use vmlint::tree::Vocabulary;

fn definitions() -> Vec<PathBuf> {
    let folder = std::env::var_os("VMLINT_FLEET").map_or_else(|| PathBuf::from("fixtures/libvirt"), PathBuf::from);
    let folders = [folder];
    let files = walk::files(&folders, walk::is_ours).filter_map(Result::ok).map(|file| file.path);
    files.filter(|path| std::fs::read_to_string(path).is_ok_and(|text| roxmltree::Document::parse(&text).is_ok())).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A policy of rules that ask for elements no definition has.
fn idle_rules(count: usize) -> Loaded {
    let mut text = "policy: idle\ntitle: Rules that match nothing\nplatform: libvirt\nhosts: [rhel-8]\n\
         sources: {s: {title: t, section: s, date: '2026'}}\nrules:\n"
        .to_owned();
    for n in 0..count {
        text += &format!(
            "  - {{id: r{n}, title: t, status: unsupported, source: s, find: \"devices/disk[idle{n}/@type='x{n}']\", message: m, help: h}}\n"
        );
    }
    let policy = load::load(&yaml::read(&text).unwrap(), false).unwrap();
    Loaded { source: Source::utf8("idle.yaml", text, 0).into(), policy, tables: Vec::new(), packed: None, own: false }
}

fn rules(idle: usize) -> RuleSet {
    let mut policies = vec![BuiltIn::get("rhel-8").unwrap().load().unwrap()];
    if idle > 0 {
        policies.push(idle_rules(idle));
    }
    compile(&policies, false, &|_| Choice::Run).unwrap().0
}

fn judge(c: &mut Criterion) {
    let files = definitions();
    let assumptions = Assumptions::on("rhel-8");
    let mut group = c.benchmark_group("definitions");
    group.sample_size(10);
    group.throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("read and parse with roxmltree alone", |b| {
        b.iter(|| files.iter().for_each(|path| drop(black_box(roxmltree::Document::parse(&read(path))))))
    });
    let vocabulary = Vocabulary::default();
    group.bench_function("read into the definition tree", |b| {
        b.iter(|| {
            files.iter().for_each(|path| drop(black_box(xml::read(&read(path), &Limits::default(), &vocabulary, |_, _| {}))))
        })
    });
    for idle in [0, 100, 1_000, 10_000] {
        let rules = rules(idle);
        let checker = Checker::new(&rules, &assumptions);
        group.bench_function(format!("read and judge by all rules and {idle} that match nothing"), |b| {
            b.iter(|| files.iter().for_each(|path| drop(black_box(checker.check(path, read(path).into_bytes(), false)))))
        });
    }
    group.finish();
    c.bench_function("compile the built-in policy", |b| b.iter(|| black_box(rules(0))));
}

criterion_group!(benches, judge);
criterion_main!(benches);
