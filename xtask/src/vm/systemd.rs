//! A Debian host with systemd as its first process, on which the package is installed and lives as on a server.

use super::initramfs::Contents;
use super::machine::Vm;
use super::tries::{Try, tried};
use super::{QUICK, guest, kernel};
use crate::error::Error;
use crate::progress;
use std::path::Path;
use std::time::Duration;
use vm_contract::Plan;

/// The kernel: of those of Debian's release, the one that is quick at loading programs.
const SERIES: &str = "6.12";

/// The machine is ended after this. It takes two minutes of a core, and a busy host gives it less than one.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// Seconds of the guest's clock for one step: the watchdog's minute, what systemd then waits for, and a start.
const STEP_WITHIN: u64 = 300;

/// What nobody reads there, and what the kernel and systemd make themselves: none of it is carried along.
const WITHOUT: &[&str] = &[
    "dev",
    "proc",
    "run",
    "sys",
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/zoneinfo",
    "var/cache/apt",
    "var/lib/apt/lists",
];

/// The first process, the unit that it is to start besides, and that the console has what goes wrong and nothing else.
const FIRST: &str = "systemd.show_status=auto systemd.wants=tries.service rdinit=/sbin/init";

/// The unit that carries out the plan.
const UNIT: &str = "/etc/systemd/system/tries.service";

/// Where the scripts find the packages.
const INSTALLED: &str = "/tries/tcplull.deb";
const NEWER: &str = "/tries/newer.deb";

/// What the scripts share, and the scripts.
const SCRIPTS: [(&str, &str); 6] = [
    ("/tries/common.sh", include_str!("systemd/common.sh")),
    ("/tries/install.sh", include_str!("systemd/install.sh")),
    ("/tries/watchdog.sh", include_str!("systemd/watchdog.sh")),
    ("/tries/upgrade.sh", include_str!("systemd/upgrade.sh")),
    ("/tries/masked.sh", include_str!("systemd/masked.sh")),
    ("/tries/purge.sh", include_str!("systemd/purge.sh")),
];

const TRIES: [Try; 5] = [
    tried(
        "/bin/sh /tries/install.sh",
        0,
        &["watching snapshots: ready"],
    ),
    tried("/bin/sh /tries/watchdog.sh", 0, &["Watchdog timeout"]),
    tried("/bin/sh /tries/upgrade.sh", 0, &[]),
    tried(
        "/bin/sh /tries/masked.sh",
        0,
        &["Unit tcplull.service is masked."],
    ),
    tried("/bin/sh /tries/purge.sh", 0, &[]),
];

/// Boots the root folder with the laboratory's program `lab`, installs `deb`, and later `newer`; answers what was not as it
/// should be.
pub fn complaints(root: &Path, lab: &Path, deb: &Path, newer: &Path) -> Result<Vec<String>, Error> {
    let mut contents = Contents::of_root(root, WITHOUT);
    // Where /bin leads to.
    contents.file("/usr/bin/monitor-lab", lab);
    contents.file(INSTALLED, deb);
    contents.file(NEWER, newer);
    for (place, text) in SCRIPTS {
        contents.bytes(place, text.into());
    }
    contents.bytes(UNIT, include_str!("systemd/tries.service").into());
    let kernel = kernel(SERIES)?;
    let vm = Vm {
        kernel: &kernel,
        parameters: QUICK,
        first: FIRST,
        contents: &contents,
        plan: Plan {
            steps: TRIES.iter().map(|tried| tried.step(STEP_WITHIN)).collect(),
            ..Plan::default()
        },
        paused: false,
    };
    let outcome = vm.run(LIMIT, |line| guest::show("systemd", line))?;
    if let Some(failure) = outcome.failure {
        for line in outcome.console {
            progress::note(&format!("console: {line}"));
        }
        return Ok(vec![failure]);
    }
    let complaints = TRIES.iter().map(|tried| tried.complaint(&outcome.lines));
    Ok(complaints.flatten().collect())
}
