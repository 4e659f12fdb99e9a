//! The program `ebs-preflight`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(ebs_preflight::cli::run())
}
