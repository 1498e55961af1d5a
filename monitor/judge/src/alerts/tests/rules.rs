//! The rules of paths: who is ignored wakes nobody until that ends, a severity is the most that a path wakes, and its owner
//! is told apart.

use super::*;
use crate::rules::{Ignore, PathRules, Rules};
use std::sync::Arc;

const UNTIL: &str = "2026-12-24T00:00:00.000Z";

pub(super) fn ignored() -> PathRules {
    PathRules {
        ignore: Some(Ignore::Always),
        ..PathRules::default()
    }
}

pub(super) fn at_most(severity: Severity) -> PathRules {
    PathRules {
        severity: Some(severity),
        ..PathRules::default()
    }
}

pub(super) fn owned_by(owner: &str) -> PathRules {
    PathRules {
        owner: Some(owner.into()),
        ..PathRules::default()
    }
}

impl Watch {
    /// From now on the path of all findings here has these rules.
    pub(super) fn ruled(&mut self, rules: &PathRules) -> &mut Self {
        let rule = rules.at(moment(self.now).unix_ns());
        let rules: Rules = [("azure-snat", rule)].into_iter().collect();
        self.apply(&Verdict::Rules(Arc::new(rules)))
    }

    /// Why the alerts are over that were over by a rule.
    fn reasons(&self) -> Vec<String> {
        let over = self.changes.iter().filter_map(|change| match change {
            AlertChange::Over(alert) => alert.reason.clone(),
            _ => None,
        });
        over.collect()
    }
}

#[test]
fn what_is_ignored_is_no_alert_and_goes_on_where_it_was_once_that_ends() {
    let mut watch = Watch::new();
    watch.ruled(&ignored()).told(hangs(1)).told(crossed(2));
    watch.wait(30);
    assert!(watch.said().is_empty() && watch.shown().is_empty());
    watch.ruled(&PathRules::default());
    // It has hung for long enough by now.
    assert_eq!(watch.said(), ["blackholed fires", "crossed fires"]);
    assert_eq!(watch.alert("blackholed").since, moment(0));
}

#[test]
fn what_mended_while_it_was_ignored_does_not_come_back() {
    let mut watch = Watch::new();
    watch.ruled(&ignored()).told(hangs(1)).told(hangs(2));
    watch.wait(15).moves(1).over(2, End::Badly).wait(20);
    watch.ruled(&PathRules::default()).wait(30);
    assert!(watch.said().is_empty() && watch.shown().is_empty());
    assert!(watch.alerts.groups.is_empty(), "nothing is kept of it");
}

#[test]
fn a_page_that_fires_is_over_with_its_path_ignored_and_says_why() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(12);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    let until = PathRules {
        ignore: Some(Ignore::Until(UNTIL.parse().expect("a moment"))),
        ..PathRules::default()
    };
    watch.ruled(&until);
    let why = format!("path azure-snat is ignored until {UNTIL}");
    assert_eq!(watch.reasons(), [why]);
    assert_eq!(watch.said(), ["blackholed over"]);
    assert!(watch.shown().is_empty());
    let shown: Vec<Alert> = watch.alerts.all().collect();
    assert_eq!(shown[0].state, AlertState::Over, "for whoever asks");
    watch.wait(5).ruled(&PathRules::default());
    assert_eq!(watch.said(), ["blackholed fires"]);
}

#[test]
fn one_that_waits_is_over_without_a_ticket_for_what_mended() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(3).ruled(&ignored());
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
    watch.moves(1).wait(30);
    assert!(watch.said().is_empty() && watch.shown().is_empty());
}

#[test]
fn a_severity_is_the_most_and_makes_nothing_graver() {
    let mut watch = Watch::new();
    watch.ruled(&at_most(Severity::Ticket));
    watch
        .told(hangs(1))
        .told(crossed(2))
        .told(unreachable(3))
        .wait(12);
    let mut shown = watch.shown();
    shown.sort();
    assert_eq!(
        shown,
        ["crossed ticket firing 1", "unreachable ticket firing 2"],
        "what fails with a peer is one ticket then"
    );
    watch.said();
    watch.ruled(&at_most(Severity::Page));
    assert_eq!(watch.said(), ["unreachable over", "unreachable fires"]);
    assert_eq!(watch.shown()[1], "unreachable page firing 2");
    let mut watch = Watch::new();
    watch.ruled(&at_most(Severity::Page)).told(crossed(1));
    assert_eq!(watch.shown(), ["crossed ticket firing 1"]);
    watch.ruled(&at_most(Severity::None));
    assert!(watch.shown().is_empty());
}

#[test]
fn a_page_that_becomes_a_ticket_waits_as_tickets_do() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(3)
        .ruled(&at_most(Severity::Ticket));
    assert_eq!(watch.shown(), ["blackholed ticket pending 1"]);
    watch.wait(7);
    assert_eq!(watch.shown(), ["blackholed ticket firing 1"]);
}

#[test]
fn the_owner_of_a_path_is_told_beside_who_holds_the_connections() {
    let mut watch = Watch::new();
    watch
        .ruled(&owned_by("team-payments"))
        .told(hangs(1))
        .wait(12);
    let alert = watch.alert("blackholed");
    assert_eq!(alert.path_owner.as_deref(), Some("team-payments"));
    assert_eq!(alert.owner, "api.service");
    watch.said();
    // Another owner is another alert: what it is routed by never changes while it lasts.
    watch.ruled(&owned_by("team-billing"));
    assert_eq!(watch.reasons(), ["path azure-snat has other rules now"]);
    assert_eq!(watch.said(), ["blackholed over", "blackholed fires"]);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
}

#[test]
fn what_was_interrupted_has_the_owner_too_and_is_over_where_it_is_ignored() {
    let mut watch = Watch::new();
    watch
        .ruled(&owned_by("a"))
        .told(hangs(1))
        .wait(3)
        .moves(1)
        .wait(1);
    assert_eq!(watch.alert("interrupted").path_owner.as_deref(), Some("a"));
    watch.ruled(&owned_by("b"));
    assert_eq!(watch.alert("interrupted").path_owner.as_deref(), Some("b"));
    assert_eq!(watch.alert("interrupted").count, 1);
    watch
        .ruled(&ignored())
        .wait(1)
        .ruled(&PathRules::default())
        .wait(1);
    assert!(watch.shown().is_empty());
}

#[test]
fn of_what_is_beyond_a_share_the_ignored_are_taken_out() {
    let limits = Limits {
        max_alerts: 8,
        share: 8,
        ..Limits::default()
    };
    let mut watch = Watch::with(limits);
    let of = |process: &str, connection, path: &str| {
        let mut finding = crossed(connection);
        finding.owner.uid = Some(7);
        finding.owner.unit = Some(process.into());
        finding.path = Some(path.into());
        finding
    };
    watch
        .told(of("a", 1, "other"))
        .told(of("b", 2, "azure-snat"))
        .told(of("c", 3, "other"));
    assert_eq!(
        watch.shown(),
        ["crossed ticket firing 1", "more ticket firing 2"]
    );
    watch.ruled(&ignored());
    assert_eq!(
        watch.shown(),
        ["crossed ticket firing 1", "more ticket firing 1"]
    );
    watch.ruled(&PathRules::default());
    assert_eq!(
        watch.shown(),
        ["crossed ticket firing 1", "more ticket firing 2"]
    );
}

#[test]
fn a_restart_goes_on_under_the_rules_that_hold_then() {
    let mut watch = Watch::new();
    watch.ruled(&owned_by("a")).told(hangs(1)).wait(12);
    watch.restarts_after(2).tick();
    watch.said();
    watch.ruled(&owned_by("a"));
    // The rules come before time does; without any the alert has no owner.
    assert_eq!(watch.alert("blackholed").path_owner.as_deref(), Some("a"));
    watch.told(hangs(1));
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
    watch.restarts_after(2).ruled(&ignored());
    assert!(watch.shown().is_empty());
    watch.told(hangs(1)).wait(5);
    assert!(watch.shown().is_empty());
}
