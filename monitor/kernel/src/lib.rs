//! The way to the kernel: offsets, load, attach, ring, sweep. Facts come out of
//! here, and no conclusions.

mod act;
mod attach;
mod btf;
mod btf_file;
mod cgroup_root;
mod clock;
mod conntrack;
mod cost;
mod counters;
mod error;
mod fdinfo;
#[cfg(test)]
mod fuzz;
mod hook_override;
mod hook_table;
mod host_view;
mod interfaces;
mod iterator;
#[cfg(feature = "kernel-log")]
mod kernel_log;
mod link;
mod load;
mod map_iterator;
mod netlink;
mod offsets;
mod paths;
mod pod;
mod preflight;
mod program_runs;
mod release;
mod ring;
mod run_time;
mod scope;
mod signs;
mod step_error;
mod sweep;
mod tables;
mod time_namespace;
mod watch;
mod watch_level;
mod watch_mode;
mod watching;

pub use act::{ActError, Ended, Target, Timers, end, may_end, retries};
pub use attach::HookStatus;
pub use clock::{Reading, SleepLog, jiffy_ns, process_cpu};
pub use conntrack::{Backend, Conntrack, ConntrackStatus, Flow, TableEntry, TableState};
pub use cost::ProgramCost;
pub use counters::Counters;
pub use error::{KernelError, Refusal};
pub use hook_override::{HookOverride, UnknownHook};
pub use host_view::HostView;
pub use interfaces::Interfaces;
pub use load::{HookOptions, Kernel, Options, repair};
pub use paths::TablePath;
pub use pod::{bytes_of, read_records};
pub use preflight::check as check_privileges;
pub use program_runs::{ProgramRun, ProgramRuns};
pub use release::release;
pub use ring::FactRing;
pub use run_time::ProgramTimes;
pub use scope::{Netns, Scope};
pub use signs::SignStatus;
pub use step_error::StepError;
pub use sweep::{SweepReport, Sweeper};
pub use tables::Tables;
pub use watch::{Callbacks, Revisited};
pub use watch_level::WatchLevel;
pub use watch_mode::{WatchMode, WatchStatus};
pub use watching::{Stepped, Watching};

/// Which kernel side this binary carries, so that two builds of one version are told apart.
pub const OBJECT_ID: &str = env!("TCPLULL_OBJECT_ID");

/// Where kernels describe their types.
pub const VMLINUX_BTF: &str = "/sys/kernel/btf/vmlinux";
