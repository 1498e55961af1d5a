//! What findings say whatever the outcome.

use super::story::{MS, SECOND, Story, azure, evidence, owner};
use monitor_common::{FactKind, TcpState, flags};
use monitor_model::owner::Owner;

#[test]
fn two_silences_on_one_connection_have_an_outcome_each() {
    let mut story = Story::on(azure());
    story.wait(245.0).sweep().sends(1).wait(0.1).peer_sends(1);
    story.wait(270.0).sweep().sends(1).times_out_thrice();
    assert_eq!(
        story.said(),
        [
            "crossed ticket",
            "ended",
            "survived none",
            "crossed ticket",
            "ended",
            "blackholed page"
        ]
    );
    let finding = story.finding("blackholed");
    assert_eq!(finding.gap_seconds, 270.0);
    assert_eq!(evidence(finding, "longest_survived_gap_seconds"), 245.0);
}

#[test]
fn what_siblings_met_is_evidence() {
    let mut story = Story::on(azure());
    story.wait(245.0).sends(1).times_out_thrice();
    story.socket.cookie += 1;
    story.socket.remote[3] = 77;
    story.wait(20.0).peer_acks();
    story.wait(241.0).sends(1).wait(0.1).peer_resets();
    assert_eq!(
        evidence(story.finding("reset"), "shortest_failed_gap_seconds"),
        245.0
    );
}

#[test]
fn time_that_the_host_slept_belongs_to_the_silence() {
    let mut story = Story::on(azure());
    story.wait(100.0);
    story.slept_ns = 3_600 * SECOND;
    story.sends(1).times_out_thrice();
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    assert_eq!(story.finding("blackholed").gap_seconds, 3_700.0);
}

#[test]
fn without_a_path_outcomes_are_told_and_crossings_are_not() {
    let mut story = Story::without_path();
    story.wait(3_700.0).sweep().sends(1).times_out_thrice();
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(
        (finding.path.as_deref(), finding.timeout_seconds),
        (None, None)
    );
    assert!(
        finding
            .summary
            .contains("1h1m of silence (no path states a timeout)"),
        "{}",
        finding.summary
    );
}

#[test]
fn loopback_is_never_judged() {
    let mut story = Story::on(azure());
    story.flags |= flags::LOOPBACK;
    story.wait(3_700.0).sweep().sends(1).times_out_thrice();
    assert!(story.said().is_empty());
}

#[test]
fn no_finding_is_without_evidence_and_json_is_flat() {
    let mut story = Story::on(azure());
    story
        .wait(185.0)
        .sweep()
        .wait(60.0)
        .sweep()
        .sends(1)
        .times_out_thrice()
        .peer_acks();
    assert!(story.findings().count() >= 4);
    assert!(story.findings().all(|finding| !finding.evidence.is_empty()));
    let json = serde_json::to_value(story.finding("blackholed")).expect("it serialises");
    assert_eq!(
        (json["kind"].as_str(), json["outcome"].as_str()),
        (Some("outcome"), Some("blackholed"))
    );
    assert_eq!(json["owner"]["comm"], "api");
    let gap = 245 * SECOND / MS;
    assert_eq!(json["gap_seconds"].as_f64(), Some(gap as f64 / 1_000.0));
}

#[test]
fn a_look_that_comes_late_still_knows_who_holds_it() {
    let mut story = Story::without_path();
    story.owner = Owner::default();
    story.sends(10).wait(0.42).times_out();
    let look = story.fact(FactKind::Swept);
    // The ring is read first: what its timer does has no process.
    story.wait(0.42).times_out();
    story.owner = owner();
    story.deliver(look);
    story.owner = Owner::default();
    story.wait(0.5).becomes(TcpState::Close, 110).wait(5.0);
    let name = story.finding("blackholed").owner.comm.as_deref();
    assert_eq!(name, Some("api"));
}

#[test]
fn the_process_once_known_stays_known() {
    let mut story = Story::on(azure());
    let in_softirq = Owner {
        unit: Some("api.service".into()),
        ..Owner::default()
    };
    story.owner = in_softirq.clone();
    story.wait(185.0).sweep();
    story.owner = owner();
    story.wait(60.0).sweep();
    story.owner = in_softirq;
    story.peer_sends(1).wait(5.0);
    let names: Vec<Option<&str>> = story
        .findings()
        .map(|finding| finding.owner.comm.as_deref())
        .collect();
    assert_eq!(names, [None, Some("api"), Some("api")]);
    assert!(
        story
            .finding("at_risk")
            .summary
            .starts_with("api.service → ")
    );
}

#[test]
fn a_unit_known_later_replaces_nothing_known() {
    let mut story = Story::on(azure());
    story.owner = Owner::default();
    story.wait(185.0).sweep();
    assert!(
        story
            .finding("at_risk")
            .summary
            .starts_with("10.0.0.4:51234 → ")
    );
    story.owner.unit = Some("api.service".into());
    story.wait(60.0).sweep();
    assert!(
        story
            .finding("crossed")
            .summary
            .starts_with("api.service → ")
    );
}
