//! Whether what is packed can be installed, kept and removed: tried in root folders of the test's own, below the target
//! folder. Nothing on this host is installed or started.

mod container;
mod deb;
mod debian_root;
mod machines;
mod packed;

use super::about::VERSION;
use super::contents::UNIT;
use super::program::Program;
use super::sums::CHECKSUMS;
use crate::architecture::{AARCH64, Architecture, X86_64};
use crate::error::Error;
use crate::results::Results;
use crate::{command, files, progress, setup, workspace};
use flate2::read::GzDecoder;
use packed::{Outcome, Packed, holds, unreadable};
use std::process::Command;

/// How exposed the unit may be, in tenths, by `systemd-analyze security`: docs/packages.md has the figure.
const EXPOSURE: u32 = 20;

type Test = fn(&Packed) -> Result<Outcome, Error>;

/// What is tried, in this order.
const TESTS: [(&str, Test); 7] = [
    (
        "packages: the tarball runs where nothing else is",
        tarball_alone,
    ),
    (
        "packages: the unit is as hardened as the docs say",
        hardened,
    ),
    ("packages: the rpm has each file and script", rpm_read),
    (
        "packages: the deb installs, upgrades, keeps a changed configuration, and purges",
        deb::lives_whole,
    ),
    (
        "packages: with systemd the deb starts, is started anew when it is stuck, upgrades, and can be masked",
        deb::lives_with_systemd,
    ),
    (
        "packages: the image runs as the manifest says, and names a connection of another container",
        container::lives,
    ),
    ("packages: packing twice writes the same bytes", same_bytes),
];

/// Whether a filter asks for these tests, which take too long to be run for a word that they share with others.
pub fn is_named_by(filter: &str) -> bool {
    filter.starts_with("packages")
}

/// Runs the tests whose name contains `filter`, with packages of the program that virtual machines run: nothing is built
/// for them alone.
pub fn test(filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    if TESTS.iter().any(|(name, _)| wanted(name)) {
        of(guest(&X86_64)?, wanted, results)?;
    }
    if machines::TESTS.iter().any(|(name, _)| wanted(name)) {
        if let Err(missing) = setup::cross(&AARCH64) {
            results.skip(format!("packages for aarch64: {missing}"));
            return Ok(());
        }
        others(&guest(&X86_64)?, guest(&AARCH64)?, wanted, results)?;
    }
    Ok(())
}

/// As virtual machines run it.
fn guest(architecture: &'static Architecture) -> Result<Program, Error> {
    let [file, _] = workspace::build_static(architecture)?;
    Ok(Program { file, architecture })
}

/// Runs all of them, with packages of these programs.
pub fn all(programs: Vec<Program>, results: &mut Results) -> Result<(), Error> {
    let (mut own, mut other) = (None, None);
    for program in programs {
        match program.architecture.is_own() {
            true => own = Some(program),
            false => other = Some(program),
        }
    }
    if let (Some(own), Some(other)) = (&own, other) {
        others(own, other, |_| true, results)?;
    }
    match own {
        Some(own) => of(own, |_| true, results),
        None => Ok(()),
    }
}

fn of(tcplull: Program, wanted: impl Fn(&str) -> bool, results: &mut Results) -> Result<(), Error> {
    let packed = Packed::of(tcplull)?;
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        run(name, || test(&packed), results);
    }
    Ok(())
}

fn others(
    own: &Program,
    other: Program,
    wanted: impl Fn(&str) -> bool,
    results: &mut Results,
) -> Result<(), Error> {
    let packed = Packed::of(other)?;
    for (name, test) in machines::TESTS.iter().filter(|(name, _)| wanted(name)) {
        run(name, || test(own, &packed), results);
    }
    Ok(())
}

fn run(name: &str, test: impl FnOnce() -> Result<Outcome, Error>, results: &mut Results) {
    progress::step(name);
    match test() {
        Ok(Outcome::Passed) => results.pass(1),
        Ok(Outcome::Failed(why)) => results.fail(format!("{name}: {why}")),
        Ok(Outcome::Skipped(why)) => results.skip(format!("{name}: {why}")),
        Err(error) => results.fail(format!("{name}: {error}")),
    }
}

fn same_bytes(packed: &Packed) -> Result<Outcome, Error> {
    let first = files::read(&packed.folder.join("packages").join(CHECKSUMS))?;
    let second = packed.write("again")?;
    Ok(holds(first == second, || {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}and then\n{}", text(&first), text(&second))
    }))
}

fn tarball_alone(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    let root = packed.new_folder("tarball")?;
    let bytes = files::read(&packed.package(".tar.gz")?)?;
    let unpacked = tar::Archive::new(GzDecoder::new(bytes.as_slice())).unpack(&root);
    files::with_path("unpack into", &root, unpacked)?;
    let machine = packed.tcplull.architecture.name;
    let name = format!("tcplull-{VERSION}-linux-{machine}");
    let mut alone = Command::new("chroot");
    alone
        .arg(root.join(name))
        .args(["/bin/tcplull", "--version"]);
    let output = command::output(&mut alone)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let right = output.status.success() && text.contains(VERSION);
    Ok(holds(right, || {
        format!(
            "{}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    }))
}

fn hardened(packed: &Packed) -> Result<Outcome, Error> {
    if setup::find("systemd-analyze").is_none() {
        return Ok(Outcome::Skipped("systemd-analyze"));
    }
    let folder = packed.new_folder("unit")?;
    let unit = folder.join("tcplull.service");
    files::write(
        &unit,
        files::read(&workspace::root().join("deploy/package/tcplull.service"))?,
    )?;
    let mut analyze = Command::new("systemd-analyze");
    analyze
        .args(["security", "--offline=true", "--no-pager"])
        .arg(format!("--threshold={EXPOSURE}"))
        .arg(&unit);
    let output = command::output(&mut analyze)?;
    Ok(holds(output.status.success(), || {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().unwrap_or_default().to_owned()
    }))
}

/// By what reads it, and not by what wrote it down.
fn rpm_read(packed: &Packed) -> Result<Outcome, Error> {
    let package = packed.rpm()?;
    package.verify_digests().map_err(unreadable)?;
    let entries = package.metadata.get_file_entries().map_err(unreadable)?;
    let paths: Vec<String> = entries
        .iter()
        .map(|entry| entry.path().display().to_string())
        .collect();
    let wanted = [
        "/usr/bin/tcplull",
        "/etc/tcplull/config.toml",
        &format!("/usr/{UNIT}"),
    ];
    let all = wanted
        .iter()
        .all(|path| paths.iter().any(|one| one == path));
    let scripts = package.metadata.get_post_install_script().is_ok();
    Ok(holds(all && scripts, || format!("{paths:?}")))
}
