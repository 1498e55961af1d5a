//! Recordings of stories that were judged right, kept for tests that need neither
//! root nor a kernel: what the daemon was told of the story's connections, and
//! what it said.

use crate::LabError;
use crate::ends::Addresses;
use crate::network::block::Block;
use crate::truth::{Holder, Observed, Truth};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// No recording that is kept is larger, in bytes: fixtures live in the repository.
/// Connections of which nothing was said are left out beyond it.
const SIZE: usize = 300_000;

/// What belongs to a recording: `<scenario>.json` beside `<scenario>.facts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fixture {
    /// The scenario, whose truth holds for the recording too.
    pub scenario: String,
    /// Where the story's connection ran.
    pub addresses: Addresses,
    /// The client's own control group, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// Who held the client's end and the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<[Holder; 2]>,
    /// What the daemon said when it was recorded, in order.
    #[serde(rename = "said")]
    pub observed: Vec<KeptFinding>,
    /// Whether the story read, in its end, which alerts fire: they are due in a replay then.
    pub reads_alerts: bool,
    /// Connections that were left out because there were so many.
    pub connections_left_out: usize,
}

/// A finding, without its numbers and words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// [`crate::truth::Finding`]'s connection id, which begins with the cookie.
    pub connection: String,
    /// What it concludes.
    pub conclusion: String,
    /// Whom it wakes.
    pub severity: String,
    /// How sure it is.
    pub certainty: String,
}

impl KeptFinding {
    /// What `finding` says.
    pub fn of(finding: &crate::truth::Finding) -> Self {
        Self {
            connection: finding.connection.id.clone(),
            conclusion: finding.conclusion(),
            severity: finding.severity.clone(),
            certainty: finding.certainty.clone(),
        }
    }
}

impl Fixture {
    /// What was said in a story at these addresses. Nothing is kept about the end
    /// that `truth` does not look at.
    pub fn new(scenario: &str, addresses: Addresses, observed: &Observed, truth: &Truth) -> Self {
        let findings = observed.findings.iter();
        let findings = findings
            .filter(|observation| observation.end.is_none() || observation.end != truth.unwatched);
        Self {
            scenario: scenario.to_owned(),
            addresses,
            cgroup: observed.cgroup.clone(),
            holders: observed.holders,
            observed: findings
                .map(|observation| KeptFinding::of(&observation.finding))
                .collect(),
            reads_alerts: observed.alerts.is_some(),
            connections_left_out: 0,
        }
    }
}

/// Keeps `recording` in `directory`, without what other programs on this machine
/// did, and without what was seen of the end that `truth` does not look at: only
/// connections with an address in `block` stay.
///
/// # Errors
/// If a file cannot be read or written, the recording is none, or it is too large
/// although it holds nothing but connections of which something was said.
pub fn keep(
    fixture: &Fixture,
    recording: &Path,
    block: &Block,
    truth: &Truth,
    directory: &Path,
) -> Result<(), LabError> {
    let text = fs::read_to_string(recording).map_err(LabError::io("reading the recording"))?;
    let unwatched = truth.unwatched.map(|end| fixture.addresses.of(end));
    let ours = |local: Option<SocketAddr>, remote: Option<SocketAddr>| {
        let known = local.zip(remote);
        let unwatched =
            known.is_some_and(|known| unwatched.is_some_and(|all| all.contains(&known)));
        let mut seen = [local, remote].into_iter().flatten();
        !unwatched && seen.any(|address| block.contains(address.ip()))
    };
    let (facts, connections_left_out) = filtered(&text, &fixture.observed, ours)?;
    if facts.len() > SIZE {
        return Err(LabError::Premise(format!(
            "the recording would have {} bytes, more than the {SIZE} that the repository keeps: \
             let the story be shorter, or have fewer connections",
            facts.len()
        )));
    }
    let fixture = Fixture {
        connections_left_out,
        ..fixture.clone()
    };
    let json = serde_json::to_string_pretty(&fixture)
        .map_err(|error| LabError::Premise(format!("a fixture that is no JSON: {error}")))?;
    let file = |ending| directory.join(format!("{}.{ending}", fixture.scenario));
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(file("facts"), facts))
        .and_then(|()| fs::write(file("json"), json + "\n"))
        .map_err(LabError::io("writing a fixture"))
}

/// A line, and the cookie of the socket that it is about, if it is about one.
struct Line<'a> {
    text: &'a str,
    cookie: Option<u64>,
    ours: bool,
}

/// The lines to keep, and how many connections of the story were left out.
fn filtered(
    text: &str,
    observed: &[KeptFinding],
    ours: impl Fn(Option<SocketAddr>, Option<SocketAddr>) -> bool,
) -> Result<(String, usize), LabError> {
    let lines = text
        .lines()
        .map(|line| read(line, &ours))
        .collect::<Result<Vec<_>, _>>()?;
    // A socket may lose its addresses at its end, its cookie never.
    let mut order = Vec::new();
    let mut sizes = HashMap::new();
    for cookie in lines
        .iter()
        .filter(|line| line.ours)
        .filter_map(|line| line.cookie)
    {
        if sizes.insert(cookie, 0).is_none() {
            order.push(cookie);
        }
    }
    let mut size = 0;
    for line in &lines {
        match line.cookie {
            Some(cookie) => {
                if let Some(bytes) = sizes.get_mut(&cookie) {
                    *bytes += line.text.len() + 1;
                }
            }
            None => size += line.text.len() + 1,
        }
    }
    let observed_of: HashSet<u64> = observed.iter().filter_map(cookie_of).collect();
    let (first, then): (Vec<u64>, Vec<u64>) = order
        .iter()
        .partition(|cookie| observed_of.contains(cookie));
    let mut kept = HashSet::new();
    for cookie in first.into_iter().chain(then) {
        let bytes = sizes.get(&cookie).copied().unwrap_or_default();
        if observed_of.contains(&cookie) || size + bytes <= SIZE {
            size += bytes;
            kept.insert(cookie);
        }
    }
    let mut facts = String::with_capacity(size);
    for line in &lines {
        if line.cookie.is_none_or(|cookie| kept.contains(&cookie)) {
            facts.push_str(line.text);
            facts.push('\n');
        }
    }
    Ok((facts, order.len() - kept.len()))
}

fn cookie_of(kept: &KeptFinding) -> Option<u64> {
    let (cookie, _) = kept.connection.split_once('-')?;
    u64::from_str_radix(cookie, 16).ok()
}

fn read(
    text: &str,
    ours: impl Fn(Option<SocketAddr>, Option<SocketAddr>) -> bool,
) -> Result<Line<'_>, LabError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        LabError::Premise(format!("a recording has a bad line ({error}): {text}"))
    })?;
    if let Some(cookie) = value.pointer("/local_tables/cookie") {
        // It is about a connection that other lines show.
        return Ok(Line {
            text,
            cookie: cookie.as_u64(),
            ours: false,
        });
    }
    let fact = value.get("observation").or_else(|| value.get("row"));
    let Some(socket) = fact.and_then(|fact| fact.pointer("/fact/socket")) else {
        return Ok(Line {
            text,
            cookie: None,
            ours: false,
        });
    };
    let address = |end: &str, port: &str| {
        let ip = socket[end].as_str()?.parse().ok()?;
        let port = socket[port].as_u64().unwrap_or_default();
        Some(SocketAddr::new(ip, u16::try_from(port).ok()?))
    };
    Ok(Line {
        text,
        cookie: Some(socket["cookie"].as_u64().unwrap_or_default()),
        ours: ours(
            address("local", "local_port"),
            address("remote", "remote_port"),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::block::{CLIENT_SIDE, SERVER_SIDE};

    fn within(block: &Block) -> impl Fn(Option<SocketAddr>, Option<SocketAddr>) -> bool {
        |local, remote| {
            let mut seen = [local, remote].into_iter().flatten();
            seen.any(|address| block.contains(address.ip()))
        }
    }

    fn fact(cookie: u64, remote: &str, padding: usize) -> String {
        format!(
            r#"{{"observation":{{"fact":{{"socket":{{"cookie":{cookie},"remote":"{remote}"}}}},"padding":"{:padding$}"}}}}"#,
            ""
        )
    }

    fn kept(connection: &str) -> KeptFinding {
        KeptFinding {
            connection: connection.to_owned(),
            conclusion: "crossed".to_owned(),
            severity: "ticket".to_owned(),
            certainty: "observed".to_owned(),
        }
    }

    #[test]
    fn what_others_did_is_left_out_and_a_socket_keeps_its_last_words() {
        let block = Block::claim().unwrap();
        let ours = block.host(SERVER_SIDE).to_string();
        let tick = r#"{"tick":{"now_ns":1}}"#;
        let lines = [
            "{}".to_owned(),
            fact(1, &ours, 0),
            fact(2, "192.0.2.1", 0),
            tick.to_owned(),
            fact(1, "0.0.0.0", 0),
        ];
        let (kept, left_out) = filtered(&lines.join("\n"), &[], within(&block)).unwrap();
        let due = [&lines[0], &lines[1], &lines[3], &lines[4]];
        assert_eq!(kept, due.map(|line| format!("{line}\n")).concat());
        assert_eq!(left_out, 0);
    }

    #[test]
    fn of_too_many_connections_those_stay_of_which_something_was_said() {
        let block = Block::claim().unwrap();
        let ours = block.host(SERVER_SIDE).to_string();
        let lines: Vec<String> = (1..=40).map(|cookie| fact(cookie, &ours, 10_000)).collect();
        let (kept, left_out) =
            filtered(&lines.join("\n"), &[kept("28-1-2")], within(&block)).unwrap();
        assert!(kept.len() <= SIZE);
        assert!(kept.contains("\"cookie\":40,") && kept.contains("\"cookie\":1,"));
        assert!(!kept.contains("\"cookie\":39,"));
        assert_eq!(kept.lines().count() + left_out, 40);
    }

    #[test]
    fn the_end_that_is_not_looked_at_is_not_kept() {
        let block = Block::claim().unwrap();
        let place = tempfile::tempdir().unwrap();
        let recording = place.path().join("recording");
        let [client, server] =
            [CLIENT_SIDE, SERVER_SIDE].map(|side| SocketAddr::new(block.host(side), 5432));
        let socket = |cookie: u64, local: SocketAddr, remote: SocketAddr| {
            format!(
                r#"{{"observation":{{"fact":{{"socket":{{"cookie":{cookie},"local":"{}","local_port":5432,"remote":"{}","remote_port":5432}}}}}}}}"#,
                local.ip(),
                remote.ip()
            )
        };
        let lines = [
            socket(1, client, server),
            socket(2, server, client).replace("observation", "row"),
        ];
        fs::write(&recording, lines.join("\n")).unwrap();
        let addresses = Addresses {
            client: vec![(client, server)],
            server: vec![(server, client)],
        };
        let truth = Truth::of_path("stated", 4).unwatched(crate::ends::End::Server);
        let fixture = Fixture::new("one", addresses, &Observed::default(), &truth);
        keep(&fixture, &recording, &block, &truth, place.path()).unwrap();
        let kept = fs::read_to_string(place.path().join("one.facts")).unwrap();
        assert_eq!(kept, format!("{}\n", lines[0]));
    }
}
