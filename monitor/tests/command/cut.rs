//! `tcplull cut`: exactly the connections that were meant end, and nothing is found of it that would wake somebody.

use crate::common::net::{Pair, at, listen, routed, serve};
use crate::common::place::{QUICK, hanging, pages, place_in, silent_pairs, watched_network};
use crate::common::run::{TCPLULL, as_nobody, finish, tcplull};
use crate::common::terminal::Terminal;
use crate::common::{Test, Tested, eventually};
use crate::cut_rights::tell;
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::network::namespace::Namespace;
use monitor_lab::testbed::http::get_on;
use monitor_lab::testbed::run::Ended;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::Value;
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "of_two_connections_with_the_same_addresses_the_one_that_is_meant_ends",
        twins,
    ),
    Test::with_tmux(
        "what_has_become_another_connection_while_one_was_asked_is_left_alone",
        replaced,
    ),
    Test::as_root(
        "the_connections_of_an_alert_end_and_it_is_over_with_them",
        blackholed,
    ),
    Test::as_root(
        "a_silent_connection_that_is_cut_is_no_failure_of_its_path",
        crossed,
    ),
    Test::as_root("no_more_end_at_once_than_most_allows", bounded),
    Test::anywhere("what_cannot_be_cut_is_said_in_one_line", refused),
];

/// The one port that clients have in a [`Twin`].
const PORT: u16 = 40_001;

/// A connection in a network namespace of its own, with addresses that another one has, too.
pub struct Twin {
    namespace: Namespace,
    listener: TcpListener,
    pub pair: Pair,
}

impl Twin {
    pub fn open(role: &str) -> Result<Self, Failed> {
        let namespace = Namespace::create(0, role)?;
        let ports = format!("{PORT} {PORT}");
        namespace.set("ipv4/ip_local_port_range", &ports)?;
        let listener = listen(&namespace, at(Ipv4Addr::LOCALHOST, 5432))?;
        let pair = Pair::open(&namespace, &listener)?;
        pair.exchange()?;
        Ok(Self {
            namespace,
            listener,
            pair,
        })
    }

    /// The id of its client's end.
    pub fn id(&self, daemon: &Daemon) -> Result<String, Failed> {
        let netns = fs::metadata(self.namespace.path())?.ino();
        let local = self.pair.client_address()?.to_string();
        let mut rows: Vec<Value> = daemon.ask("ls")?;
        rows.retain(|row| {
            let connection = &row["connection"];
            connection["netns"] == netns && connection["local"] == local
        });
        let [row] = &rows[..] else {
            return Err(format!("{rows:?}").into());
        };
        let id = row["connection"]["id"].as_str();
        Ok(id.ok_or("no id")?.to_owned())
    }

    /// How many clients `ss` sees there.
    fn clients(&self) -> Result<usize, Failed> {
        let (state, port) = ("established", format!(":{PORT}"));
        let mut ss = Command::new("ss");
        ss.args(["-tnH", "state", state, "sport", "=", &port]);
        let output = self.namespace.within(|| ss.output())??;
        assert!(output.status.success(), "{output:?}");
        Ok(String::from_utf8(output.stdout)?.lines().count())
    }

    /// Its connection is reset, and another one takes its addresses.
    fn begun_anew(self) -> Result<Self, Failed> {
        let at_once = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&self.pair.client, sockopt::Linger, &at_once)?;
        drop(self.pair);
        // A process that another test starts holds it too, until it runs its own program.
        let pair = eventually("its port is free", || {
            let opened = Pair::open(&self.namespace, &self.listener);
            Ok(opened.map_err(|why| why.message().unwrap_or_default().to_owned()))
        })?;
        pair.exchange()?;
        Ok(Self { pair, ..self })
    }
}

fn kept(block: &Block, files: &std::path::Path, settings: &str) -> Result<Place, Failed> {
    let history = files.join("history");
    place_in(block, &format!("{settings}[history]\ndir = {history:?}\n"))
}

fn cut(place: &Place, arguments: &[&str]) -> Result<Ended, Failed> {
    let mut command = tcplull(["cut"]);
    command.args(arguments).arg("--socket").arg(place.socket());
    Ok(finish(&mut command)?)
}

/// That this end was ended here, by ECONNABORTED.
fn is_aborted(pair: &Pair) {
    let read = (&pair.client).read(&mut [0]);
    let error = read.map_err(|error| error.kind());
    assert_eq!(error, Err(ErrorKind::ConnectionAborted));
}

fn twins() -> Tested {
    let (block, files) = (Block::claim()?, tempfile::tempdir()?);
    let place = kept(&block, files.path(), QUICK)?;
    let daemon = Daemon::start(&place, &[])?;
    let (one, other) = (Twin::open("cut-one")?, Twin::open("cut-other")?);
    let id = one.id(&daemon)?;
    let dry = cut(&place, &[&id, "--dry-run"])?;
    assert_eq!(dry.code, Some(0), "{dry:?}");
    for part in ["VERDICT", "127.0.0.1:40001", "1 connection would be ended"] {
        assert!(dry.stdout.contains(part), "{dry:?}");
    }
    one.pair.exchange()?;
    assert!(!daemon.log()?.contains("cut by"));

    let ended = cut(&place, &[&id, "--yes"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let line = format!("{id} 127.0.0.1:40001 → 127.0.0.1:5432: ended\n");
    assert!(ended.stdout.contains(&line), "{ended:?}");
    assert_eq!(ended.stderr, "", "the daemon has heard of it");
    is_aborted(&one.pair);
    other.pair.exchange()?;
    assert_eq!((one.clients()?, other.clients()?), (0, 1));

    let log = daemon.await_log("cut by uid ")?;
    let noted = log.lines().find(|line| line.contains("cut by uid "));
    let noted = noted.ok_or("nothing in the log")?;
    assert!(noted.contains(&id), "{noted}");
    eventually("the history has it", || {
        let told = get_on(&place.socket(), "/api/v1/history?kind=agent", "*/*")?.body;
        let mut lines = told.lines();
        let has = lines.any(|line| line.contains("connections_cut") && line.contains(&id));
        Ok(has.then_some(()).ok_or(told))
    })?;
    let gone = cut(&place, &[&id, "--yes"])?;
    gone.refused(3, &["no connection has the id", &id]);
    // What is no such note is refused.
    let body = "{\"alert\":null,\"ended\":1,\"ids\":[\"x\", 1]}";
    let answer = tell(UnixStream::connect(place.socket())?, body, "")?;
    assert!(answer.starts_with("HTTP/1.0 400"), "{answer}");
    Ok(())
}

fn replaced() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, QUICK)?;
    let daemon = Daemon::start(&place, &[])?;
    let mut twin = Twin::open("cut-anew")?;
    let id = twin.id(&daemon)?;
    let terminal = Terminal::open(&place, 150, 24)?;
    let socket = place.socket();
    let command = format!("{TCPLULL} cut {id} --socket {}", socket.display());
    terminal.run(&command)?;
    terminal.shows(&["127.0.0.1:40001", "End these? 1 connection"])?;
    twin = twin.begun_anew()?;
    terminal.run("yes")?;
    terminal.shows(&[
        "another connection has its addresses",
        "0 connections ended",
    ])?;
    twin.pair.exchange()?;
    // Whoever says no ends nothing.
    let id = twin.id(&daemon)?;
    let command = format!("{TCPLULL} cut {id} --socket {}", socket.display());
    terminal.run(&format!("clear; {command}; echo ended with $?"))?;
    terminal.shows(&["End these? 1 connection"])?;
    terminal.run("")?;
    terminal.shows(&["none is ended", "ended with 1"])?;
    Ok(twin.pair.exchange()?)
}

fn blackholed() -> Tested {
    let network = routed()?;
    let (place, daemon, pair) = hanging(&network, "1s")?;
    let local = pair.client_address()?;
    eventually("the page fires", || {
        let pages = pages(&daemon)?;
        let fires = pages.iter().any(|page| page["state"] == "firing");
        Ok(fires.then_some(()).ok_or(format!("{pages:?}")))
    })?;
    let of = local.to_string();
    let finding = daemon.await_finding(local, "stall")?;
    let id = finding["connection"]["id"].as_str().ok_or("no id")?;
    let mut alerts = tcplull(["alerts", "blackholed", "--socket"]);
    let shown = finish(alerts.arg(place.socket()))?;
    for part in [
        "not acknowledged so far: a request of 4 bytes",
        "affected now: 1, gone: 0 of 1; since ",
        "; fired ",
        id,
        "before: not known",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    eventually("the log says that it fires", || {
        let log = daemon.log()?;
        let mut lines = log.lines();
        let fires = lines.any(|line| line.contains(" fires: ") && line.contains(id));
        Ok(fires.then_some(()).ok_or(log))
    })?;

    let dry = cut(&place, &["blackholed", "--filter", "path far", "--dry-run"])?;
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.stdout.contains(&of), "{dry:?}");
    let others = cut(&place, &["blackholed", "--path", "near", "--yes"])?;
    assert_eq!(others.code, Some(0), "{others:?}");
    assert!(others.stdout.contains("no connection"), "{others:?}");
    // Of this path: in other tests connections die as well, and are theirs to end.
    let ended = cut(&place, &["blackholed", "--path", "far", "--yes"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("1 connection ended"), "{ended:?}");
    is_aborted(&pair);
    eventually("nobody is in trouble any more", || {
        let pages = pages(&daemon)?;
        let over = pages.iter().all(|page| page["connections"] == 0);
        Ok(over.then_some(()).ok_or(format!("{pages:?}")))
    })?;
    daemon.await_sweeps(3)?;
    only(&daemon, local, &["blackholed", "crossed", "at_risk"])?;
    daemon.await_log("of alert blackholed: ")?;
    Ok(())
}

fn crossed() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let pair = Pair::across(&network)?;
    let local = pair.client_address()?;
    daemon.await_finding(local, "crossed")?;
    let of = local.to_string();
    eventually("the silence is a ticket", || {
        let row = daemon.row(local)?;
        let is = row["alerts"] == serde_json::json!(["crossed"]);
        Ok(is.then_some(()).ok_or(row))
    })?;
    let ended = cut(daemon.place(), &["crossed", "--local", &of, "--yes"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("1 connection ended"), "{ended:?}");
    is_aborted(&pair);
    daemon.await_sweeps(3)?;
    only(&daemon, local, &["crossed", "at_risk"])?;
    let mut alerts: Vec<Value> = daemon.ask("alerts")?;
    alerts.retain(|alert| alert["path"] == "quiet");
    assert!(
        alerts.iter().all(|alert| alert["severity"] != "page"),
        "{alerts:?}"
    );
    Ok(())
}

/// Nothing but this was found of the end at `local`.
fn only(daemon: &Daemon, local: std::net::SocketAddr, names: &[&str]) -> Tested {
    let mut findings = daemon.findings_of(local)?;
    findings.retain(|finding| finding["connection"]["local"] == local.to_string());
    for finding in &findings {
        let name = ["outcome", "cause", "kind"];
        let name = name.iter().find_map(|member| finding[member].as_str());
        let name = name.ok_or("no name")?;
        assert!(names.contains(&name), "{finding}");
    }
    assert!(!findings.is_empty());
    Ok(())
}

fn bounded() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let listener = serve(&network)?;
    let pairs = silent_pairs(&network, &daemon, &listener, 2)?;
    let mut host = String::new();
    for pair in &pairs {
        let local = pair.client_address()?;
        host = local.ip().to_string();
        eventually("the silence is a ticket", || {
            let row = daemon.row(local)?;
            let is = row["alerts"] == serde_json::json!(["crossed"]);
            Ok(is.then_some(()).ok_or(row))
        })?;
    }
    let those = ["crossed", "--local", &host, "--yes", "--most"];
    let first = cut(daemon.place(), &[&those[..], &["1"]].concat())?;
    assert_eq!(first.code, Some(1), "{first:?}");
    assert!(first.stdout.contains("1 connection ended"), "{first:?}");
    first.says(&["1 connection, and 1 more are left", "--most"]);
    // Had both ended, none were left for this one.
    let second = cut(daemon.place(), &[&those[..], &["1"]].concat())?;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.stdout.contains("1 connection ended"), "{second:?}");
    pairs.iter().for_each(is_aborted);
    let none = cut(daemon.place(), &["crossed", "--most", "0", "--yes"])?;
    assert_eq!(none.code, Some(2), "{none:?}");
    none.says(&["--most"]);
    Ok(())
}

fn refused() -> Tested {
    let ended = as_nobody(&["cut", "blackholed", "--yes"], "")?;
    ended.refused(3, &["CAP_NET_ADMIN", "root"]);
    for arguments in [&["cut", "blackholed"], &["cut", "1f-0a1b2c3d-4e5f6071"]] {
        as_nobody(arguments, "y\n")?.refused(2, &["--yes", "--dry-run"]);
    }
    let typo = as_nobody(&["cut", "blackhold", "--yes"], "")?;
    assert_eq!(typo.code, Some(2), "{typo:?}");
    typo.says(&["did you mean blackholed"]);
    let nowhere = tempfile::tempdir()?;
    let socket = nowhere.path().join("socket").display().to_string();
    let alone = ["cut", "blackholed", "--dry-run", "--socket", &socket];
    let alone = finish(&mut tcplull(alone))?;
    alone.refused(3, &["no tcplull answers on"]);
    Ok(())
}
