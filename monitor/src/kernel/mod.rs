//! The way to the kernel: offsets, load, attach, ring, sweep. Facts come out of
//! here, and no conclusions.

mod clock;
mod cost;
mod error;
mod forced;
mod hooks;
mod kind;
mod misses;
mod offsets;
mod paths;
mod preflight;
mod raw;
mod ring;
mod rows;
mod sample;
mod signs;
mod sweep;
mod totals;
mod trim;

pub use clock::{Reading, SleepLog, jiffy_ns};
pub use cost::ProgramCost;
pub use error::KernelError;
pub use forced::{ForcedHook, UnknownHook};
pub use hooks::{HookStatus, Refusal};
pub use paths::TablePath;
pub use preflight::{check as check_privileges, release};
pub use ring::FactRing;
pub use signs::SignStatus;
pub use sweep::{SweepReport, Sweeper};
pub use totals::Totals;

use aya::maps::{Array, LpmTrie, Map, MapData, PerCpuArray, RingBuf};
use aya::{Btf, EbpfLoader, Endianness};
use monitor_common::{GapHistogram, RING_BYTES, Settings};
use offsets::KernelTypes;
use raw::Raw;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where kernels describe their types.
pub const VMLINUX_BTF: &str = "/sys/kernel/btf/vmlinux";

/// After a gap an untroubled suspect is watched for so long: an RTO that has
/// grown to several seconds still fits three times.
const PROBATION: Duration = Duration::from_secs(60);

/// Facts of one suspicion: a black hole gives about thirty in fifteen minutes
/// (15 retransmissions, RFC 9293 R2, and what the application still sends).
const FACT_BUDGET: u32 = 256;

/// The object of the kernel side, built with this binary.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/monitor-ebpf"));

/// How the kernel side is to be loaded.
#[derive(Clone, Debug)]
pub struct Options {
    /// File with this kernel's BTF.
    pub btf: PathBuf,
    /// Silences below this are not looked at.
    pub min_gap: Duration,
    /// Size of the ring in bytes, a power of two of pages; `None` for the default.
    pub ring_bytes: Option<u32>,
    /// Whether the hooks are attached too; without them only sweeps work, which is
    /// all that a listing needs.
    pub hooks: bool,
    /// Hooks that only one kind of mechanism may serve.
    pub forced: Vec<ForcedHook>,
}

/// The loaded kernel side.
pub struct Kernel {
    /// Facts as they come.
    pub ring: FactRing,
    /// Runs sweeps, and keeps the hooks attached.
    pub sweeper: Sweeper,
    /// Paths and counters.
    pub tables: Tables,
    /// What serves each hook.
    pub hooks: Vec<HookStatus>,
    /// Which signs of a forged ACK the facts carry.
    pub signs: Vec<SignStatus>,
}

/// The maps that user space writes and reads besides the ring.
pub struct Tables {
    paths: paths::PathTable,
    counters: Arc<totals::Counters>,
    gaps: PerCpuArray<MapData, Raw<GapHistogram>>,
    misses: misses::Misses,
}

impl Tables {
    /// Puts paths in force; answers the path id of the first, the others follow.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn set_paths(&mut self, paths: &[TablePath]) -> Result<u32, KernelError> {
        self.paths.set(paths)
    }

    /// Counter totals since the load.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn totals(&self) -> Result<Totals, KernelError> {
        totals::read(&self.counters)
    }

    /// Gaps seen on one path, or with `None` on connections without one.
    ///
    /// # Errors
    ///
    /// [`KernelError::Map`].
    pub fn gaps(&self, path_id: Option<u32>) -> Result<GapHistogram, KernelError> {
        totals::read_gaps(&self.gaps, path_id)
    }

    /// Calls since the load for which the kernel did not run a hook's program, by
    /// program. Empty on a kernel that does not say (before 5.12).
    pub fn program_misses(&self) -> Vec<(String, u64)> {
        self.misses.read()
    }
}

impl Kernel {
    /// Loads and attaches the kernel side.
    ///
    /// # Errors
    ///
    /// Each [`KernelError`] names its cause and the remedy.
    pub fn load(options: &Options) -> Result<Self, KernelError> {
        preflight::check()?;
        let types = KernelTypes::read(&options.btf)?;
        let offsets = types.offsets()?;
        let settings = settings(options, &types)?;
        drop(types);
        let btf = Btf::parse_file(&options.btf, Endianness::default()).map_err(|error| {
            KernelError::NoBtf {
                path: options.btf.clone(),
                reason: error.to_string(),
            }
        })?;
        let (raw_offsets, settings) = (Raw(offsets), Raw(settings));
        let mut loader = EbpfLoader::new();
        loader
            .btf(Some(&btf))
            .override_global("OFFSETS", &raw_offsets, true)
            .override_global("SETTINGS", &settings, true);
        let ring_bytes = options.ring_bytes.unwrap_or(RING_BYTES);
        loader.map_max_entries("FACTS", ring_bytes);
        let mut ebpf = loader.load(OBJECT).map_err(|source| KernelError::Load {
            reason: first_line(&source.to_string()),
            source: Box::new(source),
        })?;

        let ring = FactRing::new(
            take(&mut ebpf, "FACTS", RingBuf::try_from)?,
            u64::from(ring_bytes),
        );
        let counters = Arc::new(take(&mut ebpf, "COUNTERS", PerCpuArray::try_from)?);
        let order = take(&mut ebpf, "SWEEP_ORDER", Array::try_from)?;
        let mut hooks = if options.hooks {
            hooks::attach_all(&mut ebpf, &btf, &options.forced)?
        } else {
            Vec::new()
        };
        let tables = Tables {
            paths: paths::PathTable::new(
                take(&mut ebpf, "PATH_PREFIXES", LpmTrie::try_from)?,
                take(&mut ebpf, "PATHS", Array::try_from)?,
            ),
            counters: Arc::clone(&counters),
            gaps: take(&mut ebpf, "GAPS", PerCpuArray::try_from)?,
            misses: misses::Misses::of(&ebpf),
        };
        let (sweeper, sweeps) = Sweeper::new(ebpf, &btf, order, counters);
        // Without any sweep a host full of connections would look empty.
        if sweeps.iter().all(|sweep| sweep.mechanism.is_none()) {
            return Err(hooks::explain(&sweeps));
        }
        hooks.extend(sweeps);
        drop(btf);
        trim::give_memory_back();
        Ok(Self {
            ring,
            sweeper,
            tables,
            signs: signs::signs(&offsets, &hooks),
            hooks,
        })
    }
}

fn settings(options: &Options, types: &KernelTypes) -> Result<Settings, KernelError> {
    let jiffy_ns = jiffy_ns().map_err(|error| KernelError::System {
        what: "reading the length of a jiffy",
        source: error.into(),
    })?;
    let min_gap_ns = u64::try_from(options.min_gap.as_nanos()).unwrap_or(u64::MAX);
    Ok(Settings {
        min_gap_ns,
        min_gap_jiffies: u32::try_from(min_gap_ns / u64::from(jiffy_ns))
            .unwrap_or(u32::MAX)
            .max(1),
        jiffy_ns,
        probation_ns: u64::try_from(PROBATION.as_nanos()).unwrap_or(u64::MAX),
        fact_budget: FACT_BUDGET,
        retransmit_has_err: u32::from(
            types
                .tracepoint_arguments("tcp_retransmit_skb")
                .is_some_and(|arguments| arguments >= 3),
        ),
    })
}

fn take<T>(
    ebpf: &mut aya::Ebpf,
    name: &'static str,
    convert: impl FnOnce(Map) -> Result<T, aya::maps::MapError>,
) -> Result<T, KernelError> {
    let map = ebpf
        .take_map(name)
        .ok_or(KernelError::Incomplete { name })?;
    convert(map).map_err(|source| KernelError::Map { name, source })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
