//! Takes YAML apart key by key and notes every fault instead of stopping at the first. Policies and configuration files both go through it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::schema::{Fault, Text};
use super::yaml::{Content, Key, Node, Written};
use crate::suggest;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Notes one more.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Notes an error at a place.
    pub fn error(&mut self, span: &Range<u32>, message: impl Into<String>) {
        self.push(Fault::error(span.clone(), message));
    }

    /// Takes a node for a text. Numbers and booleans are taken as they were written.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        let text = match &node.content {
            Content::Text(text) | Content::Number(text) => trimmed(text),
            Content::Boolean(yes) => yes.to_string().into(),
            other => {
                self.error(&node.span, format!("{what} must be a text, not {}", name_of(other)));
                return None;
            }
        };
        if text.is_empty() {
            self.error(&node.span, format!("{what} is empty"));
            return None;
        }
        Some(Text { text, span: node.span.clone() })
    }

    /// Takes a node for a list of texts; one text counts as a list of one.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<Text> {
        match &node.content {
            Content::List(items) => items.iter().filter_map(|item| self.text(item, what)).collect(),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    /// Takes a node for a list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.content {
            Content::List(items) => items,
            other => {
                self.error(&node.span, format!("{what} must be a list, not {}", name_of(other)));
                &[]
            }
        }
    }

    /// Takes a node for a mapping with any keys.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        match &node.content {
            Content::Map(entries) => entries,
            other => {
                self.error(&node.span, format!("{what} must be a mapping, not {}", name_of(other)));
                &[]
            }
        }
    }

    /// Takes a node for `true` or `false`.
    pub fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.content {
            Content::Boolean(yes) => Some(yes),
            _ => {
                self.error(&node.span, format!("{what} must be `true` or `false`"));
                None
            }
        }
    }

    /// Takes a node for one of some words.
    pub fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let given = self.text(node, what)?;
        let found = words.iter().find(|(word, _)| *word == given.text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let help = suggest::help(&given.text, words.iter().map(|(word, _)| *word));
            self.push(Fault::error(given.span, format!("`{}` is no {what}", given.text)).help(help));
        }
        found
    }

    /// Takes a node for a mapping that has only `known` keys; every other key is a fault.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&'static str]) -> Fields<'n> {
        let entries = self.entries(node, what);
        for (key, _) in entries {
            if !known.contains(&&*key.text) {
                let help = suggest::help(&key.text, known.iter().copied());
                self.push(
                    Fault::error(key.span.clone(), format!("unknown key `{}`", key.text))
                        .label("not a key of this mapping")
                        .help(help),
                );
            }
        }
        Fields { entries, span: node.span.clone() }
    }
}

/// The entries of a mapping whose keys are known.
#[derive(Debug, Clone)]
pub struct Fields<'n> {
    entries: &'n [(Key, Node)],
    /// Where the mapping stands.
    pub span: Range<u32>,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node)
    }

    /// The key and the value.
    pub fn entry(&self, key: &str) -> Option<&'n (Key, Node)> {
        self.entries.iter().find(|(k, _)| k.text == key)
    }

    /// Where to point when something is missing: the first line of the mapping.
    pub fn head(&self) -> Range<u32> {
        self.entries.first().map_or(self.span.clone(), |(key, _)| key.span.clone())
    }

    /// The text of a key that must be there.
    pub fn required(&self, key: &str, what: &str, faults: &mut Faults) -> Option<Text> {
        match self.get(key) {
            Some(node) => faults.text(node, &format!("`{key}`")),
            None => {
                faults.push(Fault::error(self.head(), format!("{what} has no `{key}`")).label(format!("`{key}` is missing")));
                None
            }
        }
    }

    /// The text of a key that may be there.
    pub fn optional(&self, key: &str, faults: &mut Faults) -> Option<Text> {
        self.get(key).and_then(|node| faults.text(node, &format!("`{key}`")))
    }
}

/// A text without the blanks around it.
fn trimmed(text: &Written) -> Written {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// What a node is, in words.
fn name_of(content: &Content) -> &'static str {
    match content {
        Content::Null => "nothing",
        Content::Boolean(_) => "true or false",
        Content::Number(_) => "a number",
        Content::Text(_) => "a text",
        Content::List(_) => "a list",
        Content::Map(_) => "a mapping",
    }
}

/// Whether a word is written in kebab-case: small letters, digits and points between dashes.
pub fn is_kebab(word: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.');
    word.split('-').all(part)
}

/// A shared text.
pub fn shared(text: &Text) -> Arc<str> {
    Arc::from(&*text.text)
}
