//! What tcplull takes of one core: the daemon itself, and the programs of its hooks.

use super::error::DaemonError;
use monitor_kernel::{ProgramTimes, process_cpu};
use std::io;
use std::time::{Duration, Instant};

/// How long the kernel's statistics are on to see how long the hooks' programs run.
const SAMPLE: Duration = Duration::from_millis(100);

/// Of so many parts one is looked at so closely as long as the budget is far.
const ONE_IN: u32 = 6;

/// Shares of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct CpuUse {
    /// The daemon, with its sweeps.
    pub(super) daemon: f64,
    /// The hooks' programs, as they were measured last; `None` where the kernel does not say.
    pub(super) programs: Option<f64>,
}

impl CpuUse {
    /// Together.
    pub(super) fn share(self) -> f64 {
        self.daemon + self.programs.unwrap_or(0.0)
    }
}

/// What the kernel says of the programs; `None` where it was not asked.
pub(super) type Sampled = Option<io::Result<Option<f64>>>;

/// Measures part after part.
#[derive(Debug)]
pub(super) struct CpuMeter {
    /// Where the part that runs began.
    begun: (Instant, Duration),
    last: CpuUse,
    /// Parts until the programs are looked at again.
    sample_in: u32,
    /// It was said that they cannot be measured.
    said: bool,
}

impl CpuMeter {
    /// From now on.
    pub(super) fn new() -> Result<Self, DaemonError> {
        Ok(Self {
            begun: now()?,
            last: CpuUse::default(),
            sample_in: 0,
            said: false,
        })
    }

    /// What came out last.
    pub(super) fn last(&self) -> CpuUse {
        self.last
    }

    /// What was done until now does not count, nor what was known of the programs: they are others.
    pub(super) fn begin_anew(&mut self) -> Result<(), DaemonError> {
        self.begun = now()?;
        self.last.programs = None;
        self.sample_in = 0;
        Ok(())
    }

    /// Whether the programs are to be looked at in this part.
    pub(super) fn wants_sample(&mut self, near: bool) -> bool {
        let wants = near || self.sample_in == 0;
        self.sample_in = if wants {
            ONE_IN - 1
        } else {
            self.sample_in - 1
        };
        wants
    }

    /// The part that runs is over.
    pub(super) fn part(&mut self, sampled: Sampled) -> Result<CpuUse, DaemonError> {
        let (begun, before) = self.begun;
        self.begun = now()?;
        let (ended, after) = self.begun;
        let took = ended.saturating_duration_since(begun).as_secs_f64();
        self.last.daemon = after.saturating_sub(before).as_secs_f64() / took.max(1e-9);
        match sampled {
            Some(Ok(Some(share))) => {
                self.last.programs = Some(share);
                self.said = false;
            }
            Some(Ok(None)) => self.unknown(
                "it takes CAP_SYS_ADMIN, or the sysctl kernel.bpf_stats_enabled=1, to know it",
            ),
            Some(Err(error)) => self.unknown(&error.to_string()),
            None => {}
        }
        Ok(self.last)
    }

    fn unknown(&mut self, why: &str) {
        self.last.programs = None;
        if !self.said {
            tracing::info!(
                "how long programs run in the kernel is not known ({why}): cpu_budget counts the daemon alone"
            );
        }
        self.said = true;
    }
}

fn now() -> Result<(Instant, Duration), DaemonError> {
    let cpu = process_cpu().map_err(|error| DaemonError::System {
        what: "cannot read this process's CPU time",
        source: error.into(),
    })?;
    Ok((Instant::now(), cpu))
}

/// Asks the kernel, on a thread that may wait.
pub(super) fn sample(programs: &ProgramTimes) -> io::Result<Option<f64>> {
    programs.share(SAMPLE)
}
