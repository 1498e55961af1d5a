//! How often to sweep.

use std::time::Duration;

/// A sweep may cost at most one part in so many of one core's time.
const SHARE: u32 = 100;

/// A sweep that the judge asks for comes no sooner after the last one than this: three
/// timeouts of a connection take 1.7 s, and one look before the third is enough.
pub const LEAST: Duration = Duration::from_secs(1);

/// The time until the next sweep: what the configuration asks for, stretched so
/// that a sweep which takes `cpu` stays under 1 % of one core.
pub fn stretched(configured: Duration, cpu: Duration) -> Duration {
    configured.max(cpu.saturating_mul(SHARE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheap_sweep_keeps_the_configured_interval() {
        let five = Duration::from_secs(5);
        assert_eq!(stretched(five, Duration::from_millis(2)), five);
        assert_eq!(stretched(five, Duration::ZERO), five);
    }

    #[test]
    fn a_sweep_of_a_huge_host_stretches_it_to_one_percent_of_a_core() {
        let stretched = stretched(Duration::from_secs(5), Duration::from_millis(600));
        assert_eq!(stretched, Duration::from_secs(60));
    }
}
