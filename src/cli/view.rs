//! `vmlint view`: a file as rules see it, or its own values.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};

use super::problem::{Problem, shown};
use super::run::{complain, read};
use super::terminal::{self, ColorChoice};
use super::{SUCCESS, TROUBLE};
use crate::check::{MALFORMED, own_finding};
use crate::finding::{Checked, Label, Severity};
use crate::input::detect::Kind;
use crate::input::export::{self, Export, Refusal};
use crate::input::limits::{Limits, Setting};
use crate::input::xml::Malformed;
use crate::input::{limits, raw};
use crate::report::{self, Report, escape, markup};
use crate::tree::Vocabulary;
use crate::{definition, libvirt};

/// Arguments of `view`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The file's own values instead of the tree that rules see
    #[arg(long)]
    raw: bool,
    /// For people, or JSON
    #[arg(long, value_name = "FMT", value_enum, default_value_t)]
    format: Format,
    /// Name that messages use for standard input
    #[arg(long, value_name = "NAME", default_value = "<stdin>")]
    stdin_filename: PathBuf,
    /// Another limit than usual, `file-size=128MiB`; may be given several times: file-size, depth, nodes, attributes
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<Setting>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text
    #[default]
    Human,
    /// One object
    Json,
}

/// Shows a file.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let stdin = arguments.file == Path::new("-");
    let path = if stdin { &arguments.stdin_filename } else { &arguments.file };
    let limits = Limits::with(&arguments.limits);
    let bytes = read(&arguments.file, limits.file_size).map_err(|reason| Problem::new(format!("{}: {reason}", shown(path))))?;
    let export = match export::read(path, bytes, &limits) {
        Ok(export) => export,
        Err(refusal) => return Ok(refuse(*refusal)),
    };
    for warning in &export.warnings {
        complain(&format!("{}: {warning}", path.to_string_lossy()));
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
    let written = match arguments.raw {
        true => raw(&export, arguments.format == Format::Json, &mut out)?,
        false => tree(&export, &limits, arguments.format == Format::Json, &mut out)?,
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(SUCCESS),
    }
}

/// The values of a file, one `path type value` a line, or as JSON.
fn raw(export: &Export, json: bool, out: &mut dyn Write) -> Result<io::Result<()>, Problem> {
    let Export { kind, source, keys, .. } = export;
    if *kind == Kind::Xml {
        let message = format!("{} has no other raw form than itself", shown(source.path()));
        return Err(
            Problem::new(message).help("`--raw` shows the values in Hyper-V's files: .vmcx, XML, CLIXML, JSON.".to_owned())
        );
    }
    if let Some(key) = raw::overlong_path(keys) {
        let line = source.position(keys.span(key).start).line;
        let message =
            format!("{}: the path of a value in line {line} is longer than {} bytes", shown(source.path()), limits::KEY_PATH);
        return Err(Problem::new(message));
    }
    if json {
        // JSON that is about no machine is shown all the same; what else could be meant by the question?
        let format = match kind {
            Kind::Other => "json",
            kind => kind.format().as_str(),
        };
        return Ok(raw::write_json(keys, format, kind.spelling(), out));
    }
    Ok(raw::lines(keys).try_for_each(|line| writeln!(out, "{}", escape(&line.text))))
}

/// The tree that rules see, as XML or as JSON.
fn tree(export: &Export, limits: &Limits, json: bool, out: &mut dyn Write) -> Result<io::Result<()>, Problem> {
    let mut vocabulary = Vocabulary::default();
    definition::intern(&mut vocabulary);
    vocabulary.intern(libvirt::QEMU, "commandline");
    let broken = |fault: Malformed| Problem::new(format!("{}: {}", shown(export.source.path()), fault.reason));
    let (tree, definitions) = definition::tree(export, limits, &vocabulary).map_err(broken)?;
    let Some(first) = definitions.first() else {
        let message = format!("{} defines no VM, so rules see nothing of it", shown(export.source.path()));
        let help = match export.kind {
            Kind::Xml => None,
            _ => Some("`vmlint view --raw` shows the file's own values.".to_owned()),
        };
        return Err(Problem::new(message).help(help));
    };
    if json {
        let value = serde_json::json!({"format": first.format.as_str(), "tree": markup::json(&tree, &export.source)});
        return Ok(out.write_all(&report::json::line(&value)));
    }
    Ok(out.write_all(markup::Markup::document(&tree).as_bytes()))
}

/// Says on standard error why a file cannot be shown, with the place.
pub(super) fn refuse(refusal: Refusal) -> u8 {
    let Refusal { source, fault } = refusal;
    let mut finding = own_finding(MALFORMED, Severity::Error, fault.span, fault.reason, fault.help);
    finding.related =
        fault.related.into_iter().map(|(span, text)| Label { span, node: String::new(), text: text.to_owned() }).collect();
    let checked =
        Checked { source, format: crate::finding::Format::Other, vms: 0, findings: vec![finding], suppressed: Vec::new() };
    let terminal = terminal::detect_stderr(ColorChoice::Auto);
    let page = report::Human::new(report::Options { terminal, verbose: false, quiet: true, suppressed: false }).file(&checked);
    // Nobody is left to tell if this fails.
    let _ = io::stderr().write_all(&page);
    TROUBLE
}
