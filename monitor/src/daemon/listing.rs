//! Connections as rows: for `ls`, and counted by what their silence comes to.

use super::lock::lock;
use super::packed::Packed;
use super::paths;
use super::row_room::Taken;
use crate::config::Config;
use crate::owner::Owners;
use crate::surfaces::api::{ConnectionQuery, Rows};
use crate::surfaces::metrics::SilentCounts;
use monitor_common::{Fact, TcpState, flags};
use monitor_judge::alerts::Membership;
use monitor_judge::{JudgedPath, connection, idle_state};
use monitor_kernel::{HostView, Kernel, KernelError, Watching, jiffy_ns};
use monitor_model::listing::{ConnectionRow, IdleState, Keepalive};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Turns swept facts into rows.
pub struct Lister {
    paths: HashMap<u32, JudgedPath>,
    owners: Owners,
    alerts: Membership,
    jiffy_ns: u64,
    next_look: Duration,
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
        }
    }

    /// The same, and it knows which connections are in which alerts.
    #[must_use]
    pub fn with_alerts(self, alerts: Membership) -> Self {
        Self { alerts, ..self }
    }

    /// One connection as a row.
    pub fn row(&mut self, fact: &Fact) -> ConnectionRow {
        let path = self.paths.get(&fact.path_id);
        let socket = &fact.socket;
        let seconds = |jiffies: u32| {
            (jiffies > 0).then(|| rounded(u64::from(jiffies).saturating_mul(self.jiffy_ns)))
        };
        let connection = connection(socket);
        let alerts = self.alerts.of(&connection.id);
        ConnectionRow {
            alerts: alerts.into_iter().map(str::to_owned).collect(),
            connection,
            owner: self.owners.of(fact).as_ref().clone(),
            state: TcpState::from_number(socket.state),
            payload_idle_seconds: rounded(fact.payload_idle_ns),
            packet_idle_seconds: rounded(fact.packet_idle_ns),
            packet_idle_at_most_seconds: rounded(fact.packet_idle_max_ns.max(fact.packet_idle_ns)),
            path: path.map(|path| path.name.clone()),
            timeout_seconds: path.map(|path| rounded(path.timeout_ns)),
            clock: path.map(|path| path.clock),
            keepalive: Keepalive {
                enabled: fact.has(flags::KEEPALIVE),
                time_seconds: seconds(socket.keepalive_time),
                interval_seconds: seconds(socket.keepalive_intvl),
                probes: (socket.keepalive_probes > 0).then_some(socket.keepalive_probes),
            },
            silence: self.silence(fact),
            unacked_bytes: Some(between(socket.snd_una, socket.write_seq)),
            unread_bytes: Some(between(socket.copied_seq, socket.rcv_nxt)),
        }
    }

    /// Counts what the silence of these connections comes to.
    pub fn silent(&self, rows: &[Fact]) -> SilentCounts<'_> {
        let mut counts = HashMap::new();
        // A sample is in no trouble, or it would be shown for that.
        for fact in rows.iter().filter(|fact| !fact.has(flags::SAMPLED)) {
            let path = self.paths.get(&fact.path_id).map(|path| path.name.as_str());
            *counts.entry((path, self.silence(fact))).or_default() += 1;
        }
        counts
    }

    fn silence(&self, fact: &Fact) -> IdleState {
        let path = self.paths.get(&fact.path_id);
        idle_state(fact, path, self.jiffy_ns, paths::nanos(self.next_look))
    }
}

/// Lists all connections for a client of a running daemon, which has this room. They are found at once, so that no sweep
/// waits for the client, and each becomes a row when it is taken.
pub(super) fn connections(
    watching: &Mutex<Watching>,
    mut lister: Lister,
    room: Taken,
    asked: &ConnectionQuery,
) -> Result<Rows, String> {
    let mut packed = Packed::new(room);
    let swept = lock(watching).list(lister.next_look, |fact| packed.put(fact));
    swept.map_err(|error| error.to_string())?;
    packed.whole();
    let (shown, left_out) = packed.counts();
    let cut = (left_out > 0).then(|| cut(shown, left_out));
    let filter = asked.filter.clone();
    let rows = packed.map(move |fact| lister.row(&fact));
    let rows = rows.filter(move |row| filter.matches(row));
    let rows = Rows::new(rows).first(asked.limit);
    Ok(match cut {
        Some(cut) if asked.limit.is_none() => rows.cut(cut),
        _ => rows,
    })
}

/// The socket with this cookie, as a sweep of its own shows it; `None` where it is gone.
pub(super) fn one(
    watching: &Mutex<Watching>,
    lister: &Lister,
    cookie: u64,
) -> Result<Option<Fact>, String> {
    let mut found = None;
    let swept = lock(watching).list(lister.next_look, |fact| {
        if fact.socket.cookie == cookie {
            found = Some(*fact);
        }
    });
    swept.map_err(|error| error.to_string())?;
    Ok(found)
}

/// Lists this host's connections without a daemon: loads the iterators alone, and
/// sweeps once, and hands each on as it is found.
///
/// # Errors
///
/// Why the kernel side cannot run here.
pub fn list_once(
    config: &Config,
    btf: &Path,
    mut each: impl FnMut(&ConnectionRow),
) -> Result<(), KernelError> {
    let mut kernel = Kernel::load(&monitor_kernel::Options {
        btf: btf.to_owned(),
        min_gap: config.min_gap,
        ring_bytes: None,
        scope: config.scope.clone(),
        hooks: None,
    })?;
    let first = kernel.tables.set_paths(&paths::for_kernel(config))?;
    let jiffy_ns = jiffy_ns().map_err(|error| KernelError::System {
        what: "reading the length of a jiffy",
        source: error.into(),
    })?;
    let judged = paths::for_judge(config, first);
    // Nobody looks again.
    let mut lister = Lister::new(judged, u64::from(jiffy_ns), Duration::ZERO);
    let report = kernel
        .sweeper
        .list(Duration::ZERO, |fact| each(&lister.row(fact)))?;
    if let Some(what) = &report.scope_missing {
        return Err(KernelError::Scope {
            flag: "scope",
            reason: format!("{what} is not there"),
        });
    }
    Ok(())
}

fn cut(shown: u64, left_out: u64) -> String {
    format!("{shown} connections shown, {left_out} more left out")
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
        let path = JudgedPath {
            id: 3,
            name: "nat".to_owned(),
            timeout_ns: 60_000_000_000,
            warn_ns: 45_000_000_000,
            clock: Clock::Packets,
            stated: true,
            dialogue: None,
            role: PeerRole::Clients,
            rules: PathRules::default(),
        };
        let lister = Lister::new(vec![path], 4_000_000, Duration::ZERO);
        let counts = lister.silent(&[silent(0), silent(flags::SAMPLED), silent(flags::SAMPLED)]);
        let crossed = (Some("nat"), IdleState::Crossed);
        assert_eq!(counts, HashMap::from([(crossed, 1)]));
        assert!(lister.silent(&[silent(flags::SAMPLED)]).is_empty());
    }
}
