//! Each line that scripts read is as its JSON Schema in docs/schema says, out of a running daemon.

use crate::common::net::Pair;
use crate::common::place::watched_network;
use crate::common::{Test, Tested, eventually};
use jsonschema::Validator;
use libtest_mimic::Failed;
use monitor_lab::testbed::Watch;
use monitor_model::told::schemas;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::mpsc::channel;

pub const TESTS: &[Test] = &[Test::as_root(
    "every_line_for_scripts_is_as_its_schema_says",
    as_their_schemas_say,
)];

/// What holds lines to the schemas, by the name that they have.
pub fn validators() -> Result<BTreeMap<&'static str, Validator>, Failed> {
    let mut validators = BTreeMap::new();
    for (name, schema) in schemas() {
        let options = jsonschema::options().should_validate_formats(true);
        validators.insert(name, options.build(&schema)?);
    }
    Ok(validators)
}

/// Holds `line` to the schema of this name.
fn holds(validators: &BTreeMap<&str, Validator>, name: &str, line: &Value) {
    assert_eq!(line["schema"], name, "{line}");
    let wrong: Vec<String> = validators[name]
        .iter_errors(line)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}: {line}");
}

fn as_their_schemas_say() -> Tested {
    let validators = validators()?;
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let (watched, lines) = channel();
    let hear = move |line: String| {
        // The test may be over.
        let _ = watched.send(line);
    };
    let watch = Watch::start(&daemon, hear)?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?;
    daemon.await_finding(client, "crossed")?;
    let tickets = eventually("the silence is a ticket", || {
        let alerts: Vec<Value> = daemon.ask("alerts")?;
        Ok(if alerts.is_empty() {
            Err("no alert")
        } else {
            Ok(alerts)
        })
    })?;
    for alert in &tickets {
        holds(&validators, "tcplull.alert/1", alert);
    }
    let rows: Vec<Value> = daemon.ask("ls")?;
    assert!(rows.len() >= 2, "{rows:?}");
    for row in &rows {
        holds(&validators, "tcplull.connection/1", row);
    }
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    let logged = daemon.finding_lines()?;
    assert_eq!(daemon.stop()?, Some(0));
    watch.finish();
    let watched: Vec<String> = lines.iter().collect();
    assert!(watched.len() >= 4 && logged.len() >= 4, "{watched:?}");
    for line in watched.iter().chain(&logged) {
        holds(
            &validators,
            "tcplull.finding/1",
            &serde_json::from_str(line)?,
        );
    }
    Ok(())
}
