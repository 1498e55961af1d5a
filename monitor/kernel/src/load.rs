//! Loading the kernel side and attaching it, from what is asked for to what works here.

use crate::attach::{self, HookStatus};
use crate::btf_file::read_btf;
use crate::clock::jiffy_ns;
use crate::error::KernelError;
use crate::hook_override::HookOverride;
#[cfg(feature = "kernel-log")]
use crate::kernel_log;
use crate::offsets::KernelTypes;
use crate::pod::{Pod, take};
use crate::ring::FactRing;
use crate::scope::{Finder, Scope, ScopeTable};
use crate::signs::{self, SignStatus};
use crate::sweep::{self, Sweeper};
use crate::tables::Tables;
use crate::watch::{self, Watcher};
use crate::watch_mode::{WatchMode, WatchStatus};
use crate::{counters, preflight};
use aya::maps::{Array, PerCpuArray, RingBuf};
use aya::{Btf, EbpfLoader};
use monitor_common::{Counter, MAX_SCOPE_SOCKETS, Offsets, RING_BYTES, Settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
    /// Which connections are told of.
    pub scope: Scope,
    /// How the hooks are attached; without them only sweeps work, which is all that a
    /// listing needs.
    pub hooks: Option<HookOptions>,
}

/// How the hooks are to be attached.
#[derive(Clone, Debug, Default)]
pub struct HookOptions {
    /// The way to watch; `None` for the best one that works here.
    pub watch: Option<WatchMode>,
    /// Hooks that only one kind of mechanism may serve.
    pub overrides: Vec<HookOverride>,
    /// The daemon's inspection socket: beside it, or under its name, is the pin
    /// of the watched sockets. `None` for who leaves nothing in the kernel: then sockets are not watched one by one, and
    /// what a daemon has left is not cleared.
    pub socket: Option<PathBuf>,
}

impl HookOptions {
    /// The way to watch that is asked for: who forces a hook on every segment asks for
    /// the way that has it.
    fn watch(&self) -> Option<WatchMode> {
        let of_hooks = || self.overrides.iter().find_map(HookOverride::watch);
        self.watch.or_else(of_hooks)
    }
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
    /// How connections are watched; `None` without hooks.
    pub watch: Option<WatchStatus>,
}

impl Kernel {
    /// Loads and attaches the kernel side.
    ///
    /// # Errors
    ///
    /// Each [`KernelError`] names its cause and the remedy.
    pub fn load(options: &Options) -> Result<Self, KernelError> {
        let ring_bytes = options.ring_bytes.unwrap_or(RING_BYTES);
        let how = options.hooks.as_ref();
        let pin = how.and_then(|how| watch::pin_for(how.watch(), how.socket.as_deref()?));
        let Loaded {
            mut ebpf,
            btf,
            offsets,
            finder,
        } = Loaded::new(
            options,
            ring_bytes,
            pin.as_ref().and_then(|pin| pin.as_ref().ok()),
        )?;
        let ring = FactRing::new(
            take(&mut ebpf, "FACTS", RingBuf::try_from)?,
            u64::from(ring_bytes),
        );
        let counters = Arc::new(take(&mut ebpf, "COUNTERS", PerCpuArray::try_from)?);
        let orders = take(&mut ebpf, "SWEEP_ORDER", Array::try_from)?;
        let scope = ScopeTable::new(&mut ebpf, finder)?;
        let (passes, sweeps) = sweep::load(&mut ebpf, &btf);
        // Without any sweep a host full of connections would look empty.
        if passes.is_empty() {
            return Err(attach::explain(&sweeps));
        }
        let (mut hooks, watcher, watch) = match how {
            Some(how) => {
                let (mut watcher, watch) =
                    watch::choose(&mut ebpf, &btf, how.watch(), pin, &counters)?;
                let (mut hooks, receive) =
                    attach::attach_all(&mut ebpf, &btf, watch.mode, &how.overrides)?;
                hooks.extend(watcher.status());
                watcher.switches(receive);
                (hooks, watcher, Some(watch))
            }
            None => (Vec::new(), Watcher::Nothing, None),
        };
        let tables = Tables::take(&mut ebpf, Arc::clone(&counters))?;
        let sweeper = Sweeper::new(
            ebpf,
            passes,
            orders,
            counters,
            watcher,
            tables.least_threshold(),
            scope,
        );
        hooks.extend(sweeps);
        drop(btf);
        Ok(Self {
            ring,
            sweeper,
            tables,
            signs: signs::signs(&offsets, &hooks),
            hooks,
            watch,
        })
    }
}

/// Clears what the killed daemon with this inspection socket has left on sockets;
/// answers on how many, or `None` if it has left nothing. The daemon must not run.
///
/// # Errors
///
/// Each [`KernelError`] names its cause and the remedy.
pub fn repair(options: &Options, socket: &Path) -> Result<Option<u64>, KernelError> {
    let Some(mut pin) = watch::Pin::left_behind(socket) else {
        return Ok(None);
    };
    let Loaded { mut ebpf, btf, .. } = Loaded::new(options, RING_BYTES, Some(&pin))?;
    watch::repair(&mut ebpf, &btf, &mut pin)?;
    let counters = take(&mut ebpf, "COUNTERS", PerCpuArray::try_from)?;
    let cleared = counters::read(&counters)?.get(Counter::SocketsUnwatched);
    Ok(Some(cleared))
}

/// The object with its maps, nothing of it running yet.
struct Loaded {
    ebpf: aya::Ebpf,
    btf: Btf,
    offsets: Offsets,
    finder: Finder,
}

impl Loaded {
    fn new(
        options: &Options,
        ring_bytes: u32,
        pin: Option<&watch::Pin>,
    ) -> Result<Self, KernelError> {
        preflight::check()?;
        let types = KernelTypes::read(&options.btf)?;
        let offsets = types.offsets()?;
        let finder = Finder::new(&options.scope, &offsets)?;
        let settings = settings(options, &types)?;
        drop(types);
        let btf = read_btf(&options.btf)?;
        let (offset_bytes, settings) = (Pod(offsets), Pod(settings));
        let mut loader = EbpfLoader::new();
        loader
            .btf(Some(&btf))
            .override_global("OFFSETS", &offset_bytes, true)
            .override_global("SETTINGS", &settings, true)
            .map_max_entries("FACTS", ring_bytes);
        if options.scope.pid.is_some() {
            loader.map_max_entries("SCOPE_SOCKETS", MAX_SCOPE_SOCKETS);
        }
        if let Some(pin) = pin {
            loader.map_pin_path("MARKS", pin.path());
        }
        let ebpf = loader.load(OBJECT).map_err(|source| KernelError::Load {
            reason: first_line(&source.to_string()),
            source: Box::new(source),
        })?;
        #[cfg(feature = "kernel-log")]
        let ebpf = kernel_log::printing(ebpf)?;
        drop(loader);
        Ok(Self {
            ebpf,
            btf,
            offsets,
            finder,
        })
    }
}

fn settings(options: &Options, types: &KernelTypes) -> Result<Settings, KernelError> {
    let jiffy_ns = jiffy_ns().map_err(KernelError::system("reading the length of a jiffy"))?;
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
        scope: options.scope.kinds(),
        reserved: 0,
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook_table::HOOKS;
    use crate::{sweep, watch};
    use std::collections::BTreeSet;

    #[test]
    fn only_a_kernel_side_built_for_debugging_logs() {
        let logs = OBJECT
            .windows(b"AYA_LOGS".len())
            .any(|bytes| bytes == b"AYA_LOGS");
        assert_eq!(logs, cfg!(feature = "kernel-log"));
    }

    #[test]
    fn every_program_of_the_kernel_side_is_one_that_something_loads() {
        let object = aya_obj::Object::parse(OBJECT).expect("the object can be read");
        let there: BTreeSet<&str> = object.programs.keys().map(String::as_str).collect();
        let hooks = HOOKS.iter().flat_map(|hook| hook.mechanisms);
        let hooks = hooks.flat_map(|mechanism| mechanism.programs);
        let beside = sweep::PASSES.iter().map(|(program, _)| *program);
        let known = hooks.map(|(program, _)| *program).chain(beside);
        let known: BTreeSet<&str> = known
            .chain(watch::programs())
            .chain([crate::act::timers::PROGRAM])
            .collect();
        assert_eq!(there, known);
    }
}
