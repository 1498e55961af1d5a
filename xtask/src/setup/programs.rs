//! The programs that tests and the lab call.

use super::{debian, unpacked};
use crate::architecture::Architecture;
use crate::error::Error;
use ebpf_toolchain::cache_dir;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

// Each with its Debian package.
const LAB_PROGRAMS: [(&[&str], &str); 2] = [(&["ip", "ss"], "iproute2"), (&["nft"], "nftables")];

// Debian puts administrators' programs there, and a user's PATH may lack them.
const ADMINISTRATORS: [&str; 2] = ["/usr/sbin", "/sbin"];

// What reads our metrics, rules and alerts, for the tests, and a terminal that they can look at.
const MONITORING: [(&[&str], &str); 4] = [
    (&["promtool", "prometheus"], "prometheus"),
    (
        &["prometheus-alertmanager", "amtool"],
        "prometheus-alertmanager",
    ),
    (&["jsonnet"], "jsonnet"),
    (&["tmux"], "tmux"),
];

// A container runtime, for the test of who is in a container.
const CONTAINERD: [(&[&str], &str); 1] = [(
    &["containerd", "containerd-shim-runc-v2", "ctr", "runc"],
    "containerd",
)];

/// Sees to it that the lab can build its networks. Without root it cannot anyway, and says so itself.
pub fn ensure_for_lab() -> Result<(), Error> {
    ensure_all(&LAB_PROGRAMS, "for the lab")
}

/// Sees to it that there are Prometheus, its promtool, Alertmanager, jsonnet, which reads the mixin, and tmux.
pub fn ensure_monitoring() -> Result<(), Error> {
    ensure_all(&MONITORING, "for the tests")
}

/// Sees to it that there is a container runtime, with what drives it. None is started here.
pub fn ensure_containerd() -> Result<(), Error> {
    ensure_all(&CONTAINERD, "for the tests")
}

fn ensure_all(programs: &[(&[&str], &str)], what_for: &str) -> Result<(), Error> {
    for (programs, package) in programs {
        let missing: Vec<&str> = programs
            .iter()
            .copied()
            .filter(|program| !is_there(program))
            .collect();
        let verb = if missing.len() > 1 { "are" } else { "is" };
        let what = format!("{what_for}, {} {verb}", missing.join(" and "));
        if missing.is_empty() {
            continue;
        }
        // All of them, so that one does not come from here and another from somewhere else.
        ensure(programs, package, &what)?;
    }
    Ok(())
}

/// Sees to it that there is a QEMU that emulates this machine.
pub fn ensure_qemu(architecture: &Architecture) -> Result<(), Error> {
    let machine = &architecture.machine;
    ensure_all(
        &[(&[machine.emulator], machine.package)],
        "to boot other kernels",
    )
}

/// Sees to it that there is what compiles and links C for a machine that is not this one, and what runs a program of it.
pub fn ensure_cross(architecture: &Architecture) -> Result<(), Error> {
    let [compiler, archiver] = ["gcc", "ar"].map(|name| architecture.tool(name));
    let package = format!("gcc-{}", architecture.triple);
    let what_for = format!("to build for {}", architecture.name);
    ensure_all(&[(&[&compiler, &archiver], &package)], &what_for)?;
    let runner = architecture.runner();
    ensure_all(&[(&[&runner], "qemu-user")], &what_for)
}

/// What makes a root folder of Debian's.
pub fn debootstrap() -> Result<Command, Error> {
    const NAME: &str = "debootstrap";
    ensure_all(&[(&[NAME], NAME)], "to try packages")?;
    let mut command = Command::new(find(NAME).unwrap_or_else(|| NAME.into()));
    // It looks for its own files in `/usr/share` and nowhere else.
    let own = unpacked::tools()?.join(NAME).join("usr/share").join(NAME);
    if own.is_dir() {
        command.env("DEBOOTSTRAP_DIR", own);
    }
    command.env("PATH", search_path());
    Ok(command)
}

// What runs containers for the test of the image: a runtime, and what a workload is made of.
const RUNC: [(&[&str], &str); 2] = [(&["runc"], "runc"), (&["busybox"], "busybox-static")];

/// Sees to it that there are runc and a static busybox.
pub fn ensure_runc() -> Result<(), Error> {
    ensure_all(&RUNC, "to try the image")
}

/// Takes programs that are missing out of their package, into the target folder: Debian's own installation would change
/// the host, and starts a Prometheus server as a side effect.
fn ensure(missing: &[&str], package: &str, what: &str) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    let remedy = format!("install {package} with your package manager");
    if !debian::is_here() {
        return Err(Error::not_debian(what, &remedy));
    }
    unpacked::take_out(missing, package)?;
    if missing.iter().all(|program| is_there(program)) {
        return Ok(());
    }
    // A package without the program is as good as none.
    Err(Error::not_debian(what, &remedy))
}

/// Where a program lies; `None` if it is not there.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The same, and never the script that starts one that set-up put aside, but that itself; and where its libraries lie
/// before the system's.
pub fn find_itself(program: &str) -> Option<(PathBuf, Vec<PathBuf>)> {
    let file = find(program)?;
    match unpacked::folder().is_ok_and(|folder| file.starts_with(folder)) {
        true => unpacked::itself(program),
        false => Some((file, Vec::new())),
    }
}

fn is_there(program: &str) -> bool {
    find(program).is_some()
}

/// The PATH that tests are run with: the user's, then the administrators' programs, then what set-up put aside.
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path)
        .chain(ADMINISTRATORS.map(PathBuf::from))
        .chain(unpacked::folder())
        // Where cargo's subcommands are built into.
        .chain(cache_dir().map(|cache| cache.join("bin")));
    // A folder that holds the separator cannot be joined; it was not in PATH as one folder either.
    env::join_paths(folders).unwrap_or(path)
}
