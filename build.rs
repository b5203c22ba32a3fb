//! Reads the built-in policies as YAML once, so that no run has to: each becomes a packed tree of values with their places, without
//! what only documentation and tests look at.

#[path = "src/policy/yaml.rs"]
#[allow(dead_code)]
mod yaml;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=policies");
    println!("cargo::rerun-if-changed=src/policy/yaml.rs");
    prepare(Path::new("policies"), &PathBuf::from(env::var("OUT_DIR")?))
}

/// Packs the policies and tables in YAML of a folder and its folders, each under its own path.
fn prepare(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out.join(folder))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            prepare(&path, out)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path)?;
            let mut node = yaml::read(&text)
                .map_err(|broken| format!("{}: byte {}: {}", path.display(), broken.span.start, broken.message))?;
            leave_out_documentation(&mut node);
            fs::write(out.join(path.with_extension("bin")), postcard::to_allocvec(&(yaml::late_names(&node), &node))?)?;
        }
    }
    Ok(())
}

fn leave_out_documentation(policy: &mut yaml::Node) {
    let yaml::Content::Map(entries) = &mut policy.content else { return };
    for (_, node) in entries.iter_mut().filter(|(key, _)| key.text == "rules" || key.text == "uses") {
        let yaml::Content::List(rules) = &mut node.content else { continue };
        for rule in rules {
            if let yaml::Content::Map(entries) = &mut rule.content {
                entries.retain(|(key, _)| key.text != "examples" && key.text != "why");
            }
        }
    }
}
