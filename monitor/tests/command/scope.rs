//! Each kind of scope shows exactly the connections that `ss` shows for it, in every way of watching.

use crate::common::net::{Pair, at, routed, serve};
use crate::common::place::{path, place_in, watching};
use crate::common::run::{finish, tcplull, watches_per_socket};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::network::cgroup::Cgroup;
use monitor_lab::network::namespace::Namespace;
use monitor_lab::testbed::{Daemon, Place, Watch};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

pub const TESTS: &[Test] = &[
    Test::as_root("ls_shows_for_each_kind_what_ss_shows", listed),
    Test::as_root(
        "each_kind_is_told_as_ss_shows_it_watching_globally",
        globally,
    ),
    Test::by_snapshots(
        "each_kind_is_told_as_ss_shows_it_watching_by_snapshots",
        by_snapshots,
    ),
    Test::per_socket(
        "each_kind_is_told_as_ss_shows_it_watching_per_socket",
        per_socket,
    ),
    Test::as_root("watch_chooses_among_what_a_daemon_tells", chosen),
    Test::as_root("a_unit_that_is_started_anew_is_found_again", anew),
    Test::as_root(
        "a_finding_says_that_siblings_are_of_the_scope_only",
        siblings,
    ),
    Test::as_root("what_a_scope_names_and_is_not_there_is_said", missing),
];

/// Local addresses.
type Addresses = BTreeSet<String>;

/// Processes in several cgroups and namespaces, each with one connection to the server of a network.
struct Crowd {
    holders: Vec<Guarded>,
    /// The server's ends.
    accepted: Vec<TcpStream>,
    /// Each goes before the one that it is in.
    groups: Vec<Cgroup>,
    /// A name that no other unit has.
    unit: String,
    network: Network,
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // A cgroup can go once nobody is in it.
        self.holders.clear();
        self.groups.drain(..).for_each(drop);
    }
}

/// A shell that connects, says a byte, and waits.
fn holder(host: &Namespace, group: Option<&Cgroup>, to: SocketAddr) -> Result<Guarded, Failed> {
    let mut command = Command::new("ip");
    let script = "exec 3<>/dev/tcp/$0/$1 && printf x >&3 && exec sleep 600";
    command
        .args(["netns", "exec", host.name(), "bash", "-c", script])
        .args([to.ip().to_string(), to.port().to_string()])
        .stdin(Stdio::null());
    if let Some(group) = group {
        group.hold(&mut command)?;
    }
    Ok(Guarded::start(&mut command)?)
}

impl Crowd {
    /// One in a cgroup, two in one below it, one in that of a unit, one in none, one in another namespace.
    fn gather() -> Result<Self, Failed> {
        let network = routed()?;
        let listener = serve(&network)?;
        let to = at(network.server_address(), 5432);
        let outer = Cgroup::create()?;
        let name = format!("{}.service", outer.name());
        let unit = outer.below(&name)?;
        let inner = outer.below("worker")?;
        let mut crowd = Self {
            holders: Vec::new(),
            accepted: Vec::new(),
            groups: vec![inner, unit, outer],
            unit: name,
            network,
        };
        for place in [Some(0), Some(0), Some(1), Some(2), None] {
            let group = place.and_then(|place: usize| crowd.groups.get(place));
            let holder = holder(&crowd.network.client, group, to)?;
            crowd.join(holder, &listener)?;
        }
        let elsewhere = holder(&crowd.network.middlebox, None, to)?;
        crowd.join(elsewhere, &listener)?;
        Ok(crowd)
    }

    fn join(&mut self, holder: Guarded, listener: &TcpListener) -> Tested {
        self.holders.push(holder);
        let (stream, _) = listener.accept()?;
        self.accepted.push(stream);
        Ok(())
    }

    fn outer(&self) -> Result<&Cgroup, Failed> {
        Ok(self.groups.last().ok_or("no cgroup")?)
    }

    /// What the server says to all of them.
    fn say(&mut self) -> Tested {
        for stream in &mut self.accepted {
            stream.write_all(b"y")?;
        }
        Ok(())
    }

    /// Lines of `ss` about all their ends, each with the namespace's name before it.
    fn ss(&self) -> Result<Vec<(String, String)>, Failed> {
        let mut lines = Vec::new();
        for host in [
            &self.network.client,
            &self.network.middlebox,
            &self.network.server,
        ] {
            let mut command = Command::new("ss");
            command.args(["-HtnpO", "--cgroup", "state", "established"]);
            // `ip netns exec` would hide the cgroups' names.
            let ended = host.within(|| finish(&mut command))??;
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let own = ended.stdout.lines().map(str::to_owned);
            lines.extend(own.map(|line| (host.name().to_owned(), line)));
        }
        Ok(lines)
    }

    /// The flags of each kind of scope, and the local addresses that `ss` shows for it.
    fn kinds(&self) -> Result<Vec<(Vec<String>, Addresses)>, Failed> {
        let lines = self.ss()?;
        let of = |fits: &dyn Fn(&str, &str) -> bool| -> Addresses {
            let found = lines.iter().filter(|(host, line)| fits(host, line));
            // Receive queue, send queue, local address.
            let local = found.filter_map(|(_, line)| line.split_whitespace().nth(2));
            local.map(str::to_owned).collect()
        };
        let group = self.outer()?.path();
        let below = |line: &str, group: &str| {
            let mut words = line.split_whitespace();
            words.any(|word| {
                let rest = word
                    .strip_prefix("cgroup:")
                    .and_then(|path| path.strip_prefix(group));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let pid = self.holders.first().ok_or("no process")?.pid();
        let client = self.network.client.name();
        let netns = self.network.client.path().display().to_string();
        let unit = format!("{group}/{}", self.unit);
        let process = format!("pid={pid},");
        let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
        let kinds = vec![
            (
                flags(&["--cgroup", &group]),
                of(&|_, line| below(line, &group)),
            ),
            (
                flags(&["--cgroup", &format!("{group}/worker")]),
                of(&|_, line| below(line, &format!("{group}/worker"))),
            ),
            (flags(&["--netns", &netns]), of(&|host, _| host == client)),
            (
                flags(&["--netns", &pid.to_string()]),
                of(&|host, _| host == client),
            ),
            (
                flags(&["--unit", &self.unit]),
                of(&|_, line| below(line, &unit)),
            ),
            (
                flags(&["--pid", &pid.to_string()]),
                of(&|_, line| line.contains(&process)),
            ),
            (
                flags(&["--netns", &netns, "--cgroup", &group]),
                of(&|host, line| host == client && below(line, &group)),
            ),
        ];
        let counts: Vec<usize> = kinds.iter().map(|(_, found)| found.len()).collect();
        assert_eq!(counts, [4, 2, 5, 5, 1, 1, 4], "{lines:#?}");
        Ok(kinds)
    }
}

fn flagged(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

fn local(shown: &Value) -> String {
    shown["connection"]["local"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn listed() -> Tested {
    let crowd = Crowd::gather()?;
    for (flags, expected) in crowd.kinds()? {
        let mut command = tcplull(["ls", "--json", "--config", "/dev/null"]);
        let ended = finish(command.args(&flags))?;
        assert_eq!(ended.code, Some(0), "{flags:?} {ended:?}");
        let rows = ended.stdout.lines().map(serde_json::from_str::<Value>);
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        // Those of the namespace that are closing are none of the crowd.
        let shown: Addresses = rows.iter().map(local).collect();
        assert_eq!(shown, expected, "{flags:?}");
    }
    Ok(())
}

/// A place whose paths are those of the crowd, under which silences of tenths of a second count, and without any scope
/// but what flags say.
fn place(network: &Network) -> Result<Place, Failed> {
    let settings = format!("{}[scope]\n", watching(&network.block, "quiet", "1s"));
    place_in(&network.block, &settings)
}

/// The local addresses of which `lines` conclude `name`.
fn concluded(lines: &[String], name: &str) -> Result<Addresses, Failed> {
    let mut found = Addresses::new();
    for line in lines {
        let finding: Value = serde_json::from_str(line)?;
        if finding["kind"] == name || finding["outcome"] == name {
            found.insert(local(&finding));
        }
    }
    Ok(found)
}

fn globally() -> Tested {
    told(&["--watch", "global"])
}

fn by_snapshots() -> Tested {
    told(&["--watch", "snapshots"])
}

fn per_socket() -> Tested {
    assert!(watches_per_socket());
    told(&["--watch", "per-socket"])
}

/// Silences that cross, and what ends them, are told of just the connections of each scope; no other socket is watched.
fn told(way: &[&str]) -> Tested {
    let mut crowd = Crowd::gather()?;
    let places = (0..crowd.kinds()?.len()).map(|_| place(&crowd.network));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let mut watched = Vec::new();
    for ((flags, expected), place) in crowd.kinds()?.into_iter().zip(&places) {
        let daemon = Daemon::start(place, &[way, &flagged(&flags)].concat())?;
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let ear = Arc::clone(&heard);
        let watch = Watch::start(&daemon, move |line| {
            ear.lock().expect("nobody panics with it").push(line);
        })?;
        watched.push((flags, expected, daemon, heard, watch));
    }
    for (flags, expected, daemon, ..) in &watched {
        eventually(&format!("{flags:?} are found silent"), || {
            let found = concluded(&daemon.finding_lines()?, "crossed")?;
            Ok(if found == *expected {
                Ok(())
            } else {
                Err(format!("{found:?}"))
            })
        })?;
        daemon.await_sweeps(3)?;
        let rows: Vec<Value> = daemon.ask("ls")?;
        let shown: Addresses = rows.iter().map(local).collect();
        assert_eq!(shown, *expected, "{flags:?}");
        assert_eq!(daemon.metric("scope_found", &[])?, 1.0, "{flags:?}");
        if way.contains(&"per-socket") {
            let marks = daemon.metric("watched_sockets_added_total", &[])?;
            // And one of its own at the start, to see whether that works.
            assert_eq!(
                marks,
                expected.len() as f64 + 1.0,
                "{flags:?}: no other is watched"
            );
        }
    }
    crowd.say()?;
    for (flags, expected, daemon, heard, watch) in watched {
        await_survived(&flags, &heard, &expected)?;
        daemon.await_sweeps(3)?;
        let all: Addresses = daemon
            .finding_lines()?
            .iter()
            .map(|line| serde_json::from_str(line).map(|finding| local(&finding)))
            .collect::<Result<_, _>>()?;
        assert_eq!(all, expected, "{flags:?}: of no other is anything told");
        drop(watch);
        assert_eq!(daemon.stop()?, Some(0));
    }
    Ok(())
}

/// Waits until those who speak again are told of, all that are `expected` and no others.
fn await_survived(flags: &[String], heard: &Mutex<Vec<String>>, expected: &Addresses) -> Tested {
    eventually(&format!("{flags:?} speak again"), || {
        let lines = heard.lock().expect("nobody panics with it").clone();
        let found = concluded(&lines, "survived")?;
        Ok(if found == *expected {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        })
    })
}

/// One daemon tells of all; each listener hears what its flags choose.
fn chosen() -> Tested {
    let mut crowd = Crowd::gather()?;
    let daemon = Daemon::start(&place(&crowd.network)?, &[])?;
    let mut watches = Vec::new();
    for (flags, expected) in crowd.kinds()? {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let ear = Arc::clone(&heard);
        let hear = move |line| ear.lock().expect("nobody panics with it").push(line);
        let watch = Watch::start_with(&daemon, &flagged(&flags), hear)?;
        watches.push((flags, expected, heard, watch));
    }
    let ends: Addresses = crowd
        .accepted
        .iter()
        .map(|end| end.local_addr().map(|own| own.to_string()))
        .collect::<Result<_, _>>()?;
    assert_eq!(ends.len(), 1);
    eventually("all are found silent", || {
        let found = concluded(&daemon.finding_lines()?, "crossed")?;
        // Six clients, and the server's address.
        Ok(if found.len() == 7 {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        })
    })?;
    crowd.say()?;
    for (flags, expected, heard, watch) in watches {
        await_survived(&flags, &heard, &expected)?;
        drop(watch);
        let lines = heard.lock().expect("nobody panics with it").clone();
        for line in lines {
            let finding: Value = serde_json::from_str(&line)?;
            assert!(expected.contains(&local(&finding)), "{flags:?} {line}");
        }
    }
    Ok(())
}

/// A unit that is started anew has a cgroup of another id.
fn anew() -> Tested {
    let network = routed()?;
    let listener = serve(&network)?;
    let to = at(network.server_address(), 5432);
    let outer = Cgroup::create()?;
    let name = format!("{}.service", outer.name());
    let daemon = Daemon::start(&place(&network)?, &["--unit", &name])?;
    assert_eq!(
        daemon.metric("scope_found", &[])?,
        0.0,
        "it is not there yet"
    );
    for _ in 0..2 {
        let unit = outer.below(&name)?;
        let holder = holder(&network.client, Some(&unit), to)?;
        let (accepted, client) = listener.accept()?;
        let finding = daemon.await_finding(client, "crossed")?;
        assert_eq!(finding["owner"]["unit"], name, "{finding}");
        drop((holder, accepted));
        drop(unit);
        eventually("the unit is gone", || {
            let found = daemon.metric("scope_found", &[])?;
            Ok(if found == 0.0 { Ok(()) } else { Err(found) })
        })?;
    }
    Ok(())
}

fn siblings() -> Tested {
    for scoped in [true, false] {
        let network = routed()?;
        let place = if scoped {
            place_in(&network.block, &watching(&network.block, "quiet", "1s"))?
        } else {
            place(&network)?
        };
        let daemon = Daemon::start(&place, &[])?;
        let pair = Pair::across(&network)?;
        let client = pair.client_address()?;
        daemon.await_finding(client, "crossed")?;
        network.path_dies()?;
        (&pair.client).write_all(b"x")?;
        let finding = daemon.await_finding(client, "blackholed")?;
        let facts = finding["evidence"].as_array().ok_or("no evidence")?;
        let said = |name: &str| facts.iter().any(|fact| fact["fact"] == name);
        assert!(said("siblings_moving"), "{finding}");
        assert_eq!(said("siblings_in_scope_only"), scoped, "{finding}");
    }
    Ok(())
}

fn missing() -> Tested {
    let network = routed()?;
    let daemon = Daemon::start(&place(&network)?, &["--cgroup", "/tcplull-nonexistent"])?;
    assert_eq!(daemon.metric("scope_found", &[])?, 0.0);
    daemon.await_log("cgroup /tcplull-nonexistent is not there")?;
    assert_eq!(daemon.ask::<Value>("ls")?, Vec::<Value>::new());
    for (flags, part) in [
        (
            ["--unit", "tcplull-nonexistent"],
            "unit tcplull-nonexistent is not there",
        ),
        (
            ["--netns", "/run/netns/tcplull-nonexistent"],
            "is not there",
        ),
        (["--pid", "1073741824"], "there is no process 1073741824"),
    ] {
        let mut command = tcplull(["ls", "--config", "/dev/null"]);
        finish(command.args(flags))?.refused(3, &[part]);
    }
    let mut file = tempfile::NamedTempFile::new()?;
    writeln!(file, "[scope]\nunit = \"tcplull-nonexistent\"")?;
    writeln!(
        file,
        "{}[path.heal]\nkeepalive = \"auto\"",
        path("far", &["192.0.2.0/24"], "4m")
    )?;
    let mut command = tcplull(["heal", "--dry-run", "--config"]);
    finish(command.arg(file.path()))?.refused(3, &["unit tcplull-nonexistent is not there"]);
    let mut command = tcplull(["ls", "--config", "/dev/null", "--unit", "a/b"]);
    let ended = finish(&mut command)?;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    Ok(())
}
