//! `vmlint check` and `vmlint policy`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;

use super::options::{Check, FailOn};
use super::outlets::{self, Outlet, ReportFile, Target};
use super::problem::{Problem, show_faults, shown};
use super::run::{Job, complain};
use super::setup::{self, Setup, Wishes};
use super::{FINDINGS, SUCCESS, TROUBLE, terminal};
use crate::check::Checker;
use crate::config::{self, Config};
use crate::engine::{Assumptions, Engine};
use crate::finding::{FileEntry, Severity, Summary};
use crate::policy::compile::Faulty;
use crate::policy::schema::{Fault, Platform};
use crate::policy::yaml;
use crate::report::repository::Repository;
use crate::report::{self, Background, Format};

/// Judges files and folders.
pub fn run(options: Check) -> Result<u8, Problem> {
    let started = Instant::now();
    let config = configuration(options.config.as_deref(), options.no_config)?;
    let outputs = outputs(options.format, options.output, options.reports, |name| std::env::var_os(name));
    let wishes = Wishes {
        hosts: options.hosts,
        guest: options.guest,
        guest_drivers: options.guest_drivers,
        policies: options.policies,
        select: options.select,
        ignore: options.ignore,
        described: outputs.iter().any(|(format, _)| format.describes_rules()),
    };
    let mut setup = setup::setup(wishes, config.as_ref())?;
    for file in &setup.warnings {
        let _ = io::stderr().write_all(&show_faults(file));
    }
    let fail_on = options.fail_on.or(config.and_then(|config| config.fail_on).map(configured_level)).unwrap_or(FailOn::Error);
    let background = Background { rules: std::mem::take(&mut setup.descriptions), repository: repository() };
    let checker = Checker::by_platform(|platform| Engine::new(setup.rules(platform), &setup.assumptions));
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths };
    outlets::check(&outputs.iter().map(|(_, target)| target).collect::<Vec<_>>(), &paths)?;
    let display = |target: &Target| {
        let terminal = if *target == Target::Standard { terminal::detect(options.color) } else { terminal::file(options.color) };
        report::Options { terminal, verbose: options.verbose, quiet: options.quiet }
    };
    let reports: Vec<_> = outputs.iter().map(|(format, target)| report::select(*format, display(target), &background)).collect();
    let mut outlets: Vec<Outlet<'_>> =
        reports.iter().zip(&outputs).map(|(report, (_, target))| Outlet::open(&**report, target)).collect();
    let written: Vec<PathBuf> = outputs.iter().filter_map(|(_, target)| target.path()?.canonicalize().ok()).collect();
    let job = Job {
        checker: &checker,
        reports: &reports,
        written: &written,
        min_severity: options.min_severity.into(),
        verbose: options.verbose,
        stdin_filename: options.stdin_filename,
    };
    let mut result = job.run(&paths, &mut outlets);
    let summary = &mut result.summary;
    summary.hosts = hosts_told(&setup.assumptions, summary);
    summary.host_assumed = summary.hosts.iter().any(|host| setup.assumptions.assumed.contains(host));
    summary.elapsed = started.elapsed();
    for outlet in &mut outlets {
        outlet.finish(summary);
    }
    let failed = outlets.iter().any(Outlet::failed);
    // Whoever read the only report has seen enough.
    let is_cut_off = !outlets.iter().any(Outlet::is_open);
    let results: usize = result.summary.files.iter().map(|file| file.findings).sum();
    if results > report::MAX_SARIF_RESULTS && outputs.iter().any(|(format, _)| *format == Format::Sarif) {
        complain(&format!(
            "the SARIF report has {results} results, and code scanning takes {} of one run: check fewer paths at once, or name a higher --min-severity",
            report::MAX_SARIF_RESULTS
        ));
    }
    if !is_cut_off {
        say_what_was_not_judged(&setup, &result.summary.files);
    }
    drop(outlets);
    // The process ends now; giving the memory of every rule back one by one would only take time.
    std::mem::forget(checker);
    std::mem::forget(setup);
    match result.worst {
        _ if result.trouble || failed => Ok(TROUBLE),
        Some(worst) if !is_cut_off && fail_on.reached_by(worst) => Ok(FINDINGS),
        _ => Ok(SUCCESS),
    }
}

/// What is written and where to: the report that is shown, and those to files. In a workflow of GitHub a report whose format nobody
/// chose is one that GitHub understands, with a summary of the job beside it.
fn outputs(
    format: Option<Format>,
    output: Option<PathBuf>,
    files: Vec<ReportFile>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Vec<(Format, Target)> {
    let is_workflow = format.is_none() && output.is_none() && env("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    let job = env("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from);
    let shown = if is_workflow { Format::GitHub } else { format.unwrap_or_default() };
    let mut outputs = vec![(shown, output.map_or(Target::Standard, Target::File))];
    // Other commands of the step write their summaries to that file as well.
    let target = |path: PathBuf| if job.as_ref() == Some(&path) { Target::End(path) } else { Target::File(path) };
    outputs.extend(files.into_iter().map(|file| (file.format, target(file.path))));
    if let Some(job) = job.clone().filter(|job| is_workflow && outputs.iter().all(|(_, target)| target.path() != Some(job))) {
        outputs.push((Format::Markdown, Target::End(job)));
    }
    outputs
}

fn repository() -> Repository {
    let folder = std::env::current_dir().unwrap_or_default();
    Repository::around(&folder, |name| std::env::var(name).ok())
}

/// The hosts that the summary tells: those named, and of those assumed the ones for which there was a file.
fn hosts_told(Assumptions { hosts, assumed, .. }: &Assumptions, summary: &Summary) -> Vec<Arc<str>> {
    let mut seen: Vec<Platform> = summary.files.iter().filter_map(|file| file.format.platform()).collect();
    if seen.is_empty() && assumed.len() == hosts.len() {
        seen.push(Platform::Libvirt);
    }
    let counts = |host: &&Arc<str>| !assumed.contains(host) || Platform::of_host(host).is_some_and(|own| seen.contains(&own));
    hosts.iter().filter(counts).cloned().collect()
}

fn configured_level(level: Option<Severity>) -> FailOn {
    match level {
        None => FailOn::Never,
        Some(Severity::Note) => FailOn::Note,
        Some(Severity::Warning) => FailOn::Warning,
        Some(Severity::Error) => FailOn::Error,
    }
}

/// Files of a platform without rules have no findings, which must not be taken for a clean bill.
fn say_what_was_not_judged(setup: &Setup, files: &[FileEntry]) {
    for platform in [Platform::Libvirt, Platform::HyperV] {
        let unjudged = files.iter().filter(|file| file.format.platform() == Some(platform)).count();
        if unjudged > 0 && !setup.rules(platform).judges(platform) {
            let files = if unjudged == 1 { "1 file was read".to_owned() } else { format!("{unjudged} files were read") };
            complain(&format!(
                "{files} and not judged: none of the rules of this run is about {} definitions",
                platform.as_str()
            ));
        }
    }
}

/// The configuration that was named, else the nearest one above the current folder.
fn configuration(named: Option<&Path>, none: bool) -> Result<Option<Config>, Problem> {
    if none {
        return Ok(None);
    }
    let path = match named {
        Some(path) => Some(path.to_owned()),
        None => std::env::current_dir().ok().and_then(|folder| config::discover(&folder)),
    };
    let Some(path) = path else { return Ok(None) };
    let source = Arc::new(setup::read_yaml_source(&path)?);
    let faulty = |faults: Vec<Fault>| {
        let file = Faulty { source: source.clone(), faults };
        Problem::faulty(format!("the configuration {} cannot be used", shown(&path)), vec![file])
    };
    let node = yaml::read(source.text()).map_err(|broken| faulty(vec![Fault::error(broken.span, broken.message)]))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Config::load(&node, folder).map(Some).map_err(faulty)
}

/// Commands on policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Compile policies and report every mistake at its place
    Check {
        /// Policy files, folders or built-in ids
        #[arg(required = true, value_name = "FILE_OR_ID")]
        policies: Vec<PathBuf>,
    },
    /// Run the examples of policies: every bad one must raise its rule, no good one may
    Test {
        /// Policy files, folders or built-in ids
        #[arg(required = true, value_name = "FILE_OR_ID")]
        policies: Vec<PathBuf>,
    },
}

/// Runs a command on policies.
pub fn run_policy(command: PolicyCommand) -> Result<u8, Problem> {
    match command {
        PolicyCommand::Check { policies } => super::policy::check(&policies),
        PolicyCommand::Test { policies } => super::policy::test(&policies),
    }
}
