//! Rules over definitions: a tree and its definitions go in, findings come out. The engine knows trees and compiled policies, no formats
//! and no reports.

mod judge;
mod words;

use std::cell::{Cell, OnceCell};
use std::sync::{Arc, OnceLock};

use crate::definition::Definition;
use crate::finding::{Finding, Label, Severity};
use crate::hyperv;
use crate::paths::Paths;
use crate::policy::compile::{Compiled, CompiledRule, LateRule, RuleSet};
use crate::policy::environment::STRING_VARIABLES;
use crate::policy::index::{Entry, Index};
use crate::policy::packed::PackedBranch;
use crate::policy::schema::{Case, Context, Platform};
use crate::policy::tests::Test;
use crate::systems::{self, Guest};
use crate::tree::{Builder, NodeId, Tree};
use crate::verdict::{Gathering, Hold, Verdict};
use crate::xpath::{self, Clause};
use judge::{Judge, Subject};
pub(crate) use words::quote;

/// Rule id of notes that speak to vmlint in words it does not know.
pub const UNCLEAR_NOTES: &str = "vmlint/unclear-notes";

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
                let Some(find) = policy.find(rule, case_number, case) else { continue };
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
        let steps = hosts * xpath::budget_over(tree.len());
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

fn of_one_rule(a: &Entry, b: &Entry) -> bool {
    (a.policy, a.rule) == (b.policy, b.rule)
}
