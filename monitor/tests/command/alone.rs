//! `watch`, `alerts` and `top` where no daemon runs: they watch by themselves, say so, and leave nothing behind.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{QUICK, place_in, watching};
use crate::common::run::{TCPLULL, as_nobody, finish, tcplull};
use crate::common::terminal::Terminal;
use crate::common::{Test, Tested, eventually};
use aya::maps::loaded_maps;
use aya::programs::{loaded_links, loaded_programs};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::testbed::wait::BOUND;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "watch_finds_what_crosses_and_however_it_ends_leaves_nothing",
        watches,
    ),
    Test::as_root("watch_ends_when_nobody_reads_it_any_more", unread),
    Test::as_root("alerts_and_ls_have_looked_once_and_say_so", looks_once),
    Test::as_root("with_a_scope_or_a_timeout_watch_holds_to_it", stated),
    Test::as_root(
        "what_keeps_watch_from_seeing_is_said_in_a_line",
        typed_wrongly,
    ),
    Test::with_tmux(
        "top_shows_connections_and_that_it_watches_itself",
        on_a_terminal,
    ),
    Test::per_socket("a_daemon_elsewhere_goes_on_as_before", beside_a_daemon),
    Test::as_root("where_a_daemon_is_named_nobody_watches_in_its_place", named),
    Test::as_root(
        "without_privileges_one_line_says_what_is_missing",
        unprivileged,
    ),
];

/// `tcplull watch` where no daemon is, and what it writes.
struct Alone {
    process: Guarded,
    out: PathBuf,
    says: PathBuf,
    before: BTreeSet<PathBuf>,
    place: Place,
}

impl Alone {
    /// Started with these arguments, and it watches.
    fn start(place: &Place, arguments: &[&str]) -> Result<Self, Failed> {
        let (out, says) = (place.path("watch-out"), place.path("watch-says"));
        let mut command = tcplull(["watch", "--json", "--config"]);
        command
            .arg(place.file())
            .args(arguments)
            .stdin(Stdio::null());
        command
            .stdout(File::create(&out)?)
            .stderr(File::create(&says)?);
        let before = left_in(place)?;
        let alone = Self {
            process: Guarded::start(&mut command)?,
            out,
            says,
            before,
            place: place.clone(),
        };
        alone.says(&["this command watches by itself, until it ends\n"])?;
        Ok(alone)
    }

    fn says(&self, parts: &[&str]) -> Result<String, Failed> {
        eventually("what it says of itself", || {
            let said = fs::read_to_string(&self.says)?;
            let all = parts.iter().all(|part| said.contains(part));
            Ok(if all { Ok(said) } else { Err(said) })
        })
    }

    /// What it has told of the connection with this local address: kinds, or outcomes.
    fn told(&self, local: SocketAddr) -> Result<Vec<String>, Failed> {
        let text = fs::read_to_string(&self.out)?;
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let found = whole
            .map(serde_json::from_str)
            .collect::<Result<Vec<Value>, _>>()?;
        let own = found
            .iter()
            .filter(|one| one["connection"]["local"] == local.to_string());
        let words = own.filter_map(|one| one["outcome"].as_str().or(one["kind"].as_str()));
        Ok(words.map(str::to_owned).collect())
    }

    fn tells(&self, local: SocketAddr, word: &str) -> Tested {
        eventually(word, || {
            let told = self.told(local)?;
            Ok(told
                .iter()
                .any(|one| one == word)
                .then_some(())
                .ok_or(told.join(", ")))
        })
    }

    /// Ends it by this signal, and looks whether anything is left.
    fn ends_by(mut self, signal: Signal) -> Tested {
        let held = held(self.process.pid())?;
        assert!(
            !held.is_empty(),
            "it holds nothing in the kernel, so nothing is tried here"
        );
        self.process.signal(signal)?;
        let ended = self.process.wait_within(BOUND).ok_or("it does not end")?;
        assert!(!ended.success(), "{ended:?}");
        nothing_is_left_of(&held)?;
        assert_eq!(left_in(&self.place)?, self.before, "after {signal}");
        Ok(())
    }
}

/// Files beside the inspection socket, and the place of a pin.
fn left_in(place: &Place) -> Result<BTreeSet<PathBuf>, Failed> {
    let socket = place.socket();
    let beside = socket.parent().ok_or("a folder")?;
    let mut left = BTreeSet::new();
    for folder in [beside, "/sys/fs/bpf".as_ref()] {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            let name = path.to_string_lossy();
            let of_another = folder != beside && !name.contains(&plain(beside));
            // What the test itself writes there.
            if !of_another && !name.contains("watch-") {
                left.insert(path);
            }
        }
    }
    Ok(left)
}

/// A folder's name as names of pins have it.
fn plain(folder: &std::path::Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.replace('.', "_")
}

/// Programs, maps and links, as the kernel numbers them; no number comes again.
type Objects = BTreeSet<(&'static str, u32)>;

/// Those of which a process has a descriptor.
fn held(pid: u32) -> Result<Objects, Failed> {
    let mut held = Objects::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        // It may be closed since.
        let Ok(text) = fs::read_to_string(entry?.path()) else {
            continue;
        };
        for kind in ["prog_id", "map_id", "link_id"] {
            let ids = text
                .lines()
                .filter_map(|line| line.strip_prefix(kind)?.strip_prefix(':'));
            for id in ids {
                held.insert((kind, id.trim().parse()?));
            }
        }
    }
    Ok(held)
}

/// Those that are in the kernel, whoever has them.
fn loaded() -> Objects {
    // What goes while one looks is no failure.
    let programs = loaded_programs()
        .flatten()
        .map(|program| ("prog_id", program.id()));
    let maps = loaded_maps().flatten().map(|map| ("map_id", map.id()));
    let links = loaded_links().flatten().map(|link| ("link_id", link.id()));
    programs.chain(maps).chain(links).collect()
}

fn nothing_is_left_of(held: &Objects) -> Tested {
    eventually("the kernel has let go of all", || {
        let left: Vec<_> = held.intersection(&loaded()).copied().collect();
        Ok(left.is_empty().then_some(()).ok_or(format!("{left:?}")))
    })
}

fn watches() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quick", "1s"))?;
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGKILL,
    ] {
        let alone = Alone::start(&place, &[])?;
        let said = alone.says(&[])?;
        let expected = format!(
            "tcplull: no daemon answers on {}: this command",
            place.socket().display()
        );
        assert!(
            said.starts_with(&expected) && said.lines().count() == 1,
            "{said}"
        );
        let pair = Pair::across(&network)?;
        let local = pair.client_address()?;
        alone.tells(local, "crossed")?;
        pair.exchange()?;
        alone.tells(local, "survived")?;
        alone.ends_by(signal)?;
    }
    Ok(())
}

fn unread() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "60s"))?;
    // What dies in other tests would be shown.
    let mut command = tcplull(["watch", "--netns"]);
    command
        .arg(network.client.path())
        .arg("--config")
        .arg(place.file())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut process = Guarded::start(command.stderr(Stdio::null()))?;
    let held = eventually("it is attached", || {
        let held = held(process.pid())?;
        let links = held.iter().filter(|(kind, _)| *kind == "link_id").count();
        Ok((links > 0).then_some(held).ok_or("no link yet"))
    })?;
    drop(process.child().stdout.take());
    let ended = process.wait_within(BOUND).ok_or("it does not end")?;
    assert_eq!(ended.code(), Some(0), "nothing was shown");
    nothing_is_left_of(&held)
}

fn looks_once() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "60s"))?;
    let before = left_in(&place)?;
    let pair = Pair::across(&network)?;
    let file = place.file().display().to_string();
    let local = pair.client_address()?.to_string();
    let ask = |arguments: &[&str]| -> Result<_, Failed> {
        let alerts = ["alerts", "--config", &file];
        let ended = finish(&mut tcplull([&alerts[..], arguments].concat()))?;
        ended.says(&["no daemon answers on", "looks by itself, now and once"]);
        Ok(ended)
    };
    let quiet = ask(&["--path", "far", "--json"])?;
    assert_eq!(
        (quiet.code, quiet.stdout.as_str()),
        (Some(0), ""),
        "{quiet:?}"
    );
    // The same connections, on a path that has forgotten them.
    place.configure(&watching(&network.block, "quick", "1s"))?;
    let crossed = eventually("it has crossed", || {
        let ended = ask(&["crossed", "--path", "quick", "--json"])?;
        Ok(if ended.code == Some(1) {
            Ok(ended)
        } else {
            Err(format!("{ended:?}"))
        })
    })?;
    let rows = crossed.stdout.lines().map(serde_json::from_str);
    let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
    assert_eq!(rows[0]["name"], "crossed", "{crossed:?}");
    assert_eq!(rows[0]["path"], "quick", "{crossed:?}");
    let is_shown = rows.iter().any(|row| row["connection"]["local"] == local);
    assert!(is_shown, "{local} in {crossed:?}");
    let listed = finish(&mut tcplull(["ls", "--json", "--config", &file]))?;
    assert!(listed.stdout.contains(&local), "{listed:?}");
    listed.says(&["no daemon answers on", "this command looked by itself"]);
    assert_eq!(left_in(&place)?, before);
    Ok(())
}

fn stated() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, QUICK)?;
    let pair = Pair::across(&network)?;
    // One of another namespace, which is not asked for.
    let server = network.server.path().display().to_string();
    let alone = Alone::start(&place, &["--timeout", "1s", "--netns", &server])?;
    alone.tells(pair.server_address()?, "crossed")?;
    let told = alone.told(pair.client_address()?)?;
    assert!(told.is_empty(), "{told:?}");
    let said = alone.says(&[])?;
    assert_eq!(
        said,
        "tcplull: this command watches by itself, until it ends\n"
    );
    alone.ends_by(Signal::SIGTERM)
}

fn typed_wrongly() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, QUICK)?;
    let alone = Alone::start(&place, &["--timeout", "1s", "--unit", "nobody-has-this"])?;
    alone.says(&[
        "nobody-has-this",
        "is not there: nothing is told until it is",
    ])?;
    alone.ends_by(Signal::SIGTERM)
}

fn on_a_terminal() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quick", "1s"))?;
    let pair = Pair::across(&network)?;
    let terminal = Terminal::open(&place, 110, 24)?;
    let before = left_in(&place)?;
    let file = place.file();
    terminal.run(&format!(
        "{TCPLULL} top --config {} --filter 'path quick'",
        file.display()
    ))?;
    let remote = pair.server_address()?.to_string();
    terminal.shows(&["without a daemon", "filter: path quick", &remote])?;
    terminal.shows(&["CROSSED", "2 crossed"])?;
    terminal.keys(&["2"])?;
    terminal.shows(&["FIRING", "ticket", "crossed"])?;
    terminal.keys(&["4"])?;
    terminal.shows(&["ready", "Hooks", "Cost"])?;
    assert_eq!(left_in(&place)?, before);
    // Of a daemon that comes meanwhile it needs nothing.
    let daemon = Daemon::start(&place, &[])?;
    assert_eq!(daemon.stop()?, Some(0));
    terminal.keys(&["1"])?;
    terminal.shows(&["without a daemon", "2 crossed"])?;
    terminal.keys(&["q"])?;
    terminal.ended_with(0)?;
    Ok(())
}

fn beside_a_daemon() -> Tested {
    let network = routed()?;
    let settings = watching(&network.block, "quiet", "4s");
    let (of_daemon, of_watch) = (
        place_in(&network.block, &settings)?,
        place_in(&network.block, &settings)?,
    );
    let daemon = Daemon::start(&of_daemon, &["--watch", "per-socket"])?;
    let alone = Alone::start(&of_watch, &[])?;
    let pair = Pair::open(&network.client, &serve(&network)?)?;
    let client = pair.client_address()?;
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    alone.tells(client, "crossed")?;
    daemon.await_sweeps(2)?;
    // The marks that the daemon has on the socket stay.
    alone.ends_by(Signal::SIGKILL)?;
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    let log = daemon.log()?;
    assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn named() -> Tested {
    let nowhere = TempDir::new()?;
    let socket = nowhere.path().join("tcplull.sock").display().to_string();
    let url = format!("unix:{socket}");
    for command in ["watch", "alerts", "top", "ls"] {
        for place in [["--socket", &socket], ["--host", &url]] {
            let ended = finish(tcplull([command]).args(place))?;
            ended.refused(3, &["no tcplull answers on ", &socket, "tcplull run"]);
        }
    }
    for command in ["watch", "alerts", "top", "ls"] {
        let ended = finish(&mut tcplull([command, "--host", &url, "--timeout", "4m"]))?;
        ended.refused(2, &["looks at itself", "--host"]);
    }
    Ok(())
}

fn unprivileged() -> Tested {
    let place = TempDir::new()?;
    let config = place.path().join("config.toml");
    let socket = place.path().join("tcplull.sock").display().to_string();
    fs::write(&config, format!("socket = {socket:?}\n"))?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(place.path(), readable)?;
    let config = config.display().to_string();
    for command in ["watch", "alerts", "top"] {
        let ended = as_nobody(&[command, "--config", &config], "")?;
        let parts = ["no tcplull answers on ", &socket, "CAP_BPF", "CAP_PERFMON"];
        ended.refused(3, &parts);
        let ended = as_nobody(&[command, "--config", &config, "--timeout", "4m"], "")?;
        ended.refused(3, &["CAP_BPF", "CAP_PERFMON"]);
    }
    Ok(())
}
