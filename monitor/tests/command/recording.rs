//! `run --record` and `replay`: what the daemon said is said again, by anybody,
//! elsewhere, also where the recording ended badly.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{QUICK, path, place_in, watched_network, watching};
use crate::common::run::{Ended, as_nobody, finish, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::{Daemon, Watch};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root("anybody_is_told_what_watch_was_told", told_again),
    Test::as_root("a_reload_is_part_of_the_recording", reloaded),
    Test::as_root("a_killed_daemon_leaves_all_that_it_knew", killed),
    Test::as_root("a_file_that_is_there_is_not_overwritten", not_overwritten),
    Test::as_root("a_place_that_takes_no_file_is_refused", no_place),
    Test::as_root("a_disk_that_is_full_is_refused_at_start", full_disk),
    Test::as_root(
        "a_disk_that_fills_up_costs_the_recording_only",
        filling_disk,
    ),
    Test::anywhere("what_is_no_recording_is_refused_by_its_line", foreign),
    Test::anywhere("a_cut_last_line_is_left_out_with_a_remark", cut),
    Test::anywhere("alerts_are_those_at_its_end", alerts),
    Test::anywhere("a_limit_without_a_recording_is_refused", limit_alone),
];

/// A recording that this project keeps: its black hole.
const KEPT: &str = include_str!("../recordings/nat-silent-drop.facts");

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn record(file: &Path) -> [&str; 2] {
    ["--record", file.to_str().unwrap_or_default()]
}

fn told_again() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let (network, daemon) = watched_network("default", "1s", &record(&file))?;
    let (tell, told) = mpsc::channel();
    let _watch = Watch::start(&daemon, move |line| drop(tell.send(line)))?;
    let listener = serve(&network)?;
    let pair = Pair::open(&network.client, &listener)?;
    let (client, server) = (pair.client_address()?, pair.server_address()?);
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    daemon.await_finding(server, "survived")?;
    assert_eq!(daemon.metric("recording_dropped_total", &[])?, 0.0);
    let mode = fs::metadata(&file)?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others can read addresses");
    drop((pair, listener));
    daemon.await_sweeps(1)?;
    // Others on this host may have trouble of their own, at any time.
    let ours = format!("\"{client}\"");
    let own = |line: &String| line.contains(&ours);
    let (mut said, mut watched) = (daemon.finding_lines()?, Vec::new());
    said.retain(own);
    eventually("watch was told what the log was", || {
        watched.extend(told.try_iter().filter(own));
        Ok((watched == said)
            .then_some(())
            .ok_or_else(|| format!("{watched:?}, not {said:?}")))
    })?;
    assert_eq!(daemon.stop()?, Some(0));

    let recording = fs::read_to_string(&file)?;
    let again = as_nobody(&["replay", "-", "--json"], &recording)?;
    assert_eq!((again.code, &*again.stderr), (Some(1), ""), "{again:?}");
    let mut repeated = lines(&again.stdout);
    repeated.retain(own);
    assert_eq!(repeated, said);
    // And for people, as `watch` prints them.
    let again = finish(tcplull(["replay"]).arg(&file))?;
    assert_eq!(again.code, Some(1), "at risk on the way: {again:?}");
    assert!(again.stdout.contains(" survived "), "{again:?}");
    assert!(again.stdout.contains("    advice: "), "{again:?}");
    again.says(&["findings, "]);
    assert_eq!(again.stderr.lines().count(), 1, "{again:?}");
    Ok(())
}

fn reloaded() -> Tested {
    let network = routed()?;
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let old = watching(&network.block, "old", "10m");
    let place = place_in(&network.block, &old)?;
    let daemon = Daemon::start(&place, &record(&file))?;
    let pair = Pair::across(&network)?;
    let server = format!("{}/32", network.server_address());
    place.configure(&format!("{old}{}", path("new", &[&server], "1s")))?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    let said = daemon.finding_lines()?;
    assert_eq!(daemon.stop()?, Some(0));
    let again = as_nobody(&["replay", "-", "--json"], &fs::read_to_string(&file)?)?;
    let again = lines(&again.stdout);
    assert!(again.iter().any(|line| line.contains("\"path\":\"new\"")));
    assert_eq!(again[..said.len()], said);
    Ok(())
}

fn killed() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let (network, daemon) = watched_network("default", "1s", &record(&file))?;
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    // It said so after the recorder knew; the sweep after that is in the file, too. What it says of other tests' connections
    // meanwhile may be in the log alone.
    let said = daemon.finding_lines()?;
    daemon.await_sweeps(1)?;
    daemon.signal(Signal::SIGKILL)?;
    assert_eq!(daemon.stop()?, None);
    let again = finish(tcplull(["replay", "--json"]).arg(&file))?;
    assert_eq!(again.code, Some(1), "{again:?}");
    again.says(&["the daemon was killed"]);
    let again = lines(&again.stdout);
    assert_eq!(again[..said.len()], said);
    Ok(())
}

/// `tcplull run --record` that is to fail at start.
fn run_to(file: &Path) -> Result<Ended, Failed> {
    let block = Block::claim()?;
    let place = place_in(&block, QUICK)?;
    Ok(finish(place.command().arg("--record").arg(file))?)
}

fn not_overwritten() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    fs::write(&file, "evidence")?;
    let name = file.display().to_string();
    run_to(&file)?.refused(3, &[&name, "exists", "name another"]);
    assert_eq!(fs::read_to_string(&file)?, "evidence");
    Ok(())
}

fn no_place() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("absent/facts");
    let name = file.display().to_string();
    run_to(&file)?.refused(3, &["cannot record to", &name, "No such file"]);
    Ok(())
}

/// A file system in memory of few bytes, gone when dropped.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path, bytes: u32) -> Result<Self, Failed> {
        let size = format!("size={bytes}");
        mount(
            Some("tmpfs"),
            at,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(size.as_str()),
        )?;
        Ok(Self(at.to_owned()))
    }

    /// Leaves room for so many bytes of other files.
    fn fill_up_to(&self, room: usize, bytes: usize) -> Tested {
        Ok(fs::write(self.0.join("filler"), vec![b'x'; bytes - room])?)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may still hold a file there.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

/// Size of the file systems that are filled, in bytes: some pages.
const DISK: u32 = 64 << 10;

fn full_disk() -> Tested {
    let files = TempDir::new()?;
    let disk = Small::mount(files.path(), DISK)?;
    disk.fill_up_to(0, DISK as usize)?;
    let file = files.path().join("facts");
    let name = file.display().to_string();
    run_to(&file)?.refused(3, &["cannot record to", &name, "No space left"]);
    assert!(!file.exists(), "an empty recording stays behind");
    Ok(())
}

fn filling_disk() -> Tested {
    let files = TempDir::new()?;
    let disk = Small::mount(files.path(), DISK)?;
    disk.fill_up_to(8 << 10, DISK as usize)?;
    let file = files.path().join("facts");
    let (network, daemon) = watched_network("default", "1s", &record(&file))?;
    let pair = Pair::across(&network)?;
    eventually("the disk is full", || {
        let dropped = daemon.metric("recording_dropped_total", &[])?;
        Ok((dropped > 0.0).then_some(()).ok_or(dropped))
    })?;
    // It goes on judging, and does not go on complaining.
    daemon.await_finding(pair.client_address()?, "crossed")?;
    daemon.await_sweeps(3)?;
    let log = daemon.await_log("the recording")?;
    let complaints: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("the recording"))
        .collect();
    assert_eq!(complaints.len(), 1, "{log}");
    assert!(complaints[0].contains("No space left"), "{log}");
    assert_eq!(daemon.stop()?, Some(0));
    let again = finish(tcplull(["replay", "--json"]).arg(&file))?;
    // How far it came, and so what it shows, is the disk's affair; and what others on this host do is in it, too.
    let wakes = |line: &str| !line.contains("\"severity\":\"none\"");
    let findings = i32::from(again.stdout.lines().any(wakes));
    assert_eq!(again.code, Some(findings), "{again:?}");
    again.says(&["its disk was full"]);
    Ok(())
}

fn foreign() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("facts");
    let name = file.display().to_string();
    let replay = || finish(tcplull(["replay"]).arg(&file));
    replay()?.refused(3, &["cannot read", &name, "No such file"]);
    for (text, parts) in [
        ("", &["facts:1: ", "no recording", "--record"][..]),
        ("garbage\n", &["facts:1: ", "no recording", "--record"]),
        ("{\"tcplull_recording\":99}\n", &["facts:1: ", "format 99"]),
    ] {
        fs::write(&file, text)?;
        replay()?.refused(3, parts);
    }
    fs::write(&file, KEPT.replacen("\"tick\"", "\"tock\"", 1))?;
    replay()?.refused(3, &["facts:2: ", "tock", "take the line away"]);
    finish(tcplull(["replay"]).arg(files.path()))?.refused(3, &["cannot read", "directory"]);
    Ok(())
}

fn cut() -> Tested {
    let whole = as_nobody(&["replay", "-", "--json"], KEPT)?;
    assert_eq!((whole.code, &*whole.stderr), (Some(1), ""), "{whole:?}");
    let (before, last) = KEPT.trim_end().rsplit_once('\n').ok_or("one line")?;
    let cut = format!("{before}\n{}", &last[..last.len() / 2]);
    let ended = as_nobody(&["replay", "-", "--json"], &cut)?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout, whole.stdout);
    ended.says(&["the last line of the recording is cut"]);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    Ok(())
}

fn alerts() -> Tested {
    let ended = as_nobody(&["replay", "-", "--alerts", "--json"], KEPT)?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let mut names = Vec::new();
    for line in ended.stdout.lines() {
        let alert: serde_json::Value = serde_json::from_str(line)?;
        // One is only shown for a while: its silence is over.
        if alert["connections"] == 1 {
            names.push((alert["name"].to_string(), alert["severity"].to_string()));
        }
    }
    let due = [("blackholed", "page"), ("crossed", "ticket")];
    assert_eq!(
        names,
        due.map(|(name, severity)| (format!("{name:?}"), format!("{severity:?}")))
    );
    let ended = as_nobody(&["replay", "-", "--alerts"], KEPT)?;
    assert!(ended.stdout.starts_with("SEVERITY "), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 4, "{ended:?}");
    Ok(())
}

fn limit_alone() -> Tested {
    let ended = finish(&mut tcplull(["run", "--record-max", "5"]))?;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    ended.says(&["--record <FILE>"]);
    let ended = finish(&mut tcplull(["run", "--record", "x", "--record-max", "0"]))?;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    ended.says(&["--record-max"]);
    Ok(())
}
