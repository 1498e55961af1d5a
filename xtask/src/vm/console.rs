//! What the guest's kernel says on its console, and which of it is an alarm.

/// Words of the kernel that mean that something is wrong with it, whatever the scenarios say.
const ALARMS: &[&str] = &[
    "Kernel panic",
    "Oops",
    "BUG:",
    "WARNING:",
    "general protection fault",
    "unable to handle",
    "possible circular locking",
    "possible recursive locking",
    "inconsistent lock state",
    "suspicious RCU usage",
    "self-detected stall",
    "rcu_sched detected",
    "rcu_preempt detected",
    "blocked for more than",
    "soft lockup",
    "hard LOCKUP",
    "unregister_netdevice: waiting",
    "Out of memory",
];

/// How many of the last lines are shown.
const TAIL: usize = 15;

/// The first line on the console that is an alarm.
pub fn alarm(console: &str) -> Option<&str> {
    console
        .lines()
        .map(str::trim)
        .find(|line| ALARMS.iter().any(|alarm| line.contains(alarm)))
}

/// The last lines of the console, those that say something.
pub fn tail(console: &str) -> Vec<String> {
    let lines: Vec<&str> = console
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let skipped = lines.len().saturating_sub(TAIL);
    lines[skipped..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oops_a_stall_and_a_lock_cycle_are_alarms() {
        for line in [
            "[   12.3] BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "[   60.1] rcu: INFO: rcu_preempt self-detected stall on CPU",
            "[    9.9] WARNING: possible circular locking dependency detected",
            "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs",
        ] {
            let console = format!("[    0.0] Linux version 6.1\n{line}\n[   99.0] more\n");
            assert_eq!(alarm(&console), Some(line));
        }
    }

    #[test]
    fn a_quiet_boot_has_none() {
        let console = "[    0.0] Linux version 6.1 (debian)\n[    2.0] Run /bin/monitor-lab as init process\n";
        assert_eq!(alarm(console), None);
    }

    #[test]
    fn only_the_last_lines_are_shown() {
        let console: String = (0..100).map(|n| format!("line {n}\r\n\r\n")).collect();
        let tail = tail(&console);
        assert_eq!(tail.len(), TAIL);
        assert_eq!(tail.last().map(String::as_str), Some("line 99"));
    }
}
