//! `vmlint man`: the manual, made of the same words as `--help`.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory, ValueHint};
use clap_mangen::Man;

use super::problem::{Problem, shown};
use super::{Cli, SUCCESS, answer};
use crate::input::walk;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write a page for every command to this folder, which is made if it is missing
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
}

/// Prints the first page of the manual, or writes all of them.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Names of commands within commands, `vmlint policy check`, are made here.
    command.build();
    let Some(folder) = &arguments.output else { return answer(&page(&command)?) };
    write(folder, &command)?;
    Ok(SUCCESS)
}

fn write(folder: &Path, command: &Command) -> Result<(), Problem> {
    let refuse =
        |path: &Path, error: &std::io::Error| Problem::new(format!("cannot write {}: {}", shown(path), walk::reason(error)));
    std::fs::create_dir_all(folder).map_err(|error| refuse(folder, &error))?;
    let path = folder.join(format!("{}.1", command.get_display_name().unwrap_or("vmlint")));
    std::fs::write(&path, page(command)?).map_err(|error| refuse(&path, &error))?;
    command.get_subcommands().try_for_each(|command| write(folder, command))
}

fn page(command: &Command) -> Result<Vec<u8>, Problem> {
    let mut page = Vec::new();
    let title = command.get_display_name().unwrap_or("vmlint").to_uppercase();
    // A page has no date of its own. An empty one would be left out by the writer of roff, and the version be taken for it.
    let man = Man::new(command.clone()).title(title).date(" ").source(concat!("vmlint ", env!("CARGO_PKG_VERSION")));
    man.manual("vmlint").render(&mut page).map_err(|error| Problem::new(error.to_string()))?;
    Ok(page)
}
