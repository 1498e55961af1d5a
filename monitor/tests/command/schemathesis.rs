//! The API of a running daemon is what its document says, whatever it is asked: Schemathesis makes questions up from the
//! document, right ones and wrong ones, and holds each answer to it.

use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watching};
use crate::common::run::{SCHEMATHESIS, finish_within, program};
use crate::common::{Test, Tested};
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::http::get_on;
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::time::Duration;

pub const TESTS: &[Test] = &[Test::with_schemathesis(
    "whatever_is_asked_the_answer_is_as_the_document_says",
    asked,
)];

/// What is not asked: findings come for as long as one listens, and what acts on sockets is told on the inspection socket
/// alone.
const LEFT_OUT: [&str; 3] = ["/api/v1/findings", "/api/v1/cuts", "/api/v1/heal/stop"];

/// Some hundred questions take seconds of a processor that others may want, too.
const ASKED: Duration = Duration::from_secs(300);

/// So many questions of a phase for each resource, at the most.
const QUESTIONS: &str = "15";

fn asked() -> Tested {
    let (files, network) = (tempfile::tempdir()?, routed()?);
    let hash = bcrypt::hash_with_salt("secret", 4, [7; 16])?;
    let web = files.path().join("web.yml");
    fs::write(&web, format!("basic_auth_users:\n  sre: {hash}\n"))?;
    let settings = format!(
        "{}[history]\ndir = {:?}\n[web]\napi = true\nopen_health = true\nconfig_file = {web:?}\n",
        watching(&network.block, "quiet", "1s"),
        files.path().join("history"),
    );
    let place = place_in(&network.block, &settings)?;
    let daemon = Daemon::start(&place, &[])?;
    // There is something to answer.
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    let document = files.path().join("openapi.json");
    let reply = get_on(&place.socket(), "/api/v1/openapi.json", "*/*")?;
    fs::write(&document, &reply.body)?;
    let mut asking = Command::new(program(SCHEMATHESIS)?);
    asking
        .arg("run")
        .arg(&document)
        .args(["--url", &format!("http://{}", place.listen())])
        .args(["--auth", "sre:secret", "--no-color"])
        .args(LEFT_OUT.iter().flat_map(|path| ["--exclude-path", path]))
        // Any text may be a filter for what the document knows, and few are.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", QUESTIONS])
        .args(["--seed", "1", "--generation-database", "none"])
        // Rows are held to their forms elsewhere: it reads no lines of JSON.
        .args(["--request-timeout", "10", "--warnings", "off"])
        // What it keeps goes with this.
        .env("HOME", files.path())
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .current_dir(files.path());
    let ended = finish_within(ASKED, &mut asking, "")?;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    // Nothing was left out but what was said.
    let document: Value = serde_json::from_str(&reply.body)?;
    let all = document["paths"].as_object().ok_or("paths")?.len();
    for part in [
        format!("Selected: {}/{all}", all - LEFT_OUT.len()),
        format!("Tested: {}", all - LEFT_OUT.len()),
    ] {
        assert!(ended.stdout.contains(&part), "{part}: {}", ended.stdout);
    }
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
