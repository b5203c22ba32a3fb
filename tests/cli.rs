//! The whole command as users, pipelines and CI systems meet it.

mod common;
#[path = "common/schemas.rs"]
mod schemas;

#[path = "cli/baseline.rs"]
mod baseline;
#[path = "cli/choice.rs"]
mod choice;
#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/configured.rs"]
mod configured;
#[path = "cli/fixes.rs"]
mod fixes;
#[path = "cli/guests.rs"]
mod guests;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/linear.rs"]
mod linear;
#[path = "cli/matrix.rs"]
mod matrix;
#[path = "cli/pages.rs"]
mod pages;
#[path = "cli/reports.rs"]
mod reports;
#[cfg(unix)]
#[path = "cli/robust.rs"]
mod robust;
#[path = "cli/selection.rs"]
mod selection;
#[path = "cli/shells.rs"]
mod shells;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/suppress.rs"]
mod suppress;
#[cfg(unix)]
#[path = "cli/unix.rs"]
mod unix;
