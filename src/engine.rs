//! Rules over definitions: a tree and its definitions go in, findings come out. The engine knows trees and compiled policies, no formats
//! and no reports.

use std::cell::{Cell, OnceCell};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::definition::Definition;
use crate::finding::{Citation, Edit, Finding, Fix, Label, Severity};
use crate::fix::draft::{Draft, escaped_anywhere};
use crate::hyperv;
use crate::paths::Paths;
use crate::policy::compile::{Compiled, CompiledCase, CompiledRule, LateRule, Part, RuleSet, Template};
use crate::policy::environment::STRING_VARIABLES;
use crate::policy::fixes::{CompiledRecipe, Step};
use crate::policy::index::{Entry, Index};
use crate::policy::matrix::{Answering, Matrix, Support};
use crate::policy::packed::PackedBranch;
use crate::policy::schema::{Case, Context, Gate, Platform};
use crate::policy::tests::{Sizes, Test};
use crate::source::Span;
use crate::systems::{self, Guest};
use crate::tree::{Builder, NodeId, Tree};
use crate::verdict::{Gathering, Hold, Verdict};
use crate::xpath::{self, Clause, Exhausted, Expression, NodeRef};

/// Rule id of notes that speak to vmlint in words it does not know.
pub const UNCLEAR_NOTES: &str = "vmlint/unclear-notes";

/// The longest value of a document that a message quotes, in characters.
const LONGEST_QUOTE: usize = 120;

/// What is assumed about where the VMs run. What the user names comes before what a machine says of itself, and that before a default.
#[derive(Debug, Clone, Default)]
pub struct Assumptions {
    /// The hosts; every definition is judged for each that its platform has.
    pub hosts: Vec<Arc<str>>,
    /// Those of them that nobody named.
    pub assumed: Vec<Arc<str>>,
    /// The guest system that the user named.
    pub guest: Option<Guest>,
    /// The kind of guest drivers that the user named: one of [`systems::GUEST_DRIVERS`].
    pub guest_drivers: Option<Arc<str>>,
}

impl Assumptions {
    /// One host, named by the user, and nothing else.
    pub fn on(host: &str) -> Assumptions {
        Assumptions { hosts: vec![host.into()], ..Assumptions::default() }
    }

    /// The values of [`STRING_VARIABLES`] for one of the hosts, as far as they are the same for every definition.
    fn strings<'a>(&'a self, host: &'a str) -> [&'a str; STRING_VARIABLES.len()] {
        let guest = self.guest.as_ref().map_or("", |guest| guest.id());
        [host, guest, self.guest_drivers.as_deref().unwrap_or(BUILT_IN)]
    }

    /// Whether a branch finds nothing on any of the hosts, as nobody says anything about the guest.
    fn is_idle(&self, policy: &Compiled, branch: &PackedBranch<'_>) -> bool {
        let number = |host: &Arc<str>| policy.hosts.iter().position(|own| own == host);
        let is_idle = |number: usize| branch.idle.iter().any(|idle| usize::from(*idle) == number);
        self.guest.is_none() && self.guest_drivers.is_none() && self.hosts.iter().all(|host| number(host).is_none_or(is_idle))
    }
}

/// The guest drivers where nobody says anything else.
const BUILT_IN: &str = systems::GUEST_DRIVERS[0];

/// A rule set ready to judge.
#[derive(Debug)]
pub struct Engine<'r> {
    rules: &'r RuleSet,
    assumptions: &'r Assumptions,
    index: Index<'r>,
    tables: Tables<'r>,
}

/// The tables of each policy, made when the first expression asks for them.
#[derive(Debug)]
struct Tables<'r> {
    rules: &'r RuleSet,
    made: Vec<OnceLock<Vec<Tree<'r>>>>,
}

impl<'r> Tables<'r> {
    /// The tables of a policy, for a rule that asks for them.
    fn of(&self, policy: usize, rule: &LateRule) -> &[Tree<'r>] {
        let (Some(compiled), Some(place)) = (self.rules.policies.get(policy), self.made.get(policy)) else { return &[] };
        if !rule.asks_for_tables {
            return &[];
        }
        place.get_or_init(|| compiled.tables().iter().map(|table| table.tree(&self.rules.vocabulary)).collect())
    }
}

/// Files what the rules look for under what a document has to hold for it. What the hosts and the guest rule out is left out.
fn index<'r>(rules: &'r RuleSet, assumptions: &Assumptions, tables: &Tables<'r>) -> Index<'r> {
    let nothing = Builder::new("", &rules.vocabulary, 0, 0).finish();
    let mut index = Index::new(rules.vocabulary.len());
    let mut own: Vec<(Entry, Vec<Clause<'r>>)> = Vec::new();
    for (number, policy) in rules.policies.iter().enumerate() {
        // A machine of Hyper-V may say itself what guest and host it has.
        let settled = policy.platform == Platform::Libvirt;
        for (rule_number, rule) in policy.rules.iter().enumerate() {
            let entry = |case: usize, branch: usize| Entry::new(number, rule_number, case, branch);
            if let Some(branches) = policy.branches(rule) {
                for branch in branches.filter(|branch| !(settled && assumptions.is_idle(policy, branch))) {
                    index.file(entry(branch.case.into(), branch.branch.into()), policy.keys(branch));
                }
                continue;
            }
            let context = xpath::Context { tables: tables.of(number, rule), ..xpath::Context::new(&nothing) };
            let cases = policy.rule(rule_number).map_or(&[][..], |rule| &rule.cases);
            for (case_number, case) in cases.iter().enumerate() {
                let Some(find) = policy.find(case, &rules.vocabulary) else { continue };
                // A test on how many nodes there are can fail where there are none.
                let counts = case.case.tests.iter().any(|test| matches!(test, Test::Count { at_least: 1.., .. }));
                for (branch_number, branch) in find.branches().enumerate() {
                    let may_find = |host: &Arc<str>| {
                        let strings = assumptions.strings(host);
                        !branch.finds_nothing(&xpath::Context { strings: &strings, ..context })
                    };
                    if !settled || assumptions.hosts.iter().any(may_find) {
                        let clauses = if counts { Vec::new() } else { branch.keys_with(&context) };
                        own.push((entry(case_number, branch_number), clauses));
                    }
                }
            }
        }
    }
    xpath::rarest_first(own.iter_mut().map(|(_, clauses)| clauses));
    for (entry, clauses) in &own {
        index.file(*entry, xpath::in_a_row(clauses));
    }
    index
}

impl<'r> Engine<'r> {
    /// An engine for these rules.
    pub fn new(rules: &'r RuleSet, assumptions: &'r Assumptions) -> Engine<'r> {
        let tables = Tables { rules, made: rules.policies.iter().map(|_| OnceLock::new()).collect() };
        Engine { rules, assumptions, index: index(rules, assumptions, &tables), tables }
    }

    /// The rules.
    pub fn rules(&self) -> &'r RuleSet {
        self.rules
    }

    /// The ids of all rules, those that are switched off too.
    pub fn rule_ids(&self) -> impl Iterator<Item = &'r str> + Clone + use<'r> {
        let rules = self.rules.policies.iter().flat_map(|policy| &policy.rules);
        rules.map(|rule| &*rule.id).chain(self.rules.off.iter().map(|id| &**id))
    }

    /// Whether a rule has its say on at least one of the hosts.
    pub fn runs(&self, id: &str) -> bool {
        let on = |policy: &Compiled, rule: &CompiledRule, host: &Arc<str>| {
            let excepted = |case: &Case| case.except_hosts.iter().any(|(own, in_part)| own == host && in_part.is_none());
            let applies = |case: &Case| (case.hosts.is_empty() || case.hosts.contains(host)) && !excepted(case);
            (policy.named || policy.hosts.contains(host)) && rule.cases.iter().any(|case| applies(&case.case))
        };
        self.rules.policies.iter().any(|policy| {
            let rules = policy.rules.iter().enumerate().filter(|(_, rule)| *rule.id == *id && !rule.hidden);
            let mut rules = rules.filter_map(|(number, _)| policy.rule(number));
            rules.any(|rule| self.assumptions.hosts.iter().any(|host| on(policy, rule, host)))
        })
    }

    /// Judges the definitions of one document. No more than `most` findings are kept; `hold` marks those that are suppressed, where
    /// there are suppressions.
    pub fn judge(&self, tree: &Tree<'_>, definitions: &[Definition], most: usize, hold: Option<Hold<'_>>) -> Verdict {
        let candidates = self.index.candidates(tree);
        let hosts = self.assumptions.hosts.len().max(1) as u64;
        let steps = hosts * (STEPS + STEPS_FOR_A_NODE * tree.len() as u64);
        let mut gathering = Gathering::new(most, steps, hold);
        let steps = candidates.chunk_by(of_one_rule).map(|_| Cell::new(steps)).collect::<Vec<_>>();
        let mut paths = Paths::new(tree);
        for definition in definitions {
            let platform = definition.platform();
            let (candidates, steps, paths) = (&*candidates, &*steps, &mut paths);
            let mut document = Document { tree, platform, candidates, steps, paths, gathering: &mut gathering };
            match platform {
                Platform::Libvirt => {
                    let subject = Subject { guest: self.assumptions.guest.clone(), ..Subject::default() };
                    self.subject(&subject, &definition.contexts, &mut document);
                }
                Platform::HyperV => {
                    for context in &definition.contexts {
                        let subject = self.machine(tree, context.1, document.gathering);
                        self.subject(&subject, std::slice::from_ref(context), &mut document);
                    }
                }
            }
        }
        let mut verdict = gathering.verdict;
        verdict.exhausted.sort_by(|a, b| a.rule.cmp(&b.rule));
        verdict.exhausted.dedup_by(|a, b| a.rule == b.rule);
        verdict
    }

    /// What is known of a machine of Hyper-V beside its settings.
    fn machine(&self, tree: &Tree<'_>, vm: NodeId, gathering: &mut Gathering<'_>) -> Subject {
        let told = hyperv::told(tree, vm);
        for (what, help) in told.unclear {
            gathering.take(unclear(tree, vm, &what, help));
        }
        let named = &self.assumptions;
        let guest = named.guest.clone().or(told.guest);
        let asked = |policy: &Compiled| policy.platform == Platform::HyperV && policy.asks_for_guest;
        gathering.verdict.guests_unknown += usize::from(guest.is_none() && self.rules.policies.iter().any(asked));
        Subject { guest, host: told.host, drivers: named.guest_drivers.clone().or(told.drivers.map(Arc::from)) }
    }

    /// Judges a VM for each of its hosts.
    fn subject(&self, subject: &Subject, contexts: &[(Context, NodeId)], document: &mut Document<'_, '_, '_, '_>) {
        let Document { tree, platform, candidates, steps, paths, gathering } = document;
        if candidates.is_empty() {
            return;
        }
        let runs_it = |host: &str| Platform::of_host(host).is_none_or(|own| own == *platform);
        let is_named = |host: &Arc<str>| !self.assumptions.assumed.contains(host);
        let hosts: Vec<&Arc<str>> = self.assumptions.hosts.iter().filter(|host| runs_it(host)).collect();
        let hosts = match &subject.host {
            Some(own) if !hosts.iter().any(|host| is_named(host)) => vec![own],
            _ => hosts,
        };
        for host in hosts {
            let columns = self.rules.policies.iter().map(|_| OnceCell::new()).collect();
            Judge { engine: self, subject, tree, host, candidates, steps, columns }.contexts(contexts, paths, gathering);
        }
    }
}

/// A finding of the engine itself: the notes of a machine say something to vmlint that it does not understand.
fn unclear(tree: &Tree<'_>, vm: NodeId, what: &str, help: Option<String>) -> Finding {
    let mut paths = Paths::new(tree);
    let node = paths.path(vm);
    let notes = tree.attributes(vm).find(|&attribute| tree.attribute_local_name(attribute) == "notes");
    let span = notes.map_or(tree.start_tag(vm), |notes| tree.attribute_span(notes));
    let name = paths.identities.machine(Context::Vm, vm).name.clone();
    let who = name.as_ref().map_or_else(|| "the machine".to_owned(), |name| format!("`{}`", quote(name)));
    let place = Label { span: tree.start_tag(vm), node: node.clone(), text: String::new() };
    let message = format!("the notes of {who} tell vmlint {}, which it does not know", quote(what));
    Finding {
        focus: Label { span, node, text: String::new() },
        vm: name,
        identity: paths.identities.of(Context::Vm, vm, vm),
        ..Finding::own(UNCLEAR_NOTES, Severity::Warning, place, message, help)
    }
}

/// A definition on its way through the rules.
struct Document<'d, 'p, 'g, 'r> {
    tree: &'p Tree<'r>,
    platform: Platform,
    candidates: &'d [Entry],
    steps: &'d [Cell<u64>],
    paths: &'d mut Paths<'p, 'r>,
    gathering: &'d mut Gathering<'g>,
}

/// What is known of a VM beside its definition.
#[derive(Debug, Default)]
struct Subject {
    guest: Option<Guest>,
    /// The host, where the machine itself names it.
    host: Option<Arc<str>>,
    drivers: Option<Arc<str>>,
}

impl Subject {
    fn drivers(&self) -> &str {
        self.drivers.as_deref().unwrap_or(BUILT_IN)
    }
}

/// One VM judged for one host.
struct Judge<'j, 'r> {
    engine: &'j Engine<'r>,
    subject: &'j Subject,
    tree: &'j Tree<'j>,
    host: &'j Arc<str>,
    candidates: &'j [Entry],
    /// How many steps each rule among them may still take on the document.
    steps: &'j [Cell<u64>],
    /// Of each policy with a matrix the column that answers, looked up when the first rule asks.
    columns: Vec<OnceCell<Option<Answering<'j>>>>,
}

/// Steps that the expressions of a rule may take on one file, and how many more for each of its nodes. Rules that compare each device
/// with all others run out of them on files with thousands of devices; all others take a few for each node.
const STEPS: u64 = xpath::DEFAULT_BUDGET;
const STEPS_FOR_A_NODE: u64 = 16;

/// Places beside a finding that cost nothing, and the steps that each further one takes.
const FREE_LABELS: usize = 4;
const STEPS_FOR_A_LABEL: u64 = 1024;

/// Bytes of a text that cost nothing. Each further one is a step.
const FREE_TEXT: usize = 512;

/// Takes steps for what is written, which no expression counts.
fn spend(left: &Cell<u64>, steps: u64) -> Result<(), Exhausted> {
    let rest = left.get().checked_sub(steps);
    left.set(rest.unwrap_or(0));
    rest.map(|_| ()).ok_or(Exhausted)
}

fn of_one_rule(a: &Entry, b: &Entry) -> bool {
    (a.policy, a.rule) == (b.policy, b.rule)
}

impl<'j> Judge<'j, '_> {
    fn contexts(&self, contexts: &[(Context, NodeId)], paths: &mut Paths<'_, '_>, gathering: &mut Gathering<'_>) {
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
struct Scope<'s, 'j, 'r> {
    judge: &'s Judge<'j, 'r>,
    /// The policy's place in the rule set.
    number: usize,
    policy: &'j Compiled,
    tables: &'s [Tree<'r>],
    late: &'s LateRule,
    rule: &'s CompiledRule,
    context: Context,
    node: NodeId,
    /// How many steps it may still take on the document.
    steps: &'s Cell<u64>,
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
            let Some(case) = self.rule.cases.get(usize::from(branches[0].case)) else { continue };
            let Some(ground) = self.judge.ground(self.number, self.policy, &self.late.id, &case.case) else { continue };
            let Some(find) = self.policy.find(case, &self.judge.engine.rules.vocabulary) else { continue };
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

/// Fills templates for one found node.
struct Words<'w, 's, 'j, 'r> {
    scope: &'w Scope<'s, 'j, 'r>,
    context: &'w xpath::Context<'w>,
    found: NodeRef,
    violation: Option<&'w str>,
    /// How many steps the expressions of fixes may still take.
    steps_for_fixes: &'w Cell<u64>,
}

impl Words<'_, '_, '_, '_> {
    /// For people: what the document says is on one line and not too long.
    fn fill(&self, template: &Template, paths: &mut Paths<'_, '_>) -> Result<String, Exhausted> {
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
    fn fixes(&self, recipes: &[CompiledRecipe], paths: &mut Paths<'_, '_>) -> Result<Vec<Fix>, Exhausted> {
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
