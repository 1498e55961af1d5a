//! What one socket would be given, and why not.

use crate::rule::Rule;
use crate::timers::{Timers, keepalive_for, retries_end};
use std::time::Duration;

/// A socket, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Socket {
    /// Its cookie: unique on this host since boot.
    pub cookie: u64,
    /// Whether it is established.
    pub established: bool,
    /// What it has now.
    pub timers: Timers,
    /// What it had before it was given anything; `None` where nothing was.
    pub before: Option<Timers>,
    /// For how long no segment has come, at the most.
    pub silent: Duration,
    /// How often the kernel sends again before it gives up (`net.ipv4.tcp_retries2` of the network namespace); `None` where
    /// that is not known.
    pub retries: Option<u32>,
}

/// Why a timer is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is not established.
    NotEstablished,
    /// It is not of the share that the configuration says.
    NotInShare,
    /// The application has switched keepalive on itself.
    OwnKeepalive,
    /// The application has set TCP_USER_TIMEOUT itself.
    OwnUserTimeout,
    /// The host gives up sooner than TCP_USER_TIMEOUT would (`net.ipv4.tcp_retries2`), or it is not known when.
    SoonerAlready,
    /// It has been silent for so long that TCP_USER_TIMEOUT would end it at the first probe without an answer.
    SilentTooLong,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NotEstablished,
        Self::NotInShare,
        Self::OwnKeepalive,
        Self::OwnUserTimeout,
        Self::SoonerAlready,
        Self::SilentTooLong,
    ];

    /// In one word, for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotEstablished => "not_established",
            Self::NotInShare => "not_in_share",
            Self::OwnKeepalive => "own_keepalive",
            Self::OwnUserTimeout => "own_user_timeout",
            Self::SoonerAlready => "sooner_already",
            Self::SilentTooLong => "silent_too_long",
        }
    }
}

/// What a socket is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All of its timers: as they are, but for those that are to be set.
    pub to: Timers,
    /// What is not to be set, and why.
    pub not: Vec<Why>,
}

impl Plan {
    /// Whether it changes anything.
    pub fn changes(&self, socket: &Socket) -> bool {
        self.to != socket.timers
    }

    fn nothing(socket: &Socket, why: Why) -> Self {
        Self {
            to: socket.timers,
            not: vec![why],
        }
    }
}

/// What `rule` means for a socket on a path that forgets after `timeout`.
pub fn plan(rule: &Rule, timeout: Duration, socket: &Socket) -> Plan {
    if !socket.established {
        return Plan::nothing(socket, Why::NotEstablished);
    }
    if socket.before.is_none() && !is_in_share(socket.cookie, rule.share_percent) {
        return Plan::nothing(socket, Why::NotInShare);
    }
    // What the application has, as it was before anything was set here.
    let own = socket.before.unwrap_or(socket.timers);
    // Its own keepalive says when it wants to be told: TCP_USER_TIMEOUT would have its place in that, and perhaps later.
    if own.keepalive {
        return Plan::nothing(socket, Why::OwnKeepalive);
    }
    let mut plan = Plan {
        to: socket.timers,
        not: Vec::new(),
    };
    if rule.keepalive
        && let Some(timers) = keepalive_for(timeout)
        && !socket.timers.keepalive
    {
        plan.to = Timers {
            user_timeout_ms: socket.timers.user_timeout_ms,
            ..timers
        };
    }
    if let Some(ms) = rule.user_timeout_ms(timeout)
        && own.user_timeout_ms == socket.timers.user_timeout_ms
    {
        match user_timeout(socket, &plan.to, ms) {
            Ok(ms) => plan.to.user_timeout_ms = ms,
            Err(why) => plan.not.push(why),
        }
    }
    plan
}

/// What TCP_USER_TIMEOUT is to be of a socket that will have these timers.
fn user_timeout(socket: &Socket, to: &Timers, ms: u32) -> Result<u32, Why> {
    if socket.timers.user_timeout_ms > 0 {
        return Err(Why::OwnUserTimeout);
    }
    let after = Duration::from_millis(u64::from(ms));
    let sooner = socket.retries.map(retries_end);
    if sooner.is_none_or(|sooner| sooner <= after) {
        return Err(Why::SoonerAlready);
    }
    // Three probes may be lost from now on.
    let probes = Duration::from_secs(3 * u64::from(to.interval_s));
    if to.keepalive && socket.silent + probes >= after {
        return Err(Why::SilentTooLong);
    }
    Ok(ms)
}

/// Whether the socket with this cookie is one of the `percent` of a hundred. Cookies are counted up, each CPU's by itself: a
/// multiplication by the golden ratio spreads them (Knuth, The Art of Computer Programming 3, 6.4).
fn is_in_share(cookie: u64, percent: u32) -> bool {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let spread = cookie.wrapping_mul(GOLDEN) >> 32;
    spread * 100 < u64::from(percent) << 32
}

#[cfg(test)]
mod tests;
