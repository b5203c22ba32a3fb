//! What fuzzing started from and what it found, held against the promises of each target on every run of the tests.

mod common;
mod promises;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use promises::{Promise, TARGETS};

/// The seeds of a target by name.
fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = common::root().join("fixtures/fuzz").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    seeds
}

#[test]
fn every_seed_and_every_former_find_holds() {
    for (target, promise) in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has no seed");
        hold(promise, &seeds);
    }
}

fn hold(promise: Promise, seeds: &[PathBuf]) {
    for seed in seeds {
        // Shown where the promise is broken.
        println!("{}", seed.display());
        promise(&fs::read(seed).unwrap());
    }
}

/// A target that nobody runs, or without promises, would not be missed otherwise.
#[test]
fn every_seed_belongs_to_a_target() {
    let folders = fs::read_dir(common::root().join("fixtures/fuzz")).unwrap();
    for folder in folders {
        let folder = folder.unwrap().file_name();
        assert!(TARGETS.iter().any(|(target, _)| folder == OsStr::new(target)), "{} is no target", folder.display());
    }
}
