//! From checked policies to a [`RuleSet`]: expressions compiled, templates taken apart, tables read.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::fixes::CompiledRecipe;
use super::matrix::Matrix;
use super::names;
use super::schema::{Case, Context, Device, Fault, Gate, Platform, Policy, Rule, Text};
use super::table::Table;
use super::template::{Piece, pieces};
use super::tests::Test;
use crate::finding::{Citation, Decision, Severity, Status};
use crate::source::Source;
use crate::systems::GuestPattern;
use crate::tree::Vocabulary;
use crate::xpath::{self, Environment, Expression, VariableKind};
use crate::{definition, libvirt, suppress};

/// A policy with the file it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The file; its path as the user named it, or `policies/…` for a built-in one.
    pub source: Arc<Source>,
    /// What it says.
    pub policy: Policy,
    /// The texts of its tables, in the order of [`Policy::tables`].
    pub tables: Vec<String>,
    /// The names that expressions in its wording ask for, where that is compiled late: `prefix:name`, or `name`.
    pub late_names: Vec<String>,
    /// Whether it is the user's own.
    pub own: bool,
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
    pub tables: Vec<Table>,
    pub devices: Vec<DeviceName>,
    pub matrix: Option<Arc<Matrix>>,
    /// Whether any rule applies only to some guests.
    pub asks_for_guest: bool,
    pub rules: Vec<CompiledRule>,
}

#[derive(Debug)]
pub(crate) struct DeviceName {
    pub element: crate::tree::NameId,
    pub noun: String,
    pub name: Option<Expression>,
    pub phrase: Option<String>,
}

#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub id: Arc<str>,
    pub contexts: Vec<Context>,
    pub exclusive: bool,
    /// Compiled only because it is exclusive; what it finds is not shown.
    pub hidden: bool,
    pub cases: Vec<CompiledCase>,
}

#[derive(Debug)]
pub(crate) struct CompiledCase {
    pub find: Expression,
    pub tests: Arc<[Test]>,
    pub severity: Severity,
    pub status: Status,
    pub citation: Option<Arc<Citation>>,
    pub gate: Gate,
    pub guests: Arc<[GuestPattern]>,
    pub hosts: Vec<Arc<str>>,
    pub except_hosts: Vec<(Arc<str>, Option<Expression>)>,
    pub place: Place,
    wording: LateWording,
}

/// What a case says and points at, and how it is fixed.
#[derive(Debug)]
pub(crate) struct Wording {
    pub message: Template,
    pub help: Template,
    pub label: Option<Template>,
    pub at: Option<Expression>,
    pub related: Vec<(Expression, Option<Template>)>,
    pub fixes: Vec<CompiledRecipe>,
}

/// The wording of a case; a built-in policy's is compiled when the case first finds something.
#[derive(Debug)]
struct LateWording {
    case: Arc<Case>,
    environment: Arc<Environment>,
    compiled: OnceLock<Wording>,
}

impl CompiledCase {
    /// What the case says. The vocabulary holds every name that it asks for.
    pub fn wording(&self, vocabulary: &Vocabulary) -> &Wording {
        self.wording.compiled.get_or_init(|| {
            let mut vocabulary = vocabulary.clone();
            let mut compiler = Compiler {
                source: self.place.source.clone(),
                checked: None,
                environment: self.wording.environment.clone(),
                vocabulary: &mut vocabulary,
                faults: Vec::new(),
            };
            compiler.wording(&self.wording.case)
        })
    }
}

/// Where a case stands in its policy.
#[derive(Debug)]
pub(crate) struct Place {
    source: Arc<Source>,
    at: u32,
    own: bool,
    decision: OnceLock<Arc<Decision>>,
}

impl Place {
    /// The line of the policy that decided. Looked up when the first finding needs it.
    pub fn decision(&self) -> Arc<Decision> {
        let decision = self.decision.get_or_init(|| {
            let line = self.source.line_index(self.at);
            let text = self.source.slice(self.source.line_span(line)).trim();
            let path = self.source.path().to_string_lossy().into();
            Arc::new(Decision { path, line: line as u32 + 1, text: text.into(), own: self.own })
        });
        decision.clone()
    }
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

/// The string variables, in the order of [`xpath::Context::strings`].
pub(crate) const STRING_VARIABLES: [&str; 3] = ["host", "guest", "guest-drivers"];

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
    let mut vocabulary = Vocabulary::default();
    for name in ["table", "row"] {
        vocabulary.intern("", name);
    }
    definition::intern(&mut vocabulary);
    let mut compiled = Vec::new();
    let mut faulty = Vec::new();
    for loaded in policies {
        let mut compiler = Compiler {
            source: loaded.source.clone(),
            // The built-in policies are checked by tests, not at every start.
            checked: loaded.own.then_some(&loaded.policy),
            environment: Arc::new(environment(loaded)),
            vocabulary: &mut vocabulary,
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
    let ids = policies.iter().flat_map(|loaded| &loaded.policy.rules).map(|rule| rule.id.clone());
    let off = ids.filter(|id| choose(id) == Choice::Off).collect();
    let own = suppress::RULES.iter().map(|id| (*id, choose(id))).collect();
    Ok((RuleSet { vocabulary, policies: compiled, off, own }, faulty))
}

/// The prefixes that every expression over definitions of a platform may use.
pub(crate) fn prefixes(platform: Platform) -> Environment {
    let mut environment = Environment::default();
    if platform == Platform::Libvirt {
        for (prefix, uri) in libvirt::PREFIXES {
            environment.prefix(prefix, uri);
        }
    }
    environment
}

fn environment(loaded: &Loaded) -> Environment {
    let policy = &loaded.policy;
    let mut environment = prefixes(policy.platform);
    if !loaded.own {
        environment.late_patterns();
    }
    for (prefix, uri) in &policy.prefixes {
        environment.prefix(prefix, uri);
    }
    for name in STRING_VARIABLES {
        environment.variable(name, VariableKind::String);
    }
    for (name, _) in &policy.tables {
        environment.variable(name, VariableKind::Table);
    }
    environment
}

pub(super) struct Compiler<'c> {
    pub(super) source: Arc<Source>,
    /// The policy whose expressions' names are checked and whose wording is compiled at once; none for a built-in one.
    pub(super) checked: Option<&'c Policy>,
    environment: Arc<Environment>,
    vocabulary: &'c mut Vocabulary,
    pub(super) faults: Vec<Fault>,
}

impl Compiler<'_> {
    fn policy(&mut self, loaded: &Loaded, named: bool, choose: &dyn Fn(&str) -> Choice) -> Compiled {
        let policy = &loaded.policy;
        for name in &loaded.late_names {
            match name.split_once(':') {
                Some((prefix, local)) => self.environment.uri(prefix).map(|uri| self.vocabulary.intern(uri, local)),
                None => Some(self.vocabulary.intern("", name)),
            };
        }
        let tables = policy.tables.iter().zip(&loaded.tables).filter_map(|((_, file), text)| match Table::read(text) {
            Ok(table) => Some(table),
            Err(reason) => {
                self.faults.push(Fault::error(file.span.clone(), format!("the table `{}` cannot be read: {reason}", file.text)));
                None
            }
        });
        let tables = tables.collect();
        let devices = policy.devices.iter().map(|device| self.device(device)).collect();
        let rules: Vec<CompiledRule> = policy.rules.iter().filter_map(|rule| self.rule(rule, choose(&rule.id))).collect();
        let asks = |case: &CompiledCase| case.gate != Gate::Open || !case.guests.is_empty();
        let asks_for_guest = rules.iter().flat_map(|rule| &rule.cases).any(asks);
        let Policy { platform, hosts, matrix, .. } = policy;
        Compiled {
            platform: *platform,
            hosts: hosts.clone(),
            named,
            tables,
            devices,
            matrix: matrix.clone(),
            asks_for_guest,
            rules,
        }
    }

    fn device(&mut self, device: &Device) -> DeviceName {
        DeviceName {
            element: self.vocabulary.intern("", &device.element),
            noun: device.noun.clone(),
            name: device.name.as_ref().and_then(|name| self.expression(name)),
            phrase: device.phrase.clone(),
        }
    }

    fn rule(&mut self, rule: &Rule, choice: Choice) -> Option<CompiledRule> {
        let hidden = choice == Choice::Off;
        if hidden && !rule.exclusive {
            return None;
        }
        let cases = rule.cases.iter().filter_map(|case| self.case(case, choice)).collect();
        let Rule { id, contexts, exclusive, .. } = rule;
        Some(CompiledRule { id: id.clone(), contexts: contexts.clone(), exclusive: *exclusive, hidden, cases })
    }

    fn case(&mut self, case: &Arc<Case>, choice: Choice) -> Option<CompiledCase> {
        let find = self.expression(&case.find);
        if find.as_ref().is_some_and(|find| !find.is_node_set()) {
            let fault = Fault::error(case.find.span.clone(), "`find` gives no nodes, so there is nothing to point at");
            self.faults.push(
                fault.help(Some("Put the condition in brackets behind the nodes it is about: `devices/disk[…]`.".to_owned())),
            );
        }
        let compiled = OnceLock::new();
        if self.checked.is_some() {
            let _ = compiled.set(self.wording(case));
        }
        let wording = LateWording { case: case.clone(), environment: self.environment.clone(), compiled };
        let except_hosts = case
            .except_hosts
            .iter()
            .map(|(host, find)| (host.clone(), find.as_ref().and_then(|find| self.expression(find))))
            .collect();
        Some(CompiledCase {
            find: find?,
            tests: case.tests.clone(),
            severity: if let Choice::RunAs(severity) = choice { severity } else { case.severity },
            status: case.status,
            citation: case.citation.clone(),
            gate: case.gate.clone(),
            guests: case.guests.clone(),
            hosts: case.hosts.clone(),
            except_hosts,
            place: Place {
                source: self.source.clone(),
                at: case.find.span.start,
                own: self.checked.is_some(),
                decision: OnceLock::new(),
            },
            wording,
        })
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
        let fixes = case.fixes.iter().map(|recipe| self.recipe(recipe)).collect();
        Wording { message, help, label, at, related, fixes }
    }

    pub(super) fn expression(&mut self, text: &Text) -> Option<Expression> {
        let source = self.source.clone();
        self.expression_within(&text.text, |range| place(&source, text, range))
    }

    fn expression_within(&mut self, expression: &str, place: impl Fn(Range<usize>) -> Range<u32>) -> Option<Expression> {
        match xpath::compile(expression, &self.environment, self.vocabulary) {
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
