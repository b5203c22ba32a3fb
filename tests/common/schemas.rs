//! Reports held against schemas that others wrote.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// SARIF that the standard's schema has nothing to say against.
pub fn parsed(sarif: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schemas/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // Its pattern for languages, which no report has, is one that not every engine of regular expressions reads.
    for holder in ["run", "toolComponent"] {
        schema["definitions"][holder]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let sarif: Value = serde_json::from_str(sarif).expect("valid JSON");
    let validator = jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&sarif).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    sarif
}

/// Runs `xmllint`; gives what it has to say against the report, or nothing where it is not installed.
pub fn xmllint(arguments: &[&str], xml: &str) -> Option<String> {
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet"]).args(arguments).arg("-").current_dir(env!("CARGO_MANIFEST_DIR"));
    let Ok(mut child) = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
        eprintln!("skipped: xmllint is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(String::from_utf8(output.stderr).unwrap()).filter(|_| !output.status.success())
}
