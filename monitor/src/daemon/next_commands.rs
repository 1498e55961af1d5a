//! What to run next for one connection, on its host: commands that see this connection and no other.

use monitor_judge::ss_filter;
use monitor_model::detail::{ConnectionDetail, NextCommand};
use monitor_model::finding::Role;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The namespaces that processes of a host begin in, and this process's own where nobody may look there.
const NAMESPACES: [&str; 2] = ["/proc/1/ns/net", "/proc/self/ns/net"];

/// Where `ip netns` keeps the namespaces that have names.
const NAMED: &str = "/run/netns";

/// So many of them are looked through, at most.
const MOST_NAMED: usize = 4_096;

/// The commands, each within the connection's network namespace.
pub(super) fn of(told: &ConnectionDetail) -> Vec<NextCommand> {
    let connection = &told.connection;
    let ends = (
        connection.local.parse::<SocketAddr>(),
        connection.remote.parse::<SocketAddr>(),
    );
    let (Ok(local), Ok(remote)) = ends else {
        return Vec::new();
    };
    let mut namespaces = NAMESPACES.iter().filter_map(|file| inode(Path::new(file)));
    let host = namespaces.next();
    let netns = u64::from(connection.netns);
    let elsewhere = netns != 0 && host.is_some_and(|host| host != netns);
    let (within, note) = match within(netns, told.owner.pid).filter(|_| elsewhere) {
        Some(within) => (within, String::new()),
        None if !elsewhere => (String::new(), String::new()),
        None => {
            let note = format!(", in network namespace {netns} (lsns -t net has its processes)");
            (String::new(), note)
        }
    };
    let command = |about: &str, command: String| NextCommand {
        about: format!("{about}{note}"),
        command: format!("{within}{command}"),
    };
    let mut commands = Vec::new();
    if told.row.is_some() {
        commands.push(command(
            "the socket, as the kernel has it",
            format!("ss -tnoei {}", ss_filter(local, remote)),
        ));
    }
    commands.push(command(
        "its segments, as they come",
        format!(
            "tcpdump -nni any 'tcp and host {} and port {} and port {}'",
            remote.ip(),
            remote.port(),
            local.port()
        ),
    ));
    let asked = conntrack(local, remote, connection.role);
    commands.push(NextCommand {
        about: "what this host's own NAT and firewall know of it".to_owned(),
        command: asked.clone(),
    });
    if elsewhere {
        let about = "what those of its own network namespace do";
        commands.push(command(about, asked));
    }
    commands
}

fn inode(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|file| file.ino())
}

/// What runs a command in this network namespace: by the process, unless it holds a socket of a namespace that it is not in,
/// or by the namespace's name.
fn within(netns: u64, pid: Option<u32>) -> Option<String> {
    let of_process = pid.filter(|pid| {
        let file = format!("/proc/{pid}/ns/net");
        inode(Path::new(&file)) == Some(netns)
    });
    if let Some(pid) = of_process {
        return Some(format!("nsenter -t {pid} -n "));
    }
    let named = fs::read_dir(NAMED).ok()?.take(MOST_NAMED);
    let mut files = named.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.find(|file| inode(file) == Some(netns))?;
    let name = file.file_name()?.to_str()?;
    // Whatever a shell would read otherwise is no name for it.
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.chars()
        .all(is_plain)
        .then(|| format!("nsenter --net={NAMED}/{name} "))
}

/// The entry of conntrack whose original direction is that of who called.
fn conntrack(local: SocketAddr, remote: SocketAddr, role: Role) -> String {
    let family = if remote.is_ipv4() { "ipv4" } else { "ipv6" };
    let (from, to) = match role {
        Role::Client => (local, remote),
        Role::Server => (remote, local),
    };
    format!(
        "conntrack -L -f {family} -p tcp --orig-src {} --orig-dst {} --orig-port-src {} --orig-port-dst {}",
        from.ip(),
        to.ip(),
        from.port(),
        to.port()
    )
}
