//! The workspace that this program belongs to, and how to build its programs.

use std::{
    env,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
};

use serde_json::Value;

use crate::{error::Error, progress};

/// The folder of the workspace's Cargo.toml.
pub fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map(Path::to_path_buf).unwrap_or(own)
}

/// The cargo that runs this program, in the workspace's folder. Cargo's own messages go to stderr, and it asks nothing.
pub fn cargo() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// A program of this workspace, built and ready to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    name: String,
    /// Absolute path of the executable.
    pub path: PathBuf,
}

/// tcplull itself.
pub fn build_tcplull() -> Result<Program, Error> {
    find(build(&["monitor"], &[])?, "tcplull")
}

/// tcplull with a kernel side that logs what it decides.
pub fn build_tcplull_with_kernel_log() -> Result<Program, Error> {
    find(
        build(&["monitor"], &["--features", "kernel-log"])?,
        "tcplull",
    )
}

/// The test bench.
pub fn build_lab() -> Result<Program, Error> {
    find(build(&["monitor-lab"], &[])?, "monitor-lab")
}

/// The target that static programs are built for, and where cargo reads what is said to its compiler.
const STATIC_TARGET: &str = "x86_64-unknown-linux-gnu";
const STATIC_FLAGS: (&str, &str) = (
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
    "-C target-feature=+crt-static -C strip=symbols",
);

/// tcplull and the test bench, in this order, as they are released: optimised, and each one static file. They have a
/// target folder of their own, so that ordinary builds stay as they are.
pub fn build_static() -> Result<(Program, Program), Error> {
    let folder = target_dir()?.join("static");
    let mut command = cargo();
    let (variable, flags) = STATIC_FLAGS;
    command
        .args(["build", "--release", "--target", STATIC_TARGET])
        .arg("--target-dir")
        .arg(folder)
        .env(variable, flags);
    both(build_with(command, &["monitor", "monitor-lab"])?)
}

/// tcplull and the test bench, in this order.
pub fn build_tcplull_and_lab() -> Result<(Program, Program), Error> {
    both(build(&["monitor", "monitor-lab"], &[])?)
}

fn both(programs: Vec<Program>) -> Result<(Program, Program), Error> {
    Ok((
        find(programs.clone(), "tcplull")?,
        find(programs, "monitor-lab")?,
    ))
}

/// tcplull as it is released, and the bench that measures it, in this order.
pub fn build_tcplull_and_bench() -> Result<(Program, Program), Error> {
    let programs = build(&["monitor", "monitor-bench"], &["--release"])?;
    Ok((
        find(programs.clone(), "tcplull")?,
        find(programs, "monitor-bench")?,
    ))
}

fn find(programs: Vec<Program>, name: &'static str) -> Result<Program, Error> {
    programs
        .into_iter()
        .find(|program| program.name == name)
        .ok_or(Error::NoProgram(name))
}

/// Builds the packages, with these further arguments, and asks cargo where the programs are, wherever the target folder may lie.
fn build(packages: &[&str], arguments: &[&str]) -> Result<Vec<Program>, Error> {
    let mut command = cargo();
    command.arg("build").args(arguments);
    build_with(command, packages)
}

fn build_with(mut command: Command, packages: &[&str]) -> Result<Vec<Program>, Error> {
    progress::step(&format!("building {}", packages.join(" and ")));
    command
        .arg("--message-format=json-render-diagnostics")
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .stdout(Stdio::piped());
    let mut child = start(&mut command)?;
    let mut programs = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        programs.extend(lines.filter_map(|line| built_program(&line)));
    }
    let status = wait(&mut child)?;
    if status.success() {
        return Ok(programs);
    }
    Err(Error::Failed {
        what: "cargo build".into(),
        status,
    })
}

/// The program that a line of cargo's JSON messages reports as built or up to date.
fn built_program(message: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message.get("reason")?.as_str()? != "compiler-artifact" {
        return None;
    }
    Some(Program {
        name: message.pointer("/target/name")?.as_str()?.to_owned(),
        path: message.get("executable")?.as_str()?.into(),
    })
}

/// The folder that cargo builds into.
pub fn target_dir() -> Result<PathBuf, Error> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps"]);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| start_error(&command, source))?;
    let metadata: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    metadata
        .as_ref()
        .and_then(|metadata| metadata.get("target_directory")?.as_str())
        .map(PathBuf::from)
        .ok_or(Error::Failed {
            what: "cargo metadata".into(),
            status: output.status,
        })
}

/// Runs a command to its end; shows each line of its stdout as it comes and hands it to `read`.
pub fn show_lines(command: &mut Command, mut read: impl FnMut(&str)) -> Result<ExitStatus, Error> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|source| Error::Io {
                what: "read test results".into(),
                source,
            })?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            read(&line);
        }
    }
    wait(&mut child)
}

fn wait(child: &mut Child) -> Result<ExitStatus, Error> {
    child.wait().map_err(|source| Error::Io {
        what: "wait for a program that was started".into(),
        source,
    })
}

/// Starts a command that runs beside this one.
fn start(command: &mut Command) -> Result<Child, Error> {
    command
        .spawn()
        .map_err(|source| start_error(command, source))
}

/// Runs a command to its end; `Ok` says how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    command
        .status()
        .map_err(|source| start_error(command, source))
}

/// Becomes the command, so that signals and the exit code are its own. Returns only on failure.
pub fn become_command(command: &mut Command) -> Result<ExitCode, Error> {
    let source = command.exec();
    Err(start_error(command, source))
}

fn start_error(command: &Command, source: std::io::Error) -> Error {
    Error::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_it_put_a_program() {
        let message = r#"{"reason":"compiler-artifact","package_id":"monitor 0.1.0","target":
            {"kind":["bin"],"name":"tcplull"},"executable":"/elsewhere/debug/tcplull","fresh":true}"#;
        assert_eq!(
            built_program(message),
            Some(Program {
                name: "tcplull".into(),
                path: "/elsewhere/debug/tcplull".into()
            })
        );
    }

    #[test]
    fn libraries_and_other_messages_are_no_programs() {
        for message in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"serde"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not json",
            "",
        ] {
            assert_eq!(built_program(message), None, "{message}");
        }
    }
}
