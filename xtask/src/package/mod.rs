//! `cargo xtask package`: what is installed. For x86-64 a tarball, a Debian package, an RPM, a list of what the
//! binary is made of, and the checksums of all of them. Two builds of the same sources write the same bytes.

mod checks;
mod contents;
mod deb;
mod epoch;
mod graph;
mod notices;
mod rpm;
mod sbom;
mod tarball;

use crate::error::Error;
use crate::results::Results;
use crate::{command, files, progress, setup, workspace};
pub use checks::{is_named_by, test};
use contents::Contents;
use epoch::Epoch;
use graph::Graph;
use ring::digest::{SHA256, digest};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The version of all packages.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What they run on, as the kernel and RPM name it.
const MACHINE: &str = "x86_64";

/// The same, as Debian names it.
const DEBIAN_MACHINE: &str = "amd64";

/// What it is, in one line.
const SUMMARY: &str =
    "watches TCP connections that fall silent for longer than a middlebox remembers";

/// What it is, for whoever looks at a package.
const DESCRIPTION: [&str; 3] = [
    "A daemon that watches all TCP connections of a host from inside the kernel and says in plain words when silence has",
    "outlived the idle timeout of a NAT or load balancer, what became of the connection, and why one that should move does",
    "not. For people, Prometheus and Alertmanager.",
];

/// Whom it is from.
const MAINTAINER: &str = "The tcplull project <tcplull@localhost>";

/// Where the files with the checksums of the others lie.
const CHECKSUMS: &str = "SHA256SUMS";

/// What is to be written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Then try them: installed, upgraded and removed in a root folder below target
    #[arg(long = "try")]
    try_them: bool,
}

/// Builds, and writes all into `target/packages`.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let epoch = Epoch::find()?;
    let folder = workspace::target_dir()?.join("packages");
    if folder.is_dir() {
        // What an older version had is not to be published with these.
        files::remove_folder(&folder)?;
    }
    files::create_folder(&folder)?;
    let tcplull = workspace::build_static_tcplull()?;
    write(&tcplull, epoch, &folder)?;
    for file in checksums(&folder)? {
        println!("{}", file.display());
    }
    match args.try_them {
        true => tried(&tcplull),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn tried(tcplull: &Path) -> Result<ExitCode, Error> {
    let mut results = Results::default();
    checks::all(tcplull, &mut results)?;
    for name in results.failed_names.iter().chain(&results.skipped_names) {
        progress::note(name);
    }
    println!("{results}");
    Ok(u8::from(!results.are_good(false)).into())
}

/// Writes all packages of `tcplull`, a static program, into `folder`.
fn write(tcplull: &Path, epoch: Epoch, folder: &Path) -> Result<(), Error> {
    progress::step("packing");
    let graph = Graph::read()?;
    let sbom = sbom::of(&graph, epoch)?;
    let contents = Contents::gather(tcplull, &sbom, &notices::of(&graph)?)?;
    let name = |end: &str| folder.join(format!("tcplull-{VERSION}-linux-{MACHINE}.{end}"));
    files::write(&name("tar.gz"), tarball::of(&contents, epoch)?)?;
    files::write(&name("cdx.json"), sbom)?;
    let deb = format!("tcplull_{VERSION}_{DEBIAN_MACHINE}.deb");
    files::write(&folder.join(deb), deb::of(&contents, epoch)?)?;
    let rpm = format!("tcplull-{VERSION}-1.{MACHINE}.rpm");
    files::write(&folder.join(rpm), rpm::of(&contents, epoch)?)
}

/// Writes the checksums of all files in the folder, as `sha256sum --check` reads them; answers all files.
fn checksums(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = files::with_path("read", folder, fs::read_dir(folder))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let mut lines = String::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push_str(&format!("{}  {name}\n", sha256(&files::read(path)?)));
    }
    let file = folder.join(CHECKSUMS);
    files::write(&file, lines)?;
    paths.push(file);
    Ok(paths)
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs `tcplull` with these arguments; answers what it prints.
fn ask(tcplull: &Path, arguments: &[&str]) -> Result<Vec<u8>, Error> {
    let output = command::output(Command::new(tcplull).args(arguments))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(Error::failed(
            format!("tcplull {}", arguments.join(" ")),
            output.status,
        )),
    }
}
