//! `vmlint.yaml`: what a repository wants of every run, and of some of its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobBuilder, GlobSet};

use crate::finding::Severity;
use crate::glob;
use crate::input::limits::{KEYS, Setting};
use crate::policy::reader::{Faults, Fields};
use crate::policy::schema::{Fault, Text};
use crate::policy::yaml::{Content, Node, Written};
use crate::source::Source;
use crate::systems;

/// The names under which it is looked for, in this order.
pub const NAMES: [&str; 2] = ["vmlint.yaml", ".vmlint.yaml"];

/// The keys that stand at the top or in an override.
pub(crate) const SETTINGS: [&str; 6] = ["host", "guest", "guest-drivers", "policies", "rules", "fail-on"];
/// The keys that stand at the top only.
pub(crate) const TOP: [&str; 4] = ["files", "overrides", "baseline", "limits"];
/// The keys of `files`.
pub(crate) const FILES: [&str; 2] = ["include", "exclude"];
/// The keys of a rule's setting.
pub(crate) const SETTING: [&str; 2] = ["severity", "reason"];

/// What is to be done with the rules that a glob matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSetting {
    /// They do not run.
    Off,
    /// Their findings have this severity.
    Severity(Severity),
}

/// The words for settings of rules.
pub const RULE_SETTINGS: [(&str, RuleSetting); 4] = [
    ("off", RuleSetting::Off),
    ("note", RuleSetting::Severity(Severity::Note)),
    ("warning", RuleSetting::Severity(Severity::Warning)),
    ("error", RuleSetting::Severity(Severity::Error)),
];

/// The words for `fail-on`; none inside means never.
pub(crate) const LEVELS: [(&str, Option<Severity>); 4] =
    [("never", None), ("note", Some(Severity::Note)), ("warning", Some(Severity::Warning)), ("error", Some(Severity::Error))];

/// A configuration, checked as far as it can be without policies.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub source: Arc<Source>,
    /// Where it lies; all its paths and globs are relative to that.
    pub folder: PathBuf,
    /// What holds for every file.
    pub settings: Settings,
    /// What holds for some, in the order of the file; of several that match, the last decides.
    pub overrides: Vec<Override>,
    /// `files.include`: what is looked at in folders; empty for what vmlint looks at anyway.
    pub include: Vec<FileGlob>,
    /// `files.exclude`: what is not, whatever it is.
    pub exclude: Vec<FileGlob>,
    /// `baseline`
    pub baseline: Option<Text>,
    /// `limits`, each with its value as it is written.
    pub limits: Vec<(Setting, Text)>,
}

/// Settings that hold for some files or all.
#[derive(Debug, Default)]
pub struct Settings {
    /// `host`, one or several.
    pub hosts: Vec<Text>,
    /// `guest`
    pub guest: Option<Text>,
    /// `guest-drivers`
    pub guest_drivers: Option<Text>,
    /// `policies`: ids, files, folders or globs.
    pub policies: Vec<Text>,
    /// `rules`, in the order of the file.
    pub rules: Vec<RuleEntry>,
    /// `fail-on`; none inside means never.
    pub fail_on: Option<(Text, Option<Severity>)>,
}

/// One line of `rules`.
#[derive(Debug, Clone)]
pub struct RuleEntry {
    /// An id, or a glob over ids.
    pub glob: Text,
    /// What is to be done with them.
    pub setting: RuleSetting,
    /// Why, where it is said.
    pub reason: Option<Written>,
}

/// Settings for the files that some globs match.
#[derive(Debug)]
pub struct Override {
    /// Which files.
    pub files: Vec<FileGlob>,
    /// What holds for them.
    pub settings: Settings,
}

/// A glob over paths below the configuration's folder; one without a slash is about names in any folder.
#[derive(Debug)]
pub struct FileGlob {
    /// As it is written.
    pub text: Text,
    matcher: GlobSet,
}

impl FileGlob {
    fn read(text: Text, faults: &mut Faults) -> Option<FileGlob> {
        let pattern = text.text.strip_prefix("./").unwrap_or(&text.text);
        let folder = pattern.strip_suffix('/').map(|folder| format!("{folder}/**"));
        let pattern = folder.as_deref().unwrap_or(pattern);
        let anywhere = (!pattern.contains('/')).then(|| format!("**/{pattern}"));
        let glob = GlobBuilder::new(anywhere.as_deref().unwrap_or(pattern)).literal_separator(true).build();
        match glob::compile(glob) {
            Ok(matcher) => Some(FileGlob { text, matcher }),
            Err(reason) => {
                faults.error(&text.span, format!("`{}` is no pattern: {reason}", text.text));
                None
            }
        }
    }

    /// Whether it matches a path relative to the configuration's folder.
    pub fn matches(&self, relative: &Path) -> bool {
        self.matcher.is_match(relative)
    }
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
    pub fn load(source: Arc<Source>, root: &Node, folder: &Path) -> Result<Config, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut config = Config {
            source,
            folder: folder.to_owned(),
            settings: Settings::default(),
            overrides: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            baseline: None,
            limits: Vec::new(),
        };
        // An empty file is a configuration that wants nothing.
        if root.content == Content::Null {
            return Ok(config);
        }
        let known: Vec<&'static str> = SETTINGS.iter().chain(&TOP).copied().collect();
        let fields = faults.fields(root, "the configuration", &known);
        config.settings = Settings::read(&fields, &mut faults);
        config.baseline = fields.optional("baseline", &mut faults);
        if let Some(node) = fields.get("limits") {
            config.limits = limits(node, &mut faults);
        }
        if let Some(node) = fields.get("files") {
            let files = faults.fields(node, "`files`", &FILES);
            config.include = globs(&files, "include", &mut faults);
            config.exclude = globs(&files, "exclude", &mut faults);
        }
        if let Some(node) = fields.get("overrides") {
            for node in faults.list(node, "`overrides`") {
                let known: Vec<&'static str> = SETTINGS.iter().chain(&["files"]).copied().collect();
                let fields = faults.fields(node, "an override", &known);
                if fields.get("files").is_none() {
                    fields.required("files", "the override", &mut faults);
                }
                let files = globs(&fields, "files", &mut faults);
                config.overrides.push(Override { files, settings: Settings::read(&fields, &mut faults) });
            }
        }
        faults.0.sort_by_key(|fault| fault.span.start);
        if faults.0.is_empty() { Ok(config) } else { Err(faults.0) }
    }

    /// The overrides that are about a file, by their numbers.
    pub fn overrides_of(&self, relative: &Path) -> Vec<usize> {
        let about = |(_, one): &(usize, &Override)| one.files.iter().any(|glob| glob.matches(relative));
        self.overrides.iter().enumerate().filter(about).map(|(number, _)| number).collect()
    }

    /// All settings that hold where these overrides do, the deciding ones last.
    pub fn settings<'c>(&'c self, overrides: &'c [usize]) -> impl DoubleEndedIterator<Item = &'c Settings> + Clone {
        let others = overrides.iter().filter_map(|&number| self.overrides.get(number)).map(|one| &one.settings);
        std::iter::once(&self.settings).chain(others)
    }
}

fn globs(fields: &Fields<'_>, key: &str, faults: &mut Faults) -> Vec<FileGlob> {
    let texts = fields.get(key).map(|node| faults.texts(node, "a pattern")).unwrap_or_default();
    texts.into_iter().filter_map(|text| FileGlob::read(text, faults)).collect()
}

fn limits(node: &Node, faults: &mut Faults) -> Vec<(Setting, Text)> {
    let fields = faults.fields(node, "`limits`", &KEYS.each_ref().map(|key| key.name));
    let mut limits = Vec::new();
    for key in &KEYS {
        let Some(text) = fields.optional(key.name, faults) else { continue };
        match key.read(&text.text) {
            Ok(value) => limits.push((Setting { key, value }, text)),
            Err((message, help)) => faults.push(Fault::error(text.span, message).help(Some(help))),
        }
    }
    limits
}

impl Settings {
    fn read(fields: &Fields<'_>, faults: &mut Faults) -> Settings {
        let texts = |key: &str, what: &str, faults: &mut Faults| -> Vec<Text> {
            fields.get(key).map(|node| faults.texts(node, what)).unwrap_or_default()
        };
        let mut settings = Settings {
            hosts: texts("host", "a host", faults),
            guest: fields.optional("guest", faults),
            policies: texts("policies", "a policy", faults),
            ..Settings::default()
        };
        if let Some(node) = fields.get("guest-drivers") {
            let kinds = systems::GUEST_DRIVERS.map(|kind| (kind, kind));
            settings.guest_drivers = faults
                .word(node, "kind of guest drivers", &kinds)
                .map(|kind| Text { text: kind.into(), span: node.span.clone() });
        }
        if let Some(node) = fields.get("rules") {
            for (key, node) in faults.entries(node, "`rules`") {
                let glob = Text { text: key.text.clone(), span: key.span.clone() };
                if let Err(reason) = glob::compile(Glob::new(&glob.text)) {
                    faults.error(&glob.span, format!("`{}` is no pattern: {reason}", glob.text));
                    continue;
                }
                settings.rules.extend(rule_entry(glob, node, faults));
            }
        }
        if let Some(node) = fields.get("fail-on") {
            let level = faults.word(node, "level", &LEVELS);
            let text = level.and_then(|_| faults.text(node, "`fail-on`"));
            settings.fail_on = text.zip(level);
        }
        settings
    }
}

/// A severity or `off`, or both with a reason.
fn rule_entry(glob: Text, node: &Node, faults: &mut Faults) -> Option<RuleEntry> {
    match &node.content {
        // YAML before 1.2 reads `off` as false, and so do people.
        Content::Boolean(false) => Some(RuleEntry { glob, setting: RuleSetting::Off, reason: None }),
        Content::Map(_) => {
            let fields = faults.fields(node, "a rule's setting", &SETTING);
            let reason = fields.optional("reason", faults).map(|reason| reason.text);
            match fields.get("severity") {
                Some(node) => rule_entry(glob, node, faults).map(|entry| RuleEntry { reason, ..entry }),
                None => {
                    fields.required("severity", "the rule's setting", faults);
                    None
                }
            }
        }
        _ => {
            let setting = faults.word(node, "setting of a rule", &RULE_SETTINGS)?;
            Some(RuleEntry { glob, setting, reason: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::yaml;

    fn config(text: &str) -> Config {
        let source = Arc::new(Source::utf8("vmlint.yaml", text.to_owned(), 0));
        Config::load(source, &yaml::read(text).unwrap(), Path::new("")).unwrap()
    }

    #[test]
    fn the_overrides_of_a_file_are_those_whose_globs_match() {
        let config = config(
            "host: rhel-8\noverrides:\n- {files: '*.xml', guest: rhel-9.2}\n- {files: [lab/, old/web?.xml], host: rhosp}\n\
             - {files: 'prod/**/db*.xml', guest: rhel-8.4}\n",
        );
        for (path, overrides) in [
            ("a.xml", &[0][..]),
            ("deep/down/a.xml", &[0]),
            ("lab/a.json", &[1]),
            ("lab/deep/a.xml", &[0, 1]),
            ("my/lab/a.json", &[]),
            ("old/web1.xml", &[0, 1]),
            ("prod/db1.xml", &[0, 2]),
            ("prod/a/b/db1.xml", &[0, 2]),
        ] {
            assert_eq!(config.overrides_of(Path::new(path)), overrides, "{path}");
        }
        let guests: Vec<_> =
            config.settings(&[0, 2]).filter_map(|settings| settings.guest.as_ref()).map(|guest| &*guest.text).collect();
        assert_eq!(guests, ["rhel-9.2", "rhel-8.4"]);
    }

    #[test]
    fn a_rule_is_set_by_a_word_or_with_a_reason() {
        let config = config("rules:\n  a/b: off\n  'a/*': {severity: warning, reason: a lab}\n  c/d: 'off'\n");
        let rules: Vec<_> =
            config.settings.rules.iter().map(|rule| (&*rule.glob.text, rule.setting, rule.reason.as_deref())).collect();
        assert_eq!(
            rules,
            [
                ("a/b", RuleSetting::Off, None),
                ("a/*", RuleSetting::Severity(Severity::Warning), Some("a lab")),
                ("c/d", RuleSetting::Off, None)
            ]
        );
    }
}
