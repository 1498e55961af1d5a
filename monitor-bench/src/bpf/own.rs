//! The bench's own programs: empty ones, and the one that keeps something for every connection.

use super::hooked::{Hooked, failed};
use super::set::Set;
use crate::error::BenchError;
use aya::programs::{BtfTracePoint, Program, ProgramInfo};
use aya::{Btf, Ebpf, EbpfLoader};
use std::collections::HashMap;

/// The object, built with this binary.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/monitor-bench-ebpf"));

/// Each program with its tracepoint.
const PROGRAMS: &[(&str, &str)] = &[
    ("empty_send", "tcp_sendmsg_locked"),
    ("empty_receive", "tcp_probe"),
    ("empty_retransmit", "tcp_retransmit_skb"),
    ("empty_reset_in", "tcp_receive_reset"),
    ("empty_reset_out", "tcp_send_reset"),
    ("empty_state", "inet_sock_set_state"),
    ("storage_send", "tcp_sendmsg_locked"),
    ("storage_receive", "tcp_probe"),
];

/// The loaded object. Its maps live as long as this.
#[derive(Debug)]
pub struct OwnPrograms {
    _ebpf: Ebpf,
    ids: HashMap<&'static str, u32>,
}

impl OwnPrograms {
    /// Loads all of them and attaches none.
    ///
    /// # Errors
    /// [`BenchError::Load`], [`BenchError::Program`].
    pub fn load() -> Result<Self, BenchError> {
        let btf = Btf::from_sys_fs().map_err(|error| BenchError::Load(Box::new(error.into())))?;
        let mut ebpf = EbpfLoader::new()
            .btf(Some(&btf))
            .load(OBJECT)
            .map_err(|error| BenchError::Load(Box::new(error)))?;
        let mut ids = HashMap::new();
        for (name, tracepoint) in PROGRAMS {
            let failed = failed(name);
            let Some(Program::BtfTracePoint(program)) = ebpf.program_mut(name) else {
                continue;
            };
            let program: &mut BtfTracePoint = program;
            program.load(tracepoint, &btf).map_err(&failed)?;
            ids.insert(*name, program.info().map_err(&failed)?.id());
        }
        Ok(Self { _ebpf: ebpf, ids })
    }

    /// These of them, as one set that is off.
    ///
    /// # Errors
    /// [`BenchError::Program`] for one that there is not.
    pub fn set(&self, names: &[&str]) -> Result<Set, BenchError> {
        let wanted: Vec<u32> = names
            .iter()
            .filter_map(|name| self.ids.get(name).copied())
            .collect();
        hooked(&wanted).map(Set)
    }
}

/// The loaded programs with these ids, in the order of the ids, but for those that have no hook to be put on.
pub(super) fn hooked(ids: &[u32]) -> Result<Vec<Hooked>, BenchError> {
    let mut found: Vec<(usize, ProgramInfo)> = aya::programs::loaded_programs()
        // Another program's may go while they are listed.
        .filter_map(Result::ok)
        .filter_map(|info| Some((ids.iter().position(|id| *id == info.id())?, info)))
        .collect();
    found.sort_by_key(|(place, _)| *place);
    let programs = found.into_iter().map(|(_, info)| Hooked::of(info));
    programs.filter_map(Result::transpose).collect()
}
