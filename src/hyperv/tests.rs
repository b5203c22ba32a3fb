//! The tables held against the schema, and one machine in every format.

use std::path::Path;

use super::convert::Convert;
use super::draft::Draft;
use super::field::Field;
use super::schema::{self, Element, Kind, When};
use super::{documents, intern};
use crate::input::detect::{Json, Kind as FileKind};
use crate::input::export::{self, Export};
use crate::input::json;
use crate::input::keys::Keys;
use crate::input::limits::Limits;
use crate::report::markup::Markup;
use crate::tree::{NodeId, Tree, Vocabulary};

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    intern(&mut vocabulary);
    vocabulary
}

fn fixture(name: &str) -> Export {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hyperv").join(name);
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    export::read(Path::new(name), bytes, &Limits::default()).unwrap_or_else(|refusal| panic!("{name}: {}", refusal.fault.reason))
}

fn tree<'s>(export: &'s Export, vocabulary: &'s Vocabulary) -> Tree<'s> {
    super::tree(export.kind, &export.keys, export.source.text(), vocabulary)
}

/// The machines in PowerShell's JSON, as XML.
fn shown(text: &str) -> String {
    let vocabulary = vocabulary();
    let keys = json::read(text, &Limits::default()).unwrap();
    Markup::document(&super::tree(FileKind::Json(Json::PowerShell), &keys, text, &vocabulary))
}

const FIXTURES: [&str; 11] = [
    "web01.vmcx",
    "web01-2012r2.xml",
    "web01-depth4.json",
    "web01-depth2.json",
    "web01.clixml",
    "web01.cim.xml",
    "web01-parts.cim.xml",
    "web01.exp",
    "web01-hcs.json",
    "web01.7b",
    "inventory.json",
];

#[test]
fn every_line_of_every_table_has_a_target() {
    for (element, rows) in super::rows::tests::all() {
        let mut of: &Element = &schema::VM;
        for step in element.split('/').filter(|step| !step.is_empty()) {
            of = of.child(step).unwrap_or_else(|| panic!("{element}")).element;
        }
        for row in rows {
            let (path, name) = row.target.rsplit_once('/').map_or(("", row.target), |(path, name)| (path, name));
            let owner = path
                .split('/')
                .filter(|step| !step.is_empty())
                .try_fold(of, |at, step| at.child(step).filter(|child| !child.many).map(|child| child.element));
            let attribute = owner.and_then(|owner| owner.attribute(name));
            let attribute = attribute.unwrap_or_else(|| panic!("{element}: {} leads to {}", row.source, row.target));
            let fits = match (row.convert, attribute.kind) {
                (Convert::Words(from), Kind::Words(to)) => from.iter().all(|(_, word)| to.iter().any(|(_, known)| known == word)),
                (Convert::Words(from), Kind::Boolean) => from.iter().all(|(_, word)| matches!(*word, "true" | "false")),
                (Convert::Names(from), Kind::Words(to)) => from.iter().all(|(_, word)| to.iter().any(|(_, known)| known == word)),
                (Convert::Names(from), Kind::Boolean) => from.iter().all(|(_, word)| matches!(*word, "true" | "false")),
                (Convert::Words(_) | Convert::Names(_), _) | (_, Kind::Words(_)) => false,
                (Convert::Boolean | Convert::Not | Convert::OnOff | Convert::Present | Convert::Any, kind) => {
                    kind == Kind::Boolean
                }
                (_, Kind::Boolean) => false,
                (Convert::Mebibytes, kind) => kind == Kind::Bytes,
                (Convert::Minutes | Convert::Interval, kind) => kind == Kind::Seconds,
                (Convert::Guid, kind) => kind == Kind::Guid,
                (Convert::Mac, kind) => kind == Kind::Mac,
                (Convert::VlanIds, kind) => kind == Kind::Integers,
                _ => true,
            };
            assert!(fits, "{}: {:?} is no {:?}", row.source, row.convert, attribute.kind);
        }
    }
}

/// Values with their places for one key, as JSON gives them.
#[test]
fn values_are_brought_into_the_units_of_the_tree() {
    use super::words::{START_ACTION, STATE};
    let cases: &[(Convert, &str, Option<&str>)] = &[
        (Convert::Boolean, "true", Some("true")),
        (Convert::Boolean, "\"False\"", Some("false")),
        (Convert::Boolean, "0", None),
        (Convert::Not, "true", Some("false")),
        (Convert::OnOff, "0", Some("true")),
        (Convert::OnOff, "1", Some("false")),
        (Convert::OnOff, "2", None),
        (Convert::OnOff, "\"on\"", Some("true")),
        (Convert::OnOff, "\"Off\"", Some("false")),
        (Convert::Present, "null", Some("false")),
        (Convert::Present, "\"00000000-0000-0000-0000-000000000000\"", Some("false")),
        (Convert::Present, "\"5b2c4e1a-7f30-4c6d-9a55-0e1d2c3b4a01\"", Some("true")),
        (Convert::Any, "3", Some("true")),
        (Convert::Any, "0", Some("false")),
        (Convert::Count, "[1, 2]", Some("2")),
        (Convert::Count, "[]", Some("0")),
        (Convert::Count, "null", None),
        (Convert::Count, "\"Microsoft.HyperV.PowerShell.HardDiskDrive\"", None),
        (Convert::Integer, "18446744073709551615", Some("18446744073709551615")),
        (Convert::Integer, "4.0", Some("4")),
        (Convert::Integer, "-1", None),
        (Convert::Integer, "\" 7 \"", Some("7")),
        (Convert::Integer, "\"many\"", None),
        (Convert::Mebibytes, "1048576", Some("1099511627776")),
        (Convert::Mebibytes, "18446744073709551615", None),
        (Convert::Thousandths, "75500", Some("75.5")),
        (Convert::Thousandths, "1", Some("0.001")),
        (Convert::Thousandths, "100000", Some("100")),
        (Convert::Hundredths, "5000", Some("50")),
        (Convert::Hundredths, "5050", Some("50.5")),
        (Convert::Guid, "\"{272E7447-90A4-4563-A4B9-8E4AB00526CE}\"", Some("272e7447-90a4-4563-a4b9-8e4ab00526ce")),
        (Convert::Guid, "\"web01\"", None),
        (Convert::Mac, "\"00155d0a2b01\"", Some("00-15-5D-0A-2B-01")),
        (Convert::Mac, "\"00-15-5D-0A-2B-01\"", Some("00-15-5D-0A-2B-01")),
        (Convert::Mac, "\"\"", None),
        (Convert::Version, "2304", Some("9.0")),
        (Convert::Version, "1280", Some("5.0")),
        (Convert::Version, "3", Some("3.0")),
        (Convert::Version, "\"10.0\"", Some("10.0")),
        (Convert::Subtype, "1", Some("2")),
        (Convert::Subtype, "8", None),
        (Convert::AfterColon, "\"Microsoft:Hyper-V:SubType:2\"", Some("2")),
        (Convert::Minutes, "30", Some("1800")),
        (Convert::Interval, "30", Some("30")),
        (Convert::Interval, "\"00000000003000.000000:000\"", Some("1800")),
        (Convert::Interval, "\"00000001000000.000000:000\"", Some("86400")),
        (Convert::Interval, "\"18:30:00\"", Some("66600")),
        (Convert::Interval, "\"6.02:21:14\"", Some("526874")),
        (Convert::Interval, "\"PT1H30M\"", Some("5400")),
        (Convert::Interval, "{\"Ticks\": 18000000000, \"TotalSeconds\": 1800}", Some("1800")),
        (Convert::Interval, "\"soon\"", None),
        (Convert::Words(START_ACTION), "3", Some("start-if-running")),
        (Convert::Words(START_ACTION), "\"StartIfRunning\"", Some("start-if-running")),
        (Convert::Words(START_ACTION), "\"4\"", Some("start")),
        (Convert::Words(START_ACTION), "9", None),
        (Convert::Words(STATE), "32773", Some("saving")),
        (Convert::Template, "\"MicrosoftUEFICertificateAuthority\"", Some("microsoft-uefi-certificate-authority")),
        (Convert::Template, "\"1734C6E8-3154-4DDA-BA5F-A874CC483422\"", Some("microsoft-windows")),
        (Convert::Template, "\"11111111-3154-4dda-ba5f-a874cc483422\"", Some("11111111-3154-4dda-ba5f-a874cc483422")),
        (Convert::VlanIds, "\"200-202,300\"", Some("200 201 202 300")),
        (Convert::VlanIds, "[300, 200]", Some("200 300")),
        (Convert::VlanIds, "\"1-99999999\"", None),
        (Convert::VlanIds, "null", None),
        (Convert::DiskNumber, "4294967295", None),
        (Convert::DiskNumber, "null", None),
        (Convert::DiskNumber, "2", Some("2")),
        (Convert::Lines, "[\"a\", \"b\"]", Some("a\nb")),
        (Convert::TextOrNothing, "null", Some("")),
        (Convert::Text, "null", None),
    ];
    for (convert, value, wanted) in cases {
        let text = format!("{{\"x\": {value}}}");
        let keys: Keys = json::read(&text, &Limits::default()).unwrap();
        let field = Field::document(&keys).member("X").unwrap();
        assert_eq!(convert.apply(field).as_deref(), *wanted, "{convert:?} of {value}");
    }
}

#[test]
fn what_is_exported_as_text_is_unknown_and_not_none() {
    let vm = |drives: &str| {
        shown(&format!(
            "{{\"Name\": \"a\", \"Generation\": 2, \"ProcessorCount\": 2, \"HardDrives\": {drives}, \"DVDDrives\": [], \"NetworkAdapters\": {drives}}}"
        ))
    };
    let first_line = |text: String| text.lines().next().unwrap().to_owned();
    let text = first_line(vm("[\"Microsoft.HyperV.PowerShell.HardDiskDrive\"]"));
    assert!(text.contains("controller network-adapter "), "{text}");
    let one = first_line(vm("\"VMNetworkAdapter (Name = 'x', VMName = 'a') [VMId = '…']\""));
    assert!(one.contains("controller network-adapter "), "{one}");
    for empty in ["[]", "\"\"", "{\"value\": [], \"Count\": 0}"] {
        let none = first_line(vm(empty));
        assert!(none.contains("unknown=") && !none.contains(" network-adapter "), "{empty}: {none}");
    }
    assert!(first_line(vm("null")).contains(" network-adapter "));
}

#[test]
fn parts_are_joined_by_id_by_name_and_by_place() {
    let ids = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
    let vm =
        |n: usize| format!("{{\"Id\": \"{}\", \"Name\": \"vm{n}\", \"Generation\": 2, \"ProcessorCount\": {}}}", ids[n], n + 1);
    let secured = |tpm: bool| format!("{{\"TpmEnabled\": {tpm}, \"Shielded\": false}}");
    let weights = |text: &str| {
        let found = text.lines().filter(|line| line.contains("<processor")).map(|line| line.contains("weight=\"7\""));
        found.collect::<Vec<_>>()
    };
    let tpms = |text: &str| -> Vec<Option<bool>> {
        let found = text.lines().filter(|line| line.contains("<security"));
        found
            .map(|line| line.contains("tpm=\"true\"").then_some(true).or(line.contains("tpm=\"false\"").then_some(false)))
            .collect()
    };
    let by_id = shown(&format!(
        "[{}, {}, {{\"VMId\": \"{}\", \"Count\": 2, \"RelativeWeight\": 7}}]",
        vm(0),
        vm(1),
        ids[1].to_uppercase()
    ));
    assert_eq!(weights(&by_id), [false, true], "{by_id}");
    let by_name = shown(&format!("[{}, {}, {{\"VMName\": \"vm0\", \"Count\": 1, \"RelativeWeight\": 7}}]", vm(0), vm(1)));
    assert_eq!(weights(&by_name), [true, false], "{by_name}");
    // A bundle each.
    let bundles = shown(&format!(
        "[{{\"VM\": {}, \"Security\": {}}}, {{\"VM\": {}, \"Security\": {}}}]",
        vm(0),
        secured(true),
        vm(1),
        secured(false)
    ));
    assert_eq!(tpms(&bundles), [Some(true), Some(false)], "{bundles}");
    // Two lists of one length.
    let lists = shown(&format!("{{\"VMs\": [{}, {}], \"Security\": [{}, {}]}}", vm(0), vm(1), secured(false), secured(true)));
    assert_eq!(tpms(&lists), [Some(false), Some(true)], "{lists}");
    // One object for two machines is nobody's.
    let one = shown(&format!("{{\"VMs\": [{}, {}], \"Security\": {}}}", vm(0), vm(1), secured(true)));
    assert_eq!(tpms(&one), [None, None], "{one}");
    // A part of a machine that nobody exported makes one.
    let alone = shown(&format!("[{{\"VMId\": \"{}\", \"VMName\": \"x\", \"Startup\": 1, \"Buffer\": 20}}]", ids[0]));
    assert!(alone.starts_with(&format!("<vm name=\"x\" id=\"{}\"", ids[0])), "{alone}");
    // The host's own adapters are no machine's.
    assert_eq!(
        shown("[{\"IsManagementOs\": true, \"MacAddress\": \"00155D000001\", \"SwitchName\": \"s\", \"VMName\": null}]"),
        ""
    );
}

/// What two trees of one machine say differently, where both say something.
fn differences(one: &Tree<'_>, a: NodeId, other: &Tree<'_>, b: NodeId, path: &str, found: &mut Vec<String>, equal: &mut usize) {
    let element = schema::elements().into_iter().find(|element| element.name == one.local_name(a)).unwrap();
    let knows = |tree: &Tree<'_>, node, name: &str| {
        !tree.attribute(node, schema::UNKNOWN).is_some_and(|list| list.split(' ').any(|word| word == name))
    };
    for attribute in element.attributes.iter().filter(|attribute| attribute.when != When::Sometimes) {
        let decides = |tree: &Tree<'_>, node| match attribute.when {
            When::Has(name, _) | When::HasNot(name, _) => tree.attribute(node, name).is_some(),
            _ => knows(tree, node, attribute.name),
        };
        let (left, right) = (one.attribute(a, attribute.name), other.attribute(b, attribute.name));
        let both = decides(one, a) && decides(other, b) && knows(one, a, attribute.name) && knows(other, b, attribute.name);
        if !both {
            continue;
        }
        if left == right {
            *equal += usize::from(left.is_some());
        } else {
            found.push(format!("{path}/@{}: {left:?}, {right:?}", attribute.name));
        }
    }
    let children = |tree: &Tree<'_>, node, name: &str| -> Vec<NodeId> {
        tree.children(node).filter(|&child| tree.local_name(child) == name).collect()
    };
    for child in element.children {
        let name = child.element.name;
        let key = |tree: &Tree<'_>, node| -> Vec<String> {
            let keys: &[&str] = match name {
                "controller" => &["type", "number"],
                "drive" => &["location"],
                "com-port" => &["number"],
                _ if child.many => &["name", "kind", "address", "instance-id"],
                _ => &[],
            };
            keys.iter().filter_map(|key| tree.attribute(node, key)).map(str::to_owned).collect()
        };
        let (left, right) = (children(one, a, name), children(other, b, name));
        for &l in &left {
            match right.iter().find(|&&r| key(one, l) == key(other, r)) {
                Some(&r) => differences(one, l, other, r, &format!("{path}/{name}"), found, equal),
                None if knows(other, b, name) => found.push(format!("{path}/{name} {:?} only in the first", key(one, l))),
                None => {}
            }
        }
        for &r in &right {
            if !left.iter().any(|&l| key(one, l) == key(other, r)) && knows(one, a, name) {
                found.push(format!("{path}/{name} {:?} only in the second", key(other, r)));
            }
        }
    }
}

/// The same machine in every format gives the same tree but for what a format cannot say; these differences are those of the machine,
/// which was exported twice: by a host of 2012 R2, of which the container is a copy, and later.
#[test]
fn one_machine_is_one_tree_in_every_format() {
    const LATER: &str = "vm/@configuration-version: Some(\"9.0\"), Some(\"5.0\")";
    const OWN_SERVICES: &str = "vm/integration-service [\"heartbeat\"] only in the first";
    let cases: [(&str, usize, &[&str]); 6] = [
        ("web01.vmcx", 40, &[OWN_SERVICES]),
        ("web01-2012r2.xml", 40, &[LATER, OWN_SERVICES]),
        ("web01.clixml", 30, &[]),
        ("web01.cim.xml", 25, &[]),
        ("web01-depth2.json", 10, &[]),
        ("web01.exp", 10, &[]),
    ];
    let vocabulary = vocabulary();
    let json = fixture("web01-depth4.json");
    let json = tree(&json, &vocabulary);
    for (name, least, wanted) in cases {
        let export = fixture(name);
        let other = tree(&export, &vocabulary);
        let top = |tree: &Tree<'_>| tree.children(Tree::ROOT).next().unwrap();
        let (mut found, mut equal) = (Vec::new(), 0);
        differences(&json, top(&json), &other, top(&other), "vm", &mut found, &mut equal);
        assert_eq!(found, wanted, "{name}");
        assert!(equal >= least, "{name}: only {equal} values were compared");
    }
}

/// What the script writes is read whole: every property of its fixture is one that the script asks for, and nothing that its cmdlets can
/// tell is unknown.
#[test]
fn the_inventory_script_leaves_nothing_open() {
    let script = include_str!("../../scripts/Export-VmlintInventory.ps1");
    let export = fixture("inventory.json");
    for key in export.keys.all().filter(|&key| !export.keys.is_item(key)) {
        let name = export.keys.name(key);
        let quoted = script.contains(&format!("'{name}'")) || script.contains(&format!("    {name} "));
        assert!(quoted, "the script writes no `{name}`");
    }
    let vocabulary = vocabulary();
    let tree = tree(&export, &vocabulary);
    let unknown = |node: NodeId| Some(format!("{}: {}", tree.local_name(node), tree.attribute(node, schema::UNKNOWN)?));
    let open: Vec<String> = tree.descendants(Tree::ROOT).filter_map(unknown).collect();
    let wanted = [
        // No cmdlet shows it.
        "processor: hidden-hypervisor",
        // The fixture's shared disk is one that could not be read, its second machine is off and on a host without GPU partitions.
        "drive: virtual-disk",
        "vm: gpu-partition",
        "processor: hidden-hypervisor",
        "guest: name version",
    ];
    assert_eq!(open, wanted);
    // The names of integration services are in the host's language.
    let services = tree.descendants(Tree::ROOT).filter(|&node| tree.local_name(node) == "integration-service");
    assert_eq!(services.count(), 12);
}

#[test]
fn every_value_points_at_its_place() {
    let vocabulary = vocabulary();
    for (name, xpath, wanted) in [
        ("web01.vmcx", "vm/name", "web01"),
        ("web01-2012r2.xml", "vm/memory/startup", "2048"),
        ("web01-depth4.json", "vm/memory/startup", "2147483648"),
        ("web01.clixml", "vm/automatic-stop/action", "4"),
        ("web01.cim.xml", "vm/memory/startup", "2048"),
        ("web01-hcs.json", "vm/processor/count", "4"),
    ] {
        let export = fixture(name);
        let tree = tree(&export, &vocabulary);
        let (path, attribute) = xpath.rsplit_once('/').unwrap();
        let node =
            path.split('/').fold(Tree::ROOT, |at, step| tree.children(at).find(|&child| tree.local_name(child) == step).unwrap());
        let attribute = tree.attributes(node).find(|&a| tree.attribute_local_name(a) == attribute).unwrap();
        assert_eq!(export.source.slice(tree.attribute_value_span(attribute)), wanted, "{name}");
    }
}

#[test]
fn trees_follow_the_grammar() {
    let vocabulary = vocabulary();
    let mut trees = Vec::new();
    for name in FIXTURES {
        let export = fixture(name);
        let mut machines = super::machines(export.kind, Field::document(&export.keys), export.source.text());
        assert!(!machines.is_empty(), "{name}");
        for machine in &mut machines {
            trees.push((name.to_owned(), alone(machine, &vocabulary)));
        }
    }
    documents::validate(&trees);
}

/// Exports with pieces changed, doubled and left out still give trees that can be walked and shown, or are refused.
#[test]
fn damaged_exports_give_trees_or_nothing() {
    let vocabulary = vocabulary();
    let mut seed: u64 = 7;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let mut trees = Vec::new();
    for name in FIXTURES.iter().filter(|name| **name != "web01.vmcx") {
        let whole = fixture(name).source.text().to_owned();
        let words: Vec<&str> = whole.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).collect();
        for turn in 0..60 {
            let mut changed = words.clone();
            for _ in 0..=turn % 3 {
                let (at, other) = (random(changed.len()), random(changed.len()));
                match random(4) {
                    0 => changed[at] = changed[other],
                    1 => drop(changed.remove(at)),
                    2 => changed.insert(at, words[other % words.len()]),
                    _ => changed.swap(at, other),
                }
            }
            let Ok(export) = export::read(Path::new(name), changed.concat().into_bytes(), &Limits::default()) else { continue };
            if matches!(export.kind, FileKind::Xml | FileKind::Other) {
                continue;
            }
            let mut machines = super::machines(export.kind, Field::document(&export.keys), export.source.text());
            if let Some(machine) = machines.first_mut() {
                trees.push((format!("{turn}-{name}"), alone(machine, &vocabulary)));
            }
            let tree = tree(&export, &vocabulary);
            for node in tree.descendants(Tree::ROOT) {
                assert!(tree.span(node).range().end <= tree.text().len());
                assert!(tree.attributes(node).all(|a| tree.attribute_value_span(a).range().end <= tree.text().len()));
            }
        }
    }
    assert!(trees.len() > 100, "{}", trees.len());
    // The validator takes longer than all else.
    let some: Vec<_> = trees.into_iter().step_by(16).collect();
    documents::validate(&some);
}

fn alone(machine: &mut Draft, vocabulary: &Vocabulary) -> String {
    let mut builder = crate::tree::Builder::new("", vocabulary, 0, 0);
    machine.finish();
    machine.build(&mut builder);
    Markup::document(&builder.finish())
}
