//! The options of `check`, as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::inputs::Selection;
use super::outlets::ReportFile;
use super::terminal::ColorChoice;
use crate::finding::Severity;
use crate::input::limits::Setting;
use crate::report::Format;
use crate::systems::GUEST_DRIVERS;

/// The severities of `--min-severity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    /// Everything
    Note,
    /// Warnings and errors
    Warning,
    /// Errors only
    Error,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Severity {
        match level {
            Level::Note => Severity::Note,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        }
    }
}

/// The values of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any error
    Error,
    /// Any warning or error
    Warning,
    /// Any finding
    Note,
    /// No finding
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes the run fail.
    pub fn reached_by(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Note => true,
            FailOn::Never => false,
        }
    }
}

/// Options of `check`.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// Files and folders to judge; `-` is standard input. Default: the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// The platform release that will run the VMs; may be given several times. Default: rhel-8 for libvirt
    #[arg(long = "host", value_name = "ID", help_heading = "What is assumed")]
    pub hosts: Vec<String>,

    /// The guest system, NAME-VERSION, whatever the definition says
    #[arg(long, value_name = "ID", help_heading = "What is assumed")]
    pub guest: Option<String>,

    /// Linux Integration Services in a Hyper-V guest
    #[arg(long, value_name = "KIND", value_parser = GUEST_DRIVERS, help_heading = "What is assumed")]
    pub guest_drivers: Option<String>,

    /// Use these policies instead of those of the host: a file, a folder or a built-in id
    #[arg(long = "policy", value_name = "FILE_OR_ID", help_heading = "Which rules run")]
    pub policies: Vec<PathBuf>,

    /// Run only the rules whose ids match: `rhel-8/*`, `*/tcg`
    #[arg(long, value_name = "GLOB", help_heading = "Which rules run")]
    pub select: Vec<String>,

    /// Do not run the rules whose ids match
    #[arg(long, value_name = "GLOB", help_heading = "Which rules run")]
    pub ignore: Vec<String>,

    /// Fix what can be fixed safely, and report what is left
    #[arg(long, help_heading = "Fixes")]
    pub fix: bool,

    /// With --fix or --diff: make fixes too that somebody has to look at, as the guest may notice them
    #[arg(long, help_heading = "Fixes")]
    pub unsafe_fixes: bool,

    /// Show what --fix would change as a unified diff, and change nothing
    #[arg(long, help_heading = "Fixes")]
    pub diff: bool,

    /// How findings are shown [default: human; github in a workflow of GitHub]
    #[arg(long, value_name = "FMT", value_enum, help_heading = "Report")]
    pub format: Option<Format>,

    /// Write the report to this file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub output: Option<PathBuf>,

    /// Write a report to a file as well, `sarif=vmlint.sarif`; may be given several times
    #[arg(long = "report", value_name = "FMT=FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub reports: Vec<ReportFile>,

    /// What is shown; never changes the exit status
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "note", help_heading = "Report")]
    pub min_severity: Level,

    /// The lowest severity that makes the exit status 1 [default: error]
    #[arg(long, value_name = "LEVEL", value_enum, help_heading = "Report")]
    pub fail_on: Option<FailOn>,

    /// List suppressed findings too, marked as such
    #[arg(long, help_heading = "Report")]
    pub show_suppressed: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Report")]
    pub color: ColorChoice,

    /// Findings only, no summary
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,

    /// Say more: the policy line behind each finding, the files skipped
    #[arg(short, long, help_heading = "Report")]
    pub verbose: bool,

    /// Name that findings use for standard input
    #[arg(long, value_name = "NAME", default_value = "<stdin>", help_heading = "Input")]
    pub stdin_filename: PathBuf,

    /// Another limit than usual, `file-size=128MiB`; may be given several times: file-size, depth, nodes, attributes, findings
    #[arg(long = "limit", value_name = "NAME=VALUE", help_heading = "Input")]
    pub limits: Vec<Setting>,

    /// Which of the files.
    #[command(flatten)]
    pub selection: Selection,

    /// Show and count only findings that are not in this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Known findings")]
    pub baseline: Option<PathBuf>,

    /// Write all findings to this file, so that later runs with --baseline show only new ones
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["baseline", "prune_baseline", "fix", "diff"])]
    #[arg(help_heading = "Known findings")]
    pub write_baseline: Option<PathBuf>,

    /// Drop what the run no longer finds from the baseline
    #[arg(long, help_heading = "Known findings")]
    pub prune_baseline: bool,

    /// Use this configuration instead of the vmlint.yaml that is found
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_config", help_heading = "Input")]
    pub config: Option<PathBuf>,

    /// Use no configuration
    #[arg(long, help_heading = "Input")]
    pub no_config: bool,
}
