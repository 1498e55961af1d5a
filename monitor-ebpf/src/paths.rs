//! Which path a connection takes, and how long a silence makes it a suspect there.

use crate::counters::add;
use crate::globals::setting;
use crate::scope;
use crate::sock::{Addresses, Route, TcpSock};
use crate::verifier::hidden;
use aya_ebpf::macros::map;
use aya_ebpf::maps::lpm_trie::Key;
use aya_ebpf::maps::{Array, LpmTrie, PerCpuArray};
use monitor_common::{
    ANY_PORT, Family, GapHistogram, MAX_PATHS, NO_PATH, NO_PATH_WARN_NS, PathClock, PathEntry,
    PathKey, PathMatch, flags,
};

/// Entries of the prefix table: both generations of a reload at once.
const MAX_PREFIXES: u32 = 8192;

#[map]
static PATH_PREFIXES: LpmTrie<PathKey, PathMatch> = LpmTrie::with_max_entries(MAX_PREFIXES, 0);

#[map]
static PATHS: Array<PathEntry> = Array::with_max_entries(MAX_PATHS, 0);

/// One histogram for each path; the last entry is for connections without a path.
#[map]
static GAPS: PerCpuArray<GapHistogram> = PerCpuArray::with_max_entries(MAX_PATHS + 1, 0);

/// What a silence on a connection is measured against.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Threshold {
    /// Index into the path table, or `NO_PATH`.
    pub path_id: u32,
    /// A [`PathClock`] as its number.
    pub clock: u32,
    /// From this silence on the connection is suspect, in ns.
    pub warn_ns: u64,
    /// The path's idle timeout in ns; `u64::MAX` without a path.
    pub timeout_ns: u64,
}

/// Where no path is configured.
const NO_PATH_THRESHOLD: Threshold = Threshold {
    path_id: NO_PATH,
    clock: PathClock::Packets as u32,
    warn_ns: NO_PATH_WARN_NS,
    timeout_ns: u64::MAX,
};

/// The threshold for a connection, and the bits of [`flags`] that say how its peer is reached; `None` on loopback, where
/// no middlebox is, and outside the scope, of which nothing is told.
#[inline(always)]
pub fn threshold(sock: TcpSock) -> Option<(Threshold, u32)> {
    if scope::leaves_out(sock) {
        return None;
    }
    threshold_in_scope(sock)
}

/// The same for a connection that is known to be within the scope.
#[inline(always)]
pub fn threshold_in_scope(sock: TcpSock) -> Option<(Threshold, u32)> {
    let found = find(sock);
    let found = hidden(&found)?;
    (found.route & flags::LOOPBACK == 0).then_some((found.threshold, found.route))
}

/// What was found, in plain numbers.
#[derive(Clone, Copy)]
#[repr(C)]
struct Found {
    threshold: Threshold,
    /// Bits of [`flags`].
    route: u32,
    /// Always zero.
    reserved: u32,
}

#[inline(always)]
fn find(sock: TcpSock) -> Found {
    let Addresses {
        family,
        local,
        remote,
    } = sock.addresses();
    let route = sock.route(family);
    if matches!(route, Route::Loopback) || local == remote {
        return Found {
            threshold: NO_PATH_THRESHOLD,
            route: flags::LOOPBACK,
            reserved: 0,
        };
    }
    let threshold = match most_specific(family, remote, sock.skc_dport()) {
        // By a prefix of /0 only a peer behind a gateway has a path: one on this link passes
        // no middlebox, and if the route is unknown, a false path is worse than none.
        Some(found) if found.prefix_bits > 0 || matches!(route, Route::Gateway) => {
            match PATHS.get(found.path_id) {
                Some(path) if path.warn_ns > 0 => Threshold {
                    path_id: found.path_id,
                    clock: path.clock,
                    warn_ns: path.warn_ns,
                    timeout_ns: path.timeout_ns,
                },
                _ => NO_PATH_THRESHOLD,
            }
        }
        _ => NO_PATH_THRESHOLD,
    };
    Found {
        threshold,
        route: route.flags(),
        reserved: 0,
    }
}

/// The longest prefix wins, whether its path is for all ports or for this `port` (network
/// order). Of two equally long ones the one for this port wins.
#[inline(always)]
fn most_specific(family: Family, remote: [u8; 16], port: u16) -> Option<PathMatch> {
    let mut key = Key::new(
        PathKey::FULL_BITS,
        PathKey {
            family: (family as u16).to_be_bytes(),
            port: port.to_ne_bytes(),
            address: remote,
        },
    );
    let with_port = PATH_PREFIXES.get(&key).copied();
    key.data.port = ANY_PORT.to_be_bytes();
    let any_port = PATH_PREFIXES.get(&key).copied();
    match (with_port, any_port) {
        (Some(with_port), Some(any_port)) if any_port.prefix_bits > with_port.prefix_bits => {
            Some(any_port)
        }
        (Some(with_port), _) => Some(with_port),
        (None, any_port) => any_port,
    }
}

/// Counts a gap that ended, in its path's histogram. A silence below `min_gap` is no gap (for
/// example, until the answer to a keepalive probe).
#[inline(always)]
pub fn count_gap(path_id: u32, gap_ns: u64) {
    if gap_ns < setting(|settings| &settings.min_gap_ns) {
        return;
    }
    let slot = if path_id < MAX_PATHS {
        path_id
    } else {
        MAX_PATHS
    };
    let Some(histogram) = GAPS.get_ptr_mut(slot) else {
        return;
    };
    // SAFETY: a value of this CPU's; only its members' addresses are taken.
    let histogram = unsafe { &mut *histogram };
    if let Some(bucket) = histogram.buckets.get_mut(GapHistogram::bucket(gap_ns)) {
        add(bucket, 1);
    }
    add(&raw mut histogram.sum_ms, gap_ns / 1_000_000);
}
