//! `vmlint init`: a configuration to start with, and the hook of pre-commit.

mod hook;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::problem::{Problem, shown};
use super::profiles::{Profiles, Search};
use super::run::read;
use super::setup::{self, Wishes};
use super::{answer, changed};
use crate::config;
use crate::input::limits::FILE_BYTES;
use crate::input::walk;
use crate::policy::schema::Platform;
use crate::report::escape;
use crate::systems;

const PRE_COMMIT: &str = ".pre-commit-config.yaml";

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The platform release that will run the VMs; may be given several times. Default: one for each platform that has definitions here
    #[arg(long = "host", value_name = "ID")]
    hosts: Vec<String>,
    /// Write the configuration anew where there is one
    #[arg(long)]
    force: bool,
    /// Add vmlint to the hooks in .pre-commit-config.yaml, which is made if it is missing
    #[arg(long)]
    pre_commit: bool,
}

/// Writes `vmlint.yaml` in the current folder; with `--pre-commit` one that is there may stay.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let [name, _] = config::NAMES;
    let known = config::NAMES.into_iter().find(|name| Path::new(name).symlink_metadata().is_ok());
    // What is wrong is to be known before anything is written.
    let hook = if arguments.pre_commit { Some(hooked()?) } else { None };
    let mut said = String::new();
    match known {
        Some(known) if !arguments.force && !arguments.pre_commit => {
            let problem = Problem::new(format!("{} is there already", shown(Path::new(known))));
            let help = format!("Look at it with `vmlint config`, or write a new {name} in its place with --force.");
            return Err(problem.help(help));
        }
        Some(known) if !arguments.force => {
            let _ = writeln!(said, "{known} is there already, and stays as it is");
        }
        _ => {
            let (hosts, because) = hosts(&arguments.hosts)?;
            write(Path::new(name), &configuration(&hosts))?;
            let _ = writeln!(said, "{name} is written: {because}");
        }
    }
    if let Some((path, text)) = hook {
        let place = shown(&path);
        match text {
            Some(text) => {
                write(&path, &text)?;
                let _ = writeln!(said, "{place} has the hook `vmlint` now; `pre-commit install` makes git run the hooks");
            }
            None => {
                let _ = writeln!(said, "{place} has the hook `vmlint` already");
            }
        }
    }
    answer(said.as_bytes())
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let refuse = |error: std::io::Error| Problem::new(format!("cannot write {}: {}", shown(path), walk::reason(&error)));
    let mut file = std::fs::File::create(path).map_err(refuse)?;
    file.write_all(text.as_bytes()).map_err(refuse)
}

/// The configuration of pre-commit with the hook, and its path; no text where the hook is there.
fn hooked() -> Result<(PathBuf, Option<String>), Problem> {
    let root = changed::repository(Path::new("."));
    let is_here = std::env::current_dir().is_ok_and(|here| here == root);
    let path = if is_here { PathBuf::from(PRE_COMMIT) } else { root.join(PRE_COMMIT) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Problem::new(format!("{}: {}", shown(&path), walk::reason(&error)))),
    };
    let added = hook::added(&text).map_err(|reason| {
        let help = "Add it yourself: under `repos` a `repo: local` with the hook `{id: vmlint, name: vmlint, entry: vmlint check --force-exclude, language: system}`.";
        Problem::new(format!("the hook cannot be added to {}: {reason}", shown(&path))).help(help.to_owned())
    })?;
    Ok((path, added))
}

/// The hosts to write down, and why these.
fn hosts(named: &[String]) -> Result<(Vec<String>, String), Problem> {
    if !named.is_empty() {
        // The same is said of a wrong host as by every other command.
        setup::setup(&Wishes { hosts: named.to_vec(), ..Wishes::default() }, None)?;
        return Ok((named.to_vec(), format!("host {}", named.join(", "))));
    }
    let found = definitions();
    let hosts: Vec<(&str, &PathBuf)> = systems::DEFAULT_HOSTS
        .iter()
        .filter_map(|(platform, host)| Some((*host, &found.iter().find(|(found, _)| found == platform)?.1)))
        .collect();
    if hosts.is_empty() {
        return Ok((Vec::new(), "no host, for there are no definitions here yet".to_owned()));
    }
    let reasons: Vec<String> = hosts
        .iter()
        .map(|(host, file)| format!("host {host} for definitions like {}", escape(&file.to_string_lossy())))
        .collect();
    Ok((hosts.iter().map(|(host, _)| (*host).to_owned()).collect(), reasons.join(", ")))
}

/// The first file of each platform below the current folder.
fn definitions() -> Vec<(Platform, PathBuf)> {
    let profiles = Profiles::new(Wishes::default(), None, Search::Nowhere);
    let mut found: Vec<(Platform, PathBuf)> = Vec::new();
    for file in walk::files(&[PathBuf::from(".")], walk::is_ours).filter_map(Result::ok) {
        let (Ok(bytes), Some(profile)) = (read(&file.path, FILE_BYTES), profiles.of(&file.path)) else { continue };
        let platform = profile.checker.check(&file.path, bytes, false).checked.format.platform();
        if let Some(platform) = platform.filter(|platform| found.iter().all(|(known, _)| known != platform)) {
            found.push((platform, file.path));
        }
        if found.len() == systems::DEFAULT_HOSTS.len() {
            break;
        }
    }
    found
}

/// A configuration that names these hosts, with examples for the rest.
fn configuration(hosts: &[String]) -> String {
    let is_hyper_v = hosts.first().and_then(|host| Platform::of_host(host)) == Some(Platform::HyperV);
    let host = match hosts {
        [] => "# host: rhel-8".to_owned(),
        [host] => format!("host: {host}"),
        hosts => format!("host: [{}]", hosts.join(", ")),
    };
    let [guest, rule, other, lab] = if is_hyper_v {
        ["centos-7.6", "\"*/sr-iov\"", "hyperv-bpa/checkpoints-in-production", "windows-server-2016"]
    } else {
        ["rhel-9.2", "\"*/floppy-device\"", "rhel-8/tcg", "rhosp"]
    };
    format!(
        "\
# What vmlint wants of this repository. `vmlint config FILE` tells what holds for a file, and where that was said;
# `vmlint schema config` prints a JSON Schema for editors.

# What will run the machines. `vmlint rules --host ID` lists its rules.
{host}

# What runs in them, whatever the definitions say.
# guest: {guest}

# Rules by id or by a glob over ids: off, note, warning or error. Of several that match, the last decides.
# rules:
#   {rule}: warning
#   {other}: {{severity: note, reason: \"why it may stay\"}}

# What is not looked at in folders. Patterns are relative to this file.
# files:
#   exclude: [old/, \"*.draft.xml\"]

# Settings for some files. Of several that match, the last decides.
# overrides:
#   - files: [\"lab/**\"]
#     host: {lab}

# The lowest severity that makes the exit status 1: error, warning, note or never.
fail-on: error
"
    )
}
