//! The command that an advice gives to end a connection, tried with the real `ss`: it matches that one and no other.

use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use monitor_judge::ss_kill;
use monitor_lab::network::namespace::Namespace;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

pub const TESTS: &[Test] = &[Test::as_root(
    "the_command_of_an_advice_ends_that_connection_and_none_beside_it",
    ends_one,
)];

/// Connections between the same two addresses.
const SIBLINGS: usize = 3;

/// What nothing here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both ends of connections to one listener.
struct Connections(Vec<(TcpStream, TcpStream)>);

impl Connections {
    fn open(namespace: &Namespace, listen: &str, address: &str) -> Result<Self, Failed> {
        let opened = namespace.within(|| -> std::io::Result<Self> {
            let listener = TcpListener::bind(listen)?;
            let to = format!("{address}:{}", listener.local_addr()?.port());
            let mut pairs = Vec::new();
            for _ in 0..SIBLINGS {
                let client = TcpStream::connect(&to)?;
                let (server, _) = listener.accept()?;
                for end in [&client, &server] {
                    end.set_read_timeout(Some(PATIENCE))?;
                }
                pairs.push((client, server));
            }
            Ok(Self(pairs))
        })?;
        Ok(opened?)
    }
}

/// As the kernel side shows it: an IPv4-mapped address is one of IPv4.
fn shown(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Runs `command` in the namespace, and answers the connections that it lists.
fn run(namespace: &Namespace, command: &str) -> Result<Vec<String>, Failed> {
    let output = Command::new("ip")
        .args(["netns", "exec", namespace.name()])
        .args(command.split_whitespace())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !errors.is_empty() {
        return Err(format!("{command}: {errors}").into());
    }
    Ok(said.lines().map(str::to_owned).collect())
}

fn exchange(client: &TcpStream, server: &TcpStream) -> std::io::Result<()> {
    let (mut client, mut server) = (client, server);
    let mut byte = [0];
    client.write_all(b"a")?;
    server.read_exact(&mut byte)?;
    server.write_all(b"A")?;
    client.read_exact(&mut byte)
}

fn ends_one() -> Tested {
    let namespace = Namespace::create(0, "ss")?;
    for (listen, address) in [
        ("127.0.0.1:0", "127.0.0.1"),
        ("[::1]:0", "[::1]"),
        // The server's sockets are of IPv6, their addresses IPv4-mapped.
        ("[::]:0", "127.0.0.1"),
    ] {
        for of_server in [false, true] {
            let connections = Connections::open(&namespace, listen, address)?;
            let [(client, server), rest @ ..] = &connections.0[..] else {
                return Err("no connections".into());
            };
            let ours = if of_server { server } else { client };
            let command = ss_kill(shown(ours.local_addr()?), shown(ours.peer_addr()?));
            let look = command.replace("ss -tK", "ss -Htn");
            assert_eq!(run(&namespace, &look)?.len(), 1, "{look}");
            run(&namespace, &command)?;
            let mut ours = ours;
            let error = ours.read_exact(&mut [0]).map_err(|error| error.kind());
            assert_eq!(error, Err(ErrorKind::ConnectionAborted), "{command}");
            assert_eq!(run(&namespace, &look)?, [""; 0], "{look}");
            for (client, server) in rest {
                exchange(client, server)?;
            }
        }
    }
    Ok(())
}
