//! Rules over definitions: a tree and its definitions go in, findings come out. The engine knows trees and compiled policies, no formats
//! and no reports.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::definition::{self, Definition};
use crate::finding::{Finding, Label};
use crate::paths::Paths;
use crate::policy::compile::{Compiled, CompiledCase, CompiledRule, Part, RuleSet, STRING_VARIABLES, Template};
use crate::policy::index::{Entry, Index};
use crate::policy::schema::{Context, Platform};
use crate::policy::tests::Test;
use crate::source::Span;
use crate::tree::{Builder, NodeId, Tree};
use crate::xpath::{self, Exhausted, NodeRef};

/// The longest value of a document that a message quotes, in characters.
const LONGEST_QUOTE: usize = 120;

/// What is assumed about where the VMs run.
#[derive(Debug, Clone)]
pub struct Assumptions {
    /// The hosts; every definition is judged for each that its platform has.
    pub hosts: Vec<Arc<str>>,
    /// The guest system that the user named.
    pub guest: Option<Arc<str>>,
    /// `built-in`, `lis-4.1` or `lis-4.3`.
    pub guest_drivers: Arc<str>,
}

impl Assumptions {
    /// The values of [`STRING_VARIABLES`] for one of the hosts.
    fn strings<'a>(&'a self, host: &'a str) -> [&'a str; STRING_VARIABLES.len()] {
        [host, self.guest.as_deref().unwrap_or_default(), &self.guest_drivers]
    }
}

/// A rule set ready to judge.
#[derive(Debug)]
pub struct Engine<'r> {
    rules: &'r RuleSet,
    assumptions: &'r Assumptions,
    index: Index,
    /// The tables of each policy.
    tables: Vec<Vec<Tree<'r>>>,
    /// For each host the policies that judge for it, one flag a policy.
    selected: Vec<Vec<bool>>,
}

/// What the engine says of one file.
#[derive(Debug, Default)]
pub struct Verdict {
    /// In the order of their places, then of their rules.
    pub findings: Vec<Finding>,
    /// Rules that took too many steps on this document; what they would have found is not known.
    pub exhausted: Vec<Arc<str>>,
}

impl<'r> Engine<'r> {
    /// An engine for these rules.
    pub fn new(rules: &'r RuleSet, assumptions: &'r Assumptions) -> Engine<'r> {
        let tables = |policy: &'r Compiled| policy.tables.iter().map(|table| table.tree(&rules.vocabulary)).collect();
        let judges = |host: &Arc<str>| rules.policies.iter().map(|policy| policy.named || policy.hosts.contains(host)).collect();
        let tables: Vec<Vec<Tree<'r>>> = rules.policies.iter().map(tables).collect();
        let nothing = Builder::new("", &rules.vocabulary, 0, 0).finish();
        let index = Index::new(&rules.policies, rules.vocabulary.len(), |entry, branch| {
            let tables = tables.get(usize::from(entry.policy)).map_or(&[][..], Vec::as_slice);
            let context = xpath::Context { document: &nothing, tables, strings: &[], budget: xpath::DEFAULT_BUDGET };
            // What the hosts and the guest rule out is not even indexed.
            let may_find = assumptions.hosts.iter().any(|host| {
                let strings = assumptions.strings(host);
                !branch.finds_nothing(&xpath::Context { strings: &strings, ..context })
            });
            may_find.then(|| branch.keys_with(&context))
        });
        let selected = assumptions.hosts.iter().map(judges).collect();
        Engine { rules, assumptions, index, tables, selected }
    }

    /// The rules.
    pub fn rules(&self) -> &'r RuleSet {
        self.rules
    }

    /// Judges the definitions of one document.
    pub fn judge(&self, tree: &Tree<'r>, definitions: &[Definition]) -> Verdict {
        let mut verdict = Verdict::default();
        let candidates = self.index.candidates(tree);
        if candidates.is_empty() {
            return verdict;
        }
        let mut paths = Paths::new(tree);
        for definition in definitions {
            let platform = definition.platform();
            let runs_it = |host: &str| Platform::of_host(host).is_none_or(|own| own == platform);
            for (host, selected) in self.assumptions.hosts.iter().zip(&self.selected).filter(|(host, _)| runs_it(host)) {
                let judge = Judge { engine: self, tree, host, selected, candidates: &candidates };
                judge.definition(definition, &mut paths, &mut verdict);
            }
        }
        verdict.findings.sort_by(|a, b| {
            fn key(f: &Finding) -> (u32, &str, u32, Option<&str>) {
                (f.place.span.start, &f.rule, f.focus.span.start, f.host.as_deref())
            }
            key(a).cmp(&key(b))
        });
        verdict.exhausted.sort();
        verdict.exhausted.dedup();
        verdict
    }
}

/// One document judged for one host.
struct Judge<'j, 'r> {
    engine: &'j Engine<'r>,
    tree: &'j Tree<'r>,
    host: &'j Arc<str>,
    selected: &'j [bool],
    candidates: &'j [Entry],
}

impl Judge<'_, '_> {
    fn definition(&self, definition: &Definition, paths: &mut Paths<'_, '_>, verdict: &mut Verdict) {
        let before = verdict.findings.len();
        if self.rules(definition, true, paths, verdict) {
            // An exclusive rule that is not to be shown still silences the others.
            let shown = verdict.findings.split_off(before);
            let hidden = |finding: &Finding| self.is_hidden(&finding.rule);
            verdict.findings.extend(shown.into_iter().filter(|finding| !hidden(finding)));
            return;
        }
        self.rules(definition, false, paths, verdict);
    }

    fn is_hidden(&self, id: &Arc<str>) -> bool {
        self.engine.rules.policies.iter().flat_map(|policy| &policy.rules).any(|rule| rule.hidden && rule.id == *id)
    }

    /// Runs the exclusive rules, or all others; says whether any fired.
    fn rules(&self, definition: &Definition, exclusive: bool, paths: &mut Paths<'_, '_>, verdict: &mut Verdict) -> bool {
        let before = verdict.findings.len();
        for &(context, node) in &definition.contexts {
            for entries in self.candidates.chunk_by(|a, b| (a.policy, a.rule) == (b.policy, b.rule)) {
                let Some(policy) = entries.first().and_then(|entry| self.engine.rules.policies.get(usize::from(entry.policy)))
                else {
                    continue;
                };
                let Some(rule) = entries.first().and_then(|entry| policy.rules.get(usize::from(entry.rule))) else { continue };
                let applies = rule.exclusive == exclusive && rule.contexts.contains(&context);
                if !applies || !self.selected.get(usize::from(entries[0].policy)).is_some_and(|&selected| selected) {
                    continue;
                }
                let number = usize::from(entries[0].policy);
                let scope = Scope { judge: self, policy, tables: &self.engine.tables[number], rule, context, node };
                if scope.rule(entries, paths, &mut verdict.findings).is_err() {
                    verdict.exhausted.push(rule.id.clone());
                }
            }
        }
        verdict.findings.len() > before
    }
}

/// One rule at one context node.
struct Scope<'s, 'j, 'r> {
    judge: &'s Judge<'j, 'r>,
    policy: &'s Compiled,
    tables: &'s [Tree<'r>],
    rule: &'s CompiledRule,
    context: Context,
    node: NodeId,
}

impl Scope<'_, '_, '_> {
    fn rule(&self, entries: &[Entry], paths: &mut Paths<'_, '_>, findings: &mut Vec<Finding>) -> Result<(), Exhausted> {
        let assumptions = self.judge.engine.assumptions;
        let strings = assumptions.strings(self.judge.host);
        let context =
            xpath::Context { document: self.judge.tree, tables: self.tables, strings: &strings, budget: xpath::DEFAULT_BUDGET };
        // A node that several cases find counts for the first of them.
        let mut taken: FxHashSet<NodeId> = FxHashSet::default();
        for branches in entries.chunk_by(|a, b| a.case == b.case) {
            let Some(case) = self.rule.cases.get(usize::from(branches[0].case)) else { continue };
            let mut found: Vec<NodeRef> = Vec::new();
            for entry in branches {
                if let Some(branch) = case.find.branches().nth(usize::from(entry.branch)) {
                    found.extend(branch.nodes(&context, NodeRef::new(self.node))?);
                }
            }
            if branches.len() > 1 {
                found.sort_unstable();
                found.dedup();
            }
            self.case(case, &context, found, &mut taken, paths, findings)?;
        }
        Ok(())
    }

    fn case(
        &self,
        case: &CompiledCase,
        context: &xpath::Context<'_>,
        found: Vec<NodeRef>,
        taken: &mut FxHashSet<NodeId>,
        paths: &mut Paths<'_, '_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Exhausted> {
        let counted = case.tests.iter().find_map(|test| match test {
            Test::Count { at_least, at_most } => Some((*at_least, *at_most)),
            _ => None,
        });
        if let Some((at_least, at_most)) = counted {
            let many = found.len();
            let offender =
                if many > at_most { found.get(at_most).copied() } else { (many < at_least).then(|| NodeRef::new(self.node)) };
            if let Some(offender) = offender {
                let bound = if many > at_most { format!("more than {at_most}") } else { format!("less than {at_least}") };
                self.offender(case, context, offender, Some(format!("{many} is {bound}")), taken, paths, findings)?;
            }
            return Ok(());
        }
        for node in found {
            if case.tests.is_empty() {
                self.offender(case, context, node, None, taken, paths, findings)?;
                continue;
            }
            let value = context.string_value(node);
            let unit = self.judge.tree.attribute(node.node(), "unit");
            if let Some(violation) = case.tests.iter().find_map(|test| test.violation(&value, unit)) {
                self.offender(case, context, node, Some(violation), taken, paths, findings)?;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn offender(
        &self,
        case: &CompiledCase,
        context: &xpath::Context<'_>,
        found: NodeRef,
        violation: Option<String>,
        taken: &mut FxHashSet<NodeId>,
        paths: &mut Paths<'_, '_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Exhausted> {
        let tree = self.judge.tree;
        // Only nodes of the document can be pointed at.
        if found.tree() != 0 {
            return Ok(());
        }
        for (_, exception) in case.except_hosts.iter().filter(|(host, _)| host == self.judge.host) {
            let excepted = match exception {
                None => true,
                Some(expression) => expression.boolean(context, found.owner())?,
            };
            if excepted {
                return Ok(());
            }
        }
        let offender = tree.origin(element_of(tree, found.node()));
        if !taken.insert(offender) {
            return Ok(());
        }
        let words = Words { scope: self, context, found: found.owner(), violation: violation.as_deref() };
        let wording = case.wording(&self.judge.engine.rules.vocabulary);
        let focus = match &wording.at {
            Some(at) => at.first(context, found.owner())?.unwrap_or(found),
            None => found,
        };
        let mut related = Vec::new();
        for (expression, label) in &wording.related {
            for node in expression.nodes(context, found.owner())? {
                let text = label.as_ref().map_or(Ok(String::new()), |label| words.fill(label, paths))?;
                related.push(Label { span: span_of(tree, node), node: paths.path(node.node()), text });
            }
        }
        let label = wording.label.as_ref().map_or(Ok(String::new()), |label| words.fill(label, paths))?;
        let assumptions = self.judge.engine.assumptions;
        let path = paths.path(offender);
        findings.push(Finding {
            rule: self.rule.id.clone(),
            severity: case.severity,
            status: Some(case.status),
            message: words.fill(&wording.message, paths)?,
            focus: Label {
                span: span_of(tree, focus),
                node: if focus.node() == offender { path.clone() } else { paths.path(focus.node()) },
                text: label,
            },
            place: Label { span: tree.start_tag(offender), node: path, text: String::new() },
            related,
            help: Some(words.fill(&wording.help, paths)?),
            source: Some(case.citation.clone()),
            decision: Some(case.place.decision()),
            vm: definition::vm_name(tree, self.context, self.node),
            host: Some(self.judge.host.clone()),
            guest: assumptions.guest.clone(),
        });
        Ok(())
    }
}

/// The element that a node is or lies in.
fn element_of(tree: &Tree<'_>, node: NodeId) -> NodeId {
    if tree.is_element(node) { node } else { tree.parent(node).unwrap_or(node) }
}

/// What is underlined for a node: an attribute, a start tag, the text itself.
fn span_of(tree: &Tree<'_>, node: NodeRef) -> Span {
    match node.attribute(tree) {
        Some(attribute) if node.tree() == 0 => tree.attribute_span(attribute),
        _ => tree.start_tag(node.node()),
    }
}

/// Fills templates for one found node.
struct Words<'w, 's, 'j, 'r> {
    scope: &'w Scope<'s, 'j, 'r>,
    context: &'w xpath::Context<'w>,
    found: NodeRef,
    violation: Option<&'w str>,
}

impl Words<'_, '_, '_, '_> {
    fn fill(&self, template: &Template, paths: &mut Paths<'_, '_>) -> Result<String, Exhausted> {
        let mut text = String::new();
        for part in &template.0 {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Device => text.push_str(&self.device(paths)?),
                Part::Violation => text.push_str(self.violation.unwrap_or_default()),
                Part::Value(expression) => text.push_str(&quote(&expression.string(self.context, self.found)?)),
            }
        }
        Ok(text)
    }

    /// The device that the found node is or is part of, in words.
    fn device(&self, paths: &mut Paths<'_, '_>) -> Result<String, Exhausted> {
        let tree = self.scope.judge.tree;
        let start = tree.origin(self.found.node());
        for node in std::iter::once(start).chain(tree.ancestors(start)) {
            let name = tree.name_id(node);
            let Some(device) = self.scope.policy.devices.iter().find(|device| device.element == name) else { continue };
            if let Some(phrase) = &device.phrase {
                return Ok(phrase.clone());
            }
            if let Some(expression) = &device.name {
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
fn quote(value: &str) -> String {
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
