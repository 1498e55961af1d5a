//! The workspace that this program belongs to, and how to build its programs.

use crate::architecture::{Architecture, X86_64};
use crate::error::Error;
use crate::{command, progress, setup};
use cargo_metadata::{Message, Metadata};
use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// tcplull itself, with these further arguments for cargo.
pub fn build_tcplull(arguments: &[&str]) -> Result<PathBuf, Error> {
    let [tcplull] = build(&["monitor"], arguments, ["tcplull"])?;
    Ok(tcplull)
}

/// The testbed.
pub fn build_lab() -> Result<PathBuf, Error> {
    let [lab] = build(&["monitor-lab"], &[], ["monitor-lab"])?;
    Ok(lab)
}

/// The packages of tcplull and the testbed, and their programs.
const WITH_LAB: [&str; 2] = ["monitor", "monitor-lab"];
const TCPLULL_AND_LAB: [&str; 2] = ["tcplull", "monitor-lab"];

/// tcplull and the testbed, in this order.
pub fn build_tcplull_and_lab() -> Result<[PathBuf; 2], Error> {
    build(&WITH_LAB, &[], TCPLULL_AND_LAB)
}

/// The same, with all tests: what `cargo test --workspace` has built is not built again, as it would be for fewer packages,
/// which want fewer features of what they share.
pub fn build_beside_tests() -> Result<[PathBuf; 2], Error> {
    let mut command = cargo();
    command
        .args(["build", "--all-targets", "--workspace"])
        .args(["--exclude", "monitor-ebpf"]);
    build_with(command, &[], TCPLULL_AND_LAB)
}

/// How static programs are built.
#[derive(Clone, Copy, Debug)]
enum Static {
    /// As they are released.
    Release,
    /// In half the time, and fast enough for tests in a guest.
    Guest,
}

/// tcplull and the testbed, as guests run them, in this order, each one static file.
pub fn build_static(architecture: &Architecture) -> Result<[PathBuf; 2], Error> {
    let cargo = static_cargo(Static::Guest, architecture)?;
    build_with(cargo, &WITH_LAB, TCPLULL_AND_LAB)
}

/// tcplull alone as one static file, as it is released.
pub fn build_static_tcplull(architecture: &Architecture) -> Result<PathBuf, Error> {
    let cargo = static_cargo(Static::Release, architecture)?;
    let [tcplull] = build_with(cargo, &["monitor"], ["tcplull"])?;
    Ok(tcplull)
}

/// tcplull as packages hold it, the testbed, and the bench that measures tcplull on this machine and in a guest, in this
/// order, each one static file.
pub fn build_static_with_bench() -> Result<[PathBuf; 3], Error> {
    let cargo = static_cargo(Static::Release, &X86_64)?;
    let packages = ["monitor", "monitor-lab", "monitor-bench"];
    build_with(
        cargo,
        &packages,
        ["tcplull", "monitor-lab", "monitor-bench"],
    )
}

/// Static programs have a target folder of their own, so that ordinary builds stay as they are. What a machine takes that
/// is not this one is set up.
fn static_cargo(how: Static, architecture: &Architecture) -> Result<Command, Error> {
    setup::cross(architecture)?;
    let profile = match how {
        Static::Release => "release",
        Static::Guest => "guest",
    };
    let folder = target_dir()?.join("static");
    let mut command = cargo();
    command
        .args([
            "build",
            "--profile",
            profile,
            "--target",
            architecture.target,
        ])
        .arg("--target-dir")
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", static_flags());
    if !architecture.is_own() {
        command.envs(cross_variables(architecture));
    }
    Ok(command)
}

/// What cargo, and the build scripts that compile C, are told of the compiler for a machine that is not this one.
fn cross_variables(architecture: &Architecture) -> Vec<(String, PathBuf)> {
    let target = architecture.target.replace('-', "_");
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase());
    [
        ("gcc", format!("CC_{target}")),
        ("gcc", linker),
        ("ar", format!("AR_{target}")),
    ]
    .into_iter()
    .map(|(tool, variable)| {
        let name = architecture.tool(tool);
        let file = setup::find(&name).unwrap_or_else(|| name.into());
        (variable, file)
    })
    .collect()
}

/// For rustc, in cargo's own encoding, one separator between two: programs are the same wherever workspace and crates lie.
/// A build for a named target keeps them from build scripts.
fn static_flags() -> String {
    let remap =
        |place: &Path, name: &str| format!("--remap-path-prefix={}={name}", place.display());
    let mut flags = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Cstrip=symbols".to_owned(),
        remap(&root(), "/tcplull"),
    ];
    flags.extend(setup::cargo_home().map(|home| remap(&home, "/cargo")));
    flags.join("\u{1f}")
}

fn build<const N: usize>(
    packages: &[&str],
    arguments: &[&str],
    programs: [&'static str; N],
) -> Result<[PathBuf; N], Error> {
    let mut command = cargo();
    command.arg("build").args(arguments);
    build_with(command, packages, programs)
}

/// Builds the packages, and asks cargo where these programs of theirs are, wherever the target folder may lie.
fn build_with<const N: usize>(
    mut command: Command,
    packages: &[&str],
    programs: [&'static str; N],
) -> Result<[PathBuf; N], Error> {
    progress::step(&format!("building {}", programs.join(" and ")));
    command
        .arg("--message-format=json-render-diagnostics")
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .stdout(Stdio::piped());
    let mut child = command::start(&mut command)?;
    let mut found = programs.map(|_| None);
    if let Some(stdout) = child.stdout.take() {
        let messages = Message::parse_stream(BufReader::new(stdout));
        for message in messages.map_while(Result::ok) {
            // A program's own tests have its name, too.
            if let Message::CompilerArtifact(artifact) = message
                && !artifact.profile.test
                && let Some(path) = artifact.executable
                && let Some(at) = programs
                    .iter()
                    .position(|name| *name == artifact.target.name)
            {
                found[at] = Some(path.into_std_path_buf());
            }
        }
    }
    let status = command::wait(&mut child)?;
    if !status.success() {
        return Err(Error::failed("cargo build", status));
    }
    for (program, path) in programs.iter().zip(&found) {
        if path.is_none() {
            return Err(Error::NoProgram(program));
        }
    }
    Ok(found.map(Option::unwrap_or_default))
}

/// The folder that cargo builds into.
pub fn target_dir() -> Result<PathBuf, Error> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps"]);
    let output = command::output(command.stderr(Stdio::inherit()))?;
    serde_json::from_slice::<Metadata>(&output.stdout)
        .map(|metadata| metadata.target_directory.into_std_path_buf())
        .map_err(|_| Error::failed("cargo metadata", output.status))
}
