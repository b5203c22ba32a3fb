//! Findings that a definition itself says do not count: comments beside elements, and elements in `<metadata>`.
//!
//! Rules run as ever; what they found is then held against the suppressions of the file. A suppression never silences what is said
//! about suppressions.

mod comment;
mod cover;
mod directive;
mod element;

#[cfg(test)]
mod tests;

use rustc_hash::{FxHashMap, FxHashSet};

use self::cover::{Cover, Held};
use self::directive::{Directive, Fault, Item};
use crate::date::Date;
use crate::definition::Definition;
use crate::engine::{Engine, quote};
use crate::finding::{Finding, Label, Severity, Suppression};
use crate::identity::Identity;
use crate::input::limits;
use crate::libvirt;
use crate::paths::Paths;
use crate::policy::builtin;
use crate::policy::compile::Choice;
use crate::policy::schema::Context;
use crate::source::Span;
use crate::suggest;
use crate::tree::{Kind, NodeId, Tree};
use crate::verdict::Verdict;

/// Rule id of suppressions that cover nothing.
pub const UNUSED: &str = "vmlint/unused-suppression";
/// Rule id of suppressions that do not say why.
pub const WITHOUT_REASON: &str = "vmlint/suppression-without-reason";
/// Rule id of suppressions that cannot be read.
pub const MALFORMED: &str = "vmlint/malformed-suppression";

/// The rules about suppressions, which configuration may switch off or give other severities.
pub const RULES: [&str; 3] = [UNUSED, WITHOUT_REASON, MALFORMED];

/// So many ids are listed in a message.
const SHOWN: usize = 4;

/// The suppressions of a document.
pub struct Suppressions<'d, 't, 'r> {
    desk: Desk<'d, 't, 'r>,
    /// Those that can cover something.
    cover: Option<Cover<'d, 't>>,
}

impl<'d, 't, 'r> Suppressions<'d, 't, 'r> {
    /// Reads them; none where the document does not speak to vmlint at all.
    pub fn read(
        tree: &'d Tree<'t>,
        definitions: &[Definition],
        engine: &'d Engine<'r>,
        today: Date,
    ) -> Option<Suppressions<'d, 't, 'r>> {
        // Whoever speaks to vmlint names it, and most files do not.
        memchr::memmem::find(tree.text().as_bytes(), b"vmlint")?;
        let contexts = definitions.iter().flat_map(|definition| &definition.contexts);
        let contexts = contexts.map(|(context, node)| (*node, *context)).collect();
        let mut desk =
            Desk { tree, contexts, engine, paths: Paths::new(tree), said: Vec::new(), held: Vec::new(), globs: 0, unknown: 0 };
        desk.comments(today);
        desk.elements(today);
        let held = std::mem::take(&mut desk.held);
        let cover = (!held.is_empty()).then(|| Cover::new(tree, held));
        Some(Suppressions { desk, cover })
    }

    /// What marks the findings that are covered, if anything can be.
    pub fn hold(&mut self) -> Option<impl FnMut(&mut Finding)> {
        self.cover.as_mut().map(|cover| |finding: &mut Finding| cover.hold(finding))
    }

    /// Adds what is to be said about suppressions, when all findings are there.
    pub fn finish(mut self, verdict: &mut Verdict) {
        if let Some(cover) = self.cover {
            let mut uncovered: FxHashMap<&str, &Finding> = FxHashMap::default();
            for finding in verdict.findings.iter() {
                let first = uncovered.entry(&finding.rule).or_insert(finding);
                if finding.place.span.start < first.place.span.start {
                    *first = finding;
                }
            }
            for held in cover.into_held() {
                self.desk.unused(&held, verdict, &uncovered);
            }
        }
        self.desk.said.into_iter().for_each(|finding| verdict.findings.push(finding));
    }
}

/// Reads the suppressions of one document and says what is wrong with them.
struct Desk<'d, 't, 'r> {
    tree: &'d Tree<'t>,
    contexts: FxHashMap<NodeId, Context>,
    engine: &'d Engine<'r>,
    paths: Paths<'d, 't>,
    said: Vec<Finding>,
    held: Vec<Held>,
    globs: usize,
    /// How many ids no rule has.
    unknown: usize,
}

impl Desk<'_, '_, '_> {
    fn comments(&mut self, today: Date) {
        let tree = self.tree;
        let first_root = tree.children(Tree::ROOT).find(|&node| tree.is_element(node));
        let content = |node: NodeId| tree.text().get(tree.span(node).range()).unwrap_or_default();
        let speaks = |&node: &NodeId| tree.kind(node) == Kind::Comment && content(node).contains("vmlint");
        // From the last to the first, so that of many in a row each has only one step to go.
        let mut followed_by: FxHashMap<NodeId, Option<NodeId>> = FxHashMap::default();
        let mut comments: Vec<NodeId> = Vec::new();
        for node in tree.descendants(Tree::ROOT).rev().filter(speaks) {
            let mut behind = tree.following_siblings(node);
            // What stands for arguments is there in addition, and not where it says.
            let next = behind.find_map(|next| match tree.is_element(next) && tree.origin(next) == next {
                true => Some(Some(next)),
                false => followed_by.get(&next).copied(),
            });
            followed_by.insert(node, next.flatten());
            comments.push(node);
        }
        for node in comments.into_iter().rev() {
            let told = comment::directives(content(node));
            if told.is_empty() {
                continue;
            }
            let span = tree.span(node);
            let place = Label { span: whole(tree, span), node: self.paths.path(node), text: String::new() };
            let covers = match tree.parent(node) {
                // Before all elements it is about the file.
                Some(Tree::ROOT) if first_root.is_some_and(|root| node < root) => Some(Tree::ROOT),
                _ => followed_by.get(&node).copied().flatten(),
            };
            for told in told {
                let told = told.map(|directive| directive.shifted(span.start as usize));
                let told = told.map_err(|fault| fault.shifted(span.start as usize));
                self.told(node, &place, told, covers, today);
            }
        }
    }

    fn elements(&mut self, today: Date) {
        let tree = self.tree;
        let mut seen: FxHashSet<Option<NodeId>> = FxHashSet::default();
        let mut devices: FxHashMap<NodeId, FxHashMap<String, NodeId>> = FxHashMap::default();
        for root in element::roots(tree) {
            let metadata = tree.parent(root);
            let owner = metadata.and_then(|metadata| tree.parent(metadata));
            for (node, told) in element::directives(tree, root, seen.insert(metadata)) {
                let place = Label { span: tree.start_tag(node), node: self.paths.path(node), text: String::new() };
                let device = told.as_ref().ok().and_then(|directive| directive.device.clone());
                let covers = match (&device, owner) {
                    (Some((name, _)), Some(owner)) => {
                        let devices = devices.entry(owner).or_insert_with(|| {
                            let mut names: Vec<_> = libvirt::device_names(tree, owner).collect();
                            // Of several with one name the first is meant.
                            names.reverse();
                            names.into_iter().collect()
                        });
                        devices.get(name).or_else(|| devices.get(&name.to_ascii_lowercase())).copied()
                    }
                    _ => owner,
                };
                self.told(node, &place, told, covers, today);
            }
        }
    }

    /// Takes in one suppression, which stands at `node` and covers an element, if it covers any.
    fn told(&mut self, node: NodeId, place: &Label, told: Result<Directive, Fault>, covers: Option<NodeId>, today: Date) {
        let directive = match told {
            Ok(directive) => directive,
            Err(fault) => return self.malformed(node, place, fault),
        };
        self.globs += directive.rules.iter().filter(|item| item.is_glob()).count();
        if self.globs > limits::GLOBS_PER_FILE {
            let message = format!("the file has more than {} globs over rules", limits::GLOBS_PER_FILE);
            return self.malformed(node, place, Fault::new(directive.range, message, "Name rules by their ids."));
        }
        let Some(reason) = directive.reason.clone().filter(|reason| reason.contains(char::is_alphanumeric)) else {
            let message = format!(
                "the suppression of {} gives no reason, so it suppresses nothing",
                list(&directive.rules.iter().collect::<Vec<_>>())
            );
            let help = match self.tree.kind(node) {
                Kind::Comment => "Say why at its end: `reason: nested lab`.",
                _ => "Say why in its attribute `reason`.",
            };
            let label = (directive.range, "why?");
            return self.say(
                node,
                place,
                Remark { rule: WITHOUT_REASON, message, help: Some(help.to_owned()), label, related: vec![] },
            );
        };
        let Some(covers) = covers else {
            let (message, help, range) = match &directive.device {
                Some((name, range)) => (
                    format!("there is no device `{}`, so the suppression covers nothing", quote(name)),
                    "Name a device by its target, MAC address or alias, or leave `device` out: then it is the whole domain.",
                    range.clone(),
                ),
                None => (
                    "no element follows the suppression, so it covers nothing".to_owned(),
                    "Write it before the element that it is about.",
                    directive.range.clone(),
                ),
            };
            let label = (range, "");
            return self.say(node, place, Remark { rule: UNUSED, message, help: Some(help.to_owned()), label, related: vec![] });
        };
        let Directive { rules, until, owner, range, .. } = directive;
        let suppression = Suppression { place: Some(place.clone()), reason, until, owner };
        let is_expired = until.is_some_and(|until| until < today);
        self.held.push(Held {
            node,
            covers,
            range,
            suppression: suppression.into(),
            is_expired,
            used: vec![false; rules.len()],
            rules,
        });
    }

    fn malformed(&mut self, node: NodeId, place: &Label, fault: Fault) {
        let message = format!("the suppression cannot be read: {}", fault.message);
        let label = (fault.range, "");
        self.say(node, place, Remark { rule: MALFORMED, message, help: Some(fault.help), label, related: vec![] });
    }

    /// Says which rules of a suppression it did not cover a finding of, if these rules had their say.
    fn unused(&mut self, held: &Held, verdict: &Verdict, uncovered: &FxHashMap<&str, &Finding>) {
        let Some(place) = held.suppression.place.clone() else { return };
        let engine = self.engine;
        let known = || builtin::rule_ids().iter().map(|id| &**id).chain(engine.rule_ids());
        let mut idle: Vec<&Item> = Vec::new();
        for (item, _) in held.rules.iter().zip(&held.used).filter(|(_, used)| !**used) {
            let mut matching = known().filter(|id| item.matches(id)).peekable();
            if matching.peek().is_none() {
                self.unknown += 1;
                // To look for the nearest id takes longer than all else.
                let near = known().take(if self.unknown <= limits::NEAREST_PER_FILE { usize::MAX } else { 0 });
                let (message, help) = unknown(item, near);
                let label = (item.range.clone(), "");
                self.say(held.node, &place, Remark { rule: UNUSED, message, help, label, related: vec![] });
                continue;
            }
            let had_its_say = |id: &str| engine.runs(id) && !verdict.exhausted.iter().any(|given_up| *given_up.rule == *id);
            if !verdict.silenced && matching.all(had_its_say) {
                idle.push(item);
            }
        }
        let Some(first) = idle.first() else { return };
        let range = if idle.len() == held.rules.len() { held.range.clone() } else { first.range.clone() };
        let message = format!("the suppression of {} covers no finding", list(&idle));
        let matching = uncovered.iter().filter(|(rule, _)| idle.iter().any(|item| item.matches(rule)));
        let elsewhere = matching.map(|(_, finding)| finding).min_by_key(|finding| finding.place.span.start);
        let related = elsewhere.map(|finding| Label { text: "not covered".to_owned(), ..finding.focus.clone() });
        let help = match (related.is_some(), self.tree.kind(held.node)) {
            (true, Kind::Comment) => {
                "A suppression covers the element that follows it, and what is in that; move it there or remove it."
            }
            _ if idle.len() == held.rules.len() => "Remove it.",
            _ => "Remove it from the list.",
        };
        let related = related.into_iter().collect();
        self.say(held.node, &place, Remark { rule: UNUSED, message, help: Some(help.to_owned()), label: (range, ""), related });
    }

    fn say(&mut self, node: NodeId, place: &Label, remark: Remark) {
        let severity = match self.engine.rules().own(remark.rule) {
            Choice::Off => return,
            Choice::RunAs(severity) => severity,
            Choice::Run => Severity::Warning,
        };
        let Remark { rule, message, help, label: (range, text), related } = remark;
        let tree = self.tree;
        let context = tree.ancestors(node).find_map(|above| Some((*self.contexts.get(&above)?, above)));
        let element = tree.parent(node).unwrap_or(node);
        self.said.push(Finding {
            focus: Label { span: Span::new(range.start, range.end), node: place.node.clone(), text: text.to_owned() },
            related,
            vm: context.and_then(|(context, node)| self.paths.identities.machine(context, node).name.clone()),
            identity: context.map_or_else(Identity::default, |(context, node)| self.paths.identities.of(context, node, element)),
            ..Finding::own(rule, severity, place.clone(), message, help)
        });
    }
}

/// What is to be said about a suppression: with what label at which range of the text.
struct Remark {
    rule: &'static str,
    message: String,
    help: Option<String>,
    label: (std::ops::Range<usize>, &'static str),
    related: Vec<Label>,
}

/// What is said of an id or glob that no rule has, and which one may have been meant.
fn unknown<'k>(item: &Item, known: impl Iterator<Item = &'k str> + Clone) -> (String, Option<String>) {
    if item.text.starts_with("vmlint/") {
        let message = format!("`{}` is said by vmlint about the file and cannot be suppressed in it", item.text);
        return (message, Some("Switch it off in `vmlint.yaml`, or remove the suppression.".to_owned()));
    }
    let message = match item.is_glob() {
        true => format!("`{}` matches no rule, so the suppression covers nothing", item.text),
        false => format!("there is no rule `{}`, so the suppression covers nothing", item.text),
    };
    let of_another_policy = || known.clone().find(|id| id.split_once('/').is_some_and(|(_, id)| *id == *item.text));
    let near = suggest::nearest(&item.text, known.clone()).or_else(of_another_policy);
    let help = near.map_or("`vmlint rules` lists all ids.".to_owned(), |near| format!("Did you mean `{near}`?"));
    (message, Some(help))
}

/// The first few of some ids, and how many more there are.
fn list(items: &[&Item]) -> String {
    let shown: Vec<String> = items.iter().take(SHOWN).map(|item| format!("`{}`", item.text)).collect();
    match items.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The comment around its content.
fn whole(tree: &Tree<'_>, content: Span) -> Span {
    let (start, end) = (content.start.saturating_sub(4), content.end + 3);
    let span = Span { start, end };
    let text = tree.text().get(span.range()).unwrap_or_default();
    if text.starts_with("<!--") && text.ends_with("-->") { span } else { content }
}
