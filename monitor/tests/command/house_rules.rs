//! Rules of the house: what a path's findings may wake is decided by who writes the configuration, while the daemon runs.

use crate::common::net::{Pair, routed};
use crate::common::place::{pages, path, place_in, watching};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;
use std::io::Write;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "an_ignored_path_wakes_nobody_until_it_is_ignored_no_more",
        ignored,
    ),
    Test::as_root(
        "a_team_adds_its_path_and_its_mistakes_cost_nobody_else",
        conf_dir,
    ),
];

fn await_page(daemon: &Daemon, state: &str) -> Result<Value, Failed> {
    eventually(&format!("there is a page that is {state}"), || {
        let pages = pages(daemon)?;
        let found = pages.iter().find(|page| page["state"] == state);
        Ok(found.cloned().ok_or_else(|| format!("{pages:?}")))
    })
}

fn reload(daemon: &Daemon, settings: &str) -> Tested {
    let reloads = |log: &str| log.matches("reloaded: ").count();
    let before = reloads(&daemon.log()?);
    daemon.place().configure(settings)?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the file is read again", || {
        let log = daemon.log()?;
        Ok((reloads(&log) > before).then_some(()).ok_or(log))
    })?;
    Ok(())
}

fn ignored() -> Tested {
    let network = routed()?;
    let plain = format!(
        "page_after = \"1s\"\n{}",
        watching(&network.block, "far", "60s")
    );
    let ignoring = format!("{plain}ignore = true\nowner = \"team-payments\"\n");
    let daemon = Daemon::start(&place_in(&network.block, &ignoring)?, &[])?;
    let pair = Pair::across(&network)?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;

    // It is found all the same, and says what it would be without the rule.
    let finding = daemon.await_finding(pair.client_address()?, "stall")?;
    assert_eq!(finding["cause"], "blackholed", "{finding}");
    assert_eq!(finding["severity"], "none", "{finding}");
    assert_eq!(finding["severity_before_rules"], "page", "{finding}");
    daemon.await_sweeps(3)?;
    assert_eq!(pages(&daemon)?, Vec::<Value>::new());

    // It hangs still, so it pages as soon as nobody ignores it, under the team's name.
    reload(&daemon, &format!("{plain}owner = \"team-payments\"\n"))?;
    let page = await_page(&daemon, "firing")?;
    assert_eq!(page["path_owner"], "team-payments", "{page}");

    // And is over as soon as somebody does, with the reason.
    reload(&daemon, &ignoring)?;
    let over = await_page(&daemon, "over")?;
    let reason = over["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("ignore"), "{over}");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn conf_dir() -> Tested {
    let (files, network) = (tempfile::tempdir()?, routed()?);
    let server = format!("{}/32", network.server_address());
    let team = files.path().join("team.toml");
    fs::write(&team, path("teams", &[&server], "1s"))?;
    // At the top, before all tables.
    let settings = format!(
        "conf_dir = {:?}\n{}",
        files.path(),
        watching(&network.block, "others", "10m")
    );
    let daemon = Daemon::start(&place_in(&network.block, &settings)?, &[])?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?;
    let finding = daemon.await_finding(client, "crossed")?;
    assert_eq!(finding["path"], "teams", "{finding}");

    // What it had before stays in force, the log names file and line, and so do the metrics that something is wrong.
    fs::write(&team, "[[path]]\nname = \"teams\"\ntimeout = \"soon\"\n")?;
    reload(&daemon, &settings)?;
    let at_fault = format!("{}:3: ", team.display());
    eventually("the log names the line", || {
        let log = daemon.log()?;
        Ok(log.contains(&at_fault).then_some(()).ok_or(log))
    })?;
    assert_eq!(daemon.row(client)?["path"], "teams");
    assert_eq!(daemon.row(pair.server_address()?)?["path"], "others");
    assert_eq!(daemon.metric("config_last_reload_successful", &[])?, 0.0);
    assert_eq!(daemon.stop()?, Some(0));

    // At a start nothing is good from before.
    let place = place_in(&network.block, &settings)?;
    let refused = Daemon::start(&place, &[]).err().ok_or("it started")?;
    assert!(refused.to_string().contains(&at_fault), "{refused}");
    Ok(())
}
