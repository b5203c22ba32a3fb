//! The grammar of the tree and its page in `docs/`, held against the schema. `UPDATE_DOCS=1 cargo test --lib hyperv` writes them anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::schema::{ASSUMED, Attribute, Element, Kind, UNKNOWN, When, elements};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// The grammar in RELAX NG.
fn grammar() -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- The tree of a Hyper-V machine, as `vmlint view` prints it. Written from src/hyperv/schema.rs; do not edit. -->\n\
         <grammar xmlns=\"http://relaxng.org/ns/structure/1.0\" datatypeLibrary=\"http://www.w3.org/2001/XMLSchema-datatypes\">\n\
         \x20 <start>\n    <ref name=\"vm\"/>\n  </start>\n",
    );
    for element in elements() {
        let _ = write!(out, "  <define name=\"{0}\">\n    <element name=\"{0}\">\n", element.name);
        for attribute in element.attributes {
            let _ = writeln!(out, "      <optional>\n        <attribute name=\"{}\">", attribute.name);
            out.push_str(&value(attribute.kind));
            out.push_str("        </attribute>\n      </optional>\n");
        }
        for (name, listed) in [(UNKNOWN, may_be_unknown(element)), (ASSUMED, element.attributes.iter().map(|a| a.name).collect())]
        {
            if !listed.is_empty() {
                let _ = writeln!(
                    out,
                    "      <optional>\n        <attribute name=\"{name}\">\n          <list>\n            <oneOrMore>\n              <choice>"
                );
                for word in listed {
                    let _ = writeln!(out, "                <value>{word}</value>");
                }
                out.push_str("              </choice>\n            </oneOrMore>\n          </list>\n        </attribute>\n      </optional>\n");
            }
        }
        for child in element.children {
            let reference = format!("<ref name=\"{}\"/>", child.element.name);
            if child.many {
                let _ = writeln!(out, "      <zeroOrMore>\n        {reference}\n      </zeroOrMore>");
            } else {
                let _ = writeln!(out, "      {reference}");
            }
        }
        out.push_str("    </element>\n  </define>\n");
    }
    out.push_str("</grammar>\n");
    out
}

fn value(kind: Kind) -> String {
    let pattern = |pattern: &str| {
        format!("          <data type=\"string\">\n            <param name=\"pattern\">{pattern}</param>\n          </data>\n")
    };
    match kind {
        Kind::Text => "          <text/>\n".to_owned(),
        Kind::Boolean => "          <choice>\n            <value>true</value>\n            <value>false</value>\n          </choice>\n".to_owned(),
        Kind::Integer | Kind::Bytes | Kind::Seconds => "          <data type=\"nonNegativeInteger\"/>\n".to_owned(),
        Kind::Percent => "          <data type=\"decimal\">\n            <param name=\"minInclusive\">0</param>\n          </data>\n".to_owned(),
        Kind::Guid => pattern("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        Kind::Mac => pattern("[0-9A-F]{2}(-[0-9A-F]{2}){5}"),
        Kind::Version => pattern("[0-9]+(\\.[0-9]+)*"),
        Kind::Integers => {
            "          <list>\n            <zeroOrMore>\n              <data type=\"nonNegativeInteger\"/>\n            </zeroOrMore>\n          </list>\n"
                .to_owned()
        }
        Kind::Words(words) => {
            let mut out = "          <choice>\n".to_owned();
            for (_, word) in words {
                let _ = writeln!(out, "            <value>{word}</value>");
            }
            out.push_str("          </choice>\n");
            out
        }
    }
}

fn may_be_unknown(element: &Element) -> Vec<&'static str> {
    let attributes = element.attributes.iter().filter(|attribute| attribute.when != When::Sometimes);
    let children = element.children.iter().filter(|child| child.many);
    attributes.map(|attribute| attribute.name).chain(children.map(|child| child.element.name)).collect()
}

/// The reference of the page: a table for each element.
fn reference() -> String {
    let mut out = String::new();
    for element in elements() {
        let _ = write!(out, "\n### `{}`\n\n{}", element.name, element.about);
        let list = |many: bool| {
            let of = element.children.iter().filter(|child| child.many == many);
            of.map(|child| format!("`{}`", child.element.name)).collect::<Vec<_>>().join(", ")
        };
        if element.children.iter().any(|child| !child.many) {
            let _ = write!(out, "\nAlways one each of {}.", list(false));
        }
        if element.children.iter().any(|child| child.many) {
            let _ = write!(out, "\nAny number of {}.", list(true));
        }
        out.push_str("\n\n| attribute | value | |\n| --- | --- | --- |\n");
        for attribute in element.attributes {
            let _ =
                writeln!(out, "| `{}` | {} | {}{} |", attribute.name, kind(attribute.kind), attribute.about, applies(attribute));
        }
    }
    out
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Boolean => "`true`, `false`".to_owned(),
        Kind::Integer => "whole number".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::Seconds => "seconds".to_owned(),
        Kind::Percent => "percent".to_owned(),
        Kind::Guid => "GUID".to_owned(),
        Kind::Mac => "MAC address".to_owned(),
        Kind::Version => "version".to_owned(),
        Kind::Integers => "numbers with blanks between them".to_owned(),
        Kind::Words(words) => words.iter().map(|(_, word)| format!("`{word}`")).collect::<Vec<_>>().join(", "),
    }
}

fn applies(attribute: &Attribute) -> String {
    match attribute.when {
        When::Always => String::new(),
        When::Sometimes => " Only where there is something to say; never listed as unknown.".to_owned(),
        When::Generation(generation) => format!(" Only in generation {generation}."),
        When::Has(name, value) => format!(" Only with `{name}=\"{value}\"`."),
        When::HasNot(name, value) => format!(" Not with `{name}=\"{value}\"`."),
    }
}

fn hold(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap();
    assert!(found == wanted, "{} is not what the schema says; run UPDATE_DOCS=1 cargo test --lib hyperv", path.display());
}

#[test]
fn the_grammar_is_the_schema() {
    hold(&docs("vm.rng"), &grammar());
}

#[test]
fn the_page_describes_the_schema() {
    const START: &str = "<!-- Written from src/hyperv/schema.rs; do not edit below. -->\n";
    let path = docs("vm-tree.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once(START).expect("the page has its mark");
    hold(&path, &format!("{head}{START}{}", reference()));
}

/// `contains(@unknown, 'drive')` is how rules ask whether all drives are there, so no other name may contain that of a child.
#[test]
fn names_of_children_are_told_from_all_others() {
    for element in elements() {
        let names = may_be_unknown(element);
        for child in element.children.iter().filter(|child| child.many) {
            let holding: Vec<_> = names.iter().filter(|name| name.contains(child.element.name)).collect();
            assert_eq!(holding, [&child.element.name], "{}", element.name);
        }
    }
}

#[test]
fn names_are_in_kebab_case_and_given_once() {
    let is_kebab = |name: &str| {
        name.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
    };
    let mut seen = Vec::new();
    for element in elements() {
        assert!(is_kebab(element.name) && !seen.contains(&element.name), "{}", element.name);
        seen.push(element.name);
        let mut names: Vec<_> = element.attributes.iter().map(|attribute| attribute.name).collect();
        names.extend(element.children.iter().map(|child| child.element.name));
        assert!(names.iter().all(|name| is_kebab(name)), "{names:?}");
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", element.name);
        for attribute in element.attributes {
            if let Kind::Words(words) = attribute.kind {
                assert!(words.iter().all(|(_, word)| is_kebab(word)), "{}", attribute.name);
            }
            if let When::Has(other, _) | When::HasNot(other, _) = attribute.when {
                assert!(element.attribute(other).is_some(), "{other}");
            }
        }
    }
}

/// Validates trees with xmllint where that is installed.
pub(super) fn validate(trees: &[(String, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("vm.rng");
    std::fs::write(&schema, grammar()).unwrap();
    let mut command = Command::new("xmllint");
    command.arg("--noout").arg("--relaxng").arg(&schema);
    for (number, (name, tree)) in trees.iter().enumerate() {
        let path = folder.path().join(format!("{number}-{}.xml", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
        std::fs::write(&path, tree).unwrap();
        command.arg(path);
    }
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(_) => eprintln!("xmllint is not installed; the trees were not validated"),
    }
}
