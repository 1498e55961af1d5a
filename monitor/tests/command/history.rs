//! The history of a running daemon: what it said is there, also after it was killed; and a disk that takes nothing
//! costs nothing else.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Daemon, Place};
use monitor_model::agent::AgentChange;
use monitor_store::{Contents, Filter, Forwards, Kind, Record};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root("it_has_what_the_log_has_over_a_kill_and_a_stop", kept),
    Test::as_root("a_disk_that_takes_nothing_costs_the_history_only", no_disk),
    Test::as_root("without_a_folder_or_systemd_there_is_none", none),
];

fn place_with(network: &Network, dir: &Path) -> Result<Place, Failed> {
    let settings = watching(&network.block, "quiet", "1s");
    place_in(
        &network.block,
        &format!("{settings}[history]\ndir = {dir:?}\n"),
    )
}

fn read(dir: &Path) -> Result<Vec<Record>, Failed> {
    let records = Forwards::open(dir, Filter::ALL)?;
    Ok(records.collect::<Result<_, _>>()?)
}

fn findings(dir: &Path) -> Result<Vec<String>, Failed> {
    let records = read(dir)?.into_iter();
    let findings = records.filter(|record| record.kind == Kind::Finding);
    Ok(findings.map(|record| record.text).collect())
}

fn kept() -> Tested {
    let files = TempDir::new()?;
    let dir = files.path().join("history");
    let network = routed()?;
    let place = place_with(&network, &dir)?;
    let listener = serve(&network)?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let pair = Pair::open(&network.client, &listener)?;
    let client = pair.client_address()?;
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    daemon.await_sweeps(1)?;
    eventually("the history has what the log has", || {
        let (kept, said) = (findings(&dir)?, daemon.finding_lines()?);
        Ok((kept == said)
            .then_some(())
            .ok_or_else(|| format!("{kept:?}, not {said:?}")))
    })?;
    let before = findings(&dir)?;
    daemon.signal(Signal::SIGKILL)?;
    assert_eq!(daemon.stop()?, None);

    let daemon = alone_on(&network.client, &place, &[])?;
    eventually("it is taken up", || {
        let kept = daemon.metric("history_kept", &[])?;
        Ok((kept == 1.0).then_some(()).ok_or(kept))
    })?;
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    daemon.await_sweeps(1)?;
    let said = daemon.finding_lines()?;
    assert_eq!(daemon.metric("history_dropped_total", &[])?, 0.0);
    assert!(daemon.metric("history_bytes", &[])? > 0.0);
    assert_eq!(daemon.stop()?, Some(0));
    let after = findings(&dir)?;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..][..said.len()], said);

    let mut events = Vec::new();
    let (mut alerts, mut gaps) = (0, 0);
    for record in read(&dir)? {
        match record.contents()? {
            Contents::Agent(event) => events.push(event.change),
            Contents::Alert(_) => alerts += 1,
            Contents::Gaps(summary) => gaps += summary.count,
            Contents::Finding(_) => {}
        }
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let started = AgentChange::Started { version };
    assert_eq!(events, [started.clone(), started, AgentChange::Stopped]);
    assert!(alerts > 0, "the ticket of what crossed");
    assert!(gaps > 0, "the gap that was survived");
    Ok(())
}

/// A file system in memory of few bytes, gone when dropped.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Result<Self, Failed> {
        let size = Some("size=65536");
        mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::empty(), size)?;
        Ok(Self(at.to_owned()))
    }

    fn read_only(&self) -> Tested {
        let none: Option<&str> = None;
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        Ok(mount(none, &self.0, none, flags, none)?)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may still hold a file there.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

fn no_disk() -> Tested {
    for (read_only, reason) in [(false, "No space left"), (true, "Read-only file system")] {
        let files = TempDir::new()?;
        let disk = Small::mount(files.path())?;
        if read_only {
            disk.read_only()?;
        } else {
            fs::write(files.path().join("filler"), vec![b'x'; 65_536])?;
        }
        let network = routed()?;
        let place = place_with(&network, &files.path().join("history"))?;
        let daemon = Daemon::start(&place, &[])?;
        let pair = Pair::across(&network)?;
        daemon.await_finding(pair.client_address()?, "crossed")?;
        daemon.await_sweeps(3)?;
        assert_eq!(daemon.metric("history_kept", &[])?, 0.0);
        let lost = [("reason", "not_written")];
        eventually("what is lost is counted", || {
            let lost = daemon.metric("history_dropped_total", &lost)?;
            Ok((lost > 0.0).then_some(()).ok_or(lost))
        })?;
        let log = daemon.await_log("no history is kept")?;
        let complaints: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("history"))
            .collect();
        assert_eq!(complaints.len(), 1, "{log}");
        assert!(complaints[0].contains(reason), "{log}");
        assert_eq!(daemon.stop()?, Some(0));
    }
    Ok(())
}

fn none() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "1s"))?;
    let daemon = Daemon::start(&place, &[])?;
    daemon.await_sweeps(1)?;
    let shown = daemon.metrics()?;
    assert!(!shown.contains("tcplull_history"), "{shown}");
    let log = daemon.log()?;
    assert!(!log.contains("history"), "{log}");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
