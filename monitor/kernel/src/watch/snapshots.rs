//! Watching by snapshots: the sweep keeps one of each silent socket, and every second those sockets alone are looked at
//! again. No program runs for healthy traffic, and none enters a network namespace.

use crate::attach::HookStatus;
use crate::clock::thread_cpu;
use crate::counters::{self, CounterMap};
use crate::error::Refusal;
use crate::hook_table;
use crate::iterator;
use crate::map_iterator::MapIterator;
use crate::pod::take;
use aya::maps::{Array, Map, MapData, MapError};
use aya::programs::Iter;
use aya::{Btf, Ebpf};
use monitor_common::{Counter, MAX_SNAPSHOTS};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// What serves this way of watching, as a mechanism's name.
pub(crate) const MECHANISM: &str = "iter/bpf_sk_storage_map";

/// The program of the revisits.
const REVISIT: &str = "revisit_silent";

/// All of them.
#[cfg(test)]
pub(crate) const PROGRAMS: [&str; 1] = [REVISIT];

/// What one revisit found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revisited {
    /// Sockets that were looked at.
    pub sockets: u64,
    /// CPU time that it took.
    pub cpu: Duration,
}

/// Looks again at the sockets of which a snapshot is kept.
pub(crate) struct Snapshots {
    pass: MapIterator,
    room: Array<MapData, u64>,
    counters: Arc<CounterMap>,
    status: HookStatus,
    /// The maps that the iterator and the kernel side work with stay open.
    _kept: MapData,
}

impl Snapshots {
    /// Loads what it needs; answers why it does not work here.
    pub(crate) fn start(
        ebpf: &mut Ebpf,
        btf: &Btf,
        counters: &Arc<CounterMap>,
    ) -> Result<Self, Refusal> {
        let refusal = |error: io::Error| Refusal::new(MECHANISM, error.to_string());
        let cost = iterator::load(ebpf, btf, REVISIT, "bpf_sk_storage_map")
            .map_err(|error| Refusal::by_kernel(MECHANISM, &error))?;
        let untaken = |error| Refusal::new(MECHANISM, format!("{error}"));
        let kept = take(ebpf, "SNAPSHOTS", storage).map_err(untaken)?;
        let room = take(ebpf, "SNAPSHOT_ROOM", Array::try_from).map_err(untaken)?;
        let program: &mut Iter = ebpf
            .program_mut(REVISIT)
            .and_then(|program| program.try_into().ok())
            .ok_or_else(|| Refusal::new(MECHANISM, "the kernel side has no such program"))?;
        let fd = program
            .fd()
            .map_err(|error| Refusal::by_kernel(MECHANISM, &error))?;
        let pass = MapIterator::link(fd, kept.fd().as_fd()).map_err(refusal)?;
        let mut snapshots = Self {
            pass,
            room,
            counters: Arc::clone(counters),
            status: HookStatus {
                mechanism: Some(MECHANISM.to_owned()),
                programs: cost.into_iter().collect(),
                ..HookStatus::new(hook_table::REVISIT)
            },
            _kept: kept,
        };
        // That it runs is found out before anybody relies on it.
        snapshots.revisit().map_err(refusal)?;
        Ok(snapshots)
    }

    /// What serves in place of the hooks on every segment.
    pub(crate) fn status(&self) -> HookStatus {
        self.status.clone()
    }

    /// Looks at every socket of which a snapshot is kept; what came since is told as facts.
    pub(crate) fn revisit(&mut self) -> io::Result<Revisited> {
        let cpu = thread_cpu()?;
        let before = self.visits()?;
        self.pass.run()?;
        let sockets = self.visits()?.saturating_sub(before);
        let room = MAX_SNAPSHOTS.saturating_sub(sockets);
        self.room.set(0, room, 0).map_err(io::Error::other)?;
        Ok(Revisited {
            sockets,
            cpu: thread_cpu()?.saturating_sub(cpu),
        })
    }

    fn visits(&self) -> io::Result<u64> {
        let counters = counters::read(&self.counters).map_err(io::Error::other)?;
        Ok(counters.get(Counter::SnapshotsRevisited))
    }
}

/// Closes the program of this way.
pub(crate) fn detach(ebpf: &mut Ebpf) {
    iterator::unload(ebpf, REVISIT);
}

/// The map as it is: its values are the kernel side's alone.
fn storage(map: Map) -> Result<MapData, MapError> {
    match map {
        Map::SkStorage(data) => Ok(data),
        _ => Err(MapError::InvalidMapType { map_type: 0 }),
    }
}
