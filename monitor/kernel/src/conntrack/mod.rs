//! What this host's own tables of connections (nf_conntrack) say of one connection: in the network namespace that it lives
//! in, and in the host's, which its packets may pass. Where this host is itself the middlebox, they know.

mod entry;
mod netlink;
mod way;

use crate::watch::namespaces::{self, Finder};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
pub use way::Backend;
use way::Way;

/// Where the settings and counts of the table are, of the namespace of the thread that reads.
const SETTINGS: &str = "/proc/sys/net/netfilter";

/// What it has counted, likewise.
const COUNTERS: &str = "/proc/thread-self/net/stat/nf_conntrack";

/// The namespace of the host's first process: the host's own, where this daemon is in another.
const FIRST: &str = "/proc/1/ns/net";

/// For so long, where the namespaces are is what was seen: to look takes as long as the host has processes, and it is looked
/// again only for one that no known process is in.
const SEEN_FOR: Duration = Duration::from_secs(10);

/// The connection that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Inode of the network namespace that it lives in.
    pub netns: u32,
    /// A process that was seen to hold it there; 0 where none is known.
    pub pid: u32,
    /// Its own end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
}

/// What one table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableState {
    /// Whether it is the host's, and not that of a namespace such as a container's.
    pub host: bool,
    /// Its entry; `None` if there is none.
    pub entry: Option<TableEntry>,
    /// Whether the connection's packets are known to pass there: it lives there and the table is in use, or the host has
    /// its two ends on two interfaces.
    pub passes: bool,
    /// `nf_conntrack_tcp_timeout_established` there, in s.
    pub timeout_s: Option<u32>,
    /// Entries in it now (`nf_conntrack_count`).
    pub entries: Option<u32>,
    /// The most that it may have (`nf_conntrack_max`).
    pub most: Option<u32>,
}

/// The entry of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// Packets have passed in both directions since it was made.
    pub answered: bool,
    /// It goes after so much silence more, in s.
    pub left_s: u32,
    /// What its own end is translated to; `None` if it is not.
    pub local: Option<SocketAddr>,
    /// What the other end is translated to; `None` if it is not.
    pub remote: Option<SocketAddr>,
    /// Whether that other end can be reached from there.
    pub backend: Backend,
}

/// Whether the tables can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConntrackStatus {
    /// This host keeps none, or cannot be asked without loading a module.
    None,
    /// They can.
    Asked,
    /// This process may not.
    Refused {
        /// Why, in the kernel's words.
        reason: String,
    },
}

/// Asks this host's tables.
#[derive(Debug)]
pub struct Conntrack {
    own: Option<u32>,
    host: Option<(u32, File)>,
    /// What finds the other namespaces, and until when it goes by what it has seen.
    others: Mutex<(Finder, Instant)>,
}

impl Default for Conntrack {
    fn default() -> Self {
        let own = namespaces::own().ok();
        // Where it may not be looked into, what is asked is what is known.
        let host = namespaces::at(Path::new(FIRST)).filter(|(netns, _)| own != Some(*netns));
        let others = Mutex::new((Finder::default(), Instant::now() + SEEN_FOR));
        Self { own, host, others }
    }
}

impl Conntrack {
    /// Whether they can be asked, which no module is loaded for.
    pub fn status(&self, until: Instant) -> ConntrackStatus {
        if !is_kept() {
            return ConntrackStatus::None;
        }
        let nobody = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        match entry::find(nobody, nobody, until) {
            Ok(_) => ConntrackStatus::Asked,
            Err(error) => ConntrackStatus::Refused {
                reason: error.to_string(),
            },
        }
    }

    /// The network namespace of a connection: what is told of it in softirq names no process, so others are looked through.
    fn namespace(&self, flow: &Flow) -> Option<File> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let (finder, until) = &mut *others;
        if *until < Instant::now() {
            (*finder, *until) = (Finder::default(), Instant::now() + SEEN_FOR);
        }
        finder.find(flow.netns, flow.pid)
    }

    /// What each table says of `flow`, the host's first; those that have nothing to do with it are left out.
    ///
    /// # Errors
    /// That none can be asked, or one and the others have nothing to do with it: without CAP_NET_ADMIN, or without CAP_SYS_ADMIN
    /// in another namespace; where its own namespace is not found; or not by `until`.
    pub fn ask(&self, flow: &Flow, until: Instant) -> io::Result<Vec<TableState>> {
        if !is_kept() {
            return Ok(Vec::new());
        }
        let (mut tables, mut refused) = (Vec::new(), None);
        let mut add = |state: io::Result<Option<TableState>>| match state {
            Ok(state) => tables.extend(state.filter(TableState::concerns)),
            Err(error) => refused = Some(error),
        };
        if let Some(own) = self.own {
            add(look(flow, own, true, until));
        }
        if let Some((netns, file)) = &self.host {
            add(namespaces::within(file, || look(flow, *netns, true, until)));
        }
        let host = [self.own, self.host.as_ref().map(|(netns, _)| *netns)];
        if !host.contains(&Some(flow.netns)) {
            let its_own = || look(flow, flow.netns, false, until);
            add(match self.namespace(flow) {
                Some(file) => namespaces::within(&file, its_own),
                None => Err(io::Error::other(
                    "nobody is found in the network namespace of the connection",
                )),
            });
        }
        match refused {
            Some(error) if tables.is_empty() => Err(error),
            _ => Ok(tables),
        }
    }
}

impl TableState {
    fn concerns(&self) -> bool {
        self.entry.is_some() || self.passes
    }
}

/// Asks in this thread's namespace, whose inode is `netns`; `None` where no table is kept.
fn look(flow: &Flow, netns: u32, host: bool, until: Instant) -> io::Result<Option<TableState>> {
    let Some(entries) = setting("nf_conntrack_count") else {
        return Ok(None);
    };
    if entries == 0 && !has_tracked() {
        // No rule there asks for entries, so that there is none means nothing.
        return Ok(None);
    }
    let found = entry::find(flow.local, flow.remote, until)?;
    let passes = netns == flow.netns || found.is_some() || passes(flow, until)?;
    let entry = found.map(|found| {
        let remote = Some(found.remote).filter(|remote| *remote != flow.remote);
        // Whom we call is a backend; what it cannot be asked about is not known.
        let backend = remote.filter(|_| found.ours);
        let backend = backend.and_then(|remote| way::backend(remote.ip(), until).ok());
        TableEntry {
            answered: found.answered,
            left_s: found.left_s,
            local: Some(found.local).filter(|local| *local != flow.local),
            remote,
            backend: backend.unwrap_or(Backend::Unknown),
        }
    });
    Ok(Some(TableState {
        host,
        entry,
        passes,
        timeout_s: setting("nf_conntrack_tcp_timeout_established"),
        entries: Some(entries),
        most: setting("nf_conntrack_max"),
    }))
}

/// Whether the table of this thread's namespace was ever used: one of its counters of each processor is not zero, after their
/// names and beside the number of entries.
fn has_tracked() -> bool {
    let counters = fs::read_to_string(COUNTERS).unwrap_or_default();
    let counts = counters.lines().skip(1);
    counts
        .flat_map(|line| line.split_whitespace().skip(1))
        .any(|count| count.bytes().any(|digit| digit != b'0'))
}

/// Whether this namespace forwards between the ends: it has them on two interfaces.
///
/// # Errors
/// That nobody answered by `until`: then it is not known, which is no reason to leave its table out.
fn passes(flow: &Flow, until: Instant) -> io::Result<bool> {
    let way = |address: SocketAddr| match way::to(address.ip(), until) {
        Ok(Way::Out { interface, .. }) => Ok(Some(interface)),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Err(error)
        }
        // Also where it knows no addresses of this family.
        Ok(_) | Err(_) => Ok(None),
    };
    let ends = way(flow.local)?.zip(way(flow.remote)?);
    Ok(ends.is_some_and(|(local, remote)| local != remote))
}

/// A number of the table of this thread's namespace.
fn setting(name: &str) -> Option<u32> {
    let text = fs::read_to_string(Path::new(SETTINGS).join(name)).ok()?;
    text.trim().parse().ok()
}

/// Whether there are tables, and they can be asked as the kernel is now. A question where its part that answers
/// (nf_conntrack_netlink) is a module would load that. Where tracking itself is no module, in no distribution's kernel that
/// part is one.
fn is_kept() -> bool {
    let module = |path: &str| Path::new("/sys/module").join(path).exists();
    let built_in = !module("nf_conntrack/initstate");
    setting("nf_conntrack_count").is_some() && (built_in || module("nf_conntrack_netlink"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn where_nobody_answers_in_time_it_is_not_known_whether_packets_pass() {
        let flow = Flow {
            netns: 0,
            pid: 0,
            local: SocketAddr::from(([192, 0, 2, 77], 1)),
            remote: SocketAddr::from(([192, 0, 2, 78], 2)),
        };
        let late = passes(&flow, Instant::now()).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
        // Both are of one network, wherever that is.
        assert!(!passes(&flow, Instant::now() + Duration::from_secs(60)).unwrap());
    }

    #[test]
    fn of_a_connection_that_nobody_has_nothing_is_said() {
        let conntrack = Conntrack::default();
        let until = Instant::now() + Duration::from_secs(60);
        // TEST-NET-1 of RFC 5737, and a namespace that nobody is in.
        let flow = Flow {
            netns: 0,
            pid: 0,
            local: SocketAddr::from(([192, 0, 2, 77], 1)),
            remote: SocketAddr::from(([192, 0, 2, 78], 2)),
        };
        match conntrack.status(until) {
            ConntrackStatus::Asked => {
                let error = conntrack.ask(&flow, until).unwrap_err();
                assert!(error.to_string().contains("nobody is found"), "{error}");
                let host = Flow {
                    netns: namespaces::own().unwrap(),
                    ..flow
                };
                assert!(
                    conntrack
                        .ask(&host, until)
                        .unwrap()
                        .iter()
                        .all(|table| table.entry.is_none())
                );
            }
            ConntrackStatus::None => assert!(conntrack.ask(&flow, until).unwrap().is_empty()),
            ConntrackStatus::Refused { .. } => {}
        }
    }
}
