//! Every filter shows exactly the connections that `ss` shows for the same words, on the same sockets.

use crate::common::net::routed;
use crate::common::run::{finish, tcplull};
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

pub const TESTS: &[Test] = &[
    Test::as_root("words_of_ss_show_what_ss_shows", words_of_ss),
    Test::as_root("flags_show_what_ss_shows_for_the_same", flags),
    Test::as_root(
        "what_is_sorted_is_in_order_and_says_what_it_leaves_out",
        sorted,
    ),
];

/// Both ends of a connection, as both programs may write them.
type Ends = (SocketAddr, SocketAddr);

/// Connections within one host, of all kinds that can be told apart.
struct Host {
    network: Network,
    _kept: Vec<(TcpStream, TcpStream)>,
}

/// Where servers listen: IPv4, another address of it, IPv6, and IPv6 that IPv4 clients reach.
const SERVERS: [&str; 4] = [
    "127.0.0.1:7001",
    "127.0.0.2:7002",
    "[::1]:7003",
    "[::]:7004",
];

impl Host {
    fn make() -> Result<Self, Failed> {
        let network = routed()?;
        let kept = network.client.within(|| -> io::Result<_> {
            let mut kept = Vec::new();
            for server in SERVERS {
                let listener = TcpListener::bind(server)?;
                let port = listener.local_addr()?.port();
                let to = match port {
                    7004 => SocketAddr::from(([127, 0, 0, 1], port)),
                    _ => listener.local_addr()?,
                };
                for nth in 0..3 {
                    let mut client = TcpStream::connect(to)?;
                    let (mut accepted, _) = listener.accept()?;
                    client.write_all(b"ask")?;
                    // One is left unread, one is half closed.
                    if nth > 0 {
                        accepted.read_exact(&mut [0; 3])?;
                    }
                    if nth == 2 {
                        accepted.shutdown(Shutdown::Write)?;
                        client.read_to_end(&mut Vec::new())?;
                    }
                    kept.push((client, accepted));
                }
            }
            Ok(kept)
        })??;
        Ok(Self {
            network,
            _kept: kept,
        })
    }

    /// What `ss` shows for these words.
    fn ss(&self, words: &str) -> Result<BTreeSet<Ends>, Failed> {
        let mut command = Command::new("ss");
        command.arg("-tHnO").args(words.split(' '));
        let ended = self.network.client.within(|| finish(&mut command))??;
        assert_eq!(ended.code, Some(0), "{words}: {ended:?}");
        let ends = |line: &str| {
            // With a state among the words its column is not there.
            let mut fields = line.split_whitespace().rev();
            let (remote, local) = (fields.next()?, fields.next()?);
            Some((address(local)?, address(remote)?))
        };
        let lines = ended.stdout.lines();
        let read = lines.map(|line| ends(line).ok_or_else(|| format!("ss says {line:?}").into()));
        read.collect()
    }

    /// What `ls` says with these arguments.
    fn ls(&self, arguments: &[&str]) -> Result<Vec<Value>, Failed> {
        let netns = self.network.client.path().display().to_string();
        let mut command = tcplull(["ls", "--json", "--netns", &netns]);
        let ended = finish(command.args(arguments))?;
        assert!(
            matches!(ended.code, Some(0 | 1)) && ended.stderr.is_empty(),
            "{arguments:?}: {ended:?}"
        );
        let lines = ended.stdout.lines();
        Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    fn shows_as_ss(&self, arguments: &[&str], words: &str) -> Tested {
        let rows = self.ls(arguments)?;
        let end = |row: &Value, end: &str| address(row["connection"][end].as_str()?);
        let ends = |row: &Value| Some((end(row, "local")?, end(row, "remote")?));
        let shown: Option<BTreeSet<Ends>> = rows.iter().map(ends).collect();
        let expected = self.ss(words)?;
        assert!(!expected.is_empty(), "{words}: nothing is left to compare");
        assert_eq!(shown, Some(expected), "{arguments:?} and ss {words}");
        Ok(())
    }
}

/// IPv4 that is written as IPv6 is IPv4.
fn address(text: &str) -> Option<SocketAddr> {
    let address: SocketAddr = text.parse().ok()?;
    let ip: IpAddr = address.ip().to_canonical();
    Some(SocketAddr::new(ip, address.port()))
}

fn words_of_ss() -> Tested {
    let host = Host::make()?;
    for words in [
        "state connected",
        "state synchronized",
        "state established",
        "state close-wait",
        "state fin-wait-2",
        "exclude established",
        "dst 127.0.0.2",
        "src 127.0.0.2",
        "src 127.0.0.0/8",
        "dst [::1]",
        "dst [::1]:7003",
        "dst 127.0.0.1:7001",
        "dst 127.0.0.1",
        "dport = :7001",
        "sport = :7001",
        "sport eq :7002",
        "dport ne :7001 and sport ne :7001",
        "dport >= :7002 and dport <= :7003",
        "dport gt :7002 and dport lt :7005",
        "( dport = :7001 or dport = :7003 )",
        "state established ( sport = :7001 or sport = :7004 )",
        "not dport = :7001 and not sport = :7001",
        "! ( dport = :7001 or sport = :7001 )",
        "src 127.0.0.0/8 and dport = :7004",
        "dst 127.0.0.0/8 or dport = :7003",
    ] {
        host.shows_as_ss(&["--filter", words], words)?;
    }
    Ok(())
}

fn flags() -> Tested {
    let host = Host::make()?;
    for (flags, words) in [
        (&["--remote", "127.0.0.2"][..], "dst 127.0.0.2"),
        (&["--local", "127.0.0.0/8"], "src 127.0.0.0/8"),
        (&["--remote", "[::1]:7003"], "dst [::1]:7003"),
        (&["--port", "7001"], "( sport = :7001 or dport = :7001 )"),
        (
            &["--port", "7001,7002"],
            "( sport = :7001 or dport = :7001 or sport = :7002 or dport = :7002 )",
        ),
        (
            &["--port", "7001-7002"],
            "( ( sport >= :7001 and sport <= :7002 ) or ( dport >= :7001 and dport <= :7002 ) )",
        ),
        (&["--remote-port", "7003"], "dport = :7003"),
        (&["--local-port", "7003"], "sport = :7003"),
        (&["--remote-port", "!7003"], "! dport = :7003"),
        (
            &["--not", "port 7001"],
            "! ( sport = :7001 or dport = :7001 )",
        ),
        (&["--state", "close-wait"], "state close-wait"),
        (&["--state", "established"], "state established"),
        (
            &["--state", "established", "--remote-port", "7001"],
            "state established dport = :7001",
        ),
        (
            &["--filter", "remote 127.0.0.1 and not port 7004"],
            "dst 127.0.0.1 and ! ( sport = :7004 or dport = :7004 )",
        ),
    ] {
        host.shows_as_ss(flags, words)?;
    }
    // What ss has no words for: it shows them, and they are counted.
    let unread = host.ls(&["--filter", "unread > 0"])?;
    assert_eq!(
        unread.len(),
        SERVERS.len(),
        "one of each server is left unread"
    );
    Ok(())
}

fn sorted() -> Tested {
    let host = Host::make()?;
    let all = host.ls(&[])?.len();
    let rows = host.ls(&["--sort", "remote"])?;
    assert_eq!(rows.len(), all);
    let ends = |row: &Value| {
        let end = address(row["connection"]["remote"].as_str()?)?;
        Some((end.ip(), end.port()))
    };
    let ends: Vec<_> = rows.iter().map(ends).collect();
    assert!(ends.is_sorted(), "{ends:?}");
    let netns = host.network.client.path().display().to_string();
    let arguments = ["ls", "--netns", &netns, "--sort", "-remote", "--limit", "2"];
    let ended = finish(&mut tcplull(arguments))?;
    assert_eq!(ended.stdout.lines().count(), 3, "{ended:?}");
    let left_out = format!("{} more are left out", all - 2);
    assert!(ended.stderr.contains(&left_out), "{ended:?}");
    let arguments = ["ls", "--netns", &netns, "--sort", "remot"];
    let ended = finish(&mut tcplull(arguments))?;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("remote"), "{ended:?}");
    Ok(())
}
