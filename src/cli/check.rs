//! `vmlint check` and `vmlint policy`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;

use super::inputs::Inputs;
use super::options::Check;
use super::outlets::{self, Outlet, ReportFile, Target};
use super::problem::Problem;
use super::profiles::{Profile, Profiles, Search};
use super::run::{Job, Used, complain};
use super::setup::Wishes;
use super::{FINDINGS, SUCCESS, TROUBLE, terminal};
use crate::engine::Assumptions;
use crate::policy::schema::Platform;
use crate::report::repository::Repository;
use crate::report::{self, Background, Format};

/// Judges files and folders.
pub fn run(options: Check) -> Result<u8, Problem> {
    let started = Instant::now();
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
    let search = match (options.no_config, options.config) {
        (true, _) => Search::Nowhere,
        (false, Some(path)) => Search::Named(path),
        (false, None) => Search::Upward,
    };
    let profiles = Profiles::new(wishes, options.fail_on, search);
    let Inputs { paths, changed } = options.selection.inputs(options.paths)?;
    // What is wrong with the options, or with the configuration here, is told before anything is judged.
    let here = profiles.try_of(Path::new("vmlint"))?;
    let descriptions = here.map(|profile| profile.setup.descriptions.clone()).unwrap_or_default();
    let background = Background { rules: descriptions, repository: repository() };
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
        profiles: &profiles,
        reports: &reports,
        written: &written,
        changed: changed.as_ref(),
        force_exclude: options.selection.force_exclude,
        min_severity: options.min_severity.into(),
        verbose: options.verbose,
        stdin_filename: options.stdin_filename,
    };
    let mut result = job.run(&paths, &mut outlets);
    let (hosts, assumed) = hosts_told(&result.used, here);
    let summary = &mut result.summary;
    summary.hosts = hosts;
    summary.host_assumed = assumed;
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
        say_what_was_not_judged(&result.used);
    }
    let status = if result.trouble || failed || profiles.trouble() {
        TROUBLE
    } else if result.failed && !is_cut_off {
        FINDINGS
    } else {
        SUCCESS
    };
    Ok(status)
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

/// The hosts that the summary tells, and whether any of them was assumed: those named, and of those assumed the ones for which there was
/// a file.
fn hosts_told(used: &[Used], here: Option<&'static Profile>) -> (Vec<Arc<str>>, bool) {
    let here = here.filter(|_| used.is_empty()).map(|profile| Used { profile, platform: Platform::Libvirt, files: 0 });
    let (mut hosts, mut any_assumed): (Vec<Arc<str>>, bool) = (Vec::new(), false);
    let mut used: Vec<&Used> = used.iter().chain(&here).collect();
    used.sort_by_key(|used| used.platform);
    for Used { profile, platform, .. } in used {
        let Assumptions { hosts: all, assumed, .. } = &profile.setup.assumptions;
        for host in all {
            let is_assumed = assumed.contains(host);
            if (!is_assumed || Platform::of_host(host) == Some(*platform)) && !hosts.contains(host) {
                hosts.push(host.clone());
                any_assumed |= is_assumed;
            }
        }
    }
    (hosts, any_assumed)
}

/// Files of a platform without rules have no findings, which must not be taken for a clean bill.
fn say_what_was_not_judged(used: &[Used]) {
    for platform in [Platform::Libvirt, Platform::HyperV] {
        let about = used.iter().filter(|used| used.platform == platform && !used.profile.setup.rules(platform).judges(platform));
        let unjudged: usize = about.map(|used| used.files).sum();
        if unjudged > 0 {
            let files = if unjudged == 1 { "1 file was read".to_owned() } else { format!("{unjudged} files were read") };
            complain(&format!(
                "{files} and not judged: none of the rules of this run is about {} definitions",
                platform.as_str()
            ));
        }
    }
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
    /// Print the JSON Schema of policies, for editors
    Schema,
}

/// Runs a command on policies.
pub fn run_policy(command: PolicyCommand) -> Result<u8, Problem> {
    match command {
        PolicyCommand::Check { policies } => super::policy::check(&policies),
        PolicyCommand::Test { policies } => super::policy::test(&policies),
        PolicyCommand::Schema => super::schema::policy(),
    }
}
