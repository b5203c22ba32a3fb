//! From options and configuration to what a run needs: hosts, policies, which rules run.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use globset::{Glob, GlobSet};

use super::explain;
use super::problem::{Problem, shown};
use super::run;
use crate::config::{Config, RuleEntry, RuleSetting, Settings};
use crate::engine::Assumptions;
use crate::finding::RuleInfo;
use crate::glob;
use crate::input::limits::{FILE_BYTES, Limits, Setting, size};
use crate::input::text;
use crate::policy::builtin::{self, BuiltIn};
use crate::policy::compile::{self, Choice, Faulty, Loaded, RuleSet};
use crate::policy::schema::{Fault, Platform, Rule, Text};
use crate::policy::{load, yaml};
use crate::source::Source;
use crate::suggest;
use crate::suppress;
use crate::systems::{self, Guest};

/// What the options ask for.
#[derive(Debug, Default)]
pub struct Wishes {
    /// `--host`
    pub hosts: Vec<String>,
    /// `--guest`
    pub guest: Option<String>,
    /// `--guest-drivers`
    pub guest_drivers: Option<String>,
    /// `--policy`
    pub policies: Vec<PathBuf>,
    /// `--select`
    pub select: Vec<String>,
    /// `--ignore`
    pub ignore: Vec<String>,
    /// `--limit`
    pub limits: Vec<Setting>,
}

/// A word that somebody gave, and where: in a configuration, or as an option.
struct Asked<'c> {
    word: &'c str,
    config: Option<(&'c Config, &'c Text)>,
}

impl<'c> Asked<'c> {
    fn option(word: &'c str) -> Asked<'c> {
        Asked { word, config: None }
    }

    fn configured(config: &'c Config, text: &'c Text) -> Asked<'c> {
        Asked { word: &text.text, config: Some((config, text)) }
    }

    /// Says that the word cannot be used, at its place if it has one.
    fn refused(&self, message: String, help: Option<String>) -> Problem {
        match self.config {
            None => Problem::new(message).help(help),
            Some((config, text)) => {
                let fault = Fault::error(text.span.clone(), message).help(help);
                let message = format!("the configuration {} cannot be used", shown(config.source.path()));
                Problem::faulty(message, vec![Faulty { source: config.source.clone(), faults: vec![fault] }])
            }
        }
    }
}

/// The rules and assumptions of a run.
#[derive(Debug)]
pub struct Setup {
    /// What is assumed.
    pub assumptions: Assumptions,
    /// The limits on what is read and told.
    pub limits: Limits,
    /// Warnings about the user's own policies.
    pub warnings: Vec<Faulty>,
    /// The built-in policies, to be loaded when the first definition of their platform is there.
    built_in: Vec<&'static BuiltIn>,
    /// What the user's own policies say of their rules.
    own: Vec<RuleInfo>,
    chooser: Chooser,
    rules: [OnceLock<RuleSet>; 2],
}

impl Setup {
    /// The rules about definitions of a platform.
    pub fn rules(&self, platform: Platform) -> &RuleSet {
        let place = match platform {
            Platform::Libvirt => &self.rules[0],
            Platform::HyperV => &self.rules[1],
        };
        place.get_or_init(|| {
            let policies = self.built_in.iter().filter(|policy| policy.platform == platform).map(|policy| policy.load());
            let rules = policies.collect::<Result<Vec<_>, _>>().map_err(|faulty| vec![faulty]).and_then(|loaded| {
                let (rules, _) = compile::compile(&loaded, false, &|id| self.chooser.choose(id))?;
                // What the policies said as text is not needed any more, and the process is too short to give it back piece by piece.
                std::mem::forget(loaded);
                Ok(rules)
            });
            // Tests see to it that the built-in policies have no faults; were there one, the user should hear of it.
            rules.unwrap_or_else(|faulty| {
                Problem::from(faulty).print();
                RuleSet::default()
            })
        })
    }

    /// What the policies say of the rules that are wanted, with the severity that holds here. The documentation of built-in ones is
    /// read only now, and only of policies with such a rule.
    ///
    /// # Errors
    /// The faults of a built-in policy; tests see to it that there are none.
    pub fn describe(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<RuleInfo>, Problem> {
        let mut described: Vec<RuleInfo> = self.own.iter().filter(|rule| is_wanted(&rule.id)).cloned().collect();
        for policy in &self.built_in {
            let is_its = |rule: &Rule| is_wanted(&rule.id);
            if policy.rule_ids()?.iter().any(|id| is_wanted(id)) {
                let rules = policy.load_documented()?.policy.rules;
                described.extend(rules.iter().filter(|rule| is_its(rule)).map(info));
            }
        }
        for rule in &mut described {
            if let Choice::RunAs(severity) = self.chooser.choose(&rule.id) {
                rule.severity = severity;
            }
        }
        Ok(described)
    }
}

/// A rule as reports describe it.
fn info(rule: &Rule) -> RuleInfo {
    RuleInfo {
        id: rule.id.clone(),
        title: rule.title.clone(),
        status: Some(rule.status),
        severity: rule.cases.iter().map(|case| case.severity).max().unwrap_or(rule.severity),
        why: rule.why.clone(),
        helps: explain::helps(rule),
        citations: rule.citations.clone(),
    }
}

/// vmlint's own rules as reports describe them.
pub fn own_rules() -> impl Iterator<Item = RuleInfo> {
    explain::OWN.iter().map(|(id, severity, title, why)| RuleInfo {
        id: Arc::from(*id),
        title: (*title).into(),
        status: None,
        severity: *severity,
        why: (*why).into(),
        helps: Vec::new(),
        citations: Vec::new(),
    })
}

/// Works out hosts, policies and rules. What the options say comes before what the configuration says; `config` is that with the
/// numbers of the overrides that hold.
///
/// # Errors
/// With the nearest valid word where an id is unknown, with the places of all faults where a policy is wrong.
pub fn setup(wishes: &Wishes, config: Option<(&Config, &[usize])>) -> Result<Setup, Problem> {
    let settings: Vec<(&Config, &Settings)> = config
        .into_iter()
        .flat_map(|(config, overrides)| config.settings(overrides).map(move |settings| (config, settings)))
        .collect();
    let hosts = list(&settings, &wishes.hosts, |settings| &settings.hosts);
    let guest = one(&settings, wishes.guest.as_ref(), |settings| settings.guest.as_ref());
    let drivers = one(&settings, wishes.guest_drivers.as_ref(), |settings| settings.guest_drivers.as_ref());

    let mut own = Vec::new();
    for policy in &wishes.policies {
        own.extend(named_policy(policy)?);
    }
    if wishes.policies.is_empty() {
        for policy in list(&settings, &[], |settings| &settings.policies) {
            own.extend(configured_policy(&policy)?);
        }
    }
    for host in &hosts {
        known_host(host, &own)?;
    }
    let is_named = |platform: Platform| hosts.iter().any(|host| Platform::of_host(host.word).is_none_or(|own| own == platform));
    let assumed: Vec<&str> =
        systems::DEFAULT_HOSTS.iter().filter(|(platform, _)| !is_named(*platform)).map(|(_, host)| *host).collect();
    let guest = match guest {
        Some(asked) => Some(
            Guest::parse(asked.word).map_err(|help| asked.refused(format!("there is no guest `{}`", asked.word), Some(help)))?,
        ),
        None => None,
    };
    let built_in = if own.is_empty() { policies_of(&hosts, &assumed)? } else { Vec::new() };
    let entries: Vec<(&Config, &RuleEntry)> =
        settings.iter().flat_map(|(config, settings)| settings.rules.iter().map(|entry| (*config, entry))).collect();
    let ids = || {
        let built_in = built_in.iter().map(|policy| policy.rule_ids()).collect::<Result<Vec<_>, _>>()?;
        let own = own.iter().flat_map(|loaded| &loaded.policy.rules).map(|rule| rule.id.clone());
        Ok(own.chain(built_in.into_iter().flatten()).chain(suppress::RULES.map(Arc::from)).collect())
    };
    let chooser = Chooser::new(&wishes.select, &wishes.ignore, &entries, ids)?;
    let described = own.iter().flat_map(|loaded| &loaded.policy.rules).map(info).collect();
    let rules = [OnceLock::new(), OnceLock::new()];
    let mut warnings = Vec::new();
    if !own.is_empty() {
        // The user is told at once what is wrong with policies of their own.
        for (platform, place) in [Platform::Libvirt, Platform::HyperV].into_iter().zip(&rules) {
            let (about, others): (Vec<Loaded>, _) = own.into_iter().partition(|loaded| loaded.policy.platform == platform);
            own = others;
            let (compiled, told) = compile::compile(&about, true, &|id| chooser.choose(id))?;
            let _ = place.set(compiled);
            warnings.extend(told);
        }
    }
    let assumptions = Assumptions {
        hosts: hosts.iter().map(|host| host.word).chain(assumed.iter().copied()).map(Arc::from).collect(),
        assumed: assumed.into_iter().map(Arc::from).collect(),
        guest,
        guest_drivers: drivers.map(|drivers| Arc::from(drivers.word)),
    };
    let configured = config.iter().flat_map(|(config, _)| &config.limits).map(|(setting, _)| setting);
    let limits = Limits::with(configured.chain(&wishes.limits));
    Ok(Setup { assumptions, limits, warnings, built_in, own: described, chooser, rules })
}

/// What the options list, else what the last settings do that list anything.
fn list<'a>(settings: &[(&'a Config, &'a Settings)], options: &'a [String], of: fn(&Settings) -> &[Text]) -> Vec<Asked<'a>> {
    match settings.iter().rev().find(|(_, settings)| !of(settings).is_empty()) {
        Some((config, settings)) if options.is_empty() => {
            of(settings).iter().map(|text| Asked::configured(config, text)).collect()
        }
        _ => options.iter().map(|word| Asked::option(word)).collect(),
    }
}

/// What the option says, else what the last settings do that say anything.
fn one<'a>(
    settings: &[(&'a Config, &'a Settings)],
    option: Option<&'a String>,
    of: fn(&Settings) -> Option<&Text>,
) -> Option<Asked<'a>> {
    let configured = || settings.iter().rev().find_map(|(config, settings)| Some(Asked::configured(config, of(settings)?)));
    option.map(|word| Asked::option(word)).or_else(configured)
}

fn known_host(host: &Asked<'_>, own: &[Loaded]) -> Result<(), Problem> {
    let own: Vec<&str> = own.iter().flat_map(|loaded| loaded.policy.hosts.iter().map(|host| &**host)).collect();
    if systems::hosts().any(|known| known == host.word) || own.contains(&host.word) {
        return Ok(());
    }
    let help = suggest::help(host.word, systems::hosts().chain(own));
    Err(host.refused(format!("there is no host `{}`", host.word), help))
}

/// What an entry of `policies` in a configuration names: a built-in id, or files relative to it, as a path or a glob.
fn configured_policy(policy: &Asked<'_>) -> Result<Vec<Loaded>, Problem> {
    let Some((config, _)) = policy.config else { return named_policy(Path::new(policy.word)) };
    if BuiltIn::get(policy.word).is_some() {
        return named_policy(Path::new(policy.word));
    }
    let path = config.folder.join(policy.word);
    if path.exists() {
        return named_policy(&path);
    }
    if !policy.word.contains(['*', '?', '[', '{']) {
        let help = suggest::nearest(policy.word, builtin::ALL.iter().map(|policy| policy.id));
        let help = help.map_or_else(
            || "Name a built-in policy, or a file or folder relative to the configuration.".to_owned(),
            |near| format!("Did you mean `{near}`?"),
        );
        return Err(policy.refused(format!("there is no policy `{}`", policy.word), Some(help)));
    }
    let matcher = glob::compile(Glob::new(policy.word))
        .map_err(|reason| policy.refused(format!("`{}` is no pattern: {reason}", policy.word), None))?;
    let mut files: Vec<PathBuf> = ignore::WalkBuilder::new(&config.folder)
        .require_git(false)
        .build()
        .filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.is_file() && path.strip_prefix(&config.folder).is_ok_and(|relative| matcher.is_match(relative)))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(policy.refused(format!("`{}` matches no file", policy.word), None));
    }
    files.iter().map(|file| read_policy(file)).collect()
}

/// The built-in policies for some hosts, each once. There need be none for a host that was only assumed.
fn policies_of(named: &[Asked<'_>], assumed: &[&str]) -> Result<Vec<&'static BuiltIn>, Problem> {
    let mut chosen: Vec<&'static BuiltIn> = Vec::new();
    let named = named.iter().map(|asked| (asked.word, Some(asked)));
    for (host, asked) in named.chain(assumed.iter().map(|host| (*host, None))) {
        let mut found = builtin::ALL.iter().filter(|policy| policy.hosts.contains(&host)).peekable();
        if let (Some(asked), None) = (asked, found.peek()) {
            let judged: Vec<String> =
                builtin::ALL.iter().flat_map(|policy| policy.hosts).map(|host| format!("`{host}`")).collect();
            let help = format!("Judged without a policy of your own are {}. Name one with --policy.", judged.join(", "));
            return Err(asked.refused(format!("no built-in policy judges the host `{host}` yet"), Some(help)));
        }
        for policy in found {
            if !chosen.iter().any(|known| known.id == policy.id) {
                chosen.push(policy);
            }
        }
    }
    Ok(chosen)
}

/// What `--policy` names: a built-in id, a file, or a folder of them.
pub fn named_policy(named: &Path) -> Result<Vec<Loaded>, Problem> {
    if let Some(policy) = named.to_str().and_then(BuiltIn::get) {
        return Ok(vec![policy.load_documented()?]);
    }
    if named.is_dir() {
        let files = policy_files(named).map_err(|error| Problem::new(format!("{}: {error}", shown(named))))?;
        if files.is_empty() {
            let problem = Problem::new(format!("the folder {} holds no policies", shown(named)));
            return Err(problem.help("Policies are files that end in `.yaml` or `.yml`.".to_owned()));
        }
        return files.iter().map(|file| read_policy(file)).collect();
    }
    if !named.exists() {
        let ids = builtin::ALL.iter().map(|policy| policy.id);
        let help = suggest::nearest(&named.file_name().unwrap_or_default().to_string_lossy(), ids.clone()).map_or_else(
            || {
                format!(
                    "Name a file, a folder or a built-in policy: {}.",
                    ids.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
                )
            },
            |near| format!("Did you mean `{near}`?"),
        );
        return Err(Problem::new(format!("there is no policy {}", shown(named))).help(help));
    }
    Ok(vec![read_policy(named)?])
}

/// The policy files of a folder, by name.
fn policy_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a policy of the user's own with its tables.
pub fn read_policy(path: &Path) -> Result<Loaded, Problem> {
    let source = Arc::new(read_yaml_source(path)?);
    let faulty = |faults| Problem::from(Faulty { source: source.clone(), faults });
    let node = yaml::read(source.text()).map_err(|broken| faulty(vec![Fault::error(broken.span, broken.message)]))?;
    let mut policy = load::load(&node, true).map_err(faulty)?;
    let mut tables = Vec::new();
    for (_, file) in &policy.tables {
        let (_, text) = read_beside(path, file, "table").map_err(|fault| faulty(vec![fault]))?;
        tables.push(text.into());
    }
    load::read_editions(&mut policy, &source, &|file| {
        let missing = |fault| Faulty { source: source.clone(), faults: vec![fault] };
        let (path, text) = read_beside(path, file, "edition").map_err(missing)?;
        let source = Arc::new(Source::utf8(&path, text, 0));
        let broken =
            |broken: yaml::Broken| Faulty { source: source.clone(), faults: vec![Fault::error(broken.span, broken.message)] };
        let node = yaml::read(source.text()).map_err(broken)?;
        Ok((source, node))
    })?;
    Ok(Loaded { source, policy, tables, packed: None, own: true })
}

/// Reads a file that a policy names, a table or an edition. A policy may be a stranger's, so it names what lies in its own folder and
/// nothing else of the machine.
fn read_beside(policy: &Path, file: &Text, what: &str) -> Result<(PathBuf, String), Fault> {
    let named = Path::new(&*file.text);
    let fault = |message: String| Fault::error(file.span.clone(), format!("the {what} `{}` {message}", file.text));
    if !named.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        let help = "Put it into the policy's folder or one below, and name it from there, without `..`.";
        return Err(fault("is not named from within the policy's folder".to_owned()).help(Some(help.to_owned())));
    }
    let path = policy.parent().unwrap_or(Path::new("")).join(named);
    let text = whole_text(&path).map_err(|reason| fault(format!("cannot be read: {reason}")))?;
    Ok((path, text))
}

/// The bytes of a file that is no definition, which is not read beyond what a definition may have.
fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = run::read(path, FILE_BYTES)?;
    if bytes.len() as u64 > FILE_BYTES { Err(format!("is larger than {}", size(FILE_BYTES))) } else { Ok(bytes) }
}

fn whole_text(path: &Path) -> Result<String, String> {
    String::from_utf8(whole(path)?).map_err(|_| "is not written in UTF-8".to_owned())
}

/// Reads a YAML file as a source.
pub fn read_yaml_source(path: &Path) -> Result<crate::source::Source, Problem> {
    let bytes = whole(path).map_err(|reason| Problem::new(format!("{}: {reason}", shown(path))))?;
    text::decode(path, bytes).map_err(|fault| Problem::new(format!("{}: {}", shown(path), fault.reason)))
}

/// Which rules run, by globs over their ids.
#[derive(Debug)]
struct Chooser {
    select: Vec<GlobSet>,
    ignore: Vec<GlobSet>,
    settings: Vec<(GlobSet, RuleSetting)>,
}

impl Chooser {
    /// `ids` gives the ids of all rules, which every glob has to match one of.
    fn new(
        select: &[String],
        ignore: &[String],
        settings: &[(&Config, &RuleEntry)],
        ids: impl Fn() -> Result<Vec<Arc<str>>, Problem>,
    ) -> Result<Chooser, Problem> {
        let asked = !(select.is_empty() && ignore.is_empty() && settings.is_empty());
        let ids = if asked { ids()? } else { Vec::new() };
        let glob = |asked: Asked<'_>, what: &str| {
            let text = asked.word;
            let matcher = glob::compile(Glob::new(text));
            let matcher = matcher.map_err(|reason| asked.refused(format!("{what} `{text}` is no pattern: {reason}"), None))?;
            if !ids.iter().any(|id| matcher.is_match(&**id)) {
                let near = suggest::nearest(text, ids.iter().map(|id| &**id));
                let help = near.map_or("`vmlint rules` lists all ids.".to_owned(), |near| format!("Did you mean `{near}`?"));
                return Err(asked.refused(format!("{what} `{text}` matches no rule"), Some(help)));
            }
            Ok(matcher)
        };
        let options = |what: &str, words: &[String]| -> Result<Vec<GlobSet>, Problem> {
            words.iter().map(|word| glob(Asked::option(word), what)).collect()
        };
        let configured = |(config, entry): &(&Config, &RuleEntry)| {
            Ok((glob(Asked::configured(config, &entry.glob), "the configured rule")?, entry.setting))
        };
        Ok(Chooser {
            select: options("--select", select)?,
            ignore: options("--ignore", ignore)?,
            settings: settings.iter().map(configured).collect::<Result<_, Problem>>()?,
        })
    }

    fn choose(&self, id: &str) -> Choice {
        // What is to be said of suppressions is not asked for by selecting rules, and not lost by it either.
        let selected = self.select.is_empty() || id.starts_with("vmlint/") || self.select.iter().any(|glob| glob.is_match(id));
        if !selected || self.ignore.iter().any(|glob| glob.is_match(id)) {
            return Choice::Off;
        }
        // The last setting that matches decides.
        match self.settings.iter().rev().find(|(glob, _)| glob.is_match(id)) {
            Some((_, RuleSetting::Off)) => Choice::Off,
            Some((_, RuleSetting::Severity(severity))) => Choice::RunAs(*severity),
            None => Choice::Run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_nothing_outside_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policies/acme.yaml");
        for (path, text) in [("policies/tables/inside.csv", "in"), ("outside.csv", "out")] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let read =
            |text: &str| read_beside(&policy, &Text { text: text.to_owned().into(), span: 0..0 }, "table").map(|(_, text)| text);
        let absolute = folder.path().join("policies/tables/inside.csv");
        for outside in ["../outside.csv", "tables/../../outside.csv", "tables/../tables/inside.csv", absolute.to_str().unwrap()] {
            let fault = read(outside).unwrap_err();
            assert_eq!(fault.message, format!("the table `{outside}` is not named from within the policy's folder"));
        }
        assert_eq!(read("tables/inside.csv").unwrap(), "in");
        assert_eq!(read("./tables/inside.csv").unwrap(), "in");
        assert!(read("tables").unwrap_err().message.ends_with("cannot be read: is a folder"));
    }
}
