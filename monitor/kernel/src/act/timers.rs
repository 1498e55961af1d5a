//! Sets timers of sockets, each by its socket's cookie, in the iterator over TCP sockets: the kernel lets no other program
//! do so, and takes the socket's lock around it. The program is loaded when it is needed first, and stays.

use super::error::ActError;
use crate::btf_file::read_btf;
use crate::cost::ProgramCost;
use crate::iterator;
use crate::pod::Pod;
use crate::watch::namespaces::{self, Finder};
use aya::Ebpf;
use aya::maps::HashMap as BpfHashMap;
use monitor_common::{MAX_TIMER_ORDERS, TimerOrder};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// The program.
pub(crate) const PROGRAM: &str = "set_timers";

/// Where it finds what is to be done.
const ORDERS: &str = "TIMER_ORDERS";

/// Where the kernel keeps how often it sends again before it gives up, for the network namespace of whoever reads it.
const RETRIES: &str = "/proc/sys/net/ipv4/tcp_retries2";

/// What is to be done with the timers of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Its socket's cookie: unique on this host since boot.
    pub cookie: u64,
    /// Inode of its network namespace.
    pub netns: u32,
    /// A process that was seen to hold it; 0 where none is known.
    pub pid: u32,
    /// What is to be done.
    pub order: TimerOrder,
}

/// Loads the program; answers what that cost, or `None` where it was loaded before.
pub(crate) fn load(ebpf: &mut Ebpf, btf: &Path) -> Result<Option<ProgramCost>, ActError> {
    if iterator::is_loaded(ebpf, PROGRAM) {
        return Ok(None);
    }
    let refused = |reason: String| ActError::Timers { reason };
    let btf = read_btf(btf).map_err(|error| refused(error.to_string()))?;
    iterator::load(ebpf, &btf, PROGRAM, "tcp").map_err(|error| refused(error.to_string()))
}

/// Carries these out, and writes what came of each into its `done`; answers why some could not be tried, by their network
/// namespaces. In each of these the host's whole table of sockets is walked, for [`MAX_TIMER_ORDERS`] at a time: how many
/// there are, bounds the caller.
pub(crate) fn set(
    ebpf: &mut Ebpf,
    btf: &Path,
    timers: &mut [Timers],
) -> Result<BTreeMap<u32, ActError>, ActError> {
    load(ebpf, btf)?;
    let own = namespaces::own().map_err(|error| ActError::Timers {
        reason: error.to_string(),
    })?;
    let mut by_namespace: BTreeMap<u32, Vec<&mut Timers>> = BTreeMap::new();
    for one in timers {
        by_namespace.entry(one.netns).or_default().push(one);
    }
    let mut finder = Finder::default();
    let mut failed = BTreeMap::new();
    for (netns, mut those) in by_namespace {
        for some in those.chunks_mut(MAX_TIMER_ORDERS as usize) {
            if let Err(error) = in_one(ebpf, own, &mut finder, netns, some) {
                failed.insert(netns, error);
                break;
            }
        }
    }
    Ok(failed)
}

fn in_one(
    ebpf: &mut Ebpf,
    own: u32,
    finder: &mut Finder,
    netns: u32,
    timers: &mut [&mut Timers],
) -> Result<(), ActError> {
    let pid = timers.first().map_or(0, |one| one.pid);
    let mut pass = |ebpf: &mut Ebpf| {
        let done = put(ebpf, timers).and_then(|()| iterator::run(ebpf, PROGRAM, |_| {}));
        // Also where that failed: no order is to be carried out by a later pass.
        done.and(take(ebpf, timers))
    };
    let done = if netns == own {
        pass(ebpf)
    } else {
        let found = finder.find(netns, pid);
        let namespace = found.ok_or(ActError::NamespaceNotFound { netns })?;
        namespaces::within(&namespace, || pass(ebpf))
    };
    done.map_err(|error| ActError::Namespace {
        netns,
        reason: error.to_string(),
    })
}

fn orders(
    ebpf: &mut Ebpf,
) -> io::Result<BpfHashMap<&mut aya::maps::MapData, u64, Pod<TimerOrder>>> {
    let map = ebpf.map_mut(ORDERS).ok_or(io::ErrorKind::NotFound)?;
    BpfHashMap::try_from(map).map_err(io::Error::other)
}

fn put(ebpf: &mut Ebpf, timers: &[&mut Timers]) -> io::Result<()> {
    let mut map = orders(ebpf)?;
    for one in timers {
        map.insert(one.cookie, Pod(one.order), 0)
            .map_err(io::Error::other)?;
    }
    Ok(())
}

fn take(ebpf: &mut Ebpf, timers: &mut [&mut Timers]) -> io::Result<()> {
    let mut map = orders(ebpf)?;
    for one in timers {
        if let Ok(Pod(order)) = map.get(&one.cookie, 0) {
            one.order = order;
            map.remove(&one.cookie).map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// How often the kernel sends again before it gives a connection of this network namespace up (`tcp_retries2`); `pid` is a
/// process that holds one. `None` where that is not to be had.
pub fn retries(netns: u32, pid: u32) -> Option<u32> {
    let read = || fs::read_to_string(RETRIES);
    let text = if namespaces::own().is_ok_and(|own| own == netns) {
        read()
    } else {
        namespaces::within(&Finder::default().find(netns, pid)?, read)
    };
    text.ok()?.trim().parse().ok()
}
