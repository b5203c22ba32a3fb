//! Every attribute of the tree from an example to a file and back.

use std::fmt::Write as _;
use std::path::Path;

use vmlint::hyperv::{self, schema};
use vmlint::input::export;
use vmlint::input::limits::Limits;
use vmlint::tree::{NodeId, Tree, Vocabulary};

use crate::common;
use crate::example::Element;
use crate::writers::{Format, Written, write};
use schema::{Attribute, Kind, When};

/// The machines that vmlint sees in a file.
fn read(path: &Path, bytes: &[u8]) -> Vec<Element> {
    fn take(tree: &Tree<'_>, node: NodeId) -> Element {
        let mut element = Element::new(tree.local_name(node));
        for attribute in tree.attributes(node) {
            element.set(tree.attribute_local_name(attribute), tree.attribute_value(attribute));
        }
        element.children = tree.children(node).map(|child| take(tree, child)).collect();
        element
    }
    let export = export::read(path, bytes.to_vec(), &Limits::default());
    let export = export.unwrap_or_else(|refusal| panic!("{}: {}", path.display(), refusal.fault.reason));
    assert_eq!(export.warnings, Vec::<String>::new(), "{}", path.display());
    let mut vocabulary = Vocabulary::default();
    hyperv::intern(&mut vocabulary);
    let tree = hyperv::tree(export.kind, &export.keys, export.source.text(), &vocabulary);
    tree.children(Tree::ROOT).map(|node| take(&tree, node)).collect()
}

/// What differs where a machine is read back: what was said has to be there, what was left out must not, and lists are whole or
/// open as the writer says.
pub fn differences(written: &Written, format: Format) -> Vec<String> {
    let mut found = Vec::new();
    match &*read(Path::new(format.file()), &written.bytes) {
        [machine] => compare(&written.machine, machine, "vm", &mut found),
        others => found.push(format!("read as {} machines", others.len())),
    }
    found
}

fn compare(wanted: &Element, found: &Element, path: &str, differences: &mut Vec<String>) {
    let said: Vec<&str> = wanted.said_attributes().map(|(name, _)| name).collect();
    for (name, value) in wanted.attributes() {
        let given = found.get(name);
        let holds = match (name, said.contains(&name)) {
            (schema::UNKNOWN | schema::ASSUMED, false) => true,
            (schema::UNKNOWN | schema::ASSUMED, true) => {
                value.split(' ').all(|name| given.is_some_and(|listed| listed.split(' ').any(|known| known == name)))
            }
            (_, true) => given == Some(value),
            (_, false) => given.is_none(),
        };
        if !holds {
            let what = if said.contains(&name) { "written as" } else { "left out as" };
            differences.push(format!("{path}/@{name}: {what} {value:?}, read as {given:?}"));
        }
    }
    for list in lists(&wanted.name) {
        let (was, is) = (wanted.is_left_open(list), found.is_unknown(list));
        if was != is {
            differences.push(format!("{path}: whether there may be another {list}: written as {was}, read as {is}"));
        }
    }
    let mut counts = std::collections::HashMap::new();
    for child in wanted.children.iter().filter(|child| child.is_said()) {
        let keys: &[&str] = match &*child.name {
            "controller" => &["type", "number"],
            "drive" => &["location"],
            "com-port" => &["number"],
            "integration-service" => &["name"],
            _ => &[],
        };
        let count = counts.entry(&child.name).or_insert(0);
        let alike = |other: &&Element| keys.iter().all(|key| other.get(key) == child.get(key));
        let path = format!("{path}/{}", child.name);
        match found.list(&child.name).filter(alike).nth(if keys.is_empty() { *count } else { 0 }) {
            Some(twin) => compare(child, twin, &path, differences),
            None => differences.push(format!("{path}: written, not read")),
        }
        *count += 1;
    }
}

/// The lists of an element.
fn lists(element: &str) -> Vec<&'static str> {
    let element = schema::elements().into_iter().find(|known| known.name == element).unwrap();
    element.children.iter().filter(|child| child.many).map(|child| child.element.name).collect()
}

/// An element of the schema with those above it and when it is there.
type Line = Vec<(&'static schema::Element, When)>;

/// All elements, parents before their children.
fn elements() -> Vec<Line> {
    let mut all: Vec<Line> = vec![vec![(&schema::VM, When::Always)]];
    let mut next = 0;
    while let Some(line) = all.get(next).cloned() {
        let (element, _) = line[line.len() - 1];
        all.extend(element.children.iter().map(|child| [&line[..], &[(child.element, child.when)]].concat()));
        next += 1;
    }
    all
}

fn path(line: &Line) -> String {
    line.iter().map(|(element, _)| element.name).collect::<Vec<_>>().join("/")
}

/// A machine with an element, and with what makes it and one of its attributes apply.
fn example(line: &Line, attribute: Option<(&Attribute, &str)>) -> Element {
    let mut elements: Vec<Element> = line.iter().map(|(element, _)| Element::new(element.name)).collect();
    let last = elements.len() - 1;
    for (at, (_, when)) in line.iter().enumerate() {
        apply(*when, line, at.saturating_sub(1), &mut elements);
    }
    if let Some((attribute, value)) = attribute {
        apply(attribute.when, line, last, &mut elements);
        elements[last].set(attribute.name, value);
        // What a format can only say together.
        match (&*elements[last].name, attribute.name, value) {
            ("vlan", "tagged", "true") => elements[last].set("mode", "access"),
            ("controller", "type", "floppy" | "pmem") => {
                let mut drive = Element::new("drive");
                drive.set("type", if value == "floppy" { "floppy" } else { "hard-disk" });
                elements[last].children.push(drive);
            }
            _ => {}
        }
    }
    elements
        .into_iter()
        .rev()
        .reduce(|child, mut parent| {
            parent.children.push(child);
            parent
        })
        .unwrap()
}

/// A machine with an element that can have children of this name and has none.
fn without(line: &Line, list: &str) -> Element {
    let (element, _) = line[line.len() - 1];
    match element.child(list).unwrap().when {
        When::Has(name, value) => example(line, Some((element.attribute(name).unwrap(), value))),
        _ => example(line, None),
    }
}

fn apply(when: When, line: &Line, at: usize, elements: &mut [Element]) {
    match when {
        When::Always | When::Sometimes => {}
        When::Generation(generation) => elements[0].set("generation", generation),
        When::Has(name, value) => elements[at].set(name, value),
        When::HasNot(name, value) => {
            let Some(Kind::Words(words)) = line[at].0.attribute(name).map(|attribute| attribute.kind) else { panic!("{name}") };
            elements[at].set(name, words.iter().find(|(_, word)| *word != value).unwrap().1);
        }
    }
}

/// Values that an attribute can have: all of few, some of many.
fn values(element: &str, attribute: &Attribute) -> Vec<&'static str> {
    match (element, attribute.name) {
        ("vm", "generation") => return vec!["1", "2"],
        ("vm", "notes") => return vec!["guest: Windows Server 2019 & <others>\nhost: windows-server-2019", ""],
        ("com-port", "number") => return vec!["1", "2"],
        ("controller", "number") => return vec!["0", "1"],
        ("drive", "path") => return vec![r"\\files\vhds$\größe & <x>.vhdx"],
        ("firmware", "secure-boot-template") => {
            return vec![
                "microsoft-windows",
                "microsoft-uefi-certificate-authority",
                "open-source-shielded-vm",
                "none",
                "5b2c4e1a-7f30-4c6d-9a55-0e1d2c3b4a01",
            ];
        }
        ("network-adapter", "switch") => return vec!["LAN <1>", ""],
        ("failover-address", "address") => return vec!["192.0.2.10", "2001:db8::10"],
        _ => {}
    }
    match attribute.kind {
        Kind::Text => vec!["größe & <\"x\">"],
        Kind::Boolean => vec!["true", "false"],
        Kind::Integer => vec!["3"],
        Kind::Bytes => vec!["4294967296", "4294967297"],
        Kind::Seconds => vec!["5400", "90"],
        Kind::Percent => vec!["50", "75.5"],
        Kind::Guid => vec!["5b2c4e1a-7f30-4c6d-9a55-0e1d2c3b4a01"],
        Kind::Mac => vec!["00-15-5D-0A-2B-01"],
        Kind::Version => vec!["3.0", "5.0", "9.0", "12.0"],
        Kind::Integers => vec!["200 201 300", ""],
        Kind::Words(words) => words.iter().map(|(_, word)| *word).collect(),
    }
}

/// Of the values, which a format can say.
fn cell(values: &[&str], mut says: impl FnMut(&str) -> bool) -> String {
    let said: Vec<&str> = values
        .iter()
        .copied()
        .filter(|value| says(value))
        .map(|value| if value.is_empty() { "(empty)" } else { value })
        .collect();
    match said.len() {
        0 => "-".to_owned(),
        count if count == values.len() => "yes".to_owned(),
        _ => said.join(" "),
    }
}

/// For each attribute and each list, what each format can say; every value that it can comes back as it was.
#[test]
fn what_is_written_is_read() {
    let (mut table, mut faults) = (Vec::new(), Vec::new());
    for line in elements() {
        let (element, _) = line[line.len() - 1];
        let below = path(&line).split_once('/').map_or(String::new(), |(_, below)| format!("{below}/"));
        for attribute in element.attributes {
            let place = format!("{below}@{}", attribute.name);
            let values = values(element.name, attribute);
            let cells = Format::ALL.map(|format| {
                cell(&values, |value| {
                    let written = write(&example(&line, Some((attribute, value))), format);
                    let differences = differences(&written, format).join(", ");
                    if !differences.is_empty() {
                        faults.push(format!("{place} = {value:?} as {}: {differences}", format.name()));
                    }
                    !written.left_out.iter().any(|left| place == *left || place.starts_with(&format!("{left}/")))
                })
            });
            table.push([&[format!("{}/@{}", path(&line), attribute.name)], &cells[..]].concat());
        }
        for list in lists(element.name) {
            let cells = Format::ALL.map(|format| {
                let written = write(&without(&line, list), format);
                let differences = differences(&written, format).join(", ");
                if !differences.is_empty() {
                    faults.push(format!("{} without {list} as {}: {differences}", path(&line), format.name()));
                }
                let place = below.trim_end_matches('/');
                let is_there = !written.left_out.iter().any(|left| place == left || place.starts_with(&format!("{left}/")));
                cell(&["none"], |_| is_there && !written.open.contains(&format!("{below}{list}")))
            });
            table.push([&[format!("{}: no {list}", path(&line))], &cells[..]].concat());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let formats = columns(table, &[&["what an example has"], &Format::ALL.map(Format::name)[..]].concat());
    insta::assert_snapshot!("formats", formats);
}

/// Machines of other tests, which have much at once, keep what a format can say of them.
#[test]
fn whole_machines_are_read_as_they_were_written() {
    for (file, count) in [("inventory.json", 2), ("web01.vmcx", 1), ("web01.clixml", 1), ("web01.cim.xml", 1)] {
        let machines = read(Path::new(file), &std::fs::read(common::root().join("fixtures/hyperv").join(file)).unwrap());
        assert_eq!(machines.len(), count, "{file}");
        for (machine, format) in machines.iter().flat_map(|machine| Format::ALL.map(|format| (machine, format))) {
            assert_eq!(differences(&write(machine, format), format), Vec::<String>::new(), "{file} as {}", format.name());
        }
    }
}

/// Rows in columns as wide as they need.
pub fn columns(rows: Vec<Vec<String>>, head: &[&str]) -> String {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| all.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..all[0].len()).map(width).collect();
    let mut text = String::new();
    for row in all {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}
