//! Packages of Debian and its descendants.

use crate::error::Error;
use crate::{command, progress};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const INSTALL: [&str; 3] = ["install", "-y", "--no-install-recommends"];

/// Whether this system installs packages with apt.
pub fn is_here() -> bool {
    Path::new("/usr/bin/apt-get").is_file()
}

/// Installs the packages that are not installed yet. Refreshes apt's lists only where it cannot do without.
///
/// `what` names for people what is missing, with its verb; `remedy` says what to do on a system without apt.
pub fn install(what: &str, packages: &[String], remedy: &str) -> Result<(), Error> {
    if !is_here() {
        return Err(Error::not_debian(what, remedy));
    }
    let missing: Vec<&str> = packages
        .iter()
        .map(String::as_str)
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!("apt-get {} {}", INSTALL.join(" "), missing.join(" "));
    if !is_root() {
        let what = what.to_owned();
        return Err(Error::NotRoot { what, command });
    }
    progress::step(&format!("to build, this system gets: {command}"));
    let install = || apt_get(INSTALL.iter().chain(&missing));
    let mut output = install()?;
    if !output.status.success() {
        refresh_lists()?;
        output = install()?;
    }
    outcome(&command, &output).map_err(|error| match error {
        Error::Apt { command, reason } => Error::Apt {
            command,
            reason: format!("{reason}; without apt: {remedy}"),
        },
        other => other,
    })
}

/// The LLVM major version that installing `packages` would bring along, from a simulation that needs no privileges.
pub fn llvm_brought_by(packages: &[&str]) -> Option<u32> {
    let simulate = || {
        let output = apt_get(["--simulate"].iter().chain(&INSTALL).chain(packages)).ok()?;
        llvm_in_simulation(&String::from_utf8_lossy(&output.stdout))
    };
    simulate().or_else(|| {
        if !is_root() {
            return None;
        }
        refresh_lists().ok()?;
        simulate()
    })
}

/// These packages and those that they need and this system lacks.
pub fn brought_by(wanted: &[&str]) -> Vec<String> {
    let simulate = || {
        let output = apt_get(["--simulate"].iter().chain(&INSTALL).chain(wanted)).ok()?;
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(found)
    };
    let found = simulate().or_else(|| {
        if !is_root() {
            return None;
        }
        refresh_lists().ok()?;
        simulate()
    });
    let mut packages = packages_in_simulation(&found.unwrap_or_default());
    for package in wanted {
        if !packages.iter().any(|known| known == package) {
            packages.push((*package).to_owned());
        }
    }
    packages
}

/// The package that `name` stands for: itself, or where it ends in a star the one of that beginning which the package
/// without it depends on (`postgresql-*`: that of `postgresql`).
pub fn newest(name: &str) -> Result<String, Error> {
    let Some(beginning) = name.strip_suffix('*') else {
        return Ok(name.to_owned());
    };
    let package = beginning.trim_end_matches('-');
    let depends = || -> Result<_, Error> {
        let mut command = Command::new("apt-cache");
        let output = command::output(command.args(["depends", package]).env("LC_ALL", "C"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(dependency(&text, beginning))
    };
    let mut found = depends()?;
    if found.is_none() && is_root() {
        refresh_lists()?;
        found = depends()?;
    }
    found.ok_or_else(|| Error::Apt {
        command: format!("apt-cache depends {package}"),
        reason: format!("it depends on no {name}"),
    })
}

// "  Depends: postgresql-15"
fn dependency(depends: &str, beginning: &str) -> Option<String> {
    let names = depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let mut names = names.filter(|name| name.starts_with(beginning));
    names.next().map(str::to_owned)
}

// "Inst libmnl0 (1.0.4-3 Debian:12.11/oldstable [amd64])"
pub(super) fn packages_in_simulation(output: &str) -> Vec<String> {
    let lines = output.lines().filter_map(|line| line.strip_prefix("Inst "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Downloads packages without installing them, and unpacks them into `folder`. Needs no privileges where apt's lists
/// are fresh.
pub fn unpack(packages: &[&str], folder: &Path) -> Result<(), Error> {
    let command = format!("apt-get download {}", packages.join(" "));
    progress::step(&command);
    let download = || {
        let arguments = ["download"].iter().chain(packages);
        command::output(command_of(arguments).current_dir(folder))
    };
    let mut output = download()?;
    if !output.status.success() && is_root() {
        refresh_lists()?;
        output = download()?;
    }
    outcome(&command, &output)?;
    unpack_all(folder, folder)
}

/// Unpacks the packages that lie in `from` into the folder `to`.
pub(super) fn unpack_all(from: &Path, to: &Path) -> Result<(), Error> {
    for archive in archives_in(from) {
        let mut command = Command::new("dpkg-deb");
        let output = command::output(command.arg("--extract").arg(&archive).arg(to))?;
        let name = format!("dpkg-deb --extract {}", archive.display());
        outcome(&name, &output)?;
    }
    Ok(())
}

/// Whether this process may install packages.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// The packages in a folder.
fn archives_in(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect()
}

fn is_installed(package: &str) -> bool {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${db:Status-Status}", package]);
    command::output(&mut command).is_ok_and(|output| output.stdout == b"installed")
}

/// Fetches the system's own lists anew.
pub(super) fn refresh_lists() -> Result<(), Error> {
    progress::step("apt-get update");
    let output = apt_get(["update"].iter())?;
    outcome("apt-get update", &output)
}

fn apt_get<'a>(args: impl Iterator<Item = &'a &'a str>) -> Result<Output, Error> {
    command::output(&mut command_of(args))
}

fn command_of<'a>(args: impl Iterator<Item = &'a &'a str>) -> Command {
    let mut command = Command::new("apt-get");
    command
        // Another apt, such as the nightly upgrade, may hold the lock for a while: two minutes.
        .args(["-o", "DPkg::Lock::Timeout=120"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Its messages are read for the error in them.
        .env("LC_ALL", "C");
    command
}

/// An error in apt's own words, unless `command` succeeded.
pub(super) fn outcome(command: &str, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Apt {
        command: command.to_owned(),
        reason: last_error(&String::from_utf8_lossy(&output.stderr))
            .unwrap_or_else(|| output.status.to_string()),
    })
}

// "E: Unable to locate package rustc-web"
fn last_error(stderr: &str) -> Option<String> {
    let mut lines = stderr.lines().rev().map(str::trim);
    let error = lines.clone().find_map(|line| line.strip_prefix("E: "));
    let last = error.or_else(|| lines.find(|line| !line.is_empty()));
    last.map(str::to_owned)
}

// "Inst libllvm22 (1:22.1.8-1~deb12u1 Debian:12.11 [amd64])"
fn llvm_in_simulation(output: &str) -> Option<u32> {
    output.lines().find_map(|line| {
        let package = line.strip_prefix("Inst libllvm")?;
        let digits = package.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_installation_tells_the_llvm_to_come() {
        let output = "Reading package lists...\n\
            Inst libllvm22 (1:22.1.8-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n\
            Inst rustc-web (1.96.0+dfsg1-1~deb12u2 Debian-Security:12/oldstable-security [amd64])\n\
            Conf libllvm22 (1:22.1.8-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n";
        assert_eq!(llvm_in_simulation(output), Some(22));
        assert_eq!(
            llvm_in_simulation("Inst libllvm14t64 (1:14.0.6 Debian)"),
            Some(14)
        );
        assert_eq!(
            llvm_in_simulation("E: Unable to locate package rustc-web"),
            None
        );
    }

    #[test]
    fn a_simulated_installation_tells_what_is_brought_along() {
        let output = "Reading package lists...\nInst libmnl0 (1.0.4-3 Debian:12.11/oldstable [amd64])\n\
            Inst iproute2 (6.1.0-3 Debian:12.11/oldstable [amd64])\nConf libmnl0 (1.0.4-3)\n";
        assert_eq!(packages_in_simulation(output), ["libmnl0", "iproute2"]);
        assert!(packages_in_simulation("E: Unable to locate package x").is_empty());
    }

    #[test]
    fn a_package_stands_for_the_version_that_it_depends_on() {
        let output = "postgresql\n  Depends: postgresql-15\n  Suggests: postgresql-doc\n";
        let found = dependency(output, "postgresql-");
        assert_eq!(found.as_deref(), Some("postgresql-15"));
        assert_eq!(dependency(output, "nginx-"), None);
    }

    #[test]
    fn apt_is_quoted_by_its_last_error() {
        let stderr = "W: lists are old\nE: Unable to locate package rustc-web\nE: second\n\n";
        assert_eq!(last_error(stderr).as_deref(), Some("second"));
        assert_eq!(
            last_error("dpkg: broken\n\n").as_deref(),
            Some("dpkg: broken")
        );
        assert_eq!(last_error(""), None);
    }
}
