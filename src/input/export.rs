//! A whole file as what it turned out to be: what commands that show files start from.

use std::path::Path;

use super::keys::Keys;
use super::limits::{self, Limits};
use super::xml::Malformed;
use super::{cim, clixml, detect, hyperv_xml, json, text, vmcx_keys, xml};
use crate::source::{Source, Span};
use crate::tree::Vocabulary;
use detect::{Kind, Syntax};

/// A file and its keys.
#[derive(Debug)]
pub struct Export {
    /// What it is. Keys of [`Kind::Xml`] are not read: such a file is its own raw form.
    pub kind: Kind,
    /// Its text, or the lines that stand for it.
    pub source: Source,
    /// Its values.
    pub keys: Keys,
    /// What is not quite right about it, though all of it could be read.
    pub warnings: Vec<String>,
}

/// Why a file cannot be read, over as much of its text as there is.
#[derive(Debug)]
pub struct Refusal {
    /// The text.
    pub source: Source,
    /// The fault and its place.
    pub fault: Malformed,
}

/// Reads a file of any format.
///
/// # Errors
/// Where it is too large, no text, not well-formed, damaged or beyond a limit.
pub fn read(path: &Path, bytes: Vec<u8>, limits: &Limits) -> Result<Export, Box<Refusal>> {
    let refuse = |source: Source, fault: Malformed| Box::new(Refusal { source, fault });
    if bytes.len() as u64 > limits.file_size {
        return Err(refuse(Source::utf8(path, String::new(), 0), limits::too_large(limits)));
    }
    if detect::is_container(path, &bytes) {
        let container = vmcx_keys::read(path, &bytes);
        let container = container.map_err(|refused| refuse(refused.source, Malformed::new(Span::at(0), refused.reason)))?;
        let vmcx_keys::Container { source, keys, warnings } = container;
        return Ok(Export { kind: Kind::Vmcx, source, keys, warnings });
    }
    let source = match text::decode(path, bytes) {
        Ok(source) => source,
        Err(fault) => return Err(refuse(fault.source, Malformed::new(fault.span, fault.reason).help(fault.help))),
    };
    let keys = match detect::syntax(path, source.text()) {
        Syntax::Refused(fault) => Err(fault),
        Syntax::Json => json::read(source.text(), limits).map(|keys| (detect::json(&keys), keys)),
        Syntax::Xml => xml_keys(source.text(), limits),
    };
    match keys {
        Ok((kind, keys)) => Ok(Export { kind, source, keys, warnings: Vec::new() }),
        Err(fault) => Err(refuse(source, *fault)),
    }
}

fn xml_keys(text: &str, limits: &Limits) -> Result<(Kind, Keys), Box<Malformed>> {
    let document = xml::parse(text, limits).map_err(Box::new)?;
    if let Some(root) = hyperv_xml::machine(&document) {
        return Ok((Kind::HyperVXml, hyperv_xml::read(text, root, limits)?));
    }
    let vocabulary = Vocabulary::default();
    let tree = document.tree(&vocabulary, |_, _| {}).map_err(Box::new)?;
    let kind = detect::xml(&tree);
    Ok((kind, tree_keys(kind, &tree, limits)?))
}

/// The keys of a tree of this kind; none where there is no need of a tree.
///
/// # Errors
/// Where it is beyond a limit.
pub fn tree_keys(kind: Kind, tree: &crate::tree::Tree<'_>, limits: &Limits) -> Result<Keys, Box<Malformed>> {
    match kind {
        Kind::CliXml => clixml::read(tree, limits),
        Kind::Cim => cim::read(tree, limits),
        Kind::HyperVXml | Kind::Xml | Kind::Json(_) | Kind::Vmcx | Kind::Other => Ok(Keys::new()),
    }
}
