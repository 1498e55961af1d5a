//! `tcplull top` on a real terminal, which tmux draws: what the screen shows while connections die, daemons go and come,
//! and signals arrive.

use crate::common::net::{Pair, routed};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::run::{TCPLULL, finish};
use crate::common::terminal::Terminal;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Daemon, Place};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

pub const TESTS: &[Test] = &[
    Test::with_tmux("top_shows_what_happens_and_outlives_its_daemon", happens),
    Test::with_tmux("top_shows_of_one_connection_what_show_shows", opened),
    Test::with_tmux("top_shows_a_snapshot_without_a_daemon", snapshot),
    Test::with_tmux("top_shows_what_had_been_found_by_a_time", past),
    Test::with_tmux("top_gives_the_terminal_back_however_it_ends", ends),
    Test::anywhere(
        "top_without_a_daemon_or_a_terminal_says_so_in_a_line",
        without,
    ),
];

/// A folder into which pictures of the screen are written, for the documentation.
const PICTURES: &str = "TCPLULL_PICTURES";

fn top(place: &Place) -> String {
    format!("{TCPLULL} top --socket {}", place.socket().display())
}

fn keep(name: &str, screen: &str) -> Tested {
    if let Some(folder) = std::env::var_os(PICTURES) {
        let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
        fs::write(PathBuf::from(folder).join(name), lines.join("\n") + "\n")?;
    }
    Ok(())
}

/// A daemon that watches a path, and a connection on it.
struct Scene {
    network: Network,
    place: Place,
    daemon: Daemon,
    pair: Pair,
}

impl Scene {
    fn new() -> Result<Self, Failed> {
        Self::with("")
    }

    /// With these tables of the configuration besides.
    fn with(tables: &str) -> Result<Self, Failed> {
        let network = routed()?;
        let settings = format!(
            "page_after = \"1s\"\n{}{tables}",
            watching(&network.block, "far", "60s")
        );
        let place = place_in(&network.block, &settings)?;
        // What dies in other tests may be more than a screen shows.
        let daemon = alone_on(&network.client, &place, &[])?;
        let pair = Pair::across(&network)?;
        Ok(Self {
            network,
            place,
            daemon,
            pair,
        })
    }
}

fn happens() -> Tested {
    let Scene {
        network,
        place,
        daemon,
        pair,
    } = Scene::new()?;
    let quiet = Pair::across(&network)?;
    let terminal = Terminal::open(&place, 110, 24)?;
    terminal.run(&format!("{} --filter 'path far'", top(&place)))?;
    let (local, remote) = (pair.client_address()?, pair.server_address()?);
    let remote = remote.to_string();
    terminal.shows(&["1 Connections", "filter: path far", &remote, "ok"])?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    let screen = terminal.shows(&[">STALLED", "blackholed", "1 stalled"])?;
    keep("top.txt", &screen)?;
    terminal.keys(&["Enter"])?;
    let arrow = format!("{local} → {remote}");
    let screen = terminal.shows(&[&arrow, "Verdict: blackholed", "Evidence"])?;
    keep("top-connection.txt", &screen)?;
    terminal.keys(&["Escape"])?;
    terminal.keys(&["2"])?;
    terminal.shows(&["FIRING", "page", "blackholed"])?;
    terminal.keys(&["3"])?;
    terminal.shows(&["PATH", "far", "1m"])?;
    terminal.keys(&["4"])?;
    terminal.shows(&["ready", "Hooks", "Cost"])?;
    terminal.keys(&["1"])?;
    terminal.keys(&["?"])?;
    terminal.shows(&["Suspects first", "freeze"])?;
    terminal.keys(&["Escape"])?;
    terminal.tmux(&["resize-window", "-x", "20", "-y", "8"])?;
    terminal.shows(&["too small"])?;
    terminal.tmux(&["resize-window", "-x", "110", "-y", "24"])?;
    terminal.shows(&["STALLED"])?;
    daemon.stop()?;
    terminal.shows(&["daemon gone", "old", "STALLED"])?;
    let _daemon = thread::scope(|scope| {
        // It answers before it is ready, and that it does is said for some seconds.
        let seen = scope.spawn(|| terminal.shows(&["the daemon answers again"]));
        let daemon = Daemon::start(&place, &[])?;
        seen.join()
            .map_err(|_| "who looks at the screen panicked")??;
        Ok::<_, Failed>(daemon)
    })?;
    terminal.keys(&["q"])?;
    let screen = terminal.ended_with(0)?;
    assert!(!screen.contains("STALLED"), "{screen}");
    drop(quiet);
    Ok(())
}

fn opened() -> Tested {
    let Scene {
        network,
        place,
        daemon,
        pair,
    } = Scene::new()?;
    pair.exchange()?;
    let local = pair.client_address()?.to_string();
    let terminal = Terminal::open(&place, 110, 50)?;
    terminal.run(&format!("{} --filter 'src {local}'", top(&place)))?;
    let remote = pair.server_address()?.to_string();
    terminal.shows(&[&remote, "ok"])?;
    terminal.keys(&["Enter"])?;
    terminal.shows(&[
        "Verdict: ok",
        "Numbers, as ss has them",
        "others",
        "its path",
        "Timeline (UTC)",
    ])?;
    // It goes on while it is open.
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    terminal.shows(&["Verdict: blackholed", "Evidence"])?;
    terminal.keys(&["G"])?;
    let screen = terminal.shows(&["blackholed", "Next", "ss -", "tcpdump"])?;
    keep("top-opened.txt", &screen)?;
    // What is kept of it stays when it is gone.
    drop(pair);
    daemon.stop()?;
    terminal.shows(&["daemon gone", "tcpdump"])?;
    terminal.keys(&["q"])?;
    terminal.is_back()
}

fn snapshot() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "1s"))?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    let local = pair.client_address()?;
    daemon.await_finding(local, "crossed")?;
    let file = place.path("ticket.tar.gz");
    let mut taken = Command::new(TCPLULL);
    taken.arg("snapshot").arg(&file);
    let taken = finish(taken.arg("--config").arg(place.file()))?;
    assert_eq!(taken.code, Some(0), "{taken:?}");
    daemon.stop()?;
    drop(pair);
    let terminal = Terminal::open(&place, 110, 30)?;
    let filter = format!("--filter 'src {local}'");
    terminal.run(&format!("{TCPLULL} top --from {} {filter}", file.display()))?;
    terminal.shows(&["a snapshot, made at", "CROSSED"])?;
    terminal.keys(&["Enter"])?;
    // Without a history a snapshot has no findings.
    terminal.shows(&["Verdict: crossed", "Timeline (UTC)"])?;
    terminal.keys(&["Escape", "2"])?;
    terminal.shows(&["a snapshot, made at", "SEVERITY", "crossed"])?;
    terminal.keys(&["4"])?;
    terminal.shows(&["Hooks", "Sweeps"])?;
    terminal.keys(&["q"])?;
    terminal.ended_with(0)?;
    // One that is cut off is told in a line, and the terminal is as it was.
    let bytes = fs::read(&file)?;
    fs::write(&file, &bytes[..bytes.len() / 2])?;
    terminal.run(&format!(
        "clear; {TCPLULL} top --from {}; echo ended with $?",
        file.display()
    ))?;
    terminal.shows(&["cut off", "ended with 3"])?;
    Ok(())
}

fn past() -> Tested {
    let files = tempfile::tempdir()?;
    let dir = files.path().join("history");
    let Scene {
        network,
        place,
        daemon,
        pair,
    } = Scene::with(&format!("[history]\ndir = {dir:?}\n"))?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    let config = place.file().display().to_string();
    eventually("the history has the alert", || {
        let mut alerts = Command::new(TCPLULL);
        alerts.args([
            "alerts", "--at", "now", "--state", "firing", "--config", &config,
        ]);
        let ended = finish(&mut alerts)?;
        Ok((ended.code == Some(1))
            .then_some(())
            .ok_or_else(|| format!("{ended:?}")))
    })?;
    let terminal = Terminal::open(&place, 110, 24)?;
    // While the daemon runs, and after it.
    let top = format!("TZ=CET-1CEST,M3.5.0,M10.5.0/3 {TCPLULL} top --config {config}");
    terminal.run(&format!("{top} --at now"))?;
    let remote = pair.server_address()?.to_string();
    terminal.shows(&[
        "AS OF 20",
        "from the history",
        "FROZEN",
        "blackholed",
        &remote,
    ])?;
    terminal.keys(&["Enter"])?;
    terminal.shows(&["Verdict: blackholed", "Evidence"])?;
    terminal.keys(&["G"])?;
    terminal.shows(&["What was told, in order"])?;
    terminal.keys(&["2"])?;
    terminal.shows(&["FIRING", "page", "blackholed"])?;
    terminal.keys(&["4"])?;
    terminal.shows(&["What happened to the daemon", "it started, version"])?;
    terminal.keys(&["1", "f"])?;
    terminal.shows(&["does not go on"])?;
    terminal.keys(&["q"])?;
    terminal.is_back()?;
    assert_eq!(daemon.stop()?, Some(0));
    terminal.run(&format!("{top} --at now --filter 'path far'"))?;
    terminal.shows(&[
        "AS OF 20",
        "no daemon ran then",
        "filter: path far",
        "blackholed",
    ])?;
    terminal.keys(&["q"])?;
    terminal.is_back()?;
    terminal.run(&format!("{top} --at '2 hours ago'"))?;
    terminal.shows(&["2h ago", "the history begins at", "Nothing was found"])?;
    terminal.keys(&["q"])?;
    terminal.ended_with(0)?;
    drop(pair);
    Ok(())
}

/// Says whether the terminal shows what is typed, and takes it line by line.
const MODE: &str =
    "stty -a | tr ' ;' '\\n\\n' | grep -x -e icanon -e echo | tr '\\n' ' '; echo is the mode";

fn ends() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "60s"))?;
    let _daemon = Daemon::start(&place, &[])?;
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let terminal = Terminal::open(&place, 100, 20)?;
        let pid = place.path("top.pid");
        let write = format!("echo $$ >{}", pid.display());
        terminal.run(&format!("sh -c '{write}; exec {}'", top(&place)))?;
        terminal.shows(&["1 Connections", "old"])?;
        let pid = fs::read_to_string(&pid)?;
        let killed = Command::new("kill")
            .args(["-s", signal, pid.trim()])
            .status()?;
        assert!(killed.success());
        let screen = terminal.ended_with(code)?;
        assert!(!screen.contains("1 Connections"), "{screen}");
        terminal.run(MODE)?;
        terminal.shows(&["icanon echo is the mode"])?;
    }
    // It stops and goes on as any program of a shell.
    let terminal = Terminal::open(&place, 100, 20)?;
    terminal.run(&top(&place))?;
    terminal.shows(&["1 Connections", "old"])?;
    terminal.keys(&["C-z"])?;
    terminal.shows(&["Stopped"])?;
    terminal.is_back()?;
    terminal.run(MODE)?;
    terminal.shows(&["icanon echo is the mode"])?;
    terminal.run("fg")?;
    terminal.shows(&["1 Connections", "old"])?;
    terminal.keys(&["C-c"])?;
    terminal.ended_with(0)?;
    Ok(())
}

fn without() -> Tested {
    let nowhere = tempfile::tempdir()?;
    let output = Command::new(TCPLULL)
        .args(["top", "--socket"])
        .arg(nowhere.path().join("socket"))
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no tcplull answers"), "{said}");
    assert!(said.contains("tcplull run"), "{said}");
    assert_eq!(
        (said.lines().count(), output.stdout.len()),
        (1, 0),
        "{said}"
    );
    Ok(())
}
