//! `vmlint config`: what holds for a file, and where each value comes from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use super::answer;
use super::problem::Problem;
use super::profiles::{Profiles, Search};
use super::setup::Wishes;
use crate::config::{Config, RuleSetting, Settings};
use crate::finding::Severity;
use crate::input::limits::{KEYS, Key, Limits};
use crate::policy::schema::Text;
use crate::report::escape;
use crate::systems;

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file that is asked about; it need not exist
    #[arg(value_name = "FILE", default_value = ".", value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// Use this configuration instead of the one that is found
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// A table for people, or JSON
    #[arg(long, value_name = "FMT", value_enum, default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Human,
    /// An array of objects
    Json,
}

/// A key, its value and where that was said.
#[derive(Debug, Serialize)]
struct Line {
    key: String,
    value: String,
    from: String,
}

/// Shows what holds for a file.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let search = arguments.config.clone().map_or(Search::Upward, Search::Named);
    let profiles = Profiles::new(Wishes::default(), None, search);
    // A folder stands for the files in it.
    let file = if arguments.file.is_dir() { arguments.file.join("file") } else { arguments.file.clone() };
    // What is wrong with the configuration is told as a run would tell it.
    profiles.try_of(&file)?;
    let found =
        profiles.config(&file).map_err(|problem| problem.unwrap_or_else(|| Problem::new("the configuration cannot be used")))?;
    let lines = match &found {
        Some((config, relative)) => configured(config, relative),
        None => unconfigured(),
    };
    let text = match arguments.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&lines).map_err(|error| Problem::new(error.to_string()))?;
            format!("{json}\n")
        }
        Format::Human => {
            let width = |part: fn(&Line) -> &str| lines.iter().map(|line| escape(part(line)).chars().count()).max().unwrap_or(0);
            let (key, value) = (width(|line| &line.key), width(|line| &line.value));
            let mut text = String::new();
            for Line { key: name, value: said, from } in &lines {
                let _ = writeln!(text, "{:key$}  {:value$}  {}", escape(name), escape(said), escape(from));
            }
            text
        }
    };
    answer(text.as_bytes())
}

const DEFAULT: &str = "default";

fn line(key: &str, value: impl Into<String>, from: impl Into<String>) -> Line {
    Line { key: key.to_owned(), value: value.into(), from: from.into() }
}

fn default_hosts() -> String {
    systems::DEFAULT_HOSTS.map(|(_, host)| host).join(", ")
}

fn unconfigured() -> Vec<Line> {
    let mut lines = vec![line("host", default_hosts(), DEFAULT), line("fail-on", "error", DEFAULT)];
    lines.extend(KEYS.iter().map(limit));
    lines
}

/// A limit that nobody set.
fn limit(key: &Key) -> Line {
    line(&format!("limits.{}", key.name), key.shown(&Limits::default()), DEFAULT)
}

/// The values of a configuration for a file; `relative` is its path from the configuration's folder.
fn configured(config: &Config, relative: &Path) -> Vec<Line> {
    let overrides = config.overrides_of(relative);
    let said: Vec<&Settings> = config.settings(&overrides).collect();
    let from = |text: &Text| {
        let at = config.source.position(text.span.start);
        format!("{}:{}", config.source.path().display(), at.line)
    };
    let list = |key: &str, of: fn(&Settings) -> &[Text]| {
        let texts = said.iter().rev().map(|settings| of(settings)).find(|texts| !texts.is_empty())?;
        let words: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
        Some(line(key, words.join(", "), texts.first().map(from).unwrap_or_default()))
    };
    let one = |key: &str, of: fn(&Settings) -> Option<&Text>| {
        let text = said.iter().rev().find_map(|settings| of(settings))?;
        Some(line(key, text.text.clone(), from(text)))
    };
    let mut lines = vec![list("host", |settings| &settings.hosts).unwrap_or_else(|| line("host", default_hosts(), DEFAULT))];
    lines.extend(one("guest", |settings| settings.guest.as_ref()));
    lines.extend(one("guest-drivers", |settings| settings.guest_drivers.as_ref()));
    lines.extend(list("policies", |settings| &settings.policies));
    lines.push(
        one("fail-on", |settings| settings.fail_on.as_ref().map(|(text, _)| text))
            .unwrap_or_else(|| line("fail-on", "error", DEFAULT)),
    );
    lines.extend(config.baseline.as_ref().map(|file| line("baseline", file.text.clone(), from(file))));
    lines.extend(KEYS.iter().map(|key| match config.limits.iter().find(|(setting, _)| setting.key.name == key.name) {
        Some((_, text)) => line(&format!("limits.{}", key.name), text.text.clone(), from(text)),
        None => limit(key),
    }));
    for entry in said.iter().flat_map(|settings| &settings.rules) {
        let setting = match entry.setting {
            RuleSetting::Off => "off",
            RuleSetting::Severity(Severity::Note) => "note",
            RuleSetting::Severity(Severity::Warning) => "warning",
            RuleSetting::Severity(Severity::Error) => "error",
        };
        let reason = entry.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        lines.push(line(&format!("rules.{}", entry.glob.text), format!("{setting}{reason}"), from(&entry.glob)));
    }
    let left_out = config.exclude.iter().find(|glob| glob.matches(relative));
    lines.extend(left_out.map(|glob| line("files.exclude", format!("left out by `{}`", glob.text.text), from(&glob.text))));
    lines
}
