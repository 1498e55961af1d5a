//! Whether the daemon does its work: attached, sweeping, and seeing something.

use monitor_model::format::duration_of;
use std::time::Duration;
use thiserror::Error;

/// Sweeps come too rarely, or take too long, to see what they are there for.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error(
    "a sweep takes {} and comes every {}, beyond sweep_interval_max ({}): a stall, or with --watch per-socket a silence, that is over within {} is not seen, and what lasts is told so late; {}",
    people(*took), people(*interval), people(*most), people(self.unseen()), self.remedy()
)]
pub struct TooRare {
    /// The interval in force.
    pub interval: Duration,
    /// How long the last sweep took.
    pub took: Duration,
    /// The interval that was configured as the longest.
    pub most: Duration,
    /// The `sweep_budget` with which sweeps would come as often as that; `None` where none suffices.
    pub needs: Option<f64>,
}

impl TooRare {
    /// From one look at a connection to the next: what begins and ends meanwhile is not seen.
    pub fn unseen(&self) -> Duration {
        self.interval.saturating_add(self.took)
    }

    fn remedy(&self) -> String {
        match self.needs {
            Some(share) => format!("sweep_budget = {share} would do"),
            None => "no sweep_budget suffices: raise sweep_interval_max".to_owned(),
        }
    }
}

fn people(time: Duration) -> String {
    duration_of(time.as_secs_f64())
}

/// tcplull took more of a core than it may, so less is watched than at the start.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "stepped down to {to} because {took} > {budget} of a core (cpu_budget): {unseen}; more is tried again {}",
    self.when()
)]
pub struct SteppedDown {
    /// The level in force.
    pub to: &'static str,
    /// What was taken, for people.
    pub took: String,
    /// What may be taken, for people.
    pub budget: String,
    /// What is not seen.
    pub unseen: &'static str,
    /// How long is waited until more is tried, if there is room then.
    pub again_in: Duration,
    /// Whether what is left is enough to be relied on.
    pub ready: bool,
}

impl SteppedDown {
    fn when(&self) -> String {
        if self.again_in.is_zero() {
            "once there is room".to_owned()
        } else {
            format!("in {}", people(self.again_in))
        }
    }
}

/// A sweep may be late by a stretched interval or a busy host; three are missed
/// only where something is wrong.
const SWEEPS_MISSED: u32 = 3;

/// Why the daemon is not ready.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NotReady {
    /// So little is watched that it cannot be relied on.
    #[error(transparent)]
    SteppedDown(#[from] SteppedDown),
    /// No sweep has completed yet.
    #[error("no sweep has completed yet")]
    NoSweep,
    /// It sees no process but itself, so its sweeps find nothing.
    #[error(
        "it sees no process of this host, only its own pid namespace: hostPID: true in Kubernetes, --pid=host with docker or podman"
    )]
    Blind,
    /// Another process has detached the callbacks of watched sockets.
    #[error(
        "another process detached the callbacks of watched sockets (bpftool link detach), so what these did was not seen; {}",
        if *again { "they are attached again, and the next sweep looks whether they still are" } else { "they cannot be attached again, see the log" }
    )]
    Detached {
        /// Whether they are attached again.
        again: bool,
    },
    /// Where silent sockets are watched by snapshots: the last look at these failed.
    #[error(
        "silent sockets could not be looked at again for {}, see the log: what comes after a silence is not seen meanwhile",
        people(*since)
    )]
    NotRevisited {
        /// Time since the first of the looks that failed one after another.
        since: Duration,
    },
    /// The last sweep is too long ago.
    #[error("the last sweep completed {} ago, and one is due every {}", people(*since), people(*interval))]
    SweepOverdue {
        /// Time since it completed.
        since: Duration,
        /// The interval in force.
        interval: Duration,
    },
    /// Sweeps come, and too rarely.
    #[error(transparent)]
    TooRare(#[from] TooRare),
}

/// What says whether the daemon does its work.
#[derive(Clone, Debug)]
pub struct Health {
    /// Less is watched than at the start.
    pub stepped_down: Option<SteppedDown>,
    /// Time since the last sweep completed; `None` before the first.
    pub since_sweep: Option<Duration>,
    /// Time between sweeps in force, with what one takes.
    pub interval: Duration,
    /// Whether it sees no other process.
    pub blind: bool,
    /// Whether its callbacks were detached, and if so, whether it has them again.
    pub deaf: Option<bool>,
    /// For how long looking again at silent sockets has failed.
    pub revisits_fail: Option<Duration>,
    /// Sweeps come too rarely.
    pub rare: Option<TooRare>,
}

/// Ready means that a sweep completed within the last three intervals, and that nothing is known which keeps the daemon
/// from seeing; nobody asks before the kernel side is attached. Answers what is said of it. A daemon that has stepped
/// down to another way of watching is ready and says so; one that has only sweeps left, or nothing, is not.
///
/// # Errors
/// Why the daemon is not ready.
pub fn readiness(health: &Health) -> Result<String, NotReady> {
    let stepped_down = health.stepped_down.as_ref();
    if let Some(blind) = stepped_down.filter(|stepped| !stepped.ready) {
        return Err(blind.clone().into());
    }
    let interval = health.interval;
    match health.since_sweep {
        None => return Err(NotReady::NoSweep),
        Some(since) if since > interval.saturating_mul(SWEEPS_MISSED) => {
            return Err(NotReady::SweepOverdue { since, interval });
        }
        Some(_) => {}
    }
    if health.blind {
        return Err(NotReady::Blind);
    }
    if let Some(again) = health.deaf {
        return Err(NotReady::Detached { again });
    }
    if let Some(since) = health.revisits_fail {
        return Err(NotReady::NotRevisited { since });
    }
    if let Some(rare) = health.rare {
        return Err(rare.into());
    }
    Ok(stepped_down.map_or_else(|| "ready".to_owned(), |stepped| format!("ready; {stepped}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A daemon that swept a second ago, and does so every 5 s.
    const WELL: Health = Health {
        stepped_down: None,
        since_sweep: Some(SECOND),
        interval: Duration::from_secs(5),
        blind: false,
        deaf: None,
        revisits_fail: None,
        rare: None,
    };

    #[test]
    fn ready_means_sweeping() {
        let second = SECOND;
        let ready = |since_sweep, blind| {
            readiness(&Health {
                since_sweep,
                blind,
                ..WELL
            })
        };
        assert_eq!(ready(None, true), Err(NotReady::NoSweep));
        assert_eq!(ready(Some(second * 15), false), Ok("ready".to_owned()));
        assert_eq!(ready(Some(second), true), Err(NotReady::Blind));
        for (again, says) in [(true, "attached again"), (false, "cannot be attached")] {
            let deaf = readiness(&Health {
                deaf: Some(again),
                ..WELL
            });
            let why = deaf.unwrap_err().to_string();
            assert!(why.contains("detached") && why.contains(says), "{why}");
        }
        let late = ready(Some(second * 16), true).unwrap_err();
        assert_eq!(
            late.to_string(),
            "the last sweep completed 16s ago, and one is due every 5s"
        );
    }

    #[test]
    fn who_cannot_look_again_at_silent_sockets_is_not_ready() {
        let fails = readiness(&Health {
            revisits_fail: Some(SECOND * 12),
            ..WELL
        });
        assert_eq!(
            fails.unwrap_err().to_string(),
            "silent sockets could not be looked at again for 12s, see the log: what comes after a silence is not seen \
             meanwhile"
        );
    }

    #[test]
    fn who_has_stepped_down_says_so_and_is_ready_where_a_way_to_watch_is_left() {
        let said = |to, ready, seconds| {
            readiness(&Health {
                stepped_down: Some(SteppedDown {
                    to,
                    took: "73 %".to_owned(),
                    budget: "50 %".to_owned(),
                    unseen: "little is seen",
                    again_in: SECOND * seconds,
                    ready,
                }),
                ..WELL
            })
        };
        assert_eq!(
            said("snapshots", true, 0),
            Ok(
                "ready; stepped down to snapshots because 73 % > 50 % of a core (cpu_budget): little is seen; more is \
                 tried again once there is room"
                    .to_owned()
            )
        );
        assert_eq!(
            said("sweeps", false, 540).unwrap_err().to_string(),
            "stepped down to sweeps because 73 % > 50 % of a core (cpu_budget): little is seen; more is tried again in 9m"
        );
    }

    #[test]
    fn who_sweeps_too_rarely_says_what_it_does_not_see() {
        let rare = TooRare {
            interval: Duration::from_secs(980),
            took: Duration::from_millis(9_900),
            most: Duration::from_secs(60),
            needs: Some(0.1634),
        };
        let said = |rare: TooRare| {
            let health = Health {
                since_sweep: Some(Duration::from_secs(700)),
                interval: rare.unseen(),
                rare: Some(rare),
                ..WELL
            };
            readiness(&health).unwrap_err().to_string()
        };
        assert_eq!(
            said(rare),
            "a sweep takes 9.9s and comes every 16m20s, beyond sweep_interval_max (1m): a stall, or with --watch \
             per-socket a silence, that is over within 16m30s is not seen, and what lasts is told so late; \
             sweep_budget = 0.1634 would do"
        );
        let helpless = TooRare {
            needs: None,
            ..rare
        };
        assert!(said(helpless).ends_with("no sweep_budget suffices: raise sweep_interval_max"));
    }
}
