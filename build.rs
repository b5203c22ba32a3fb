//! Prepares the built-in policies, so that no run reads YAML or looks at rules that its definitions cannot match: each policy becomes a
//! [`Packed`], without what only documentation and tests look at.

#[path = "src/libvirt"]
mod libvirt {
    #[allow(dead_code)]
    mod namespaces;
    pub use namespaces::PREFIXES;
}
#[path = "src/policy"]
mod policy {
    #[allow(dead_code)]
    pub mod environment;
    #[allow(dead_code)]
    pub mod packed;
    #[allow(dead_code)]
    pub mod table;
    #[allow(dead_code)]
    pub mod yaml;
}
#[path = "src/source.rs"]
#[allow(dead_code)]
mod source;
#[path = "src/tree/mod.rs"]
#[allow(dead_code, unused_imports)]
mod tree;
#[path = "src/xpath/mod.rs"]
#[allow(dead_code, unused_imports)]
mod xpath;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use policy::environment::environment;
use policy::packed::{Packed, PackedBranch, PackedRule};
use policy::table::Table;
use policy::yaml::{self, Content, Node};
use source::Source;
use tree::{Builder, Tree, Vocabulary};
use xpath::{Context, Environment, Expression, Key};

fn main() -> Result<(), Box<dyn Error>> {
    for path in ["build.rs", "policies", "src/libvirt/namespaces.rs", "src/policy", "src/source.rs", "src/tree", "src/xpath"] {
        println!("cargo::rerun-if-changed={path}");
    }
    prepare(Path::new("policies"), &PathBuf::from(env::var("OUT_DIR")?))
}

/// Packs the policies and the YAML tables of a folder and its folders, each under its own path.
fn prepare(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out.join(folder))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            prepare(&path, out)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path)?;
            let node = yaml::read(&text)
                .map_err(|broken| format!("{}: byte {}: {}", path.display(), broken.span.start, broken.message))?;
            let packed = pack(node, &text, folder).map_err(|reason| format!("{}: {reason}", path.display()))?;
            fs::write(out.join(path.with_extension("bin")), packed)?;
        }
    }
    Ok(())
}

/// Packs a policy that was read from a text; `folder` is where its tables are.
fn pack(mut frame: Node, yaml: &str, folder: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut vocabulary = Vocabulary::default();
    for name in ["table", "row"] {
        vocabulary.intern("", name);
    }
    let environment = environment_of(&frame);
    for name in yaml::late_names(&frame) {
        match name.split_once(':') {
            Some((prefix, local)) => environment.uri(prefix).map(|uri| vocabulary.intern(uri, local)),
            None => Some(vocabulary.intern("", &name)),
        };
    }
    let tables: Vec<String> = entries(&frame, "tables").iter().map(|(key, _)| format!("${}", key.text)).collect();
    let hosts: Vec<String> = texts(field(&frame, "hosts")).into_iter().map(str::to_owned).collect();
    let mut read = Vec::new();
    for (_, file) in entries(&frame, "tables") {
        let csv = fs::read_to_string(folder.join(text(file).unwrap_or_default()))?;
        println!("cargo::rerun-if-changed={}", folder.join(text(file).unwrap_or_default()).display());
        read.push(Table::read(&csv)?);
    }
    let mut rules = Vec::new();
    for is_use in [true, false] {
        for mut node in take_list(&mut frame, if is_use { "uses" } else { "rules" }) {
            if let Content::Map(entries) = &mut node.content {
                entries.retain(|(key, _)| key.text != "examples" && key.text != "why");
            }
            let finds = finds(&node, &environment, &mut vocabulary)?;
            rules.push((is_use, node, finds));
        }
    }
    let trees: Vec<Tree<'_>> = read.iter().map(|table| table.tree(&vocabulary)).collect();
    let mut branches: Vec<Vec<Branch<'_>>> =
        rules.iter().map(|(.., finds)| branches(finds, &trees, &vocabulary, &hosts)).collect();
    xpath::rarest_first(branches.iter_mut().flatten().map(|branch| &mut branch.clauses));
    let nodes = rules.iter().map(|(_, node, _)| postcard::to_allocvec(node)).collect::<Result<Vec<_>, _>>()?;
    let packed_branches = branches.iter().map(|branches| concat(branches.iter().map(Branch::packed)));
    let packed_branches = packed_branches.collect::<Result<Vec<_>, _>>()?;
    let source = Source::utf8("", yaml.to_owned(), 0);
    let packed_finds =
        rules.iter().map(|(.., finds)| concat(finds.iter().map(|(find, _)| postcard::to_allocvec(&find.packed()?))));
    let packed_finds = packed_finds.collect::<Result<Vec<_>, _>>()?;
    let parts = nodes.iter().zip(&packed_branches).zip(&packed_finds);
    let packed_rules = rules.iter().zip(parts).map(|((is_use, node, _), ((packed, branches), finds))| PackedRule {
        id: field(node, if *is_use { "feature" } else { "id" }).and_then(text).unwrap_or_default(),
        is_use: *is_use,
        exclusive: field(node, "exclusive").is_some_and(|node| node.content == Content::Boolean(true)),
        asks_for_guest: *is_use || any_key(node, &|key| matches!(key, "guests" | "noted")),
        asks_for_tables: any_text(node, &|text| tables.iter().any(|table| text.contains(table.as_str()))),
        branches,
        finds,
        line: source.line(node.span.start),
        node: packed,
    });
    let rules = packed_rules.collect();
    let names = vocabulary.names().collect();
    let frame = postcard::to_allocvec(&frame)?;
    Ok(postcard::to_allocvec(&Packed { names, frame: &frame, rules })?)
}

fn environment_of(policy: &Node) -> Environment {
    let is_libvirt = field(policy, "platform").and_then(text) == Some("libvirt");
    let prefixes = entries(policy, "prefixes").iter().filter_map(|(prefix, uri)| Some((&*prefix.text, text(uri)?)));
    let tables = entries(policy, "tables").iter().map(|(name, _)| &*name.text);
    let mut environment = environment(is_libvirt, prefixes, tables);
    environment.late_patterns();
    environment
}

struct Branch<'e> {
    case: u16,
    branch: u16,
    clauses: Vec<Vec<Key<'e>>>,
    idle: Vec<u8>,
}

impl Branch<'_> {
    fn packed(&self) -> postcard::Result<Vec<u8>> {
        let keys = xpath::in_a_row(&self.clauses).map(|key| postcard::to_allocvec(&key));
        let keys = concat(keys)?;
        postcard::to_allocvec(&PackedBranch { case: self.case, branch: self.branch, idle: &self.idle, keys: &keys })
    }
}

fn concat(pieces: impl Iterator<Item = postcard::Result<Vec<u8>>>) -> postcard::Result<Vec<u8>> {
    pieces.collect::<Result<Vec<_>, _>>().map(|pieces| pieces.concat())
}

/// What each case of a rule looks for, and whether it counts what it finds.
fn finds(rule: &Node, environment: &Environment, vocabulary: &mut Vocabulary) -> Result<Vec<(Expression, bool)>, Box<dyn Error>> {
    let cases = match field(rule, "cases") {
        Some(Node { content: Content::List(cases), .. }) => cases.iter().collect(),
        _ => vec![rule],
    };
    let mut all = Vec::new();
    for case in cases {
        let find = field(case, "find").and_then(text).ok_or("a case without `find`")?;
        let compiled = xpath::compile(find, environment, vocabulary).map_err(|error| format!("{error}: {find}"))?;
        all.push((compiled, field(case, "count").is_some()));
    }
    Ok(all)
}

fn branches<'e>(
    finds: &'e [(Expression, bool)],
    tables: &[Tree<'_>],
    vocabulary: &Vocabulary,
    hosts: &[String],
) -> Vec<Branch<'e>> {
    let nothing = Builder::new("", vocabulary, 0, 0).finish();
    let mut all = Vec::new();
    for (case, (find, counts)) in (0..).zip(finds) {
        for (branch, parsed) in (0..).zip(find.branches()) {
            let is_idle = |host: &str| {
                let strings = [host, "", "built-in"];
                parsed.finds_nothing(&Context { strings: &strings, tables, ..Context::new(&nothing) })
            };
            let idle = (0..).zip(hosts).filter(|(_, host)| is_idle(host)).map(|(number, _)| number).collect();
            // A test on how many nodes there are can fail where there are none.
            let clauses = if *counts { Vec::new() } else { parsed.keys_with(&Context { tables, ..Context::new(&nothing) }) };
            all.push(Branch { case, branch, clauses, idle });
        }
    }
    all
}

fn entries<'n>(map: &'n Node, key: &str) -> &'n [(yaml::Key, Node)] {
    match field(map, key) {
        Some(Node { content: Content::Map(entries), .. }) => entries,
        _ => &[],
    }
}

fn field<'n>(map: &'n Node, key: &str) -> Option<&'n Node> {
    let Content::Map(entries) = &map.content else { return None };
    entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
}

fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Text(text) => Some(text.trim()),
        _ => None,
    }
}

fn texts(node: Option<&Node>) -> Vec<&str> {
    match node.map(|node| &node.content) {
        Some(Content::List(items)) => items.iter().filter_map(text).collect(),
        _ => node.and_then(text).into_iter().collect(),
    }
}

/// The items of a list, which is empty afterwards.
fn take_list(map: &mut Node, key: &str) -> Vec<Node> {
    let Content::Map(entries) = &mut map.content else { return Vec::new() };
    match entries.iter_mut().find(|(known, _)| known.text == key) {
        Some((_, Node { content: Content::List(items), .. })) => std::mem::take(items),
        _ => Vec::new(),
    }
}

/// Whether any key in a node is one of these.
fn any_key(node: &Node, is_one: &dyn Fn(&str) -> bool) -> bool {
    match &node.content {
        Content::Map(entries) => entries.iter().any(|(key, node)| is_one(&key.text) || any_key(node, is_one)),
        Content::List(items) => items.iter().any(|node| any_key(node, is_one)),
        _ => false,
    }
}

/// Whether any text in a node is one of these.
fn any_text(node: &Node, is_one: &dyn Fn(&str) -> bool) -> bool {
    match &node.content {
        Content::Map(entries) => entries.iter().any(|(key, node)| is_one(&key.text) || any_text(node, is_one)),
        Content::List(items) => items.iter().any(|node| any_text(node, is_one)),
        Content::Text(text) => is_one(text),
        _ => false,
    }
}
