//! A socket as heal sees it: what it has, what it is to have, and what it had.

use crate::daemon::paths::nanos;
use monitor_common::{Fact, SocketTimers, TcpState, TimerOrder, flags, timer_task};
use monitor_heal::{OnStop, Socket, Timers};
use monitor_judge::connection;
use monitor_kernel::{Timers as Act, retries};
use monitor_model::agent::{HealedSocket, TimersNow};
use monitor_model::format::printable;
use std::collections::HashMap;
use std::time::Duration;

/// A socket that was given some.
pub(super) struct Ours {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) netns: u32,
    pub(super) pid: u32,
    pub(super) before: Timers,
    pub(super) now: Timers,
    pub(super) on_stop: OnStop,
    /// Noted by the daemon before, and not seen since: it may have been killed before it did what it noted.
    pub(super) taken_up: bool,
    /// Looks in a row at which its network namespace was not to be found.
    pub(super) not_found: u8,
}

/// A socket that is to be given something.
pub(super) struct Wanted {
    pub(super) act: Act,
    pub(super) ours: Ours,
    /// Who it is, for the log.
    pub(super) line: String,
}

impl Wanted {
    pub(super) fn new(
        fact: &Fact,
        path: &str,
        on_stop: OnStop,
        socket: &Socket,
        to: Timers,
    ) -> Self {
        let connection = connection(&fact.socket);
        let task = match socket.before {
            None => timer_task::FIRST,
            Some(_) => timer_task::AGAIN,
        };
        let (local, remote) = (&connection.local, &connection.remote);
        let ours = Ours {
            path: path.to_owned(),
            id: connection.id.clone(),
            netns: fact.socket.netns,
            pid: fact.pid,
            before: socket.before.unwrap_or(socket.timers),
            now: socket.timers,
            on_stop,
            taken_up: false,
            not_found: 0,
        };
        Self {
            act: Act {
                cookie: fact.socket.cookie,
                netns: ours.netns,
                pid: ours.pid,
                order: TimerOrder {
                    task,
                    done: 0,
                    from: for_kernel(&socket.timers),
                    to: for_kernel(&to),
                },
            },
            line: printable(&format!("{} {local} → {remote}", ours.id)),
            ours,
        }
    }
}

impl Ours {
    /// To give it back what it had, or to look whether it is there.
    pub(super) fn order(&self, cookie: u64, task: u32) -> Act {
        Act {
            cookie,
            netns: self.netns,
            pid: self.pid,
            order: TimerOrder {
                task,
                done: 0,
                from: for_kernel(&self.now),
                to: for_kernel(&self.before),
            },
        }
    }

    pub(super) fn told(&self, before: &Timers, after: &Timers) -> HealedSocket {
        HealedSocket {
            id: self.id.clone(),
            before: told(before),
            after: told(after),
        }
    }
}

/// How often hosts send again before they give up, asked once for each network namespace.
#[derive(Default)]
pub(in crate::daemon) struct Retries {
    known: HashMap<u32, Option<u32>>,
}

impl Retries {
    /// So of the network namespace of this one.
    pub(in crate::daemon) fn of(&mut self, fact: &Fact) -> Option<u32> {
        let netns = fact.socket.netns;
        let asked = self.known.entry(netns);
        *asked.or_insert_with(|| retries(netns, fact.pid))
    }

    /// Whether that is known without asking.
    pub(super) fn knows(&self, fact: &Fact) -> bool {
        self.known.contains_key(&fact.socket.netns)
    }
}

/// A socket as a sweep shows it, on a kernel with jiffies of `jiffy_ns`; of its network namespace `retries` are known.
pub(in crate::daemon) fn socket(
    fact: &Fact,
    before: Option<Timers>,
    jiffy_ns: u64,
    retries: Option<u32>,
) -> Socket {
    let seconds = |jiffies: u32| {
        let ns = u64::from(jiffies).saturating_mul(jiffy_ns);
        u32::try_from(ns / nanos(Duration::from_secs(1))).unwrap_or(u32::MAX)
    };
    let shown = &fact.socket;
    Socket {
        cookie: shown.cookie,
        established: shown.state == TcpState::Established as u32,
        timers: Timers {
            keepalive: fact.has(flags::KEEPALIVE),
            time_s: seconds(shown.keepalive_time),
            interval_s: seconds(shown.keepalive_intvl),
            probes: shown.keepalive_probes,
            user_timeout_ms: shown.user_timeout_ms,
        },
        before,
        silent: Duration::from_nanos(fact.packet_idle_max_ns.max(fact.packet_idle_ns)),
        retries,
    }
}

fn for_kernel(timers: &Timers) -> SocketTimers {
    SocketTimers {
        keepalive: u32::from(timers.keepalive),
        keepalive_time_s: timers.time_s,
        keepalive_intvl_s: timers.interval_s,
        keepalive_probes: timers.probes,
        user_timeout_ms: timers.user_timeout_ms,
    }
}

pub(super) fn timers(of_kernel: &SocketTimers) -> Timers {
    Timers {
        keepalive: of_kernel.keepalive != 0,
        time_s: of_kernel.keepalive_time_s,
        interval_s: of_kernel.keepalive_intvl_s,
        probes: of_kernel.keepalive_probes,
        user_timeout_ms: of_kernel.user_timeout_ms,
    }
}

fn told(timers: &Timers) -> TimersNow {
    TimersNow {
        keepalive: timers.keepalive,
        keepalive_time_seconds: timers.time_s,
        keepalive_interval_seconds: timers.interval_s,
        keepalive_probes: timers.probes,
        user_timeout_ms: timers.user_timeout_ms,
    }
}
