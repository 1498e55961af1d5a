//! `cargo xtask run`: the daemon, from a fresh clone.

use crate::command::become_it;
use crate::error::Error;
use crate::{setup, workspace};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What is handed on to the daemon.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Let the kernel side log what it decides, and the daemon print it: for debugging
    #[arg(long)]
    kernel_log: bool,
    /// Arguments of `tcplull run`, after `--`
    #[arg(last = true)]
    args: Vec<OsString>,
}

/// Sets up, builds, and becomes `tcplull run`.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let features: &[&str] = match args.kernel_log {
        true => &["--features", "kernel-log"],
        false => &[],
    };
    let tcplull = workspace::build_tcplull(features)?;
    // The daemon takes this process's place, so nothing can be said after it.
    println!("{}", next(&tcplull));
    if args.args.is_empty() {
        println!(
            "Where a NAT or a load balancer forgets after 4 minutes: cargo xtask run -- --timeout 4m"
        );
    }
    become_it(Command::new(tcplull).arg("run").args(&args.args))
}

/// What to try once the daemon runs.
fn next(tcplull: &Path) -> String {
    let tcplull = tcplull.display();
    format!(
        "The daemon starts in this terminal, and Ctrl-C ends it. In another one, as root, try next:\n  \
         {tcplull} ls                 every connection, and what its silence comes to\n  \
         {tcplull} watch              what the daemon finds, as it comes\n  \
         {tcplull} alerts             what fires\n  \
         {tcplull} check --self-test  whether it sees a connection die; takes ten seconds"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_the_daemon_is_told_what_to_try_next_by_its_real_name() {
        let text = next(Path::new("/target/debug/tcplull"));
        for what in ["ls", "watch", "alerts", "check --self-test"] {
            assert!(
                text.contains(&format!("  /target/debug/tcplull {what} ")),
                "{text}"
            );
        }
    }
}
