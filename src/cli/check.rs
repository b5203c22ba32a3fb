//! `vmlint check` and `vmlint policy`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;

use super::baseline::Baselines;
use super::fixing::{Fixing, Goal, Nothing, tell_difference};
use super::inputs::Inputs;
use super::options::Check;
use super::outlets::{self, Outlet, ReportFile, Target};
use super::problem::Problem;
use super::profiles::{Profile, Profiles, Search};
use super::run::{Job, Used, complain};
use super::setup::{self, Wishes};
use super::{FINDINGS, SUCCESS, TROUBLE, terminal};
use crate::check::MALFORMED;
use crate::date::Date;
use crate::engine::Assumptions;
use crate::finding::{RuleInfo, Safety, Summary};
use crate::policy::schema::Platform;
use crate::report::repository::Repository;
use crate::report::{self, Format, Paint};

/// Judges files and folders.
pub fn run(options: Check) -> Result<u8, Problem> {
    let started = Instant::now();
    let Inputs { paths, changed } = options.selection.inputs(options.paths)?;
    // To the system it is an empty folder, and nothing was found in it.
    if paths.iter().any(|path| path.is_relative() && path.is_dir()) && std::env::current_dir().is_err() {
        let problem = Problem::new("the current folder is gone");
        return Err(problem.help("Change to one that is there, or name files by their whole paths.".to_owned()));
    }
    let goal = Goal::new(options.fix, options.diff, options.unsafe_fixes, &paths)?;
    let mut outputs = outputs(options.format, options.output, options.reports, |name| std::env::var_os(name));
    let wishes = Wishes {
        hosts: options.hosts,
        guest: options.guest,
        guest_drivers: options.guest_drivers,
        policies: options.policies,
        select: options.select,
        ignore: options.ignore,
        limits: options.limits,
    };
    let search = match (options.no_config, options.config) {
        (true, _) => Search::Nowhere,
        (false, Some(path)) => Search::Named(path),
        (false, None) => Search::Upward,
    };
    let today = today(std::env::var_os("SOURCE_DATE_EPOCH"))?;
    let baselines = Baselines::new(options.baseline, options.write_baseline.clone())?;
    let profiles = Profiles::new(wishes, options.fail_on, search).judging(today, baselines);
    let texts = goal.and_then(|goal| goal.outlet(&mut outputs));
    // What is wrong with the options, or with the configuration here, is told before anything is judged.
    let here = profiles.try_of(Path::new("vmlint"))?;
    let new_baseline = options.write_baseline.map(Target::File);
    outlets::check(&outputs.iter().map(|(_, target)| target).chain(&new_baseline).collect::<Vec<_>>(), &paths)?;
    let folder = std::env::current_dir().unwrap_or_default();
    let repository = Repository::around(&folder, |name| std::env::var(name).ok());
    let display = |target: &Target| {
        let terminal = match target {
            Target::Standard => terminal::detect(options.color),
            Target::Errors => terminal::detect_stderr(options.color),
            Target::File(_) | Target::End(_) => terminal::file(options.color),
        };
        report::Options { terminal, verbose: options.verbose, quiet: options.quiet, suppressed: options.show_suppressed }
    };
    let mut reports: Vec<_> =
        outputs.iter().map(|(format, target)| report::select(*format, display(target), &repository)).collect();
    if let Some(report) = texts.and_then(|place| reports.get_mut(place)) {
        *report = Box::new(Nothing);
    }
    let safety = if options.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let mut outlets: Vec<Outlet<'_>> =
        reports.iter().zip(&outputs).map(|(report, (_, target))| Outlet::open(&**report, target)).collect();
    let baselines = profiles.baselines();
    let known = baselines.map(Baselines::files).unwrap_or_default();
    let written = outputs.iter().filter_map(|(_, target)| target.path()).chain(known.iter().map(PathBuf::as_path));
    let written: Vec<PathBuf> = written.filter_map(|path| path.canonicalize().ok()).collect();
    let job = Job {
        profiles: &profiles,
        reports: &reports,
        written: &written,
        changed: changed.as_ref(),
        force_exclude: options.selection.force_exclude,
        min_severity: options.min_severity.into(),
        lists_files: outputs.iter().any(|(format, _)| format.lists_files()),
        verbose: options.verbose,
        stdin_filename: options.stdin_filename,
        fixing: goal.map(|goal| Fixing {
            safety,
            min_severity: options.min_severity.into(),
            goal,
            outlet: texts,
            paint: Paint { on: terminal::detect(options.color).color },
        }),
    };
    let mut result = job.run(&paths, &mut outlets);
    // Where nobody reads to the end, not everything was judged.
    let was_read = outlets.iter().any(Outlet::is_open);
    // A file that is gone is missed only where everything was looked at.
    let named = if changed.is_some() { &[][..] } else { &paths };
    result.trouble |= profiles.trouble();
    let finished = baselines.filter(|_| was_read).map_or(Ok(()), |all| all.finish(&mut result, named, options.prune_baseline));
    if let Err(problem) = finished {
        problem.print();
        result.trouble = true;
    }
    let summary = &mut result.summary;
    if goal == Some(Goal::Diff) {
        // Reports to files are of the definitions as they are.
        let fixed = std::mem::take(&mut summary.fixed);
        result.failed = fixed > 0 || summary.rules.contains_key(MALFORMED);
        if !options.quiet {
            tell_difference(fixed, result.changed, summary.fixable, safety);
        }
    }
    let summary = &mut result.summary;
    (summary.hosts, summary.host_assumed) = hosts_told(&result.used, here);
    summary.elapsed = started.elapsed();
    if profiles.trouble() {
        summary.troubles.push("a configuration cannot be used, so that files were left out".to_owned());
    }
    if outputs.iter().any(|(format, _)| format.describes_rules()) {
        summary.described = described(&result.used, summary)?;
    }
    outlets.iter_mut().for_each(|outlet| outlet.finish(summary));
    let results = summary.shown;
    if results > report::MAX_SARIF_RESULTS && outputs.iter().any(|(format, _)| *format == Format::Sarif) {
        complain(&format!(
            "the SARIF report has {results} results, and code scanning takes {} of one run: check fewer paths at once, or name a higher --min-severity",
            report::MAX_SARIF_RESULTS
        ));
    }
    // Whoever read the only report has seen enough.
    let is_cut_off = !outlets.iter().any(Outlet::is_open);
    if !is_cut_off {
        say_what_was_not_judged(&result.used);
    }
    Ok(match result.failed && !is_cut_off {
        _ if result.trouble || profiles.trouble() || outlets.iter().any(Outlet::failed) => TROUBLE,
        true => FINDINGS,
        false => SUCCESS,
    })
}

/// The day that it is: the clock's, unless the run is to give the same as on another one.
fn today(epoch: Option<OsString>) -> Result<Date, Problem> {
    let Some(epoch) = epoch.filter(|epoch| !epoch.is_empty()) else { return Ok(Date::today()) };
    let epoch = epoch.to_string_lossy();
    epoch.parse().map(Date::at).map_err(|_| {
        let problem = Problem::new(format!("`SOURCE_DATE_EPOCH` is `{epoch}`, which is no number of seconds"));
        problem.help("Give the seconds since the beginning of 1970, or leave the variable out.".to_owned())
    })
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

/// The rules that findings are shown of, as reports describe them; sorted by their ids.
fn described(used: &[Used], summary: &Summary) -> Result<Vec<RuleInfo>, Problem> {
    let is_listed = |id: &str| summary.rules.contains_key(id) || summary.suppressed_rules.contains(id);
    let mut described: Vec<RuleInfo> = setup::own_rules().filter(|rule| is_listed(&rule.id)).collect();
    for Used { profile, .. } in used {
        let is_new = |id: &str| is_listed(id) && !described.iter().any(|known| *known.id == *id);
        let new = profile.setup.describe(&is_new)?;
        described.extend(new);
    }
    described.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(described)
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
    /// Run the examples of policies: every bad one must raise its rule and be fixed by its fixes, no good one may raise it
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
