//! From options and configuration to what a run needs: hosts, policies, which rules run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use super::explain;
use super::problem::{Problem, shown};
use crate::config::{Config, RuleSetting};
use crate::engine::Assumptions;
use crate::finding::{RuleInfo, Severity};
use crate::input::text;
use crate::policy::builtin::{self, BuiltIn};
use crate::policy::compile::{self, Choice, Faulty, Loaded, RuleSet};
use crate::policy::schema::{Fault, Platform};
use crate::policy::{load, yaml};
use crate::suggest;

/// The host of libvirt definitions for which none is named.
pub const DEFAULT_HOST: &str = "rhel-8";

/// By platform, the host of definitions for which none is named.
const DEFAULT_HOSTS: [(Platform, &str); 2] = [(Platform::Libvirt, DEFAULT_HOST), (Platform::HyperV, "windows-server-2019")];

/// Every host id that can be named.
pub const HOSTS: [&str; 14] = [
    "rhel-7",
    "rhel-8",
    "rhel-9",
    "rhel-9.4",
    "rhel-10",
    "rhosp",
    "openshift-virtualization",
    "rhv",
    "windows-server-2012-r2",
    "windows-server-2016",
    "windows-server-2019",
    "windows-server-2022",
    "windows-server-2025",
    "azure-stack-hci",
];

/// The systems that `--guest` knows, without their versions.
const GUESTS: [&str; 21] = [
    "almalinux",
    "centos",
    "centos-stream",
    "debian",
    "fedora",
    "freebsd",
    "macos",
    "netbsd",
    "openbsd",
    "opensuse",
    "oracle-linux",
    "oracle-linux-rhck",
    "oracle-linux-uek",
    "rhel",
    "rocky",
    "sled",
    "sles",
    "solaris",
    "ubuntu",
    "windows",
    "windows-server",
];

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
    /// The rules.
    pub rules: RuleSet,
    /// What is assumed.
    pub assumptions: Assumptions,
    /// The hosts that were assumed and not named.
    pub assumed: Vec<Arc<str>>,
    /// The rules that run and vmlint's own, as reports describe them, where that was asked for; sorted by their ids.
    pub descriptions: Vec<RuleInfo>,
    /// Warnings about the user's own policies.
    pub warnings: Vec<Faulty>,
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
    let drivers = wishes.guest_drivers.or_else(|| config.guest_drivers.clone()).unwrap_or_else(|| "built-in".to_owned());
    let named_policies = if wishes.policies.is_empty() { config.policies.clone() } else { wishes.policies };

    let mut loaded = Vec::new();
    for policy in &named_policies {
        loaded.extend(named_policy(policy)?);
    }
    let named = !named_policies.is_empty();
    for host in &named_hosts {
        known_host(host, &loaded)?;
    }
    let is_named = |platform: Platform| named_hosts.iter().any(|host| Platform::of_host(host).is_none_or(|own| own == platform));
    let assumed: Vec<&str> = DEFAULT_HOSTS.iter().filter(|(platform, _)| !is_named(*platform)).map(|(_, host)| *host).collect();
    if let Some(guest) = &guest {
        known_guest(guest)?;
    }
    if !named {
        loaded = policies_of(&named_hosts, &assumed)?;
    }
    let ids: Vec<Arc<str>> = loaded.iter().flat_map(|l| &l.policy.rules).map(|rule| rule.id.clone()).collect();
    let chooser = Chooser::new(&wishes.select, &wishes.ignore, &config.rules, &ids)?;
    let (rules, warnings) = compile::compile(&loaded, named, &|id| chooser.choose(id))?;
    let descriptions = if wishes.described { describe(&loaded, &rules)? } else { Vec::new() };
    // What the policies said as text is not needed any more, and the process is too short to give it back piece by piece.
    std::mem::forget(loaded);
    let assumptions = Assumptions {
        hosts: named_hosts.iter().map(String::as_str).chain(assumed.iter().copied()).map(Arc::from).collect(),
        guest: guest.map(Arc::from),
        guest_drivers: drivers.into(),
    };
    Ok(Setup { rules, assumptions, assumed: assumed.into_iter().map(Arc::from).collect(), descriptions, warnings })
}

/// The rules that run with their documentation, which is read only now.
fn describe(loaded: &[Loaded], rules: &RuleSet) -> Result<Vec<RuleInfo>, Problem> {
    let shown: BTreeMap<&str, Severity> = rules.shown().map(|(id, severity)| (&**id, severity)).collect();
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
    for loaded in loaded {
        let documented = match BuiltIn::get(&loaded.policy.id) {
            Some(policy) if !loaded.own => &policy.load_documented()?,
            _ => loaded,
        };
        for rule in &documented.policy.rules {
            let Some(&severity) = shown.get(&*rule.id) else { continue };
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
    }
    described.sort_by(|a, b| a.id.cmp(&b.id));
    described.dedup_by(|a, b| a.id == b.id);
    Ok(described)
}

fn known_host(host: &str, own: &[Loaded]) -> Result<(), Problem> {
    let own: Vec<&str> = own.iter().flat_map(|loaded| loaded.policy.hosts.iter().map(|host| &**host)).collect();
    if HOSTS.contains(&host) || own.contains(&host) {
        return Ok(());
    }
    let candidates = HOSTS.iter().copied().chain(own);
    Err(Problem::new(format!("there is no host `{host}`")).help(suggest::help(host, candidates)))
}

fn known_guest(guest: &str) -> Result<(), Problem> {
    // `windows-server-2008-r2`, `oracle-linux-uek-7.7`: the name ends where the version begins.
    let version =
        guest.match_indices('-').map(|(at, _)| at).find(|&at| guest[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    let name = version.map_or(guest, |at| &guest[..at]);
    let is_version_of_its_own =
        ["windows-xp", "windows-vista", "windows-nt", "windows-me"].iter().any(|word| guest.starts_with(word));
    if (GUESTS.contains(&name) && version.is_some()) || is_version_of_its_own {
        return Ok(());
    }
    let problem = Problem::new(format!("there is no guest `{guest}`"));
    if GUESTS.contains(&name) {
        return Err(problem.help(Some(format!("Add the version: `{name}-9.2`, say."))));
    }
    Err(problem.help(suggest::help(name, GUESTS)))
}

/// The built-in policies for some hosts, each once. There need be none for a host that was only assumed.
fn policies_of(named: &[String], assumed: &[&str]) -> Result<Vec<Loaded>, Problem> {
    let mut chosen: Vec<&BuiltIn> = Vec::new();
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
    chosen.into_iter().map(|policy| policy.load().map_err(Problem::from)).collect()
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
    let policy = load::load(&node, true).map_err(faulty)?;
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
    Ok(Loaded { source, policy, tables, late_names: Vec::new(), own: true })
}

/// Reads a YAML file as a source.
pub fn read_yaml_source(path: &Path) -> Result<crate::source::Source, Problem> {
    let bytes =
        std::fs::read(path).map_err(|error| Problem::new(format!("{}: {}", shown(path), crate::input::walk::reason(&error))))?;
    text::decode(path, bytes).map_err(|fault| Problem::new(format!("{}: {}", shown(path), fault.reason)))
}

/// Which rules run, by globs over their ids.
struct Chooser {
    select: Vec<GlobMatcher>,
    ignore: Vec<GlobMatcher>,
    settings: Vec<(GlobMatcher, RuleSetting)>,
}

impl Chooser {
    fn new(
        select: &[String],
        ignore: &[String],
        settings: &[(String, RuleSetting)],
        ids: &[Arc<str>],
    ) -> Result<Chooser, Problem> {
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
