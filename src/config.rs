//! `vmlint.yaml`: what a repository wants of every run.

use std::path::{Path, PathBuf};

use crate::finding::Severity;
use crate::policy::reader::Faults;
use crate::policy::schema::Fault;
use crate::policy::yaml::{Content, Node};
use crate::systems;

/// The names under which it is looked for, in this order.
pub const NAMES: [&str; 2] = ["vmlint.yaml", ".vmlint.yaml"];

const KEYS: [&str; 6] = ["host", "guest", "guest-drivers", "policies", "rules", "fail-on"];

/// What is to be done with the rules that a glob matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSetting {
    /// They do not run.
    Off,
    /// Their findings have this severity.
    Severity(Severity),
}

/// A configuration, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `host`, one or several.
    pub hosts: Vec<String>,
    /// `guest`
    pub guest: Option<String>,
    /// `guest-drivers`
    pub guest_drivers: Option<String>,
    /// `policies`: ids, or paths made relative to the configuration's folder.
    pub policies: Vec<PathBuf>,
    /// `rules`: globs over ids in the order of the file.
    pub rules: Vec<(String, RuleSetting)>,
    /// `fail-on`, as the option takes it; none inside means never.
    pub fail_on: Option<Option<Severity>>,
}

/// The nearest configuration at or above `folder`, up to the root of the repository.
pub fn discover(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        if let Some(found) = NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
            return Some(found);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

impl Config {
    /// Checks a configuration read as YAML; `folder` is where it lies.
    ///
    /// # Errors
    /// All its faults.
    pub fn load(root: &Node, folder: &Path) -> Result<Config, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut config = Config::default();
        // An empty file is a configuration that wants nothing.
        if root.content == Content::Null {
            return Ok(config);
        }
        let fields = faults.fields(root, "the configuration", &KEYS);
        if let Some(node) = fields.get("host") {
            config.hosts = faults.texts(node, "a host").into_iter().map(|host| host.text).collect();
        }
        config.guest = fields.optional("guest", &mut faults).map(|guest| guest.text);
        if let Some(node) = fields.get("guest-drivers") {
            let kinds = systems::GUEST_DRIVERS.map(|kind| (kind, kind));
            config.guest_drivers = faults.word(node, "kind of guest drivers", &kinds).map(str::to_owned);
        }
        if let Some(node) = fields.get("policies") {
            let policies = faults.texts(node, "a policy");
            let is_id = |text: &str| crate::policy::builtin::BuiltIn::get(text).is_some();
            let path = |text: String| if is_id(&text) { PathBuf::from(text) } else { folder.join(text) };
            config.policies = policies.into_iter().map(|policy| path(policy.text)).collect();
        }
        if let Some(node) = fields.get("rules") {
            let severity = |severity| RuleSetting::Severity(severity);
            let words = [
                ("off", RuleSetting::Off),
                ("note", severity(Severity::Note)),
                ("warning", severity(Severity::Warning)),
                ("error", severity(Severity::Error)),
            ];
            for (key, node) in faults.entries(node, "`rules`") {
                // YAML before 1.2 reads `off` as false, and so do people.
                let setting = match node.content {
                    Content::Boolean(false) => Some(RuleSetting::Off),
                    _ => faults.word(node, "setting of a rule", &words),
                };
                config.rules.extend(setting.map(|setting| (key.text.clone(), setting)));
            }
        }
        if let Some(node) = fields.get("fail-on") {
            let words = [
                ("never", None),
                ("note", Some(Severity::Note)),
                ("warning", Some(Severity::Warning)),
                ("error", Some(Severity::Error)),
            ];
            config.fail_on = faults.word(node, "level", &words);
        }
        if faults.0.is_empty() { Ok(config) } else { Err(faults.0) }
    }
}
