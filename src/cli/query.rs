//! `vmlint query`: one XPath expression over the definitions of many files.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum, ValueHint};
use serde_json::json;

use super::problem::Problem;
use super::run::{complain, read};
use super::{SUCCESS, TROUBLE, view};
use crate::definition;
use crate::finding::Label;
use crate::input::export;
use crate::input::limits::{Limits, Setting};
use crate::input::walk::{self, Found};
use crate::libvirt;
use crate::paths::Paths;
use crate::policy::compile::Faulty;
use crate::policy::environment;
use crate::policy::names;
use crate::policy::schema::{Context, Fault};
use crate::report::{Places, escape, json as writer, markup, shown_path};
use crate::source::{Source, Span};
use crate::suggest;
use crate::tree::{Tree, Vocabulary};
use crate::xpath::{self, Expression, NodeRef, Value};

/// The longest text of a match that a line shows, in characters.
const LONGEST: usize = 200;

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = "The context node is each VM: libvirt's `domain`, Hyper-V's `vm`. \
    Exit status: 0 whether anything was found or not, 2 the run could not do what was asked.")]
pub struct Arguments {
    /// The expression; `devices/disk/source/@file` asks libvirt's domains, `controller/drive/@path` Hyper-V's machines
    #[arg(value_name = "XPATH")]
    expression: String,
    /// Files and folders; `-` is standard input
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath, required = true)]
    paths: Vec<PathBuf>,
    /// How many matches each file has, `path:count` a line
    #[arg(long)]
    count: bool,
    /// Lines for people, or one JSON object
    #[arg(long, value_name = "FMT", value_enum, default_value_t)]
    format: Format,
    /// Name that output uses for standard input
    #[arg(long, value_name = "NAME", default_value = "<stdin>")]
    stdin_filename: PathBuf,
    /// Another limit than usual, `file-size=128MiB`; may be given several times: file-size, depth, nodes, attributes
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<Setting>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// `path:line:column: text`
    #[default]
    Human,
    /// `{"matches": [{"path", "location", "text"}]}`
    Json,
}

/// Runs the expression over the files.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let mut vocabulary = Vocabulary::default();
    definition::intern(&mut vocabulary);
    vocabulary.intern(libvirt::QEMU, "commandline");
    let expression = expression(&arguments.expression, &mut vocabulary)?;
    let query = Query { expression: &expression, vocabulary: &vocabulary, limits: Limits::with(&arguments.limits) };
    let out = &mut BufWriter::with_capacity(1 << 16, io::stdout());
    let mut output = Output { arguments, out, first: true };
    let result = output.head().and_then(|()| {
        let mut trouble = false;
        let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
        if !stdin.is_empty() {
            trouble |= query.file(Path::new("-"), &arguments.stdin_filename, true, &mut output)?;
        }
        for found in walk::files(&paths, walk::is_ours) {
            match found {
                Ok(Found { path, named }) => trouble |= query.file(&path, &path, named, &mut output)?,
                Err(unreadable) => {
                    complain(&format!("{}: {}", unreadable.path.to_string_lossy(), unreadable.reason));
                    trouble = true;
                }
            }
        }
        output.tail()?;
        Ok(trouble)
    });
    match result {
        Ok(false) => Ok(SUCCESS),
        Ok(true) => Ok(TROUBLE),
        // Whoever read has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(SUCCESS),
        Err(error) => Err(Problem::new(format!("cannot write to standard output: {error}"))),
    }
}

/// Compiles the expression as a policy would; says where a fault is, and which names nobody knows.
fn expression(text: &str, vocabulary: &mut Vocabulary) -> Result<Expression, Problem> {
    let source = Arc::new(Source::utf8("XPATH", text.to_owned(), 0));
    let range = |span: std::ops::Range<usize>| {
        let span = Span::new(span.start, span.end);
        span.start..span.end
    };
    let environment = environment::prefixes(true);
    let compiled = xpath::compile(text, &environment, vocabulary).map_err(|error| {
        let fault = Fault::error(range(error.span), error.message).help(error.hint);
        Problem::faulty("the expression cannot be used", vec![Faulty { source: source.clone(), faults: vec![fault] }])
    })?;
    let mut told = BTreeSet::new();
    for test in compiled.steps().iter().filter(|test| !names::is_known(test)) {
        let what = if test.attribute { "attribute" } else { "element" };
        if told.insert((what, test.local.clone())) {
            let near = suggest::nearest(&test.local, names::all(test.attribute)).map(|near| format!(" (did you mean `{near}`?)"));
            complain(&format!("no definition has an {what} `{}`{}", test.local, near.unwrap_or_default()));
        }
    }
    Ok(compiled)
}

struct Query<'q> {
    expression: &'q Expression,
    vocabulary: &'q Vocabulary,
    limits: Limits,
}

impl Query<'_> {
    /// Writes the matches of one file; gives whether something went wrong with it, which was told.
    fn file(&self, path: &Path, shown: &Path, named: bool, output: &mut Output<'_>) -> io::Result<bool> {
        let bytes = match read(path, self.limits.file_size) {
            Ok(bytes) => bytes,
            Err(reason) => {
                complain(&format!("{}: {reason}", shown.to_string_lossy()));
                return Ok(true);
            }
        };
        let export = match export::read(shown, bytes, &self.limits) {
            Ok(export) => export,
            // What lies in a folder need not be a definition at all.
            Err(_) if !named && !has_own_ending(shown) => return Ok(false),
            Err(refusal) => {
                view::refuse(*refusal);
                return Ok(true);
            }
        };
        let (tree, definitions) = match definition::tree(&export, &self.limits, self.vocabulary) {
            Ok(tree) => tree,
            Err(fault) => {
                complain(&format!("{}: {}", shown.to_string_lossy(), fault.reason));
                return Ok(true);
            }
        };
        let mut found = Vec::new();
        let mut nodes = Vec::new();
        let mut paths = Paths::new(&tree);
        let mut exhausted = false;
        let steps = Cell::new(xpath::budget_over(tree.len()));
        let over = xpath::Context { budget: u64::MAX, shared: Some(&steps), ..xpath::Context::new(&tree) };
        let contexts = definitions.iter().flat_map(|definition| &definition.contexts);
        let vms = contexts.filter(|(context, _)| matches!(context, Context::Domain | Context::Vm));
        for (_, node) in vms.take(if self.expression.is_absolute() { 1 } else { usize::MAX }) {
            let vm = NodeRef::new(*node);
            match self.expression.evaluate(&over, vm) {
                Ok(Value::Nodes(more)) => nodes.extend(more),
                Ok(value) => found.push((label(&tree, vm, &mut paths), plain(&value))),
                Err(_) => exhausted = true,
            }
        }
        // What is found from several machines is one match.
        nodes.sort_unstable();
        nodes.dedup();
        found.extend(nodes.into_iter().map(|node| (label(&tree, node, &mut paths), text_of(&tree, node))));
        if exhausted {
            complain(&format!("{}: the expression takes too many steps on this file", shown.to_string_lossy()));
        }
        if !definitions.is_empty() {
            output.file(&export.source, &found)?;
        }
        Ok(exhausted)
    }
}

fn has_own_ending(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ["vmcx", "clixml"].contains(&ending))
}

/// The place of a node: an attribute's value, an element's start tag, the text itself.
fn label(tree: &Tree<'_>, node: NodeRef, paths: &mut Paths<'_, '_>) -> Label {
    let (span, step) = match node.attribute(tree) {
        Some(attribute) => (tree.attribute_span(attribute), format!("/@{}", tree.attribute_qualified_name(attribute))),
        None => (tree.start_tag(node.node()), String::new()),
    };
    Label { span, node: format!("{}{step}", paths.path(node.node())), text: String::new() }
}

/// What a match is shown as: an attribute's value, an element's text, the start tag of an element without any.
fn text_of(tree: &Tree<'_>, node: NodeRef) -> String {
    if let Some(attribute) = node.attribute(tree) {
        return tree.attribute_value(attribute).to_owned();
    }
    let node = node.node();
    let has_elements = tree.children(node).any(|child| tree.is_element(child));
    // What an element with others in it holds is nobody's to read, and with all above it that would be the whole file for each level.
    let text = if has_elements { "".into() } else { tree.string_value(node) };
    if tree.is_element(node) && text.trim().is_empty() {
        return markup::Markup::start_tag(tree, node);
    }
    text.trim().to_owned()
}

/// A value that is no set of nodes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Number(number) if *number == number.trunc() && number.abs() < 1e15 => format!("{number:.0}"),
        Value::Number(number) if number.is_infinite() => if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Nodes(_) => String::new(),
    }
}

struct Output<'o> {
    arguments: &'o Arguments,
    out: &'o mut dyn Write,
    first: bool,
}

impl Output<'_> {
    fn head(&mut self) -> io::Result<()> {
        match (self.arguments.format, self.arguments.count) {
            (Format::Json, true) => self.out.write_all(b"{\"counts\":["),
            (Format::Json, false) => self.out.write_all(b"{\"matches\":["),
            _ => Ok(()),
        }
    }

    fn file(&mut self, source: &Source, found: &[(Label, String)]) -> io::Result<()> {
        let path = shown_path(source.path());
        match (self.arguments.format, self.arguments.count) {
            (Format::Human, true) => writeln!(self.out, "{}:{}", escape(&path), found.len()),
            (Format::Human, false) => {
                let places = Places::new(source);
                for (label, text) in found {
                    let place = places.position(label.span.start);
                    writeln!(self.out, "{}:{}:{}: {}", escape(&path), place.line, place.column, shortened(text))?;
                }
                Ok(())
            }
            (Format::Json, true) => {
                let line = writer::line(&json!({"path": path, "count": found.len()}));
                self.item(line.trim_ascii_end())
            }
            (Format::Json, false) => writer::matches(source, &path, found).iter().try_for_each(|line| self.item(line)),
        }
    }

    fn item(&mut self, line: &[u8]) -> io::Result<()> {
        let start: &[u8] = if std::mem::replace(&mut self.first, false) { b"\n" } else { b",\n" };
        self.out.write_all(start)?;
        self.out.write_all(line)
    }

    fn tail(&mut self) -> io::Result<()> {
        if self.arguments.format == Format::Json {
            self.out.write_all(b"\n]}\n")?;
        }
        self.out.flush()
    }
}

/// A text on one line, cut where it is too long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", escape(&text[..at])),
        None => escape(text).into_owned(),
    }
}
