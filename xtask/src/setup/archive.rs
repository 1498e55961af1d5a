//! Debian's archive in suites that this system's own apt does not use: lists and settings of its own, so that the
//! system's stay as they are. Needs no privileges.

use super::debian;
use crate::architecture::Architecture;
use crate::error::Error;
use crate::{command, files, progress};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// Lists that are older than this are fetched anew.
const FRESH: Duration = Duration::from_secs(12 * 60 * 60);

/// Debian's own keys, where Debian keeps them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The archive with the suites that were asked for.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    architecture: &'static Architecture,
}

/// A package that can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The suite that has it.
    pub suite: String,
}

impl Archive {
    /// The archive in these suites and in those for their security updates, on the mirror that this system uses. Lists
    /// are kept in `folder`, which is of this machine alone.
    pub fn open(
        folder: &Path,
        suites: &[&str],
        architecture: &'static Architecture,
    ) -> Result<Self, Error> {
        let archive = Self {
            folder: folder.to_path_buf(),
            architecture,
        };
        let sources = sources(suites, &mirrors()?, architecture);
        for part in ["lists/partial", "cache/archives/partial"] {
            files::create_folder(&folder.join(part))?;
        }
        let file = archive.sources();
        let fresh = fs::read_to_string(&file).is_ok_and(|old| old == sources)
            && fs::metadata(archive.stamp())
                .and_then(|stamp| stamp.modified())
                .is_ok_and(|then| then.elapsed().is_ok_and(|age| age < FRESH));
        if fresh {
            return Ok(archive);
        }
        files::write(&file, &sources)?;
        progress::step(&format!("apt-get update ({})", suites.join(", ")));
        // A mirror may lack one suite and have the others: what is missing in the end shows where it is looked for.
        let output = archive.apt("apt-get", &["update"])?;
        debian::outcome("apt-get update", &output)?;
        files::write(&archive.stamp(), "")?;
        Ok(archive)
    }

    /// The packages whose name begins with `prefix`.
    pub fn packages(&self, prefix: &str) -> Result<Vec<Package>, Error> {
        let names = self.apt("apt-cache", &["pkgnames", prefix])?;
        let names = String::from_utf8_lossy(&names.stdout).into_owned();
        let names: Vec<&str> = names.lines().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // The names also hold what other packages mention; only this knows which are there.
        let mut arguments = vec!["madison"];
        arguments.extend(&names);
        let table = self.apt("apt-cache", &arguments)?;
        Ok(String::from_utf8_lossy(&table.stdout)
            .lines()
            .filter_map(package_in)
            .collect())
    }

    /// Downloads a package and unpacks it into `folder`.
    pub fn unpack(&self, package: &Package, folder: &Path) -> Result<(), Error> {
        let archives = folder.join("archives");
        files::create_folder(&archives)?;
        let wanted = format!("{}={}", package.name, package.version);
        progress::step(&format!("apt-get download {wanted}"));
        let mut command = self.command("apt-get", &["download", &wanted]);
        let output = command::output(command.current_dir(&archives))?;
        debian::outcome(&format!("apt-get download {wanted}"), &output)?;
        debian::unpack_all(&archives, folder)?;
        files::remove_folder(&archives)
    }

    /// Downloads packages and all that they need, to begin with nothing, and unpacks them into `folder`.
    pub fn unpack_whole(&self, packages: &[&str], folder: &Path) -> Result<(), Error> {
        let mut simulate = self.command("apt-get", &["--simulate", "install"]);
        simulate
            .args([
                "--no-install-recommends",
                "-o",
                "Dir::State::status=/dev/null",
            ])
            .args(packages);
        let output = command::output(&mut simulate)?;
        debian::outcome(&format!("apt-get install {}", packages.join(" ")), &output)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let all = debian::packages_in_simulation(&text);
        let archives = folder.join("archives");
        files::create_folder(&archives)?;
        progress::step(&format!("apt-get download {}", all.join(" ")));
        let mut download = self.command("apt-get", &["download"]);
        let output = command::output(download.args(&all).current_dir(&archives))?;
        debian::outcome("apt-get download", &output)?;
        debian::unpack_all(&archives, folder)?;
        files::remove_folder(&archives)
    }

    fn apt(&self, program: &str, arguments: &[&str]) -> Result<Output, Error> {
        command::output(&mut self.command(program, arguments))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        for option in [
            format!("APT::Architecture={}", self.architecture.debian),
            format!("APT::Architectures={}", self.architecture.debian),
            format!("Dir::Etc::sourcelist={}", self.sources().display()),
            "Dir::Etc::sourceparts=-".to_owned(),
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            // Its own user could not read a cache in root's home.
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
            // A mirror that does not answer must not hold up the run: half a minute, once more.
            "Acquire::http::Timeout=30".to_owned(),
            "Acquire::https::Timeout=30".to_owned(),
            "Acquire::Retries=1".to_owned(),
            // Only what this needs: no icons, no contents.
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C");
        command
    }

    fn sources(&self) -> PathBuf {
        self.folder.join("sources.list")
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("updated")
    }
}

/// Where this system gets Debian from: its releases, and their security updates.
#[derive(Debug, PartialEq, Eq)]
struct Mirrors {
    releases: String,
    security: Option<String>,
}

/// Where this system gets Debian's releases from.
pub fn mirror() -> Result<String, Error> {
    Ok(mirrors()?.releases)
}

fn mirrors() -> Result<Mirrors, Error> {
    const REMEDY: &str = "they come from a Debian mirror, and the sources of this system's apt name none; run this on Debian";
    let missing = || Error::not_debian("packages of other releases are", REMEDY);
    if !debian::is_here() {
        return Err(missing());
    }
    let format = "$(ORIGIN)|$(RELEASE)|$(REPO_URI)";
    let mut command = Command::new("apt-get");
    command
        .args(["indextargets", "--format", format])
        .env("LC_ALL", "C");
    let mut targets = || -> Result<String, Error> {
        let output = command::output(&mut command)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    if let Some(mirrors) = mirrors_in(&targets()?) {
        return Ok(mirrors);
    }
    // Before its first update, apt does not know whose its sources are.
    if debian::is_root() {
        debian::refresh_lists()?;
    }
    mirrors_in(&targets()?).ok_or_else(missing)
}

// "Debian|bookworm-updates|MIRROR/debian/"
fn mirrors_in(targets: &str) -> Option<Mirrors> {
    let mut debian: Vec<(&str, &str)> = targets
        .lines()
        .filter_map(|line| line.strip_prefix("Debian|")?.split_once('|'))
        .collect();
    debian.dedup();
    let of = |security: bool| {
        let mut found = debian
            .iter()
            .filter(|(release, _)| release.ends_with("-security") == security);
        found.next().map(|(_, mirror)| (*mirror).to_owned())
    };
    Some(Mirrors {
        releases: of(false)?,
        security: of(true),
    })
}

fn sources(suites: &[&str], mirrors: &Mirrors, architecture: &Architecture) -> String {
    let machine = architecture.debian;
    let signed = if Path::new(KEYRING).is_file() {
        format!(" [arch={machine} signed-by={KEYRING}]")
    } else {
        format!(" [arch={machine}]")
    };
    let mut text = String::new();
    for suite in suites {
        text.push_str(&format!("deb{signed} {} {suite} main\n", mirrors.releases));
        // Backports have no security updates of their own.
        if let Some(security) = &mirrors.security
            && !suite.contains('-')
        {
            text.push_str(&format!("deb{signed} {security} {suite}-security main\n"));
        }
    }
    text
}

// "linux-image-6.1.0-56-cloud-amd64 |  6.1.192-2 | MIRROR bookworm-security/main amd64 Packages"
fn package_in(line: &str) -> Option<Package> {
    let mut fields = line.split('|').map(str::trim);
    let (name, version, place) = (fields.next()?, fields.next()?, fields.next()?);
    let (suite, _) = place.split_whitespace().nth(1)?.split_once('/')?;
    Some(Package {
        name: name.to_owned(),
        version: version.to_owned(),
        suite: suite.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::X86_64;

    #[test]
    fn the_mirrors_are_those_of_the_systems_own_sources() {
        let targets = "Debian|bookworm-updates|mirror/debian/\nOther|stable|other/\n\
                       Debian|bookworm-security|mirror/security/\n";
        assert_eq!(
            mirrors_in(targets),
            Some(Mirrors {
                releases: "mirror/debian/".into(),
                security: Some("mirror/security/".into()),
            })
        );
        assert_eq!(mirrors_in("Ubuntu|noble|mirror/ubuntu/\n"), None);
    }

    #[test]
    fn only_releases_have_security_updates() {
        let mirrors = Mirrors {
            releases: "mirror/debian/".into(),
            security: Some("mirror/security/".into()),
        };
        let text = sources(&["bookworm", "trixie-backports"], &mirrors, &X86_64);
        let suites: Vec<&str> = text
            .lines()
            .filter_map(|line| line.rsplit(' ').nth(1))
            .collect();
        assert_eq!(
            suites,
            ["bookworm", "bookworm-security", "trixie-backports"]
        );
    }

    #[test]
    fn a_package_is_read_with_its_version_and_suite() {
        let line = "linux-image-6.1.0-56-cloud-amd64 |  6.1.192-2 | mirror bookworm-security/main amd64 Packages";
        assert_eq!(
            package_in(line),
            Some(Package {
                name: "linux-image-6.1.0-56-cloud-amd64".into(),
                version: "6.1.192-2".into(),
                suite: "bookworm-security".into(),
            })
        );
        assert_eq!(package_in("N: Unable to locate package x"), None);
    }
}
