//! One VM judged for one host: which cases apply to it, what they find, and the findings made of that.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::words::Words;
use super::{BUILT_IN, Engine, of_one_rule};
use crate::finding::{Citation, Finding, Label};
use crate::paths::Paths;
use crate::policy::compile::{Compiled, CompiledCase, CompiledRule, LateRule};
use crate::policy::index::Entry;
use crate::policy::matrix::{Answering, Matrix, Support};
use crate::policy::schema::{Case, Context, Gate};
use crate::policy::tests::{Sizes, Test};
use crate::source::Span;
use crate::systems::Guest;
use crate::tree::{NodeId, Tree};
use crate::verdict::Gathering;
use crate::xpath::{self, Exhausted, NodeRef};

/// What is known of a VM beside its definition.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub guest: Option<Guest>,
    /// The host, where the machine itself names it.
    pub host: Option<Arc<str>>,
    pub drivers: Option<Arc<str>>,
}

impl Subject {
    pub fn drivers(&self) -> &str {
        self.drivers.as_deref().unwrap_or(BUILT_IN)
    }
}

/// One VM judged for one host.
pub(super) struct Judge<'j, 'r> {
    pub engine: &'j Engine<'r>,
    pub subject: &'j Subject,
    pub tree: &'j Tree<'j>,
    pub host: &'j Arc<str>,
    pub candidates: &'j [Entry],
    /// How many steps each rule among them may still take on the document.
    pub steps: &'j [Cell<u64>],
    /// Of each policy with a matrix the column that answers, looked up when the first rule asks.
    pub columns: Vec<OnceCell<Option<Answering<'j>>>>,
}

/// Places beside a finding that cost nothing, and the steps that each further one takes.
const FREE_LABELS: usize = 4;
const STEPS_FOR_A_LABEL: u64 = 1024;

/// Takes steps for what is written, which no expression counts.
pub(super) fn spend(left: &Cell<u64>, steps: u64) -> Result<(), Exhausted> {
    let rest = left.get().checked_sub(steps);
    left.set(rest.unwrap_or(0));
    rest.map(|_| ()).ok_or(Exhausted)
}

impl<'j> Judge<'j, '_> {
    pub fn contexts(&self, contexts: &[(Context, NodeId)], paths: &mut Paths<'_, '_>, gathering: &mut Gathering<'_>) {
        if self.rules(contexts, true, paths, gathering) {
            gathering.verdict.silenced = true;
        } else {
            self.rules(contexts, false, paths, gathering);
        }
    }

    /// Runs the exclusive rules, or all others; says whether any fired.
    fn rules(
        &self,
        contexts: &[(Context, NodeId)],
        exclusive: bool,
        paths: &mut Paths<'_, '_>,
        gathering: &mut Gathering<'_>,
    ) -> bool {
        let before = gathering.count;
        for &(context, node) in contexts {
            for (entries, steps) in self.candidates.chunk_by(of_one_rule).zip(self.steps) {
                let Some(policy) = entries.first().and_then(|entry| self.engine.rules.policies.get(usize::from(entry.policy)))
                else {
                    continue;
                };
                let (number, rule_number) = (usize::from(entries[0].policy), usize::from(entries[0].rule));
                let Some(late) = policy.rules.get(rule_number) else { continue };
                let selected = policy.named || policy.hosts.contains(self.host);
                if !selected || late.exclusive != exclusive {
                    continue;
                }
                let Some(rule) = policy.rule(rule_number).filter(|rule| rule.contexts.contains(&context)) else { continue };
                let tables = self.engine.tables.of(number, late);
                let scope = Scope { judge: self, number, policy, tables, late, rule, context, node, steps };
                if let Err((Exhausted, case)) = scope.rule(entries, paths, gathering) {
                    gathering.give_up(&late.id, policy.decision(late, case));
                }
            }
        }
        gathering.count > before
    }

    /// What a case rests on here; none where it is not about this guest or host, or the support matrix says that it does not apply.
    fn ground(&self, number: usize, policy: &'j Compiled, id: &str, case: &Case) -> Option<Ground<'j>> {
        let guest = self.subject.guest.as_ref();
        let is_guest = || guest.is_some_and(|guest| case.guests.iter().any(|pattern| pattern.matches(guest)));
        if !(case.hosts.is_empty() || case.hosts.contains(self.host)) || !(case.guests.is_empty() || is_guest()) {
            return None;
        }
        if case.gate == Gate::Open {
            return Some(Ground::Document);
        }
        let (guest, matrix) = (guest?, policy.matrix.as_deref()?);
        let column = *self.columns.get(number)?.get_or_init(|| matrix.answering(guest, self.subject.drivers(), self.host));
        let column = column?;
        match &case.gate {
            Gate::Open => None,
            Gate::Missing(feature) => {
                let missing = matches!(column.answer(*feature, self.host).support, Support::No | Support::NotApplicable);
                missing.then_some(Ground::Missing(matrix, column, *feature))
            }
            Gate::Noted(features) => {
                let id = id.split_once('/').map_or("", |(_, id)| id);
                let (feature, note) = column.noting(features, self.host, id)?;
                Some(Ground::Noted(matrix, column, feature, note.number))
            }
        }
    }
}

/// What a case rests on.
enum Ground<'j> {
    /// The document that it names itself.
    Document,
    /// A cell of the matrix that says that the feature is not there.
    Missing(&'j Matrix, Answering<'j>, usize),
    /// A note on a cell of the matrix.
    Noted(&'j Matrix, Answering<'j>, usize, u16),
}

impl Ground<'_> {
    fn citation(&self, case: &Case) -> Option<Arc<Citation>> {
        let cite = |matrix: &Matrix, column: &Answering<'_>, feature: usize, note| {
            matrix.features.get(feature).map(|feature| Arc::new(column.citation(feature, note)))
        };
        match self {
            Ground::Document => case.citation.clone(),
            Ground::Missing(matrix, column, feature) => cite(matrix, column, *feature, None),
            Ground::Noted(matrix, column, feature, note) => cite(matrix, column, *feature, Some(*note)),
        }
    }
}

/// One rule at one context node.
pub(super) struct Scope<'s, 'j, 'r> {
    pub judge: &'s Judge<'j, 'r>,
    /// The policy's place in the rule set.
    pub number: usize,
    pub policy: &'j Compiled,
    pub tables: &'s [Tree<'r>],
    pub late: &'s LateRule,
    pub rule: &'s CompiledRule,
    pub context: Context,
    pub node: NodeId,
    /// How many steps it may still take on the document.
    pub steps: &'s Cell<u64>,
}

impl<'s, 'j> Scope<'s, 'j, '_> {
    /// Runs the rule; gives the case that took too many steps, if one did.
    fn rule<'g>(
        &self,
        entries: &[Entry],
        paths: &mut Paths<'_, '_>,
        gathering: &mut Gathering<'g>,
    ) -> Result<(), (Exhausted, &'s CompiledCase)> {
        let subject = self.judge.subject;
        let strings = [&**self.judge.host, subject.guest.as_ref().map_or("", |guest| guest.id()), subject.drivers()];
        let context = xpath::Context {
            document: self.judge.tree,
            tables: self.tables,
            strings: &strings,
            budget: u64::MAX,
            shared: Some(self.steps),
        };
        let mut harvest = Harvest { taken: FxHashSet::default(), paths, gathering };
        for branches in entries.chunk_by(|a, b| a.case == b.case) {
            let number = usize::from(branches[0].case);
            let Some(case) = self.rule.cases.get(number) else { continue };
            let Some(ground) = self.judge.ground(self.number, self.policy, &self.late.id, &case.case) else { continue };
            let Some(find) = self.policy.find(self.late, number, case) else { continue };
            let mut found: Vec<NodeRef> = Vec::new();
            for entry in branches {
                if let Some(branch) = find.branches().nth(usize::from(entry.branch)) {
                    found.extend(branch.nodes(&context, NodeRef::new(self.node)).map_err(|exhausted| (exhausted, case))?);
                }
            }
            if branches.len() > 1 {
                found.sort_unstable();
                found.dedup();
            }
            self.case(&Way { case, ground, context: &context }, found, &mut harvest).map_err(|exhausted| (exhausted, case))?;
        }
        Ok(())
    }

    fn case(&self, way: &Way<'_>, found: Vec<NodeRef>, harvest: &mut Harvest<'_, '_, '_, '_>) -> Result<(), Exhausted> {
        let Way { case, context, .. } = way;
        let counted = case.case.tests.iter().find_map(|test| match test {
            Test::Count { at_least, at_most } => Some((*at_least, *at_most)),
            _ => None,
        });
        if let Some((at_least, at_most)) = counted {
            let many = found.len();
            let offender =
                if many > at_most { found.get(at_most).copied() } else { (many < at_least).then(|| NodeRef::new(self.node)) };
            if let Some(offender) = offender {
                let bound = if many > at_most { format!("more than {at_most}") } else { format!("less than {at_least}") };
                self.offender(way, offender, Some(format!("{many} is {bound}")), harvest)?;
            }
            return Ok(());
        }
        for node in found {
            if case.case.tests.is_empty() {
                self.offender(way, node, None, harvest)?;
                continue;
            }
            let value = context.string_value(node);
            let sizes = match self.context {
                Context::Vm => Sizes::Bytes,
                _ => Sizes::Libvirt(self.judge.tree.attribute(node.node(), "unit")),
            };
            if let Some(violation) = case.case.tests.iter().find_map(|test| test.violation(&value, sizes)) {
                self.offender(way, node, Some(violation), harvest)?;
            }
        }
        Ok(())
    }

    fn offender(
        &self,
        Way { case, ground, context }: &Way<'_>,
        found: NodeRef,
        violation: Option<String>,
        Harvest { taken, paths, gathering }: &mut Harvest<'_, '_, '_, '_>,
    ) -> Result<(), Exhausted> {
        let tree = self.judge.tree;
        // Only nodes of the document can be pointed at.
        if found.tree() != 0 {
            return Ok(());
        }
        let wording = self.policy.wording(case, &self.judge.engine.rules.vocabulary);
        for (_, exception) in wording.except_hosts.iter().filter(|(host, _)| host == self.judge.host) {
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
        gathering.count += 1;
        // An exclusive rule that is not to be shown still silences the others.
        if self.late.hidden {
            return Ok(());
        }
        if gathering.is_beyond(tree.start_tag(offender).start) {
            gathering.verdict.findings.leave_out(case.severity);
            return Ok(());
        }
        let steps_for_fixes = &gathering.steps_for_fixes;
        let words = Words { scope: self, context, found: found.owner(), violation: violation.as_deref(), steps_for_fixes };
        let focus = match &wording.at {
            Some(at) => at.first(context, found.owner())?.unwrap_or(found),
            None => found,
        };
        let mut related = Vec::new();
        for (expression, label) in &wording.related {
            for node in expression.nodes(context, found.owner())? {
                if related.len() >= FREE_LABELS {
                    spend(self.steps, STEPS_FOR_A_LABEL)?;
                }
                let text = label.as_ref().map_or(Ok(String::new()), |label| words.fill(label, paths))?;
                related.push(Label { span: span_of(tree, node), node: paths.path(node.node()), text });
            }
        }
        let label = wording.label.as_ref().map_or(Ok(String::new()), |label| words.fill(label, paths))?;
        let path = paths.path(offender);
        let finding = Finding {
            rule: self.late.id.clone(),
            severity: case.severity,
            status: Some(case.case.status),
            message: words.fill(&wording.message, paths)?,
            focus: Label {
                span: span_of(tree, focus),
                node: if focus.node() == offender { path.clone() } else { paths.path(focus.node()) },
                text: label,
            },
            place: Label { span: tree.start_tag(offender), node: path, text: String::new() },
            related,
            help: Some(self.help(ground, words.fill(&wording.help, paths)?)),
            source: ground.citation(&case.case),
            decision: Some(self.policy.decision(self.late, case)),
            vm: paths.identities.machine(self.context, self.node).name.clone(),
            host: Some(self.judge.host.clone()),
            guest: self.judge.subject.guest.as_ref().map(|guest| guest.id().clone()),
            identity: paths.identities.of(self.context, self.node, offender),
            suppressed: None,
            fixes: words.fixes(&wording.fixes, paths)?,
        };
        gathering.take(finding);
        Ok(())
    }

    /// A rule's advice, and for a feature that is missing where the guest would have it.
    fn help(&self, ground: &Ground<'_>, advice: String) -> String {
        let (Ground::Missing(matrix, _, feature), Some(guest)) = (ground, &self.judge.subject.guest) else { return advice };
        match matrix.elsewhere(guest, self.judge.subject.drivers(), self.judge.host, *feature) {
            elsewhere if elsewhere.is_empty() => advice,
            elsewhere => format!("{advice} {elsewhere}"),
        }
    }
}

/// One case at one context node.
struct Way<'w> {
    case: &'w CompiledCase,
    ground: Ground<'w>,
    context: &'w xpath::Context<'w>,
}

/// What one rule has found at one context node.
struct Harvest<'h, 'p, 'g, 'r> {
    /// A node that several cases find counts for the first of them.
    taken: FxHashSet<NodeId>,
    paths: &'h mut Paths<'p, 'r>,
    gathering: &'h mut Gathering<'g>,
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
