//! Definitions judged by Rego in one process: each is turned into the JSON that `conftest --parser xml` makes of XML, attributes with a
//! `-` before their names, and `data.main.deny` is asked. Prints `FILE: RULE` for every answer.
//!
//! rego POLICY.rego FOLDER-OR-FILE...

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use regorus::{Engine, Value};
use roxmltree::{Document, Node};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let policy = arguments.next().ok_or("a policy is expected")?;
    let mut engine = Engine::new();
    engine.add_policy_from_file(&policy)?;
    arguments.try_for_each(|path| judge_all(&mut engine, &path))
}

fn judge_all(engine: &mut Engine, path: &Path) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        return judge(engine, path);
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| judge_all(engine, entry))
}

fn judge(engine: &mut Engine, path: &Path) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let document = Document::parse(&text)?;
    let root = document.root_element();
    engine.set_input(Value::from(BTreeMap::from([(Value::from(root.tag_name().name()), value(root))])));
    let denied = engine.eval_rule("data.main.deny".to_owned())?;
    for rule in denied.as_set()?.iter() {
        println!("{}: {}", path.display(), rule.as_string()?);
    }
    Ok(())
}

/// An element with nothing but text is that text; children of one name are a list where there are several.
fn value(element: Node<'_, '_>) -> Value {
    let text = element.text().unwrap_or_default().trim();
    let mut children: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for child in element.children().filter(Node::is_element) {
        children.entry(child.tag_name().name()).or_default().push(value(child));
    }
    if children.is_empty() && element.attributes().len() == 0 {
        return Value::from(text);
    }
    let attributes = element.attributes().map(|own| (Value::from(format!("-{}", own.name())), Value::from(own.value())));
    let children = children.into_iter().map(|(name, mut values)| {
        let all = if values.len() == 1 { values.remove(0) } else { Value::from(values) };
        (Value::from(name), all)
    });
    let text = (!text.is_empty()).then(|| (Value::from("#content"), Value::from(text)));
    Value::from(attributes.chain(children).chain(text).collect::<BTreeMap<_, _>>())
}
