//! What real applications of the lab are made of: programs of Debian's packages and packages of the Python Package Index,
//! unpacked under the target folder. Nothing is installed, and no service of the host's is touched.

use super::{debian, programs, unpacked};
use crate::error::Error;
use crate::{command, files, progress};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that an application is made of, as the lab names it.
#[derive(Debug, PartialEq, Eq)]
enum Need<'a> {
    /// A package of Debian's and its programs. A star at its end stands for a version.
    Debian(&'a str, Vec<&'a str>),
    /// A package of the Python Package Index, with its version.
    Python(&'a str),
}

impl<'a> Need<'a> {
    // "debian redis-server redis-server", "python redis==8.1.0"
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (kind, package) = (words.next()?, words.next()?);
        match kind {
            "debian" => Some(Self::Debian(package, words.collect())),
            "python" => Some(Self::Python(package)),
            _ => None,
        }
    }
}

/// Sees to it that all is there that stands in `needs`, a line each.
pub fn ensure(needs: &str) -> Result<(), Error> {
    for need in needs.lines().filter_map(Need::read) {
        match need {
            Need::Debian(package, programs) => take_out(package, &programs)?,
            Need::Python(requirement) => install(requirement)?,
        }
    }
    Ok(())
}

/// Sees to it that `program`, which is this module of a package, lies among what was unpacked.
pub fn ensure_program(requirement: &str, module: &str, program: &str) -> Result<(), Error> {
    install(requirement)?;
    let package = packages()?.join(requirement);
    let text = format!(
        "PYTHONPATH='{}' exec python3 -m {module}",
        package.display()
    );
    unpacked::write_script(program, &text)
}

/// Sees to it that `program`, a Python that has all these packages, lies among what was unpacked.
pub fn ensure_python(requirements: &[&str], program: &str) -> Result<(), Error> {
    let packages = packages()?;
    for requirement in requirements {
        install(requirement)?;
    }
    let path = env::join_paths(requirements.iter().map(|one| packages.join(one)));
    let path = path.unwrap_or_default();
    let text = format!("PYTHONPATH='{}' exec python3", path.display());
    unpacked::write_script(program, &text)
}

/// Makes `command` find it all: our own programs before the host's, so that they are the same everywhere.
pub fn find_in(command: &mut Command) -> Result<(), Error> {
    let path = programs::search_path();
    let folders = [unpacked::folder()?].into_iter();
    let path = env::join_paths(folders.chain(env::split_paths(&path))).unwrap_or(path);
    command.env("PATH", path).env("PYTHONPATH", python_path()?);
    Ok(())
}

fn take_out(package: &str, programs: &[&str]) -> Result<(), Error> {
    let bin = unpacked::folder()?;
    if programs.iter().all(|program| bin.join(program).is_file()) {
        return Ok(());
    }
    let what = format!("for real applications, {} is", programs.join(" and "));
    if !debian::is_here() {
        return Err(Error::not_debian(&what, "they come from Debian's packages"));
    }
    let package = debian::newest(package)?;
    unpacked::take_out(programs, &package)?;
    match programs.iter().find(|program| !bin.join(program).is_file()) {
        None => Ok(()),
        Some(program) => Err(Error::not_debian(
            &what,
            format!("{package} has no {program} (any more)"),
        )),
    }
}

/// Where Python's packages lie, a folder each.
fn packages() -> Result<PathBuf, Error> {
    Ok(unpacked::tools()?.join("python"))
}

fn python_path() -> Result<OsString, Error> {
    let folders = packages()?.read_dir().into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.sort_unstable();
    Ok(env::join_paths(folders).unwrap_or_default())
}

fn install(requirement: &str) -> Result<(), Error> {
    let whole = packages()?.join(requirement);
    if whole.is_dir() {
        return Ok(());
    }
    // Not beside it: what lies there is taken for a package.
    let partial = unpacked::tools()?.join(format!("python-{}", std::process::id()));
    progress::note(&format!(
        "unpacked into {}, not installed: {requirement}",
        whole.display()
    ));
    let mut pip = pip()?;
    pip.args([
        "install",
        "--quiet",
        "--no-compile",
        "--only-binary",
        ":all:",
    ])
    .args(["--no-warn-script-location", "--disable-pip-version-check"])
    .args(["--root-user-action", "ignore", "--target"])
    .arg(&partial)
    .arg(requirement);
    let status = command::status(&mut pip)?;
    if !status.success() {
        if partial.is_dir() {
            files::remove_folder(&partial)?;
        }
        return Err(Error::failed(format!("pip install {requirement}"), status));
    }
    files::create_folder(&packages()?)?;
    files::rename(&partial, &whole)
}

/// Where Debian's packages hold Python's.
const DEBIANS_PYTHON: &str = "usr/lib/python3/dist-packages";

/// `python3 -m pip`: that of this machine, or else Debian's, unpacked.
fn pip() -> Result<Command, Error> {
    let of = |path: Option<&Path>| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip"]).env("PATH", programs::search_path());
        if let Some(path) = path {
            pip.env("PYTHONPATH", path);
        }
        pip
    };
    let works = |path: Option<&Path>| command::succeeds(of(path).arg("--version"));
    if works(None) {
        return Ok(of(None));
    }
    let package = "python3-pip";
    let unpacked = unpacked::tools()?.join(package).join(DEBIANS_PYTHON);
    if debian::is_here() && !works(Some(&unpacked)) {
        unpacked::take_out(&["python3"], package)?;
    }
    if works(Some(&unpacked)) {
        return Ok(of(Some(&unpacked)));
    }
    let remedy = format!("install {package} with your package manager");
    Err(Error::not_debian("for real applications, pip is", &remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_read_as_the_lab_names_them() {
        assert_eq!(
            Need::read("debian postgresql-* postgres initdb"),
            Some(Need::Debian("postgresql-*", vec!["postgres", "initdb"]))
        );
        assert_eq!(
            Need::read("python redis==8.1.0"),
            Some(Need::Python("redis==8.1.0"))
        );
        assert_eq!(Need::read("whatever else"), None);
    }
}
