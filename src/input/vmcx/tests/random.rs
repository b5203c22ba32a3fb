//! Random damage: whatever the bytes are, reading ends without a panic, and a changed file is never read as if it were whole.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::read;
use super::whole::{hold, sample, values};
use super::writer::{Built, Layout, write};

/// Small, with several tables and every kind of part.
static MIXED: LazyLock<Built> = LazyLock::new(|| {
    let layout = Layout { table: 512, object_from: 64, slots: 4, slack: 3, free: 30, reversed: true, ..Layout::default() };
    write(&layout, &sample())
});

/// Without what no checksum covers: the data of file objects, and the sizes of free space between keys.
static SUMMED: LazyLock<Built> =
    LazyLock::new(|| write(&Layout { table: 0x6000, object_from: usize::MAX, slots: 5, ..Layout::default() }, &sample()));

/// A place in a file, most often where something stands.
fn places(built: &'static Built) -> impl Strategy<Value = usize> {
    let parts: Vec<usize> = [0, 0x1000, built.log]
        .into_iter()
        .chain(built.object_tables.iter().copied())
        .chain(built.tables.iter().copied())
        .chain(built.entries.values().copied())
        .collect();
    prop_oneof![
        6 => (prop::sample::select(parts), 0..48_usize).prop_map(|(part, within)| part + within),
        1 => 0..built.bytes.len(),
    ]
}

/// A change of a file.
#[derive(Debug, Clone)]
enum Change {
    Byte(usize, u8),
    Word(usize, u32),
    Copy(usize, usize, usize),
    Cut(usize),
    Remove(usize, usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let place = || places(&MIXED);
    let words = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7FFF_FFFF), any::<u32>(), 0..0x6000_u32];
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (place(), words).prop_map(|(at, word)| Change::Word(at, word)),
        2 => (place(), place(), 1..64_usize).prop_map(|(from, to, len)| Change::Copy(from, to, len)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1..64_usize).prop_map(|(at, len)| Change::Remove(at, len)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let len = bytes.len();
    match *change {
        Change::Byte(at, byte) => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = byte),
        Change::Word(at, word) => bytes.iter_mut().skip(at).zip(word.to_le_bytes()).for_each(|(b, new)| *b = new),
        Change::Copy(from, to, count) => {
            let part: Vec<u8> = bytes.iter().skip(from).take(count).copied().collect();
            bytes.iter_mut().skip(to).zip(part).for_each(|(b, new)| *b = new);
        }
        Change::Cut(at) => bytes.truncate(at),
        Change::Remove(at, count) => drop(bytes.drain(at.min(len)..(at + count).min(len))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// With the checksums made right again, so that the damage reaches the parts behind them.
    #[test]
    fn no_damage_is_too_much(changes in prop::collection::vec(changes(), 1..6), seal in prop::bool::weighted(0.8)) {
        let mut built = MIXED.clone();
        for change in &changes {
            apply(&mut built.bytes, change);
        }
        if seal && built.bytes.len() >= 0x2000 {
            built.seal();
        }
        if let Ok(tree) = read(&built.bytes) {
            hold(&tree, &built.bytes);
        }
    }

    #[test]
    fn a_log_may_say_anything(
        entries in prop::collection::vec((places(&MIXED), prop::collection::vec(any::<u8>(), 0..40)), 1..6),
        changes in prop::collection::vec(changes(), 0..3),
    ) {
        let mut built = MIXED.clone();
        for (target, data) in &entries {
            built.pend(*target, data);
        }
        for change in &changes {
            apply(&mut built.bytes, change);
        }
        let _ = read(&built.bytes).map(|tree| tree.values().count());
    }

    #[test]
    fn one_changed_byte_changes_no_value_unseen(at in places(&SUMMED), flip in 1..=255_u8) {
        let mut bytes = SUMMED.bytes.clone();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= flip;
        }
        if let Ok(tree) = read(&bytes) {
            prop_assert_eq!(values(&tree), values(&read(&SUMMED.bytes).unwrap()));
        }
    }

    #[test]
    fn noise_is_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..0x3000), signed in any::<bool>()) {
        if signed {
            bytes.iter_mut().zip(0x0128_2014_u32.to_le_bytes()).for_each(|(b, new)| *b = new);
        }
        prop_assert!(read(&bytes).is_err());
    }
}
