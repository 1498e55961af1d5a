//! The path table, as the kernel side looks it up.

use crate::error::KernelError;
use crate::pod::Pod;
use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{Array, MapData};
use ipnet::IpNet;
use monitor_common::{
    ANY_PORT, Family, MAX_PATHS, NO_PATH_WARN_NS, PathClock, PathEntry, PathKey, PathMatch,
};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A path as it is written into the table.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePath {
    /// Prefixes of remote addresses.
    pub remote: Vec<IpNet>,
    /// Remote ports; empty for all.
    pub ports: Vec<u16>,
    /// The idle timeout.
    pub timeout: Duration,
    /// From this silence on a connection is suspect.
    pub warn: Duration,
    /// The clock that the path's middlebox counts by.
    pub clock: PathClock,
}

/// The table in the kernel. Two generations share it: a new one is written beside
/// the old one, whose prefixes go last, so no look-up meets an empty table.
pub(crate) struct PathTable {
    prefixes: LpmTrie<MapData, Pod<PathKey>, Pod<PathMatch>>,
    entries: Array<MapData, Pod<PathEntry>>,
    live: HashSet<(u32, PathKey)>,
    /// First path id of the generation in force.
    first: u32,
    least_threshold: LeastThreshold,
}

/// Paths of one generation, at most.
const GENERATION: u32 = MAX_PATHS / 2;

impl PathTable {
    pub(crate) fn new(
        prefixes: LpmTrie<MapData, Pod<PathKey>, Pod<PathMatch>>,
        entries: Array<MapData, Pod<PathEntry>>,
    ) -> Self {
        Self {
            prefixes,
            entries,
            live: HashSet::new(),
            first: GENERATION,
            least_threshold: LeastThreshold::of(&[]),
        }
    }

    /// What the thresholds in force come to, now and later.
    pub(crate) fn least_threshold(&self) -> LeastThreshold {
        self.least_threshold.clone()
    }

    /// Puts these paths in force; answers the path id of the first, the others follow it. Paths
    /// beyond half of [`MAX_PATHS`] are left out (the configuration refuses so many).
    pub(crate) fn set(&mut self, paths: &[TablePath]) -> Result<u32, KernelError> {
        let first = if self.first == 0 { GENERATION } else { 0 };
        let least_ns = least_ns(paths);
        // Until the last entry is written both generations are in force.
        self.least_threshold.lower(least_ns);
        let mut wanted = HashSet::new();
        for (path_id, path) in (first..first + GENERATION).zip(paths) {
            let entry = PathEntry {
                warn_ns: nanos(path.warn),
                timeout_ns: nanos(path.timeout),
                clock: path.clock as u32,
                reserved: 0,
            };
            self.entries
                .set(path_id, Pod(entry), 0)
                .map_err(KernelError::map("PATHS"))?;
            for (bits, key) in keys(path) {
                let found = PathMatch {
                    path_id,
                    prefix_bits: bits,
                };
                let trie_key = Key::new(PathKey::FIXED_BITS + bits, Pod(key));
                self.prefixes
                    .insert(&trie_key, Pod(found), 0)
                    .map_err(KernelError::map("PATH_PREFIXES"))?;
                wanted.insert((bits, key));
            }
        }
        for (bits, key) in self.live.difference(&wanted) {
            let trie_key = Key::new(PathKey::FIXED_BITS + bits, Pod(*key));
            self.prefixes
                .remove(&trie_key)
                .map_err(KernelError::map("PATH_PREFIXES"))?;
        }
        self.live = wanted;
        self.first = first;
        self.least_threshold.put(least_ns);
        Ok(first)
    }
}

/// Below this there is no threshold, in ns: shared with who sweeps.
#[derive(Clone, Debug)]
pub(crate) struct LeastThreshold(Arc<AtomicU64>);

impl LeastThreshold {
    fn of(paths: &[TablePath]) -> Self {
        Self(Arc::new(AtomicU64::new(least_ns(paths))))
    }

    pub(crate) fn ns(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn lower(&self, ns: u64) {
        self.0.fetch_min(ns, Ordering::AcqRel);
    }

    fn put(&self, ns: u64) {
        self.0.store(ns, Ordering::Release);
    }
}

/// The least of the thresholds of these paths, and of connections without one.
fn least_ns(paths: &[TablePath]) -> u64 {
    let of_paths = paths.iter().map(|path| path.warn.min(path.timeout));
    of_paths.map(nanos).fold(NO_PATH_WARN_NS, u64::min)
}

/// Each prefix with each port, and how many bits of the address count.
fn keys(path: &TablePath) -> Vec<(u32, PathKey)> {
    let ports = match path.ports.as_slice() {
        [] => &[ANY_PORT],
        some => some,
    };
    let prefixes = path.remote.iter();
    let each = prefixes.flat_map(|prefix| ports.iter().map(|port| (*prefix, *port)));
    each.map(|(prefix, port)| (u32::from(prefix.prefix_len()), key(prefix, port)))
        .collect()
}

fn key(prefix: IpNet, port: u16) -> PathKey {
    let mut address = [0; 16];
    let family = match prefix {
        IpNet::V4(prefix) => {
            address[..4].copy_from_slice(&prefix.network().octets());
            Family::Ipv4
        }
        IpNet::V6(prefix) => {
            address = prefix.network().octets();
            Family::Ipv6
        }
    };
    PathKey {
        family: (family as u16).to_be_bytes(),
        port: port.to_be_bytes(),
        address,
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(warn: u64) -> TablePath {
        TablePath {
            remote: Vec::new(),
            ports: Vec::new(),
            timeout: Duration::from_secs(3_600),
            warn: Duration::from_secs(warn),
            clock: PathClock::Packets,
        }
    }

    #[test]
    fn no_threshold_is_below_the_least_also_while_paths_are_changed() {
        let least = LeastThreshold::of(&[]);
        let swept_with = least.clone();
        assert_eq!(swept_with.ns(), NO_PATH_WARN_NS, "without any path");
        least.put(least_ns(&[warning(180), warning(3)]));
        assert_eq!(swept_with.ns(), 3_000_000_000);
        least.lower(least_ns(&[warning(30)]));
        assert_eq!(swept_with.ns(), 3_000_000_000, "the old paths still hold");
        least.put(least_ns(&[warning(30)]));
        assert_eq!(swept_with.ns(), 30_000_000_000);
    }

    #[test]
    fn a_path_with_two_prefixes_and_two_ports_makes_four_entries() {
        let path = TablePath {
            remote: vec![
                "10.0.0.0/8".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            ports: vec![443, 5432],
            timeout: Duration::from_secs(240),
            warn: Duration::from_secs(180),
            clock: PathClock::Packets,
        };
        let made = keys(&path);
        assert_eq!(made.len(), 4);
        assert_eq!(made[0].0, 8);
        assert_eq!(made[0].1.family, [0, 4]);
        assert_eq!(made[0].1.port, [1, 187]);
        assert_eq!(made[0].1.address[..4], [10, 0, 0, 0]);
        assert_eq!(made[3].0, 32);
        assert_eq!(made[3].1.family, [0, 6]);
        assert_eq!(made[3].1.address[..4], [0x20, 0x01, 0x0d, 0xb8]);
    }
}
