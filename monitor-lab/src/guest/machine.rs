//! The machine itself: its file systems, its modules, its end.

use crate::network::tool;
use nix::fcntl::{OFlag, open};
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::stat::Mode;
use nix::unistd::sync;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::{fs, io};

/// What every step needs: type and place.
const NEEDED: [(&str, &str); 6] = [
    ("devtmpfs", "/dev"),
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("tmpfs", "/tmp"),
    ("tmpfs", "/run"),
    ("bpf", "/sys/fs/bpf"),
];

/// Where control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";

/// What other programs than tcplull may want, and a kernel may be built without.
const WANTED: [(&str, &str); 3] = [
    ("securityfs", "/sys/kernel/security"),
    ("debugfs", "/sys/kernel/debug"),
    ("tracefs", "/sys/kernel/tracing"),
];

/// Mounts the file systems, with control groups of version 1 or 2.
pub(super) fn mount_all(cgroup_v1: bool) -> io::Result<()> {
    let cgroups = if cgroup_v1 { "cgroup" } else { "cgroup2" };
    for (kind, place) in NEEDED.into_iter().chain([(cgroups, CGROUPS)]) {
        // Those below /sys are there already.
        let _ = fs::create_dir_all(place);
        mount_one(kind, place).map_err(|error| {
            io::Error::other(format!("cannot mount {kind} at {place}: {error}"))
        })?;
    }
    for (kind, place) in WANTED {
        let _ = mount_one(kind, place);
    }
    Ok(())
}

fn mount_one(kind: &str, place: &str) -> nix::Result<()> {
    mount(
        Some(kind),
        place,
        Some(kind),
        MsFlags::empty(),
        None::<&str>,
    )
}

/// Makes of the bare mounts what programs expect to find.
pub(super) fn prepare() -> io::Result<()> {
    // iproute2 keeps its namespaces there.
    if !Path::new("/var/run").exists() {
        fs::create_dir_all("/var")?;
        symlink("/run", "/var/run")?;
    }
    // Daemon and laboratory meet there.
    tool::ip("link set lo up").map_err(io::Error::other)?;
    // From here on the console has warnings and worse only: an emulated serial port is slow.
    fs::write("/proc/sys/kernel/printk", "5")
}

/// Loads a module. One that is there already, or built into the kernel, is fine.
pub(super) fn load_module(file: &str) -> io::Result<()> {
    let failed =
        |error: nix::Error| io::Error::other(format!("cannot load the module {file}: {error}"));
    let module = open(file, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).map_err(failed)?;
    match finit_module(&module, c"", ModuleInitFlags::empty()) {
        Ok(()) | Err(nix::Error::EEXIST) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Turns the machine off.
pub(super) fn turn_off() -> io::Result<()> {
    sync();
    match reboot(RebootMode::RB_POWER_OFF) {
        Ok(never) => match never {},
        Err(error) => Err(error.into()),
    }
}
