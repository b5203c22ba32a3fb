//! From YAML to a checked [`Policy`]: every fault is noted at its place, none stops the reading.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::compile::Faulty;
use super::fixes::{self, Recipe};
use super::matrix::{self, Edition, Feature, Matrix};
use super::reader::{Faults, Fields, is_kebab, shared};
use super::schema::{Case, Context, Device, Fault, Gate, Platform, Policy, Rule, Text};
use super::tests::{self, Test};
use super::yaml::{Content, Node, Written};
use crate::finding::{Citation, Severity, Status};
use crate::source::Source;
use crate::systems::GuestPattern;

pub(crate) const POLICY_KEYS: [&str; 12] =
    ["policy", "title", "platform", "hosts", "sources", "prefixes", "names", "tables", "devices", "matrix", "uses", "rules"];
/// The keys of a rule and of a feature's use, beside the one that names it and the document.
pub(crate) const RULE_KEYS: [&str; 19] = [
    "title",
    "status",
    "severity",
    "noted",
    "guests",
    "hosts",
    "context",
    "find",
    "message",
    "label",
    "at",
    "related",
    "help",
    "fix",
    "why",
    "cases",
    "exclusive",
    "except-hosts",
    "examples",
];
pub(crate) const CASE_KEYS: [&str; 14] = [
    "find",
    "severity",
    "status",
    "source",
    "noted",
    "guests",
    "hosts",
    "message",
    "label",
    "at",
    "related",
    "help",
    "fix",
    "except-hosts",
];
/// The keys of a rule and of a feature's use that the other does not have.
pub(crate) const OWN_KEYS: [&[&str]; 2] = [&["id", "source"], &["feature"]];
pub(crate) const MATRIX_KEYS: [&str; 2] = ["features", "editions"];
pub(crate) const SOURCE_KEYS: [&str; 4] = ["title", "section", "date", "url"];
pub(crate) const NAMES_KEYS: [&str; 2] = ["elements", "attributes"];
pub(crate) const DEVICE_KEYS: [&str; 3] = ["noun", "name", "phrase"];
pub(crate) const RELATED_KEYS: [&str; 2] = ["find", "label"];
pub(crate) const EXAMPLES_KEYS: [&str; 2] = ["bad", "good"];
pub(crate) const PLATFORMS: [(&str, Platform); 2] = [("libvirt", Platform::Libvirt), ("hyper-v", Platform::HyperV)];
pub(crate) const STATUSES: [(&str, Status); 6] = [
    ("unsupported", Status::Unsupported),
    ("deprecated", Status::Deprecated),
    ("tech-preview", Status::TechPreview),
    ("limit", Status::Limit),
    ("review", Status::Review),
    ("best-practice", Status::BestPractice),
];
/// The words for severities, in policies, configuration and options.
pub const SEVERITIES: [(&str, Severity); 3] =
    [("note", Severity::Note), ("warning", Severity::Warning), ("error", Severity::Error)];

/// The documents by their keys; none where the document itself is at fault.
pub(super) type Citations = HashMap<Written, Option<Arc<Citation>>>;

/// Checks a policy read as YAML. `documented` says that its rules have to have their documentation and examples.
///
/// # Errors
/// All faults of the file, in its order.
pub fn load(root: &Node, documented: bool) -> Result<Policy, Vec<Fault>> {
    load_frame(root, documented).map(|(policy, _)| policy)
}

/// The same with the documents, for rules that are read later.
///
/// # Errors
/// As [`load`].
pub(super) fn load_frame(root: &Node, documented: bool) -> Result<(Policy, Citations), Vec<Fault>> {
    let mut faults = Faults::default();
    let policy = read_policy(root, documented, &mut faults);
    faults.0.sort_by_key(|fault| fault.span.start);
    match policy {
        Some(policy) if faults.0.is_empty() => Ok(policy),
        _ => Err(faults.0),
    }
}

/// A rule of a policy, or a feature's use, whose documentation was left out.
///
/// # Errors
/// All its faults.
pub(super) fn load_rule(node: &Node, is_use: bool, policy: &Policy, citations: &Citations) -> Result<Rule, Vec<Fault>> {
    let features = policy.matrix.as_ref().map_or(&[][..], |matrix| &matrix.features);
    let shelf = Shelf { policy: &policy.id, platform: Some(policy.platform), citations, features, documented: false };
    let mut faults = Faults::default();
    match shelf.read_rule(node, is_use, &mut faults) {
        Some(rule) if faults.0.is_empty() => Ok(rule),
        _ => Err(faults.0),
    }
}

fn read_policy(root: &Node, documented: bool, faults: &mut Faults) -> Option<(Policy, Citations)> {
    if !matches!(root.content, Content::Map(_)) {
        // Nothing more can be said of such a file.
        faults.entries(root, "a policy");
        return None;
    }
    let fields = faults.fields(root, "a policy", &POLICY_KEYS);
    let id = fields.required("policy", "the policy", faults);
    let title = fields.required("title", "the policy", faults);
    let platform = match fields.get("platform") {
        Some(node) => faults.word(node, "platform", &PLATFORMS),
        None => fields.required("platform", "the policy", faults).and(None),
    };
    if let Some(id) = &id
        && !is_kebab(&id.text)
    {
        faults.error(&id.span, format!("the policy id `{}` is not in kebab-case", id.text));
    }
    let hosts = fields.get("hosts").map(|node| faults.texts(node, "a host")).unwrap_or_default();
    if fields.get("hosts").is_none() {
        fields.required("hosts", "the policy", faults);
    }
    let citations = read_citations(&fields, faults);
    let (element_names, attribute_names) = read_names(&fields, faults);
    let devices = fields.get("devices").map(|node| read_devices(node, faults)).unwrap_or_default();
    let prefixes = text_map(fields.get("prefixes"), "`prefixes`", faults);
    let tables = text_map(fields.get("tables"), "`tables`", faults);
    let (features, editions) = fields.get("matrix").map(|node| read_matrix(node, faults)).unwrap_or_default();
    let shelf = Shelf {
        policy: id.as_ref().map_or("", |id| &*id.text),
        platform,
        citations: &citations,
        features: &features,
        documented,
    };
    let mut rules: Vec<Rule> = Vec::new();
    let mut seen = HashSet::new();
    for key in ["uses", "rules"] {
        let Some(node) = fields.get(key) else { continue };
        for node in faults.list(node, &format!("`{key}`")) {
            let Some(rule) = shelf.read_rule(node, key == "uses", faults) else { continue };
            if !seen.insert(rule.id.clone()) {
                faults.error(&rule.span, format!("the rule `{}` is defined twice", rule.id));
            }
            rules.push(rule);
        }
    }
    if fields.get("rules").is_none() {
        fields.required("rules", "the policy", faults);
    }
    let policy = Policy {
        id: shared(&id?),
        title: title?.text,
        platform: platform?,
        hosts: hosts.iter().map(shared).collect(),
        prefixes: prefixes.into_iter().map(|(prefix, uri)| (prefix, uri.text)).collect(),
        element_names,
        attribute_names,
        tables,
        devices,
        editions,
        matrix: (!features.is_empty()).then(|| Arc::new(Matrix::new(features, Vec::new))),
        rules,
    };
    Some((policy, citations))
}

/// The features of a matrix and the files of its editions.
fn read_matrix(node: &Node, faults: &mut Faults) -> (Vec<Feature>, Vec<Text>) {
    let fields = faults.fields(node, "a matrix", &MATRIX_KEYS);
    let features = fields.get("features").map(|node| matrix::read_features(node, faults)).unwrap_or_default();
    let editions = fields.get("editions").map(|node| faults.texts(node, "an edition")).unwrap_or_default();
    for (key, missing) in [("features", features.is_empty()), ("editions", editions.is_empty())] {
        if missing && fields.get(key).is_none() {
            fields.required(key, "the matrix", faults);
        }
    }
    (features, editions)
}

/// Gives a file beside a policy that the policy names.
pub type ReadFile<'f> = dyn Fn(&Text) -> Result<(Arc<Source>, Node), Faulty> + 'f;

/// Reads the editions of a policy's matrix, whose files `read` gives, and sees to it that notes and rules know each other.
///
/// # Errors
/// With the faults of the first file that has any; `source` is the policy's own.
pub fn read_editions(policy: &mut Policy, source: &Arc<Source>, read: &ReadFile<'_>) -> Result<(), Faulty> {
    let Some(matrix) = &policy.matrix else { return Ok(()) };
    let noted = |rule: &&Rule| rule.cases.iter().any(|case| matches!(case.gate, Gate::Noted(_)));
    let id = |rule: &Rule| rule.id.split_once('/').map_or("", |(_, id)| id).to_owned().into();
    let known: Vec<Written> = policy.rules.iter().map(id).collect();
    let mut editions = Vec::new();
    for file in &policy.editions {
        let (source, node) = read(file)?;
        let edition =
            matrix::read_edition(&node, &matrix.features).map_err(|faults| Faulty { source: source.clone(), faults })?;
        let unknown = |rule: &&Text| !known.contains(&rule.text);
        let faults = edition.notes.iter().flat_map(|note| &note.rules).filter(unknown).map(|rule| {
            let help = crate::suggest::help(&rule.text, known.iter().map(|id| &**id));
            Fault::error(rule.span.clone(), format!("the policy has no rule `{}`", rule.text)).help(help)
        });
        let faults: Vec<Fault> = faults.collect();
        if !faults.is_empty() {
            return Err(Faulty { source, faults });
        }
        editions.push(edition);
    }
    let named =
        |id: &str| editions.iter().flat_map(|edition| &edition.notes).any(|note| note.rules.iter().any(|rule| rule.text == id));
    let unnamed = policy.rules.iter().filter(noted).filter(|rule| !named(&id(rule)));
    let faults: Vec<Fault> = unnamed
        .map(|rule| Fault::error(rule.span.clone(), format!("no note of an edition names the rule `{}`", rule.id)))
        .collect();
    if !faults.is_empty() {
        return Err(Faulty { source: source.clone(), faults });
    }
    let features = matrix.features.clone();
    for rule in &mut policy.rules {
        let gates = rule.cases.iter().map(|case| &case.gate);
        let id = rule.id.split_once('/').map_or("", |(_, id)| id);
        let speaks_of_it = |edition: &&Edition| {
            gates.clone().any(|gate| match gate {
                Gate::Open => false,
                Gate::Missing(_) => true,
                Gate::Noted(_) => edition.notes.iter().any(|note| note.rules.iter().any(|named| named.text == id)),
            })
        };
        rule.citations.extend(editions.iter().filter(speaks_of_it).map(|edition| Arc::new(edition.citation())));
    }
    policy.matrix = Some(Arc::new(Matrix::new(features, || editions)));
    Ok(())
}

fn read_citations(fields: &Fields<'_>, faults: &mut Faults) -> Citations {
    let mut citations = Citations::new();
    let Some(node) = fields.get("sources") else {
        fields.required("sources", "the policy", faults);
        return citations;
    };
    for (key, node) in faults.entries(node, "`sources`") {
        let fields = faults.fields(node, "a source", &SOURCE_KEYS);
        let what = format!("the source `{}`", key.text);
        let title = fields.required("title", &what, faults);
        let section = fields.required("section", &what, faults);
        let date = fields.required("date", &what, faults);
        let url = fields.optional("url", faults);
        let citation = match (title, section, date) {
            (Some(title), Some(section), Some(date)) => {
                let url = url.map(|url| url.text);
                Some(Arc::new(Citation { title: title.text, section: section.text, date: date.text, url }))
            }
            _ => None,
        };
        citations.insert(key.text.clone(), citation);
    }
    citations
}

fn read_names(fields: &Fields<'_>, faults: &mut Faults) -> (Vec<Written>, Vec<Written>) {
    let Some(node) = fields.get("names") else { return Default::default() };
    let names = faults.fields(node, "`names`", &NAMES_KEYS);
    let mut list = |key: &str| -> Vec<Written> {
        let texts = names.get(key).map(|node| faults.texts(node, "a name")).unwrap_or_default();
        texts.into_iter().map(|text| text.text).collect()
    };
    (list("elements"), list("attributes"))
}

fn text_map(node: Option<&Node>, what: &str, faults: &mut Faults) -> Vec<(Written, Text)> {
    let Some(node) = node else { return Vec::new() };
    let entries = faults.entries(node, what);
    entries.iter().filter_map(|(key, node)| Some((key.text.clone(), faults.text(node, what)?))).collect()
}

fn read_devices(node: &Node, faults: &mut Faults) -> Vec<Device> {
    let mut devices = Vec::new();
    for (key, node) in faults.entries(node, "`devices`") {
        let element = key.text.clone();
        let device = match &node.content {
            Content::Map(_) => {
                let fields = faults.fields(node, "a device", &DEVICE_KEYS);
                let noun = fields.optional("noun", faults).map_or(element.clone(), |noun| noun.text);
                let phrase = fields.optional("phrase", faults).map(|phrase| phrase.text);
                Some(Device { element, noun, name: fields.optional("name", faults), phrase })
            }
            _ => faults.text(node, "a device's name").map(|name| Device {
                noun: element.clone(),
                element,
                name: Some(name),
                phrase: None,
            }),
        };
        devices.extend(device);
    }
    devices
}

/// What a rule gives its cases unless they say otherwise.
#[derive(Clone)]
struct Defaults {
    status: Option<Status>,
    severity: Option<Severity>,
    citations: Vec<Arc<Citation>>,
    message: Option<Text>,
    help: Option<Text>,
    label: Option<Text>,
    at: Option<Text>,
    related: Vec<(Text, Option<Text>)>,
    gate: Gate,
    guests: Arc<[GuestPattern]>,
    hosts: Vec<Arc<str>>,
    except_hosts: Vec<(Arc<str>, Option<Text>)>,
    fixes: Vec<Recipe>,
}

impl Defaults {
    /// The values of these fields, those of `outer` where they are silent. An empty list of fixes is none, whatever the rule has.
    fn read(fields: &Fields<'_>, outer: Option<&Defaults>, shelf: &Shelf<'_>, faults: &mut Faults) -> Defaults {
        let status = fields.get("status").and_then(|node| faults.word(node, "status", &STATUSES));
        let severity = fields.get("severity").and_then(|node| faults.word(node, "severity", &SEVERITIES));
        let mut own = Defaults {
            // A case with a status of its own has that status' severity, not the rule's.
            severity: severity.or(status.map(Status::default_severity)),
            status,
            citations: read_sources(fields, shelf.citations, faults),
            message: fields.optional("message", faults),
            help: fields.optional("help", faults),
            label: fields.optional("label", faults),
            at: fields.optional("at", faults),
            related: fields.get("related").map(|node| read_related(node, faults)).unwrap_or_default(),
            gate: Gate::Open,
            guests: fields.get("guests").map(|node| read_guests(node, faults)).unwrap_or_default(),
            hosts: fields.get("hosts").map(|node| faults.texts(node, "a host").iter().map(shared).collect()).unwrap_or_default(),
            except_hosts: fields.get("except-hosts").map(|node| read_except_hosts(node, faults)).unwrap_or_default(),
            fixes: fields.get("fix").map(|node| fixes::read(node, shelf.platform, faults)).unwrap_or_default(),
        };
        if let Some(outer) = outer {
            let outer = outer.clone();
            own.status = own.status.or(outer.status);
            own.severity = own.severity.or(outer.severity);
            own.message = own.message.or(outer.message);
            own.help = own.help.or(outer.help);
            own.label = own.label.or(outer.label);
            own.at = own.at.or(outer.at);
            if own.citations.is_empty() {
                own.citations = outer.citations;
            }
            if own.related.is_empty() {
                own.related = outer.related;
            }
            if own.guests.is_empty() {
                own.guests = outer.guests;
            }
            if own.hosts.is_empty() {
                own.hosts = outer.hosts;
            }
            if fields.get("except-hosts").is_none() {
                own.except_hosts = outer.except_hosts;
            }
            if fields.get("fix").is_none() {
                own.fixes = outer.fixes;
            }
        }
        own
    }
}

/// What the rules of a policy refer to.
struct Shelf<'p> {
    policy: &'p str,
    platform: Option<Platform>,
    citations: &'p Citations,
    features: &'p [Feature],
    documented: bool,
}

impl Shelf<'_> {
    /// Reads a rule, or a feature's use, which is one named after the feature.
    fn read_rule(&self, node: &Node, is_use: bool, faults: &mut Faults) -> Option<Rule> {
        let [of_rules, of_uses] = OWN_KEYS;
        let own = if is_use { of_uses } else { of_rules };
        let known: Vec<&'static str> = own.iter().chain(&RULE_KEYS).chain(&tests::NAMES).copied().collect();
        let fields = faults.fields(node, if is_use { "a use" } else { "a rule" }, &known);
        let id = fields.required(if is_use { "feature" } else { "id" }, "the rule", faults);
        let what = id.as_ref().map_or("the rule".to_owned(), |id| format!("the rule `{}`", id.text));
        if let Some(id) = &id
            && !is_kebab(&id.text)
        {
            faults.error(&id.span, format!("the rule id `{}` is not in kebab-case", id.text));
        }
        for (key, why) in [
            ("title", "a few words for lists"),
            ("status", "what the vendor says of it"),
            ("why", "`vmlint explain` shows it"),
            ("examples", "they prove the rule"),
        ] {
            let needed = self.documented || !matches!(key, "why" | "examples");
            if fields.get(key).is_none() && needed {
                let fault = Fault::error(fields.head(), format!("{what} has no `{key}`")).label(format!("`{key}` is missing"));
                faults.push(fault.help(format!("Add `{key}`: {why}.")));
            }
        }
        let title = fields.optional("title", faults);
        let why = fields.optional("why", faults);
        let mut defaults = Defaults::read(&fields, None, self, faults);
        defaults.gate = match &id {
            Some(id) if is_use => self.feature(id, faults).map_or(Gate::Open, Gate::Missing),
            _ => self.noted(&fields, faults).unwrap_or_default(),
        };
        let contexts = match fields.get("context") {
            Some(node) => read_contexts(node, faults),
            None if self.platform == Some(Platform::HyperV) => vec![Context::Vm],
            None => vec![Context::Domain],
        };
        let exclusive = fields.get("exclusive").and_then(|node| faults.boolean(node, "`exclusive`")).unwrap_or(false);
        let mut cases = Vec::new();
        match (fields.get("cases"), fields.get("find")) {
            (Some(_), Some(find)) => faults.error(&find.span, format!("{what} has both `find` and `cases`")),
            (Some(node), None) => {
                let known: Vec<&'static str> = CASE_KEYS.iter().chain(&tests::NAMES).copied().collect();
                for node in faults.list(node, "`cases`") {
                    let fields = faults.fields(node, "a case", &known);
                    let mut own = Defaults::read(&fields, Some(&defaults), self, faults);
                    own.gate = self.noted(&fields, faults).unwrap_or_else(|| defaults.gate.clone());
                    cases.extend(read_case(&fields, &own, &what, faults).map(Arc::new));
                }
            }
            (None, Some(_)) => cases.extend(read_case(&fields, &defaults, &what, faults).map(Arc::new)),
            (None, None) => {
                let fault = Fault::error(fields.head(), format!("{what} has neither `find` nor `cases`"));
                faults.push(fault.help("Add `find` with an XPath expression for the offending nodes.".to_owned()));
            }
        }
        let (bad, good) = read_examples(&fields, &what, faults);
        let id = id?;
        let status = defaults.status?;
        Some(Rule {
            id: format!("{}/{}", self.policy, id.text).into(),
            span: id.span,
            title: title?.text,
            status,
            severity: defaults.severity.unwrap_or(status.default_severity()),
            citations: defaults.citations,
            contexts,
            cases,
            exclusive,
            why: why.map(|why| why.text).unwrap_or_default(),
            help: defaults.help.map(|help| help.text).unwrap_or_default(),
            bad,
            good,
        })
    }

    /// The features of `noted`, if the key is there.
    fn noted(&self, fields: &Fields<'_>, faults: &mut Faults) -> Option<Gate> {
        let features = faults.texts(fields.get("noted")?, "a feature");
        Some(Gate::Noted(features.iter().filter_map(|feature| self.feature(feature, faults)).collect()))
    }

    fn feature(&self, id: &Text, faults: &mut Faults) -> Option<usize> {
        let found = self.features.iter().position(|feature| *feature.id == *id.text);
        if found.is_none() {
            let help = crate::suggest::help(&id.text, self.features.iter().map(|feature| &*feature.id));
            faults.push(Fault::error(id.span.clone(), format!("the matrix has no feature `{}`", id.text)).help(help));
        }
        found
    }
}

fn read_case(fields: &Fields<'_>, defaults: &Defaults, what: &str, faults: &mut Faults) -> Option<Case> {
    let find = fields.required("find", "the case", faults);
    let named = tests::NAMES.iter().filter_map(|name| fields.get(name).map(|node| (*name, node)));
    let tests: Arc<[Test]> = named.filter_map(|(name, node)| Test::read(name, node, faults)).collect();
    let Defaults { status, severity, citations, message, help, label, at, related, gate, guests, hosts, except_hosts, fixes } =
        defaults.clone();
    for (key, missing) in [("message", message.is_none()), ("help", help.is_none())] {
        if missing && fields.get(key).is_none() {
            let fault = Fault::error(fields.head(), format!("{what} has a case without `{key}`"));
            faults.push(fault.help(format!("Add `{key}` to the case, or to the rule for all its cases.")));
        }
    }
    if gate == Gate::Open && fields.get("source").is_none() && citations.is_empty() {
        let fault = Fault::error(fields.head(), format!("{what} has no `source`")).label("`source` is missing");
        faults.push(fault.help("Add `source`: every finding rests on a document.".to_owned()));
        return None;
    }
    let status = status?;
    Some(Case {
        find: find?,
        tests,
        severity: severity.unwrap_or(status.default_severity()),
        status,
        citation: citations.into_iter().next(),
        gate,
        guests,
        hosts,
        message: message?,
        help: help?,
        label,
        at,
        related,
        except_hosts,
        fixes,
    })
}

fn read_sources(fields: &Fields<'_>, citations: &Citations, faults: &mut Faults) -> Vec<Arc<Citation>> {
    let Some(node) = fields.get("source") else { return Vec::new() };
    let mut found = Vec::new();
    for key in faults.texts(node, "a source") {
        match citations.get(&key.text) {
            Some(citation) => found.extend(citation.clone()),
            // That there are none at all is told once, where they are missing.
            None if citations.is_empty() => {}
            None => {
                let mut known: Vec<&str> = citations.keys().map(|key| &**key).collect();
                known.sort_unstable();
                let help = crate::suggest::help(&key.text, known.iter().copied());
                faults.push(Fault::error(key.span, format!("there is no source `{}`", key.text)).help(help));
            }
        }
    }
    found
}

fn read_contexts(node: &Node, faults: &mut Faults) -> Vec<Context> {
    match &node.content {
        Content::List(items) => items.iter().filter_map(|item| faults.word(item, "context", &Context::ALL)).collect(),
        _ => faults.word(node, "context", &Context::ALL).into_iter().collect(),
    }
}

fn read_guests(node: &Node, faults: &mut Faults) -> Arc<[GuestPattern]> {
    let mut guests = Vec::new();
    for text in faults.texts(node, "a guest") {
        match GuestPattern::parse(&text.text) {
            Ok(pattern) => guests.push(pattern),
            Err((message, help)) => faults.push(Fault::error(text.span, message).help(help)),
        }
    }
    guests.into()
}

fn read_related(node: &Node, faults: &mut Faults) -> Vec<(Text, Option<Text>)> {
    let items = faults.list(node, "`related`");
    let mut related = Vec::new();
    for node in items {
        let fields = faults.fields(node, "a related place", &RELATED_KEYS);
        let label = fields.optional("label", faults);
        related.extend(fields.required("find", "the related place", faults).map(|find| (find, label)));
    }
    related
}

fn read_except_hosts(node: &Node, faults: &mut Faults) -> Vec<(Arc<str>, Option<Text>)> {
    match &node.content {
        Content::Map(entries) => {
            let mut hosts = Vec::new();
            for (key, node) in entries {
                hosts.extend(faults.text(node, "an exception").map(|find| (Arc::from(&*key.text), Some(find))));
            }
            hosts
        }
        _ => faults.texts(node, "a host").iter().map(|host| (shared(host), None)).collect(),
    }
}

fn read_examples(fields: &Fields<'_>, what: &str, faults: &mut Faults) -> (Vec<Text>, Vec<Text>) {
    let Some(node) = fields.get("examples") else { return Default::default() };
    let examples = faults.fields(node, "`examples`", &EXAMPLES_KEYS);
    let mut list = |key: &str| {
        let found = examples.get(key).map(|node| faults.texts(node, "an example")).unwrap_or_default();
        if found.is_empty() {
            faults.error(&node.span, format!("{what} has no `{key}` example"));
        }
        found
    };
    (list("bad"), list("good"))
}
