//! What holds for any history in which the rules of a path change: no page is lost, and none fires for what is ignored.

use super::rules::{at_most, ignored, owned_by};
use super::*;
use crate::rules::PathRules;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

/// How long a page waits here, in seconds.
const WAIT: u64 = 10;

const CONNECTIONS: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    None,
    Ignored,
    TicketAtMost,
    Owned(&'static str),
}

impl Law {
    fn rules(self) -> PathRules {
        match self {
            Self::None => PathRules::default(),
            Self::Ignored => ignored(),
            Self::TicketAtMost => at_most(Severity::Ticket),
            Self::Owned(owner) => owned_by(owner),
        }
    }

    fn most(self) -> Severity {
        match self {
            Self::Ignored => Severity::None,
            Self::TicketAtMost => Severity::Ticket,
            Self::None | Self::Owned(_) => Severity::Page,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Stalls(u32),
    Dies(u32),
    Moves(u32),
    Rules(Law),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let laws = vec![
        Law::None,
        Law::Ignored,
        Law::Ignored,
        Law::TicketAtMost,
        Law::Owned("a"),
        Law::Owned("b"),
    ];
    let connection = 0..CONNECTIONS;
    let step = prop_oneof![
        6 => prop_oneof![8 => 0..8_u64, 2 => 8..30_u64, 1 => 100..140_u64].prop_map(Step::Wait),
        3 => connection.clone().prop_map(Step::Stalls),
        2 => connection.clone().prop_map(Step::Dies),
        2 => connection.prop_map(Step::Moves),
        3 => select(laws).prop_map(Step::Rules),
    ];
    vec(step, 1..60)
}

struct Held {
    watch: Watch,
    law: Law,
    stuck: BTreeSet<u32>,
    badly: BTreeMap<u32, u64>,
    /// Since when one was affected without a pause, by the first second.
    since: Option<u64>,
}

impl Held {
    fn affected(&self) -> bool {
        let now = self.watch.now;
        !self.stuck.is_empty() || self.badly.values().any(|at| now < at + WAIT)
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        self.watch.tick();
        let now = self.watch.now;
        self.since = self.affected().then(|| self.since.unwrap_or(now));
        let lasted = self.since.map_or(0, |since| now - since);
        let all = self.watch.alerts.all();
        let ours =
            all.filter(|alert| alert.state != AlertState::Over && alert.name == "blackholed");
        let ours: Vec<Alert> = ours.collect();
        let law = self.law;
        prop_assert!(
            ours.len() <= 1,
            "second {now}: one alert of one path and owner: {ours:?}"
        );
        for alert in &ours {
            prop_assert!(
                alert.severity <= law.most(),
                "second {now}: {alert:?} under {law:?}"
            );
            let owner = match law {
                Law::Owned(owner) => Some(owner),
                _ => None,
            };
            prop_assert_eq!(alert.path_owner.as_deref(), owner);
        }
        if law == Law::Ignored {
            let all = self.watch.alerts.all();
            let mut loud = all.filter(|alert| alert.state != AlertState::Over);
            prop_assert!(loud.next().is_none(), "second {now}: ignored");
            return Ok(());
        }
        if !self.stuck.is_empty() {
            prop_assert!(ours.len() == 1, "second {now}: affected, and no alert");
        }
        if self.since.is_some() && lasted >= WAIT {
            let fires = ours
                .iter()
                .any(|alert| alert.state == AlertState::Firing && alert.severity == law.most());
            prop_assert!(fires, "second {now}: for {lasted} s, and {ours:?}");
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.watch.now;
        let pages = |held: &Self| {
            let all = held.watch.changes.iter();
            all.filter(|change| {
                matches!(change, AlertChange::Firing(alert) if alert.severity == Severity::Page)
            })
            .count()
        };
        let before = pages(self);
        match step {
            Step::Wait(seconds) => {
                for _ in 0..seconds {
                    self.check()?;
                    self.watch.now += 1;
                }
            }
            Step::Stalls(on) => {
                self.badly.remove(&on);
                self.stuck.insert(on);
                self.watch.told(hangs(on));
            }
            Step::Dies(on) => {
                self.stuck.remove(&on);
                self.badly.insert(on, now);
                let mut dead = hangs(on);
                dead.given_up = true;
                self.watch.told(dead);
            }
            Step::Moves(on) => {
                self.stuck.remove(&on);
                self.watch.moves(on);
            }
            Step::Rules(law) => {
                self.law = law;
                self.watch.ruled(&law.rules());
            }
        }
        if self.law.most() < Severity::Page {
            prop_assert_eq!(pages(self), before, "a page that the rules do not allow");
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_the_rules_become_no_page_is_lost_and_none_is_for_what_is_ignored(steps in steps()) {
        let mut held = Held {
            watch: Watch::new(),
            law: Law::None,
            stuck: BTreeSet::new(),
            badly: BTreeMap::new(),
            since: None,
        };
        for step in &steps {
            held.step(*step)?;
        }
        held.step(Step::Wait(30))?;
        held.step(Step::Rules(Law::None))?;
        held.check()?;
        // What nobody hangs on is gone.
        for on in 0..CONNECTIONS {
            held.step(Step::Moves(on))?;
        }
        held.step(Step::Wait(4_000))?;
        prop_assert!(held.watch.alerts.groups.is_empty());
        prop_assert!(held.watch.alerts.index.is_empty());
    }
}
