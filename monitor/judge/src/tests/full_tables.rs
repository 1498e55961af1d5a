//! Tables at their real bounds, with a thousand connections more than they have places for: each is in a table, or
//! counted as left out.

use super::story::{JIFFY_NS, SECOND, Story, azure, owner, wall};
use crate::alerts::{self, Alerts};
use crate::thresholds::{MAX_CONNECTIONS, MAX_CONTRASTS, MAX_ENDED, MAX_SIBLINGS, MAX_STALLS};
use crate::{Input, Judge, Limits, Observation, Verdict, Verdicts};
use monitor_common::{Fact, FactKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More than there are places for.
const BEYOND: u64 = 1_000;

/// Connections in all.
const MANY: u64 = MAX_CONNECTIONS as u64 + BEYOND;

/// Says what it hears by name, and keeps no finding: a finding takes kilobytes.
struct Heard {
    alerts: Alerts,
    now_ns: u64,
    told: BTreeMap<&'static str, u64>,
}

impl Verdicts for Heard {
    fn push(&mut self, verdict: Verdict) {
        self.alerts.apply(&verdict, self.now_ns);
        if let Verdict::Finding(finding) = verdict {
            *self.told.entry(finding.kind.name()).or_default() += 1;
        }
    }
}

/// A judge with the default bounds, and many connections that all live through what one lives through.
struct Crowd {
    judge: Judge,
    heard: Heard,
}

impl Crowd {
    fn new() -> Self {
        Self {
            judge: Judge::new(vec![azure()], Limits::new(JIFFY_NS)),
            heard: Heard {
                alerts: Alerts::new(alerts::Limits::default()),
                now_ns: 0,
                told: BTreeMap::new(),
            },
        }
    }

    /// The same fact of each of so many connections, each of them to another /24.
    fn all(&mut self, count: u64, fact: Fact) {
        let owner = Arc::new(owner());
        self.heard.now_ns = fact.time_ns;
        for number in 1..=count {
            let mut fact = fact;
            let [.., high, middle, low] = number.to_be_bytes();
            fact.socket.cookie = number;
            fact.socket.remote[..4].copy_from_slice(&[high + 20, middle, low, 1]);
            let told = Observation {
                fact: &fact,
                wall_unix_ns: wall(fact.time_ns),
                suspended_ns: 0,
                owner: Arc::clone(&owner),
            };
            let input = match fact.kind() {
                Some(FactKind::Swept) => Input::Row {
                    number: 0,
                    row: told,
                },
                _ => Input::Fact(told),
            };
            self.judge.take(&input, &mut self.heard);
            self.judge
                .take(&Input::JudgeRows { below: u32::MAX }, &mut self.heard);
        }
    }

    fn told(&self, name: &str) -> u64 {
        self.heard.told.get(name).copied().unwrap_or(0)
    }
}

#[test]
fn more_silent_connections_than_places_are_counted_to_the_last_and_so_are_their_ends() {
    let mut crowd = Crowd::new();
    let mut story = Story::on(azure());
    story.wait(250.0);
    crowd.all(MANY, story.fact(FactKind::Swept));
    let stats = crowd.judge.stats();
    // A quarter is kept for silences that end.
    let silent = MAX_CONNECTIONS as u64 * 3 / 4;
    assert_eq!(stats.tracked as u64, silent);
    assert_eq!(stats.table_full_total, MANY - silent);
    assert_eq!(crowd.told("crossed"), silent);

    // All of them are spoken on, and nobody answers.
    story.sends(10);
    crowd.all(MANY, story.last.expect("a fact"));
    let stats = crowd.judge.stats();
    assert_eq!(stats.tracked, MAX_CONNECTIONS);
    assert_eq!(stats.table_full_total, MANY - silent + BEYOND);
    story.times_out_thrice();
    crowd.all(MANY, story.last.expect("a fact"));
    assert_eq!(crowd.told("blackholed"), MAX_CONNECTIONS as u64);
    // Of those that found no place sweeps tell.
    for _ in 0..2 {
        story.wait(1.0);
        crowd.all(MANY, story.fact(FactKind::Swept));
    }
    let stats = crowd.judge.stats();
    assert_eq!(crowd.told("blackholed"), MANY);
    assert_eq!(stats.tracked, MAX_CONNECTIONS);
    assert_eq!(stats.stalls as u64, BEYOND);
    // Failures are also looked for together, among as many as there are places for stalls: the third timeout and two
    // sweeps of each of the others were not.
    assert_eq!(stats.stalls_full_total, (MANY - MAX_STALLS as u64) * 3);
    // One prefix each.
    assert_eq!(stats.contrasts, MAX_CONTRASTS);
    assert_eq!(
        stats.contrasts_full_total,
        MAX_CONNECTIONS as u64 - MAX_CONTRASTS as u64
    );
    assert_eq!(stats.siblings, MAX_SIBLINGS);
    // One page for all of them, which counts those that it knows no names of.
    let pages: Vec<_> = crowd
        .heard
        .alerts
        .all()
        .filter(|alert| alert.name == "blackholed" || alert.name == "unreachable")
        .collect();
    let affected: u64 = pages.iter().map(|alert| alert.connections).sum();
    assert_eq!(affected, MANY, "{pages:?}");
}

#[test]
fn more_stalls_than_places_are_counted_to_the_last() {
    let mut crowd = Crowd::new();
    let mut story = Story::on(azure());
    story.wait(1.0).sends(10);
    story.times_out();
    let many = MAX_STALLS as u64 + BEYOND;
    crowd.all(many, story.fact(FactKind::Swept));
    let stats = crowd.judge.stats();
    assert_eq!(stats.stalls, MAX_STALLS);
    assert_eq!(stats.stalls_full_total % BEYOND, 0, "{stats:?}");
    assert!(stats.stalls_full_total >= BEYOND, "{stats:?}");
}

#[test]
fn more_that_ended_badly_than_places_are_counted_to_the_last() {
    let mut crowd = Crowd::new();
    let mut story = Story::on(azure());
    story.wait(250.0).sends(10);
    let many = MAX_ENDED as u64 + BEYOND;
    crowd.all(many, story.last.expect("a fact"));
    story.wait(0.1);
    crowd.all(many, story.fact(FactKind::ResetReceived));
    story.peer_resets();
    crowd.all(many, story.last.expect("a fact"));
    assert_eq!(crowd.told("reset"), many);
    let stats = crowd.judge.stats();
    assert_eq!(stats.ended, MAX_ENDED);
    assert_eq!(stats.ended_full_total, BEYOND);
    // Time frees every place.
    let mut over = Vec::new();
    for seconds in [4_000, 40_000, 400_000] {
        crowd.judge.tick(seconds * SECOND, 0, &mut over);
    }
    let stats = crowd.judge.stats();
    assert_eq!(
        (stats.tracked, stats.ended, stats.stalls, stats.siblings),
        (0, 0, 0, 0)
    );
}
