//! This host's own firewall, route or queue refuses what an application sends: no box
//! and no peer is to blame.

use super::story::{Story, azure, evidence};

/// Three attempts of the timer to send what the application wrote, a second apart; a
/// sweep comes past after each.
fn tries_in_vain(story: &mut Story) {
    story.queues(200).sweep();
    for _ in 0..3 {
        story.wait(1.0).probes_in_vain().sweep();
    }
}

#[test]
fn what_the_own_firewall_refuses_is_told_as_such() {
    let mut story = Story::on(azure());
    story.wait(5.0);
    tries_in_vain(&mut story);
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert!(
        finding
            .summary
            .ends_with("3 attempts to send refused by this host itself"),
        "{}",
        finding.summary
    );
    assert_eq!(evidence(finding, "refused_by_this_host"), true);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(advice.contains("its own firewall"), "{advice}");
}

#[test]
fn a_box_is_not_blamed_for_it_after_a_silence() {
    let mut story = Story::on(azure());
    story.wait(200.0).sweep().wait(50.0).sweep();
    tries_in_vain(&mut story);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "refused_by_this_host"), true);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(!advice.contains("KEEPIDLE"), "{advice}");
    let first = finding.connection.id.clone();

    // Another connection there: the silence of the first says nothing of the path.
    story.socket.cookie += 1;
    story.socket.probes_out = 0;
    story.socket.snd_una = story.socket.write_seq;
    story.wait(240.0).sends(10).times_out_thrice();
    let later = story
        .findings()
        .filter(|finding| finding.kind.name() == "blackholed")
        .last()
        .expect("the second is told too");
    assert_ne!(later.connection.id, first);
    let blamed = ["refused_by_this_host", "shortest_failed_gap_seconds"];
    assert!(
        later
            .evidence
            .iter()
            .all(|evidence| !blamed.contains(&evidence.fact.as_ref())),
        "{:?}",
        later.evidence
    );
}

#[test]
fn probes_of_a_silent_or_closed_connection_are_refused_by_nobody() {
    let mut idle = Story::on(azure());
    idle.wait(1.0);
    for _ in 0..4 {
        idle.wait(1.0).probes_in_vain().sweep();
    }
    let mut closed = Story::on(azure());
    closed.peer_window(0).queues(12_800).sweep();
    for _ in 0..4 {
        closed.wait(1.0).probes_in_vain().sweep();
    }
    for story in [idle, closed] {
        let summary = &story.finding("blackholed").summary;
        assert!(summary.ends_with("probes unanswered"), "{summary}");
    }
}
