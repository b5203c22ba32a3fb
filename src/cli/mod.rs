//! The command line: arguments, exit codes, one file for each command.

mod baseline;
mod changed;
mod check;
mod completions;
mod config;
mod explain;
mod fixing;
mod init;
mod inputs;
mod man;
mod matrix;
mod new_file;
mod options;
mod outlets;
mod page;
mod policy;
mod problem;
mod profiles;
mod query;
mod replace;
mod rules;
mod run;
mod schema;
mod setup;
pub mod terminal;
mod view;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::suggest;
use problem::Problem;

/// Everything was done, and no finding was bad enough.
const SUCCESS: u8 = 0;
/// At least one finding reached `--fail-on`.
const FINDINGS: u8 = 1;
/// The run could not do what was asked.
const TROUBLE: u8 = 2;

/// Names of commands that are kept for later, so that no file of that name is checked by mistake.
const RESERVED: [&str; 3] = ["fix", "upgrade", "lsp"];

/// Finds what the vendor of the host does not support in virtual-machine definitions
#[derive(Debug, Parser)]
#[command(name = "vmlint", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 no finding reached --fail-on, 1 at least one did, 2 the run could not do what was asked.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: options::Check,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge definitions (the default: `vmlint FILE` is `vmlint check FILE`)
    Check(Box<options::Check>),
    /// Say what a rule is about, why, on which document it rests and what to do instead
    Explain(explain::Arguments),
    /// List all rules
    Rules(rules::Arguments),
    /// Show a file as rules see it, or with `--raw` its own values
    View(view::Arguments),
    /// Run one XPath expression over files
    Query(query::Arguments),
    /// Tell which configuration holds for a file, and where each value comes from
    Config(config::Arguments),
    /// Show which features a guest has on a host, as the vendor's tables say
    Matrix(matrix::Arguments),
    /// Write a configuration to start with
    Init(init::Arguments),
    /// Print a JSON Schema, for editors
    Schema(schema::Arguments),
    /// Print what makes a shell complete the options of vmlint
    Completions(completions::Arguments),
    /// Print the manual, or write its pages to a folder
    Man(man::Arguments),
    /// Check policies of your own
    #[command(subcommand)]
    Policy(check::PolicyCommand),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(word) = arguments.get(1).and_then(|first| first.to_str()).filter(|first| RESERVED.contains(first)) {
        let remedy = format!("To check a file of that name write `./{word}`.");
        return finish(Err(Problem::new(format!(
            "`vmlint {word}` is a name kept for a command that this version does not have"
        ))
        .help(remedy)));
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(problem) = mistyped(arguments.get(1)).filter(|_| error.use_stderr()) {
                return finish(Err(problem));
            }
            // A closed pipe is no reason to complain.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { TROUBLE } else { SUCCESS });
        }
    };
    finish(match cli.command {
        None => match mistyped(arguments.get(1)) {
            Some(problem) => Err(problem),
            None => check::run(cli.check),
        },
        Some(Command::Check(options)) => check::run(*options),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Rules(arguments)) => rules::run(&arguments),
        Some(Command::View(arguments)) => view::run(&arguments),
        Some(Command::Query(arguments)) => query::run(&arguments),
        Some(Command::Config(arguments)) => config::run(&arguments),
        Some(Command::Matrix(arguments)) => matrix::run(&arguments),
        Some(Command::Init(arguments)) => init::run(&arguments),
        Some(Command::Schema(arguments)) => schema::run(&arguments),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Man(arguments)) => man::run(&arguments),
        Some(Command::Policy(command)) => check::run_policy(command),
    })
}

/// What is wrong with a first word that is no file and nearly the name of a command.
fn mistyped(word: Option<&OsString>) -> Option<Problem> {
    let word = word?.to_str().filter(|word| !word.starts_with('-') && !word.contains(['/', '\\', '.']))?;
    if Path::new(word).exists() {
        return None;
    }
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let near = suggest::nearest(word, names.iter().copied())?;
    let problem =
        Problem::new(format!("there is no command and no file `{word}`")).help(format!("Did you mean `vmlint {near}`?"));
    (!names.contains(&word)).then_some(problem)
}

fn finish(result: Result<u8, Problem>) -> ExitCode {
    match result {
        Ok(status) => ExitCode::from(status),
        Err(problem) => {
            problem.print();
            ExitCode::from(TROUBLE)
        }
    }
}

/// Writes a command's answer to standard output; a closed pipe is success.
fn answer(text: &[u8]) -> Result<u8, Problem> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(SUCCESS),
    }
}
