//! What is said of a found node: texts filled in, the device named, fixes worked out.

use std::cell::Cell;

use super::judge::{Scope, spend};
use crate::finding::{Edit, Fix};
use crate::fix::draft::{Draft, escaped_anywhere};
use crate::paths::Paths;
use crate::policy::compile::{Part, Template};
use crate::policy::fixes::{CompiledRecipe, Step};
use crate::systems;
use crate::xpath::{self, Exhausted, Expression, NodeRef};

/// The longest value of a document that a message quotes, in characters.
const LONGEST_QUOTE: usize = 120;

/// Bytes of a text that cost nothing. Each further one is a step.
const FREE_TEXT: usize = 512;

/// Fills templates for one found node.
pub(super) struct Words<'w, 's, 'j, 'r> {
    pub scope: &'w Scope<'s, 'j, 'r>,
    pub context: &'w xpath::Context<'w>,
    pub found: NodeRef,
    pub violation: Option<&'w str>,
    /// How many steps the expressions of fixes may still take.
    pub steps_for_fixes: &'w Cell<u64>,
}

impl Words<'_, '_, '_, '_> {
    /// For people: what the document says is on one line and not too long.
    pub fn fill(&self, template: &Template, paths: &mut Paths<'_, '_>) -> Result<String, Exhausted> {
        self.fill_with(template, paths, self.scope.steps, |value| quote(&value))
    }

    fn fill_with(
        &self,
        template: &Template,
        paths: &mut Paths<'_, '_>,
        left: &Cell<u64>,
        shown: impl Fn(String) -> String,
    ) -> Result<String, Exhausted> {
        let mut text = String::new();
        for part in &template.0 {
            let before = text.len();
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Device => text.push_str(&self.device(paths)?),
                Part::Violation => text.push_str(self.violation.unwrap_or_default()),
                Part::Guest => match &self.scope.judge.subject.guest {
                    Some(guest) => text.push_str(&guest.to_string()),
                    None => text.push_str("the guest"),
                },
                Part::Drivers => text.push_str(&systems::drivers_name(self.scope.judge.subject.drivers())),
                Part::Host => text.push_str(systems::host_name(self.scope.judge.host)),
                Part::Value(expression) => text.push_str(&shown(expression.string(self.context, self.found)?)),
            }
            spend(left, text.len().saturating_sub(before.max(FREE_TEXT)) as u64)?;
        }
        Ok(text)
    }

    /// The fixes that change anything here. Where a fix looks at all the neighbours of each of thousands of devices, the last of them
    /// get none: they do when the first are fixed.
    pub fn fixes(&self, recipes: &[CompiledRecipe], paths: &mut Paths<'_, '_>) -> Result<Vec<Fix>, Exhausted> {
        let mut fixes = Vec::with_capacity(recipes.len());
        for recipe in recipes {
            let Ok(edits) = self.edits(recipe, paths) else {
                self.steps_for_fixes.set(0);
                return Ok(Vec::new());
            };
            if !edits.is_empty() {
                fixes.push(Fix { safety: recipe.safety, description: self.fill(&recipe.description, paths)?, edits });
            }
        }
        Ok(fixes)
    }

    fn edits(&self, recipe: &CompiledRecipe, paths: &mut Paths<'_, '_>) -> Result<Vec<Edit>, Exhausted> {
        let context = xpath::Context { shared: Some(self.steps_for_fixes), ..*self.context };
        let nodes = |path: &Expression| path.nodes(&context, self.found);
        let mut draft = Draft::new(self.scope.judge.tree);
        for step in &recipe.steps {
            match step {
                Step::Set { path, attribute, value } => {
                    let value = self.fill_with(value, paths, self.steps_for_fixes, |value| value)?;
                    nodes(path)?.into_iter().for_each(|node| match attribute {
                        Some(name) => draft.set_attribute(node, name, &value),
                        None => draft.set(node, &value),
                    });
                }
                Step::Remove(path) => nodes(path)?.into_iter().for_each(|node| draft.remove(node)),
                Step::Insert { side, path, xml } => {
                    let xml = self.fill_with(xml, paths, self.steps_for_fixes, |value| escaped_anywhere(&value).into_owned())?;
                    nodes(path)?.into_iter().for_each(|node| draft.insert(*side, node, &xml));
                }
                Step::Rename(path, name) => nodes(path)?.into_iter().for_each(|node| draft.rename(node, &name.text)),
            }
        }
        Ok(draft.finish())
    }

    /// The device that the found node is or is part of, in words.
    fn device(&self, paths: &mut Paths<'_, '_>) -> Result<String, Exhausted> {
        let tree = self.scope.judge.tree;
        let start = tree.origin(self.found.node());
        for node in std::iter::once(start).chain(tree.ancestors(start)) {
            let name = tree.name_id(node);
            let Some(device) = self.scope.policy.devices.iter().find(|device| device.element == name) else { continue };
            if let Some(phrase) = &device.phrase {
                return Ok(phrase.to_string());
            }
            if let Some(expression) = self.scope.policy.device_name(device, &self.scope.judge.engine.rules.vocabulary) {
                let own = quote(&expression.string(self.context, NodeRef::new(node))?);
                if !own.is_empty() {
                    return Ok(format!("{} `{own}`", device.noun));
                }
            }
            return Ok(match paths.position(node) {
                (_, 1) => format!("the {}", device.noun),
                (index, _) => format!("the {} {}", ordinal(index), device.noun),
            });
        }
        Ok(format!("`{}`", tree.qualified_name(start)))
    }
}

/// A value of the document as messages quote it: on one line and not too long.
pub(crate) fn quote(value: &str) -> String {
    let mut words = value.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        line.push(' ');
        line.push_str(word);
        if line.len() > 4 * LONGEST_QUOTE {
            break;
        }
    }
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn ordinal(number: usize) -> String {
    const WORDS: [&str; 10] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    match number.checked_sub(1).and_then(|index| WORDS.get(index)) {
        Some(word) => (*word).to_owned(),
        None => {
            let ending = match (number % 100, number % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        }
    }
}
