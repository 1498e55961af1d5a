//! `monitor-lab`: runs the stories of the testbed against a `tcplull`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
