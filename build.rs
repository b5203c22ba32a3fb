//! Reads the built-in policies as YAML once, so that no run has to: each becomes a JSON tree of values with their places.

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
        let node =
            yaml::read(&text).map_err(|broken| format!("{}: byte {}: {}", path.display(), broken.span.start, broken.message))?;
        fs::write(Path::new(&out).join(format!("{name}.json")), serde_json::to_string(&node)?)?;
    }
    Ok(())
}
