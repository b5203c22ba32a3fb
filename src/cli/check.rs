//! `vmlint check` and `vmlint policy`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;

use super::options::Check;
use super::problem::{Problem, shown};
use super::profiles::{Profile, Profiles, Search};
use super::run::{Job, Used, complain};
use super::setup::Wishes;
use super::{FINDINGS, SUCCESS, TROUBLE, terminal};
use crate::engine::Assumptions;
use crate::policy::schema::Platform;
use crate::report;

/// Judges files and folders.
pub fn run(options: Check) -> Result<u8, Problem> {
    let started = Instant::now();
    let wishes = Wishes {
        hosts: options.hosts,
        guest: options.guest,
        guest_drivers: options.guest_drivers,
        policies: options.policies,
        select: options.select,
        ignore: options.ignore,
    };
    let search = match (options.no_config, options.config) {
        (true, _) => Search::Nowhere,
        (false, Some(path)) => Search::Named(path),
        (false, None) => Search::Upward,
    };
    let profiles = Profiles::new(wishes, options.fail_on, search);
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths };
    // What is wrong with the options, or with the configuration here, is told before anything is judged.
    let here = profiles.try_of(Path::new("vmlint"))?;
    let terminal = if options.output.is_some() { terminal::file(options.color) } else { terminal::detect(options.color) };
    let report = report::select(options.format, report::Options { terminal, verbose: options.verbose, quiet: options.quiet });
    let job = Job {
        profiles: &profiles,
        report: &*report,
        min_severity: options.min_severity.into(),
        verbose: options.verbose,
        stdin_filename: options.stdin_filename,
    };
    let write = |out: &mut (dyn Write + Send)| {
        let mut result = job.run(&paths, out)?;
        let (hosts, assumed) = hosts_told(&result.used, here);
        result.summary.hosts = hosts;
        result.summary.host_assumed = assumed;
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
        say_what_was_not_judged(&result.used);
    }
    match result {
        Ok(result) if result.trouble || profiles.trouble() => Ok(TROUBLE),
        Ok(result) if result.failed => Ok(FINDINGS),
        Ok(_) => Ok(SUCCESS),
        // Whoever read the report has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(SUCCESS),
        Err(error) => Err(Problem::new(format!("cannot write to {place}: {}", crate::input::walk::reason(&error)))),
    }
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
}

/// Runs a command on policies.
pub fn run_policy(command: PolicyCommand) -> Result<u8, Problem> {
    match command {
        PolicyCommand::Check { policies } => super::policy::check(&policies),
        PolicyCommand::Test { policies } => super::policy::test(&policies),
    }
}
