//! Against libxml2: `differential.json` holds what it made of several hundred expressions; `differential.py` tells how.

use serde_json::Value as Json;
use vmlint::tree::Vocabulary;
use vmlint::xpath::{Context, Environment, Value, compile};

use super::reader::{place, root_element, tree};

const DOCUMENTS: [(&str, &str); 5] = [
    ("domain", include_str!("documents/domain.xml")),
    ("mixed", include_str!("documents/mixed.xml")),
    ("numbers", include_str!("documents/numbers.xml")),
    ("deep", include_str!("documents/deep.xml")),
    ("texts", include_str!("documents/texts.xml")),
];

#[test]
fn expressions_mean_what_they_mean_to_libxml2() {
    let rows: Vec<(String, String, String, Json)> = serde_json::from_str(include_str!("differential.json")).unwrap();
    assert!(rows.len() >= 500, "only {} expressions", rows.len());
    let mut mismatches = 0;
    for (document, expression, kind, expected) in &rows {
        let expected = format!("{kind} {expected}");
        let found = evaluated(document, expression);
        if found != expected {
            mismatches += 1;
            println!("{document}: {expression}\n  libxml2: {expected}\n  vmlint:  {found}");
        }
    }
    assert_eq!(mismatches, 0, "of {} expressions", rows.len());
}

/// The value of an expression as the script writes it.
fn evaluated(document: &str, expression: &str) -> String {
    let mut environment = Environment::default();
    environment.prefix("qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
    environment.prefix("osinfo", "http://libosinfo.org/xmlns/libvirt/domain/1.0");
    environment.prefix("d", "urn:default").prefix("x", "urn:x");
    let mut vocabulary = Vocabulary::default();
    let compiled = match compile(expression, &environment, &mut vocabulary) {
        Ok(compiled) => compiled,
        Err(error) => return format!("error {error}"),
    };
    let (_, text) = DOCUMENTS.iter().find(|(name, _)| *name == document).unwrap();
    let tree = tree(text, &vocabulary);
    let context = Context::new(&tree);
    match compiled.evaluate(&context, root_element(&tree)).unwrap() {
        Value::Nodes(nodes) => {
            let places: Vec<String> = nodes.into_iter().map(|node| place(&context, node)).collect();
            format!("nodes {}", Json::from(places))
        }
        Value::Boolean(value) => format!("boolean {value}"),
        Value::String(text) => format!("string {}", Json::from(text)),
        Value::Number(number) if number.is_finite() => format!("number {}", Json::from(number)),
        Value::Number(number) if number.is_nan() => "number \"NaN\"".to_owned(),
        Value::Number(number) => format!("number \"{}Infinity\"", if number < 0.0 { "-" } else { "" }),
    }
}
