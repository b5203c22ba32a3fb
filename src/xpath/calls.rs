//! What the functions do when they are called, one way through for each type of result.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::check::pattern;
use super::eval::{Evaluator, Focus};
use super::functions::Function;
use super::nodes::{NodeRef, attribute_value};
use super::plan::Call;
use super::text::{SPACE, is_language, normalize_space, round, substring, to_number, translate, unit};
use super::{Exhausted, Type};
use crate::tree::Tree;

/// What compiling a pattern during evaluation is charged for.
const PATTERN_COST: usize = 1_000;

impl<'e> Evaluator<'e> {
    pub fn call_boolean(&self, call: &'e Call, focus: Focus) -> Result<bool, Exhausted> {
        let text = |index| self.argument_text(call, index, focus);
        let condition = || call.arguments.first().map_or(Ok(false), |argument| self.boolean(argument, focus));
        Ok(match call.function {
            Function::True => true,
            Function::Boolean => condition()?,
            Function::Not => !condition()?,
            Function::StartsWith => text(0)?.starts_with(&*text(1)?),
            Function::EndsWith => text(0)?.ends_with(&*text(1)?),
            Function::Contains => text(0)?.contains(&*text(1)?),
            Function::Lang => self.lang(call, focus)?,
            Function::Glob | Function::Matches | Function::VersionIn => {
                let (subject, source) = (text(0)?, text(1)?);
                self.charge(PATTERN_COST + source.len() + subject.len())?;
                // A pattern that comes from data and is none fits nothing.
                matches!(pattern(call.function, &source), Some(Ok(pattern)) if pattern.is_match(&subject))
            }
            _ => false,
        })
    }

    pub fn call_number(&self, call: &'e Call, focus: Focus) -> Result<f64, Exhausted> {
        let Some(argument) = call.arguments.first() else {
            return Ok(if call.function == Function::Last { focus.size as f64 } else { focus.position as f64 });
        };
        Ok(match call.function {
            Function::Count => self.count(argument, focus)? as f64,
            Function::StringLength => self.string(argument, focus)?.chars().count() as f64,
            Function::Number => self.number(argument, focus)?,
            Function::Floor => self.number(argument, focus)?.floor(),
            Function::Ceiling => self.number(argument, focus)?.ceil(),
            Function::Round => round(self.number(argument, focus)?),
            Function::Bytes => self.bytes(call, self.first(argument, focus)?)?,
            Function::Sum => {
                let mut sum = 0.0;
                for node in self.nodes(argument, focus)? {
                    sum += to_number(&self.text(node)?);
                }
                sum
            }
            _ => f64::NAN,
        })
    }

    pub fn call_string(&self, call: &'e Call, focus: Focus) -> Result<Cow<'e, str>, Exhausted> {
        let text = |index| self.argument_text(call, index, focus);
        let number = |index: usize| call.arguments.get(index).map(|argument| self.number(argument, focus)).transpose();
        Ok(match call.function {
            Function::String => text(0)?,
            Function::Concat => {
                let mut all = String::new();
                for index in 0..call.arguments.len() {
                    all.push_str(&text(index)?);
                }
                Cow::Owned(all)
            }
            Function::FirstOf => {
                for index in 0..call.arguments.len() {
                    let text = text(index)?;
                    if !text.is_empty() {
                        return Ok(text);
                    }
                }
                Cow::Borrowed("")
            }
            Function::SubstringBefore => {
                let mark = text(1)?;
                part(text(0)?, |text| text.split_once(&*mark).map_or("", |(before, _)| before))
            }
            Function::SubstringAfter => {
                let mark = text(1)?;
                part(text(0)?, |text| text.split_once(&*mark).map_or("", |(_, after)| after))
            }
            Function::Substring => {
                let (start, length) = (number(1)?.unwrap_or(f64::NAN), number(2)?);
                part(text(0)?, |text| substring(text, start, length))
            }
            Function::NormalizeSpace => normalize_space(text(0)?),
            Function::Translate => Cow::Owned(translate(&text(0)?, &text(1)?, &text(2)?)),
            Function::LowerCase => {
                let text = text(0)?;
                let small = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
                if small { text } else { Cow::Owned(text.to_lowercase()) }
            }
            Function::Name | Function::LocalName | Function::NamespaceUri => {
                let first = call.arguments.first().map_or(Ok(None), |argument| self.first(argument, focus))?;
                Cow::Borrowed(first.map_or("", |node| self.name_part(call.function, node)))
            }
            _ => Cow::Borrowed(""),
        })
    }

    /// The nodes that `id()` finds, in document order.
    pub fn call_nodes(&self, call: &'e Call, focus: Focus) -> Result<Vec<NodeRef>, Exhausted> {
        let Some(argument) = call.arguments.first() else { return Ok(Vec::new()) };
        let mut wanted = FxHashSet::default();
        let mut add = |text: &str| {
            wanted.extend(text.split(SPACE).filter(|word| !word.is_empty()).map(str::to_owned));
        };
        if argument.kind() == Type::Nodes {
            for node in self.nodes(argument, focus)? {
                add(&self.text(node)?);
            }
        } else {
            add(&self.string(argument, focus)?);
        }
        let tree = self.context.tree(focus.node);
        let mut found = Vec::new();
        for node in tree.descendants(Tree::ROOT) {
            self.charge(1 + tree.attributes(node).len())?;
            // An identifier stands for the first element that has it.
            if attribute_value(tree, node, call.attribute).is_some_and(|id| wanted.remove(id.trim_matches(SPACE))) {
                found.push(NodeRef::within(focus.node.tree(), node));
            }
        }
        Ok(found)
    }

    fn name_part(&self, function: Function, node: NodeRef) -> &'e str {
        let tree = self.context.tree(node);
        match (function, node.attribute(tree)) {
            (Function::LocalName, Some(attribute)) => tree.attribute_local_name(attribute),
            (Function::LocalName, None) => tree.local_name(node.node()),
            (Function::NamespaceUri, Some(attribute)) => tree.attribute_namespace(attribute),
            (Function::NamespaceUri, None) => tree.namespace(node.node()),
            _ => self.context.name(node),
        }
    }

    fn bytes(&self, call: &Call, node: Option<NodeRef>) -> Result<f64, Exhausted> {
        let Some(node) = node else { return Ok(f64::NAN) };
        let tree = self.context.tree(node);
        let factor = unit(attribute_value(tree, node.node(), call.attribute));
        Ok(factor.map_or(f64::NAN, |factor| factor) * to_number(&self.text(node)?))
    }

    fn lang(&self, call: &'e Call, focus: Focus) -> Result<bool, Exhausted> {
        let wanted = self.argument_text(call, 0, focus)?;
        let tree = self.context.tree(focus.node);
        let node = focus.node.node();
        for node in std::iter::once(node).chain(tree.ancestors(node)) {
            self.charge(1)?;
            if let Some(tag) = attribute_value(tree, node, call.attribute) {
                return Ok(is_language(tag, &wanted));
            }
        }
        Ok(false)
    }
}

/// A part of a text, borrowed where the text is.
fn part<'t>(text: Cow<'t, str>, cut: impl Fn(&str) -> &str) -> Cow<'t, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text)),
        Cow::Owned(text) => Cow::Owned(cut(&text).to_owned()),
    }
}
