//! `vmlint check` and `vmlint policy`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;

use super::options::{Check, FailOn};
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
use crate::report;

/// Judges files and folders.
pub fn run(options: Check) -> Result<u8, Problem> {
    let started = Instant::now();
    let config = configuration(options.config.as_deref(), options.no_config)?;
    let wishes = Wishes {
        hosts: options.hosts,
        guest: options.guest,
        guest_drivers: options.guest_drivers,
        policies: options.policies,
        select: options.select,
        ignore: options.ignore,
    };
    let setup = setup::setup(wishes, config.as_ref())?;
    for file in &setup.warnings {
        let _ = io::stderr().write_all(&show_faults(file));
    }
    let fail_on = options.fail_on.or(config.and_then(|config| config.fail_on).map(configured_level)).unwrap_or(FailOn::Error);
    let checker = Checker::by_platform(|platform| Engine::new(setup.rules(platform), &setup.assumptions));
    let terminal = if options.output.is_some() { terminal::file(options.color) } else { terminal::detect(options.color) };
    let report = report::select(options.format, report::Options { terminal, verbose: options.verbose, quiet: options.quiet });
    let job = Job {
        checker: &checker,
        report: &*report,
        min_severity: options.min_severity.into(),
        verbose: options.verbose,
        stdin_filename: options.stdin_filename,
    };
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths };
    let write = |out: &mut (dyn Write + Send)| {
        let mut result = job.run(&paths, out)?;
        result.summary.hosts = hosts_told(&setup.assumptions, &result.summary);
        result.summary.host_assumed = result.summary.hosts.iter().any(|host| setup.assumptions.assumed.contains(host));
        result.summary.elapsed = started.elapsed();
        out.write_all(&report.tail(&result.summary))?;
        out.flush()?;
        Ok(result)
    };
    let (result, place) = match &options.output {
        Some(path) => (File::create(path).and_then(|file| write(&mut BufWriter::new(file))), shown(path)),
        None => (write(&mut BufWriter::with_capacity(1 << 16, io::stdout())), "standard output".to_owned()),
    };
    if let Ok(result) = &result {
        say_what_was_not_judged(&setup, &result.summary.files);
    }
    // The process ends now; giving the memory of every rule back one by one would only take time.
    std::mem::forget(checker);
    std::mem::forget(setup);
    match result {
        Ok(result) if result.trouble => Ok(TROUBLE),
        Ok(result) if result.worst.is_some_and(|worst| fail_on.reached_by(worst)) => Ok(FINDINGS),
        Ok(_) => Ok(SUCCESS),
        // Whoever read the report has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(SUCCESS),
        Err(error) => Err(Problem::new(format!("cannot write to {place}: {}", crate::input::walk::reason(&error)))),
    }
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
