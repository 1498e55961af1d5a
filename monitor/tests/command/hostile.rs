//! What others hold, do not read, or feed blocks neither the start nor the loop nor the end.

use crate::common::net::{Pair, at, listen, routed};
use crate::common::place::{place_in, silent_pairs, watching};
use crate::common::run::{Ended, finish};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::http::get;
use monitor_lab::testbed::prometheus::sum;
use monitor_lab::testbed::wait::BOUND;
use monitor_lab::testbed::{Daemon, Place};
use nix::fcntl::{FcntlArg, Flock, FlockArg, fcntl};
use nix::mount::{MsFlags, mount};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::statfs::{FsType, statfs};
use nix::unistd::mkfifo;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("a_lock_on_its_directory_blocks_no_start", locked_directory),
    Test::as_root("who_holds_its_lock_is_named_after_a_while", locked),
    Test::as_root("an_unread_log_does_not_block_the_end", unread_log),
    Test::as_root(
        "unread_messages_block_nothing_and_are_counted",
        unread_messages,
    ),
    Test::as_root(
        "beyond_its_rate_the_log_leaves_out_all_but_pages_and_counts_it",
        fast_log,
    ),
    Test::as_root("a_pipe_as_configuration_is_refused_at_once", pipe_at_start),
    Test::as_root(
        "a_pipe_in_place_of_its_configuration_changes_nothing",
        pipe_at_reload,
    ),
    Test::per_socket("what_others_put_where_it_pins_is_in_nobodys_way", squatted),
    Test::per_socket("it_mounts_over_nothing_that_a_link_leads_to", link),
    Test::per_socket(
        "in_a_directory_of_others_it_mounts_nothing",
        directory_of_others,
    ),
];

/// The least that a pipe holds, whatever its reader does: a page (F_SETPIPE_SZ in fcntl(2)).
const SMALL_PIPE: i32 = 4096;

fn locked_directory() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let directory = place
        .socket()
        .parent()
        .map(File::open)
        .ok_or("no directory")??;
    // As anybody can who can read it.
    let _held = Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    let daemon = Daemon::start(&place, &[])?;
    daemon.signal(Signal::SIGKILL)?;
    drop(daemon);
    let repaired = finish(
        Command::new(env!("CARGO_BIN_EXE_tcplull"))
            .args(["check", "--repair", "--config"])
            .arg(place.file()),
    )?;
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    Ok(())
}

fn locked() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    Daemon::start(&place, &[])?.stop()?;
    let mut lock = place.socket().into_os_string();
    lock.push(".lock");
    let held = File::open(lock)?;
    let _held = Flock::lock(held, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    let ended = finish(&mut place.command())?;
    let holder = format!("process {}", std::process::id());
    ended.refused(3, &["tcplull.sock.lock", &holder]);
    Ok(())
}

/// A daemon of which nobody reads what it writes, once it is ready.
struct Unread {
    process: Guarded,
    place: Place,
}

impl Unread {
    fn start(place: Place, command: &mut Command) -> Result<Self, Failed> {
        let mut process = Guarded::start(command.stdin(Stdio::null()))?;
        let child = process.child();
        if let Some(pipe) = &child.stdout {
            small(pipe)?;
        }
        if let Some(pipe) = &child.stderr {
            small(pipe)?;
        }
        let unread = Self { process, place };
        eventually("it is ready", || {
            Ok(match get(unread.place.listen(), "/readyz") {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}")),
            })
        })?;
        Ok(unread)
    }

    fn metric(&self, name: &str) -> Result<f64, Failed> {
        let (_, text) = get(self.place.listen(), "/metrics")?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("tcplull_{name} ")));
        Ok(value
            .ok_or_else(|| format!("no {name} in {text}"))?
            .parse()?)
    }

    /// Ends it: what nobody reads does not hold it up for ever.
    fn ends(mut self) -> Tested {
        let status = self.process.end(BOUND);
        let status = status.ok_or("it lived on after SIGTERM")?;
        assert!(status.success(), "{status}");
        assert!(!self.place.socket().exists(), "it left its socket");
        Ok(())
    }
}

/// Lets a pipe hold as little as it can.
fn small(pipe: &impl AsFd) -> Tested {
    fcntl(pipe, FcntlArg::F_SETPIPE_SZ(SMALL_PIPE))?;
    Ok(())
}

fn unread_log() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "1s"))?;
    let mut command = place.command();
    command.args(["--log-format", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let daemon = Unread::start(place, &mut command)?;
    let listener = listen(&network.server, at(network.server_address(), 5432))?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..20).map(open).collect::<Result<Vec<_>, _>>()?;
    for pair in &pairs {
        pair.exchange()?;
    }
    // Two findings of some 2 KB fill the pipe; forty come.
    eventually("all are found silent", || {
        let (_, text) = get(daemon.place.listen(), "/metrics")?;
        let crossed = sum(&text, "tcplull_crossed_total", &[("path", "quiet")]);
        // More, where a busy machine made a silence of what comes before the exchange.
        Ok((crossed >= Some(40.0))
            .then_some(())
            .ok_or(format!("{crossed:?}")))
    })?;
    daemon.ends()
}

fn unread_messages() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let mut command = place.command();
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let daemon = Unread::start(place, &mut command)?;
    // Each reload says a line; the queue holds 4096.
    eventually("what nobody reads is counted", || {
        for _ in 0..300 {
            daemon.process.signal(Signal::SIGHUP)?;
            thread::sleep(Duration::from_millis(1));
        }
        let dropped = daemon.metric("messages_dropped_total")?;
        Ok((dropped > 0.0).then_some(()).ok_or(dropped))
    })?;
    let sweeps = daemon.metric("sweeps_total")?;
    eventually("it sweeps on", || {
        let now = daemon.metric("sweeps_total")?;
        Ok((now > sweeps).then_some(()).ok_or(now))
    })?;
    daemon.ends()
}

fn fast_log() -> Tested {
    let network = routed()?;
    let settings = watching(&network.block, "quiet", "1s");
    let place = place_in(&network.block, &format!("log_rate = 1\n{settings}"))?;
    let daemon = Daemon::start(&place, &[])?;
    let listener = listen(&network.server, at(network.server_address(), 5432))?;
    let pairs = silent_pairs(&network, &daemon, &listener, 40)?;
    let left_out = [("log", "findings")];
    eventually("what exceeds the rate is counted, and told", || {
        let count = daemon.metric("log_left_out_total", &left_out)?;
        let told = daemon.log()?.contains("findings are left out of the log");
        Ok((count > 0.0 && told).then_some(()).ok_or(count))
    })?;
    network.path_dies()?;
    for pair in &pairs {
        (&pair.client).write_all(b"lost")?;
    }
    let page = |line: &String| line.contains("\"severity\":\"page\"");
    eventually("all pages are in the log", || {
        let ours: Result<Vec<SocketAddr>, _> = pairs.iter().map(Pair::client_address).collect();
        let lines = daemon.finding_lines()?;
        let told = ours?.into_iter().filter(|client| {
            let local = format!("\"local\":\"{client}\"");
            lines.iter().any(|line| page(line) && line.contains(&local))
        });
        let told = told.count();
        Ok((told == pairs.len()).then_some(()).ok_or(told))
    })?;
    let counts = || -> Result<[f64; 2], Failed> {
        let names = [
            "at_risk_total",
            "crossed_total",
            "outcomes_total",
            "stalls_total",
        ];
        let found = names.iter().map(|name| daemon.metric(name, &[]));
        let left = daemon.metric("log_left_out_total", &left_out)?;
        Ok([found.sum::<Result<f64, _>>()?, left])
    };
    eventually("what is in the log and what is left out is all", || {
        let before = counts()?;
        let lines = daemon.finding_lines()?.len() as f64;
        let [found, left] = counts()?;
        let all = before == [found, left] && lines + left == found;
        Ok(all.then_some(()).ok_or(format!("{found} {left} {lines}")))
    })?;
    daemon.stop()?;
    Ok(())
}

fn pipe_at_start() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    fs::remove_file(place.file())?;
    mkfifo(&place.file(), Mode::S_IRWXU)?;
    let ended = finish(&mut place.command())?;
    ended.refused(2, &["config.toml", "no regular file"]);
    Ok(())
}

fn pipe_at_reload() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let mut daemon = Daemon::start(&place, &[])?;
    fs::remove_file(place.file())?;
    mkfifo(&place.file(), Mode::S_IRWXU)?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the log names what is no file", || {
        let log = daemon.log()?;
        Ok(log.contains("no regular file").then_some(()).ok_or(log))
    })?;
    daemon.await_sweeps(1)?;
    Ok(daemon.end(BOUND)?)
}

/// A user without any privilege; Debian and others call it nobody.
const NOBODY: u32 = 65534;

/// Where the daemon pins what it keeps with sockets, as no BPF file system is mounted in tests.
fn pins(place: &Place) -> PathBuf {
    let mut path = place.socket().into_os_string();
    path.push(".bpf");
    path.into()
}

fn is_bpffs(path: &Path) -> Result<bool, Failed> {
    let found = statfs(path)?.filesystem_type();
    Ok(found == FsType(0xcafe_4a11))
}

/// Lets another user do something at its end, whatever comes of it.
fn as_nobody(command: &str, path: &Path) -> Tested {
    let mut shell = Command::new(command);
    shell.arg(path).uid(NOBODY).gid(NOBODY).status()?;
    Ok(())
}

/// An earlier build's mount lets everybody make something in it.
fn squatted() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    fs::set_permissions(place.path("."), Permissions::from_mode(0o755))?;
    let pins = pins(&place);
    fs::create_dir(&pins)?;
    mount(
        Some("test"),
        &pins,
        Some("bpf"),
        MsFlags::empty(),
        None::<&str>,
    )?;
    as_nobody("mkdir", &pins.join("marks_v1"))?;
    assert!(pins.join("marks_v1").is_dir(), "nothing to test with");
    let daemon = Daemon::start(&place, &["--watch", "per-socket"])?;
    assert!(is_bpffs(&pins)?);
    assert_eq!(fs::metadata(&pins)?.permissions().mode() & 0o777, 0o700);
    as_nobody("mkdir", &pins.join("another"))?;
    assert!(!pins.join("another").exists());
    assert_eq!(daemon.stop()?, Some(0));
    assert!(!pins.exists(), "the mount stays");
    Ok(())
}

/// A directory in which everybody may make something, as /tmp.
fn link() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let victim = tempfile::tempdir()?;
    fs::write(victim.path().join("kept"), "")?;
    fs::set_permissions(place.path("."), Permissions::from_mode(0o1777))?;
    symlink(victim.path(), pins(&place))?;
    mounts_nothing(&place, "is no directory")?;
    assert!(victim.path().join("kept").exists() && !is_bpffs(victim.path())?);
    Ok(())
}

fn directory_of_others() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    chown(place.path("."), Some(NOBODY), None)?;
    mounts_nothing(&place, "lets other users replace")?;
    assert!(!pins(&place).exists());
    Ok(())
}

/// A daemon starts there all the same; the way of watching that needs the mount says why it has none.
fn mounts_nothing(place: &Place, why: &str) -> Tested {
    Daemon::start(place, &[])?.stop()?;
    let forced = finish(place.command().args(["--watch", "per-socket"]))?;
    ended_by(&forced, &["cannot be watched with --watch per-socket", why]);
    Ok(())
}

fn ended_by(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code, Some(3), "{ended:?}");
    ended.says(parts);
}
