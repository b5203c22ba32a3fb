//! What each stage of a run costs, over the same definitions on one thread: reading, the tree, rules, reports. In every run stands beside
//! them what parsing the same texts with roxmltree costs, so that stages are compared by it and not by the machine.
//!
//! `cargo bench --bench stages`, over the fixtures; `VMLINT_FLEET=FOLDER cargo bench --bench stages` over a folder of your own, and with
//! `-- STAGE` only the stages whose names hold the word.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use roxmltree::Document;
use vmlint::check::Checker;
use vmlint::engine::{Assumptions, Engine};
use vmlint::finding::{Checked, Summary};
use vmlint::input::limits::Limits;
use vmlint::input::{text, walk, xml};
use vmlint::libvirt::{self, arguments::Arguments};
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, Loaded, RuleSet, compile};
use vmlint::policy::{load, yaml};
use vmlint::report::repository::Repository;
use vmlint::report::{self, Options};
use vmlint::source::Source;
use vmlint::tree::{Tree, Vocabulary};

/// How many rules that match nothing stand beside the built-in ones.
const IDLE: [usize; 4] = [0, 100, 1_000, 10_000];

/// The definitions of libvirt that all stages go through, with their bytes.
fn definitions() -> Vec<(PathBuf, Vec<u8>)> {
    let folders = match std::env::var_os("VMLINT_FLEET") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => ["fixtures/libvirt", "fixtures/rules"].map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).into(),
    };
    let files = walk::files(&folders, walk::is_ours).filter_map(Result::ok).map(|file| file.path);
    let read = files.filter_map(|path| std::fs::read(&path).ok().map(|bytes| (path, bytes)));
    read.filter(|(_, bytes)| str::from_utf8(bytes).is_ok_and(|text| Document::parse(text).is_ok())).collect()
}

/// The built-in policy, and a policy of rules that ask for elements no definition has.
fn policies(idle: usize) -> Vec<Loaded> {
    let built_in = BuiltIn::get("rhel-8").unwrap().load().unwrap();
    let mut text = "policy: idle\ntitle: Rules that match nothing\nplatform: libvirt\nhosts: [rhel-8]\n\
         sources: {s: {title: t, section: s, date: '2026'}}\nrules:\n"
        .to_owned();
    for n in 0..idle {
        text += &format!(
            "  - {{id: r{n}, title: t, status: unsupported, source: s, find: \"devices/disk[idle{n}/@type='x{n}']\", message: m, help: h}}\n"
        );
    }
    if idle == 0 {
        return vec![built_in];
    }
    let policy = load::load(&yaml::read(&text).unwrap(), false).unwrap();
    let source = Source::utf8("idle.yaml", text, 0).into();
    vec![built_in, Loaded { source, policy, tables: Vec::new(), packed: None, own: false }]
}

fn rules(idle: usize) -> RuleSet {
    compile(&policies(idle), false, &|_| Choice::Run).unwrap().0
}

fn tree<'s>(source: &'s Source, vocabulary: &'s Vocabulary) -> Tree<'s> {
    let arguments = Arguments::new(vocabulary);
    xml::read(source.text(), &Limits::default(), vocabulary, |builder, node| arguments.complete(builder, node)).unwrap()
}

fn stages(c: &mut Criterion) {
    let files = definitions();
    let bytes = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let read = |path: &Path| std::fs::read(path).unwrap();
    let sources: Vec<Source> = files.iter().map(|(path, bytes)| text::decode(path, bytes.clone()).unwrap()).collect();
    let all = rules(0);
    let assumptions = Assumptions::on("rhel-8");

    let mut group = c.benchmark_group("stages");
    group.sample_size(10).throughput(Throughput::Bytes(bytes));
    group.bench_function("read", |b| b.iter(|| files.iter().for_each(|(path, _)| drop(black_box(read(path))))));
    group.bench_function("read and decode", |b| {
        b.iter(|| files.iter().for_each(|(path, _)| drop(black_box(text::decode(path, read(path))))))
    });
    group.bench_function("parse with roxmltree alone", |b| {
        b.iter(|| sources.iter().for_each(|source| drop(black_box(Document::parse(source.text())))))
    });
    group.bench_function("parse into the definition tree", |b| {
        b.iter(|| sources.iter().for_each(|source| drop(black_box(tree(source, all.vocabulary())))))
    });
    for idle in IDLE {
        let rules = rules(idle);
        let engine = Engine::new(&rules, &assumptions);
        let trees: Vec<_> = sources.iter().map(|source| tree(source, rules.vocabulary())).collect();
        let definitions: Vec<Vec<_>> =
            trees.iter().map(|tree| libvirt::definitions(tree).into_iter().flatten().collect()).collect();
        group.bench_function(format!("judge trees by all rules and {idle} that match nothing"), |b| {
            let both = || trees.iter().zip(&definitions);
            b.iter(|| both().for_each(|(tree, definitions)| drop(black_box(engine.judge(tree, definitions, usize::MAX, None)))))
        });
    }
    let checker = Checker::new(&all, &assumptions);
    let checked: Vec<Checked> = files
        .iter()
        .map(|(path, bytes)| checker.check(path, bytes.clone(), true).checked)
        .filter(|checked| checked.vms > 0)
        .collect();
    let repository = Repository::default();
    for &format in report::Format::value_variants() {
        let name = format.to_possible_value().unwrap();
        group.bench_function(format!("report as {}", name.get_name()), |b| {
            b.iter(|| {
                // Some reports number what they are given, so that each run needs one of its own.
                let report = report::select(format, Options::default(), &repository);
                black_box(report.head());
                checked.iter().for_each(|checked| drop(black_box(report.in_order(report.file(checked)))));
                black_box(report.tail(&Summary::default()));
            })
        });
    }
    group.finish();
}

/// From bytes on the disk to findings, beside the least that has to be done for it.
fn whole(c: &mut Criterion) {
    let files = definitions();
    let assumptions = Assumptions::on("rhel-8");
    let mut group = c.benchmark_group("whole");
    group.sample_size(10).throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("read and parse with roxmltree alone", |b| {
        let parse = |path: &Path| drop(black_box(Document::parse(&std::fs::read_to_string(path).unwrap())));
        b.iter(|| files.iter().for_each(|(path, _)| parse(path)))
    });
    for idle in IDLE {
        let rules = rules(idle);
        let checker = Checker::new(&rules, &assumptions);
        group.bench_function(format!("read and judge by all rules and {idle} that match nothing"), |b| {
            b.iter(|| {
                files.iter().for_each(|(path, _)| drop(black_box(checker.check(path, std::fs::read(path).unwrap(), false))))
            })
        });
    }
    group.finish();
}

/// What is done once at the start of a run.
fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("start");
    group.sample_size(10);
    for idle in IDLE {
        let policies = policies(idle);
        let rules = policies.iter().map(|loaded| loaded.policy.rules.len() as u64).sum();
        group.throughput(Throughput::Elements(rules));
        group.bench_function(format!("compile the expressions of the built-in policy and of {idle} rules more"), |b| {
            b.iter(|| black_box(compile(&policies, false, &|_| Choice::Run)))
        });
    }
    group.bench_function("load the built-in policy", |b| b.iter(|| black_box(policies(0))));
    group.finish();
}

criterion_group!(benches, stages, whole, start);
criterion_main!(benches);
