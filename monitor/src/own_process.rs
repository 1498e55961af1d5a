//! The daemon as a process, as the kernel has it.

use procfs::process::{LimitValue, Process};

/// What the kernel says of this process; `None` what it does not. Named and counted as Prometheus' client libraries do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessNumbers {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Resident memory in bytes.
    pub resident_bytes: Option<f64>,
    /// Address space in bytes.
    pub virtual_bytes: Option<f64>,
    /// Open file descriptors.
    pub open_fds: Option<f64>,
    /// How many may be open: the soft limit; infinite where there is none.
    pub max_fds: Option<f64>,
    /// Threads.
    pub threads: Option<f64>,
    /// When it began, in seconds since 1970.
    pub start_unix_seconds: Option<f64>,
}

/// This process.
#[derive(Clone, Copy, Debug)]
pub struct OwnProcess {
    start_unix_seconds: Option<f64>,
}

impl OwnProcess {
    /// Notes when it began: what the kernel says of that moves with every correction of the wall clock.
    pub fn new() -> Self {
        let began = || {
            let stat = Process::myself().ok()?.stat().ok()?;
            let boot = procfs::boot_time_secs().ok()?;
            Some(boot as f64 + seconds(stat.starttime))
        };
        Self {
            start_unix_seconds: began(),
        }
    }

    /// As it is now.
    pub fn read(&self) -> ProcessNumbers {
        let start_unix_seconds = self.start_unix_seconds;
        let process = Process::myself().ok();
        let Some(process) = process else {
            return ProcessNumbers {
                start_unix_seconds,
                ..ProcessNumbers::default()
            };
        };
        let stat = process.stat().ok();
        let limits = process.limits().ok();
        ProcessNumbers {
            cpu_seconds: stat
                .as_ref()
                .map(|stat| seconds(stat.utime.saturating_add(stat.stime))),
            resident_bytes: stat
                .as_ref()
                .map(|stat| stat.rss.saturating_mul(procfs::page_size()) as f64),
            virtual_bytes: stat.as_ref().map(|stat| stat.vsize as f64),
            open_fds: process.fd_count().ok().map(|count| count as f64),
            max_fds: limits.map(|limits| match limits.max_open_files.soft_limit {
                LimitValue::Value(most) => most as f64,
                LimitValue::Unlimited => f64::INFINITY,
            }),
            threads: stat.as_ref().map(|stat| stat.num_threads as f64),
            start_unix_seconds,
        }
    }
}

impl Default for OwnProcess {
    fn default() -> Self {
        Self::new()
    }
}

/// Ticks of the kernel's clock for user space, in seconds.
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::{SystemTime, UNIX_EPOCH};

    #[test]
    fn this_very_process_is_read() {
        let own = OwnProcess::new();
        let before = own.read();
        let files: Vec<File> = (0..10).map(|_| File::open("/dev/null").unwrap()).collect();
        let now = own.read();
        // Other tests of this process open and close files meanwhile.
        assert!(now.open_fds.unwrap() >= files.len() as f64, "{now:?}");
        assert!(now.max_fds > now.open_fds, "{now:?}");
        assert!(now.cpu_seconds >= before.cpu_seconds, "{now:?}");
        assert!(now.threads >= Some(1.0), "{now:?}");
        assert!(now.virtual_bytes > now.resident_bytes, "{now:?}");
        assert!(now.resident_bytes > Some(100_000.0), "{now:?}");
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let began = now.start_unix_seconds.unwrap();
        assert!(began <= since_1970.as_secs_f64() + 1.0, "{now:?}");
        assert_eq!(now.start_unix_seconds, before.start_unix_seconds);
    }
}
