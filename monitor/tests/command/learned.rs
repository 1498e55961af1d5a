//! What a running daemon has learned of a path's timeout, as `tcplull paths` and `/metrics` tell it.

use crate::common::net::Pair;
use crate::common::place::watched_network;
use crate::common::run::tcplull;
use crate::common::{Test, Tested, eventually, is};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::run::{Ended, finish};
use serde_json::Value;

pub const TESTS: &[Test] = &[Test::as_root(
    "a_silence_that_outlives_what_was_stated_and_is_survived_contradicts_it",
    survived,
)];

/// What was learned of path "quiet" where this host spoke first, if anything was.
fn learned(daemon: &Daemon) -> Result<Option<Value>, Failed> {
    let paths: Vec<Value> = daemon.ask("paths")?;
    let quiet = paths.iter().find(|path| path["path"] == "quiet");
    let learned = &quiet.ok_or("the path is there")?["learned"];
    let mut all = learned.as_array().into_iter().flatten();
    Ok(all.find(|one| one["first_word"] == "us").cloned())
}

fn survived() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let socket = daemon.place().socket().display().to_string();
    let ask = |name: &str| finish(&mut tcplull(["paths", name, "--socket", &socket]));
    let shows = |ended: &Ended, parts: &[&str]| {
        let all = parts.iter().all(|part| ended.stdout.contains(part));
        assert!(all, "{ended:?} lacks one of {parts:?}");
    };
    let before = ask("quiet")?;
    shows(&before, &["STATED", "LEARNED", "quiet"]);
    assert_eq!(before.code, Some(0), "{before:?}");
    assert_eq!(learned(&daemon)?, None);

    let pair = Pair::across(&network)?;
    let silent = [("path", "quiet"), ("silence", "crossed")];
    eventually("both ends are silent for longer than is stated", || {
        Ok(is(daemon.metric("connections", &silent)?, 2))
    })?;
    daemon.await_sweeps(3)?;
    pair.exchange()?;
    let ours = eventually("it is learned", || {
        Ok(learned(&daemon)?.ok_or("nothing is learned"))
    })?;
    assert!(ours["at_least_seconds"].as_f64() > Some(1.0), "{ours}");
    assert_eq!(ours["at_most_seconds"], Value::Null, "{ours}");
    assert!(
        ours["prefix"].is_string() && ours["since"].is_string(),
        "{ours}"
    );

    let (status, told) = daemon.get("/api/v1/paths")?;
    assert!(status == 200 && told.contains("first_word"), "{told}");
    assert!(
        !told.contains("prefix"),
        "a stranger is told no address: {told}"
    );

    let after = ask("quiet")?;
    shows(&after, &["over ", "LONGER THAN STATED; 1 survived"]);
    assert_eq!(after.code, Some(1), "{after:?}");
    let bound = |bound| {
        daemon.metric(
            "path_timeout_seconds",
            &[("path", "quiet"), ("bound", bound)],
        )
    };
    // Each is of its own moment.
    eventually("the metric shows what was learned", || {
        let now = learned(&daemon)?.ok_or("nothing is learned")?;
        let (least, shown) = (now["at_least_seconds"].as_f64(), bound("least")?);
        Ok((least == Some(shown))
            .then_some(())
            .ok_or(format!("{least:?} {shown}")))
    })?;
    assert_eq!(bound("stated")?, 1.0);
    ask("no-such")?.refused(3, &["no path has the name \"no-such\""]);
    Ok(())
}
