//! The Debian package's life on a host: in a root folder of Debian's, and where that is booted.

use super::debian_root::DebianRoot;
use super::packed::{Outcome, Packed, holds};
use crate::architecture::X86_64;
use crate::error::Error;
use crate::package::about::VERSION;
use crate::{command, files, setup, vm, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;

/// It installs, upgrades, keeps what an administrator changed, and purges.
pub fn lives_whole(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    let root = match DebianRoot::make(&packed.folder) {
        Ok(root) => root,
        Err(error) => return skipped(error, "debootstrap"),
    };
    Ok(match lives(packed, &root) {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(why),
    })
}

/// It is installed, stuck, upgraded, masked and purged where systemd is the first process.
pub fn lives_with_systemd(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    if let Err(error) = setup::vm_programs(&X86_64) {
        return skipped(error, "QEMU");
    }
    let root = match DebianRoot::make(&packed.folder) {
        Ok(root) => root,
        Err(error) => return skipped(error, "debootstrap"),
    };
    let [_, lab] = workspace::build_static(&X86_64)?;
    let deb = packed.package(".deb")?;
    let newer = newer(packed, &deb)?;
    let complaints = vm::systemd::complaints(root.folder(), &lab, &deb, &newer)?;
    Ok(holds(complaints.is_empty(), || complaints.join("; ")))
}

/// What cannot be had, no test is failed for.
fn skipped(error: Error, what: &'static str) -> Result<Outcome, Error> {
    match error {
        Error::NotDebian { .. } => Ok(Outcome::Skipped(what)),
        error => Err(error),
    }
}

/// The life of a package on a host; `Err` says what was not as it should be.
fn lives(packed: &Packed, root: &DebianRoot) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    let deb = packed.package(".deb").map_err(said)?;
    let configuration = Path::new("etc/tcplull/config.toml");
    root.dpkg("--install", &deb)?;
    root.expect(&["test", "-x", "/usr/bin/tcplull"])?;
    root.expect(&["getent", "passwd", "tcplull"])?;
    root.expect(&[
        "test",
        "-L",
        "/etc/systemd/system/multi-user.target.wants/tcplull.service",
    ])?;
    root.expect(&["dpkg", "--verify", "tcplull"])?;
    root.expect(&["systemd-analyze", "verify", "--man=no", "tcplull.service"])?;
    // Its own configuration is right, and the program is what was packed.
    let check = root.run(&[
        "/usr/bin/tcplull",
        "explain",
        "10.0.0.1:40000",
        "192.0.2.1:443",
    ])?;
    if !check.contains("192.0.2.1") {
        return Err(format!("explain says: {check}"));
    }

    // What the administrator wrote, stopped and kept stays over an upgrade.
    let changed = "socket_group = \"adm\"\n";
    root.write(configuration, changed)?;
    root.write(Path::new("etc/tcplull/conf.d/team.toml"), "")?;
    root.write(Path::new("var/lib/tcplull/history/kept"), "")?;
    root.expect(&[
        "ln",
        "-sf",
        "/dev/null",
        "/etc/systemd/system/tcplull.service",
    ])?;
    let newer = newer(packed, &deb).map_err(said)?;
    root.dpkg("--install", &newer)?;
    if root.read(configuration)? != changed {
        return Err("an upgrade wrote over the configuration".to_owned());
    }
    root.expect(&["test", "-f", "/var/lib/tcplull/history/kept"])?;
    if !root
        .read_link("etc/systemd/system/tcplull.service")?
        .ends_with("null")
    {
        return Err("an upgrade unmasked the unit".to_owned());
    }
    let version = root.run(&["dpkg-query", "--show", "--showformat=${Version}", "tcplull"])?;
    if version != NEWER {
        return Err(format!("after the upgrade there is {version}"));
    }

    root.dpkg("--remove", Path::new("tcplull"))?;
    root.expect(&["test", "-f", "/etc/tcplull/config.toml"])?;
    root.dpkg("--purge", Path::new("tcplull"))?;
    let left = [
        "/etc/tcplull/config.toml",
        "/var/lib/tcplull",
        "/usr/bin/tcplull",
        "/usr/share/doc/tcplull",
    ];
    for place in left {
        root.expect(&["test", "!", "-e", place])?;
    }
    // It belongs to somebody else.
    root.expect(&["test", "-f", "/etc/tcplull/conf.d/team.toml"])
}

/// A version that dpkg takes for newer than any of ours.
const NEWER: &str = "9999";

/// The same package as of a later version, packed anew by dpkg.
fn newer(packed: &Packed, deb: &Path) -> Result<PathBuf, Error> {
    let folder = packed.new_folder("newer")?;
    let tree = folder.join("tree");
    let package = folder.join("tcplull.deb");
    succeed(
        Command::new("dpkg-deb")
            .arg("--raw-extract")
            .arg(deb)
            .arg(&tree),
    )?;
    let control = tree.join("DEBIAN/control");
    let text = String::from_utf8_lossy(&files::read(&control)?).into_owned();
    let own = format!("Version: {}", VERSION);
    files::write(&control, text.replace(&own, &format!("Version: {NEWER}")))?;
    // Another default than before, or dpkg had nothing to ask.
    files::write(
        &tree.join("etc/tcplull/config.toml"),
        "# The next version's.\n",
    )?;
    succeed(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zgzip", "--build"])
            .arg(&tree)
            .arg(&package),
    )?;
    Ok(package)
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let name = format!("{command:?}");
    let output = command::output(command)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::failed(name, output.status)),
    }
}
