//! The BPF file system at its usual place, /sys/fs/bpf, as systemd mounts it: in a mount namespace of the test's own,
//! for this machine may have none there.

use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watching};
use crate::common::run::{TCPLULL, finish};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Daemon, Place};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const TESTS: &[Test] = &[
    Test::per_socket("pins_lie_in_it_and_a_stop_leaves_none", stopped),
    Test::per_socket("what_a_killed_daemon_left_in_it_is_repaired", killed),
    Test::per_socket("what_others_put_in_it_is_in_nobodys_way", squatted),
];

const USUAL: &str = "/sys/fs/bpf";

/// A mount namespace with a BPF file system at its usual place, as long as this lives. It knows the network namespaces
/// that were named before it.
struct Mounted {
    holder: Guarded,
}

impl Mounted {
    fn new() -> Result<Self, Failed> {
        // The mode that the kernel gives it: everybody may make something in it.
        let script = "mount -t bpf -o mode=1777 bpf /sys/fs/bpf && exec sleep 600";
        let holder = Guarded::start(
            Command::new("unshare")
                .args(["--mount", "sh", "-c", script])
                .stdin(Stdio::null()),
        )?;
        let mounted = Self { holder };
        // The host may have one there, too: that it is in its own namespace, and has mounted one, shows in what it has become.
        eventually("it is mounted", || {
            let becomes = fs::read_to_string(format!("/proc/{}/comm", mounted.holder.pid()))?;
            Ok((becomes.trim() == "sleep").then_some(()).ok_or(becomes))
        })?;
        Ok(mounted)
    }

    /// What starts a program in there.
    fn enter(&self) -> [String; 4] {
        let pid = self.holder.pid().to_string();
        ["nsenter".into(), "--mount".into(), "--target".into(), pid]
    }

    fn command(&self) -> Command {
        let [program, arguments @ ..] = self.enter();
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }

    fn place(&self, network: &Network) -> Result<Place, Failed> {
        let place = place_in(&network.block, &watching(&network.block, "nat", "2s"))?;
        let enter = self.enter();
        Ok(place.launched_by(&enter.each_ref().map(String::as_str)))
    }

    /// The root of this file system, as everybody can reach it.
    fn root(&self) -> PathBuf {
        format!("/proc/{}/root{USUAL}", self.holder.pid()).into()
    }

    /// What daemons have in it; the kernel may have something of its own there.
    fn names(&self) -> Result<Vec<PathBuf>, Failed> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root())? {
            let path = entry?.path();
            if path.to_string_lossy().contains("tcplull_") {
                names.push(path);
            }
        }
        Ok(names)
    }

    /// The directory of the one daemon, with its pin.
    fn pinned(&self) -> Result<PathBuf, Failed> {
        let names = self.names()?;
        let [home] = names.as_slice() else {
            return Err(format!("one directory is wanted: {names:?}").into());
        };
        assert!(home.join("marks_v1").exists(), "{home:?}");
        Ok(home.clone())
    }
}

fn beside(place: &Place) -> PathBuf {
    let mut path = place.socket().into_os_string();
    path.push(".bpf");
    path.into()
}

fn mode(path: &Path) -> Result<u32, Failed> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

/// Silence, speech, and what is said of both, told by the callbacks.
fn lives(daemon: &Daemon, pair: &Pair) -> Tested {
    let client = pair.client_address()?;
    daemon.await_finding(client, "crossed")?;
    pair.exchange()?;
    let survived = daemon.await_finding(client, "survived")?;
    assert!(survived.to_string().contains("gap_ended_by"), "{survived}");
    Ok(())
}

fn stopped() -> Tested {
    let network = routed()?;
    let mounted = Mounted::new()?;
    let place = mounted.place(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    let home = mounted.pinned()?;
    assert_eq!(mode(&home)?, 0o700);
    assert!(!beside(&place).exists(), "it mounts one of its own");
    lives(&daemon, &pair)?;
    assert_eq!(daemon.stop()?, Some(0));
    assert_eq!(mounted.names()?, Vec::<PathBuf>::new());
    Ok(())
}

fn killed() -> Tested {
    let network = routed()?;
    let mounted = Mounted::new()?;
    // In there the names of these namespaces are empty files, as are those of any that go without a word.
    let _later = routed()?;
    let place = mounted.place(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    daemon.kill();
    mounted.pinned()?;
    let repaired = finish(
        mounted
            .command()
            .args([TCPLULL, "check", "--repair", "--config"])
            .arg(place.file()),
    )?;
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(repaired.stdout.starts_with("cleared "), "{repaired:?}");
    assert_eq!(mounted.names()?, Vec::<PathBuf>::new());
    // The next daemon takes up what another killed one has left.
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    daemon.kill();
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    pair.exchange()?;
    lives(&daemon, &pair)?;
    assert_eq!(daemon.stop()?, Some(0));
    assert_eq!(mounted.names()?, Vec::<PathBuf>::new());
    Ok(())
}

/// Another user makes the directory before the daemon does.
fn squatted() -> Tested {
    let network = routed()?;
    let mounted = Mounted::new()?;
    let place = mounted.place(&network)?;
    let pair = Pair::across(&network)?;
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    let home = mounted.pinned()?;
    assert_eq!(daemon.stop()?, Some(0));
    let name = home.file_name().ok_or("no name")?;
    let made = finish(
        mounted
            .command()
            .args([
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "mkdir",
            ])
            .arg(Path::new(USUAL).join(name)),
    )?;
    assert_eq!(made.code, Some(0), "nothing to test with: {made:?}");
    pair.exchange()?;
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    assert!(!home.join("marks_v1").exists());
    lives(&daemon, &pair)?;
    assert_eq!(daemon.stop()?, Some(0));
    assert!(home.exists(), "what others have made is theirs");
    Ok(())
}
