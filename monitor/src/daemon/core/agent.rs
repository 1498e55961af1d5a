//! The daemon itself, as `/api/v1/agent` shows it.

use super::Core;
use crate::daemon::checked::{Checked, check_row, check_rows};
use crate::sandbox::in_force;
use monitor_kernel::{ConntrackStatus, HookStatus, SignStatus, WatchStatus};
use monitor_model::api::{AgentClients, AgentHook, AgentState, AgentSweeps};
use monitor_model::format::{count, seconds};
use monitor_model::listing::CheckRow;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Core {
    /// The daemon as it is now.
    pub(in super::super) fn agent(&self) -> AgentState {
        let ready = self.readiness();
        let metrics = &self.sinks.metrics;
        let hooks = metrics.hooks_shown();
        let sweep = metrics.last_sweep();
        AgentState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: monitor_kernel::release(),
            started: self.started,
            watching: self.level.name().to_owned(),
            hooks: hooks
                .map(|(hook, mechanism)| AgentHook {
                    hook: hook.to_owned(),
                    mechanism: mechanism.map(str::to_owned),
                })
                .collect(),
            ready: ready.is_ok(),
            readiness: ready.unwrap_or_else(|reason| reason.to_string()),
            paths: self.paths.iter().map(|path| path.name.clone()).collect(),
            privileges: in_force(self.entered),
            sweeps: AgentSweeps {
                count: metrics.sweeps(),
                last_seconds_ago: self.last_sweep.map(|at| rounded(at.elapsed())),
                last_took_seconds: rounded(sweep.duration),
                sockets: sweep.sockets,
                interval_seconds: rounded(self.sweep_interval()),
                rows_dropped: metrics.rows_dropped(),
            },
            clients: AgentClients {
                now: self.api.clients.load(Relaxed),
                watchers: self.feed.watchers() as u64,
                refused: self.api.refused.load(Relaxed),
                cut: self.api.cut.load(Relaxed),
                lagged: self.api.lagged.load(Relaxed),
            },
        }
    }

    /// What works for it on this machine and why not, line by line, beginning with whether it does its work.
    pub(in super::super) fn checked(
        &self,
        watch: Option<&WatchStatus>,
        hooks: &[HookStatus],
        signs: &[SignStatus],
        conntrack: &ConntrackStatus,
    ) -> Vec<CheckRow> {
        let ready = self.readiness();
        let works = ready.is_ok();
        let ready = ready.unwrap_or_else(|reason| reason.to_string());
        let privileges = in_force(self.entered);
        let mut rows = vec![check_row("daemon", works, ready, None)];
        rows.extend(check_rows(&Checked {
            kernel: &monitor_kernel::release(),
            paths: self.paths.len(),
            host_processes_seen: self.view.processes,
            sandbox: Ok((&privileges, self.entered)),
            watch,
            // What was let go of to stay within the budget would work here.
            hooks: watch.map_or(&[], |_| hooks),
            signs,
            conntrack,
            heal: self.healing(),
        }));
        rows
    }

    /// Whether timers of sockets can be set here, where they are to be.
    fn healing(&self) -> Option<(bool, String)> {
        let heal = &self.sinks.metrics.heal;
        if heal.sockets.is_empty() {
            return None;
        }
        let (paths, sockets) = (heal.sockets.len(), heal.sockets.values().sum::<u64>());
        Some(match &heal.refused {
            Some(reason) => (false, reason.clone()),
            None if heal.stopped => {
                let stopped = "stopped by `tcplull heal --stop`, until the next start or reload";
                (true, stopped.to_owned())
            }
            None => {
                let sockets = count(sockets, "socket");
                (
                    true,
                    format!("{sockets} on {} set", count(paths as u64, "path")),
                )
            }
        })
    }

    /// The same in one line: what is watched, and whether that is as it should be.
    pub(in super::super) fn status(&self) -> String {
        let ready = self.readiness();
        let ready = ready.unwrap_or_else(|reason| format!("not ready: {reason}"));
        format!("watching {}: {ready}", self.level.name())
    }
}

/// In seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    seconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
