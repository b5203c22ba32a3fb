//! Reads the built-in policies as YAML once, so that no run has to: each becomes a packed tree of values with their places, without
//! what only documentation and tests look at.

#[path = "src/policy/yaml.rs"]
#[allow(dead_code)]
mod yaml;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=policies");
    println!("cargo::rerun-if-changed=src/policy/yaml.rs");
    let out = env::var("OUT_DIR")?;
    for entry in fs::read_dir("policies")? {
        let path = entry?.path();
        let Some(name) =
            path.file_stem().and_then(|stem| stem.to_str()).filter(|_| path.extension().is_some_and(|e| e == "yaml"))
        else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let mut node =
            yaml::read(&text).map_err(|broken| format!("{}: byte {}: {}", path.display(), broken.span.start, broken.message))?;
        leave_out_documentation(&mut node);
        fs::write(Path::new(&out).join(format!("{name}.bin")), postcard::to_allocvec(&(yaml::late_names(&node), &node))?)?;
    }
    Ok(())
}

fn leave_out_documentation(policy: &mut yaml::Node) {
    let yaml::Content::Map(entries) = &mut policy.content else { return };
    for (_, node) in entries.iter_mut().filter(|(key, _)| key.text == "rules") {
        let yaml::Content::List(rules) = &mut node.content else { continue };
        for rule in rules {
            if let yaml::Content::Map(entries) = &mut rule.content {
                entries.retain(|(key, _)| key.text != "examples" && key.text != "why");
            }
        }
    }
}
