//! Whole containers, of every layout.

use super::super::{KeyTree, Kind, Value, Warning, is_vmcx, read};
use super::writer::{Built, Key, Layout, Val, int, key, node, text, write};

/// A small definition with every type of value, repeated names and large values.
pub(super) fn sample() -> Vec<Key> {
    vec![node(
        "configuration",
        vec![
            node(
                "properties",
                vec![
                    text("name", "web01 – Übung 𝄞"),
                    int("version", 2304),
                    text("notes", ""),
                    key("creation_time", Val::Bytes((0..8).collect())),
                ],
            ),
            node(
                "settings",
                vec![
                    node(
                        "processors",
                        vec![int("count", -4), key("weight", Val::Uint(u64::MAX)), key("share", Val::Double(1.5))],
                    ),
                    node("empty", vec![]),
                    key("enabled", Val::Bool(1)),
                    key("hidden", Val::Bool(0)),
                    key("odd", Val::Bool(-1)),
                    key("broken", Val::Units(vec![0x41, 0xD800, 0x42])),
                    key("ended", Val::Units(vec![0x41, 0x42, 0])),
                ],
            ),
            node(
                "features",
                vec![
                    text("Id", "first"),
                    node("flags", vec![int("value", 1)]),
                    text("Id", "second"),
                    node("flags", vec![int("value", 2)]),
                    text("id", "another name"),
                    text("Id", "third"),
                ],
            ),
            key("large", Val::Bytes(vec![0xAB; 3000])),
            text("long", &"x".repeat(5000)),
        ],
    )]
}

/// The sample's values as the reader is to give them.
const VALUES: &[(&str, &str, &str)] = &[
    ("/configuration/properties/name", "string", "web01 – Übung 𝄞"),
    ("/configuration/properties/version", "int", "2304"),
    ("/configuration/properties/notes", "string", ""),
    ("/configuration/properties/creation_time", "bytes", "0001020304050607"),
    ("/configuration/settings/processors/count", "int", "-4"),
    ("/configuration/settings/processors/weight", "uint", "18446744073709551615"),
    ("/configuration/settings/processors/share", "double", "1.5"),
    ("/configuration/settings/enabled", "bool", "true"),
    ("/configuration/settings/hidden", "bool", "false"),
    ("/configuration/settings/odd", "bool", "true"),
    ("/configuration/settings/broken", "string", "410000d84200"),
    ("/configuration/settings/ended", "string", "AB"),
    ("/configuration/features/Id", "string", "first"),
    ("/configuration/features/flags/value", "int", "1"),
    ("/configuration/features/Id#2", "string", "second"),
    ("/configuration/features/flags#2/value", "int", "2"),
    ("/configuration/features/id", "string", "another name"),
    ("/configuration/features/Id#3", "string", "third"),
];

/// The values of a tree as text.
pub(super) fn values(tree: &KeyTree) -> Vec<(String, &'static str, String)> {
    tree.values().map(|(path, kind, value)| (path, kind.name(), value.to_string())).collect()
}

/// What must hold of every tree: paths lead back to their keys, and every key stands in the file where it says.
pub(super) fn hold(tree: &KeyTree, file: &[u8]) {
    let mut count = 0;
    for node in tree.nodes() {
        count += 1;
        assert_eq!(tree.node(node.id()), Some(node));
        assert!(node.span().end <= file.len() && node.data_span().end <= file.len());
        assert_eq!(file.get(node.name_span()), Some(node.name().as_bytes()), "{}", node.path());
        assert!(node.children().all(|child| child.parent() == Some(node) && child.id() > node.id()));
        assert_eq!(node.kind(), node.value().kind());
        match node.value() {
            Value::Array(bytes) | Value::Utf16(bytes) => assert_eq!(&file[node.data_span()], bytes),
            Value::Int(n) => assert_eq!(file[node.data_span()], n.to_le_bytes()),
            _ => {}
        }
    }
    assert_eq!(count, tree.len());
    assert!(tree.values().count() <= count);
}

#[test]
fn every_layout_gives_the_same_values() {
    let layouts = [
        ("plain", Layout::default()),
        ("children before parents", Layout { reversed: true, ..Layout::default() }),
        ("many small tables", Layout { table: 160, object_from: 64, ..Layout::default() }),
        ("small tables, children first", Layout { table: 160, object_from: 64, reversed: true, ..Layout::default() }),
        ("chained object tables", Layout { table: 160, object_from: 64, slots: 3, ..Layout::default() }),
        ("slack and free space", Layout { slack: 9, free: 40, ..Layout::default() }),
        ("no file objects", Layout { table: 1 << 16, object_from: usize::MAX, ..Layout::default() }),
        ("everything in file objects", Layout { object_from: 0, ..Layout::default() }),
        ("second header copy newer", Layout { sequences: [7, 8], ..Layout::default() }),
    ];
    for (name, layout) in layouts {
        let built = write(&layout, &sample());
        let tree = read(&built.bytes).unwrap_or_else(|damage| panic!("{name}: {damage}"));
        let values = values(&tree);
        let found: Vec<_> = values.iter().map(|(path, kind, value)| (path.as_str(), *kind, value.as_str())).collect();
        assert_eq!(found[..VALUES.len()], *VALUES, "{name}");
        assert_eq!(found[VALUES.len()], ("/configuration/large", "bytes", &*"ab".repeat(3000)), "{name}");
        assert_eq!(found[VALUES.len() + 1], ("/configuration/long", "string", &*"x".repeat(5000)), "{name}");
        assert_eq!(found.len(), VALUES.len() + 2, "{name}");
        assert!(tree.warnings().is_empty() && tree.replayed() == 0, "{name}");
        hold(&tree, &built.bytes);
    }
}

#[test]
fn keys_are_found_and_know_their_place() {
    let built = write(&Layout::default(), &sample());
    assert!(is_vmcx(&built.bytes));
    let tree = read(&built.bytes).unwrap();
    let version = tree.get("/configuration/properties/version").unwrap();
    assert_eq!((version.name(), version.kind(), version.value()), ("version", Kind::Int, Value::Int(2304)));
    assert_eq!(version.parent().unwrap().path(), "/configuration/properties");
    let at = built.at("/configuration/properties/version");
    assert_eq!(version.span(), at..at + 21 + 8 + 8);
    assert_eq!(version.name_span(), at + 21..at + 28);
    assert_eq!(version.data_span(), at + 29..at + 37);
    let third = tree.get("/configuration/features/Id#3").unwrap();
    assert_eq!((third.ordinal(), third.path().as_str()), (3, "/configuration/features/Id#3"));
    assert_eq!(tree.get("/configuration/features").unwrap().child("Id").unwrap().value(), Value::String("first"));
    assert_eq!(tree.roots().map(|root| root.name()).collect::<Vec<_>>(), ["configuration"]);
    assert_eq!(tree.get("/configuration/settings/broken").unwrap().value().text().unwrap(), "A\u{FFFD}B");
    for missing in ["", "configuration", "/", "/configuration/", "/configuration/Features", "/configuration/features/Id#4"] {
        assert!(tree.get(missing).is_none(), "{missing}");
    }
    let large = tree.get("/configuration/large").unwrap();
    assert_eq!(large.data_span(), built.objects[0].0..built.objects[0].0 + 3000);
}

#[test]
fn siblings_stand_by_their_insertion_sequence() {
    let mut built = write(&Layout::default(), &[node("a", vec![int("x", 1), int("x", 2), int("x", 3)])]);
    built.change("/a/x", super::writer::SEQUENCE, &9_u32.to_le_bytes());
    let tree = read(&built.bytes).unwrap();
    let found: Vec<_> = values(&tree).into_iter().map(|(path, _, value)| (path, value)).collect();
    let expected = [("/a/x", "2"), ("/a/x#2", "3"), ("/a/x#3", "1")];
    assert_eq!(found, expected.map(|(path, value)| (path.to_owned(), value.to_owned())));
}

#[test]
fn an_empty_container_has_no_keys() {
    let built = write(&Layout::default(), &[]);
    assert!(read(&built.bytes).unwrap().is_empty());
}

#[test]
fn of_two_tables_with_one_number_the_later_counts() {
    let mut built = write(
        &Layout { table: 160, object_from: 64, ..Layout::default() },
        &[int("a", 1), text("b", &"x".repeat(20)), text("c", &"y".repeat(20)), int("d", 4)],
    );
    assert_eq!(built.tables.len(), 2);
    let (first, second) = (built.tables[0], built.tables[1]);
    built.put(second + 2, &1_u16.to_le_bytes());
    built.put(second + 4, &2_u16.to_le_bytes());
    built.seal();
    let names = |built: &Built| read(&built.bytes).unwrap().nodes().map(|node| node.name().to_owned()).collect::<String>();
    assert_eq!(names(&built), "cd");
    built.put(first + 4, &3_u16.to_le_bytes());
    built.seal();
    assert_eq!(names(&built), "ab");
}

#[test]
fn pending_log_entries_are_carried_out() {
    let plain = write(&Layout::default(), &sample());
    let at = plain.at("/configuration/properties/version");
    let mut changed = plain.clone();
    changed.change("/configuration/properties/version", 29, &3072_i64.to_le_bytes());
    let entry = changed.bytes[at..at + 37].to_vec();

    let mut built = plain.clone();
    built.pend(at, &entry);
    let tree = read(&built.bytes).unwrap();
    assert_eq!(tree.replayed(), 1);
    let version = tree.get("/configuration/properties/version").unwrap();
    assert_eq!(version.value(), Value::Int(3072));
    let source = built.log + 4096;
    assert_eq!((version.span(), version.data_span()), (source..source + 37, source + 29..source + 37));
    hold(&tree, &built.bytes);

    // The last of two entries for one place counts, and what is not counted any more does not.
    built.pend(at, &plain.bytes[at..at + 37]);
    let tree = read(&built.bytes).unwrap();
    assert_eq!(tree.get("/configuration/properties/version").unwrap().value(), Value::Int(2304));
    built.put(built.log + 8, &0_u32.to_le_bytes());
    built.seal();
    assert_eq!(read(&built.bytes).unwrap().replayed(), 0);
}

#[test]
fn a_log_may_make_the_file_longer() {
    // A new table behind the log, as writers append one: first the table, then its slot.
    let plain = write(&Layout::default(), &[int("a", 1)]);
    let mut table = plain.bytes[0x3000..0x4000].to_vec();
    table[2] = 2;
    let mut slot = plain.bytes[0x2008..0x201a].to_vec();
    let new = plain.log + 0x8000;
    slot[5..13].copy_from_slice(&(new as u64).to_le_bytes());
    let seal = |part: &mut [u8], size: usize, hole: usize| {
        let sum = super::super::bytes::checksum(&part[..size], hole);
        part[hole..hole + 4].copy_from_slice(&sum.to_le_bytes());
    };
    seal(&mut table, 10, 6);
    seal(&mut slot, 18, 1);
    let mut built = plain;
    built.pend(new, &table);
    built.pend(0x201a, &slot);
    let tree = read(&built.bytes).unwrap();
    assert_eq!(values(&tree).iter().map(|value| value.0.as_str()).collect::<Vec<_>>(), ["/a", "/a#2"]);
    hold(&tree, &built.bytes);

    // Without the table's data, the slot points at nothing that was ever written.
    built.put(built.log + 34, &(new as u64 + 0x1000).to_le_bytes());
    built.seal();
    assert!(read(&built.bytes).unwrap_err().to_string().starts_with(&format!("key table at {new:#x}: truncated")));
}

/// A change of a file with header copies of these sequence numbers, and the warning it gives.
type Case = (&'static str, usize, &'static [u8], [u16; 2], &'static str);

#[test]
fn one_good_header_copy_is_enough() {
    let cases: &[Case] = &[
        (
            "newer copy damaged",
            20,
            &[1],
            [7, 6],
            "header copy at 0x0 has a wrong checksum; the copy at 0x1000 (sequence 6) is used",
        ),
        (
            "older copy damaged",
            0x1014,
            &[1],
            [7, 6],
            "header copy at 0x1000 has a wrong checksum; the copy at 0x0 (sequence 7) is used",
        ),
        (
            "signature gone",
            0,
            b"\0\0\0\0",
            [7, 6],
            "header copy at 0x0 has signature 0x00000000, expected 0x01282014; the copy at 0x1000 (sequence 6) is used",
        ),
        (
            "wrapped around",
            0x800,
            &[0],
            [0, 65535],
            "header copies have sequence numbers 65535 and 0, which may have wrapped around; 65535 is used",
        ),
    ];
    for &(name, at, data, sequences, warning) in cases {
        let mut built = write(&Layout { sequences, ..Layout::default() }, &sample());
        built.put(at, data);
        assert!(is_vmcx(&built.bytes), "{name}");
        let tree = read(&built.bytes).unwrap_or_else(|damage| panic!("{name}: {damage}"));
        assert_eq!(tree.warnings().iter().map(Warning::to_string).collect::<Vec<_>>(), [warning], "{name}");
        assert_eq!(values(&tree).len(), VALUES.len() + 2, "{name}");
    }
}
