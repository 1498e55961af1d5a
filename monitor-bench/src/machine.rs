//! Where a figure was measured.

use crate::error::BenchError;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use std::{fmt, fs, io};

/// A machine and its kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// As `uname -r` says.
    pub kernel: String,
    /// The architecture, as `uname -m` says.
    pub architecture: String,
    /// The processor's name, as the kernel has it.
    pub processor: String,
    /// Cores in use.
    pub cores: usize,
    /// Memory in GiB, rounded.
    pub memory_gib: u64,
    /// Whether it is a virtual machine.
    pub virtual_machine: bool,
}

impl Machine {
    /// This one. What cannot be read is empty or 0.
    pub fn here() -> Self {
        let names = nix::sys::utsname::uname().ok();
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            kernel: names
                .as_ref()
                .map(|names| names.release().to_string_lossy().into_owned())
                .unwrap_or_default(),
            architecture: names
                .as_ref()
                .map(|names| names.machine().to_string_lossy().into_owned())
                .unwrap_or_default(),
            processor: field(&cpuinfo, "model name").unwrap_or_default().to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: (memory_kib("MemTotal") + (1 << 19)) >> 20,
            virtual_machine: field(&cpuinfo, "flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.virtual_machine {
            ", a virtual machine"
        } else {
            ""
        };
        write!(
            f,
            "Linux {} on {}, {} ({} cores, {} GiB{kind})",
            self.kernel, self.architecture, self.processor, self.cores, self.memory_gib
        )
    }
}

/// A line of `/proc/meminfo`, in KiB; 0 where there is none.
pub fn memory_kib(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    kib(&text, name)
}

/// A figure of `/proc/self/status` in KiB, 0 where it is not there.
pub fn own_memory_kib(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kib(&text, name)
}

/// CPU time that this process has taken so far.
///
/// # Errors
/// Where the kernel does not say.
pub fn own_cpu() -> Result<Duration, BenchError> {
    let read = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_err(io::Error::from);
    let time = read.map_err(BenchError::io("reading the clock of this process"))?;
    Ok(Duration::from(time))
}

/// A line `name:  123 kB`, as the kernel writes it in several places.
pub fn kib(text: &str, name: &str) -> u64 {
    field(text, name)
        .and_then(|value| value.trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let of_name = |line: &'a str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    };
    text.lines().find_map(of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_lines_are_read() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor lm\n";
        assert_eq!(field(text, "model name"), Some("AMD EPYC"));
        assert_eq!(field(text, "model"), None);
        assert_eq!(
            kib("VmHWM:\t    9 kB\nVmRSS:\t   17028 kB\n", "VmRSS"),
            17028
        );
        assert_eq!(kib("VmRSS:\tmany\n", "VmRSS"), 0);
    }

    #[test]
    fn this_machine_has_a_kernel_and_memory() {
        let here = Machine::here();
        assert!(!here.kernel.is_empty());
        assert!(here.memory_gib > 0 || memory_kib("MemTotal") > 0);
    }
}
