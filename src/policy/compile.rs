//! From checked policies to a [`RuleSet`]: expressions compiled, templates taken apart, tables read.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::environment::environment;
use super::fixes::CompiledRecipe;
use super::load::{self, Citations};
use super::matrix::Matrix;
use super::names;
use super::packed::{PackedBranch, PackedRule};
use super::schema::{Case, Context, Device, Fault, Gate, Platform, Policy, Rule, Text};
use super::table::Table;
use super::template::{Piece, pieces};
use super::yaml::Written;
use crate::finding::{Decision, Severity};
use crate::source::{Line, Source};
use crate::tree::{NameId, Vocabulary};
use crate::xpath::{self, Environment, Expression, Key};
use crate::{hyperv, libvirt, suppress};

/// A policy with the file it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The file; its path as the user named it, or `policies/…` for a built-in one.
    pub source: Arc<Source>,
    /// What it says.
    pub policy: Policy,
    /// The texts of its tables, in the order of [`Policy::tables`].
    pub tables: Vec<Cow<'static, str>>,
    /// The rules of a built-in policy, where they are to be read when a document may match them; the policy itself then has none.
    pub packed: Option<Arc<PackedRules>>,
    /// Whether it is the user's own.
    pub own: bool,
}

/// The rules of a built-in policy as they were packed, and what they need to be read.
#[derive(Debug)]
pub struct PackedRules {
    /// As [`super::packed::Packed::names`].
    pub names: Vec<(&'static str, &'static str)>,
    /// As [`super::packed::Packed::rules`].
    pub rules: Vec<PackedRule<'static>>,
    pub(super) citations: Citations,
}

impl Loaded {
    /// The ids of its rules.
    pub fn rule_ids(&self) -> impl Iterator<Item = Arc<str>> {
        let packed = self.packed.iter().flat_map(|packed| &packed.rules);
        let packed = packed.map(|rule| format!("{}/{}", self.policy.id, rule.id).into());
        self.policy.rules.iter().map(|rule| rule.id.clone()).chain(packed)
    }
}

/// What is to be done with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Run it.
    Run,
    /// Run it with another severity.
    RunAs(Severity),
    /// Do not show what it finds.
    Off,
}

/// Compiled policies. Immutable; shared by all threads.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) policies: Vec<Compiled>,
    /// Ids of the rules that are switched off.
    pub(crate) off: Vec<Arc<str>>,
    /// What is to be done with the rules about suppressions.
    own: Vec<(&'static str, Choice)>,
}

impl RuleSet {
    /// The names that the rules ask for; every tree they judge numbers its names by it.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What is to be done with one of vmlint's own rules.
    pub(crate) fn own(&self, id: &str) -> Choice {
        self.own.iter().find(|(own, _)| *own == id).map_or(Choice::Run, |(_, choice)| *choice)
    }

    /// Whether any rule is about definitions of this platform.
    pub fn judges(&self, platform: Platform) -> bool {
        self.policies.iter().any(|policy| policy.platform == platform && !policy.rules.is_empty())
    }
}

/// One compiled policy.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub platform: Platform,
    pub hosts: Vec<Arc<str>>,
    /// Named with `--policy`: judges for every host.
    pub named: bool,
    pub devices: Vec<DeviceName>,
    pub matrix: Option<Arc<Matrix>>,
    /// Whether any rule applies only to some guests.
    pub asks_for_guest: bool,
    pub rules: Vec<LateRule>,
    tables: Vec<Cow<'static, str>>,
    tables_read: OnceLock<Vec<Table>>,
    /// The numbers of the names that packed rules ask for, by those that they were packed with.
    names: Vec<NameId>,
    desk: Desk,
}

/// What rules are read and compiled with.
#[derive(Debug)]
struct Desk {
    /// A built-in policy without its rules, and these.
    packed: Option<(Policy, Arc<PackedRules>)>,
    /// Whether the policy is the user's own.
    own: bool,
    source: Arc<Source>,
    environment: Arc<Environment>,
}

impl Desk {
    /// Compiles what tests have seen to be without a fault. The vocabulary holds every name already.
    fn late<T>(&self, vocabulary: &Vocabulary, compile: impl FnOnce(&mut Compiler<'_>) -> T) -> T {
        compile(&mut Compiler {
            source: self.source.clone(),
            checked: None,
            environment: self.environment.clone(),
            number: &mut |namespace, local| vocabulary.known(namespace, local),
            faults: Vec::new(),
        })
    }
}

impl Compiled {
    /// The tables.
    pub fn tables(&self) -> &[Table] {
        self.tables_read.get_or_init(|| self.tables.iter().filter_map(|text| Table::read(text).ok()).collect())
    }

    /// The rule with this number; a packed one is read now.
    pub fn rule(&self, number: usize) -> Option<&CompiledRule> {
        let rule = self.rules.get(number)?;
        let read = || {
            let (policy, rules) = self.desk.packed.as_ref()?;
            let packed = rules.rules.get(rule.packed?)?;
            let node = postcard::from_bytes(packed.node).ok()?;
            let read = load::load_rule(&node, packed.is_use, policy, &rules.citations).ok()?;
            Some(CompiledRule::new(&read, rule.choice))
        };
        rule.compiled.get_or_init(read).as_ref()
    }

    fn packed(&self, rule: &LateRule) -> Option<&PackedRule<'static>> {
        let (_, rules) = self.desk.packed.as_ref()?;
        rules.rules.get(rule.packed?)
    }

    /// What the cases of a packed rule look for.
    pub fn branches(&self, rule: &LateRule) -> Option<impl Iterator<Item = PackedBranch<'static>> + use<>> {
        self.packed(rule).map(PackedRule::branches)
    }

    /// The nodes that a case of a rule is about; `number` is the case's in the rule.
    pub fn find<'c>(&self, rule: &LateRule, number: usize, case: &'c CompiledCase) -> Option<&'c Expression> {
        let unpacked = || Expression::unpacked(self.packed(rule)?.find(number)?, &|name| self.name(name)).ok();
        case.find.get_or_init(unpacked).as_ref()
    }

    /// The number that a packed name has here.
    fn name(&self, packed: NameId) -> NameId {
        self.names.get(packed.index()).copied().unwrap_or(NameId::OTHER)
    }

    /// What a case says.
    pub fn wording<'c>(&self, case: &'c CompiledCase, vocabulary: &Vocabulary) -> &'c Wording {
        case.wording.get_or_init(|| self.desk.late(vocabulary, |compiler| compiler.wording(&case.case)))
    }

    /// The expression for a device's own name.
    pub fn device_name<'c>(&self, device: &'c DeviceName, vocabulary: &Vocabulary) -> Option<&'c Expression> {
        let compile = |text| self.desk.late(vocabulary, |compiler| compiler.expression(text));
        device.name.get_or_init(|| device.own_name.as_ref().and_then(compile)).as_ref()
    }

    /// The line of the policy that decided a case of a rule. Looked up when the first finding needs it.
    pub fn decision(&self, rule: &LateRule, case: &CompiledCase) -> Arc<Decision> {
        let decision = case.decision.get_or_init(|| {
            let source = &self.desk.source;
            let since = self.packed(rule).map_or(Line::FIRST, |packed| packed.line);
            let (line, text) = source.line_around(case.case.find.span.start, since);
            let path = source.path().to_string_lossy().into();
            Arc::new(Decision { path, line: line.index + 1, text: text.trim().into(), own: self.desk.own })
        });
        decision.clone()
    }

    /// What a document has to hold for a branch of a packed rule: of each clause one, each key with whether it ends a clause.
    pub fn keys(&self, branch: PackedBranch<'static>) -> impl Iterator<Item = (Key<'static>, bool)> {
        branch.keys().map(|(key, is_last)| (key.renumbered(&|name| self.name(name)), is_last))
    }
}

/// How messages call one kind of element.
#[derive(Debug)]
pub(crate) struct DeviceName {
    pub element: NameId,
    pub noun: Written,
    pub phrase: Option<Written>,
    own_name: Option<Text>,
    name: OnceLock<Option<Expression>>,
}

/// A rule. One of a built-in policy is read when a document first may match it.
#[derive(Debug)]
pub(crate) struct LateRule {
    pub id: Arc<str>,
    pub exclusive: bool,
    /// There only because it is exclusive; what it finds is not shown.
    pub hidden: bool,
    /// Whether any of its expressions looks at a table.
    pub asks_for_tables: bool,
    choice: Choice,
    /// Its number among the packed rules.
    packed: Option<usize>,
    compiled: OnceLock<Option<CompiledRule>>,
}

#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub contexts: Vec<Context>,
    pub cases: Vec<CompiledCase>,
}

impl CompiledRule {
    fn new(rule: &Rule, choice: Choice) -> CompiledRule {
        let case = |case: &Arc<Case>| CompiledCase {
            case: case.clone(),
            severity: if let Choice::RunAs(severity) = choice { severity } else { case.severity },
            find: OnceLock::new(),
            wording: OnceLock::new(),
            decision: OnceLock::new(),
        };
        CompiledRule { contexts: rule.contexts.clone(), cases: rule.cases.iter().map(case).collect() }
    }
}

/// A case; what it looks for is unpacked when a document first may match it, its wording compiled when it first finds something.
#[derive(Debug)]
pub(crate) struct CompiledCase {
    pub case: Arc<Case>,
    pub severity: Severity,
    find: OnceLock<Option<Expression>>,
    wording: OnceLock<Wording>,
    decision: OnceLock<Arc<Decision>>,
}

/// What a case says and points at, what it leaves out, and how it is fixed.
#[derive(Debug)]
pub(crate) struct Wording {
    pub message: Template,
    pub help: Template,
    pub label: Option<Template>,
    pub at: Option<Expression>,
    pub related: Vec<(Expression, Option<Template>)>,
    pub except_hosts: Vec<(Arc<str>, Option<Expression>)>,
    pub fixes: Vec<CompiledRecipe>,
}

#[derive(Debug)]
pub(crate) struct Template(pub Vec<Part>);

#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Device,
    Violation,
    Guest,
    Drivers,
    Host,
    Value(Expression),
}

/// The faults of one policy file.
#[derive(Debug)]
pub struct Faulty {
    /// The file.
    pub source: Arc<Source>,
    /// What is wrong in it, in its order.
    pub faults: Vec<Fault>,
}

/// Compiles policies. `choose` says for each rule id and its severity what to do with it; `named` whether the policies were named by the user.
/// Gives the warnings about the user's own policies along with the rules.
///
/// # Errors
/// The faults of every policy that cannot be compiled.
pub fn compile(policies: &[Loaded], named: bool, choose: &dyn Fn(&str) -> Choice) -> Result<(RuleSet, Vec<Faulty>), Vec<Faulty>> {
    let packed = policies.iter().filter_map(|loaded| loaded.packed.as_ref());
    let mut vocabulary = Vocabulary::with_room(packed.map(|packed| packed.names.len()).sum());
    for name in ["table", "row"] {
        vocabulary.intern("", name);
    }
    let judges = |platform| policies.is_empty() || policies.iter().any(|loaded| loaded.policy.platform == platform);
    if judges(Platform::Libvirt) {
        libvirt::arguments::intern(&mut vocabulary);
    }
    if judges(Platform::HyperV) {
        hyperv::intern(&mut vocabulary);
    }
    let mut compiled = Vec::new();
    let mut faulty = Vec::new();
    for loaded in policies {
        let mut compiler = Compiler {
            source: loaded.source.clone(),
            // The built-in policies are checked by tests, not at every start.
            checked: loaded.own.then_some(&loaded.policy),
            environment: Arc::new(environment_of(loaded)),
            number: &mut |namespace, local| vocabulary.intern(namespace, local),
            faults: Vec::new(),
        };
        let policy = compiler.policy(loaded, named, choose);
        let mut faults = compiler.faults;
        faults.sort_by_key(|fault| fault.span.start);
        compiled.push(policy);
        if !faults.is_empty() {
            faulty.push(Faulty { source: loaded.source.clone(), faults });
        }
    }
    if faulty.iter().flat_map(|file| &file.faults).any(|fault| fault.severity == Severity::Error) {
        return Err(faulty);
    }
    let ids = policies.iter().flat_map(Loaded::rule_ids);
    let off = ids.filter(|id| choose(id) == Choice::Off).collect();
    let own = suppress::RULES.iter().map(|id| (*id, choose(id))).collect();
    Ok((RuleSet { vocabulary, policies: compiled, off, own }, faulty))
}

fn environment_of(loaded: &Loaded) -> Environment {
    let policy = &loaded.policy;
    let prefixes = policy.prefixes.iter().map(|(prefix, uri)| (&**prefix, &**uri));
    let tables = policy.tables.iter().map(|(name, _)| &**name);
    let mut environment = environment(policy.platform == Platform::Libvirt, prefixes, tables);
    if !loaded.own {
        environment.late_patterns();
    }
    environment
}

pub(super) struct Compiler<'c> {
    pub(super) source: Arc<Source>,
    /// The policy whose expressions' names are checked and whose wording is compiled at once; none for a built-in one.
    pub(super) checked: Option<&'c Policy>,
    environment: Arc<Environment>,
    /// Gives the number of a name that an expression asks for.
    number: xpath::Number<'c>,
    pub(super) faults: Vec<Fault>,
}

impl Compiler<'_> {
    fn policy(&mut self, loaded: &Loaded, named: bool, choose: &dyn Fn(&str) -> Choice) -> Compiled {
        let checked = self.checked.is_some();
        let tables_read = OnceLock::new();
        if checked {
            let read = loaded.policy.tables.iter().zip(&loaded.tables).filter_map(|((_, file), text)| match Table::read(text) {
                Ok(table) => Some(table),
                Err(reason) => {
                    let message = format!("the table `{}` cannot be read: {reason}", file.text);
                    self.faults.push(Fault::error(file.span.clone(), message));
                    None
                }
            });
            let _ = tables_read.set(read.collect());
        }
        let devices = loaded.policy.devices.iter().map(|device| self.device(device)).collect();
        let mut asks_for_guest = false;
        let mut rules = Vec::new();
        for rule in &loaded.policy.rules {
            let choice = choose(&rule.id);
            if choice == Choice::Off && !rule.exclusive {
                continue;
            }
            let compiled = self.rule(rule, choice);
            asks_for_guest |= rule.cases.iter().any(|case| case.gate != Gate::Open || !case.guests.is_empty());
            rules.push(LateRule {
                id: rule.id.clone(),
                exclusive: rule.exclusive,
                hidden: choice == Choice::Off,
                asks_for_tables: !loaded.tables.is_empty(),
                choice,
                packed: None,
                compiled: OnceLock::from(Some(compiled)),
            });
        }
        let mut names = Vec::new();
        if let Some(packed) = &loaded.packed {
            let known = packed.names.iter().map(|(namespace, local)| (self.number)(namespace, local));
            names = std::iter::once(NameId::OTHER).chain(known).collect();
            for (number, (rule, id)) in packed.rules.iter().zip(loaded.rule_ids()).enumerate() {
                let choice = choose(&id);
                if choice == Choice::Off && !rule.exclusive {
                    continue;
                }
                asks_for_guest |= rule.asks_for_guest;
                rules.push(LateRule {
                    id,
                    exclusive: rule.exclusive,
                    hidden: choice == Choice::Off,
                    asks_for_tables: rule.asks_for_tables,
                    choice,
                    packed: Some(number),
                    compiled: OnceLock::new(),
                });
            }
        }
        let Policy { platform, hosts, matrix, .. } = &loaded.policy;
        Compiled {
            platform: *platform,
            hosts: hosts.clone(),
            named,
            devices,
            matrix: matrix.clone(),
            asks_for_guest,
            rules,
            tables: loaded.tables.clone(),
            tables_read,
            names,
            desk: Desk {
                source: self.source.clone(),
                environment: self.environment.clone(),
                packed: loaded.packed.as_ref().map(|packed| (loaded.policy.clone(), packed.clone())),
                own: checked,
            },
        }
    }

    fn device(&mut self, device: &Device) -> DeviceName {
        let name = OnceLock::new();
        if self.checked.is_some() {
            let _ = name.set(device.name.as_ref().and_then(|name| self.expression(name)));
        }
        DeviceName {
            element: (self.number)("", &device.element),
            noun: device.noun.clone(),
            phrase: device.phrase.clone(),
            own_name: device.name.clone(),
            name,
        }
    }

    /// A rule that is there already; all of a user's own is compiled at once.
    fn rule(&mut self, rule: &Rule, choice: Choice) -> CompiledRule {
        let compiled = CompiledRule::new(rule, choice);
        for case in &compiled.cases {
            let text = &case.case.find;
            let find = self.expression(text);
            if find.as_ref().is_some_and(|find| !find.is_node_set()) {
                let fault = Fault::error(text.span.clone(), "`find` gives no nodes, so there is nothing to point at");
                let help = "Put the condition in brackets behind the nodes it is about: `devices/disk[…]`.";
                self.faults.push(fault.help(Some(help.to_owned())));
            }
            let _ = case.find.set(find);
            if self.checked.is_some() {
                let _ = case.wording.set(self.wording(&case.case));
            }
        }
        compiled
    }

    fn wording(&mut self, case: &Case) -> Wording {
        let message = self.template(&case.message);
        let help = self.template(&case.help);
        let label = case.label.as_ref().map(|label| self.template(label));
        let at = case.at.as_ref().and_then(|at| self.expression(at));
        let related = case.related.iter().filter_map(|(find, label)| {
            let label = label.as_ref().map(|label| self.template(label));
            Some((self.expression(find)?, label))
        });
        let related = related.collect();
        let except_hosts = case
            .except_hosts
            .iter()
            .map(|(host, find)| (host.clone(), find.as_ref().and_then(|find| self.expression(find))))
            .collect();
        let fixes = case.fixes.iter().map(|recipe| self.recipe(recipe)).collect();
        Wording { message, help, label, at, related, except_hosts, fixes }
    }

    pub(super) fn expression(&mut self, text: &Text) -> Option<Expression> {
        let source = self.source.clone();
        self.expression_within(&text.text, |range| place(&source, text, range))
    }

    fn expression_within(&mut self, expression: &str, place: impl Fn(Range<usize>) -> Range<u32>) -> Option<Expression> {
        match xpath::compile_with(expression, &self.environment, self.number) {
            Ok(compiled) => {
                if let Some(policy) = self.checked {
                    self.faults.extend(names::check(compiled.steps(), policy, "so this never matches", place));
                }
                Some(compiled)
            }
            Err(error) => {
                self.faults.push(
                    Fault::error(place(error.span), error.message).label("in this expression").help(error.hint.map(sentence)),
                );
                None
            }
        }
    }

    pub(super) fn template(&mut self, text: &Text) -> Template {
        let source = self.source.clone();
        let pieces = match pieces(&text.text) {
            Ok(pieces) => pieces,
            Err(error) => {
                self.faults.push(Fault::error(place(&source, text, error.span.range()), error.message));
                return Template(Vec::new());
            }
        };
        let parts = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(Part::Text(text)),
            Piece::Device => Some(Part::Device),
            Piece::Violation => Some(Part::Violation),
            Piece::Guest => Some(Part::Guest),
            Piece::Drivers => Some(Part::Drivers),
            Piece::Host => Some(Part::Host),
            Piece::Expression(expression, span) => {
                let offset = span.start as usize;
                let within = |range: Range<usize>| place(&source, text, range.start + offset..range.end + offset);
                self.expression_within(expression, within).map(Part::Value)
            }
        });
        Template(parts.collect())
    }
}

/// A hint as a sentence: hints of expressions are written to stand in brackets.
fn sentence(hint: String) -> String {
    let end = if hint.ends_with(['?', '.']) { "" } else { "." };
    let mut rest = hint.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}{end}", first.to_uppercase(), rest.as_str()))
}

/// Where a part of a text value stands in the YAML, which may fold, quote and escape it. The two are walked side by side; where they
/// cannot be matched the whole value is the place.
pub(super) fn place(source: &Source, text: &Text, range: Range<usize>) -> Range<u32> {
    let raw = source.text().get(text.span.start as usize..text.span.end as usize).unwrap_or_default();
    let mut raw_chars = raw.char_indices().peekable();
    let (mut start, mut end) = (None, None);
    let mut last = 0;
    for (at, wanted) in text.text.char_indices() {
        if wanted.is_whitespace() {
            continue;
        }
        let Some((found, c)) = raw_chars.find(|&(_, c)| c == wanted) else { return text.span.clone() };
        // In single quotes a quote is written twice.
        if wanted == '\'' && raw.starts_with('\'') {
            raw_chars.next_if(|&(_, c)| c == '\'');
        }
        if start.is_none() && at >= range.start {
            start = Some(found);
        }
        if at < range.end {
            end = Some(found + c.len_utf8());
        }
        last = found + c.len_utf8();
    }
    let start = start.unwrap_or(last);
    let end = end.unwrap_or(last).max(start);
    text.span.start + start as u32..text.span.start + end as u32
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_place_in_an_expression_is_a_place_in_the_yaml() {
        for yaml in ["find: a/b[c='d']", "find: 'a/b[c=''d'']'", "find: \"a/b[c='d']\"", "find: >-\n  a/b\n  [c='d']"] {
            let node = super::super::yaml::read(yaml).unwrap();
            let super::super::yaml::Content::Map(entries) = &node.content else { panic!() };
            let super::super::yaml::Content::Text(text) = &entries[0].1.content else { panic!() };
            let source = Source::utf8("p.yaml", yaml.to_owned(), 0);
            let at = text.find('c').unwrap();
            let found = place(&source, &Text { text: text.clone(), span: entries[0].1.span.clone() }, at..at + 1);
            assert_eq!(&yaml[found.start as usize..found.end as usize], "c", "{yaml}");
        }
    }
}
