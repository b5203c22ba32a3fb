//! Damaged containers, one fault each: the message names the place and the fault.

use super::super::{MAX_FILE, read};
use super::whole::sample;
use super::writer::{Built, Layout, NAME, NAME_LENGTH, PARENT, PARENT_TABLE, SIZE, TYPE, int, node, text, write};

const NAME_KEY: &str = "/configuration/properties/name";
const VERSION_KEY: &str = "/configuration/properties/version";

/// A damage, and the beginning and a later part of the message.
type Case = (&'static str, fn(&mut Built), &'static str, &'static str);

const CASES: &[Case] = &[
    // Header and log.
    (
        "both signatures",
        |b| [0, 0x1000].into_iter().for_each(|at| b.put(at, &[0x15])),
        "not a Hyper-V VMCX file: header signature 0x01282015, expected 0x01282014",
        "",
    ),
    (
        "both checksums",
        |b| [20, 0x1014].into_iter().for_each(|at| b.put(at, &[9])),
        "no good copy of the header: the one at 0x0 has a wrong checksum; the one at 0x1000 has a wrong",
        "",
    ),
    (
        "equal sequences",
        |b| {
            b.put(0x1008, &[7]);
            b.seal();
        },
        "header copy at 0x1000: both header copies have sequence number 7",
        "",
    ),
    (
        "old version",
        |b| {
            b.put(10, &0x0301_u32.to_le_bytes());
            b.seal();
        },
        "header copy at 0x0: container format version 3.1 (0x0301) is not supported",
        "",
    ),
    ("log signature", |b| b.put(b.log, &[4]), "replay log at 0x8000: signature 0x1110004, expected 0x1110003", ""),
    ("log checksum", |b| b.put(b.log + 8, &[1]), "replay log at 0x8000: wrong checksum", ""),
    (
        "log count",
        |b| {
            b.put(b.log + 8, &146_u32.to_le_bytes());
            b.seal();
        },
        "replay log at 0x8000: 146 entries are announced where at most 145 fit",
        "",
    ),
    (
        "log entry checksum",
        |b| {
            b.pend(0x3000, b"data");
            b.put(b.log + 34, &[1]);
        },
        "replay log entry 0 at 0x8022: wrong checksum",
        "",
    ),
    (
        "log data checksum",
        |b| {
            b.pend(0x3000, b"data");
            b.put(b.log + 4096, b"x");
        },
        "replay log entry 0 at 0x8022: wrong checksum",
        "",
    ),
    (
        "log source",
        |b| {
            b.pend(0x3000, b"data");
            b.put(b.log + 46, &[1, 0]);
            b.seal();
        },
        "replay log entry 0 at 0x8022: its 4 bytes at 0x8001 do not lie in the data of the log, 0x9000 to 0xc000",
        "",
    ),
    (
        "log source past end",
        |b| {
            b.pend(0x3000, b"data");
            b.put(b.log + 46, &[0, 0x20]);
            b.seal();
        },
        "replay log entry 0 at 0x8022: truncated: its 4 bytes at 0xa000",
        "end past the end of the file",
    ),
    (
        "log target",
        |b| {
            b.pend(0x3000, b"data");
            b.put(b.log + 34, &[0xFF; 8]);
            b.seal();
        },
        "replay log entry 0 at 0x8022: writes 4 bytes at 0xffffffffffffffff, far past",
        "",
    ),
    (
        "log total",
        |b| {
            b.pend(0x3000, &[0; 0x3000]);
            let entry = b.bytes[b.log + 34..b.log + 62].to_vec();
            (1..6).for_each(|n| b.put(b.log + 34 + 28 * n, &entry));
            b.put(b.log + 8, &[6]);
            b.seal();
        },
        "replay log entry 4 at",
        "more data than the whole file",
    ),
    // Object tables.
    ("object table signature", |b| b.put(0x2000, &[2]), "object table at 0x2000: signature 0x1110002", ""),
    (
        "object table count",
        |b| b.put(0x2004, &9999_u32.to_le_bytes()),
        "object table at 0x2000: 9999 entries are announced where at most 227 fit",
        "",
    ),
    (
        "object table count too small",
        |b| b.put(0x2004, &1_u32.to_le_bytes()),
        "object table at 0x2000: 1 entries are announced, yet entry 1 is in use",
        "",
    ),
    ("slot checksum", |b| b.put(0x2008 + 18 * 100, &[2]), "object table at 0x2000, entry 100 at 0x2710: wrong checksum", ""),
    ("slot type", |b| b.change_slot(0, 0, &[8]), "object table at 0x2000, entry 0 at 0x2008: unknown type 8", ""),
    (
        "table linked to itself",
        |b| b.change_slot(9, 0, &[1, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 1]),
        "object table at 0x2000, entry 9 at 0x20aa: points at 0x2000, inside or across the object table at 0x2000",
        "",
    ),
    (
        "link past the end",
        |b| b.change_slot(9, 0, &[1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 1]),
        "object table at 0x90000: truncated: its 4096 bytes at 0x90000",
        "",
    ),
    (
        "key table twice",
        |b| b.change_slot(9, 0, &[2, 0, 0, 0, 0, 0, 0x38, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 1]),
        "object table at 0x2000, entry 9",
        "points at 0x3800, inside or across the key table at 0x3000",
    ),
    (
        "key table past the end",
        |b| b.change_slot(0, 5, &[0, 0, 0, 0x10]),
        "key table at 0x10000000: truncated: its 4096 bytes",
        "",
    ),
    ("key table too small", |b| b.change_slot(0, 13, &[9, 0]), "key table at 0x3000: 9 bytes are too few", ""),
    // Key tables.
    ("key table signature", |b| b.put(0x3000, &[3]), "key table at 0x3000: signature 0x3, expected 0x2", ""),
    ("key table checksum", |b| b.put(0x3004, &[3]), "key table at 0x3000: wrong checksum", ""),
    (
        "key table 0",
        |b| {
            b.put(0x3002, &[0]);
            b.seal();
        },
        "key table at 0x3000: table number 0",
        "",
    ),
    (
        "key table cut in an entry",
        |b| b.change_slot(0, 13, &[0x20, 0]),
        "entry at offset 0xa of key table 1 (file offset 0x300a): its 47 bytes run past the end of the table, where 22 bytes are left",
        "",
    ),
    (
        "key table cut behind an entry",
        |b| b.change_slot(0, 13, &[10 + 47 + 3, 0]),
        "entry at offset 0x39 of key table 1 (file offset 0x3039): the last 3 bytes",
        "",
    ),
    // Entries.
    (
        "entry overruns",
        |b| b.change(VERSION_KEY, SIZE, &0xFFFF_FF00_u32.to_le_bytes()),
        "key `version` at offset",
        "its 4294967040 bytes run past the end of the table",
    ),
    (
        "entry of no size",
        |b| b.change(VERSION_KEY, SIZE, &[0; 4]),
        "entry at offset",
        "its 0 bytes are too few for the 21 it must hold",
    ),
    (
        "entry smaller than its value",
        |b| b.change(VERSION_KEY, SIZE, &[36]),
        "key `version` at offset",
        "its 36 bytes are too few for the 37 it must hold",
    ),
    (
        "entry smaller than its name",
        |b| b.change(VERSION_KEY, SIZE, &[24]),
        "entry at offset",
        "its 24 bytes are too few for the 29 it must hold",
    ),
    ("entry type", |b| b.change(VERSION_KEY, TYPE, &[10]), "key `version` at offset", "unknown type 10"),
    (
        "entry checksum",
        |b| b.put(b.at(VERSION_KEY) + 12, &[0; 4]),
        "key `version` at offset",
        "wrong checksum: 0x00000000 is stored",
    ),
    ("key marked as free", |b| b.put(b.at(VERSION_KEY), &[1]), "key `version` at offset", "is marked as free space"),
    (
        "huge text",
        |b| b.change(NAME_KEY, NAME + 5, &0x7FFF_FFF0_u32.to_le_bytes()),
        "key `name` at offset",
        "value of 2147483632 bytes does not fit in its entry",
    ),
    ("odd text", |b| b.change(NAME_KEY, NAME + 5, &9_u32.to_le_bytes()), "key `name` at offset", "text of 9 bytes is not UTF-16"),
    ("name without NUL", |b| b.change(NAME_KEY, NAME + 4, b"x"), "entry at offset", "the name does not end with its only NUL"),
    ("name with NUL", |b| b.change(NAME_KEY, NAME + 1, b"\0"), "entry at offset", "the name does not end with its only NUL"),
    ("no name", |b| b.change(NAME_KEY, NAME_LENGTH, &[0]), "entry at offset", "the name does not end with its only NUL"),
    ("name not UTF-8", |b| b.change(NAME_KEY, NAME, b"\xff"), "entry at offset", "the name is not UTF-8"),
    // File objects.
    (
        "file object not listed",
        |b| b.change_slot(1, 0, &[4]),
        "key `large` at offset",
        "value points at 3000 bytes at 0x4000, which no file object holds",
    ),
    (
        "file object too small",
        |b| b.change_slot(1, 13, &[0, 1]),
        "key `large` at offset",
        "value points at 3000 bytes at 0x4000, which no file object holds",
    ),
    (
        "number in a file object",
        |b| b.change(VERSION_KEY, 0, &[8, 1]),
        "key `version` at offset",
        "its 37 bytes are too few for the 41 it must hold",
    ),
    (
        "flag in a file object",
        |b| b.change("/configuration/large", 0, &[8]),
        "key `large` at offset",
        "bool of 3000 bytes in a file object, expected 4",
    ),
    // Parents.
    ("parent in no table", |b| b.change(VERSION_KEY, PARENT_TABLE, &[9]), "key `version` at offset", "of key table 9, is no key"),
    (
        "parent between entries",
        |b| b.change(VERSION_KEY, PARENT, &[1]),
        "key `version` at offset",
        "its parent, offset 0x1 of key table 1, is no key",
    ),
    (
        "parent outside of the root",
        |b| b.change(VERSION_KEY, PARENT_TABLE, &[0]),
        "key `version` at offset",
        "of key table 0, is no key",
    ),
    (
        "parent is a value",
        |b| {
            let at = b.at(NAME_KEY) - 0x3000;
            b.change(VERSION_KEY, PARENT, &(at as u32).to_le_bytes());
        },
        "key `version` at offset",
        "its parent `name` at offset",
    ),
    (
        "own parent",
        |b| {
            let at = b.at("/configuration/settings") - 0x3000;
            b.change("/configuration/settings", PARENT, &(at as u32).to_le_bytes());
        },
        "key `settings` at offset",
        "is its own ancestor: its parent `settings`",
    ),
    (
        "circle",
        |b| {
            let at = b.at("/configuration/settings/processors") - 0x3000;
            b.change("/configuration/settings", PARENT, &(at as u32).to_le_bytes());
        },
        "key `settings` at offset",
        "is its own ancestor: its parent `processors`",
    ),
];

#[test]
fn every_damage_is_refused_by_place() {
    let whole = write(&Layout::default(), &sample());
    assert!(read(&whole.bytes).is_ok());
    for (name, damage, start, part) in CASES {
        let mut built = whole.clone();
        damage(&mut built);
        let message = match read(&built.bytes) {
            Ok(_) => panic!("{name}: was read"),
            Err(damage) => damage.to_string(),
        };
        assert!(message.starts_with(start) && message.contains(part), "{name}: {message}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let built = write(&Layout { table: 1024, object_from: 64, ..Layout::default() }, &sample());
    for end in (0..built.log + 34).step_by(97) {
        let damage = read(&built.bytes[..end]).unwrap_err().to_string();
        if end > 0x2008 {
            assert!(damage.contains("truncated"), "{end:#x}: {damage}");
            assert!(damage.contains(&format!("({end} bytes)")), "{end:#x}: {damage}");
        }
    }
    let table = built.tables[1];
    let damage = read(&built.bytes[..table + 100]).unwrap_err();
    assert_eq!(damage.offset(), table, "the first part that is lost, not the log at the end: {damage}");
    // The area behind the log's header need not be there.
    assert!(read(&built.bytes[..built.log + 34]).is_ok());
}

#[test]
fn limits_hold() {
    let deep = |depth: usize| (1..depth).fold(node("k", vec![int("v", 1)]), |child, _| node("k", vec![child]));
    let read_deep = |depth| read(&write(&Layout::default(), &[deep(depth)]).bytes);
    assert!(read_deep(63).is_ok());
    assert!(read_deep(64).unwrap_err().to_string().ends_with("keys are nested more than 64 deep"));

    let name = "n".repeat(250);
    let long = (0..4).fold(text("v", "x"), |child, _| node(&name, vec![child]));
    assert!(read(&write(&Layout::default(), std::slice::from_ref(&long)).bytes).is_ok());
    let longer = node(&"n".repeat(18), vec![long]);
    let damage = read(&write(&Layout::default(), &[longer]).bytes).unwrap_err();
    assert!(damage.to_string().ends_with("the path of the key is longer than 1024 bytes"), "{damage}");

    let damage = read(&vec![0; MAX_FILE + 1]).unwrap_err();
    assert_eq!(damage.to_string(), "67108865 bytes are more than the 67108864 that are read of a VMCX file");
}

#[test]
fn shared_file_objects_are_bounded() {
    // Every value may point at the same object, until they add up to more than the file.
    let values = (0..20).map(|n| text(&format!("v{n}"), &"x".repeat(2000))).collect();
    let mut built = write(&Layout::default(), &[node("a", values)]);
    let (object, size) = built.objects[0];
    for n in 0..20 {
        let data = [&(size as u32).to_le_bytes()[..], &(object as u64).to_le_bytes()].concat();
        let value = NAME + format!("v{n}").len() + 1;
        built.change(&format!("/a/v{n}"), value, &data);
    }
    assert!(read(&built.bytes).is_ok());
    built.bytes.truncate(built.log + 34);
    let second = built.objects[1].0;
    let moved = built.bytes.split_off(built.log);
    built.log = second;
    built.put(second, &moved);
    for at in [26, 0x1000 + 26] {
        built.put(at, &(second as u64).to_le_bytes());
    }
    built.bytes.truncate(second + 34);
    for slot in 2..=20 {
        built.change_slot(slot, 0, &[0]);
    }
    let damage = read(&built.bytes).unwrap_err();
    assert!(damage.to_string().ends_with("the values in file objects are larger than the whole file"), "{damage}");
}
