//! `vmlint completions`: scripts with which shells complete commands, options and their values.

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::problem::Problem;
use super::{Cli, answer};
use crate::policy::builtin;
use crate::systems;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// For which shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the script for a shell.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let mut script = Vec::new();
    let mut command = with_words(Cli::command())?;
    clap_complete::generate(arguments.shell, &mut command, "vmlint", &mut script);
    answer(&script)
}

/// The commands with the words that some options know: hosts may be the user's own, so the options themselves take any.
fn with_words(command: Command) -> Result<Command, Problem> {
    let hosts: Vec<&'static str> = systems::hosts().collect();
    let with_hosts = |command: Command| {
        command.mut_args(|argument| match argument.get_long() {
            Some("host") => argument.value_parser(PossibleValuesParser::new(hosts.clone())),
            _ => argument,
        })
    };
    // Clap takes words that are there to the end of the process, which is near.
    let mut rules: Vec<&'static str> = Vec::new();
    for policy in &builtin::ALL {
        rules.extend(policy.rule_ids()?.into_iter().map(|id| &*id.to_string().leak()));
    }
    let command = with_hosts(command).mut_subcommands(with_hosts);
    Ok(command.mut_subcommand("explain", |command| {
        command.mut_args(|argument| match argument.get_id().as_str() {
            "rule" => argument.value_parser(PossibleValuesParser::new(rules.clone())),
            _ => argument,
        })
    }))
}
