//! Timers and rules, in words for people.

use crate::plan::Why;
use crate::rule::{OnStop, Rule};
use crate::timers::{Timers, keepalive_for};
use std::time::Duration;

impl Timers {
    /// What becomes of these where they are changed to `to`; empty where nothing is.
    pub fn change_to(&self, to: &Self) -> String {
        let one = |name: &str, from: String, to: String| {
            (from != to).then(|| format!("{name} {from} → {to}"))
        };
        let changes = [
            one("keepalive", self.keepalive_words(), to.keepalive_words()),
            one("TCP_USER_TIMEOUT", self.timeout_words(), to.timeout_words()),
        ];
        let changes: Vec<String> = changes.into_iter().flatten().collect();
        changes.join(", ")
    }

    fn keepalive_words(&self) -> String {
        if !self.keepalive {
            return "off".to_owned();
        }
        format!(
            "after {} s, every {} s, {} probes",
            self.time_s, self.interval_s, self.probes
        )
    }

    fn timeout_words(&self) -> String {
        match self.user_timeout_ms {
            0 => "off".to_owned(),
            ms => format!("{} s", f64::from(ms) / 1000.0),
        }
    }
}

impl Rule {
    /// What it comes to on a path that forgets after `timeout`.
    pub fn words(&self, timeout: Duration) -> String {
        let off = Timers::default();
        let mut to = off;
        if self.keepalive
            && let Some(timers) = keepalive_for(timeout)
        {
            to = timers;
        }
        to.user_timeout_ms = self.user_timeout_ms(timeout).unwrap_or_default();
        let share = match self.share_percent {
            0 => "a dry run: on no socket".to_owned(),
            100 => "on sockets without their own".to_owned(),
            percent => format!("on {percent}% of the sockets without their own"),
        };
        let end = match self.on_stop {
            OnStop::Undo => "set back when the daemon stops",
            OnStop::Keep => "kept when the daemon stops",
        };
        format!("{}; {share}; {end}", off.change_to(&to))
    }
}

impl Why {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotEstablished => "not established",
            Self::NotInShare => "not of the share that the configuration says",
            Self::OwnKeepalive => "its application has switched keepalive on itself",
            Self::OwnUserTimeout => "its application has set TCP_USER_TIMEOUT itself",
            Self::SoonerAlready => {
                "its host gives up sooner than TCP_USER_TIMEOUT would (net.ipv4.tcp_retries2)"
            }
            Self::SilentTooLong => {
                "silent for so long that TCP_USER_TIMEOUT would end it at the first probe without an answer"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_both_sides_and_nothing_that_stays() {
        let to = keepalive_for(Duration::from_secs(240)).unwrap();
        let off = Timers {
            keepalive: false,
            ..to
        };
        assert_eq!(
            off.change_to(&to),
            "keepalive off → after 120 s, every 15 s, 9 probes"
        );
        let with = Timers {
            user_timeout_ms: 2_500,
            ..to
        };
        assert_eq!(to.change_to(&with), "TCP_USER_TIMEOUT off → 2.5 s");
        assert_eq!(to.change_to(&to), "");
    }
}
