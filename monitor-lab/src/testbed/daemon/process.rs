//! What the kernel says of a daemon's process.

use super::Daemon;
use crate::LabError;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::time::Duration;
use std::{fs, io};

impl Daemon {
    /// A figure of `/proc/PID/status` in KiB: `VmRSS` is its resident memory, `VmHWM`
    /// the most that ever was.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn memory_kib(&self, figure: &str) -> Result<u64, LabError> {
        let file = format!("/proc/{}/status", self.pid());
        let text = fs::read_to_string(&file).map_err(LabError::io(format!("reading {file}")))?;
        let value = text.lines().find_map(|line| {
            let value = line.strip_prefix(figure)?.strip_prefix(':')?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        });
        value.ok_or_else(|| self.failed(format!("has no {figure} in {text}")))
    }

    /// CPU time of all its threads since it was started.
    ///
    /// # Errors
    /// If it has ended.
    pub fn cpu(&self) -> Result<Duration, LabError> {
        clock_getcpuclockid(Pid::from_raw(self.pid().cast_signed()))
            .and_then(clock_gettime)
            .map(Duration::from)
            .map_err(|error| LabError::io("reading tcplull's CPU time")(error.into()))
    }

    /// Ids of the programs that it holds in the kernel.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn programs(&self) -> Result<Vec<u32>, LabError> {
        let directory = format!("/proc/{}/fdinfo", self.pid());
        let read = || -> io::Result<Vec<u32>> {
            let mut ids = Vec::new();
            for entry in fs::read_dir(&directory)? {
                // A descriptor may be closed again by now.
                let text = fs::read_to_string(entry?.path()).unwrap_or_default();
                let id = text.lines().find_map(|line| line.strip_prefix("prog_id:"));
                ids.extend(id.and_then(|id| id.trim().parse::<u32>().ok()));
            }
            ids.sort_unstable();
            ids.dedup();
            Ok(ids)
        };
        read().map_err(LabError::io(format!("reading {directory}")))
    }
}
