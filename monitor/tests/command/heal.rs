//! `[path.heal]` and `tcplull heal`: sockets without timers of their own outlive the box and end a hang soon, what an
//! application has set stays, and all of it is undone.

use crate::common::net::{Pair, at, listen, routed};
use crate::common::place::{QUICK, path, place_in};
use crate::common::run::{Ended, TCPLULL, tcplull};
use crate::common::{Test, Tested, eventually, is};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::{Middlebox, Unknown};
use monitor_lab::testbed::run::finish;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::signal::Signal;
use nix::sys::socket::sockopt::{KeepAlive, TcpKeepCount, TcpKeepIdle, TcpKeepInterval};
use nix::sys::socket::{getsockopt, setsockopt, sockopt};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    Test::as_root("a_nat_forgets_no_connection_that_is_healed", survives),
    Test::as_root("the_same_by_ipv6", survives_ipv6),
    Test::as_root("a_hang_ends_in_seconds", hang),
    Test::as_root("a_share_of_nothing_sets_nothing", canary),
    Test::as_root(
        "a_reload_without_it_undoes_it_but_for_what_an_application_has_set_since",
        reloaded,
    ),
    Test::as_root("what_is_to_be_kept_outlives_the_daemon", kept),
    Test::as_root(
        "the_daemon_after_one_that_was_killed_gives_back_what_that_set",
        killed,
    ),
    Test::anywhere("what_is_not_to_be_healed_is_said", refused),
];

/// After so many seconds of silence the box forgets.
const FORGETS_S: u32 = 4;

/// What a socket has that matters here: SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and TCP_USER_TIMEOUT.
fn timers(socket: &TcpStream) -> Result<(bool, [u32; 4]), Failed> {
    let keepalive = getsockopt(socket, KeepAlive)?;
    let idle = getsockopt(socket, TcpKeepIdle)?;
    let interval = getsockopt(socket, TcpKeepInterval)?;
    let count = getsockopt(socket, TcpKeepCount)?;
    let user_timeout = getsockopt(socket, sockopt::TcpUserTimeout)?;
    Ok((keepalive, [idle, interval, count, user_timeout]))
}

/// What `ss -o` shows of the timer of this socket of the client's host.
fn shown(network: &Network, pair: &Pair) -> Result<String, Failed> {
    let port = format!(":{}", pair.client_address()?.port());
    let mut ss = Command::new("ss");
    ss.args(["-tnoH", "sport", "=", &port]);
    let output = network.client.within(|| ss.output())??;
    assert!(output.status.success(), "{output:?}");
    let line = String::from_utf8(output.stdout)?;
    Ok(match line.split_once("timer:(") {
        // What is left of it is of the moment.
        Some((_, timer)) => timer.split(',').next().unwrap_or_default().to_owned(),
        None => String::new(),
    })
}

/// A path to the server alone, whose client's sockets are healed so.
fn place(network: &Network, timeout: &str, heal: &str) -> Result<Place, Failed> {
    // Whole: behind the box, the client has an address of the same prefix.
    let bits = if network.server_address().is_ipv4() {
        32
    } else {
        128
    };
    let server = format!("{}/{bits}", network.server_address());
    let path = path("nat", &[&server], timeout);
    place_in(
        &network.block,
        &format!("{QUICK}{path}[path.heal]\n{heal}\n"),
    )
}

fn healed(daemon: &Daemon, sockets: u32) -> Tested {
    eventually("they are healed", || {
        Ok(is(
            daemon.metric("heal_sockets", &[("path", "nat")])?,
            sockets,
        ))
    })
}

/// A connection that is healed before the box forgets it: on a busy machine not the first.
fn healed_in_time(network: &Network, listener: &TcpListener) -> Result<Pair, Failed> {
    eventually("one is healed before the box forgets it", || {
        let pair = Pair::open(&network.client, listener)?;
        pair.exchange()?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(u64::from(FORGETS_S)) {
            if timers(&pair.client)?.0 && pair.exchange().is_ok() {
                return Ok(Ok(pair));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(Err("it was forgotten before".to_owned()))
    })
}

/// `tcplull heal` with this flag, of the daemon in `place`.
fn heal(place: &Place, flag: &str) -> Result<Ended, Failed> {
    let config = place.file();
    let arguments = [
        "heal".as_ref(),
        flag.as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
    ];
    Ok(finish(&mut tcplull(arguments))?)
}

/// `tcplull heal --stop` gives the one socket that is healed back what it had.
fn one_is_set_back(place: &Place) -> Tested {
    let stopped = heal(place, "--stop")?;
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert!(stopped.stdout.contains("1 socket set back"), "{stopped:?}");
    Ok(())
}

fn survives() -> Tested {
    survives_by(Family::V4, |daemon, place| {
        one_is_set_back(place)?;
        daemon.await_sweeps(3)?;
        healed(&daemon, 0)?;
        drop(daemon);
        Ok(())
    })
}

fn survives_ipv6() -> Tested {
    survives_by(Family::V6, |daemon, _| {
        assert_eq!(daemon.stop()?, Some(0));
        Ok(())
    })
}

fn survives_by(family: Family, undo: impl FnOnce(Daemon, &Place) -> Tested) -> Tested {
    let nat = Middlebox::Nat {
        forgets_after: FORGETS_S,
        unknown: Unknown::Drop,
    };
    let network = Network::build_with(Path::new(TCPLULL), family, &nat)?;
    let listener = listen(&network.server, at(network.server_address(), 5432))?;
    let plain = Pair::open(&network.client, &listener)?;
    let own = Pair::open(&network.client, &listener)?;
    setsockopt(&own.client, KeepAlive, &true)?;
    setsockopt(&own.client, TcpKeepIdle, &1000)?;
    let before = [timers(&plain.client)?, timers(&own.client)?];
    own.exchange()?;
    let shown_before = [shown(&network, &plain)?, shown(&network, &own)?];
    assert_eq!(shown_before, ["", "keepalive"]);
    let place = place(
        &network,
        "4s",
        "keepalive = \"auto\"\nuser_timeout = \"auto\"",
    )?;

    let dry = heal(&place, "--dry-run")?;
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let of = |pair: &Pair| {
        let address = pair.client_address().map(|address| address.to_string());
        let address = address.unwrap_or_default();
        let line = dry.stdout.lines().find(|line| line.contains(&address));
        line.unwrap_or_default().to_owned()
    };
    let would = of(&plain);
    for part in [
        "keepalive off → after 2 s, every 1 s",
        "TCP_USER_TIMEOUT off → 62 s",
    ] {
        assert!(would.contains(part), "{would:?} of {dry:?}");
    }
    let would = of(&own);
    assert!(
        would.contains("switched keepalive on itself"),
        "{would:?} of {dry:?}"
    );
    assert_eq!(before[0], timers(&plain.client)?, "a dry run sets nothing");

    let config = place.file();
    let check = ["check".as_ref(), "--config".as_ref(), config.as_os_str()];
    let check = finish(&mut tcplull(check))?;
    assert!(
        check.stdout.contains("timers of sockets can be set"),
        "{check:?}"
    );

    drop(plain);
    let daemon = Daemon::start(&place, &[])?;
    let plain = healed_in_time(&network, &listener)?;
    assert_eq!(timers(&plain.client)?, (true, [2, 1, 60, 62_000]));
    assert_eq!(timers(&own.client)?, before[1]);
    assert_eq!(shown(&network, &plain)?, "keepalive");
    daemon.await_log("keepalive off → after 2 s, every 1 s, 60 probes")?;
    // For twice as long as the box remembers, nothing is said.
    sleep(Duration::from_secs(2 * u64::from(FORGETS_S) + 1));
    plain.exchange()?;
    (&own.client).write_all(b"x")?;
    own.server
        .set_read_timeout(Some(Duration::from_millis(500)))?;
    let lost = (&own.server)
        .read_exact(&mut [0])
        .map_err(|error| error.kind());
    assert_eq!(
        lost,
        Err(ErrorKind::WouldBlock),
        "the box has forgotten the other one"
    );

    undo(daemon, &place)?;
    let after = [timers(&plain.client)?, timers(&own.client)?];
    assert_eq!(after, before);
    assert_eq!(shown(&network, &plain)?, shown_before[0]);
    Ok(())
}

fn hang() -> Tested {
    let network = routed()?;
    let place = place(&network, "60s", "user_timeout = \"2s\"")?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    let ended = (&pair.client).read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(ended, Err(ErrorKind::TimedOut), "{}", daemon.log()?);
    let set = [("path", "nat"), ("result", "set")];
    assert_eq!(daemon.metric("heal_results_total", &set)?, 1.0);
    Ok(())
}

fn canary() -> Tested {
    let network = routed()?;
    let place = place(&network, "2s", "keepalive = \"auto\"\nshare = \"0%\"")?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    let before = timers(&pair.client)?;
    let left = [("path", "nat"), ("result", "not_in_share")];
    eventually("it is looked at", || {
        let count = daemon.metric("heal_results_total", &left);
        Ok(count.map(drop).map_err(|error| error.to_string()))
    })?;
    daemon.await_sweeps(3)?;
    assert_eq!(timers(&pair.client)?, before);
    healed(&daemon, 0)
}

fn reloaded() -> Tested {
    let network = routed()?;
    let both = "keepalive = \"auto\"\nuser_timeout = \"auto\"";
    let place = place(&network, "4s", both)?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    let before = timers(&pair.client)?;
    healed(&daemon, 1)?;
    setsockopt(&pair.client, sockopt::TcpUserTimeout, &9_000)?;
    let address = network.server_address();
    place.configure(&format!(
        "{QUICK}{}",
        path("nat", &[&format!("{address}/32")], "4s")
    ))?;
    daemon.signal(Signal::SIGHUP)?;
    let (off, [idle, interval, count, _]) = before;
    let own = (off, [idle, interval, count, 9_000]);
    eventually("keepalive is off again", || {
        let now = timers(&pair.client)?;
        Ok((now == own).then_some(()).ok_or(format!("{now:?}")))
    })
}

fn kept() -> Tested {
    let network = routed()?;
    let place = place(&network, "4s", "keepalive = \"auto\"\non_stop = \"keep\"")?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    healed(&daemon, 1)?;
    let set = timers(&pair.client)?;
    assert_eq!(set, (true, [2, 1, 60, 0]));
    assert_eq!(daemon.stop()?, Some(0));
    assert_eq!(timers(&pair.client)?, set);
    // The next one knows what is its own.
    let next = Daemon::start(&place, &[])?;
    healed(&next, 1)?;
    one_is_set_back(&place)?;
    assert!(!timers(&pair.client)?.0);
    Ok(())
}

fn killed() -> Tested {
    let network = routed()?;
    let both = "keepalive = \"auto\"\nuser_timeout = \"auto\"";
    let place = place(&network, "4s", both)?;
    let daemon = Daemon::start(&place, &[])?;
    let [plain, own] = [Pair::across(&network)?, Pair::across(&network)?];
    let before = timers(&plain.client)?;
    healed(&daemon, 2)?;
    let set = timers(&plain.client)?;
    daemon.kill();
    assert_eq!(
        timers(&plain.client)?,
        set,
        "nobody was there to give it back"
    );
    setsockopt(&own.client, sockopt::TcpUserTimeout, &9_000)?;

    // One that heals as well finds them again, and counts none anew.
    let daemon = Daemon::start(&place, &[])?;
    daemon.await_log("took up 2 sockets")?;
    daemon.await_sweeps(3)?;
    healed(&daemon, 2)?;
    let again = daemon.metric("heal_results_total", &[("path", "nat"), ("result", "set")]);
    assert!(again.is_err(), "{again:?}");
    assert_eq!(timers(&plain.client)?, set);
    daemon.kill();

    // One whose path is healed no more gives it back, but for what an application has set since.
    let server = format!("{}/32", network.server_address());
    place.configure(&format!("{QUICK}{}", path("nat", &[&server], "4s")))?;
    let daemon = Daemon::start(&place, &[])?;
    let (off, [idle, interval, count, _]) = before;
    let expected = [before, (off, [idle, interval, count, 9_000])];
    eventually("they have what they had", || {
        let now = [timers(&plain.client)?, timers(&own.client)?];
        Ok((now == expected).then_some(()).ok_or(format!("{now:?}")))
    })?;
    let noted = format!("{}.healed", place.socket().display());
    assert!(
        !Path::new(&noted).exists(),
        "nothing is set, so nothing is noted"
    );
    drop(daemon);
    Ok(())
}

fn refused() -> Tested {
    let dry = ["heal", "--dry-run", "--config", "/dev/null"];
    finish(&mut tcplull(dry))?.refused(3, &["no path is to be healed", "[path.heal]"]);
    finish(&mut tcplull(["heal"]))?.refused(2, &["--dry-run"]);
    Ok(())
}
