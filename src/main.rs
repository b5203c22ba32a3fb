//! The command `vmlint`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    vmlint::cli::run()
}
