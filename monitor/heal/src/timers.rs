//! The timers of a socket, and what they come to.

use std::time::Duration;

/// The longest that the kernel takes for TCP_KEEPIDLE, in s (`MAX_TCP_KEEPIDLE` in include/net/tcp.h).
const MOST_KEEPIDLE_S: u64 = 32_767;

/// The most probes that it takes (`MAX_TCP_KEEPCNT`).
const MOST_PROBES: u64 = 127;

/// Unless so many probes and more stay without an answer, nothing is given up: the kernel's own default
/// (`TCP_KEEPALIVE_PROBES`).
const LEAST_PROBES: u64 = 9;

/// Time between two probes, at the most: with [`LEAST_PROBES`] a dead peer is told of after some two minutes.
const MOST_INTERVAL_S: u64 = 15;

/// For so long at least nobody answers before a connection is given up for it, however short the interval: an interface that
/// goes down and comes up again, or a router that restarts, is to cost no idle connection.
const LEAST_UNANSWERED_S: u64 = 60;

/// The timers of one socket, in the units of `setsockopt(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    /// SO_KEEPALIVE.
    pub keepalive: bool,
    /// TCP_KEEPIDLE in s.
    pub time_s: u32,
    /// TCP_KEEPINTVL in s.
    pub interval_s: u32,
    /// TCP_KEEPCNT.
    pub probes: u32,
    /// TCP_USER_TIMEOUT in ms; 0 if not set.
    pub user_timeout_ms: u32,
}

impl Timers {
    /// After how much silence, none of the probes answered, keepalive gives the connection up.
    pub fn keepalive_ends(&self) -> Duration {
        let probes = u64::from(self.interval_s) * u64::from(self.probes);
        Duration::from_secs(u64::from(self.time_s) + probes)
    }
}

/// Keepalive for a path that forgets after `timeout`: the first probe after half of it, as the advice of findings has it,
/// and room for four more before the whole. `None` where whole seconds, which is all that the kernel counts in, are too
/// coarse: below 2 s.
pub fn keepalive_for(timeout: Duration) -> Option<Timers> {
    let timeout_s = timeout.as_secs();
    if timeout_s < 2 {
        return None;
    }
    let time = (timeout_s / 2).min(MOST_KEEPIDLE_S);
    let interval = (timeout_s / 10).clamp(1, MOST_INTERVAL_S);
    let probes = LEAST_UNANSWERED_S
        .div_ceil(interval)
        .clamp(LEAST_PROBES, MOST_PROBES);
    let small = |number: u64| u32::try_from(number).ok();
    Some(Timers {
        keepalive: true,
        time_s: small(time)?,
        interval_s: small(interval)?,
        probes: small(probes)?,
        user_timeout_ms: 0,
    })
}

/// After how much time without an answer the kernel gives up data that it has sent again `retries` times
/// (`net.ipv4.tcp_retries2`), at the least: from the shortest retransmission timeout on, 200 ms, doubled each time up to
/// 120 s (`tcp_model_timeout` in net/ipv4/tcp_timer.c). 924.6 s for the default of 15.
pub fn retries_end(retries: u32) -> Duration {
    const LEAST_MS: u64 = 200;
    const MOST_MS: u64 = 120_000;
    // Doubled so often, 200 ms are still below 120 s.
    const DOUBLED: u32 = 9;
    let ms = match retries.checked_sub(DOUBLED + 1) {
        None => ((2_u64 << retries) - 1) * LEAST_MS,
        Some(beyond) => ((2 << DOUBLED) - 1) * LEAST_MS + (u64::from(beyond) + 1) * MOST_MS,
    };
    Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_probe_leaves_in_time_and_four_more_before_the_path_forgets() {
        for timeout_s in [4, 10, 60, 240, 350, 3600, 86_400, 30 * 86_400] {
            let timers = keepalive_for(Duration::from_secs(timeout_s)).unwrap();
            let half = u64::from(timers.time_s);
            assert!(half <= timeout_s / 2 && half > 0, "{timeout_s}: {timers:?}");
            let four = half + 4 * u64::from(timers.interval_s);
            assert!(
                timeout_s < 10 || four < timeout_s,
                "{timeout_s}: {timers:?}"
            );
            let unanswered = timers.keepalive_ends().as_secs() - half;
            assert!((60..=135).contains(&unanswered), "{timeout_s}: {timers:?}");
        }
        assert_eq!(keepalive_for(Duration::from_millis(1999)), None);
    }

    #[test]
    fn the_default_of_tcp_retries2_is_the_quarter_of_an_hour_that_the_kernel_s_documentation_says()
    {
        assert_eq!(retries_end(15), Duration::from_millis(924_600));
        assert_eq!(retries_end(0), Duration::from_millis(200));
        assert_eq!(retries_end(3), Duration::from_secs(3));
        assert_eq!(retries_end(9), Duration::from_millis(204_600));
        assert_eq!(retries_end(10), Duration::from_millis(324_600));
        // Whatever a host has there.
        assert!(retries_end(u32::MAX) > retries_end(255));
    }
}
