//! The JSON Schemas for editors: what they take and what they refuse, beside what vmlint itself takes and refuses.

mod common;

use std::path::Path;

use common::{files, stem, text, vmlint};
use jsonschema::Validator;
use serde_json::Value;

fn validator(arguments: [&str; 2]) -> Validator {
    let schema = vmlint(arguments).run().json();
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "{arguments:?} is no schema");
    jsonschema::draft202012::new(&schema).unwrap()
}

/// What a schema has to say against a YAML file.
fn errors(validator: &Validator, yaml: &str) -> Vec<String> {
    let value: Value = serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn assert_valid(validator: &Validator, path: impl AsRef<Path>) {
    let path = path.as_ref();
    let errors = errors(validator, &text(path));
    assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
}

/// Files that vmlint refuses: the schema refuses all of them but these, in which it takes more to see what is wrong.
fn assert_refused(validator: &Validator, folder: &str, beyond: &[&str]) {
    for path in files(folder, "yaml") {
        let Ok(value) = serde_yaml::from_str::<Value>(&text(&path)) else {
            assert!(beyond.contains(&stem(&path)), "{} is no YAML", path.display());
            continue;
        };
        assert_eq!(validator.is_valid(&value), beyond.contains(&stem(&path)), "{}", path.display());
    }
}

#[test]
fn policies() {
    let validator = validator(["schema", "policy"]);
    let built_in = [files("policies", "yaml"), files("policies/hyperv", "yaml")].concat();
    assert!(built_in.len() > 3);
    for path in &built_in {
        assert_valid(&validator, path);
    }
    assert_valid(&validator, "fixtures/policies/acme.yaml");
    assert_valid(&validator, "fixtures/policies/matrix/farm.yaml");
    let beyond = [
        "duplicate-id",
        "duplicate-key",
        "fix-expression",
        "fix-hyper-v",
        "fix-name",
        "fix-no-nodes",
        "fix-no-xml",
        "fix-unknown-names",
        "glob",
        "glob-in-expression",
        "no-yaml",
        "regex",
        "several-expressions",
        "table-missing",
        "tag",
        "template-closing-brace",
        "template-expression",
        "template-open-brace",
        "unknown-attribute",
        "unknown-element",
        "unknown-source",
        "version-range",
        "xpath-absolute-type",
        "xpath-double-quoted",
        "xpath-folded",
        "xpath-in-at",
        "xpath-literal",
        "xpath-namespace-axis",
        "xpath-plain",
        "xpath-single-quoted",
        "xpath-unknown-axis",
        "xpath-unknown-function",
        "xpath-unknown-prefix",
        "xpath-unknown-variable",
        "xpath-wrong-number-of-arguments",
    ];
    assert_refused(&validator, "fixtures/policies/wrong", &beyond);
    assert_eq!(vmlint(["policy", "schema"]).run().stdout, vmlint(["schema", "policy"]).run().stdout);
}

#[test]
fn configuration() {
    let validator = validator(["schema", "config"]);
    let documented = text("docs/configuration.md");
    let blocks: Vec<&str> = documented.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert_eq!(errors(&validator, block), Vec::<String>::new(), "{block}");
    }
    let beyond = ["duplicate-key", "empty", "no-yaml", "unknown-guest", "unknown-host", "unknown-policy", "unknown-rule"];
    assert_refused(&validator, "fixtures/config", &beyond);
}

/// Wherever the schema has words of its own for a value, so has the loader.
#[test]
fn values_that_are_no_texts() {
    let policy = text("fixtures/policies/acme.yaml");
    let validator = validator(["policy", "schema"]);
    for (line, is_valid) in [
        ("exclusive: true", true),
        ("exclusive: sometimes", false),
        ("context: [domain, network]", true),
        ("context: host", false),
        ("count: 2", true),
        ("count: {at-least: 1, at-most: '2'}", true),
        ("count: -1", false),
        ("count: {exactly: 2}", false),
        ("at-least: 4 GiB", true),
        ("at-least: 4096", true),
        ("at-most: 1.5 kib", true),
        ("at-most: 512 bytes", true),
        ("multiple-of: much", false),
        ("one-of: [1, two, true]", true),
        ("one-of: {a: b}", false),
        ("except-hosts: [rhosp]", true),
        ("except-hosts: {rhosp: \"@type='x'\"}", true),
        ("related: [{find: ..}]", true),
        ("related: [{label: there}]", false),
        ("related: {find: ..}", false),
        ("fix: {safety: unsafe, description: do, set: {'@listen': 127.0.0.1}}", true),
        ("fix: [{safety: safe, description: do, remove: ['@listen', listen]}]", true),
        ("fix: {safety: safe, description: do, insert: {into: ., xml: <listen/>}}", true),
        ("fix: {safety: safe, description: do, insert: {into: ., after: ., xml: <listen/>}}", false),
        ("fix: {safety: safe, description: do, insert: {xml: <listen/>}}", false),
        ("fix: {safety: safe, description: do}", false),
        ("fix: {safety: maybe, description: do, remove: .}", false),
        ("fix: {description: do, remove: .}", false),
        ("severity: fatal", false),
        ("label: [a, b]", false),
        ("label: 8", true),
    ] {
        let policy = policy.replace("    why:", &format!("    {line}\n    why:"));
        assert_eq!(errors(&validator, &policy).is_empty(), is_valid, "{line}");
        let folder = common::folder(&[("policy.yaml", policy.as_bytes())]);
        let run = vmlint(["policy", "check", "policy.yaml"]).within(folder.path()).run();
        assert_eq!(run.status == Some(0), is_valid, "{line}\n{run}");
    }
}
