//! What `/proc/self/fdinfo` says of a program that this process holds.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::{fs, io};

/// The line of a program's run time in ns (`bpf_prog_show_fdinfo` in kernel/bpf/syscall.c, since 5.1); it stands still
/// while statistics are off.
pub(crate) const RUN_TIME: &str = "run_time_ns:";

/// Whether the kernel counts runs and their time (Documentation/admin-guide/sysctl/kernel.rst). It costs each run two looks
/// at the clock, so it is off unless somebody switches it on.
const STATISTICS: &str = "/proc/sys/kernel/bpf_stats_enabled";

/// All that it says of this program.
pub(crate) fn read(program: BorrowedFd<'_>) -> io::Result<String> {
    fs::read_to_string(format!("/proc/self/fdinfo/{}", program.as_raw_fd()))
}

/// The number behind the words that a line begins with.
pub(crate) fn field(text: &str, words: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(words))?;
    value.trim().parse().ok()
}

/// Whether statistics are on for all programs and until somebody switches them off.
pub(crate) fn statistics_are_on() -> bool {
    fs::read_to_string(STATISTICS).is_ok_and(|text| text.trim() != "0")
}
