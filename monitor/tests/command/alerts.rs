//! Alerts as they outlive their daemon.

use crate::common::net::routed;
use crate::common::place::{hanging, pages, place_in, watching};
use crate::common::run::{finish, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;

pub const TESTS: &[Test] = &[
    Test::as_root("a_page_outlives_a_daemon_that_is_killed", killed),
    Test::as_root(
        "a_restart_within_the_wait_goes_on_counting",
        within_the_wait,
    ),
    Test::as_root("a_file_that_is_none_is_left_aside_with_one_line", broken),
    Test::as_root(
        "an_alert_by_its_name_has_each_connection_that_is_in_it",
        by_name,
    ),
];

/// Waits until there is one page, in this state, with one connection in trouble.
fn await_page(daemon: &Daemon, state: &str) -> Result<Value, Failed> {
    eventually(&format!("there is a page that is {state}"), || {
        let pages = pages(daemon)?;
        let [page] = &pages[..] else {
            return Ok(Err(format!("{pages:?}")));
        };
        let is = page["state"] == state && page["connections"] == 1;
        Ok(if is {
            Ok(page.clone())
        } else {
            Err(page.to_string())
        })
    })
}

fn killed() -> Tested {
    let network = routed()?;
    let (place, daemon, pair) = hanging(&network, "1s")?;
    let client = pair.client_address()?;
    let before = await_page(&daemon, "firing")?;
    // What changed is written within a second.
    let file = place.path("tcplull.sock.alerts");
    eventually("the alerts are in their file", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let fired = text.contains("\"fired_ns\":") && !text.contains("\"fired_ns\":null");
        Ok(if fired { Ok(()) } else { Err(text) })
    })?;
    assert_eq!(fs::metadata(&file)?.mode() & 0o777, 0o600);
    daemon.kill();

    let daemon = Daemon::start(&place, &[])?;
    let after = pages(&daemon)?;
    assert_eq!(after.len(), 1, "{after:?}");
    for member in ["name", "state", "since", "fired", "owner", "count"] {
        assert_eq!(after[0][member], before[member], "{member}: {after:?}");
    }
    // It is found to hang still, and that is the same page.
    let finding = daemon.await_finding(client, "stall")?;
    assert_eq!(finding["cause"], "blackholed", "{finding}");
    assert_eq!(finding["severity"], "page", "{finding}");
    daemon.await_sweeps(3)?;
    let page = await_page(&daemon, "firing")?;
    assert_eq!(
        (&page["since"], &page["count"]),
        (&before["since"], &before["count"])
    );
    let log = daemon.log()?;
    assert!(!log.contains("on far fires"), "{log}");
    network.path_comes_back()?;
    eventually("nobody is in trouble any more", || {
        let pages = pages(&daemon)?;
        let over = pages.iter().all(|page| page["connections"] == 0);
        Ok(if over {
            Ok(())
        } else {
            Err(format!("{pages:?}"))
        })
    })
}

fn within_the_wait() -> Tested {
    let network = routed()?;
    let (place, daemon, _pair) = hanging(&network, "15s")?;
    let before = await_page(&daemon, "pending")?;
    assert_eq!(daemon.stop()?, Some(0));
    let daemon = Daemon::start(&place, &[])?;
    let page = await_page(&daemon, "firing")?;
    assert_eq!(page["since"], before["since"], "{page}");
    Ok(())
}

fn broken() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "60s"))?;
    fs::write(place.path("tcplull.sock.alerts"), "{")?;
    let daemon = Daemon::start(&place, &[])?;
    let log = daemon.await_log("alerts begin anew")?;
    assert_eq!(log.matches("alerts begin anew").count(), 1, "{log}");
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn by_name() -> Tested {
    let network = routed()?;
    let (place, daemon, pair) = hanging(&network, "1s")?;
    await_page(&daemon, "firing")?;
    let socket = place.socket().display().to_string();
    let asked = ["alerts", "blackholed", "--json", "--socket", &socket];
    let ended = finish(&mut tcplull(asked))?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines = ended.stdout.lines().map(serde_json::from_str);
    let lines = lines.collect::<Result<Vec<Value>, _>>()?;
    let (alerts, connections): (Vec<_>, Vec<_>) = lines
        .iter()
        .partition(|line| line["schema"] == "tcplull.alert/1");
    assert!(
        alerts.iter().all(|alert| alert["name"] == "blackholed"),
        "{alerts:?}"
    );
    // The other end waits for nothing, and is in none.
    let far = connections.iter().filter(|row| row["path"] == "far");
    let far: Vec<_> = far.map(|row| &row["connection"]["local"]).collect();
    assert_eq!(
        far,
        [&pair.client_address()?.to_string()],
        "{connections:?}"
    );

    let text = finish(&mut tcplull(["alerts", "blackholed", "--socket", &socket]))?;
    assert!(text.stdout.contains("VERDICT"), "{text:?}");
    let unknown = finish(&mut tcplull(["alerts", "blackhold", "--socket", &socket]))?;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("'blackholed'"), "{unknown:?}");
    Ok(())
}
