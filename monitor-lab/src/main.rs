//! `monitor-lab`: runs the stories of the test bench against a `tcplull`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
