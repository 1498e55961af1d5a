//! SIGHUP: a good file's paths come into force, a bad file's do not.

use crate::common::net::{Pair, routed};
use crate::common::place::{path, place_in, watching};
use crate::common::{Test, Tested, eventually, is};
use monitor_lab::testbed::Daemon;
use nix::sys::signal::Signal;

pub const TESTS: &[Test] = &[
    Test::as_root("a_path_added_is_in_force_at_once", added),
    Test::as_root("a_broken_file_changes_nothing_and_is_named", broken),
    Test::as_root("what_needs_a_restart_is_said", restart_needed),
];

fn added() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "old", "10m"))?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?;
    assert_eq!(daemon.row(client)?["path"], "old");
    assert!(daemon.metric("crossed_total", &[("path", "new")]).is_err());

    let server = format!("{}/32", network.server_address());
    let old = watching(&network.block, "old", "10m");
    place.configure(&format!("{old}{}", path("new", &[&server], "1s")))?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the new path is in /metrics", || {
        Ok(daemon
            .metric("crossed_total", &[("path", "new")])
            .map_err(|_| "it is not"))
    })?;
    // A connection from before goes by the new path now; its other end does not.
    let finding = daemon.await_finding(client, "crossed")?;
    assert_eq!(finding["path"], "new", "{finding}");
    assert_eq!(daemon.metric("crossed_total", &[("path", "new")])?, 1.0);
    assert_eq!(daemon.row(pair.server_address()?)?["path"], "old");
    Ok(())
}

fn broken() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "kept", "1s"))?;
    let daemon = Daemon::start(&place, &[])?;
    // What it says of itself is written by and by.
    let before = eventually("the log tells of the start", || {
        let log = daemon.log()?;
        let lines = log.lines().count();
        Ok(log.contains("attached in").then_some(lines).ok_or(log))
    })?;
    place.configure(&path("new", &["10.0.0.0/99"], "1s"))?;
    daemon.signal(Signal::SIGHUP)?;
    // After the four lines that every file here begins with, and two of the path.
    let at_fault = format!("{}:7: ", place.file().display());
    eventually("the log names the line", || {
        let log = daemon.log()?;
        Ok(log.contains(&at_fault).then_some(()).ok_or(log))
    })?;
    let log = daemon.log()?;
    let new: Vec<&str> = log.lines().skip(before).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(
        new[0].contains("10.0.0.0/99") && new[0].contains("stay in force"),
        "{new:?}"
    );

    assert!(daemon.metric("crossed_total", &[("path", "new")]).is_err());
    assert_eq!(daemon.metric("config_last_reload_successful", &[])?, 0.0);
    let last = || daemon.metric("config_last_reload_success_timestamp_seconds", &[]);
    let at_the_start = last()?;
    let pair = Pair::across(&network)?;
    let finding = daemon.await_finding(pair.client_address()?, "crossed")?;
    assert_eq!(finding["path"], "kept", "{finding}");
    place.configure(&watching(&network.block, "kept", "1s"))?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the mended file is in force", || {
        let read = daemon.metric("config_last_reload_successful", &[])?;
        Ok(is(read, 1))
    })?;
    assert!(last()? > at_the_start);
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn restart_needed() -> Tested {
    let network = routed()?;
    let settings = watching(&network.block, "kept", "10m");
    let place = place_in(&network.block, &settings)?;
    let daemon = Daemon::start(&place, &[])?;
    let says = |word: &str| Ok(daemon.log()?.contains(word).then_some(()).ok_or("not yet"));
    daemon.signal(Signal::SIGHUP)?;
    eventually("the log tells of the reload", || says("reloaded"))?;
    assert!(!daemon.log()?.contains("restart"), "nothing has changed");
    place.configure(&settings.replace("min_gap = \"100ms\"", "min_gap = \"200ms\""))?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the log names what stays", || says("min_gap"))?;
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
