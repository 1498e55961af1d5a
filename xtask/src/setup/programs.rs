//! The programs that tests and the lab call.

use super::debian;
use crate::error::Error;
use crate::{files, progress};
use ebpf_toolchain::cache_dir;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

// Each with its Debian package.
const LAB_PROGRAMS: [(&str, &str); 2] = [("ip", "iproute2"), ("nft", "nftables")];

// Debian puts administrators' programs there, and a user's PATH may lack them.
const ADMINISTRATORS: [&str; 2] = ["/usr/sbin", "/sbin"];

const PROMTOOL: &str = "promtool";

/// The emulator of a whole x86-64 machine.
pub const QEMU: &str = "qemu-system-x86_64";

/// Sees to it that the lab can build its networks. Without root it cannot anyway, and says so itself.
pub fn ensure_for_lab() -> Result<(), Error> {
    let (programs, packages): (Vec<&str>, Vec<String>) = LAB_PROGRAMS
        .into_iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(program, package)| (program, package.to_owned()))
        .unzip();
    if programs.is_empty() {
        return Ok(());
    }
    let what = format!("for the lab, {} is", programs.join(" and "));
    if !debian::is_root() {
        progress::note(&format!("{what} missing; it needs root, too"));
        return Ok(());
    }
    debian::install(&what, &packages, "install it with your package manager")
}

/// Sees to it that there is a promtool. Debian's package would start a Prometheus server as a side effect, so only the
/// one program is taken out of it, into the user's cache.
pub fn ensure_promtool() -> Result<(), Error> {
    if is_there(PROMTOOL) {
        return Ok(());
    }
    let what = "promtool is";
    let remedy = "install Prometheus with your package manager (promtool comes with it)";
    let Some(bin) = cache_bin().filter(|_| debian::is_here()) else {
        return Err(Error::not_debian(what, remedy));
    };
    take_out_promtool(&bin)?;
    if is_there(PROMTOOL) {
        return Ok(());
    }
    // A package without the program is as good as none.
    debian::install(what, &["prometheus".into()], remedy)
}

/// Sees to it that there is a QEMU that emulates x86-64.
pub fn ensure_qemu() -> Result<(), Error> {
    if is_there(QEMU) {
        return Ok(());
    }
    debian::install(
        "QEMU, to boot other kernels, is",
        &["qemu-system-x86".into()],
        "install QEMU for x86-64 with your package manager",
    )
}

/// Where a program lies; `None` if it is not there.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn take_out_promtool(bin: &Path) -> Result<(), Error> {
    let folder = bin.join(format!("unpack-{}", std::process::id()));
    files::create_folder(&folder)?;
    let result = debian::unpack("prometheus", &folder).and_then(|()| {
        let program = folder.join("usr/bin").join(PROMTOOL);
        files::rename(&program, &bin.join(PROMTOOL))
    });
    files::remove_folder(&folder)?;
    result
}

fn is_there(program: &str) -> bool {
    find(program).is_some()
}

fn cache_bin() -> Option<PathBuf> {
    cache_dir().map(|cache| cache.join("bin"))
}

/// The PATH that tests are run with: the user's, then the administrators' programs, then what set-up put aside.
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path)
        .chain(ADMINISTRATORS.map(PathBuf::from))
        .chain(cache_bin());
    // A folder that holds the separator cannot be joined; it was not in PATH as one folder either.
    env::join_paths(folders).unwrap_or(path)
}
