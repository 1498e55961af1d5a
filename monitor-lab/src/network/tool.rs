//! The two commands that build networks.

use crate::LabError;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs `ip` with these space-separated arguments.
pub(crate) fn ip(arguments: &str) -> Result<(), LabError> {
    run("ip", "iproute2", arguments.split(' '), "")
}

/// Loads a ruleset into the network namespace of the calling thread.
pub(super) fn nft(ruleset: &str) -> Result<(), LabError> {
    run("nft", "nftables", ["-f", "-"].into_iter(), ruleset)
}

fn run<'a>(
    tool: &'static str,
    package: &'static str,
    arguments: impl Iterator<Item = &'a str> + Clone,
    input: &str,
) -> Result<(), LabError> {
    let mut child = Command::new(tool)
        .args(arguments.clone())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| LabError::ToolMissing {
            tool,
            package,
            source,
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that stops reading says why on its stderr.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(LabError::io(format!("waiting for `{tool}`")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(LabError::Tool {
        command: [tool]
            .into_iter()
            .chain(arguments)
            .collect::<Vec<_>>()
            .join(" "),
        status: output.status.to_string(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
