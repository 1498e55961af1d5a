//! What the service manager is told of the daemon's life, as systemd asks for it (Type=notify, WatchdogSec=).

use crate::common::kernel::way_by_default;
use crate::common::place::{QUICK, place_in};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use nix::sys::signal::Signal;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    Test::as_root("it_is_told_of_start_reload_and_end", life),
    Test::as_root("a_loop_that_turns_is_told_and_a_stuck_one_is_not", watchdog),
];

fn life() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, QUICK)?;
    let socket = place.path("notify");
    let told = listen(&SocketAddr::from_pathname(&socket)?)?;
    let name = format!("NOTIFY_SOCKET={}", socket.display());
    let daemon = Daemon::spawn(&place.launched_by(&["env", &name]), "json", &[])?;
    await_line(&told, "READY=1")?;
    // Whoever was waiting for it may ask at once.
    assert_eq!(daemon.get("/healthz")?.0, 200);
    await_line(
        &told,
        &format!("STATUS=watching {}: ready", way_by_default()),
    )?;

    daemon.signal(Signal::SIGHUP)?;
    let text = await_line(&told, "RELOADING=1")?;
    let since = text
        .lines()
        .find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(
        since.is_some_and(|usec| usec.parse::<u64>().is_ok_and(|usec| usec > 0)),
        "{text}"
    );
    await_line(&told, "READY=1")?;

    assert_eq!(daemon.stop()?, Some(0));
    await_line(&told, "STOPPING=1")?;
    Ok(())
}

/// After so long without a sign, systemd would end the daemon.
const STUCK_AFTER: Duration = Duration::from_secs(1);

fn watchdog() -> Tested {
    let name = format!("tcplull-test-{}", std::process::id());
    let told = listen(&SocketAddr::from_abstract_name(&name)?)?;
    let socket = format!("NOTIFY_SOCKET=@{name}");
    let watchdog = format!("WATCHDOG_USEC={}", STUCK_AFTER.as_micros());
    let launcher = ["env", socket.as_str(), watchdog.as_str()];
    let block = Block::claim()?;
    let place = place_in(&block, QUICK)?.launched_by(&launcher);
    let daemon = Daemon::start(&place, &[])?;
    await_line(&told, "READY=1")?;
    for _ in 0..3 {
        await_line(&told, "WATCHDOG=1")?;
    }
    daemon.signal(Signal::SIGSTOP)?;
    let mut last = Instant::now();
    eventually("a stopped daemon gives no sign", || {
        while next(&told)?.is_some() {
            last = Instant::now();
        }
        let silent = last.elapsed();
        Ok((silent > STUCK_AFTER)
            .then_some(())
            .ok_or(format!("{silent:?}")))
    })?;
    daemon.signal(Signal::SIGCONT)?;
    await_line(&told, "WATCHDOG=1")?;
    Ok(())
}

/// A service manager of the test's.
fn listen(address: &SocketAddr) -> Result<UnixDatagram, Failed> {
    let socket = UnixDatagram::bind_addr(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// What was told next, if anything was.
fn next(told: &UnixDatagram) -> Result<Option<String>, Failed> {
    let mut bytes = [0; 4096];
    match told.recv(&mut bytes) {
        Ok(length) => Ok(Some(String::from_utf8_lossy(&bytes[..length]).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Waits until a text with this line is told; answers all of it.
fn await_line(told: &UnixDatagram, line: &str) -> Result<String, Failed> {
    let mut heard = Vec::new();
    eventually(&format!("{line} is told"), || {
        while let Some(text) = next(told)? {
            if text.lines().any(|one| one == line) {
                return Ok(Ok(text));
            }
            heard.push(text);
        }
        Ok(Err(format!("{heard:?}")))
    })
}
