//! A change of address: what a connection had is on no interface any more.

use super::story::{Story, azure, evidence};
use crate::Input;
use monitor_common::{FactKind, Family, flags};
use monitor_model::finding::Finding;
use std::net::IpAddr;

/// Whoever tells the judge answers what it asks for, and the sweep shows the socket.
fn sweep(story: &mut Story, there: bool) -> Option<IpAddr> {
    let fact = story.fact(FactKind::Swept);
    let asked = story.judge.asks(&fact);
    if let Some((netns, address)) = asked {
        let answer = Input::OwnAddress {
            now_ns: story.now,
            netns,
            address,
            there,
        };
        story.judge.take(&answer, &mut story.verdicts);
    }
    story.sweep();
    asked.map(|(_, address)| address)
}

fn gone(finding: &Finding) -> Option<&str> {
    let mut all = finding.evidence.iter();
    all.find(|one| one.fact == "own_address_gone")?
        .value
        .as_str()
}

/// Attempts of the timer to send what the application wrote, which this host refuses.
fn tries_in_vain(story: &mut Story, there: bool) {
    story.queues(200).sweep();
    for _ in 0..3 {
        story.wait(1.0).probes_in_vain();
        sweep(story, there);
    }
}

#[test]
fn what_is_refused_for_its_own_address_says_so() {
    for silence in [5.0, 300.0] {
        let mut story = Story::on(azure());
        story.wait(silence);
        tries_in_vain(&mut story, false);
        let finding = story.finding("blackholed");
        let own = finding.connection.local.split(':').next();
        assert_eq!(gone(finding), own);
        assert_eq!(evidence(finding, "refused_by_this_host"), true);
        let advice = finding.advice.as_deref().unwrap_or_default();
        assert!(advice.contains("`ip route get 20.1.2.3 from "), "{advice}");
        let words = format!("its own address {} is on no interface", own.unwrap());
        assert!(finding.summary.contains(&words), "{}", finding.summary);
        assert!(
            !finding.summary.contains("silence: "),
            "{}",
            finding.summary
        );
    }
}

#[test]
fn what_was_on_its_way_when_the_address_went_says_so_too() {
    for silence in [5.0, 300.0] {
        let mut story = Story::on(azure());
        // Each attempt fails before it leaves (`rebuild_header`).
        story.wait(silence).sends(10);
        story
            .wait(0.42)
            .times_out()
            .wait(0.42)
            .times_out()
            .wait(0.1);
        assert!(sweep(&mut story, false).is_some());
        story.wait(0.74).times_out();
        sweep(&mut story, false);
        let finding = story.finding("blackholed");
        assert!(gone(finding).is_some(), "{finding:?}");
        assert!(
            !finding
                .advice
                .as_deref()
                .unwrap_or_default()
                .contains("KEEPIDLE"),
            "{finding:?}"
        );
    }
}

#[test]
fn an_address_that_is_there_or_that_nobody_can_tell_of_is_not_blamed() {
    let mut there = Story::on(azure());
    there.wait(5.0);
    tries_in_vain(&mut there, true);
    let mut unknown = Story::on(azure());
    unknown.wait(5.0).queues(200).sweep();
    for _ in 0..3 {
        unknown.wait(1.0).probes_in_vain().sweep();
    }
    // A transparent proxy has the address of another.
    let mut foreign = Story::on(azure());
    foreign.flags |= flags::FOREIGN_ADDRESS;
    foreign.wait(5.0);
    tries_in_vain(&mut foreign, false);
    for story in [there, unknown, foreign] {
        let finding = story.finding("blackholed");
        assert_eq!(gone(finding), None, "{finding:?}");
        let advice = finding.advice.as_deref().unwrap_or_default();
        assert!(advice.contains("its own firewall"), "{advice}");
    }
    // What leaves all the same is not held up by it: an address that is routed to this host.
    let mut leaves = Story::on(azure());
    leaves.wait(5.0).sends(10).wait(0.42).times_out();
    leaves.socket.retrans_out = 1;
    leaves.wait(0.42).times_out().wait(0.1);
    sweep(&mut leaves, false);
    leaves.wait(0.74).times_out();
    sweep(&mut leaves, false);
    assert_eq!(gone(leaves.finding("blackholed")), None);
}

#[test]
fn from_an_ipv6_address_it_leaves_and_no_answer_finds_back() {
    for (accepted, blamed) in [(0, true), (1, false)] {
        let mut story = Story::on(azure());
        story.socket.family = Family::Ipv6 as u16;
        story.socket.local = [0x20; 16];
        story.socket.remote = [0x21; 16];
        story.socket.accepted = accepted;
        story.socket.retrans_out = 1;
        story.wait(5.0).sends(10);
        story
            .wait(0.42)
            .times_out()
            .wait(0.42)
            .times_out()
            .wait(0.1);
        sweep(&mut story, false);
        story.wait(0.74).times_out();
        sweep(&mut story, false);
        let finding = story.finding("blackholed");
        assert_eq!(gone(finding).is_some(), blamed);
        let refused = finding
            .evidence
            .iter()
            .any(|one| one.fact == "refused_by_this_host");
        assert!(!refused, "it leaves");
    }
}

#[test]
fn it_is_asked_for_in_trouble_alone_and_not_at_each_look() {
    let mut story = Story::on(azure());
    story.wait(300.0);
    assert_eq!(sweep(&mut story, true), None, "silent");
    story.sends(10).wait(0.42).times_out();
    assert_eq!(sweep(&mut story, true), None, "one timeout is commonplace");
    story.wait(0.42).times_out();
    assert!(sweep(&mut story, true).is_some());
    story.wait(1.0);
    assert_eq!(sweep(&mut story, true), None, "just told");
    story.wait(1.1).times_out();
    assert!(sweep(&mut story, true).is_some());
}
