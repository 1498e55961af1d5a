//! From a swept fact to a row, and to what its silence comes to.

use super::candidate::Candidate;
use super::paths;
use crate::owner::Owners;
use crate::surfaces::metrics::SilentCounts;
use monitor_common::{Fact, TcpState, flags};
use monitor_judge::alerts::Membership;
use monitor_judge::{JudgedPath, connection, connection_in, idle_state};
use monitor_kernel::HostView;
use monitor_model::finding::{Connection, Family, Role};
use monitor_model::format::tell_line;
use monitor_model::listing::{ConnectionRow, IdleState, Keepalive};
use monitor_model::owner::Owner;
use monitor_query::Filter;
use std::collections::HashMap;
use std::time::Duration;

/// Turns swept facts into rows.
pub struct Lister {
    paths: HashMap<u32, JudgedPath>,
    owners: Owners,
    alerts: Membership,
    jiffy_ns: u64,
    next_look: Duration,
    /// Of the connection that is told.
    texts: String,
}

impl Lister {
    /// With these paths in force, on a kernel with jiffies of `jiffy_ns`, where the daemon looks again within
    /// `next_look`.
    pub fn new(paths: Vec<JudgedPath>, jiffy_ns: u64, next_look: Duration) -> Self {
        Self {
            paths: paths.into_iter().map(|path| (path.id, path)).collect(),
            owners: Owners::new("/proc", HostView::own().process_ids),
            alerts: Membership::default(),
            jiffy_ns,
            next_look,
            texts: String::new(),
        }
    }

    /// The same, and it knows which connections are in which alerts.
    #[must_use]
    pub fn with_alerts(self, alerts: Membership) -> Self {
        Self { alerts, ..self }
    }

    /// One connection as a row.
    pub fn row(&mut self, fact: &Fact) -> ConnectionRow {
        let connection = connection(&fact.socket);
        let alerts = self.alerts.of(&connection.id);
        ConnectionRow {
            alerts: alerts.into_iter().map(str::to_owned).collect(),
            connection,
            owner: self.owners.of(fact).as_ref().clone(),
            path: self.path(fact).map(|path| path.name.clone()),
            ..self.numbers(fact, self.path(fact))
        }
    }

    /// Tells of the same row as a line, behind what is `told` already: of a long list nothing is made that is not written.
    ///
    /// # Errors
    /// As [`tell_line`].
    pub fn tell(&mut self, fact: &Fact, told: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let path = self.paths.get(&fact.path_id);
        let numbers = self.numbers(fact, path);
        let connection = connection_in(&fact.socket, &mut self.texts);
        let alerts = self.alerts.of(connection.id);
        let owner = self.owners.of(fact);
        let row = ConnectionRow {
            alerts: alerts.into_iter().map(str::to_owned).collect(),
            connection,
            owner: owner.borrowed(),
            path: path.map(|path| path.name.as_str()),
            ..numbers
        };
        tell_line(&row, told)
    }

    /// Whether one is asked for. What nobody asks for is not looked up, and not made into a row.
    pub fn takes(&mut self, filter: &Filter, fact: &Fact) -> bool {
        filter.is_all() || self.look(fact, |candidate| filter.matches(candidate))
    }

    /// Has one looked at, as filters and orders see it.
    pub(super) fn look<T>(&mut self, fact: &Fact, look: impl FnOnce(&Candidate<'_>) -> T) -> T {
        let path = self.paths.get(&fact.path_id);
        let numbers = self.numbers(fact, path);
        let path = path.map(|path| path.name.as_str());
        look(&Candidate::new(
            fact,
            &numbers,
            path,
            &mut self.owners,
            &self.alerts,
        ))
    }

    /// Within which time the daemon looks again.
    pub(super) fn next_look(&self) -> Duration {
        self.next_look
    }

    fn path(&self, fact: &Fact) -> Option<&JudgedPath> {
        self.paths.get(&fact.path_id)
    }

    /// One connection, on this path, as a row without its names.
    fn numbers<T: Default>(&self, fact: &Fact, path: Option<&JudgedPath>) -> ConnectionRow<T> {
        let socket = &fact.socket;
        let seconds = |jiffies: u32| {
            (jiffies > 0).then(|| rounded(u64::from(jiffies).saturating_mul(self.jiffy_ns)))
        };
        ConnectionRow {
            alerts: Vec::new(),
            connection: Connection {
                id: T::default(),
                flow_id: T::default(),
                local: T::default(),
                remote: T::default(),
                family: Family::Ipv4,
                role: Role::Client,
                netns: 0,
            },
            owner: Owner::default(),
            state: TcpState::from_number(socket.state),
            payload_idle_seconds: rounded(fact.payload_idle_ns),
            packet_idle_seconds: rounded(fact.packet_idle_ns),
            packet_idle_at_most_seconds: rounded(fact.packet_idle_max_ns.max(fact.packet_idle_ns)),
            path: None,
            timeout_seconds: path.map(|path| rounded(path.timeout_ns)),
            clock: path.map(|path| path.clock),
            keepalive: Keepalive {
                enabled: fact.has(flags::KEEPALIVE),
                time_seconds: seconds(socket.keepalive_time),
                interval_seconds: seconds(socket.keepalive_intvl),
                probes: (socket.keepalive_probes > 0).then_some(socket.keepalive_probes),
            },
            silence: self.silence(fact, path),
            unacked_bytes: Some(between(socket.snd_una, socket.write_seq)),
            unread_bytes: Some(between(socket.copied_seq, socket.rcv_nxt)),
        }
    }

    /// Counts what the silence of these connections comes to.
    pub fn silent(&self, rows: &[Fact]) -> SilentCounts<'_> {
        let mut counts = HashMap::new();
        // A sample is in no trouble, or it would be shown for that.
        for fact in rows.iter().filter(|fact| !fact.has(flags::SAMPLED)) {
            let path = self.path(fact);
            let silence = self.silence(fact, path);
            let path = path.map(|path| path.name.as_str());
            *counts.entry((path, silence)).or_default() += 1;
        }
        counts
    }

    fn silence(&self, fact: &Fact, path: Option<&JudgedPath>) -> IdleState {
        idle_state(fact, path, self.jiffy_ns, paths::nanos(self.next_look))
    }
}

/// Bytes from one sequence number to another; none where the other is not ahead, as while a connection begins.
pub(super) fn between(from: u32, to: u32) -> u32 {
    let bytes = to.wrapping_sub(from);
    if bytes > u32::MAX / 2 { 0 } else { bytes }
}

/// Seconds with three decimals.
pub(super) fn rounded(ns: u64) -> f64 {
    (ns as f64 / 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_judge::{PathRules, PeerRole};
    use monitor_model::finding::Clock;
    use monitor_model::format::told_line;
    use monitor_query::{Column, Sort};
    use proptest::prelude::*;
    use proptest::sample::select;

    fn nat() -> JudgedPath {
        JudgedPath {
            id: 3,
            name: "nat".to_owned(),
            timeout_ns: 60_000_000_000,
            warn_ns: 45_000_000_000,
            clock: Clock::Packets,
            stated: true,
            dialogue: None,
            role: PeerRole::Clients,
            rules: PathRules::default(),
        }
    }

    /// An established connection on path 3, silent for two minutes.
    fn silent(flags: u32) -> Fact {
        // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
        let mut fact: Fact = unsafe { std::mem::zeroed() };
        fact.socket.state = TcpState::Established as u32;
        fact.path_id = 3;
        fact.packet_idle_ns = 120_000_000_000;
        fact.flags = flags;
        fact
    }

    #[test]
    fn samples_are_not_counted_among_the_silent() {
        let lister = Lister::new(vec![nat()], 4_000_000, Duration::ZERO);
        let counts = lister.silent(&[silent(0), silent(flags::SAMPLED), silent(flags::SAMPLED)]);
        let crossed = (Some("nat"), IdleState::Crossed);
        assert_eq!(counts, HashMap::from([(crossed, 1)]));
        assert!(lister.silent(&[silent(flags::SAMPLED)]).is_empty());
    }

    /// Of each kind of condition one that holds for some of the facts below and not for others.
    const FILTERS: [&str; 28] = [
        "state crossed",
        "state ok",
        "state at-risk",
        "state stalled",
        "state established",
        "state close-wait",
        "remote 10.0.0.0/8",
        "local 10.0.0.0/8",
        "remote ::/0",
        "port 443",
        "remote-port 443",
        "local-port 443",
        "family ipv6",
        "role client",
        "netns 4026531840",
        "uid 0",
        "pid 1",
        "comm api",
        "owner api",
        "path nat",
        "path none",
        "idle >1m",
        "data-idle >1m",
        "left <1m",
        "unacked >0",
        "unread >0",
        "keepalive late",
        "id 7*",
    ];

    const STATES: &[TcpState] = &[
        TcpState::Established,
        TcpState::Established,
        TcpState::CloseWait,
        TcpState::SynSent,
    ];

    proptest! {
        #[test]
        fn what_is_chosen_and_told_before_it_is_a_row_is_what_would_be_after(
            (state, path, idle_s, numbers) in (select(STATES), 2_u32..5, 0_u64..120, any::<u32>()),
            (family, v4, ports) in (any::<bool>(), any::<u8>(), any::<(bool, bool)>()),
            (flags, comm, cookie) in (any::<u32>(), any::<bool>(), 0_u64..256),
        ) {
            let port = |known| if known { 443 } else { 40_000 };
            let mut fact = silent(flags & (flags::KEEPALIVE | flags::TASK_KNOWN));
            fact.path_id = path;
            fact.packet_idle_ns = idle_s * 1_000_000_000;
            fact.payload_idle_ns = idle_s * 1_100_000_000;
            fact.pid = 1;
            fact.comm[..4].copy_from_slice(if comm { b"api\0" } else { b"we\xff\x1b" });
            let socket = &mut fact.socket;
            socket.state = state as u32;
            socket.cookie = cookie;
            socket.family = if family { 4 } else { 6 };
            socket.local = [v4 & 10; 16];
            socket.remote = [10 + v4 % 2; 16];
            (socket.local_port, socket.remote_port) = (port(ports.0), port(ports.1));
            socket.netns = 4_026_531_840 + numbers % 2;
            socket.uid = numbers % 3;
            socket.accepted = (numbers % 5 > 2).into();
            socket.retransmits = (numbers % 7 == 0).into();
            socket.snd_una = numbers;
            socket.write_seq = numbers.wrapping_add(numbers % 3);
            socket.rcv_nxt = numbers % 2;
            socket.keepalive_time = numbers % 100_000;
            let mut lister = Lister::new(vec![nat()], 4_000_000, Duration::ZERO);
            let row = lister.row(&fact);
            let mut told = Vec::new();
            lister.tell(&fact, &mut told).unwrap();
            prop_assert_eq!(String::from_utf8(told).unwrap(), told_line(&row).unwrap() + "\n");
            for text in FILTERS {
                let filter = Filter::parse(text).unwrap();
                prop_assert_eq!(lister.takes(&filter, &fact), filter.matches(&row), "{}", text);
                let rest = filter.excluded();
                prop_assert_eq!(lister.takes(&rest, &fact), rest.matches(&row), "not {}", text);
            }
            for column in Column::ALL {
                let sort = Sort { column, descending: false };
                let rank = lister.look(&fact, |candidate| format!("{:?}", sort.rank(candidate)));
                prop_assert_eq!(rank, format!("{:?}", sort.rank(&row)), "{:?}", column);
            }
        }
    }
}
