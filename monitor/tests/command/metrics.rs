//! `/metrics` as Prometheus and its users read it.

use crate::common::net::Pair;
use crate::common::place::{place_in, watched_network};
use crate::common::run::{finish, finish_with, promtool, tcplull};
use crate::common::{Test, Tested, eventually, is};
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::prometheus::sum;
use serde_json::Value;
use std::process::Command;

pub const TESTS: &[Test] = &[
    Test::with_promtool("promtool_finds_nothing_to_complain_of", promtool_check),
    Test::as_root(
        "every_hook_is_shown_with_the_mechanism_that_check_names",
        hooks,
    ),
    Test::as_root("a_silent_connection_is_counted_once_at_each_end", counted),
];

fn promtool_check() -> Tested {
    let promtool = promtool().ok_or("promtool is neither on PATH nor unpacked: cargo xtask setup")?;
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let pair = Pair::across(&network)?;
    // With events in the series, and an alert.
    daemon.await_finding(pair.client_address()?, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "survived")?;
    let text = daemon.metrics()?;
    let ended = finish_with(Command::new(promtool).args(["check", "metrics"]), &text)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("", ""),
        "{text}"
    );
    Ok(())
}

fn hooks() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let text = daemon.metrics()?;
    let ended = finish(&mut tcplull(["check", "--json", "--config", "/dev/null"]))?;
    let report: Value = serde_json::from_str(&ended.stdout)?;
    let hooks = report["hooks"].as_array().ok_or("no hooks")?;
    assert!(!hooks.is_empty(), "{report}");
    for hook in hooks {
        let name = hook["hook"].as_str().ok_or("a hook without a name")?;
        let mechanism = hook["mechanism"].as_str().unwrap_or("none");
        let labels = [("hook", name), ("mechanism", mechanism)];
        assert_eq!(
            sum(&text, "tcplull_hook_info", &labels),
            Some(1.0),
            "{text}"
        );
        assert_ne!(mechanism, "none", "{report}");
    }
    let shown = text
        .lines()
        .filter(|line| line.starts_with("tcplull_hook_info{"));
    assert_eq!(shown.count(), hooks.len(), "{text}");
    Ok(())
}

fn counted() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let quiet = [("path", "quiet")];
    assert_eq!(daemon.metric("crossed_total", &quiet)?, 0.0);
    let pair = Pair::across(&network)?;
    // Both ends live on this host.
    let crossed_now = [("path", "quiet"), ("silence", "crossed")];
    eventually("both ends are seen silent", || {
        Ok(is(daemon.metric("connections", &crossed_now)?, 2))
    })?;
    daemon.await_sweeps(3)?;
    assert_eq!(
        daemon.metric("crossed_total", &quiet)?,
        2.0,
        "one silence, one finding"
    );
    // Until a sweep has seen it: on a busy machine that may take longer than the next silence.
    eventually("no end is silent", || {
        pair.exchange()?;
        Ok(is(daemon.metric("connections", &crossed_now)?, 0))
    })?;
    // It crosses again, and that is another silence.
    eventually("both ends crossed a second time", || {
        let crossed = daemon.metric("crossed_total", &quiet)?;
        Ok((crossed >= 4.0).then_some(()).ok_or(crossed))
    })
}
