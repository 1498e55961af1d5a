//! `tcplull probe`: the timeout of real middleboxes, whose truth is known, and what it says where there is none to be found.

use crate::common::net::{at, listen};
use crate::common::run::{Ended, TCPLULL, finish, finish_within, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::network::block::Block;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::{Middlebox, Unknown};
use monitor_lab::network::namespace::Namespace;
use monitor_lab::simulated_middlebox::{Clock, Expiry, Forged};
use serde_json::Value;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "timeout_form_sides_and_clock_of_nats_and_routers_are_found",
        by_the_kernel,
    ),
    Test::as_root(
        "boxes_that_close_reset_or_forge_are_told_as_that_and_a_dead_path_as_dead",
        simulated_ones,
    ),
    Test::as_root(
        "who_answers_for_a_port_that_is_closed_is_told",
        closed_ports,
    ),
    Test::anywhere("what_has_no_timeout_and_what_is_no_target", without_a_box),
];

/// A NAT that drops, by either family, one that answers by RST, one by ICMP; and one that is found without the other side.
fn by_the_kernel() -> Tested {
    side_by_side(&[drops, drops_over_ipv6, resets, unreachable, by_keepalive])
}

/// A proxy that closes and counts payload alone, a RST at once, a forged ACK that the other side has not heard of, and a path
/// that dies.
fn simulated_ones() -> Tested {
    side_by_side(&[finishes, resets_at_once, forges, dies])
}

/// A path that forgets nothing, few connections at once, a proxy whose server is gone, and bad input.
fn without_a_box() -> Tested {
    side_by_side(&[
        survives,
        throttles,
        closes_the_oldest,
        says_no,
        proxied,
        bad_input,
    ])
}

/// All at once, for each of them mostly waits.
pub fn side_by_side(lives: &[fn() -> Tested]) -> Tested {
    thread::scope(|scope| {
        let lives: Vec<_> = lives.iter().map(|life| scope.spawn(life)).collect();
        let ended: Vec<_> = lives.into_iter().map(|life| life.join()).collect();
        ended.into_iter().try_for_each(|life| {
            life.unwrap_or_else(|_| Err("one of them panicked, see above".into()))
        })
    })
}

/// The middleboxes of these tests forget after so many seconds.
const FORGETS: u32 = 4;

/// What a probe of such a one takes at most, on a busy machine: its own bound is ten times its longest silence, of 8 s, and two
/// minutes more, and then it says what it knows.
pub const BOUND: Duration = Duration::from_secs(210);

/// The port of the other side.
pub const PORT: u16 = 7777;

/// What runs in the namespace of a host.
pub fn within(host: &Namespace, arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host.name(), TCPLULL, "probe"]);
    command.args(arguments);
    command
}

/// The other side of a probe on that host, once it answers the other one.
pub fn other_side(
    host: &Namespace,
    from: &Namespace,
    there: SocketAddr,
) -> Result<Guarded, Failed> {
    let listens =
        Guarded::start(within(host, &["--listen", &there.to_string()]).stderr(Stdio::null()))?;
    eventually("the other side listens", || {
        let knock = || TcpStream::connect_timeout(&there, Duration::from_secs(1));
        Ok(from.within(knock)?.map(|_| ()))
    })?;
    Ok(listens)
}

/// A network with that box, and the other side of a probe on its server.
fn network(kind: &Middlebox) -> Result<(Network, Guarded), Failed> {
    network_of(Family::V4, kind)
}

/// The same, with addresses of that family.
fn network_of(family: Family, kind: &Middlebox) -> Result<(Network, Guarded), Failed> {
    let network = Network::build_with(&env::current_exe()?, family, kind)?;
    let there = at(network.server_address(), PORT);
    let listens = other_side(&network.server, &network.client, there)?;
    Ok((network, listens))
}

/// What a probe of the other side finds there.
fn probed(network: &Network) -> Result<Value, Failed> {
    let target = at(network.server_address(), PORT).to_string();
    found(within(
        &network.client,
        &[&target, "--up-to", "8s", "--json"],
    ))
}

/// What a probe finds that is to find something.
pub fn found(mut command: Command) -> Result<Value, Failed> {
    let ended = finish_within(BOUND, &mut command, "")?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(report["schema"], "tcplull.probe/1");
    assert_eq!(report["result"], "forgets", "{report:#}");
    Ok(report)
}

/// Holds what was found of one side to the truth.
fn holds(report: &Value, side: &str, expiry: &str) {
    let found = &report[side];
    let ends = ["at_least_seconds", "at_most_seconds"].map(|end| found[end].as_f64());
    let [Some(least), Some(most)] = ends else {
        panic!("{report:#}");
    };
    let truth = f64::from(FORGETS);
    assert!(least < most && (most - least) / most <= 0.051, "{report:#}");
    let middle = f64::midpoint(least, most);
    assert!((middle - truth).abs() / truth <= 0.05, "{report:#}");
    assert_eq!(found["expiry"], expiry, "{report:#}");
    // A silence as long as the timeout itself, which is a rung of the ladder, may end either way: the kernel keeps time in
    // ticks of up to 10 ms, and a simulated box is a process.
    let gaps = report["gaps"].as_array().into_iter().flatten();
    let ties = gaps.filter(|gap| {
        let lasted = gap["lasted_seconds"].as_f64().unwrap_or_default();
        gap["first_word"] == side && (lasted - truth).abs() < 0.01
    });
    let ties = ties.count() as u64;
    let odd = found["do_not_fit"].as_u64();
    assert!(odd.is_some_and(|odd| odd <= ties), "{report:#}");
}

fn nat(unknown: Unknown) -> Middlebox {
    Middlebox::Nat {
        forgets_after: FORGETS,
        unknown,
    }
}

fn simulated(clock: Clock, expiry: Expiry) -> Middlebox {
    Middlebox::simulated(Duration::from_secs(FORGETS.into()), clock, expiry)
}

fn drops() -> Tested {
    let (network, _listens) = network(&nat(Unknown::Drop))?;
    let report = probed(&network)?;
    holds(&report, "inside", "drop");
    holds(&report, "outside", "drop");
    assert_eq!(report["inside"]["seen_from_both_ends"], true);
    assert_eq!(report["keepalive"], "counts", "{report:#}");
    assert_eq!(report["clock"], "packets");
    let block = report["path_block"].as_str().ok_or("no block")?;
    let remote = format!("remote = [\"{}/32\"]", network.server_address());
    assert!(block.contains(&remote), "{block}");
    // What it says to state is a configuration.
    let place = tempfile::tempdir()?;
    let file = place.path().join("config.toml");
    fs::write(&file, block)?;
    let server = at(network.server_address(), PORT).to_string();
    let explained = finish(tcplull(["explain", "10.0.0.1", &server, "--config"]).arg(&file))?;
    assert_eq!(explained.code, Some(0), "{explained:?}");
    assert!(explained.stdout.contains("probed"), "{explained:?}");
    Ok(())
}

fn drops_over_ipv6() -> Tested {
    let (network, _listens) = network_of(Family::V6, &nat(Unknown::Drop))?;
    let report = probed(&network)?;
    holds(&report, "inside", "drop");
    holds(&report, "outside", "drop");
    assert_eq!(report["keepalive"], "counts", "{report:#}");
    let block = report["path_block"].as_str().ok_or("no block")?;
    let remote = format!("remote = [\"{}/128\"]", network.server_address());
    assert!(block.contains(&remote), "{block}");
    Ok(())
}

fn resets() -> Tested {
    let (network, _listens) = network(&nat(Unknown::Reset))?;
    let report = probed(&network)?;
    holds(&report, "inside", "reset_on_next_packet");
    holds(&report, "outside", "reset_on_next_packet");
    Ok(())
}

fn unreachable() -> Tested {
    let (network, _listens) = network(&nat(Unknown::Unreachable))?;
    let report = probed(&network)?;
    holds(&report, "inside", "unreachable");
    holds(&report, "outside", "unreachable");
    Ok(())
}

fn finishes() -> Tested {
    let (network, _listens) = network(&simulated(Clock::Payload, Expiry::FinishesBoth))?;
    let report = probed(&network)?;
    holds(&report, "inside", "fin_at_once");
    holds(&report, "outside", "fin_at_once");
    assert_eq!(report["keepalive"], "in_vain", "{report:#}");
    assert_eq!(report["clock"], "payload");
    Ok(())
}

fn resets_at_once() -> Tested {
    let (network, _listens) = network(&simulated(Clock::Packets, Expiry::ResetsBoth))?;
    let report = probed(&network)?;
    holds(&report, "inside", "reset_at_once");
    holds(&report, "outside", "reset_at_once");
    Ok(())
}

fn forges() -> Tested {
    let forges = Expiry::Forges {
        timestamps: Forged::Frozen,
        fin_after: None,
    };
    let (network, _listens) = network(&simulated(Clock::Packets, forges))?;
    let report = probed(&network)?;
    holds(&report, "inside", "forged_ack");
    // It forges in the server's name alone.
    holds(&report, "outside", "drop");
    Ok(())
}

fn dies() -> Tested {
    let (network, _listens) = network(&Middlebox::Router)?;
    let target = at(network.server_address(), PORT).to_string();
    let probe = within(&network.client, &[&target, "--up-to", "1h"]);
    let last = dead_after(probe, || Ok(network.path_dies()?))?;
    for part in ["new connections", "survived before"] {
        assert!(last.contains(part), "{last}");
    }
    Ok(())
}

/// The last line of a probe that has seen a silence survived, and then what `kills` its target: that it is dead, which is no
/// timeout.
fn dead_after(mut probe: Command, kills: impl FnOnce() -> Tested) -> Result<String, Failed> {
    let place = tempfile::tempdir()?;
    let (out, err) = (place.path().join("out"), place.path().join("err"));
    let mut probe = Guarded::start(
        probe
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?),
    )?;
    eventually("a silence is survived", || {
        let said = fs::read_to_string(&err)?;
        Ok(said.contains("s survived").then_some(()).ok_or(said))
    })?;
    kills()?;
    let code = probe.wait_within(BOUND).and_then(|status| status.code());
    let said = fs::read_to_string(&err)?;
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(fs::read_to_string(&out)?, "");
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.contains("dead") && last.contains("no timeout"),
        "{last}"
    );
    Ok(last.to_owned())
}

fn by_keepalive() -> Tested {
    let network = Network::build(&nat(Unknown::Drop))?;
    let server = at(network.server_address(), 22);
    // Nobody need take them: its kernel has.
    let _listener = listen(&network.server, server)?;
    let target = format!("tcp://{server}");
    let report = found(within(
        &network.client,
        &[&target, "--up-to", "8s", "--json"],
    ))?;
    holds(&report, "inside", "drop");
    assert_eq!(report["outside"], Value::Null);
    assert_eq!(report["clock"], Value::Null);
    Ok(())
}

/// A port on which nobody listens: its host refuses, something drops what is sent there, or answers in its place.
fn closed_ports() -> Tested {
    let (network, _listens) = network(&Middlebox::Router)?;
    let target = at(network.server_address(), PORT).to_string();
    let others = format!("tcp dport != {PORT}");
    let chain =
        |does: &str| format!("flush ruleset\ntable ip lab {{\n chain it {{\n{does}\n}}\n}}\n");
    let drops = chain(&format!(
        "type filter hook input priority filter\n{others} drop"
    ));
    let answers = chain(&format!(
        "type nat hook prerouting priority dstnat\n{others} redirect to :{PORT}"
    ));
    for (rules, found, says) in [
        ("", "refused", "refuses"),
        (&drops, "unanswered", "does not answer"),
        (&answers, "accepted", "a box answers in its place"),
    ] {
        nft(&network.server, rules)?;
        let ask = |more: &[&str]| {
            let mut asks = within(&network.client, &[&target, "--up-to", "1s"]);
            finish_within(BOUND, asks.args(more), "")
        };
        let ended = ask(&["--json"])?;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout)?;
        assert_eq!(report["closed_port"], found, "{report:#}");
        let text = ask(&[])?.stdout;
        assert!(text.contains(says), "{text}");
    }
    Ok(())
}

/// Gives that host these rules, too.
pub fn nft(host: &Namespace, rules: &str) -> Tested {
    let mut nft = Command::new("ip");
    nft.args(["netns", "exec", host.name(), "nft", "-f", "-"]);
    let ended = finish_within(BOUND, &mut nft, rules)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Ok(())
}

/// A probe to its end.
pub fn probe(arguments: &[&str]) -> Result<Ended, Failed> {
    let mut command = tcplull(["probe"]);
    Ok(finish_within(BOUND, command.args(arguments), "")?)
}

fn survives() -> Tested {
    let block = Block::claim()?;
    let there = at(block.loopback(), PORT).to_string();
    let mut listens = tcplull(["probe", "--listen", &there, "--for", "1m"]);
    let _listens = Guarded::start(listens.stderr(Stdio::null()))?;
    reachable(&there)?;
    let ended = probe(&[&there, "--up-to", "2s"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("every silence up to 2s was survived"),
        "{ended:?}"
    );
    // How far it is, is said beside it.
    ended.says(&["silences from 1s to 2s", "left at most"]);
    let too_long = probe(&[&there, "--up-to", "2h"])?;
    too_long.refused(3, &["a longer --for"]);
    Ok(())
}

fn reachable(address: &str) -> Tested {
    eventually("somebody listens", || {
        Ok(TcpStream::connect(address).map(|_| ()))
    })
}

/// A server on the block's loopback address that answers each thing that it is asked with the next of these, and then with the
/// last again and again, and closes after so long a silence.
pub fn server(
    block: &Block,
    answers: &'static [&'static [u8]],
    idle: Option<Duration>,
) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind(at(block.loopback(), 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, answers, idle));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream, answers: &[&[u8]], idle: Option<Duration>) -> io::Result<()> {
    stream.set_read_timeout(idle)?;
    let last = answers.last().copied().unwrap_or_default();
    let mut answers = answers.iter();
    while stream.read(&mut [0; 4096])? > 0 {
        stream.write_all(answers.next().unwrap_or(&last))?;
    }
    Ok(())
}

fn throttles() -> Tested {
    let block = Block::claim()?;
    let there = at(block.loopback(), PORT).to_string();
    let few = ["probe", "--listen", &there, "--at-once", "2"];
    let _listens = Guarded::start(tcplull(few).stderr(Stdio::null()))?;
    reachable(&there)?;
    let ended = probe(&[&there, "--up-to", "2s"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Ok(())
}

/// A server that closes the oldest where another comes is no path that forgets.
fn closes_the_oldest() -> Tested {
    let block = Block::claim()?;
    let target = format!("redis://{}", server_for(&block, 2, None)?);
    let ended = probe(&[&target, "--up-to", "6s"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let text = &ended.stdout;
    for part in [
        "every silence up to 6s was survived",
        "although longer ones were",
    ] {
        assert!(text.contains(part), "{text}");
    }
    Ok(())
}

/// That it has no room is no end of a silence.
fn says_no() -> Tested {
    let block = Block::claim()?;
    let no = b"-ERR max number of clients reached\r\n";
    let target = format!("redis://{}", server_for(&block, 1, Some(no))?);
    let ended = probe(&[&target, "--up-to", "2s"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let text = &ended.stdout;
    assert!(!text.contains("although longer ones were"), "{text}");
    Ok(())
}

/// A Redis that has so many clients at most: where another comes it tells that one so, and closes it, or closes the oldest
/// without a word.
fn server_for(block: &Block, most: usize, no: Option<&'static [u8]>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind(at(block.loopback(), 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut clients: Vec<TcpStream> = Vec::new();
        for mut stream in listener.incoming().flatten() {
            // Those that have left are no clients any more.
            clients.retain(|client| {
                let _ = client.set_nonblocking(true);
                let left = matches!(client.peek(&mut [0]), Ok(0));
                let _ = client.set_nonblocking(false);
                !left && client.take_error().is_ok_and(|error| error.is_none())
            });
            if clients.len() >= most {
                match no {
                    Some(no) => {
                        let _ = stream.write_all(no);
                        continue;
                    }
                    None => {
                        let _ = clients.remove(0).shutdown(Shutdown::Both);
                    }
                }
            }
            if let Ok(own) = stream.try_clone() {
                clients.push(own);
                thread::spawn(move || serve(stream, &[b"+PONG\r\n"], None));
            }
        }
    });
    Ok(address)
}

/// A proxy that holds its clients though the server behind it is gone, and one that says so.
fn proxied() -> Tested {
    let block = Block::claim()?;
    let behind = at(block.loopback(), PORT).to_string();
    let mut listens = tcplull(["probe", "--listen", &behind]);
    let mut listens = Guarded::start(listens.stderr(Stdio::null()))?;
    reachable(&behind)?;
    let proxy = TcpListener::bind(at(block.loopback(), 0))?;
    let target = proxy.local_addr()?.to_string();
    thread::spawn(move || {
        for client in proxy.incoming().flatten() {
            let behind = behind.clone();
            thread::spawn(move || hands_on(client, &behind));
        }
    });
    let probe = tcplull(["probe", &target, "--up-to", "1h"]);
    dead_after(probe, || {
        listens.kill();
        Ok(())
    })?;

    let says_so: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
    ];
    let web = format!("http://{}", server(&block, says_so, None)?);
    let ended = self::probe(&[&web, "--up-to", "2s"])?;
    ended.says(&["says nothing of the path", "502", "server is gone"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(3), ""),
        "{ended:?}"
    );
    Ok(())
}

/// Hands on what a client says, and what answers it; where nobody is there any more, it is silent.
fn hands_on(client: TcpStream, behind: &str) -> io::Result<()> {
    if let Ok(server) = TcpStream::connect(behind) {
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut to));
        let _ = io::copy(&mut &server, &mut &client);
    }
    // Until the client has enough.
    let _ = (&client).read_to_end(&mut Vec::new());
    Ok(())
}

fn bad_input() -> Tested {
    let block = Block::claim()?;
    let there = server(&block, &[b"SSH-2.0-OpenSSH_9.2\x1b[2J\r\n"], None)?;
    let port = there.port();
    let (ours, web) = (there.to_string(), format!("http://{there}"));
    let redis = format!("redis://{there}");
    for (target, says) in [
        (&ours, "no `tcplull probe --listen`"),
        (&web, "not answer in HTTP"),
        (&redis, "not answer as Redis"),
    ] {
        let ended = probe(&[target])?;
        ended.refused(3, &[says, "SSH-2.0"]);
        assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    }
    let closes = server(
        &block,
        &[b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"],
        None,
    )?;
    probe(&[&format!("http://{closes}")])?.refused(3, &["closes each connection"]);

    let silent = TcpListener::bind(at(block.loopback(), 0))?;
    let address = silent.local_addr()?.to_string();
    probe(&[&address])?.refused(3, &[&address, "nothing answered"]);
    let quits = TcpListener::bind(at(block.loopback(), 0))?;
    let address = quits.local_addr()?.to_string();
    thread::spawn(move || quits.incoming().for_each(drop));
    probe(&[&address])?.refused(3, &[&address]);
    // A port that nobody has any more.
    drop(silent);
    let nobody = at(block.loopback(), 9).to_string();
    probe(&[&nobody])?.refused(3, &["refuses connections"]);
    // Whom to trust was said: without them a login does not go over the wire in the open.
    let database = format!("postgres://sre@{there}");
    probe(&[&database, "--ca", "/nonexistent.pem"])?.refused(3, &["/nonexistent.pem"]);

    for (arguments, says) in [
        (&["224.0.0.1:7777"][..], "multicast"),
        (&["255.255.255.255:7777"], "broadcast"),
        (&["db.example"], "HOST:PORT"),
        (&[], "TARGET"),
        (&[&ours, "--up-to", "soon"], "15m"),
        (&[&ours, "--listen", ":7777"], "--listen"),
        (&["--listen", "7777"], "\":7777\""),
    ] {
        let ended = probe(arguments)?;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{ended:?}"
        );
        ended.says(&[says]);
    }
    probe(&[&ours, "--from", "1m", "--up-to", "30s"])?.refused(2, &["--from 1m", "--up-to 30s"]);
    let taken = format!("{}:{port}", block.loopback());
    probe(&["--listen", &taken])?.refused(3, &["cannot listen", &taken]);
    Ok(())
}
