//! What a suppression says, however it is written.

use std::cell::OnceCell;
use std::ops::Range;

use globset::{Glob, GlobSet};

use crate::date::Date;
use crate::glob;

/// The longest id or glob, in bytes; the longest id of a rule has a third of it.
const LONGEST: usize = 200;

/// One suppression. Whether it has a reason is for others to ask.
#[derive(Debug, Clone)]
pub struct Directive {
    /// Ids and globs, at least one.
    pub rules: Vec<Item>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The device that it is about, as its place in the text has it.
    pub device: Option<(String, Range<usize>)>,
    /// Where it stands.
    pub range: Range<usize>,
}

impl Directive {
    /// About some rules, and nothing else said.
    pub fn new(rules: Vec<Item>) -> Directive {
        Directive { rules, until: None, owner: None, reason: None, device: None, range: 0..0 }
    }

    /// The same so many bytes further on in the text.
    pub fn shifted(mut self, by: usize) -> Directive {
        for item in &mut self.rules {
            item.range = shifted(item.range.clone(), by);
        }
        Directive { range: shifted(self.range, by), ..self }
    }
}

/// A rule's id or a glob over ids.
#[derive(Debug, Clone)]
pub struct Item {
    /// As written.
    pub text: String,
    /// Where.
    pub range: Range<usize>,
    /// A glob, compiled when it is first held against an id.
    glob: Option<(Glob, OnceCell<Option<GlobSet>>)>,
}

impl Item {
    /// An id, or a glob as `--select` takes it.
    pub fn new(text: &str, range: Range<usize>) -> Result<Item, Fault> {
        if text.len() > LONGEST {
            return Err(Fault::new(range, "no rule has so long an id", "Name rules by their ids, with commas between them."));
        }
        let glob = match text.contains(['*', '?', '[', '{', '\\']).then(|| Glob::new(text)) {
            None => None,
            Some(Ok(glob)) => Some((glob, OnceCell::new())),
            Some(Err(error)) => {
                let message = format!("`{text}` is no pattern: {}", error.kind());
                return Err(Fault::new(range, message, "Name a rule by its id, `rhel-8/tcg`, or several by a glob, `*/tcg`."));
            }
        };
        Ok(Item { text: text.to_owned(), range, glob })
    }

    /// Whether it is a glob.
    pub fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    /// Whether it means this rule. What vmlint says of itself is never meant.
    pub fn matches(&self, rule: &str) -> bool {
        match &self.glob {
            _ if rule.starts_with("vmlint/") => false,
            Some((glob, compiled)) => {
                // One of at most [`LONGEST`] bytes can always be compiled.
                let compiled = compiled.get_or_init(|| glob::compile(Ok(glob.clone())).ok());
                compiled.as_ref().is_some_and(|glob| glob.is_match(rule))
            }
            None => self.text == rule,
        }
    }
}

/// What is wrong with a suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub range: Range<usize>,
    /// What, without a full stop.
    pub message: String,
    /// What to do, a sentence.
    pub help: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(range: Range<usize>, message: impl Into<String>, help: &str) -> Fault {
        Fault { range, message: message.into(), help: help.to_owned() }
    }

    /// The same so many bytes further on in the text.
    pub fn shifted(self, by: usize) -> Fault {
        Fault { range: shifted(self.range, by), ..self }
    }
}

fn shifted(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}
