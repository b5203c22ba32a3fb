//! From options and configuration to what a run needs: hosts, policies, which rules run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use globset::{Glob, GlobMatcher};

use super::explain;
use super::problem::{Problem, shown};
use crate::config::{Config, RuleSetting};
use crate::engine::Assumptions;
use crate::finding::RuleInfo;
use crate::input::text;
use crate::policy::builtin::{self, BuiltIn};
use crate::policy::compile::{self, Choice, Faulty, Loaded, RuleSet};
use crate::policy::schema::{Fault, Platform};
use crate::policy::{load, yaml};
use crate::source::Source;
use crate::suggest;
use crate::systems::{self, Guest};

/// What the user asked for, from all places together.
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
    /// Whether a report describes the rules that run.
    pub described: bool,
}

/// The rules and assumptions of a run.
#[derive(Debug)]
pub struct Setup {
    /// What is assumed.
    pub assumptions: Assumptions,
    /// The rules that run and vmlint's own, as reports describe them, where that was asked for; sorted by their ids.
    pub descriptions: Vec<RuleInfo>,
    /// Warnings about the user's own policies.
    pub warnings: Vec<Faulty>,
    /// The built-in policies, to be loaded when the first definition of their platform is there.
    built_in: Vec<&'static BuiltIn>,
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
}

/// Works out hosts, policies and rules. What the options say comes before what the configuration says.
///
/// # Errors
/// With the nearest valid word where an id is unknown, with the places of all faults where a policy is wrong.
pub fn setup(wishes: Wishes, config: Option<&Config>) -> Result<Setup, Problem> {
    let empty = Config::default();
    let config = config.unwrap_or(&empty);
    let named_hosts = if wishes.hosts.is_empty() { config.hosts.clone() } else { wishes.hosts };
    let guest = wishes.guest.or_else(|| config.guest.clone());
    let drivers = wishes.guest_drivers.or_else(|| config.guest_drivers.clone());
    let named_policies = if wishes.policies.is_empty() { config.policies.clone() } else { wishes.policies };

    let mut own = Vec::new();
    for policy in &named_policies {
        own.extend(named_policy(policy)?);
    }
    for host in &named_hosts {
        known_host(host, &own)?;
    }
    let is_named = |platform: Platform| named_hosts.iter().any(|host| Platform::of_host(host).is_none_or(|own| own == platform));
    let assumed: Vec<&str> =
        systems::DEFAULT_HOSTS.iter().filter(|(platform, _)| !is_named(*platform)).map(|(_, host)| *host).collect();
    let guest = guest.as_deref().map(known_guest).transpose()?;
    let built_in = if named_policies.is_empty() { policies_of(&named_hosts, &assumed)? } else { Vec::new() };
    let ids = || {
        let built_in = built_in.iter().map(|policy| policy.load()).collect::<Result<Vec<_>, _>>()?;
        let rules = own.iter().chain(&built_in).flat_map(|loaded| &loaded.policy.rules);
        Ok(rules.map(|rule| rule.id.clone()).collect())
    };
    let chooser = Chooser::new(&wishes.select, &wishes.ignore, &config.rules, ids)?;
    let descriptions = if wishes.described { describe(&own, &built_in, &chooser)? } else { Vec::new() };
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
        hosts: named_hosts.iter().map(String::as_str).chain(assumed.iter().copied()).map(Arc::from).collect(),
        assumed: assumed.into_iter().map(Arc::from).collect(),
        guest,
        guest_drivers: drivers.map(Arc::from),
    };
    Ok(Setup { assumptions, descriptions, warnings, built_in, chooser, rules })
}

/// The rules that run with their documentation, which is read only for this.
fn describe(own: &[Loaded], built_in: &[&BuiltIn], chooser: &Chooser) -> Result<Vec<RuleInfo>, Problem> {
    let mut described: Vec<RuleInfo> = explain::OWN
        .iter()
        .map(|(id, severity, title, why)| RuleInfo {
            id: Arc::from(*id),
            title: (*title).to_owned(),
            status: None,
            severity: *severity,
            why: (*why).to_owned(),
            helps: Vec::new(),
            citations: Vec::new(),
        })
        .collect();
    let documented = built_in.iter().map(|policy| policy.load_documented()).collect::<Result<Vec<_>, _>>()?;
    for rule in own.iter().chain(&documented).flat_map(|loaded| &loaded.policy.rules) {
        let severity = match chooser.choose(&rule.id) {
            Choice::Off => continue,
            Choice::RunAs(severity) => severity,
            Choice::Run => rule.cases.iter().map(|case| case.severity).max().unwrap_or(rule.severity),
        };
        described.push(RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            status: Some(rule.status),
            severity,
            why: rule.why.clone(),
            helps: rule.helps().into_iter().map(str::to_owned).collect(),
            citations: rule.citations.clone(),
        });
    }
    described.sort_by(|a, b| a.id.cmp(&b.id));
    described.dedup_by(|a, b| a.id == b.id);
    Ok(described)
}

fn known_host(host: &str, own: &[Loaded]) -> Result<(), Problem> {
    let own: Vec<&str> = own.iter().flat_map(|loaded| loaded.policy.hosts.iter().map(|host| &**host)).collect();
    if systems::hosts().any(|known| known == host) || own.contains(&host) {
        return Ok(());
    }
    let candidates = systems::hosts().chain(own);
    Err(Problem::new(format!("there is no host `{host}`")).help(suggest::help(host, candidates)))
}

/// The guest with this id.
///
/// # Errors
/// With the nearest id, or what is missing.
pub fn known_guest(id: &str) -> Result<Guest, Problem> {
    Guest::parse(id).map_err(|help| Problem::new(format!("there is no guest `{id}`")).help(help))
}

/// The built-in policies for some hosts, each once. There need be none for a host that was only assumed.
fn policies_of(named: &[String], assumed: &[&str]) -> Result<Vec<&'static BuiltIn>, Problem> {
    let mut chosen: Vec<&'static BuiltIn> = Vec::new();
    let named = named.iter().map(|host| (host.as_str(), true));
    for (host, is_named) in named.chain(assumed.iter().map(|host| (*host, false))) {
        let mut found = builtin::ALL.iter().filter(|policy| policy.hosts.contains(&host)).peekable();
        if is_named && found.peek().is_none() {
            let judged: Vec<String> =
                builtin::ALL.iter().flat_map(|policy| policy.hosts).map(|host| format!("`{host}`")).collect();
            let help = format!("Judged without a policy of your own are {}. Name one with --policy.", judged.join(", "));
            return Err(Problem::new(format!("no built-in policy judges the host `{host}` yet")).help(help));
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
        let path = path.parent().unwrap_or(Path::new("")).join(&file.text);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            faulty(vec![Fault::error(
                file.span.clone(),
                format!("the table `{}` cannot be read: {}", file.text, crate::input::walk::reason(&error)),
            )])
        })?;
        tables.push(text);
    }
    load::read_editions(&mut policy, &source, &|file| {
        let path = path.parent().unwrap_or(Path::new("")).join(&file.text);
        let missing = |error: std::io::Error| {
            let reason = crate::input::walk::reason(&error);
            let fault = Fault::error(file.span.clone(), format!("the edition `{}` cannot be read: {reason}", file.text));
            Faulty { source: source.clone(), faults: vec![fault] }
        };
        let text = std::fs::read_to_string(&path).map_err(missing)?;
        let source = Arc::new(Source::utf8(&path, text, 0));
        let broken =
            |broken: yaml::Broken| Faulty { source: source.clone(), faults: vec![Fault::error(broken.span, broken.message)] };
        let node = yaml::read(source.text()).map_err(broken)?;
        Ok((source, node))
    })?;
    Ok(Loaded { source, policy, tables, late_names: Vec::new(), own: true })
}

/// Reads a YAML file as a source.
pub fn read_yaml_source(path: &Path) -> Result<crate::source::Source, Problem> {
    let bytes =
        std::fs::read(path).map_err(|error| Problem::new(format!("{}: {}", shown(path), crate::input::walk::reason(&error))))?;
    text::decode(path, bytes).map_err(|fault| Problem::new(format!("{}: {}", shown(path), fault.reason)))
}

/// Which rules run, by globs over their ids.
#[derive(Debug)]
struct Chooser {
    select: Vec<GlobMatcher>,
    ignore: Vec<GlobMatcher>,
    settings: Vec<(GlobMatcher, RuleSetting)>,
}

impl Chooser {
    /// `ids` gives the ids of all rules, which every glob has to match one of.
    fn new(
        select: &[String],
        ignore: &[String],
        settings: &[(String, RuleSetting)],
        ids: impl Fn() -> Result<Vec<Arc<str>>, Problem>,
    ) -> Result<Chooser, Problem> {
        let asked = !(select.is_empty() && ignore.is_empty() && settings.is_empty());
        let ids = if asked { ids()? } else { Vec::new() };
        let glob = |option: &str, text: &String| {
            let matcher = Glob::new(text).map(|glob| glob.compile_matcher());
            let matcher = matcher.map_err(|error| Problem::new(format!("{option} `{text}` is no pattern: {}", error.kind())))?;
            if !ids.iter().any(|id| matcher.is_match(&**id)) {
                let near = suggest::nearest(text, ids.iter().map(|id| &**id));
                let help = near.map_or("`vmlint rules` lists all ids.".to_owned(), |near| format!("Did you mean `{near}`?"));
                return Err(Problem::new(format!("{option} `{text}` matches no rule")).help(help));
            }
            Ok(matcher)
        };
        Ok(Chooser {
            select: select.iter().map(|text| glob("--select", text)).collect::<Result<_, _>>()?,
            ignore: ignore.iter().map(|text| glob("--ignore", text)).collect::<Result<_, _>>()?,
            settings: settings
                .iter()
                .map(|(text, setting)| Ok((glob("the configured rule", text)?, *setting)))
                .collect::<Result<_, Problem>>()?,
        })
    }

    fn choose(&self, id: &str) -> Choice {
        let selected = self.select.is_empty() || self.select.iter().any(|glob| glob.is_match(id));
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
